//! What a function writes to its log, as CloudWatch bills it: the custom metrics that its lines publish.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>,
//! read 2026-11-23.

use std::collections::BTreeSet;

use serde_json::Value;

/// Custom metrics by their names and dimensions, each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Without a provider.
    pub of_function: u64,
    /// Of the provider that has most.
    pub of_provider: u64,
}

impl Metrics {
    /// Of the lines of a log. What is no line of metrics counts as none.
    pub fn of(log: &str) -> Self {
        let mut published = BTreeSet::new();
        for line in log.lines() {
            let Ok(line) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            let provider = line["provider"].as_str().unwrap_or_default();
            let directives = line["_aws"]["CloudWatchMetrics"].as_array();
            for directive in directives.into_iter().flatten() {
                let names = directive["Metrics"].as_array().into_iter().flatten();
                for name in names.filter_map(|metric| metric["Name"].as_str()) {
                    published.insert((provider.to_owned(), name.to_owned()));
                }
            }
        }
        let of = |wanted: &str| {
            let same = published.iter().filter(|(provider, _)| provider == wanted);
            same.count() as u64
        };
        let providers: BTreeSet<&str> = published
            .iter()
            .map(|(provider, _)| provider.as_str())
            .filter(|provider| !provider.is_empty())
            .collect();
        Self {
            of_function: of(""),
            of_provider: providers.into_iter().map(of).max().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_counts_once_for_each_of_its_dimensions() {
        let line = |provider: &str, names: &[&str]| {
            let metrics: Vec<Value> = names
                .iter()
                .map(|name| serde_json::json!({ "Name": name }))
                .collect();
            serde_json::json!({
                "provider": (!provider.is_empty()).then_some(provider),
                "_aws": {"CloudWatchMetrics": [{"Metrics": metrics}]},
            })
            .to_string()
        };
        let log = [
            line("", &["Records", "Stored"]),
            line("stripe", &["Stored"]),
            line("adyen", &["Stored", "Rejected"]),
            line("", &["Records", "MaskedPans"]),
            "no line of metrics".to_owned(),
            "{\"level\":\"INFO\"}".to_owned(),
        ];
        let metrics = Metrics::of(&log.join("\n"));
        assert_eq!((metrics.of_function, metrics.of_provider), (3, 2));
        assert_eq!(Metrics::of(""), Metrics::default());
    }
}
