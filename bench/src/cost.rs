//! What it costs, from what was counted: per million webhooks, and by volume, beside a function that is started for each request.
//!
//! Prices are `bench/prices.json`, each with its page and the day it was read; sizes and calls are those that were measured.

use serde::{Deserialize, Serialize};

use crate::figures::{Analytics, Batch, Measured};

const MILLION: f64 = 1e6;
const SECONDS_A_MONTH: f64 = 30.0 * 86_400.0;

/// List prices in US dollars.
#[derive(Debug, Deserialize)]
pub struct Prices {
    /// When they were read.
    pub read: String,
    /// By name.
    pub usd: Usd,
}

/// What is paid for.
#[derive(Clone, Debug, Deserialize)]
pub struct Usd {
    /// REST API, a million requests, by how many millions a month: up to this many more, this much each; the last tier has no end.
    pub api_gateway_million_requests: Vec<(Option<f64>, f64)>,
    /// Standard queue, a million requests of 64 KB.
    pub sqs_million_requests: f64,
    /// A million invocations.
    pub lambda_million_requests: f64,
    /// A gigabyte-second on arm64.
    pub lambda_gb_second: f64,
    /// On demand, a million write units.
    pub dynamodb_million_write_units: f64,
    /// On demand, a million read units.
    pub dynamodb_million_read_units: f64,
    /// Standard, a thousand PUT requests.
    pub s3_thousand_puts: f64,
    /// A gigabyte and month.
    pub s3_gb_month: f64,
    /// A gigabyte of logs taken in.
    pub cloudwatch_gb: f64,
    /// A gigabyte of logs scanned for card data.
    pub cloudwatch_protection_gb: f64,
    /// A metric and month.
    pub cloudwatch_metric_month: f64,
}

/// A line of the bill of a million webhooks.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// For what.
    pub what: &'static str,
    /// How much of it, in words.
    pub quantity: String,
    /// US dollars.
    pub usd: f64,
}

/// Sizes that the stack decides.
const MEMORY_GB: f64 = 0.5;
/// A line of the door's access log with its stamp; a batch's lines of the functions' logs.
const ACCESS_LOG_BYTES: f64 = 420.0;
const BATCH_LOG_BYTES: f64 = 2_600.0;
/// SQS counts every begun 64 KB as a request; a webhook of three kilobytes is one to send.
const SQS_REQUEST_BYTES: f64 = 65_536.0;
/// Deletes go by ten.
const SQS_BATCH: f64 = 10.0;

/// Between the measured batch sizes, and beyond them as the nearest.
fn at<B: Measured>(batches: &[B], records: f64, value: impl Fn(&B) -> f64) -> f64 {
    let size = |batch: &B| batch.records() as f64;
    let above = batches.iter().position(|batch| size(batch) >= records);
    match above {
        Some(0) => batches.first().map_or(0.0, value),
        Some(index) => {
            let (low, high) = (&batches[index - 1], &batches[index]);
            let part = (records - size(low)) / (size(high) - size(low));
            value(low) + part * (value(high) - value(low))
        }
        None => batches.last().map_or(0.0, value),
    }
}

/// What takes so long on a whole processor, on a share of one: the waiting takes as long as before.
fn stretched(wall_ms: f64, cpu_ms: f64, share: f64) -> f64 {
    (wall_ms - cpu_ms).max(0.0) + cpu_ms / share
}

/// What a million requests to the REST API cost on average, when so many millions come a month.
pub fn gateway_per_million(usd: &Usd, millions: f64) -> f64 {
    let (mut left, mut sum) = (millions, 0.0);
    for (room, price) in &usd.api_gateway_million_requests {
        let part = room.map_or(left, |room| left.min(room));
        sum += part * price;
        left -= part;
    }
    sum / millions
}

/// Millions that come in a month.
pub fn millions_a_month(per_second: f64) -> f64 {
    per_second * SECONDS_A_MONTH / MILLION
}

/// The bill of a million webhooks in batches of so many, at this price of the gateway.
pub fn per_million(
    usd: &Usd,
    gateway_usd: f64,
    batches: &[Batch],
    analytics: &[Analytics],
    share: f64,
    records: f64,
) -> Vec<Line> {
    let of = |value: fn(&Batch) -> f64| at(batches, records, value);
    let invocations = MILLION / records;
    let cpu_ms = of(|batch| batch.cpu_us_per_webhook) * records / 1e3;
    let ms = stretched(of(|batch| batch.wall_ms_p50), cpu_ms, share);
    let stored = MILLION * of(|batch| batch.records_per_webhook);
    // The stream is read in batches, too, and its window is as long.
    let most = analytics.last().map_or(1.0, |batch| batch.records as f64);
    let counted = records.clamp(1.0, most);
    let count_of = |value: fn(&Analytics) -> f64| at(analytics, counted, value);
    let counts = stored / counted;
    let count_ms = stretched(
        count_of(|batch| batch.wall_ms_p50),
        count_of(|batch| batch.cpu_ms),
        share,
    );
    let compute = |times: f64, ms: f64| {
        times / MILLION * usd.lambda_million_requests
            + times * ms / 1e3 * MEMORY_GB * usd.lambda_gb_second
    };
    // Every begun 64 KB of what is sent, received or deleted is a request; a call takes ten messages at most.
    let received = (MILLION * of(|batch| batch.body_bytes_mean) / SQS_REQUEST_BYTES)
        .max(MILLION / records.min(SQS_BATCH));
    let sqs = MILLION + received + MILLION / records.min(SQS_BATCH);
    let writes = MILLION * of(|batch| batch.write_units_per_webhook)
        + counts * count_of(|batch| batch.write_units);
    let reads = counts * count_of(|batch| batch.read_units);
    let audit_gb = MILLION * of(|batch| batch.audit_bytes_per_webhook) / 1e9;
    let log_gb = (MILLION * ACCESS_LOG_BYTES + (invocations + counts) * BATCH_LOG_BYTES) / 1e9;
    let line = |what, quantity, usd| Line {
        what,
        quantity,
        usd,
    };
    let millions = |number: f64| format!("{:.2} million", number / MILLION);
    vec![
        line("API Gateway, requests", millions(MILLION), gateway_usd),
        line(
            "SQS, requests",
            millions(sqs),
            sqs / MILLION * usd.sqs_million_requests,
        ),
        line(
            "Lambda, webhook_processor",
            format!("{invocations:.0} times {ms:.0} ms"),
            compute(invocations, ms),
        ),
        line(
            "Lambda, analytics_processor",
            format!("{counts:.0} times {count_ms:.0} ms"),
            compute(counts, count_ms),
        ),
        line(
            "DynamoDB, write units",
            millions(writes),
            writes / MILLION * usd.dynamodb_million_write_units,
        ),
        line(
            "DynamoDB, read units",
            millions(reads),
            reads / MILLION * usd.dynamodb_million_read_units,
        ),
        line(
            "S3, audit log",
            format!("{invocations:.0} objects, {audit_gb:.2} GB"),
            invocations / 1e3 * usd.s3_thousand_puts + audit_gb * usd.s3_gb_month,
        ),
        line(
            "CloudWatch, logs",
            format!("{log_gb:.2} GB"),
            log_gb * usd.cloudwatch_gb,
        ),
        // Each group has a data protection policy. The gateway's execution log tells of errors alone.
        line(
            "CloudWatch, search for card data",
            format!("{log_gb:.2} GB"),
            log_gb * usd.cloudwatch_protection_gb,
        ),
    ]
}

/// Milliseconds that the calls of one webhook take when nothing is batched: the audit object, then the record.
pub fn calls_ms(latency: &crate::standins::Latency) -> f64 {
    (latency.s3 + latency.dynamodb).as_secs_f64() * 1e3
}

/// The same work in a function that is started for every request: audited, stored and counted before it answers.
pub fn per_million_by_request(
    usd: &Usd,
    gateway_usd: f64,
    batches: &[Batch],
    share: f64,
    calls_ms: f64,
) -> f64 {
    let of = |value: fn(&Batch) -> f64| at(batches, 1.0, value);
    let ms = of(|batch| batch.cpu_us_per_webhook) / 1e3 / share + calls_ms;
    let lambda =
        usd.lambda_million_requests + MILLION * ms / 1e3 * MEMORY_GB * usd.lambda_gb_second;
    let writes = of(|batch| batch.write_units_per_webhook) + ROWS_COUNTED;
    gateway_usd
        + lambda
        + writes * usd.dynamodb_million_write_units
        + MILLION / 1e3 * usd.s3_thousand_puts
        + MILLION * (ACCESS_LOG_BYTES + BATCH_LOG_BYTES) / 1e9 * usd.cloudwatch_gb
}

/// Minute, hour and day, each updated for every webhook.
const ROWS_COUNTED: f64 = 3.0;

/// Dollars per million webhooks with what is paid by the month, whether anything comes or not.
pub fn with_monthly(per_million_usd: f64, monthly_usd: f64, per_second: f64) -> f64 {
    per_million_usd + monthly_usd / millions_a_month(per_second)
}

/// How many webhooks a batch has when so many come a second: what comes within the batching window, at most the batch size, by each poller.
pub fn records_at(per_second: f64, window_seconds: f64, batch_size: f64, pollers: f64) -> f64 {
    (per_second * window_seconds / pollers.max(1.0)).clamp(1.0, batch_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_grow_with_the_volume_and_end_at_their_size() {
        assert_eq!(records_at(0.1, 1.0, 500.0, 1.0), 1.0);
        assert_eq!(records_at(100.0, 1.0, 500.0, 2.0), 50.0);
        assert_eq!(records_at(10_000.0, 1.0, 500.0, 4.0), 500.0);
    }

    fn usd() -> Usd {
        let prices: Prices = serde_json::from_str(include_str!("../prices.json")).unwrap();
        prices.usd
    }

    #[test]
    fn a_month_is_thirty_days() {
        assert_eq!(millions_a_month(1.0), 2.592);
        assert_eq!(with_monthly(1.0, 2.592, 1.0), 2.0);
    }

    #[test]
    fn more_requests_are_cheaper_each() {
        let usd = usd();
        assert_eq!(gateway_per_million(&usd, 333.0), 3.5);
        let thousand = gateway_per_million(&usd, 1_000.0);
        assert!((thousand - (333.0 * 3.5 + 667.0 * 2.8) / 1_000.0).abs() < 1e-9);
        assert!(gateway_per_million(&usd, 26_000.0) < 2.38);
    }

    fn batch(records: u64, cpu: f64) -> Batch {
        Batch {
            records,
            runs: 1,
            body_bytes_mean: 3_000.0,
            cpu_us_per_webhook: cpu,
            wall_ms_p50: 30.0,
            wall_ms_p99: 30.0,
            calls_per_webhook: 1.0,
            call_bytes_per_webhook: 3_000.0,
            records_per_webhook: 1.0,
            write_units_per_webhook: 2.0,
            units: Default::default(),
            audit_bytes_per_webhook: 500.0,
            peak_rss_mib: 10.0,
            calls: Default::default(),
        }
    }

    #[test]
    fn between_two_sizes_is_between_their_figures() {
        let batches = [batch(1, 100.0), batch(11, 50.0)];
        let cpu = |records| at(&batches, records, |batch| batch.cpu_us_per_webhook);
        assert_eq!(
            [cpu(0.5), cpu(1.0), cpu(6.0), cpu(11.0), cpu(99.0)],
            [100.0, 100.0, 75.0, 50.0, 50.0]
        );
        assert_eq!(stretched(30.0, 10.0, 0.5), 40.0);
    }

    #[test]
    fn a_million_in_small_batches_costs_more() {
        let batches = [batch(1, 100.0), batch(1_000, 30.0)];
        let analytics = [(1, 8.0), (100, 132.0)].map(|(records, write_units)| Analytics {
            records,
            runs: 1,
            cpu_ms: 1.0,
            wall_ms_p50: 20.0,
            calls: 3.0,
            events: records as f64 / 2.0,
            write_units,
            money_units: write_units / 4.0,
            read_units: records as f64 + 1.0,
            peak_rss_mib: 10.0,
        });
        let sum = |records| -> f64 {
            let lines = per_million(&usd(), 3.5, &batches, &analytics, 0.29, records);
            lines.iter().map(|line| line.usd).sum()
        };
        assert!(sum(1.0) > sum(10.0) && sum(10.0) > sum(500.0));
        // A small batch of the stream updates few rows: eight units for one record, not those of a hundred.
        let writes = |records| {
            let lines = per_million(&usd(), 3.5, &batches, &analytics, 0.29, records);
            lines
                .into_iter()
                .find(|line| line.what == "DynamoDB, write units")
        };
        assert_eq!(writes(1.0).unwrap().quantity, "10.00 million");
        assert_eq!(writes(500.0).unwrap().quantity, "3.32 million");
        assert!(per_million_by_request(&usd(), 3.5, &batches, 0.29, 21.0) > sum(500.0));
    }
}
