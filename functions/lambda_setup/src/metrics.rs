//! Metrics as CloudWatch's embedded metric format: one JSON line on standard output, no API call in the hot path.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>, read 2026-11-23.

use serde_json::{Map, Value, json};

/// Metrics of one invocation under one namespace, for one function.
#[derive(Debug)]
pub struct Metrics {
    namespace: String,
    function_name: String,
}

impl Metrics {
    /// Metrics of `function_name` (the deployed name) in `namespace`.
    pub fn new(namespace: impl Into<String>, function_name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            function_name: function_name.into(),
        }
    }

    /// One line. `values` are names, units (`Count`, `Bytes`, …) and numbers; `provider` adds the second dimension.
    pub fn line(
        &self,
        now_ms: i64,
        provider: Option<&str>,
        values: &[(&str, &str, u64)],
    ) -> String {
        let mut dimensions = vec!["function_name"];
        let mut line = Map::new();
        line.insert("function_name".into(), json!(self.function_name));
        if let Some(provider) = provider {
            dimensions.push("provider");
            line.insert("provider".into(), json!(provider));
        }
        let metrics: Vec<Value> = values
            .iter()
            .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
            .collect();
        line.insert(
            "_aws".into(),
            json!({
                "Timestamp": now_ms,
                "CloudWatchMetrics": [{"Namespace": self.namespace, "Dimensions": [dimensions], "Metrics": metrics}],
            }),
        );
        line.extend(
            values
                .iter()
                .map(|(name, _, value)| ((*name).to_owned(), json!(value))),
        );
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_metrics_and_dimensions() {
        let metrics = Metrics::new("payhook", "webhook_processor_dev");
        let line: Value =
            serde_json::from_str(&metrics.line(5, Some("stripe"), &[("Stored", "Count", 3)]))
                .unwrap();
        assert_eq!(
            line,
            json!({
                "function_name": "webhook_processor_dev", "provider": "stripe", "Stored": 3,
                "_aws": {"Timestamp": 5, "CloudWatchMetrics": [{
                    "Namespace": "payhook", "Dimensions": [["function_name", "provider"]],
                    "Metrics": [{"Name": "Stored", "Unit": "Count"}],
                }]},
            })
        );
        let line: Value = serde_json::from_str(&metrics.line(5, None, &[])).unwrap();
        assert_eq!(
            line["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
            json!([["function_name"]])
        );
    }
}
