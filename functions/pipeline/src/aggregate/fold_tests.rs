//! What each record adds to which rows.
use payment_event::{CurrencyCode, MinorUnits, MovementKind, PaymentStatus};
use proptest::prelude::*;

use super::*;

const COUNTED_AT: i64 = 1_767_400_000_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

fn event(provider: &str, received_ms: i64) -> Counted {
    Counted::Event(CountedEvent {
        provider: provider.to_owned(),
        status: PaymentStatus::Captured,
        event_time: at(received_ms - 250),
        received_at: at(received_ms),
    })
}

fn money(currency: &str, minor: i64) -> Option<Adds> {
    let currency = CurrencyCode::parse(currency).unwrap();
    Some(Adds::Money(currency, 2, MinorUnits(minor)))
}

fn movement(before: Option<Adds>, after: Option<Adds>, received_ms: i64) -> Counted {
    Counted::Movement(CountedMovement {
        provider: "stripe".into(),
        kind: MovementKind::Refund,
        before,
        after,
        received_at: at(received_ms),
    })
}

fn key(aggregate: &str, bucket: &str) -> RowKey {
    RowKey {
        aggregate: aggregate.to_owned(),
        bucket: bucket.to_owned(),
    }
}

#[test]
fn two_events_of_a_minute_share_its_row() {
    let received = 1_767_323_046_100;
    let events = [event("stripe", received), event("stripe", received + 1000)];
    let rows = fold(&events, at(received + 2000));
    let delta = Delta {
        count: 2,
        event_to_receipt_ms: 500,
        receipt_to_count_ms: 3000,
        ..Delta::default()
    };
    let expected = key("stripe#-#captured", "minute#2026-01-02T03:04Z");
    assert_eq!(rows, BTreeMap::from([(expected, delta)]));
    assert!(rows.keys().all(|key| !key.is_money()));
}

#[test]
fn what_is_too_late_adds_nothing() {
    let received = 1_767_323_046_100;
    let limit = received + COUNTED_DAYS * DAY_MS;
    let counted = [
        event("stripe", received),
        movement(None, money("EUR", 30), received),
    ];
    assert_eq!(fold(&counted, at(limit)).len(), 2);
    assert_eq!(fold(&counted, at(limit + 1)).len(), 0);
}

#[test]
fn a_movement_adds_what_it_did_not_add_before() {
    let eur = ("stripe#EUR.2#movement:refund", 1, 30);
    for (before, after, expected) in [
        (None, None, vec![]),
        (None, money("EUR", 30), vec![eur]),
        (money("EUR", 30), money("EUR", 30), vec![]),
        (money("EUR", 30), None, vec![(eur.0, -1, -30)]),
        (money("EUR", 30), money("EUR", 50), vec![(eur.0, 0, 20)]),
        (
            None,
            Some(Adds::Untold),
            vec![("stripe#-#movement:refund", 1, 0)],
        ),
        (
            Some(Adds::Untold),
            money("EUR", 30),
            vec![("stripe#-#movement:refund", -1, 0), eur],
        ),
        (
            money("EUR", 30),
            money("USD", 30),
            vec![(eur.0, -1, -30), ("stripe#USD.2#movement:refund", 1, 30)],
        ),
    ] {
        let rows = fold(&[movement(before, after, 0)], at(0));
        let rows_of_money: Vec<_> = rows
            .iter()
            .map(|(key, delta)| (key.aggregate.as_str(), delta.movements, delta.amount_minor))
            .collect();
        assert_eq!(rows_of_money, expected);
        assert!(
            rows.iter()
                .all(|(key, delta)| key.is_money() && delta.count == 0)
        );
    }
}

#[test]
fn the_largest_amounts_do_not_overflow() {
    let movements = vec![movement(None, money("EUR", i64::MAX), 0); 1000];
    let rows = fold(&movements, at(0));
    let expected = i128::from(i64::MAX) * 1000;
    assert!(rows.values().all(|delta| delta.amount_minor == expected));
}

fn counted() -> impl Strategy<Value = Vec<Counted>> {
    let adds = || prop::option::of((0..3_usize, i64::MIN..=i64::MAX));
    let time = 1_767_000_000_000..1_767_400_000_000_i64;
    let one = (any::<bool>(), 0..3_usize, adds(), adds(), time);
    let made = one.prop_map(|(is_event, provider, before, after, received)| {
        let adds = |adds: Option<(usize, i64)>| match adds {
            None => None,
            Some((0, _)) => Some(Adds::Untold),
            Some((currency, minor)) => money(["", "EUR", "JPY"][currency], minor),
        };
        match is_event {
            true => event(["adyen", "square", "stripe"][provider], received),
            false => movement(adds(before), adds(after), received),
        }
    });
    prop::collection::vec(made, 0..120)
}

fn total(rows: &BTreeMap<RowKey, Delta>) -> (u64, i64, i128) {
    rows.values()
        .fold((0, 0, 0), |(count, movements, sum), delta| {
            (
                count + delta.count,
                movements + delta.movements,
                sum + delta.amount_minor,
            )
        })
}

proptest! {
    #[test]
    fn everything_is_held_once(counted in counted()) {
        let rows = fold(&counted, at(COUNTED_AT));
        let minor = |adds: &Option<Adds>| match adds {
            Some(Adds::Money(_, _, minor)) => i128::from(minor.0),
            _ => 0,
        };
        let (mut events, mut movements, mut sum) = (0, 0, 0);
        for one in &counted {
            match one {
                Counted::Event(_) => events += 1,
                Counted::Movement(it) => {
                    movements += i64::from(it.after.is_some()) - i64::from(it.before.is_some());
                    sum += minor(&it.after) - minor(&it.before);
                }
            }
        }
        prop_assert_eq!(total(&rows), (events, movements, sum));
    }

    #[test]
    fn order_does_not_matter(counted in counted()) {
        let reversed: Vec<_> = counted.iter().rev().cloned().collect();
        prop_assert_eq!(fold(&counted, at(COUNTED_AT)), fold(&reversed, at(COUNTED_AT)));
    }

    #[test]
    fn a_batch_cut_in_two_adds_up_to_the_same(counted in counted(), cut in 0..121_usize) {
        let (left, right) = counted.split_at(cut.min(counted.len()));
        let mut rows = fold(left, at(COUNTED_AT));
        for (key, delta) in fold(right, at(COUNTED_AT)) {
            rows.entry(key).or_default().merge(&delta);
        }
        prop_assert_eq!(rows, fold(&counted, at(COUNTED_AT)));
    }
}
