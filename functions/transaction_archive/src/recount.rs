//! Counts the records of some days again, from table and archive, and compares with the rows of the analytics table.
//!
//! Events are counted again from their records, and money from what each movement's item notes of its own changes, not from what the stream told of
//! them; minutes, hours and days each by themselves: the two ways share no code. A change was brought by an event that tells the movement, so the events of the days in question name every movement that changed
//! on one of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use payment_event::TransactionKey;
use pipeline::aggregate::{Delta, RowKey};
use pipeline::items::read_items;
use pipeline::storage::{ItemReader, ObjectStore, Pause};
use pipeline::stored::{StoredMovement, StoredTransaction};

use crate::day::{Place, Stores, each_record};
use crate::error::ArchiveError;
use crate::payments::{Movements, movement_key};

/// What the records say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recount {
    /// Records in the table.
    pub in_table: u64,
    /// Records in the archive.
    pub in_archive: u64,
    /// Movements that the records tell.
    pub in_movements: u64,
    /// Records in both, as long as the table has what is archived: counted once.
    pub in_both: u64,
    /// Items and records that cannot be counted; their stream records are in the dead-letter queue.
    pub uncountable: u64,
    /// Rows as they should be.
    pub rows: BTreeMap<RowKey, Delta>,
}

/// A row that is not as the records say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which row.
    pub row: RowKey,
    /// What the analytics table holds.
    pub kept: Delta,
    /// What the records say.
    pub recounted: Delta,
}

/// What a change of a movement says: minute of receipt, and currency and minor units where the movement counts.
fn change(text: &str) -> Option<(&str, Option<(&str, i128)>)> {
    let (received_at, what) = text.split_once(' ')?;
    match what.split_once(' ') {
        Some((currency, minor)) => Some((received_at, Some((currency, minor.parse().ok()?)))),
        None if what == "none" => Some((received_at, None)),
        None => None,
    }
}

/// The buckets of a time of receipt as text: `2026-01-02T03:04:05.678Z`.
fn buckets(received_at: &str) -> Option<[String; 3]> {
    Some([
        format!("minute#{}Z", received_at.get(..16)?),
        format!("hour#{}Z", received_at.get(..13)?),
        format!("day#{}", received_at.get(..10)?),
    ])
}

impl Recount {
    fn count(&mut self, record: &StoredTransaction) {
        let Ok(event) = record.counted() else {
            self.uncountable += 1;
            return;
        };
        let received_at = event.received_at.to_string();
        let Some(buckets) = buckets(&received_at) else {
            self.uncountable += 1;
            return;
        };
        let lag_ms = event.received_at.as_millisecond() - event.event_time.as_millisecond();
        for bucket in buckets {
            let aggregate = format!("{}#-#{}", event.provider, event.status.as_str());
            let row = self.rows.entry(RowKey { aggregate, bucket }).or_default();
            row.count += 1;
            // When it was counted is not known any more, and not compared.
            row.event_to_receipt_ms += i128::from(lag_ms);
        }
    }

    /// Counts a movement; `None` for one that is not there, or is no record.
    fn count_movement(&mut self, record: Option<StoredTransaction>) {
        let counted = record.and_then(|record| {
            let movement = record.movement.as_ref()?;
            self.count_changes(&record.provider, movement)
        });
        self.uncountable += u64::from(counted.is_none());
    }

    /// `None` when a change cannot be read.
    fn count_changes(&mut self, provider: &str, movement: &StoredMovement) -> Option<()> {
        let mut before: Option<(&str, i128)> = None;
        for text in &movement.changes {
            let (received_at, after) = change(text)?;
            for bucket in buckets(received_at)? {
                for (adds, sign) in [(before, -1), (after, 1)] {
                    let Some((currency, minor)) = adds else {
                        continue;
                    };
                    let key = RowKey {
                        aggregate: format!("{provider}#{currency}#movement:{}", movement.kind),
                        bucket: bucket.clone(),
                    };
                    let row = self.rows.entry(key).or_default();
                    row.movements += sign;
                    row.amount_minor += i128::from(sign) * minor;
                }
            }
            before = after;
        }
        Some(())
    }
}

/// Counts the records of the days from `first` to `last`, both included, and the movements that
/// they tell. A movement that the table has no more is counted as the archive has it from these
/// days.
///
/// # Errors
/// An [`ArchiveError`] when table or archive cannot be read whole: then nothing is known.
pub async fn recount<T: ItemReader, O: ObjectStore, P: Pause>(
    first: Date,
    last: Date,
    stores: &Stores<'_, T, O, P>,
) -> Result<Recount, ArchiveError> {
    let mut recount = Recount::default();
    let mut archived = Movements::default();
    let mut told: BTreeSet<TransactionKey> = BTreeSet::new();
    let mut day = first;
    while day <= last {
        each_record(day, stores, |place, record| {
            let Some(record) = record else {
                recount.uncountable += 1;
                return;
            };
            if record.movement.is_some() {
                archived.add(record);
                return;
            }
            told.extend(record.tells.iter().map(|told| movement_key(&record, told)));
            match place {
                Place::Both => {
                    recount.in_both += 1;
                    return;
                }
                Place::Archive => recount.in_archive += 1,
                Place::Table => recount.in_table += 1,
            }
            recount.count(&record);
        })
        .await?;
        match day.tomorrow() {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    let told: Vec<_> = told.into_iter().collect();
    for keys in told.chunks(MOVEMENTS_TOGETHER) {
        let items = read_items(keys, stores.table, stores.pause).await?;
        let mut there = BTreeSet::new();
        for item in items {
            recount.in_movements += 1;
            let read = StoredTransaction::from_item(item).ok();
            there.extend(read.as_ref().map(|record| record.key.clone()));
            recount.count_movement(read);
        }
        for key in keys.iter().filter(|key| !there.contains(key)) {
            let expired = archived.0.get(key).cloned();
            recount.in_movements += u64::from(expired.is_some());
            // An event whose movement is nowhere was not acknowledged: it comes again.
            recount.count_movement(expired);
        }
    }
    Ok(recount)
}

/// Movements that are read together: so many are held at once.
const MOVEMENTS_TOGETHER: usize = 2_000;

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
            pairs.entry(key).or_default().0.merge(&delta);
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
