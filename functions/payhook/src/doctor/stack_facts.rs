//! What the stack is made of, from the two files that say so: its limits, and the reviewed graph of
//! its resources. Names there are those of the suffix `dev` in an account of zeros; here they are
//! made those of any stack.

use std::collections::BTreeMap;

use aws_adapters::account::Kind;
use serde::Deserialize;
use serde_json::Value;

const LIMITS: &str = include_str!("../../../../infra/limits.json");
/// Written by `make snapshots`, which compares it with what the program makes.
const GRAPH: &str = include_str!("../../../../infra/snapshots/stack_dev.json");
const REVIEWED_SUFFIX: &str = "dev";
const REVIEWED_ACCOUNT: &str = "000000000000";

/// The functions, as limits and names have them.
pub(super) const FUNCTIONS: [&str; 3] = [
    "webhook_processor",
    "analytics_processor",
    "archival_function",
];

/// What of `infra/limits.json` is compared here.
#[derive(Deserialize)]
pub(super) struct Limits {
    /// Where the stack runs.
    pub(super) region: String,
    capacity: BTreeMap<String, Sizes>,
    pub(super) webhook_queue: QueueLimits,
    pub(super) gateway: GatewayLimits,
    pub(super) logs: LogLimits,
    pub(super) smoke: Smoke,
}

/// What goes with a value of the setting `capacity`.
#[derive(Deserialize)]
struct Sizes {
    reserved_concurrency: BTreeMap<String, u32>,
}

/// Of the webhook queue.
#[derive(Deserialize)]
pub(super) struct QueueLimits {
    pub(super) max_message_bytes: usize,
}

/// Of the gateway's stage: requests a second, and at once.
#[derive(Deserialize)]
pub(super) struct GatewayLimits {
    pub(super) throttle_rate: u32,
    pub(super) throttle_burst: u32,
}

/// Of every log group.
#[derive(Deserialize)]
pub(super) struct LogLimits {
    pub(super) retention_days: i32,
}

/// As whom a deploy proves itself.
#[derive(Deserialize)]
pub(super) struct Smoke {
    pub(super) provider: String,
}

impl Limits {
    /// The limits of the program; a test reads them.
    pub(super) fn read() -> Self {
        // The file is part of the program.
        #[allow(clippy::unwrap_used)]
        serde_json::from_str(LIMITS).unwrap()
    }

    /// The values of the setting `capacity`, least first: that is the default.
    pub(super) fn capacities(&self) -> Vec<&str> {
        let mut values: Vec<&str> = self.capacity.keys().map(String::as_str).collect();
        values.sort_by_key(|value| value.parse::<u32>().unwrap_or(u32::MAX));
        values
    }

    /// Executions at a time that a function reserves, for each capacity, least first.
    pub(super) fn reserved(&self, function: &str) -> Vec<u32> {
        let capacities = self.capacities().into_iter();
        let sizes = capacities.filter_map(|value| self.capacity.get(value));
        let reserved = sizes.filter_map(|sizes| sizes.reserved_concurrency.get(function));
        reserved.copied().collect()
    }

    /// Those of all functions, for the default or another capacity; `None` where there is none of this value.
    pub(super) fn reserved_in_all(&self, capacity: Option<&str>) -> Option<u32> {
        let value = capacity.or_else(|| self.capacities().first().copied())?;
        let sizes = self.capacity.get(value)?;
        Some(sizes.reserved_concurrency.values().sum())
    }
}

#[derive(Deserialize)]
struct Resource {
    #[serde(rename = "type")]
    kind: String,
    properties: Value,
}

/// A name that the stack gives to something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) kind: Kind,
    pub(super) name: String,
}

/// The stack's resources by their names.
pub(super) struct Names {
    /// Whatever a name belongs to that only one can have.
    pub(super) taken: Vec<Named>,
    /// Log groups whose names the suffix decides.
    pub(super) log_groups: Vec<String>,
    /// Alarms, with the provider of those that are a provider's.
    pub(super) alarms: Vec<String>,
    /// The stage of the gateway.
    pub(super) stage: String,
}

impl Names {
    /// Of the stack with this suffix in this account.
    pub(super) fn of(suffix: &str, account: &str) -> Self {
        // The file is part of the program.
        #[allow(clippy::unwrap_used)]
        let graph: Vec<Resource> = serde_json::from_str(GRAPH).unwrap();
        let here = |name: &str| renamed(name, suffix, account);
        let mut names = Self {
            taken: Vec::new(),
            log_groups: Vec::new(),
            alarms: Vec::new(),
            stage: String::new(),
        };
        for resource in &graph {
            let property = |name: &str| resource.properties[name].as_str();
            let kind = match resource.kind.as_str() {
                "aws:dynamodb/table:Table" => Kind::Table,
                "aws:sqs/queue:Queue" => Kind::Queue,
                "aws:lambda/function:Function" => Kind::Function,
                "aws:cloudwatch/logGroup:LogGroup" => Kind::LogGroup,
                "aws:s3/bucket:Bucket" => Kind::Bucket,
                "aws:secretsmanager/secret:Secret" => Kind::Secret,
                "aws:kms/alias:Alias" => Kind::Alias,
                "aws:cloudwatch/metricAlarm:MetricAlarm" => {
                    names.alarms.extend(property("name").and_then(here));
                    continue;
                }
                "aws:apigateway/stage:Stage" => {
                    names.stage = property("stageName").unwrap_or_default().to_owned();
                    continue;
                }
                _ => continue,
            };
            // What AWS gives an id to, such as the gateway's execution log, has no name yet.
            let name = property("bucket").or_else(|| property("name"));
            if let Some(name) = name.and_then(here) {
                if kind == Kind::LogGroup {
                    names.log_groups.push(name.clone());
                }
                names.taken.push(Named { kind, name });
            }
        }
        names
    }
}

/// A reviewed name with another suffix and account; `None` for one that has no suffix.
fn renamed(name: &str, suffix: &str, account: &str) -> Option<String> {
    let start = name.strip_suffix(REVIEWED_SUFFIX)?;
    let parted = start.ends_with(['_', '-']);
    parted.then(|| format!("{}{suffix}", start.replace(REVIEWED_ACCOUNT, account)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use provider_webhooks::providers;

    use super::*;

    #[test]
    fn the_limits_are_those_of_the_program() {
        let limits = Limits::read();
        assert_eq!(limits.region, "us-east-2");
        assert_eq!(limits.capacities(), ["400", "2000", "10000"]);
        assert!(
            FUNCTIONS
                .iter()
                .all(|name| limits.reserved(name).len() == 3)
        );
        assert_eq!(limits.reserved("webhook_processor")[0], 5);
        assert!(limits.reserved("nobody").is_empty());
        assert_eq!(
            limits.reserved_in_all(None),
            limits.reserved_in_all(Some("400"))
        );
        assert!(limits.reserved_in_all(Some("2000")) > limits.reserved_in_all(None));
        assert_eq!(limits.reserved_in_all(Some("many")), None);
        assert!(providers::by_name(&limits.smoke.provider).is_some());
        assert!(limits.webhook_queue.max_message_bytes > 1_000_000);
    }

    #[test]
    fn the_reviewed_names_become_those_of_another_stack() {
        let names = Names::of("prod", "123456789012");
        let has = |kind, name: &str| {
            let named = Named {
                kind,
                name: name.to_owned(),
            };
            assert!(names.taken.contains(&named), "{named:?}");
        };
        has(Kind::Table, "transactions_prod");
        has(Kind::Queue, "webhook_queue_prod");
        has(Kind::Function, "archival_function_prod");
        has(Kind::LogGroup, "/aws/apigateway/webhook_api_prod");
        has(Kind::Bucket, "payhook-audit-123456789012-prod");
        has(Kind::Secret, "webhook_secret_stripe_prod");
        has(Kind::Alias, "alias/payhook_prod");
        assert!(names.alarms.contains(&"rejected_stripe_prod".to_owned()));
        assert_eq!(names.stage, "live");
        let left = names.taken.iter().map(|named| &named.name);
        let all: BTreeSet<&String> = left.chain(&names.alarms).collect();
        assert!(all.iter().all(|name| name.ends_with("prod")));
        assert!(!all.iter().any(|name| name.contains(REVIEWED_ACCOUNT)));
    }

    #[test]
    fn only_a_suffix_is_replaced() {
        assert_eq!(renamed("a_dev", "x", "1").as_deref(), Some("a_x"));
        assert_eq!(renamed("audev", "x", "1"), None);
        assert_eq!(renamed("dev_a", "x", "1"), None);
    }
}
