//! Folds what is counted to deltas of aggregate rows.
//!
//! Events are counted by provider and status, money by provider, currency with exponent and kind of movement; each by the minute, hour and
//! day of receipt. A movement that failed after it had moved lowers the minute in which that was learnt: what was counted of a day
//! that is over does not change any more.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Adds, Counted, CountedEvent, CountedMovement};

/// Each process writes to one lane of each row, so that processes that count at once seldom meet.
/// Readers add the lanes up.
pub const LANES: u8 = 8;

/// How long a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grain {
    /// One minute; kept for as long as somebody looks at minutes.
    Minute,
    /// One hour.
    Hour,
    /// One UTC day.
    Day,
}

impl Grain {
    /// Every grain: an event is counted once in each.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// The bucket of a time: `minute#2026-01-02T03:04Z`, `hour#2026-01-02T03Z`, `day#2026-01-02`.
    fn bucket(self, at: Timestamp) -> String {
        let format = match self {
            Self::Minute => "minute#%Y-%m-%dT%H:%MZ",
            Self::Hour => "hour#%Y-%m-%dT%HZ",
            Self::Day => "day#%Y-%m-%d",
        };
        at.strftime(format).to_string()
    }
}

/// The key of a row in the analytics table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    /// Of events `{provider}#-#{status}#{lane}`; of money `{provider}#{currency}.{exponent}#movement:{kind}#{lane}`, where `-` stands for
    /// what moved without an amount being told.
    pub aggregate: String,
    /// See [`Grain`].
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

/// The rows that these touch and what they add to each, in the order of the keys. `lane` is the one this invocation writes to.
pub fn fold<'c>(
    counted: impl IntoIterator<Item = &'c Counted>,
    counted_at: Timestamp,
    lane: u8,
) -> BTreeMap<RowKey, Delta> {
    let mut rows: BTreeMap<RowKey, Delta> = BTreeMap::new();
    for one in counted {
        let mut add = |name: &str, change: &dyn Fn(&mut Delta)| {
            for grain in Grain::ALL {
                let key = RowKey {
                    aggregate: format!("{name}#{lane:02}"),
                    bucket: grain.bucket(one.received_at()),
                };
                change(rows.entry(key).or_default());
            }
        };
        match one {
            Counted::Event(event) => {
                let name = format!("{}#-#{}", event.provider, event.status.as_str());
                add(&name, &|delta| delta.add(event, counted_at));
            }
            Counted::Movement(movement) if movement.before != movement.after => {
                for (adds, sign) in [(movement.before, -1), (movement.after, 1)] {
                    if let Some(adds) = adds {
                        let name = money(movement, adds);
                        add(&name, &|delta| delta.add_money(adds, sign));
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
