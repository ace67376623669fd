//! The usual function (`bench/baseline`, Python with boto3) beside payhook, on the same webhooks and
//! between the same stand-ins.

use std::path::Path;
use std::time::Duration;

use hyper::body::Bytes;
use serde::{Deserialize, Serialize};

use crate::measure::{self, MeasureError, Plan};
use crate::running::{stand_ins, start};
use crate::workload::Stock;

/// The providers whose signatures it verifies; `bench/baseline/signatures.py` has the same list.
pub const PROVIDERS: [&str; 11] = [
    "checkout",
    "coinbase",
    "gocardless",
    "klarna",
    "mollie",
    "paddle",
    "paystack",
    "razorpay",
    "shopify",
    "standardwebhooks",
    "stripe",
];
/// Webhooks in a batch of payhook that it is compared with.
const OURS: usize = 100;
const OURS_RUNS: u64 = 30;
/// Webhooks in an invocation of the usual function, and how many invocations.
const SIZES: [(usize, u64); 2] = [(1, 200), (10, 40)];
const NAME: &str = "usual_function";

/// The usual function, by webhooks in an invocation.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Invocations {
    /// Webhooks in each.
    pub records: u64,
    /// How often it was measured.
    pub runs: u64,
    /// User and system, of the whole process.
    pub cpu_us_per_webhook: f64,
    /// From taking the event to the answer's end.
    pub wall_ms_p50: f64,
    /// Requests to AWS.
    pub calls_per_webhook: f64,
}

/// Both, on the same webhooks.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Baseline {
    /// Payhook's, in batches of a hundred.
    pub ours_cpu_us_per_webhook: f64,
    /// The usual function's, by size.
    pub usual: Vec<Invocations>,
}

impl Baseline {
    /// The usual function's figures with one webhook an invocation.
    pub fn one_a_request(&self) -> Option<&Invocations> {
        self.usual.iter().find(|usual| usual.records == 1)
    }

    /// How many times less processor time payhook takes than the usual function with one webhook an
    /// invocation.
    pub fn times_less(&self) -> Option<f64> {
        let usual = self.one_a_request()?;
        Some(usual.cpu_us_per_webhook / self.ours_cpu_us_per_webhook)
    }
}

/// Measures both.
///
/// # Errors
/// A [`MeasureError`]: also where the interpreter lacks boto3.
pub async fn measured(
    plan: &Plan,
    python: &Path,
    function: &Path,
) -> Result<Baseline, MeasureError> {
    let stock = &mut Stock::of(&PROVIDERS, plan.body_bytes);
    let (ours, _) = measure::batch(plan, stock, OURS, OURS_RUNS).await?;
    let mut usual = Vec::new();
    for (records, runs) in SIZES {
        usual.push(invocations(plan, python, function, stock, records, runs).await?);
    }
    Ok(Baseline {
        ours_cpu_us_per_webhook: ours.cpu_us_per_webhook,
        usual,
    })
}

async fn invocations(
    plan: &Plan,
    python: &Path,
    function: &Path,
    stock: &mut Stock,
    records: usize,
    runs: u64,
) -> Result<Invocations, MeasureError> {
    let standins = stand_ins(plan).await?;
    let running = start(python, &[function], NAME, &standins).await?;
    // Every provider's secret is read before it is measured.
    for _ in 0..PROVIDERS.len() {
        let event = Bytes::from(stock.event(records));
        running.invoke(NAME, &event).await?;
    }
    standins.take();
    let before = running.function.processor_time();
    let mut walls: Vec<Duration> = Vec::new();
    for _ in 0..runs {
        let event = Bytes::from(stock.event(records));
        walls.push(running.invoke(NAME, &event).await?);
    }
    let cpu = running.function.processor_time().saturating_sub(before);
    let calls: u64 = standins.take().values().map(|calls| calls.count).sum();
    running.function.end().await;
    walls.sort_unstable();
    let median = walls.get(walls.len() / 2).copied().unwrap_or_default();
    let all = (runs * records as u64) as f64;
    Ok(Invocations {
        records: records as u64,
        runs,
        cpu_us_per_webhook: cpu.as_secs_f64() * 1e6 / all,
        wall_ms_p50: median.as_secs_f64() * 1e3,
        calls_per_webhook: calls as f64 / all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_function_is_compared_with_one_webhook_an_invocation() {
        let usual = |records, cpu_us_per_webhook| Invocations {
            records,
            runs: 1,
            cpu_us_per_webhook,
            wall_ms_p50: 1.0,
            calls_per_webhook: 1.0,
        };
        let baseline = Baseline {
            ours_cpu_us_per_webhook: 40.0,
            usual: vec![usual(10, 1_200.0), usual(1, 2_400.0)],
        };
        assert_eq!(baseline.times_less(), Some(60.0));
        let none = Baseline {
            usual: vec![usual(10, 1_200.0)],
            ..baseline
        };
        assert_eq!(none.times_less(), None);
    }

    #[test]
    fn both_have_the_same_providers() {
        let python = include_str!("../baseline/signatures.py");
        let (_, table) = python.split_once("VERIFIERS: ").unwrap();
        let mut theirs: Vec<&str> = table
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"')?.split('"').next())
            .collect();
        theirs.sort_unstable();
        assert_eq!(theirs, PROVIDERS);
        let signed = crate::workload::webhooks(1, 40, 1_024);
        let made = |name: &&str| signed.iter().any(|webhook| webhook.info.name == *name);
        assert!(PROVIDERS.iter().all(made));
    }
}
