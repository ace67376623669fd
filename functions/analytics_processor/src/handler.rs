//! One invocation: a stream event in, the record to start again from out; then what it did, as log lines and metrics.
//!
//! Source of the shapes: <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>, read 2026-11-24.

use std::borrow::Cow;
use std::io::Write;

use jiff::Timestamp;
use lambda_setup::{BatchResponse, Metrics};
use pipeline::aggregate::apply::AnalyticsStore;
use pipeline::aggregate::count::{CountReport, DeadLetters, StreamRecord, count_batch, count_read};
use pipeline::aggregate::{Counted, SequenceNumber, read_records, too_late};
use pipeline::storage::Pause;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Why an event is no batch of the stream. Such an invocation fails as a whole and is handed out again.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StreamBatchError {
    /// Not the form of a stream event.
    #[error("the event is not a DynamoDB stream batch: check the function's event source mapping")]
    NotABatch,
    /// A record without a sequence number cannot be counted once, nor reported by itself.
    #[error("a record of the batch has no sequence number")]
    NoSequenceNumber,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Numbered<'a> {
    #[serde(borrow)]
    dynamodb: NumberedChange<'a>,
}

#[derive(Deserialize)]
struct NumberedChange<'a> {
    #[serde(borrow, rename = "SequenceNumber")]
    sequence_number: Cow<'a, str>,
}

fn read_stream_batch(event: &str) -> Result<Vec<StreamRecord<'_>>, StreamBatchError> {
    let event: Event<'_> = serde_json::from_str(event).map_err(|_| StreamBatchError::NotABatch)?;
    let record = |raw: &'_ RawValue| {
        let numbered: Numbered<'_> = serde_json::from_str(raw.get()).ok()?;
        SequenceNumber::parse(&numbered.dynamodb.sequence_number)
    };
    event
        .records
        .into_iter()
        .map(|raw| {
            let sequence = record(raw).ok_or(StreamBatchError::NoSequenceNumber)?;
            Ok(StreamRecord {
                sequence,
                json: raw.get(),
            })
        })
        .collect()
}

/// Where the handler counts.
pub(crate) struct Deps<'d, A, D, P> {
    /// The analytics table.
    pub(crate) store: &'d A,
    /// The dead-letter queue.
    pub(crate) dead_letters: &'d D,
    /// Waiting.
    pub(crate) pause: &'d P,
    /// The lane of this process.
    pub(crate) lane: u8,
}

/// Counts the batch of `event`.
///
/// # Errors
/// [`StreamBatchError`] when it is none.
pub(crate) async fn handle<A: AnalyticsStore, D: DeadLetters, P: Pause>(
    event: &str,
    now: Timestamp,
    deps: &Deps<'_, A, D, P>,
) -> Result<CountReport, StreamBatchError> {
    let whole = read_records(event);
    let in_time = |(_, counted): &(_, Counted)| !too_late(counted.received_at(), now);
    if let Some(batch) = whole.filter(|batch| batch.iter().all(in_time)) {
        return Ok(count_read(&batch, now, deps.lane, deps.store, deps.pause).await);
    }
    // What cannot be counted is handed on as it came.
    let batch = read_stream_batch(event)?;
    let report = count_batch(
        &batch,
        now,
        deps.lane,
        deps.store,
        deps.dead_letters,
        deps.pause,
    );
    Ok(report.await)
}

/// For Lambda: the record from which the stream has to hand out again.
pub(crate) fn response(report: &CountReport) -> BatchResponse {
    BatchResponse::new(report.failure.iter().map(|(first, _)| first.to_string()))
}

/// Logs what could not be counted and one summary; writes the metrics to `out`.
pub(crate) fn tell(report: &CountReport, metrics: &Metrics, now_ms: i64, out: &mut impl Write) {
    for (sequence, reason) in &report.unreadable {
        tracing::error!(
            sequence_number = %sequence,
            reason = %reason,
            "record {sequence} cannot be counted and goes to the dead-letter queue: {reason}"
        );
    }
    if let Some((sequence, cause)) = &report.failure {
        tracing::error!(
            sequence_number = %sequence,
            cause = %cause,
            "the batch from record {sequence} is handed out again: {cause}"
        );
    }
    let (records, counted) = (report.records as u64, report.applied.counted as u64);
    let repeated = report.applied.repeated as u64;
    let unreadable = report.unreadable.len() as u64;
    let failed = match report.failure {
        Some(_) => records,
        None => unreadable,
    };
    tracing::info!(
        records,
        counted,
        repeated,
        unreadable,
        failed,
        transactions = report.applied.transactions,
        "batch of {records} counted"
    );
    let lag = u64::try_from(report.lag_ms_max).unwrap_or_default();
    let line = metrics.line(
        now_ms,
        None,
        &[
            ("Records", "Count", records),
            ("FailedRecords", "Count", failed),
            ("Counted", "Count", counted),
            ("Repeated", "Count", repeated),
            ("UnreadableRecords", "Count", unreadable),
            ("CountLag", "Milliseconds", lag),
        ],
    );
    // A closed standard output means that the environment is going away; the batch is counted all the same.
    let _ = writeln!(out, "{line}");
}

#[cfg(test)]
mod tests;
