//! The measurements: batches, cold starts, a sustained load, analytics, and the core by itself.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use hyper::body::Bytes;

use crate::figures::{Analytics, Batch, ColdStart, Second, Sustained, Units};
use crate::logged::Metrics;
use crate::running::{run, stand_ins};
use crate::standins::{Counted, Latency, StandIns};
use crate::throttle::Throttle;
use crate::workload::{Stock, stream_event};

/// What is measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the functions' binaries are.
    pub functions: PathBuf,
    /// Where their zips are.
    pub zips: PathBuf,
    /// Of the stand-ins.
    pub latency: Latency,
    /// Bytes of a webhook's body.
    pub body_bytes: usize,
    /// Seconds of the sustained load.
    pub seconds: u64,
    /// Webhooks a second of it.
    pub per_second: u64,
    /// Of one processor: 512 MB of 1,769 MB.
    /// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>, read 2026-11-26.
    pub share: f64,
    /// Cold starts of each function.
    pub cold_starts: usize,
}

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// A file, a port or a process.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ended, or answered with an error.
    #[error("{0} did not do its work: run it by hand, or make demo, to see why")]
    Function(String),
    /// It said that a message must come again.
    #[error("webhook_processor did not store all of a batch: {0}")]
    Failed(String),
}

impl MeasureError {
    pub(crate) fn port(source: std::io::Error) -> Self {
        system("a port of its own")(source)
    }
}

pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> MeasureError {
    let what = what.into();
    move |source| MeasureError::System { what, source }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Of microseconds, to three digits; it grows with what is recorded.
fn histogram() -> Histogram<u64> {
    // Three digits are a legal precision.
    #[allow(clippy::unwrap_used)]
    Histogram::new(3).unwrap()
}

fn sum(counted: &Counted, of: impl Fn(&crate::standins::Calls) -> u64) -> f64 {
    counted.values().map(of).sum::<u64>() as f64
}

pub(crate) const WEBHOOK: &str = "webhook_processor";
pub(crate) const ANALYTICS: &str = "analytics_processor";
const ARCHIVE: &str = "archival_function";

/// Batches of `records` webhooks, `runs` times in one process.
///
/// # Errors
/// A [`MeasureError`].
pub async fn batch(
    plan: &Plan,
    stock: &mut Stock,
    records: usize,
    runs: u64,
) -> Result<(Batch, StandIns), MeasureError> {
    let standins = stand_ins(plan).await?;
    let mut running = run(plan, WEBHOOK, &standins).await?;
    for _ in 0..3 {
        let event = Bytes::from(stock.event(records));
        running.invoke(WEBHOOK, &event).await?;
    }
    standins.take();
    running.logged()?;
    let mut walls = Vec::new();
    let before = running.function.processor_time();
    for _ in 0..runs {
        let event = Bytes::from(stock.event(records));
        walls.push(milliseconds(running.invoke(WEBHOOK, &event).await?));
    }
    let cpu = running.function.processor_time().saturating_sub(before);
    let counted = standins.take();
    let log = running.logged()?;
    let all = (runs * records as u64) as f64;
    let p50 = median(&mut walls);
    let last = ((walls.len() as f64 * 0.99).ceil() as usize).saturating_sub(1);
    let audit = counted.get("s3:PutObject").copied().unwrap_or_default();
    let measured = Batch {
        records: records as u64,
        runs,
        body_bytes_mean: stock.body_bytes_mean,
        cpu_us_per_webhook: cpu.as_secs_f64() * 1e6 / all,
        wall_ms_p50: p50,
        wall_ms_p99: walls.get(last).copied().unwrap_or_default(),
        calls_per_webhook: sum(&counted, |calls| calls.count) / all,
        call_bytes_per_webhook: sum(&counted, |calls| calls.bytes) / all,
        records_per_webhook: (sum(&counted, |calls| calls.items) - audit.count as f64) / all,
        write_units_per_webhook: sum(&counted, |calls| calls.write_units.all()) / all,
        units: Units::of(&counted, all),
        audit_bytes_per_webhook: audit.bytes as f64 / all,
        log_bytes: log.len() as f64 / runs as f64,
        log_lines: log.lines().count() as f64 / runs as f64,
        peak_rss_mib: mib(running.function.peak_rss_bytes().unwrap_or_default()),
        calls: counted
            .iter()
            .map(|(kind, calls)| (kind.clone(), calls.count as f64 / runs as f64))
            .collect(),
    };
    running.function.end().await;
    Ok((measured, standins))
}

/// One event of six megabytes, the largest that Lambda takes, to a process that remembers as many movements as it can: what is resident at most.
///
/// # Errors
/// A [`MeasureError`].
pub async fn largest_event(plan: &Plan, stock: &mut Stock) -> Result<(f64, f64), MeasureError> {
    const LARGEST: usize = 6 * 1_048_576;
    let standins = stand_ins(plan).await?;
    let running = run(plan, WEBHOOK, &standins).await?;
    let mut records = 1_000;
    for _ in 0..pipeline::REMEMBERED_MAX / records {
        let event = Bytes::from(stock.event(records));
        running.invoke(WEBHOOK, &event).await?;
    }
    let mut event = stock.event(records);
    while event.len() < LARGEST * 98 / 100 && records < 2_000 {
        records += 20;
        event = stock.event(records);
    }
    let megabytes = event.len() as f64 / 1_048_576.0;
    running.invoke(WEBHOOK, &Bytes::from(event)).await?;
    let peak = mib(running.function.peak_rss_bytes().unwrap_or_default());
    running.function.end().await;
    Ok((megabytes, peak))
}

/// Which share of items are events.
pub(crate) fn events_share(items: &[serde_json::Value]) -> f64 {
    let events = items
        .iter()
        .filter(|item| item["record_type"]["S"] == "event");
    events.count() as f64 / items.len().max(1) as f64
}

/// Batches of `records` records of the table's stream.
///
/// # Errors
/// A [`MeasureError`].
pub async fn analytics(
    plan: &Plan,
    items: &[serde_json::Value],
    records: usize,
    runs: u64,
) -> Result<Analytics, MeasureError> {
    let standins = stand_ins(plan).await?;
    let mut running = run(plan, ANALYTICS, &standins).await?;
    let event = |number: u64| Bytes::from(stream_event(items, number * records as u64, records));
    for number in 0..3 {
        running.invoke(ANALYTICS, &event(number)).await?;
    }
    standins.take();
    running.logged()?;
    let events: Vec<Bytes> = (3..runs + 3).map(event).collect();
    let mut walls = Vec::new();
    let before = running.function.processor_time();
    for event in &events {
        walls.push(milliseconds(running.invoke(ANALYTICS, event).await?));
    }
    let cpu = running.function.processor_time().saturating_sub(before);
    let counted = standins.take();
    let log = running.logged()?;
    let batches = runs as f64;
    let count = |kind: &str| counted.get(kind).map_or(0, |calls| calls.count) as f64 / batches;
    let measured = Analytics {
        records: records as u64,
        runs,
        cpu_ms: milliseconds(cpu) / batches,
        wall_ms_p50: median(&mut walls),
        calls: sum(&counted, |calls| calls.count) / batches,
        events: records as f64 * events_share(items),
        write_units: sum(&counted, |calls| calls.write_units.all()) / batches,
        money_units: sum(&counted, |calls| calls.write_units.money) / batches,
        // Those of a fresh batch; an old one's are not measured.
        read_units: count("dynamodb:GetItem"),
        log_bytes: log.len() as f64 / batches,
        log_lines: log.lines().count() as f64 / batches,
        peak_rss_mib: mib(running.function.peak_rss_bytes().unwrap_or_default()),
    };
    running.function.end().await;
    Ok(measured)
}

/// Starts a function again and again.
///
/// # Errors
/// A [`MeasureError`].
pub async fn cold_start(
    plan: &Plan,
    stock: &mut Stock,
    name: &str,
    items: &[serde_json::Value],
) -> Result<ColdStart, MeasureError> {
    let event = match name {
        ANALYTICS => Bytes::from(stream_event(items, 1, 1)),
        ARCHIVE => Bytes::from_static(
            b"{\"task\":\"archive\",\"first\":\"2001-01-01\",\"last\":\"2001-01-01\"}",
        ),
        _ => Bytes::from(stock.event(1)),
    };
    let standins = stand_ins(plan).await?;
    let (mut polls, mut processor, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
    let mut metrics = Metrics::default();
    for _ in 0..plan.cold_starts {
        let mut running = run(plan, name, &standins).await?;
        processor.push(milliseconds(running.function.processor_time()));
        polls.push(milliseconds(running.polled - running.started));
        firsts.push(milliseconds(running.invoke(name, &event).await?));
        metrics = Metrics::of(&running.logged()?);
        running.function.end().await;
    }
    let size = |path: PathBuf| -> Result<u64, MeasureError> {
        let shown = path.display().to_string();
        std::fs::metadata(path)
            .map(|file| file.len())
            .map_err(system(shown))
    };
    let first_poll_ms_p50 = median(&mut polls);
    Ok(ColdStart {
        function: name.to_owned(),
        runs: plan.cold_starts as u64,
        first_poll_ms_p50,
        first_poll_ms_max: polls.last().copied().unwrap_or_default(),
        first_poll_cpu_ms_p50: median(&mut processor),
        first_invocation_ms_p50: median(&mut firsts),
        binary_mib: mib(size(plan.functions.join(name))?),
        zip_mb: size(plan.zips.join(format!("{name}.zip")))? as f64 / 1e6,
        metrics: metrics.of_function,
        metrics_a_provider: metrics.of_provider,
    })
}

/// The names of the functions.
pub const FUNCTIONS: [&str; 3] = [WEBHOOK, ANALYTICS, ARCHIVE];

/// Webhooks that come at a rate to one process on its share of a processor; batches are cut as the event source cuts them.
///
/// # Errors
/// A [`MeasureError`].
pub async fn sustained(
    plan: &Plan,
    stock: &mut Stock,
    batch_size: u64,
    window: Duration,
) -> Result<Sustained, MeasureError> {
    let standins = stand_ins(plan).await?;
    let running = run(plan, WEBHOOK, &standins).await?;
    let first = Bytes::from(stock.event(20));
    running.invoke(WEBHOOK, &first).await?;
    let hold = Throttle::hold(running.function.pid, plan.share);
    let before = running.function.processor_time();
    let begun = Instant::now();
    let rate = plan.per_second as f64;
    let arrived = || (begun.elapsed().as_secs_f64().min(plan.seconds as f64) * rate) as u64;
    let arrival = |number: u64| begun + Duration::from_secs_f64(number as f64 / rate);
    let mut done = 0_u64;
    let mut lags = histogram();
    let mut curve = Vec::new();
    let total = plan.per_second * plan.seconds;
    while done < total {
        // A batch is handed over when it is full or its first message has waited for the window.
        let oldest = arrival(done);
        let full = arrival(done + batch_size - 1);
        tokio::time::sleep_until((full.min(oldest + window)).into()).await;
        let ready = (arrived() - done).min(batch_size).max(1);
        let event = Bytes::from(stock.event(ready as usize));
        running.invoke(WEBHOOK, &event).await?;
        let now = Instant::now();
        for number in done..(done + ready) {
            lags.record((now - arrival(number)).as_micros() as u64).ok();
        }
        done += ready;
        let at = begun.elapsed().as_secs();
        if curve.last().is_none_or(|second: &Second| second.at < at) {
            let backlog = arrived() - done;
            let lag = if backlog == 0 {
                Duration::ZERO
            } else {
                arrival(done).elapsed()
            };
            curve.push(Second {
                at,
                backlog,
                lag_ms: milliseconds(lag),
            });
        }
    }
    let cpu = running.function.processor_time().saturating_sub(before);
    let measured = Sustained {
        share: plan.share,
        means: hold.means().to_owned(),
        per_second: plan.per_second,
        seconds: plan.seconds,
        done,
        lag_ms_p50: lags.value_at_quantile(0.5) as f64 / 1e3,
        lag_ms_p99: lags.value_at_quantile(0.99) as f64 / 1e3,
        cpu_us_per_webhook: cpu.as_secs_f64() * 1e6 / done as f64,
        curve,
    };
    running.function.end().await;
    drop(hold);
    Ok(measured)
}
