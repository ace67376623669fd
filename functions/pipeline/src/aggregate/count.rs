//! One batch of the stream: read each record, count what can be read, hand on what cannot.
//!
//! Invariant: a record is counted, repeated, in the dead-letter queue, or reported as not done; nothing is passed over in silence.

use jiff::Timestamp;

use super::apply::{AnalyticsStore, Applied, ApplyError, apply};
use super::{Counted, SequenceNumber, StreamRecordError, read_record, too_late};
use crate::storage::{Pause, StoreError};

/// Attempts at one transaction before the batch is left to come again.
const ATTEMPTS_MAX: u32 = 6;

/// A record as the stream hands it out.
#[derive(Clone, Debug)]
pub struct StreamRecord<'a> {
    /// Its place in the stream.
    pub sequence: SequenceNumber,
    /// The whole record.
    pub json: &'a str,
}

/// Where records go that nobody can count.
pub trait DeadLetters {
    /// Sends one record with the reason. A repeated batch sends it again: the queue may hold it twice.
    fn send(
        &self,
        record: &str,
        reason: StreamRecordError,
    ) -> impl Future<Output = Result<(), StoreError>>;
}

/// Why a batch, or its rest, has to come again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// The readable records are not all counted.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// An unreadable record could not be handed on.
    #[error("an unreadable record was not handed to the dead-letter queue: {0}")]
    DeadLetter(#[source] StoreError),
}

/// What an invocation did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountReport {
    /// Records of the batch.
    pub records: usize,
    /// What was counted; zero after an error, though parts may have been.
    pub applied: Applied,
    /// Records that cannot be counted, and why.
    pub unreadable: Vec<(SequenceNumber, StreamRecordError)>,
    /// The longest time from receipt to count, milliseconds.
    pub lag_ms_max: i64,
    /// The record from which the stream has to hand out again, and why.
    pub failure: Option<(SequenceNumber, CountError)>,
}

/// Counts a batch, in the order of the stream. `lane` is the one that this process writes to.
pub async fn count_batch(
    batch: &[StreamRecord<'_>],
    counted_at: Timestamp,
    lane: u8,
    store: &impl AnalyticsStore,
    dead_letters: &impl DeadLetters,
    pause: &impl Pause,
) -> CountReport {
    let mut readable: Vec<(SequenceNumber, Counted)> = Vec::with_capacity(batch.len());
    let mut unreadable = Vec::new();
    for record in batch {
        match read_record(record.json) {
            Ok(counted) => {
                // It adds nothing, yet its place is listed with the others': which records a marker lists must not hang on
                // when the batch was tried. Whether it is told does not hang on a marker either.
                if too_late(counted.received_at(), counted_at) {
                    unreadable.push((record, StreamRecordError::TooLate));
                }
                readable.push((record.sequence.clone(), counted));
            }
            Err(reason) => unreadable.push((record, reason)),
        }
    }
    let mut report = report(batch.len(), &readable, counted_at);
    // Handed on last: a batch that comes again because of its counting does not fill the dead-letter queue each time.
    let done = match apply(&readable, counted_at, lane, store, pause, ATTEMPTS_MAX).await {
        Ok(applied) => {
            report.applied = applied;
            hand_on(&unreadable, dead_letters).await
        }
        Err(error) => Err(error.into()),
    };
    report.unreadable = unreadable
        .into_iter()
        .map(|(record, reason)| (record.sequence.clone(), reason))
        .collect();
    if let (Err(error), Some(first)) = (done, batch.first()) {
        // From the first: the markers tell what is counted already.
        report.failure = Some((first.sequence.clone(), error));
    }
    report
}

/// Counts a batch of records that were all read, and of which none is [`too_late`]: the same as [`count_batch`], where nothing is handed on.
pub async fn count_read(
    batch: &[(SequenceNumber, Counted)],
    counted_at: Timestamp,
    lane: u8,
    store: &impl AnalyticsStore,
    pause: &impl Pause,
) -> CountReport {
    let mut report = report(batch.len(), batch, counted_at);
    match apply(batch, counted_at, lane, store, pause, ATTEMPTS_MAX).await {
        Ok(applied) => report.applied = applied,
        // From the first: the markers tell what is counted already.
        Err(error) => {
            report.failure = batch
                .first()
                .map(|(first, _)| (first.clone(), error.into()))
        }
    }
    report
}

/// The report of so many records, of which these can be read, before any is counted.
fn report(
    records: usize,
    readable: &[(SequenceNumber, Counted)],
    counted_at: Timestamp,
) -> CountReport {
    let lag =
        |counted: &Counted| counted_at.as_millisecond() - counted.received_at().as_millisecond();
    let lags = readable.iter().map(|(_, counted)| lag(counted));
    CountReport {
        records,
        lag_ms_max: lags.max().unwrap_or_default().max(0),
        ..CountReport::default()
    }
}

async fn hand_on(
    unreadable: &[(&StreamRecord<'_>, StreamRecordError)],
    dead_letters: &impl DeadLetters,
) -> Result<(), CountError> {
    for (record, reason) in unreadable {
        dead_letters
            .send(record.json, *reason)
            .await
            .map_err(CountError::DeadLetter)?;
    }
    Ok(())
}
