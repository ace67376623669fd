//! Payments whose events contradict each other in what only the whole payment shows are found a day later, each once.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::Cell;
use std::collections::BTreeSet;

use common::{After, DAY, archive_all, empty, event, movement};
use pipeline::memory::{Call, CallFault, Memory, to_the_end};
use pipeline::stored::StoredTransaction;
use transaction_archive::ArchiveError;
use transaction_archive::contradictions::{Cursor, Deps, Report, contradictions};

fn run(memory: &Memory, from: Option<Cursor>, questions: u32) -> Report {
    let deps = Deps {
        table: memory,
        objects: memory,
        pause: memory,
        deadline: &After(Cell::new(questions)),
    };
    let report = to_the_end(contradictions(DAY, from, &deps));
    report.unwrap().unwrap()
}

fn of_amount(minor: i64, currency: &str, movement: StoredTransaction) -> StoredTransaction {
    let mut movement = movement;
    let money = movement.money.as_mut().unwrap();
    (money.minor, money.currency) = (minor, currency.to_owned());
    movement
}

/// A refund beyond its capture, a dispute of nothing, two currencies; and what is in order beside them.
fn payments() -> Vec<StoredTransaction> {
    vec![
        event(0, "good", &["capture#C0"], &[]),
        movement("good", "capture", "C0"),
        event(1, "good", &["refund#R0"], &[]),
        movement("good", "refund", "R0"),
        // Received in the order in which they were sent last.
        event(2, "refunded", &["refund#R1"], &[]),
        of_amount(1001, "EUR", movement("refunded", "refund", "R1")),
        event(3, "refunded", &["capture#C1"], &[]),
        movement("refunded", "capture", "C1"),
        event(4, "disputed", &["dispute#D1"], &[]),
        movement("disputed", "dispute", "D1"),
        event(5, "mixed", &["authorisation#A1", "capture#C2"], &[]),
        of_amount(1000, "USD", movement("mixed", "authorisation", "A1")),
        movement("mixed", "capture", "C2"),
        // Not asked about: nothing can contradict it.
        event(6, "reserved", &["authorisation#A2"], &[]),
        movement("reserved", "authorisation", "A2"),
    ]
}

fn filled() -> Memory {
    let memory = empty();
    memory.put_audited(&payments());
    memory
}

fn found(reports: &[Report]) -> BTreeSet<String> {
    let found = reports.iter().flat_map(|report| &report.found);
    let lines = found.map(|it| format!("{} {}", it.transaction_id, it.problems.join(",")));
    lines.collect()
}

fn expected() -> BTreeSet<String> {
    [
        "stripe:disputed dispute_without_payment",
        "stripe:mixed currency_differs",
        "stripe:refunded refund_beyond_capture",
    ]
    .map(str::to_owned)
    .into()
}

#[test]
fn what_only_the_whole_payment_shows_is_found_once() {
    let report = run(&filled(), None, u32::MAX);
    assert_eq!(found(std::slice::from_ref(&report)), expected());
    assert_eq!(report.found.len(), 3);
    assert_eq!((report.events, report.unreadable), (7, 0));
    assert_eq!(report.next, None);
    assert!(report.found.iter().all(|it| it.provider == "stripe"));
}

#[test]
fn a_run_goes_on_where_the_deadline_stopped_it() {
    let memory = filled();
    // A payment over many objects, archived meanwhile: that changes nothing.
    for n in 10..30 {
        memory.put_audited(&[StoredTransaction {
            audit_key: format!("audit/dt={DAY}/hh=14/{n}.jsonl.zst"),
            ..event(n, "refunded", &["refund#R1"], &[])
        }]);
    }
    archive_all(&memory);
    let (mut reports, mut from) = (Vec::new(), None);
    loop {
        let report = run(&memory, from, 0);
        from = report.next.clone();
        reports.push(report);
        if from.is_none() {
            break;
        }
    }
    assert_eq!(reports.len(), 21);
    assert_eq!(found(&reports), expected());
    assert_eq!(reports.iter().map(|it| it.events).sum::<u64>(), 27);
}

#[test]
fn what_cannot_be_read_is_counted_or_fails() {
    let memory = filled();
    let mut damaged = event(9, "good", &[], &[]).item();
    damaged.remove("provider");
    memory.put_item(damaged);
    let mut odd = movement("disputed", "refund", "R9");
    odd.movement.as_mut().unwrap().state = "no such state".into();
    memory.put_item(odd.item());
    let report = run(&memory, None, u32::MAX);
    // The other makes its payment one that cannot be judged.
    assert_eq!(report.unreadable, 2);
    assert_eq!(report.found.len(), 2);

    let memory = filled();
    memory.fail_every(Call::PaymentRead, CallFault::Final);
    let deps = Deps {
        table: &memory,
        objects: &memory,
        pause: &memory,
        deadline: &After(Cell::new(u32::MAX)),
    };
    let failed = to_the_end(contradictions(DAY, None, &deps)).unwrap();
    assert!(failed.is_err());

    let memory = filled();
    memory.write_object(common::PAYMENTS, b"no audit object".to_vec());
    let deps = Deps {
        table: &memory,
        objects: &memory,
        pause: &memory,
        deadline: &After(Cell::new(u32::MAX)),
    };
    let failed = to_the_end(contradictions(DAY, None, &deps)).unwrap();
    assert!(
        matches!(failed, Err(ArchiveError::AuditObject(_))),
        "{failed:?}"
    );
}
