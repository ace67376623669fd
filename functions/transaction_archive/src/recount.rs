//! Counts the records of some days again, from table and archive, and compares with the rows of the analytics table.

use std::collections::BTreeMap;

use jiff::civil::Date;
use pipeline::aggregate::{Delta, RowKey, fold};
use pipeline::storage::{ObjectStore, TransactionIndex};
use pipeline::stored::StoredTransaction;

use crate::error::ArchiveError;
use crate::read::{Place, each_record};

/// What the records say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recount {
    /// Records in the table.
    pub in_table: u64,
    /// Records in the archive.
    pub in_archive: u64,
    /// Records in both, as between a copy and its delete: counted once.
    pub in_both: u64,
    /// Items and records that cannot be counted; their stream records are in the dead-letter queue.
    pub uncountable: u64,
    /// Rows as they should be, lanes added up.
    pub rows: BTreeMap<RowKey, Delta>,
}

/// A row that is not as the records say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which row, without its lane.
    pub row: RowKey,
    /// What the analytics table holds, lanes added up.
    pub kept: Delta,
    /// What the records say.
    pub recounted: Delta,
}

/// A row's key without its lane: `{provider}#{currency}#{status}`.
fn without_lane(key: &RowKey) -> RowKey {
    let aggregate = key.aggregate.rsplit_once('#');
    RowKey {
        aggregate: aggregate
            .map_or(&*key.aggregate, |(name, _)| name)
            .to_owned(),
        bucket: key.bucket.clone(),
    }
}

impl Recount {
    fn count(&mut self, record: &StoredTransaction) {
        let Ok(event) = record.counted() else {
            self.uncountable += 1;
            return;
        };
        // When it was counted is not known any more, and not compared.
        for (key, delta) in fold([&event], event.received_at, 0) {
            self.rows
                .entry(without_lane(&key))
                .or_default()
                .merge(&delta);
        }
    }
}

/// Counts the records of the days from `first` to `last`, both included.
///
/// # Errors
/// An [`ArchiveError`] when table or archive cannot be read whole: then nothing is known.
pub async fn recount(
    first: Date,
    last: Date,
    index: &impl TransactionIndex,
    objects: &impl ObjectStore,
) -> Result<Recount, ArchiveError> {
    let mut recount = Recount::default();
    let mut day = first;
    while day <= last {
        each_record(day, index, objects, |place, record| match (place, record) {
            (_, None) => recount.uncountable += 1,
            (Place::Both, _) => recount.in_both += 1,
            (Place::Archive, Some(record)) => {
                recount.in_archive += 1;
                recount.count(&record);
            }
            (Place::Table, Some(record)) => {
                recount.in_table += 1;
                recount.count(&record);
            }
        })
        .await?;
        match day.tomorrow() {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    Ok(recount)
}

/// The day of a bucket: what follows `#`, as far as a date goes.
fn day_of(bucket: &str) -> Option<Date> {
    bucket.split_once('#')?.1.get(..10)?.parse().ok()
}

/// Compares count, amount and the time from event to receipt, to the unit. Minutes are compared from `minutes_from` on: older rows may have
/// expired.
pub fn compare(
    first: Date,
    last: Date,
    minutes_from: Date,
    recount: &Recount,
    kept: impl IntoIterator<Item = (RowKey, Delta)>,
) -> Vec<Difference> {
    let compared = |bucket: &str| {
        let minute = bucket.starts_with("minute#");
        day_of(bucket)
            .is_some_and(|day| day >= first && day <= last && (!minute || day >= minutes_from))
    };
    let mut pairs: BTreeMap<RowKey, (Delta, Delta)> = BTreeMap::new();
    for (key, mut delta) in kept {
        if compared(&key.bucket) {
            delta.receipt_to_count_ms = 0;
            pairs.entry(without_lane(&key)).or_default().0.merge(&delta);
        }
    }
    for (key, delta) in &recount.rows {
        if compared(&key.bucket) {
            pairs.entry(key.clone()).or_default().1.merge(delta);
        }
    }
    let differs = pairs.into_iter().filter(|(_, (kept, said))| kept != said);
    differs
        .map(|(row, (kept, recounted))| Difference {
            row,
            kept,
            recounted,
        })
        .collect()
}
