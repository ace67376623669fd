//! The steps of the archive: what is moved, what is left, and that no crash anywhere loses or doubles anything.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::{
    DAY, PART_ITEMS, archive, archive_all, expected, filled, in_table, keys, listed, record,
    visible,
};
use pipeline::memory::{Call, CallFault, EntryFault, Memory};
use transaction_archive::ArchiveError;
use transaction_archive::run::Cursor;

#[test]
fn a_day_moves_from_the_table_into_files() {
    let memory = Memory::new();
    filled(&memory, 0..400);
    let report = archive_all(&memory);
    assert_eq!(
        (report.items, report.deleted, report.shards),
        (400, 400, 16)
    );
    assert_eq!((report.failures.len(), report.next), (0, None));
    assert!(
        report.parts > 16,
        "shards of more than {PART_ITEMS} records have several parts"
    );
    assert!(in_table(&memory).is_empty());
    let mut rows = visible(&memory);
    assert_eq!(keys(&rows), expected(0..400));
    rows.sort_by_key(|row| row.event_id[4..].parse::<u32>().unwrap());
    assert_eq!(rows, (0..400).map(record).collect::<Vec<_>>());
    assert_eq!(keys(&listed(&memory)), expected(0..400));
}

#[test]
fn an_empty_day_and_a_second_run_change_nothing() {
    let memory = Memory::new();
    assert_eq!(archive_all(&memory), Default::default());
    assert!(memory.objects().is_empty());
    filled(&memory, 0..50);
    archive_all(&memory);
    let before = memory.objects();
    assert_eq!(archive_all(&memory), Default::default());
    assert_eq!(memory.objects(), before);
}

#[test]
fn a_late_arrival_makes_another_part_and_replaces_none() {
    let memory = Memory::new();
    filled(&memory, 0..50);
    archive_all(&memory);
    let before = memory.objects();
    filled(&memory, 50..53);
    let report = archive_all(&memory);
    assert_eq!((report.items, report.deleted), (3, 3));
    let after = memory.objects();
    assert!(
        before
            .iter()
            .all(|(key, body)| after.get(key) == Some(body))
    );
    assert_eq!(keys(&visible(&memory)), expected(0..53));
}

#[test]
fn copies_whose_delete_was_lost_are_deleted_and_not_archived_again() {
    let memory = Memory::new();
    filled(&memory, 0..400);
    archive_all(&memory);
    // They are back, in every part, and new ones among and after them.
    filled(&memory, 0..430);
    let report = archive_all(&memory);
    assert_eq!((report.items, report.deleted), (30, 430));
    assert!(in_table(&memory).is_empty());
    assert_eq!(keys(&visible(&memory)), expected(0..430));
}

#[test]
fn a_late_arrival_makes_the_archive_read_only_the_parts_it_may_be_in() {
    let gets = |late: u32| {
        let memory = Memory::new();
        filled(&memory, 1..200);
        archive_all(&memory);
        let before = memory.calls().len();
        filled(&memory, late..late + 1);
        assert_eq!(archive_all(&memory).deleted, 1);
        let shard = &record(late).archive_shard;
        let part = |key: &String| {
            key.starts_with("archive/transactions/") && key.contains(&shard.replace('#', "/shard-"))
        };
        let parts = memory.objects().keys().filter(|key| part(key)).count();
        let calls = memory.calls();
        let gets = calls[before..].iter().filter(|c| **c == Call::ObjectGet);
        (gets.count(), parts)
    };
    // Manifest and part, once each, whatever comes; then the new part: not there, its pending file, read back.
    let (later, parts) = gets(300);
    assert_eq!(later, 2 * (parts - 1) + 3);
    // One that was archived before is looked for where it is.
    let (copy, parts) = gets(100);
    assert_eq!(copy, 2 * parts + 1);
}

#[test]
fn a_crash_before_or_after_any_call_loses_and_doubles_nothing() {
    let whole = Memory::new();
    filled(&whole, 0..24);
    archive_all(&whole);
    let calls = whole.calls().len();
    assert!(calls > 100);
    for fault in [CallFault::CrashBefore, CallFault::CrashAfter] {
        for number in 0..calls {
            let memory = Memory::new();
            filled(&memory, 0..24);
            memory.fail_call(number, fault);
            assert!(archive(&memory, None, u32::MAX).is_none());
            memory.heal();
            // Nothing is gone that is not in a file that readers see.
            let seen = keys(&visible(&memory));
            let doubled = seen.len();
            let seen: BTreeSet<_> = seen.into_iter().collect();
            assert_eq!(seen.len(), doubled, "{fault:?} {number}");
            let there = in_table(&memory).union(&seen).count();
            assert_eq!(there, 24, "{fault:?} {number}");
            // A late arrival comes before the run that repairs.
            filled(&memory, 24..27);
            let report = archive_all(&memory);
            assert!(report.failures.is_empty(), "{fault:?} {number}: {report:?}");
            assert!(in_table(&memory).is_empty(), "{fault:?} {number}");
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
    let whole = Memory::new();
    filled(&whole, 0..24);
    archive_all(&whole);
    for fault in [
        CallFault::RetryableBefore,
        CallFault::RetryableAfter,
        CallFault::Final,
    ] {
        for number in 0..whole.calls().len() {
            let memory = Memory::new();
            filled(&memory, 0..24);
            memory.fail_call(number, fault);
            archive_all(&memory);
            memory.heal();
            let report = archive_all(&memory);
            assert!(report.failures.is_empty(), "{fault:?} {number}");
            assert!(in_table(&memory).is_empty(), "{fault:?} {number}");
            assert_eq!(
                keys(&visible(&memory)),
                expected(0..24),
                "{fault:?} {number}"
            );
        }
    }
}

#[test]
fn deletes_that_are_put_off_are_repeated_and_then_given_up() {
    let memory = Memory::new();
    filled(&memory, 0..60);
    memory.fail_entry(3, EntryFault::ThrottleBefore);
    memory.fail_entry(9, EntryFault::ThrottleAfter);
    let report = archive_all(&memory);
    assert_eq!((report.failures.len(), report.deleted), (0, 60));
    assert!(memory.pauses() >= 2);

    let memory = Memory::new();
    filled(&memory, 0..1);
    (0..100).for_each(|entry| memory.fail_entry(entry, EntryFault::ThrottleBefore));
    let report = archive_all(&memory);
    assert!(
        matches!(&report.failures[..], [(_, ArchiveError::PutOff(_))]),
        "{report:?}"
    );
    assert_eq!(in_table(&memory).len(), 1);
}

#[test]
fn the_deadline_stops_it_and_the_next_run_goes_on_from_there() {
    let memory = Memory::new();
    filled(&memory, 0..400);
    let (mut from, mut runs) = (None, 0);
    loop {
        let report = archive(&memory, from, 4).unwrap();
        assert!(report.failures.is_empty());
        runs += 1;
        assert!(runs < 200, "every run gets on");
        from = report.next;
        if from.is_none() {
            break;
        }
    }
    assert!(runs > 5);
    assert!(in_table(&memory).is_empty());
    assert_eq!(keys(&visible(&memory)), expected(0..400));
    let later = Some(Cursor {
        day: DAY,
        shard: 31,
    });
    assert_eq!(archive(&memory, later, 9).unwrap(), Default::default());
}

#[test]
fn a_store_that_refuses_is_reported_shard_by_shard() {
    let memory = Memory::new();
    filled(&memory, 0..30);
    memory.fail_every(Call::ObjectPutNew, CallFault::Final);
    let report = archive_all(&memory);
    assert_eq!(report.failures.len() as u64, report.shards);
    assert_eq!((report.items, in_table(&memory).len()), (0, 30));
    assert!(
        visible(&memory).is_empty(),
        "no file without a manifest is seen"
    );
    memory.heal();
    memory.fail_every(Call::IndexPage, CallFault::RetryableBefore);
    let report = archive_all(&memory);
    assert!(
        report
            .failures
            .iter()
            .all(|(_, e)| matches!(e, ArchiveError::Store(_)))
    );
}
