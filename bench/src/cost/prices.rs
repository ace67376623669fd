//! AWS's list prices (`bench/prices.json`), each with its page, and what a month's tiers come to.

use serde::Deserialize;

/// One list price.
#[derive(Clone, Debug, Deserialize)]
pub struct Price<T = f64> {
    /// US dollars.
    pub usd: T,
    /// What they buy, in words.
    pub per: String,
    /// AWS's page for it.
    pub source: String,
    /// The page that stated the figure, where AWS's own has its table in a script.
    pub stated_by: Option<String>,
    /// The day on which `stated_by`, or `source` where there is none, was opened. Absent for a
    /// figure that no page could be opened for; `bench/README.md` names those.
    pub read: Option<String>,
}

/// Up to so many millions a month at this price, then the next; the last tier has no end.
pub type Tiers = Vec<(Option<f64>, f64)>;

/// `bench/prices.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct PriceList {
    /// The region that the prices are of.
    pub region: String,
    /// By name.
    pub prices: Prices,
}

/// What is paid for. Each price says in `per` what it buys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // The file says it for each.
pub struct Prices {
    pub api_gateway_million_requests: Price<Tiers>,
    pub data_out_gb: Price,
    pub sqs_million_requests: Price,
    pub lambda_million_requests: Price,
    pub lambda_gb_second: Price,
    pub dynamodb_million_write_units: Price,
    pub dynamodb_million_read_units: Price,
    pub dynamodb_gb_month: Price,
    pub dynamodb_backup_gb_month: Price,
    pub s3_thousand_puts: Price,
    pub s3_thousand_gets: Price,
    pub s3_gb_month: Price,
    pub s3_instant_gb_month: Price,
    pub s3_thousand_transitions: Price,
    pub cloudwatch_gb: Price,
    pub cloudwatch_kept_gb_month: Price,
    pub cloudwatch_protection_gb: Price,
    pub cloudwatch_metric_month: Price,
    pub cloudwatch_alarm_metric_month: Price,
    pub cloudwatch_dashboard_month: Price,
    pub kms_key_month: Price,
    pub kms_ten_thousand_requests: Price,
    pub secret_month: Price,
    pub secret_ten_thousand_requests: Price,
    pub cloudtrail_hundred_thousand_data_events: Price,
    pub waf_acl_month: Price,
    pub waf_rule_month: Price,
    pub waf_million_requests: Price,
    pub cloudfront_ten_thousand_requests: Price,
    pub cloudfront_to_origin_gb: Price,
    pub cloudfront_out_gb: Price,
    pub cloudfront_million_functions: Price,
    pub vended_log_gb: Price,
    pub eventbridge_million_events: Price,
    pub eventbridge_million_pipe_requests: Price,
    pub eventbridge_million_schedules: Price,
}

impl Prices {
    /// US dollars for a million requests of the REST API on average, at so many millions a month.
    pub fn gateway_million(&self, millions_a_month: f64) -> f64 {
        let (mut left, mut sum) = (millions_a_month, 0.0);
        for (room, price) in &self.api_gateway_million_requests.usd {
            let part = room.map_or(left, |room| left.min(room));
            sum += part * price;
            left -= part;
        }
        sum / millions_a_month
    }
}

#[cfg(test)]
pub(crate) fn list() -> Prices {
    let list: PriceList = serde_json::from_str(include_str!("../../prices.json")).unwrap();
    list.prices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_requests_are_cheaper_each() {
        let prices = list();
        assert_eq!(prices.gateway_million(333.0), 3.5);
        let thousand = prices.gateway_million(1_000.0);
        assert!((thousand - (333.0 * 3.5 + 667.0 * 2.8) / 1_000.0).abs() < 1e-9);
        assert!(prices.gateway_million(26_000.0) < 2.38);
    }

    #[test]
    fn every_price_has_its_page_and_the_day_on_which_its_figure_was_read() {
        let file: serde_json::Value =
            serde_json::from_str(include_str!("../../prices.json")).unwrap();
        let mut unread = Vec::new();
        for (name, price) in file["prices"].as_object().unwrap() {
            let source = price["source"].as_str().unwrap();
            assert!(source.starts_with("https://aws.amazon.com/"), "{name}");
            assert!(!price["per"].as_str().unwrap().is_empty(), "{name}");
            match price["read"].as_str() {
                Some(day) => assert!(day.parse::<jiff::civil::Date>().is_ok(), "{name}"),
                None => unread.push(name.as_str()),
            }
        }
        // Each is named in bench/README.md as a figure that nobody could look up.
        let readme = include_str!("../../README.md");
        assert!(unread.iter().all(|name| readme.contains(*name)));
    }
}
