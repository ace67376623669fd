//! Folds what is counted to deltas of rows, one row a minute.
//!
//! Events are counted by provider and status, money by provider, currency with exponent and kind of movement; each by the minute of receipt.
//! Hours and days are sums of minutes ([`super::rollup`]) and are never counted by themselves. A movement that failed after it had moved
//! lowers the minute in which that was learnt: what was counted of a day that is over does not change any more.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Adds, Counted, CountedEvent, CountedMovement};

/// How many days after its receipt a record can still be counted. Its minute is summed for longer, and kept for longer still. A record cannot
/// be older in the stream unless somebody put it into the table by hand: a message waits for at most [`crate::plan::WAITING_DAYS`], the
/// stream keeps records for one day, and the dead-letter queue for fourteen. `infra/limits.json` says the same.
pub const COUNTED_DAYS: i64 = 60;
const _: () = assert!(crate::plan::WAITING_DAYS + 1 + 14 < COUNTED_DAYS);

/// How many days a day is added up again, because a record of it could have been counted. One of its last moment can be when the day is a day older
/// than that record; the run after that sees it for sure. `infra/limits.json` says the same.
pub const SUMMED_DAYS: i64 = 62;
const _: () = assert!(COUNTED_DAYS + 1 < SUMMED_DAYS);

/// How many days the item of a minute is kept. The days beyond [`SUMMED_DAYS`] are those in which a task that failed can be
/// repaired. `infra/limits.json` says the same.
pub const MINUTES_KEPT_DAYS: i64 = 75;
const _: () = assert!(SUMMED_DAYS < MINUTES_KEPT_DAYS);

const DAY_MS: i64 = 86_400_000;

/// Whether the minute of a record may be summed no more, or be gone, when it is counted at `counted_at`. Such a record adds to nothing.
pub fn too_late(received_at: Timestamp, counted_at: Timestamp) -> bool {
    counted_at.as_millisecond() - received_at.as_millisecond() > COUNTED_DAYS * DAY_MS
}

/// How long a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One UTC day.
    Day,
}

impl Grain {
    /// `minute`, `hour` or `day`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// The minute of a time: `2026-01-02T03:04Z`.
fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%MZ").to_string()
}

/// The number of the minute that a time is in: two times have the same one if [`minute`] is the same.
fn minutes_since_the_epoch(at: Timestamp) -> i64 {
    // Before the epoch the parts of a second are negative.
    (at.as_second() - i64::from(at.subsec_nanosecond() < 0)).div_euclid(60)
}

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// Of events `{provider}#-#{status}`; of money `{provider}#{currency}.{exponent}#movement:{kind}`, where `-` stands for what moved
    /// without an amount being told.
    pub aggregate: String,
    /// `minute#2026-01-02T03:04Z`, `hour#2026-01-02T03Z` or `day#2026-01-02` of receipt.
    pub bucket: String,
}

impl RowKey {
    /// Returns true for a row of money, false for one of events.
    pub fn is_money(&self) -> bool {
        let status = self.aggregate.split('#').nth(2);
        status.is_some_and(|status| status.starts_with(MONEY))
    }
}

/// What a batch adds to a row. Sums are 128 bits wide: no batch of 64-bit amounts overflows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Events.
    pub count: u64,
    /// Movements that count now and did not before, less those that do so no more.
    pub movements: i64,
    /// Sum of what movements add in minor units.
    pub amount_minor: i128,
    /// Sum of receipt minus event time in milliseconds; a provider's fast clock makes it smaller.
    pub event_to_receipt_ms: i128,
    /// Sum of count minus receipt time in milliseconds.
    pub receipt_to_count_ms: i128,
}

impl Delta {
    /// Adds another one.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.movements += other.movements;
        self.amount_minor += other.amount_minor;
        self.event_to_receipt_ms += other.event_to_receipt_ms;
        self.receipt_to_count_ms += other.receipt_to_count_ms;
    }

    fn add(&mut self, event: &CountedEvent, counted_at: Timestamp) {
        let between = |from: Timestamp, to: Timestamp| {
            i128::from(to.as_millisecond() - from.as_millisecond())
        };
        self.count += 1;
        self.event_to_receipt_ms += between(event.event_time, event.received_at);
        self.receipt_to_count_ms += between(event.received_at, counted_at);
    }

    fn add_money(&mut self, adds: Adds, sign: i64) {
        self.movements += sign;
        if let Adds::Money(_, _, minor) = adds {
            self.amount_minor += i128::from(sign) * i128::from(minor.0);
        }
    }
}

/// What the partition keys of rows of money have in the place of a status.
pub const MONEY: &str = "movement:";

fn money(movement: &CountedMovement, adds: Adds) -> String {
    let currency = match adds {
        Adds::Untold => "-".to_owned(),
        Adds::Money(currency, exponent, _) => format!("{}.{exponent}", currency.as_str()),
    };
    let kind = movement.kind.as_str();
    format!("{}#{currency}#{MONEY}{kind}", movement.provider)
}

/// The rows of minutes that these touch and what they add to each, in the order of the keys. What is [`too_late`] at `counted_at` adds to none.
pub fn fold<'c>(
    counted: impl IntoIterator<Item = &'c Counted>,
    counted_at: Timestamp,
) -> BTreeMap<RowKey, Delta> {
    let mut rows: BTreeMap<RowKey, Delta> = BTreeMap::new();
    // Most records of a batch were received in the same minute.
    let mut last = (None, String::new());
    for one in counted {
        if too_late(one.received_at(), counted_at) {
            continue;
        }
        let number = Some(minutes_since_the_epoch(one.received_at()));
        if last.0 != number {
            let minute = minute(one.received_at());
            last = (number, format!("{}#{minute}", Grain::Minute.as_str()));
        }
        let mut add = |aggregate: String, change: &dyn Fn(&mut Delta)| {
            let bucket = last.1.clone();
            change(rows.entry(RowKey { aggregate, bucket }).or_default());
        };
        match one {
            Counted::Event(event) => {
                let name = [&event.provider, "#-#", event.status.as_str()].concat();
                add(name, &|delta| delta.add(event, counted_at));
            }
            Counted::Movement(movement) if movement.before != movement.after => {
                for (adds, sign) in [(movement.before, -1), (movement.after, 1)] {
                    if let Some(adds) = adds {
                        add(money(movement, adds), &|delta| delta.add_money(adds, sign));
                    }
                }
            }
            Counted::Movement(_) => {}
        }
    }
    rows
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
