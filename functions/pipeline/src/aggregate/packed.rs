//! Packs the rows of a minute into a few items, and takes them apart again.
//!
//! A write unit is a begun kilobyte of an item, and two in a transaction, so a row of its own for each provider and status would cost two units
//! for some fifty bytes. An item holds what one lane counted in one minute: `aggregate` = `minute#{lane}` and `bucket` =
//! `{minute}#event` for all events, `{minute}#{currency}.{exponent}` for the money of one currency, `{minute}#-` for what moved without an
//! amount being told. Its attributes are numbers that a write adds to: `{provider}#{status}#n` events, `…#e` milliseconds from event to receipt,
//! `…#c` from receipt to count; of money `{provider}#{kind}#n` movements and `…#a` minor units. So a batch writes one item, and one
//! for each currency in it, and no item grows beyond what providers, and statuses or kinds, there are.
//!
//! Hours and days are items of the same form under `hour` and `day`, without lanes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Delta, Grain, MINUTES_KEPT_DAYS, MONEY, RowKey};

/// Each process writes to one lane, so that processes that count at once seldom meet, and so that no partition key takes the writes of all.
/// Readers add the lanes up. A key takes a thousand write units a second, and a batch costs some four of its lane's.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>, read 2026-11-27.
pub const LANES: u8 = 16;

/// What stands for all events in the sort key of an item.
const EVENTS: &str = "event";
const COUNT: &str = "n";
const EVENT_TO_RECEIPT: &str = "e";
const RECEIPT_TO_COUNT: &str = "c";
const AMOUNT: &str = "a";

/// The key of an item of counts in the analytics table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemKey {
    /// `minute#{lane}`, `hour` or `day`.
    pub aggregate: String,
    /// The minute, hour or day, and what is counted: `2026-01-02T03:04Z#event`, `2026-01-02T03Z#EUR.2`, `2026-01-02#-`.
    pub bucket: String,
}

/// The numbers of an item, by their attributes' names. None is zero.
pub type Numbers = BTreeMap<String, i128>;

/// Items of counts.
pub type Items = BTreeMap<ItemKey, Numbers>;

/// An item that is not of the form that this module writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an item of the analytics table has a key or a number of no known form")]
pub struct NotCounts;

impl ItemKey {
    /// The partition key of the minutes of a lane.
    pub fn lane(lane: u8) -> String {
        format!("{}#{lane:02}", Grain::Minute.as_str())
    }

    /// How long its bucket is; `None` for a key of another form.
    pub fn grain(&self) -> Option<Grain> {
        let name = self.aggregate.split('#').next()?;
        [Grain::Minute, Grain::Hour, Grain::Day]
            .into_iter()
            .find(|grain| grain.as_str() == name)
    }

    /// When an item of a minute is no longer needed, by its minute and not by when it was written; `None` for hours and days, which stay.
    pub fn expires_at(&self) -> Option<Timestamp> {
        if self.grain() != Some(Grain::Minute) {
            return None;
        }
        let minute = self.bucket.split("Z#").next()?;
        let minute: Timestamp = format!("{minute}:00Z").parse().ok()?;
        let kept = jiff::SignedDuration::from_hours(24 * MINUTES_KEPT_DAYS);
        Some(minute.checked_add(kept).unwrap_or(Timestamp::MAX))
    }
}

/// Adds `more` to numbers; a sum of zero is left out.
pub fn add(numbers: &mut Numbers, more: &Numbers) {
    for (name, number) in more {
        let sum = numbers.remove(name).unwrap_or_default() + number;
        if sum != 0 {
            numbers.insert(name.clone(), sum);
        }
    }
}

/// The items of a lane that hold these rows of minutes. Rows whose numbers are all zero are in none.
pub fn pack(rows: &BTreeMap<RowKey, Delta>, lane: u8) -> Items {
    let mut items = Items::new();
    for (row, delta) in rows {
        let mut parts = row.aggregate.split('#');
        let mut part = || parts.next().unwrap_or_default();
        let (provider, currency, what) = (part(), part(), part());
        let (of, name, numbers) = match what.strip_prefix(MONEY) {
            Some(kind) => (
                currency,
                kind,
                vec![
                    (COUNT, i128::from(delta.movements)),
                    (AMOUNT, delta.amount_minor),
                ],
            ),
            None => (
                EVENTS,
                what,
                vec![
                    (COUNT, i128::from(delta.count)),
                    (EVENT_TO_RECEIPT, delta.event_to_receipt_ms),
                    (RECEIPT_TO_COUNT, delta.receipt_to_count_ms),
                ],
            ),
        };
        let numbers = numbers.into_iter().filter(|(_, number)| *number != 0);
        let numbers: Numbers = numbers
            .map(|(suffix, number)| (format!("{provider}#{name}#{suffix}"), number))
            .collect();
        if numbers.is_empty() {
            continue;
        }
        let minute = row.bucket.split_once('#').map_or("", |(_, minute)| minute);
        let key = ItemKey {
            aggregate: ItemKey::lane(lane),
            bucket: format!("{minute}#{of}"),
        };
        add(items.entry(key).or_default(), &numbers);
    }
    items
}

/// The rows in an item, lanes left out of their keys.
///
/// # Errors
/// [`NotCounts`] for an item that [`pack`] or [`super::rollup`] did not make.
pub fn unpack(key: &ItemKey, numbers: &Numbers) -> Result<BTreeMap<RowKey, Delta>, NotCounts> {
    let grain = key.grain().ok_or(NotCounts)?;
    let (time, of) = key.bucket.split_once('#').ok_or(NotCounts)?;
    let mut rows: BTreeMap<RowKey, Delta> = BTreeMap::new();
    for (name, number) in numbers {
        let (name, suffix) = name.rsplit_once('#').ok_or(NotCounts)?;
        let (provider, what) = name.rsplit_once('#').ok_or(NotCounts)?;
        let aggregate = match of {
            EVENTS => format!("{provider}#-#{what}"),
            currency => format!("{provider}#{currency}#{MONEY}{what}"),
        };
        let bucket = format!("{}#{time}", grain.as_str());
        let delta = rows.entry(RowKey { aggregate, bucket }).or_default();
        match (of, suffix) {
            (EVENTS, COUNT) => delta.count = u64::try_from(*number).map_err(|_| NotCounts)?,
            (EVENTS, EVENT_TO_RECEIPT) => delta.event_to_receipt_ms = *number,
            (EVENTS, RECEIPT_TO_COUNT) => delta.receipt_to_count_ms = *number,
            (_, COUNT) if of != EVENTS => {
                delta.movements = i64::try_from(*number).map_err(|_| NotCounts)?;
            }
            (_, AMOUNT) if of != EVENTS => delta.amount_minor = *number,
            _ => return Err(NotCounts),
        }
    }
    Ok(rows)
}

/// The rows in these items, lanes added up.
///
/// # Errors
/// [`NotCounts`] for items that are not of this form.
pub fn unpack_all<'i>(
    items: impl IntoIterator<Item = (&'i ItemKey, &'i Numbers)>,
) -> Result<BTreeMap<RowKey, Delta>, NotCounts> {
    let mut rows: BTreeMap<RowKey, Delta> = BTreeMap::new();
    for (key, numbers) in items {
        for (row, delta) in unpack(key, numbers)? {
            rows.entry(row).or_default().merge(&delta);
        }
    }
    Ok(rows)
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
