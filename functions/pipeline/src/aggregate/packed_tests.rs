//! What is packed comes out again, and an item stays as small as its cost needs.

use payment_event::{MovementKind, PaymentStatus};
use proptest::prelude::*;

use super::*;
use crate::aggregate::rollup;

fn row(aggregate: &str, bucket: &str) -> RowKey {
    RowKey {
        aggregate: aggregate.to_owned(),
        bucket: bucket.to_owned(),
    }
}

fn events(count: u64) -> Delta {
    Delta {
        count,
        event_to_receipt_ms: -5,
        receipt_to_count_ms: 70,
        ..Delta::default()
    }
}

fn money(movements: i64, amount_minor: i128) -> Delta {
    Delta {
        movements,
        amount_minor,
        ..Delta::default()
    }
}

const MINUTE: &str = "minute#2026-01-02T03:04Z";

#[test]
fn the_rows_of_a_minute_are_one_item_and_one_for_each_currency() {
    let rows = BTreeMap::from([
        (row("stripe#-#captured", MINUTE), events(2)),
        (row("adyen#-#captured", MINUTE), events(1)),
        (row("stripe#EUR.2#movement:refund", MINUTE), money(-1, -300)),
        (
            row("stripe#EUR.2#movement:refund_total", MINUTE),
            money(0, 7),
        ),
        (row("stripe#-#movement:capture", MINUTE), money(1, 0)),
        (row("stripe#JPY.0#movement:capture", MINUTE), money(0, 0)),
    ]);
    let items = pack(&rows, 7);
    let shown: Vec<_> = items
        .iter()
        .map(|(key, numbers)| {
            let numbers = numbers
                .iter()
                .map(|(name, number)| format!("{name}={number}"));
            let numbers: Vec<_> = numbers.collect();
            format!("{} {} {}", key.aggregate, key.bucket, numbers.join(" "))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "minute#07 2026-01-02T03:04Z#- stripe#capture#n=1",
            "minute#07 2026-01-02T03:04Z#EUR.2 stripe#refund#a=-300 stripe#refund#n=-1 stripe#refund_total#a=7",
            "minute#07 2026-01-02T03:04Z#event adyen#captured#c=70 adyen#captured#e=-5 adyen#captured#n=1 \
             stripe#captured#c=70 stripe#captured#e=-5 stripe#captured#n=2",
        ]
    );
    let mut wanted = rows;
    wanted.retain(|_, delta| *delta != Delta::default());
    assert_eq!(unpack_all(&items), Ok(wanted));
    assert!(items.keys().all(|key| {
        // Seventy-five days after the minute.
        key.expires_at() == Some("2026-03-18T03:04:00Z".parse().unwrap())
    }));
}

#[test]
fn hours_and_days_are_the_sums_of_their_minutes_over_all_lanes() {
    let of =
        |minute: &str, count| BTreeMap::from([(row("stripe#-#captured", minute), events(count))]);
    let mut items = pack(&of(MINUTE, 2), 0);
    items.extend(pack(&of(MINUTE, 3), 15));
    items.extend(pack(&of("minute#2026-01-02T03:59Z", 5), 15));
    items.extend(pack(&of("minute#2026-01-02T04:00Z", 7), 1));
    items.extend(pack(&of("minute#2026-01-03T00:00Z", 11), 1));
    let sums = rollup(&items);
    // Sums are not summed again.
    let mut all = items.clone();
    all.extend(sums.clone());
    assert_eq!(rollup(&all), sums);
    let rows = unpack_all(&sums).unwrap();
    let counts: Vec<_> = rows
        .iter()
        .map(|(key, delta)| (key.bucket.as_str(), delta.count))
        .collect();
    assert_eq!(
        counts,
        [
            ("day#2026-01-02", 17),
            ("day#2026-01-03", 11),
            ("hour#2026-01-02T03Z", 10),
            ("hour#2026-01-02T04Z", 7),
            ("hour#2026-01-03T00Z", 11),
        ]
    );
    assert!(sums.keys().all(|key| key.expires_at().is_none()));
}

#[test]
fn what_came_to_nothing_replaces_what_said_otherwise() {
    let of = |sign: i64| {
        let key = row("stripe#EUR.2#movement:refund", MINUTE);
        BTreeMap::from([(key, money(sign, i128::from(300 * sign)))])
    };
    let mut items = pack(&of(1), 0);
    items.extend(pack(&of(-1), 1));
    let sums = rollup(&items);
    assert_eq!(sums.len(), 2);
    assert!(sums.values().all(Numbers::is_empty));
}

#[test]
fn an_item_of_another_form_is_no_counts() {
    let key = |aggregate: &str, bucket: &str| ItemKey {
        aggregate: aggregate.to_owned(),
        bucket: bucket.to_owned(),
    };
    let good = key("day", "2026-01-02#event");
    let one = |name: &str, number| Numbers::from([(name.to_owned(), number)]);
    for (key, numbers) in [
        (key("week", "2026-01-02#event"), Numbers::new()),
        (key("day", "2026-01-02"), Numbers::new()),
        (good.clone(), one("captured", 1)),
        (good.clone(), one("captured#n", 1)),
        (good.clone(), one("stripe#captured#x", 1)),
        (good.clone(), one("stripe#captured#a", 1)),
        (good.clone(), one("stripe#captured#n", -1)),
        (key("day", "2026-01-02#EUR.2"), one("stripe#refund#e", 1)),
    ] {
        assert_eq!(unpack(&key, &numbers), Err(NotCounts), "{key:?}");
    }
    assert_eq!(key("minute#00", "x#event").expires_at(), None);
}

/// The bytes of an item, as AWS counts them: names and values; of a number a byte for two digits and one more.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>, read 2026-11-28.
fn bytes(key: &ItemKey, numbers: &Numbers) -> usize {
    let number = |number: i128| number.to_string().len().div_ceil(2) + 1;
    let keys = "aggregate".len() + key.aggregate.len() + "bucket".len() + key.bucket.len();
    let numbers = numbers.iter().map(|(name, it)| name.len() + number(*it));
    keys + "expires_at".len() + number(1_767_323_046) + numbers.sum::<usize>()
}

/// Write units of a transaction that writes these items and a marker of one kilobyte.
fn units(items: &Items) -> usize {
    let each = items
        .iter()
        .map(|(key, numbers)| 2 * bytes(key, numbers).div_ceil(1024));
    2 + each.sum::<usize>()
}

/// What a minute holds when this many providers told each of some statuses, and moved money of some kinds in each of `currencies`.
fn busy_minute(providers: usize, statuses: usize, kinds: usize, currencies: &[&str]) -> Items {
    let names = provider_webhooks::providers::ALL.iter();
    let mut rows = BTreeMap::new();
    for name in names.take(providers).map(|provider| provider.info().name) {
        for status in PaymentStatus::ALL.iter().skip(1).take(statuses) {
            let key = row(&format!("{name}#-#{}", status.as_str()), MINUTE);
            let delta = Delta {
                count: 4_321,
                event_to_receipt_ms: 4_321_000,
                receipt_to_count_ms: 2_345_678,
                ..Delta::default()
            };
            rows.insert(key, delta);
        }
        for currency in currencies {
            for kind in MovementKind::ALL.iter().take(kinds) {
                let key = format!("{name}#{currency}#movement:{}", kind.as_str());
                rows.insert(row(&key, MINUTE), money(4_321, 123_456_789));
            }
        }
    }
    pack(&rows, 3)
}

#[test]
fn a_batch_of_a_hundred_costs_less_than_half_a_unit_an_event() {
    // A shop of three providers in three currencies, in a minute in which all of it happened.
    let shop = units(&busy_minute(3, 8, 4, &["EUR.2", "USD.2", "JPY.0"]));
    // Every provider that there is, as in the bench's mix: an event of each, and money in two currencies.
    let mix = units(&busy_minute(26, 1, 1, &["EUR.2", "USD.2"]));
    // Ten kinds of events of every provider in one minute and lane.
    let many = units(&busy_minute(26, 10, 0, &[]));
    assert_eq!((shop, mix, many), (12, 16, 42));
    assert!([shop, mix, many].iter().all(|units| *units <= 50));
}

proptest! {
    #[test]
    fn whatever_is_packed_comes_out_again(
        made in prop::collection::btree_map(
            (0..3_usize, 0..4_usize, 0..90_u32), (any::<i64>(), any::<i64>(), 0..9_u64), 0..60,
        ),
        lane in 0..LANES,
    ) {
        let rows = made.into_iter().map(|((provider, what, minute), (one, two, count))| {
            let provider = ["adyen", "square", "stripe"][provider];
            let what = ["-#captured", "-#movement:refund", "EUR.2#movement:refund", "EUR.2#movement:refund_total"][what];
            let bucket = format!("minute#2026-01-02T{:02}:{:02}Z", minute / 60, minute % 60);
            let delta = match what.contains(MONEY) {
                true => money(one, two.into()),
                false => Delta {
                    count: count + 1,
                    event_to_receipt_ms: one.into(),
                    receipt_to_count_ms: two.into(),
                    ..Delta::default()
                },
            };
            (row(&format!("{provider}#{what}"), &bucket), delta)
        });
        let mut rows: BTreeMap<_, _> = rows.collect();
        let items = pack(&rows, lane);
        rows.retain(|_, delta| *delta != Delta::default());
        prop_assert_eq!(unpack_all(&items), Ok(rows));
    }
}
