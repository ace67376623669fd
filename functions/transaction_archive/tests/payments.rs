//! What is stored of a payment is found from any of its ids, and a day's payments each once.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{DAY, archive_all, empty, event, expire, movement, stores};
use pipeline::memory::{Memory, to_the_end};
use pipeline::stored::StoredTransaction;
use transaction_archive::payments::{Gathered, Movements, gather, of_day};

fn filled(records: impl IntoIterator<Item = StoredTransaction>) -> Memory {
    let memory = empty();
    memory.put_audited(&records.into_iter().collect::<Vec<_>>());
    memory
}

fn gathered(memory: &Memory, id: &str) -> Gathered {
    let mut gathered = Gathered::default();
    let ids = [id.to_owned()];
    to_the_end(gather(&mut gathered, ids, memory))
        .unwrap()
        .unwrap();
    gathered
}

fn day(memory: &Memory) -> Vec<Gathered> {
    to_the_end(of_day(DAY, &stores(memory), |_| true))
        .unwrap()
        .unwrap()
}

/// One payment over three ids: the order names its capture's payment, a refund's event its charge.
fn spread() -> Vec<StoredTransaction> {
    vec![
        event(0, "order", &["capture#C1#pay"], &[("customer", "U1")]),
        movement("pay", "capture", "C1"),
        event(2, "refund", &["refund#R1#pay"], &[("charge", "order")]),
        movement("pay", "refund", "R1"),
        event(4, "other", &["capture#C2"], &[("customer", "U1")]),
        movement("other", "capture", "C2"),
    ]
}

#[test]
fn the_ids_of_one_payment_are_followed_and_no_others() {
    let memory = filled(spread());
    let found = gathered(&memory, "stripe:refund");
    let ids: BTreeSet<&str> = found.transaction_ids.iter().map(String::as_str).collect();
    assert_eq!(ids, ["stripe:order", "stripe:pay", "stripe:refund"].into());
    assert_eq!((found.events.len(), found.movements.len()), (2, 2));
    assert!(found.is_payment());
    assert!(gathered(&memory, "stripe:nothing").is_empty());
    // Nothing leads from the movements to the events: those are named from the day.
    assert_eq!(gathered(&memory, "stripe:pay").events.len(), 0);
}

#[test]
fn a_day_has_each_payment_once_with_what_other_days_told() {
    let mut all = spread();
    // What joins them was received on another day, and is in the table only.
    let late = event(6, "order", &[], &[("payment", "late")]);
    all.push(StoredTransaction {
        audit_key: "audit/dt=2026-01-09/hh=12/i.jsonl.zst".into(),
        ..late
    });
    all.push(event(7, "late", &["refund#R2#pay"], &[]));
    all.push(movement("pay", "refund", "R2"));
    let payments = day(&filled(all));
    let mut sizes: Vec<_> = payments
        .iter()
        .map(|it| (it.events.len(), it.movements.len()))
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [(1, 1), (4, 3)]);
    let sums = payments.iter().map(|it| it.payment().unwrap().payment.net);
    assert_eq!(
        sums.sum::<Option<i128>>(),
        Some(0),
        "two captures, two refunds"
    );
}

#[test]
fn archived_events_and_movements_of_the_day_are_there_and_damaged_items_are_counted() {
    let memory = filled(spread());
    archive_all(&memory);
    expire(&memory);
    let mut damaged = event(9, "other", &[], &[]);
    damaged.audit_key = "audit/dt=2025-12-29/hh=14/i.jsonl.zst".into();
    memory.put_audited(std::slice::from_ref(&damaged));
    let mut item = damaged.item();
    item.remove("provider");
    memory.put_item(item);
    let payments = day(&memory);
    assert_eq!(payments.len(), 2);
    let events: usize = payments.iter().map(|it| it.events.len()).sum();
    let movements: usize = payments.iter().map(|it| it.movements.len()).sum();
    assert_eq!((events, movements), (3, 3));
    assert!(payments.iter().map(|it| it.unreadable).sum::<u64>() > 0);
}

#[test]
fn of_a_movement_the_highest_version_holds_wherever_it_comes_from() {
    let version = |version: u64| {
        let mut item = movement("pay", "capture", "C1");
        item.movement.as_mut().unwrap().version = version;
        item
    };
    for order in [[1, 3, 2], [3, 2, 1]] {
        let (mut gathered, mut archived) = (Gathered::default(), Movements::default());
        for number in order {
            gathered.add(version(number));
            archived.add(version(number));
        }
        for of in [&gathered.movements, &archived.0] {
            let item = of.values().next().unwrap();
            assert_eq!(item.movement.as_ref().unwrap().version, 3);
        }
        // Only what is told is taken from the archive.
        let mut telling = Gathered::default();
        telling.add(event(0, "order", &["capture#C1"], &[]));
        telling.add_expired(&archived);
        assert!(telling.movements.is_empty());
        telling.add(event(1, "order", &["capture#C1#pay"], &[]));
        telling.add_expired(&archived);
        assert_eq!(telling.movements.len(), 1);
    }
}

#[test]
fn notices_are_no_payment() {
    let notice = StoredTransaction {
        status: "notice".into(),
        ..event(0, "pay", &[], &[])
    };
    let payments = day(&filled([notice]));
    assert_eq!(payments.len(), 1);
    assert!(!payments[0].is_payment());
}
