//! What stands around the webhooks' way: alarms and whom they reach, logs, what starts the
//! functions. Facts in, findings out; nothing here asks anybody.
//!
//! Sources, stored copies of which were read 2026-11-27:
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html> (Lambda stops a
//! function that calls itself about sixteen times),
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html> (an address gets
//! nothing before it has confirmed its subscription),
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html> (SNS deletes a
//! subscription that nobody has confirmed within 48 hours).

use aws_adapters::account::GatewayAccount;
use aws_adapters::standing::{Alarm, Retention, Subscriptions};
use jiff::{SignedDuration, Timestamp};

use crate::doctor::finding::{Finding, Known, told};
use crate::doctor::stack_facts::Limits;
use crate::doctor::steps::{
    ALARM_TOPIC_CONFIRMED, ALARMS_HAVE_ACTIONS, ALARMS_PRESENT, ARCHIVAL_MAY_RECURSE,
    CONCURRENCY_RESERVED, EVENT_SOURCES_ENABLED, GATEWAY_LOGS, LOG_GROUPS_KEPT, LOGS_EXPORTED,
};

/// The logs of a day are exported on the next one.
const FIRST_EXPORT_AFTER: SignedDuration = SignedDuration::from_hours(48);
/// Alarms that a stack without a firewall does not have.
const FIREWALL: &str = "firewall_";
/// Alarms that a stack has for each of its providers, and the one like them that it has in any case.
const OF_PROVIDER: &str = "rejected_";
const OF_ALL_PROVIDERS: &str = "rejected_spike";

/// Everything that is judged.
pub(super) struct Standing {
    pub(super) suffix: String,
    /// The alarms of the reviewed stack, which has every provider and a firewall.
    pub(super) alarms_reviewed: Vec<String>,
    pub(super) alarms: Known<Vec<Alarm>>,
    /// The providers of this stack.
    pub(super) providers: Vec<String>,
    pub(super) topic: String,
    pub(super) subscriptions: Known<Subscriptions>,
    pub(super) log_groups: Vec<(String, Known<Retention>)>,
    /// When objects under `logs/` were written.
    pub(super) exported: Known<Vec<Timestamp>>,
    /// When the stack's gateway was made.
    pub(super) deployed_at: Known<Option<Timestamp>>,
    pub(super) recursion: Known<String>,
    /// Functions that something has to start.
    pub(super) event_sources: Vec<(String, Known<Vec<String>>)>,
    pub(super) reserved: Vec<(&'static str, Known<Option<u32>>)>,
    pub(super) gateway: Known<GatewayAccount>,
    pub(super) now: Timestamp,
}

impl Standing {
    /// Every finding, in the order of the steps.
    pub(super) fn findings(&self, limits: &Limits) -> Vec<Finding> {
        let mut findings = vec![
            told(&ALARMS_PRESENT, &self.alarms, |alarms| {
                self.alarms_present(alarms)
            }),
            told(&ALARMS_HAVE_ACTIONS, &self.alarms, |alarms| {
                self.alarms_act(alarms)
            }),
            told(&ALARM_TOPIC_CONFIRMED, &self.subscriptions, |found| {
                self.confirmed(*found)
            }),
        ];
        findings.extend(self.log_groups(limits.logs.retention_days));
        findings.push(told(&LOGS_EXPORTED, &self.exported, |written| {
            self.logs_exported(written)
        }));
        findings.push(told(&ARCHIVAL_MAY_RECURSE, &self.recursion, |setting| {
            self.may_recurse(setting)
        }));
        for (function, states) in &self.event_sources {
            let finding = told(&EVENT_SOURCES_ENABLED, states, |states| enabled(states));
            findings.push(finding.about(function));
        }
        for (function, reserved) in &self.reserved {
            let wanted = limits.reserved(function);
            let finding = told(&CONCURRENCY_RESERVED, reserved, |found| {
                reserves(*found, &wanted)
            });
            findings.push(finding.about(*function));
        }
        findings.push(told(&GATEWAY_LOGS, &self.gateway, |gateway| {
            self.gateway_logs(gateway)
        }));
        findings
    }

    /// The alarms that this stack must have.
    fn expected(&self, alarms: &[Alarm]) -> Vec<&String> {
        let firewall = alarms.iter().any(|alarm| alarm.name.starts_with(FIREWALL));
        let end = format!("_{}", self.suffix);
        let wanted = |name: &&String| {
            let stem = name.strip_suffix(&end).unwrap_or(name);
            match stem.strip_prefix(OF_PROVIDER) {
                Some(_) if stem == OF_ALL_PROVIDERS => true,
                Some(provider) => self.providers.iter().any(|name| name == provider),
                None => firewall || !stem.starts_with(FIREWALL),
            }
        };
        self.alarms_reviewed.iter().filter(wanted).collect()
    }

    fn alarms_present(&self, alarms: &[Alarm]) -> Finding {
        let expected = self.expected(alarms);
        let missing: Vec<&str> = expected
            .iter()
            .filter(|name| !alarms.iter().any(|alarm| alarm.name == ***name))
            .map(|name| name.as_str())
            .collect();
        if missing.is_empty() {
            return Finding::pass(&ALARMS_PRESENT, format!("{}", expected.len()));
        }
        Finding::fail(
            &ALARMS_PRESENT,
            format!(
                "{} of {} are missing ({}): pulumi refresh, then pulumi up makes them again",
                missing.len(),
                expected.len(),
                missing.join(", ")
            ),
        )
    }

    fn alarms_act(&self, alarms: &[Alarm]) -> Finding {
        let silent: Vec<&str> = alarms
            .iter()
            .filter(|alarm| !alarm.actions_enabled || !alarm.actions.contains(&self.topic))
            .map(|alarm| alarm.name.as_str())
            .collect();
        if silent.is_empty() {
            return Finding::pass(&ALARMS_HAVE_ACTIONS, format!("{}", alarms.len()));
        }
        Finding::fail(
            &ALARMS_HAVE_ACTIONS,
            format!(
                "nobody is told of {}: aws cloudwatch enable-alarm-actions --alarm-names …, and \
                 pulumi up for those without the topic {}",
                silent.join(", "),
                self.topic
            ),
        )
    }

    fn confirmed(&self, Subscriptions { confirmed, pending }: Subscriptions) -> Finding {
        let step = &ALARM_TOPIC_CONFIRMED;
        match (confirmed, pending) {
            (0, 0) => Finding::fail(
                step,
                format!(
                    "nobody is subscribed to {}: pulumi config set alarm_email ops@example.com \
                     && pulumi up",
                    self.topic
                ),
            ),
            (0, pending) => Finding::fail(
                step,
                format!(
                    "{pending} subscriptions wait to be confirmed, so no alarm reaches anybody: \
                     open the mail \"AWS Notification - Subscription Confirmation\" and follow \
                     its link; after two days subscribe again"
                ),
            ),
            (confirmed, _) => {
                Finding::pass(step, format!("{confirmed} confirmed, {pending} pending"))
            }
        }
    }

    fn log_groups(&self, wanted_days: i32) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut kept = 0;
        for (group, retention) in &self.log_groups {
            let finding = match retention {
                Ok(Retention::Days(days)) if *days == wanted_days => {
                    kept += 1;
                    continue;
                }
                Ok(Retention::Days(days)) => Finding::fail(
                    &LOG_GROUPS_KEPT,
                    format!(
                        "it keeps {days} days, not {wanted_days}: pulumi refresh, then pulumi up"
                    ),
                ),
                Ok(Retention::Forever) => Finding::fail(
                    &LOG_GROUPS_KEPT,
                    format!(
                        "it keeps everything for ever, not {wanted_days} days: something made it \
                         before the stack did; pulumi refresh, then pulumi up"
                    ),
                ),
                Ok(Retention::NoGroup) => Finding::fail(
                    &LOG_GROUPS_KEPT,
                    "there is no such group, so what belongs into it is lost: pulumi refresh, \
                     then pulumi up",
                ),
                Err(why) => Finding::unknown(&LOG_GROUPS_KEPT, why.as_str()),
            };
            findings.push(finding.about(group));
        }
        if kept > 0 {
            let says = format!("{kept} groups keep {wanted_days} days");
            findings.insert(0, Finding::pass(&LOG_GROUPS_KEPT, says));
        }
        findings
    }

    fn logs_exported(&self, written: &[Timestamp]) -> Finding {
        let step = &LOGS_EXPORTED;
        if let Some(last) = written.iter().max() {
            return Finding::pass(step, format!("written at {last:.0} and before"));
        }
        let young = match &self.deployed_at {
            Ok(Some(at)) => self.now.duration_since(*at) < FIRST_EXPORT_AFTER,
            Ok(None) => true,
            Err(why) => return Finding::unknown(step, why.as_str()),
        };
        if young {
            return Finding::unknown(step, "the first export comes on day two");
        }
        Finding::fail(
            step,
            format!(
                "nothing is under logs/ in the audit bucket, and logs are deleted after their \
                 days: see the log /aws/lambda/archival_function_{} and payhook dlq list --queue \
                 archival_function",
                self.suffix
            ),
        )
    }

    fn may_recurse(&self, setting: &str) -> Finding {
        match setting {
            "Allow" => Finding::pass(&ARCHIVAL_MAY_RECURSE, setting),
            "" => Finding::unknown(&ARCHIVAL_MAY_RECURSE, "the answer does not say"),
            other => Finding::fail(
                &ARCHIVAL_MAY_RECURSE,
                format!(
                    "it is {other}, so a day's work that takes many invocations is cut off: aws \
                     lambda put-function-recursion-config --function-name archival_function_{} \
                     --recursive-loop Allow",
                    self.suffix
                ),
            ),
        }
    }

    fn gateway_logs(&self, gateway: &GatewayAccount) -> Finding {
        match gateway.logging_role.as_deref() {
            Some(role) => Finding::pass(&GATEWAY_LOGS, role),
            None => Finding::fail(
                &GATEWAY_LOGS,
                "no role writes the gateways' logs, so the access log is empty and payhook \
                 reconcile finds nothing: pulumi refresh, then pulumi up",
            ),
        }
    }
}

fn enabled(states: &[String]) -> Finding {
    let step = &EVENT_SOURCES_ENABLED;
    let off: Vec<&str> = states
        .iter()
        .map(String::as_str)
        .filter(|state| *state != "Enabled")
        .collect();
    match (states.len(), off.as_slice()) {
        (0, _) => Finding::fail(step, "nothing starts it: pulumi refresh, then pulumi up"),
        (_, []) => Finding::pass(step, "Enabled"),
        (_, ["Creating" | "Enabling" | "Updating", ..]) => {
            Finding::unknown(step, format!("it is {} just now", off.join(", ")))
        }
        _ => Finding::fail(
            step,
            format!(
                "it is {}, so what comes waits: aws lambda update-event-source-mapping --uuid … \
                 --enabled",
                off.join(", ")
            ),
        ),
    }
}

/// `wanted` are the numbers of all capacities: which of them the stack has is its configuration's.
fn reserves(found: Option<u32>, wanted: &[u32]) -> Finding {
    match found {
        Some(found) if wanted.contains(&found) => {
            Finding::pass(&CONCURRENCY_RESERVED, format!("{found}"))
        }
        found => Finding::fail(
            &CONCURRENCY_RESERVED,
            format!(
                "{} are reserved, not {}: pulumi refresh, then pulumi up",
                found.unwrap_or_default(),
                wanted.first().copied().unwrap_or_default()
            ),
        ),
    }
}
