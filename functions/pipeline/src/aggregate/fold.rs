//! Folds events to deltas of aggregate rows.
//!
//! A row is named by provider, currency with exponent, status and lane, and by the minute, hour or day of receipt: what was received when does
//! not change any more, and is what the archive's days are made of.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::CountedEvent;

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
    /// `{provider}#{currency}.{exponent}#{status}#{lane}`; `-` stands for no amount.
    pub aggregate: String,
    /// See [`Grain`].
    pub bucket: String,
}

/// What a batch adds to a row. Sums are 128 bits wide: no batch of 64-bit amounts overflows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Events.
    pub count: u64,
    /// Sum of the amounts in minor units.
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
        self.amount_minor += other.amount_minor;
        self.event_to_receipt_ms += other.event_to_receipt_ms;
        self.receipt_to_count_ms += other.receipt_to_count_ms;
    }

    fn add(&mut self, event: &CountedEvent, counted_at: Timestamp) {
        let between = |from: Timestamp, to: Timestamp| {
            i128::from(to.as_millisecond() - from.as_millisecond())
        };
        self.count += 1;
        self.amount_minor += event.amount.map_or(0, |(_, _, minor)| i128::from(minor.0));
        self.event_to_receipt_ms += between(event.event_time, event.received_at);
        self.receipt_to_count_ms += between(event.received_at, counted_at);
    }
}

fn aggregate(event: &CountedEvent, lane: u8) -> String {
    let money = event.amount.map_or_else(
        || "-".to_owned(),
        |(currency, exponent, _)| format!("{}.{exponent}", currency.as_str()),
    );
    format!(
        "{}#{money}#{}#{lane:02}",
        event.provider,
        event.status.as_str()
    )
}

/// The rows that these events touch and what they add to each, in the order of the keys. `lane` is the one this invocation writes to.
pub fn fold<'e>(
    events: impl IntoIterator<Item = &'e CountedEvent>,
    counted_at: Timestamp,
    lane: u8,
) -> BTreeMap<RowKey, Delta> {
    let mut rows: BTreeMap<RowKey, Delta> = BTreeMap::new();
    for event in events {
        let aggregate = aggregate(event, lane);
        for grain in Grain::ALL {
            let key = RowKey {
                aggregate: aggregate.clone(),
                bucket: grain.bucket(event.received_at),
            };
            rows.entry(key).or_default().add(event, counted_at);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use payment_event::{CurrencyCode, MinorUnits, PaymentStatus};
    use proptest::prelude::*;

    use super::*;

    const COUNTED_AT: i64 = 1_767_400_000_000;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    fn event(provider: &str, currency: Option<&str>, minor: i64, received_ms: i64) -> CountedEvent {
        CountedEvent {
            provider: provider.to_owned(),
            status: PaymentStatus::Captured,
            amount: currency.map(|c| (CurrencyCode::parse(c).unwrap(), 2, MinorUnits(minor))),
            event_time: at(received_ms - 250),
            received_at: at(received_ms),
        }
    }

    fn key(aggregate: &str, bucket: &str) -> RowKey {
        RowKey {
            aggregate: aggregate.to_owned(),
            bucket: bucket.to_owned(),
        }
    }

    #[test]
    fn two_events_of_a_minute_share_its_rows() {
        let received = 1_767_323_046_100;
        let events = [
            event("stripe", Some("EUR"), 1130, received),
            event("stripe", Some("EUR"), 20, received + 1000),
        ];
        let rows = fold(&events, at(received + 2000), 7);
        let delta = Delta {
            count: 2,
            amount_minor: 1150,
            event_to_receipt_ms: 500,
            receipt_to_count_ms: 3000,
        };
        let expected = [
            "day#2026-01-02",
            "hour#2026-01-02T03Z",
            "minute#2026-01-02T03:04Z",
        ]
        .map(|bucket| (key("stripe#EUR.2#captured#07", bucket), delta));
        assert_eq!(rows, BTreeMap::from(expected));
    }

    #[test]
    fn an_event_without_money_counts_without_currency() {
        let rows = fold(&[event("adyen", None, 0, 0)], at(0), 0);
        assert!(rows.contains_key(&key("adyen#-#captured#00", "minute#1970-01-01T00:00Z")));
    }

    #[test]
    fn the_largest_amounts_do_not_overflow() {
        let events = vec![event("stripe", Some("EUR"), i64::MAX, 0); 1000];
        let rows = fold(&events, at(0), 0);
        let expected = i128::from(i64::MAX) * 1000;
        assert!(rows.values().all(|delta| delta.amount_minor == expected));
    }

    fn events() -> impl Strategy<Value = Vec<CountedEvent>> {
        let one = (
            0..3_usize,
            0..4_usize,
            i64::MIN..=i64::MAX,
            1_767_000_000_000..1_767_400_000_000_i64,
        );
        let made = one.prop_map(|(provider, currency, minor, received)| {
            let currency = [None, Some("EUR"), Some("JPY"), Some("USD")][currency];
            event(
                ["adyen", "square", "stripe"][provider],
                currency,
                minor,
                received,
            )
        });
        prop::collection::vec(made, 0..120)
    }

    fn total(rows: &BTreeMap<RowKey, Delta>, grain: &str) -> (u64, i128) {
        rows.iter()
            .filter(|(key, _)| key.bucket.starts_with(grain))
            .fold((0, 0), |(count, sum), (_, delta)| {
                (count + delta.count, sum + delta.amount_minor)
            })
    }

    proptest! {
        #[test]
        fn every_grain_holds_every_event_once(events in events()) {
            let rows = fold(&events, at(COUNTED_AT), 0);
            let sum = events.iter().filter_map(|e| e.amount).map(|(_, _, m)| i128::from(m.0)).sum();
            for grain in ["minute#", "hour#", "day#"] {
                prop_assert_eq!(total(&rows, grain), (events.len() as u64, sum));
            }
        }

        #[test]
        fn order_does_not_matter(events in events()) {
            let reversed: Vec<_> = events.iter().rev().cloned().collect();
            prop_assert_eq!(fold(&events, at(COUNTED_AT), 1), fold(&reversed, at(COUNTED_AT), 1));
        }

        #[test]
        fn a_batch_cut_in_two_adds_up_to_the_same(events in events(), cut in 0..121_usize) {
            let (left, right) = events.split_at(cut.min(events.len()));
            let mut rows = fold(left, at(COUNTED_AT), 2);
            for (key, delta) in fold(right, at(COUNTED_AT), 2) {
                rows.entry(key).or_default().merge(&delta);
            }
            prop_assert_eq!(rows, fold(&events, at(COUNTED_AT), 2));
        }
    }
}
