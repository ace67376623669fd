//! The steps of the archive: what is copied, and that no crash anywhere loses or doubles anything.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    DAY, PART_KEYS, PAYMENTS, archive, archive_all, archive_in, archive_on, empty, event, expected,
    expire, filled, in_table, keys, listed, movement, night, record, scope, sealed, visible,
};
use pipeline::memory::{Call, CallFault, EntryFault, Memory};
use pipeline::storage::Attribute;
use pipeline::stored::StoredTransaction;
use transaction_archive::ArchiveError;
use transaction_archive::run::{Cursor, Report, Scope};

/// The keys of the marks that say that a day is whole.
fn marks(memory: &Memory) -> Vec<String> {
    let keys = memory.objects().into_keys();
    keys.filter(|key| key.starts_with("archive/whole/"))
        .collect()
}

#[test]
fn a_sealed_day_is_copied_into_files_and_stays_in_the_table() {
    let memory = empty();
    filled(&memory, 0..100);
    let report = archive_all(&memory);
    assert_eq!(
        (report.items, report.parts, report.days, report.days_left),
        (100, 12, 1, Some(56)),
        "34 objects, three for each part of {PART_KEYS} keys or more"
    );
    assert_eq!((report.failures.len(), report.next), (0, None));
    assert_eq!(in_table(&memory).len(), 100);
    let mut rows = visible(&memory);
    assert_eq!(keys(&rows), expected(0..100));
    rows.sort_by_key(|row| row.event_id[4..].parse::<u32>().unwrap());
    assert_eq!(rows, (0..100).map(record).collect::<Vec<_>>());
    assert_eq!(keys(&listed(&memory)), expected(0..100));
    assert_eq!(
        marks(&memory),
        ["archive/whole/dt=2025-12-29/00000001.json"]
    );
}

#[test]
fn what_is_not_sealed_is_not_archived_and_a_second_run_changes_nothing() {
    let memory = empty();
    filled(&memory, 0..50);
    let report = archive(&memory, None, u32::MAX).unwrap();
    assert_eq!((report.items, report.days_left), (0, Some(55)));
    assert!(visible(&memory).is_empty());
    archive_all(&memory);
    let before = memory.objects();
    let again = Report {
        days_left: Some(56),
        ..Report::default()
    };
    assert_eq!(archive(&memory, None, u32::MAX).unwrap(), again);
    assert_eq!(memory.objects(), before);
}

#[test]
fn what_is_sealed_while_records_are_inserted_waits() {
    let memory = empty();
    filled(&memory, 0..9);
    sealed(&memory, 1);
    let young = Scope {
        sealed_before: night(1),
        ..scope(1)
    };
    let report = archive_in(&memory, &memory, &young, None, u32::MAX).unwrap();
    assert_eq!(
        (report.items, report.days, report.failures.len()),
        (0, 0, 0)
    );
    assert_eq!(report.days_left, Some(55));
    assert_eq!(archive(&memory, None, u32::MAX).unwrap().items, 9);
}

#[test]
fn a_late_object_makes_another_part_and_replaces_none() {
    let memory = empty();
    filled(&memory, 0..48);
    archive_all(&memory);
    let before = memory.objects();
    filled(&memory, 48..50);
    let report = archive_on(&memory, 2);
    assert_eq!((report.items, report.parts, report.days), (2, 1, 1));
    let after = memory.objects();
    assert!(
        before
            .iter()
            .all(|(key, body)| after.get(key) == Some(body))
    );
    assert_eq!(keys(&visible(&memory)), expected(0..50));
    assert_eq!(marks(&memory).len(), 2);
}

#[test]
fn a_record_is_archived_with_the_object_that_it_points_to() {
    let memory = empty();
    filled(&memory, 0..9);
    // Delivered again: a later object names the same events, and what it brought beside them.
    let again = |n: u32| StoredTransaction {
        audit_key: "audit/dt=2025-12-29/hh=12/j.jsonl.zst".into(),
        ..record(n)
    };
    memory.put_audited(&[again(4), again(9), again(8)]);
    memory.put_item(record(4).item());
    memory.put_item(record(8).item());
    let report = archive_all(&memory);
    assert_eq!((report.items, report.parts), (10, 2));
    assert_eq!(keys(&visible(&memory)), expected(0..10));
}

#[test]
fn what_never_came_or_has_expired_is_no_error_and_a_range_of_nothing_is_an_empty_part() {
    let memory = empty();
    filled(&memory, 0..9);
    expire(&memory);
    let rejected = b"{\"message_id\":\"m\",\"verdict\":\"rejected\",\"reason\":\"x\"}\n";
    let object = zstd::bulk::compress(rejected, 1).unwrap();
    memory.write_object("audit/dt=2025-12-29/hh=11/r.jsonl.zst", object);
    let report = archive_all(&memory);
    assert_eq!((report.items, report.parts, report.days), (0, 2, 1));
    assert_eq!(report.failures, []);
    assert!(listed(&memory).is_empty());
}

#[test]
fn a_movement_is_archived_each_time_that_it_rose_with_what_raised_it() {
    let raised = |version: u64, object: &str| {
        let mut item = movement("pay", "capture", "C1");
        item.audit_key = object.to_owned();
        item.movement.as_mut().unwrap().version = version;
        item
    };
    let later = "audit/dt=2025-12-29/hh=13/later.jsonl.zst";
    let memory = empty();
    let told = event(0, "pay", &["capture#C1"], &[]);
    memory.put_audited(&[told.clone(), raised(1, PAYMENTS)]);
    assert_eq!(archive_all(&memory).items, 2);
    // A later attempt at the same event raised it: its own object names it, the event points to the
    // first.
    memory.put_audited(&[
        StoredTransaction {
            audit_key: later.into(),
            ..told.clone()
        },
        raised(2, later),
    ]);
    memory.put_item(told.item());
    assert_eq!(archive_on(&memory, 2).items, 1);
    let rows = visible(&memory).into_iter();
    let mut versions: Vec<_> = rows.filter_map(|row| Some(row.movement?.version)).collect();
    versions.sort_unstable();
    assert_eq!(versions, [1, 2]);
    assert_eq!(visible(&memory).len(), 3);
}

#[test]
fn a_crash_before_or_after_any_call_loses_and_doubles_nothing() {
    let world = || {
        let memory = empty();
        filled(&memory, 0..24);
        sealed(&memory, 1);
        memory
    };
    let whole = world();
    let before = whole.calls().len();
    archive(&whole, None, u32::MAX).unwrap();
    let calls = whole.calls().len();
    assert!(calls > before + 30);
    for fault in [CallFault::CrashBefore, CallFault::CrashAfter] {
        for number in before..calls {
            let memory = world();
            memory.fail_call(number, fault);
            assert!(archive(&memory, None, u32::MAX).is_none());
            memory.heal();
            let seen = keys(&visible(&memory));
            let mut once = seen.clone();
            once.dedup();
            assert_eq!(once, seen, "{fault:?} {number}");
            // What was read before the crash has changed meanwhile.
            let mut changed = record(23).item();
            changed.insert("event_type".into(), Attribute::Text("other".into()));
            memory.put_item(changed);
            let marked = !marks(&memory).is_empty();
            if marked {
                assert_eq!(seen, expected(0..24), "{fault:?} {number}");
            }
            filled(&memory, 24..27);
            let report = archive_on(&memory, 2);
            assert!(report.failures.is_empty(), "{fault:?} {number}: {report:?}");
            assert_eq!(
                keys(&visible(&memory)),
                expected(0..27),
                "{fault:?} {number}"
            );
            assert_eq!(
                keys(&listed(&memory)),
                expected(0..27),
                "{fault:?} {number}"
            );
        }
    }
}

#[test]
fn a_call_that_fails_once_is_repeated_or_left_to_the_next_run() {
    let world = || {
        let memory = empty();
        filled(&memory, 0..24);
        sealed(&memory, 1);
        memory
    };
    let whole = world();
    let before = whole.calls().len();
    archive(&whole, None, u32::MAX).unwrap();
    for fault in [
        CallFault::RetryableBefore,
        CallFault::RetryableAfter,
        CallFault::Final,
    ] {
        for number in before..whole.calls().len() {
            let memory = world();
            memory.fail_call(number, fault);
            let first = archive(&memory, None, u32::MAX).unwrap();
            let marked = !marks(&memory).is_empty();
            assert_eq!(marked, first.failures.is_empty(), "{fault:?} {number}");
            memory.heal();
            let report = archive(&memory, None, u32::MAX).unwrap();
            assert!(report.failures.is_empty(), "{fault:?} {number}");
            assert_eq!(
                keys(&visible(&memory)),
                expected(0..24),
                "{fault:?} {number}"
            );
            assert_eq!(marks(&memory).len(), 1, "{fault:?} {number}");
        }
    }
}

#[test]
fn keys_that_are_put_off_are_asked_for_again_and_then_given_up() {
    let memory = empty();
    filled(&memory, 0..60);
    memory.fail_entry(3, EntryFault::ThrottleBefore);
    memory.fail_entry(9, EntryFault::ThrottleAfter);
    let report = archive_all(&memory);
    assert_eq!((report.failures.len(), report.items), (0, 60));
    assert!(memory.pauses() >= 2);

    let memory = empty();
    filled(&memory, 0..1);
    (0..100).for_each(|entry| memory.fail_entry(entry, EntryFault::ThrottleBefore));
    let report = archive_all(&memory);
    let [(_, ArchiveError::Store(error))] = &report.failures[..] else {
        panic!("{report:?}");
    };
    assert!(error.to_string().contains("put off"), "{error}");
    assert_eq!((report.items, marks(&memory).len()), (0, 0));
}

#[test]
fn the_deadline_stops_it_and_the_next_run_goes_on_from_there() {
    let memory = empty();
    filled(&memory, 0..100);
    memory.put_audited(&[event(0, "pay", &[], &[])]);
    sealed(&memory, 1);
    let (mut from, mut runs) = (None::<Cursor>, 0);
    loop {
        let report = archive(&memory, from.as_ref(), 3).unwrap();
        assert!(report.failures.is_empty());
        runs += 1;
        assert!(runs < 50, "every run gets on");
        from = report.next;
        if from.is_none() {
            break;
        }
    }
    assert!(runs > 4);
    assert_eq!(visible(&memory).len(), 101);
    assert_eq!(marks(&memory).len(), 1);
}

#[test]
fn an_inventory_that_failed_before_the_cursor_is_not_tried_again_and_keeps_the_day_open() {
    let memory = empty();
    filled(&memory, 0..9);
    memory.put_audited(&[event(0, "pay", &[], &[])]);
    sealed(&memory, 1);
    let behind = Cursor {
        day: DAY,
        inventory: "13".to_owned(),
    };
    let report = archive(&memory, Some(&behind), u32::MAX).unwrap();
    assert_eq!(
        (report.items, report.days, report.days_left),
        (1, 0, Some(55))
    );
    assert!(marks(&memory).is_empty());
    assert_eq!(archive(&memory, None, u32::MAX).unwrap().items, 9);
    assert_eq!(marks(&memory).len(), 1);
}

#[test]
fn a_store_that_refuses_is_reported_and_no_days_are_claimed_when_nothing_can_be_listed() {
    let memory = empty();
    filled(&memory, 0..30);
    sealed(&memory, 1);
    memory.fail_every(Call::ObjectPutNew, CallFault::Final);
    let report = archive(&memory, None, u32::MAX).unwrap();
    assert_eq!((report.failures.len(), report.items), (1, 0));
    assert_eq!(report.days_left, Some(55));
    assert!(
        visible(&memory).is_empty(),
        "no file without a manifest is seen"
    );
    memory.heal();
    memory.fail_every(Call::ObjectList, CallFault::RetryableBefore);
    let report = archive(&memory, None, u32::MAX).unwrap();
    assert!(matches!(
        &report.failures[..],
        [(_, ArchiveError::Store(_))]
    ));
    assert_eq!(report.days_left, None);
}

#[test]
fn a_seal_that_stands_still_leaves_every_later_day_open() {
    let memory = empty();
    filled(&memory, 0..9);
    archive_all(&memory);
    // Objects came since, of the whole day too; nobody seals them.
    filled(&memory, 9..12);
    let report = archive_in(&memory, &memory, &scope(31), None, u32::MAX).unwrap();
    assert_eq!(report.failures, []);
    assert_eq!(report.days_left, Some(26), "thirty days without a digest");
    let sealed_again = archive_on(&memory, 31);
    assert_eq!((sealed_again.items, sealed_again.days_left), (3, Some(56)));
}

#[test]
fn a_day_whose_objects_no_digest_lists_stays_open() {
    let memory = empty();
    filled(&memory, 0..9);
    archive_all(&memory);
    sealed(&memory, 40);
    // Too old for the seal, which says so when it verifies.
    memory.put_audited(&[StoredTransaction {
        audit_key: "audit/dt=2025-12-28/hh=12/i.jsonl.zst".into(),
        ..record(100)
    }]);
    let report = archive_on(&memory, 41);
    assert_eq!((report.items, report.days_left), (0, Some(56 - 42)));
}
