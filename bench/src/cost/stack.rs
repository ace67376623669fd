//! What the reviewed stack (`infra/snapshots/stack_dev.json`) has that is paid for, counted there.

use serde_json::Value;

/// Counts and sizes of one stack. What there is of each provider is told apart, because a stack has
/// as many providers as it is configured for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stack {
    /// Metrics that the alarms of the stack as such look at.
    pub alarm_metrics: f64,
    /// Metrics that the alarm of a provider looks at.
    pub alarm_metrics_a_provider: f64,
    /// Metrics that the gateway publishes for its methods.
    pub gateway_metrics: f64,
    /// Dashboards.
    pub dashboards: f64,
    /// Keys of the stack's own.
    pub keys: f64,
    /// Those of them that are rotated, once a year.
    pub rotated_keys: f64,
    /// Tables that are encrypted with one of them.
    pub tables: f64,
    /// Buckets.
    pub buckets: f64,
    /// Rules of the firewall.
    pub firewall_rules: f64,
    /// Log groups that are copied into the bucket.
    pub copied_logs: f64,
    /// Bytes that CloudWatch counts for a line of the gateway's access log.
    pub access_log_bytes: f64,
    /// Schedules.
    pub schedules: f64,
}

/// What CloudWatch adds to the text of each event of a log. It is how `PutLogEvents` counts the size
/// of a batch, and assumed to be how the bill counts.
pub(super) const LOG_EVENT_BYTES: f64 = 26.0;

/// Count, 4XXError, 5XXError, Latency and IntegrationLatency: with detailed metrics each method has
/// them, and CloudWatch bills them as custom ones.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>,
/// read 2026-11-28.
const METRICS_A_METHOD: f64 = 5.0;

/// Values as long as those of a webhook that was taken in; an unknown variable counts as a hyphen.
const ACCESS_LOG_VALUES: &[(&str, &str)] = &[
    ("$context.extendedRequestId", "JKJaXmPLvHcESHA="),
    ("$context.requestTime", "28/Nov/2026:09:05:27 +0000"),
    ("$context.identity.sourceIp", "203.0.113.113"),
    ("$context.httpMethod", "POST"),
    ("$context.resourcePath", "/webhook/{provider}"),
    ("$context.status", "200"),
    ("$context.responseLength", "17"),
    ("$context.responseLatency", "18"),
    ("$context.integration.status", "200"),
    ("$context.integration.latency", "15"),
    ("$context.identity.apiKeyId", "a1b2c3d4e5"),
    ("$context.wafResponseCode", "WAF_ALLOW"),
];

/// A line as the gateway writes it.
fn access_log_line(format: &str) -> String {
    // The longest name first: one may begin with another.
    let mut values = ACCESS_LOG_VALUES.to_vec();
    values.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut line = format.to_owned();
    for (name, value) in values {
        line = line.replace(name, value);
    }
    let mut rest = line.as_str();
    let mut written = String::new();
    while let Some((before, after)) = rest.split_once('$') {
        written.push_str(before);
        written.push('-');
        rest = after.trim_start_matches(|c: char| c.is_alphanumeric() || c == '.');
    }
    written + rest
}

/// Metrics of one alarm: those that it lists, and one where an expression finds them.
fn metrics_of(alarm: &Value) -> f64 {
    let queries = alarm["metricQueries"].as_array().into_iter().flatten();
    let listed = queries.filter(|query| !query["metric"].is_null()).count();
    listed.max(1) as f64
}

impl Stack {
    /// Counts the resources of a graph.
    pub fn of(graph: &Value) -> Self {
        let mut stack = Self::default();
        let resources = || graph.as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let named = |kind: &str, prefix: &str| -> Vec<String> {
            let of_kind = resources().filter(|resource| resource["type"] == kind);
            let names = of_kind.map(|resource| text(&resource["name"]));
            names
                .filter_map(|name| name.strip_prefix(prefix).map(str::to_owned))
                .collect()
        };
        let providers = named("aws:secretsmanager/secret:Secret", "webhook_secret_");
        for resource in resources() {
            let properties = &resource["properties"];
            match text(&resource["type"]).as_str() {
                "aws:cloudwatch/metricAlarm:MetricAlarm" => {
                    let name = text(&resource["name"]);
                    let whose = name.strip_prefix("rejected_").unwrap_or_default();
                    let metrics = metrics_of(properties);
                    if providers.iter().any(|provider| provider == whose) {
                        stack.alarm_metrics_a_provider = metrics;
                    } else {
                        stack.alarm_metrics += metrics;
                    }
                }
                "aws:apigateway/method:Method" => stack.gateway_metrics += METRICS_A_METHOD,
                "aws:cloudwatch/dashboard:Dashboard" => stack.dashboards += 1.0,
                "aws:kms/key:Key" => {
                    stack.keys += 1.0;
                    if properties["enableKeyRotation"] == true {
                        stack.rotated_keys += 1.0;
                    }
                }
                "aws:dynamodb/table:Table" => stack.tables += 1.0,
                "aws:s3/bucket:Bucket" => stack.buckets += 1.0,
                "aws:wafv2/webAcl:WebAcl" => {
                    let rules = properties["rules"].as_array().map_or(0, Vec::len);
                    stack.firewall_rules += rules as f64;
                }
                "aws:lambda/function:Function" => {
                    let groups = &properties["environment"]["variables"]["LOG_GROUPS"];
                    let copied = groups.as_str().map_or(0, |list| list.split(',').count());
                    stack.copied_logs += copied as f64;
                }
                "aws:apigateway/stage:Stage" => {
                    let format = text(&properties["accessLogSettings"]["format"]);
                    stack.access_log_bytes =
                        access_log_line(&format).len() as f64 + LOG_EVENT_BYTES;
                }
                "aws:scheduler/schedule:Schedule" => stack.schedules += 1.0,
                _ => {}
            }
        }
        stack
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_paid_by_the_month_is_counted_in_the_graph() {
        let resource = |kind: &str, name: &str, properties: Value| json!({"type": kind, "name": name, "properties": properties});
        let alarm = "aws:cloudwatch/metricAlarm:MetricAlarm";
        let graph = json!([
            resource(
                "aws:secretsmanager/secret:Secret",
                "webhook_secret_stripe",
                json!({})
            ),
            resource(
                alarm,
                "rejected_stripe",
                json!({"metricQueries": [{"metric": {}}, {"metric": {}}, {"expression": "a"}]})
            ),
            resource(alarm, "rejected_spike", json!({"metricName": "Rejected"})),
            resource(
                alarm,
                "card_data_in_logs",
                json!({"metricQueries": [{"expression": "SEARCH"}]})
            ),
            resource("aws:kms/key:Key", "key", json!({"enableKeyRotation": true})),
            resource("aws:kms/key:Key", "seal_key", json!({})),
            resource("aws:apigateway/method:Method", "m", json!({})),
            resource("aws:wafv2/webAcl:WebAcl", "w", json!({"rules": [1, 2, 3]})),
            resource(
                "aws:lambda/function:Function",
                "f",
                json!({"environment": {"variables": {"LOG_GROUPS": "a=b,c=d"}}})
            ),
            resource(
                "aws:apigateway/stage:Stage",
                "s",
                json!({"accessLogSettings": {"format": "{\"s\":$context.status,\"x\":\"$context.unknown.a\"}"}})
            ),
        ]);
        let stack = Stack::of(&graph);
        assert_eq!(stack.alarm_metrics_a_provider, 2.0);
        assert_eq!(stack.alarm_metrics, 2.0);
        assert_eq!((stack.keys, stack.rotated_keys), (2.0, 1.0));
        assert_eq!(stack.gateway_metrics, 5.0);
        assert_eq!((stack.firewall_rules, stack.copied_logs), (3.0, 2.0));
        // {"s":200,"x":"-"} and the stamp.
        assert_eq!(stack.access_log_bytes, 17.0 + 26.0);
    }

    #[test]
    fn the_reviewed_stack_has_something_of_everything() {
        let graph = include_str!("../../../infra/snapshots/stack_dev.json");
        let stack = Stack::of(&serde_json::from_str(graph).unwrap());
        let Stack {
            alarm_metrics,
            alarm_metrics_a_provider,
            gateway_metrics,
            dashboards,
            keys,
            rotated_keys,
            tables,
            buckets,
            firewall_rules,
            copied_logs,
            access_log_bytes,
            schedules,
        } = stack;
        for count in [
            alarm_metrics,
            alarm_metrics_a_provider,
            gateway_metrics,
            dashboards,
            keys,
            rotated_keys,
            tables,
            buckets,
            firewall_rules,
            copied_logs,
            schedules,
        ] {
            assert!(count >= 1.0);
        }
        assert!(access_log_bytes > 200.0 && access_log_bytes < 600.0);
    }
}
