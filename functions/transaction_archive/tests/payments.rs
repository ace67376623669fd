//! What is stored of a payment is found from any of its ids, and a day's payments each once.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{DAY, archive_all, event, movement};
use pipeline::memory::{Memory, to_the_end};
use pipeline::stored::StoredTransaction;
use transaction_archive::payments::{Gathered, gather, of_day};

fn filled(records: impl IntoIterator<Item = StoredTransaction>) -> Memory {
    let memory = Memory::new();
    records
        .into_iter()
        .for_each(|it| memory.put_item(it.item()));
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
    to_the_end(of_day(DAY, memory, memory, |_| true))
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
        archive_shard: "2026-01-09#00".into(),
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
fn archived_events_of_the_day_are_there_and_damaged_items_are_counted() {
    let memory = filled(spread().into_iter().filter(|it| it.movement.is_none()));
    archive_all(&memory);
    spread()
        .into_iter()
        .filter(|it| it.movement.is_some())
        .for_each(|it| memory.put_item(it.item()));
    let mut damaged = event(9, "other", &[], &[]).item();
    damaged.remove("provider");
    memory.put_item(damaged);
    let payments = day(&memory);
    assert_eq!(payments.len(), 2);
    let events: usize = payments.iter().map(|it| it.events.len()).sum();
    assert_eq!(events, 3);
    assert!(payments.iter().map(|it| it.unreadable).sum::<u64>() > 0);
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
