//! Metrics as CloudWatch's embedded metric format: one JSON line on standard output, no API call in the hot path.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>, read 2026-11-23.

use serde_json::json;

/// Bytes of a line with a dozen metrics.
const LINE_BYTES: usize = 1024;

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
        let mut sorted: Vec<_> = values.iter().collect();
        sorted.sort_unstable_by_key(|(name, _, _)| *name);
        let mut line = String::with_capacity(LINE_BYTES);
        line.push('{');
        for (name, _, value) in sorted {
            push_text(&mut line, name);
            line.push(':');
            line.push_str(&value.to_string());
            line.push(',');
        }
        line.push_str("\"_aws\":{\"CloudWatchMetrics\":[{\"Dimensions\":[[\"function_name\"");
        line.push_str(provider.map_or("", |_| ",\"provider\""));
        line.push_str("]],\"Metrics\":[");
        for (position, (name, unit, _)) in values.iter().enumerate() {
            line.push_str(if position > 0 {
                ",{\"Name\":"
            } else {
                "{\"Name\":"
            });
            push_text(&mut line, name);
            line.push_str(",\"Unit\":");
            push_text(&mut line, unit);
            line.push('}');
        }
        line.push_str("],\"Namespace\":");
        push_text(&mut line, &self.namespace);
        line.push_str("}],\"Timestamp\":");
        line.push_str(&now_ms.to_string());
        line.push_str("},\"function_name\":");
        push_text(&mut line, &self.function_name);
        if let Some(provider) = provider {
            line.push_str(",\"provider\":");
            push_text(&mut line, provider);
        }
        line.push('}');
        line
    }
}

/// Writes a text as JSON. A name has nothing that is escaped.
fn push_text(line: &mut String, text: &str) {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        line.push('"');
        line.push_str(text);
        line.push('"');
    } else {
        line.push_str(&json!(text).to_string());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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

    #[test]
    fn a_line_is_written_as_the_crate_writes_it() {
        let metrics = Metrics::new("pay\"hook\u{e9}", "webhook\\processor");
        let values = [("Stored", "Count", 3), ("AuditBytes", "Bytes", u64::MAX)];
        for provider in [None, Some("stripe"), Some("a\nb")] {
            let line = metrics.line(-7, provider, &values);
            let read: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(read.to_string(), line);
            assert_eq!(read.get("provider"), provider.map(|it| json!(it)).as_ref());
            assert_eq!(
                read["_aws"]["CloudWatchMetrics"][0]["Namespace"],
                "pay\"hook\u{e9}"
            );
        }
    }
}
