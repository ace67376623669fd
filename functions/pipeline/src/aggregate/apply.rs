//! Applies the records of a batch to the analytics table, each exactly once.
//!
//! A batch is cut into parts of at most [`ITEMS_MAX`] touched items. Each part is one transaction: what it adds to its items and a marker, keyed by the
//! part's first sequence number and listing all of them. A batch first asks for the marker at its first record, leaves out what that lists, and asks
//! again at the next record, until there is no marker: parts are made in the order of the stream, so nothing behind that is counted.
//!
//! Why a list and not only the last number: sequence numbers of different shards interleave, while an event does not name its shard.
//!
//! A retried batch may be shorter than the one that was applied, so that the next batch starts inside what a marker covers. Before the shorter one
//! is acknowledged, a marker for the rest is left where the next batch will start. Only an event source that is made anew, or a redriven dead
//! letter, starts anywhere and passes what was given up; its records are older than [`LOOKED_BACK_FOR_MS`], and for such a batch every marker that
//! can list one of its records is read.
//!
//! Why this is exact: a part whose answer was lost is found by its marker. One that commits late, after a retry began, has the same first
//! number as the part that the retry makes, because the stream hands out a batch again from where it started; of two transactions that make
//! the same marker one is refused, and asks again.

use jiff::Timestamp;

use super::{Counted, Items, SequenceNumber, fold, pack, too_late};
use crate::storage::{Pause, StoreError};

/// A transaction holds a hundred actions; one is the marker.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>, read 2026-11-24.
pub const ITEMS_MAX: usize = 99;

/// Numbers of one item that a write adds to. An update expression may have 4 KB and 300 operators; each number takes ten bytes of it.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>, read 2026-11-28.
pub const NUMBERS_MAX: usize = 240;

/// Records that were received longer ago than this may be handed out from anywhere in the stream.
pub const LOOKED_BACK_FOR_MS: i64 = 60_000;

/// What became of a part's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyOutcome {
    /// Marker and counts are in the table.
    Applied,
    /// The marker was there already: nothing was changed, and the markers have to be read again.
    MarkerExists,
    /// Another transaction held a row; worth repeating.
    Conflict,
}

pub use super::marker::Listed;

/// The analytics table.
pub trait AnalyticsStore {
    /// What the marker at this record lists; nothing where there is no marker.
    fn marker(&self, first: &SequenceNumber) -> impl Future<Output = Result<Listed, StoreError>>;

    /// What each marker lists that is keyed by one of these records, or is among the last before the first of them. `records` is in the order of
    /// the stream. A marker that covers the first is among the last before it: between the two stand at most those that other shards made in the
    /// meantime.
    fn markers_around(
        &self,
        records: &[SequenceNumber],
    ) -> impl Future<Output = Result<Vec<Listed>, StoreError>>;

    /// Leaves a marker that lists `records`, keyed by the first of them, unless there is one. They are counted already.
    fn leave(&self, records: &[SequenceNumber]) -> impl Future<Output = Result<(), StoreError>>;

    /// One transaction: a marker that lists `records`, keyed by the first of them, if there is none; and the numbers of `items` added to theirs.
    fn apply(
        &self,
        records: &[SequenceNumber],
        items: &Items,
    ) -> impl Future<Output = Result<ApplyOutcome, StoreError>>;
}

/// Why the rest of a batch was not applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// A call failed; the batch comes again.
    #[error("analytics not applied: {0}")]
    Store(#[from] StoreError),
    /// Every attempt met another transaction.
    #[error("analytics not applied in {0} attempts: other transactions held the rows")]
    Contended(u32),
}

/// What was done, also when it ended in an error: parts that were applied stay applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Records counted now.
    pub counted: usize,
    /// Records that had been counted before.
    pub repeated: usize,
    /// Transactions made.
    pub transactions: usize,
}

/// The records from the start that fit into one transaction, and what they add: at least one, as a record touches two items at most.
fn part(records: &[(SequenceNumber, Counted)], at: Timestamp, lane: u8) -> (usize, Items) {
    let mut taken = records.len();
    loop {
        let counted = records.iter().take(taken).map(|(_, counted)| counted);
        let items = pack(&fold(counted, at), lane);
        let fits =
            items.len() <= ITEMS_MAX && items.values().all(|numbers| numbers.len() <= NUMBERS_MAX);
        if fits || taken <= 1 {
            return (taken, items);
        }
        // Seldom more than once: a batch has records of few minutes.
        taken = (taken / 2).max(1);
    }
}

/// Applies the records of a batch, given in the order of the stream, that no marker lists.
///
/// # Errors
/// An [`ApplyError`]; the whole batch may be handed in again, and what was applied is left out then.
pub async fn apply(
    records: &[(SequenceNumber, Counted)],
    counted_at: Timestamp,
    lane: u8,
    store: &impl AnalyticsStore,
    pause: &impl Pause,
    attempts_max: u32,
) -> Result<Applied, ApplyError> {
    let mut applied = Applied::default();
    let mut attempt = 1;
    let mut rest = uncounted(records, counted_at, store).await?;
    applied.repeated = records.len() - rest.len();
    while !rest.is_empty() {
        let (taken, items) = part(&rest, counted_at, lane);
        let numbers: Vec<_> = rest[..taken].iter().map(|(n, _)| n.clone()).collect();
        match store.apply(&numbers, &items).await? {
            ApplyOutcome::Applied => {
                let part = rest[..taken].iter();
                let late = part.filter(|(_, it)| too_late(it.received_at(), counted_at));
                applied.counted += taken - late.count();
                applied.transactions += 1;
                attempt = 1;
                rest.drain(..taken);
                continue;
            }
            ApplyOutcome::MarkerExists => {
                let before = rest.len();
                rest = uncounted(&rest, counted_at, store).await?;
                applied.repeated += before - rest.len();
            }
            ApplyOutcome::Conflict => {}
        }
        if attempt >= attempts_max {
            return Err(ApplyError::Contended(attempt));
        }
        pause.before(attempt).await;
        attempt += 1;
    }
    Ok(applied)
}

/// The records of a batch that no marker lists. Leaves a marker where the next batch will start, if that is inside of what a marker lists.
async fn uncounted(
    records: &[(SequenceNumber, Counted)],
    counted_at: Timestamp,
    store: &impl AnalyticsStore,
) -> Result<Vec<(SequenceNumber, Counted)>, StoreError> {
    let (Some((_, first)), Some((last, _))) = (records.first(), records.last()) else {
        return Ok(Vec::new());
    };
    let age_ms = counted_at.as_millisecond() - first.received_at().as_millisecond();
    let markers = if age_ms > LOOKED_BACK_FOR_MS {
        let numbers: Vec<_> = records.iter().map(|(number, _)| number.clone()).collect();
        store.markers_around(&numbers).await?
    } else {
        one_after_another(records, store).await?
    };
    if let Some(covers_the_end) = markers.iter().find(|listed| listed.contains(last)) {
        let behind: Vec<_> = covers_the_end
            .iter()
            .filter(|n| *n > last)
            .cloned()
            .collect();
        if !behind.is_empty() {
            store.leave(&behind).await?;
        }
    }
    let is_counted = |number: &SequenceNumber| markers.iter().any(|m| m.contains(number));
    let fresh = records.iter().filter(|(number, _)| !is_counted(number));
    Ok(fresh.cloned().collect())
}

/// The markers from the start of a batch up to the first record that has none.
async fn one_after_another(
    records: &[(SequenceNumber, Counted)],
    store: &impl AnalyticsStore,
) -> Result<Vec<Listed>, StoreError> {
    let mut markers = Vec::new();
    let mut rest = records.iter().map(|(number, _)| number).peekable();
    while let Some(first) = rest.peek() {
        let listed = store.marker(first).await?;
        if !listed.contains(*first) {
            break;
        }
        while rest.next_if(|number| listed.contains(*number)).is_some() {}
        markers.push(listed);
    }
    Ok(markers)
}
