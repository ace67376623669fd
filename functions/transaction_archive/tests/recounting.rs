//! Records in table and archive are counted again, and every difference to the rows is shown.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    DAY, archive_all, archive_in, archive_on, empty, event, expire, filled, movement, record,
    scope, stores,
};
use payment_event::TransactionKey;
use pipeline::aggregate::{Counted, Delta, RowKey, fold, pack, rollup, unpack_all};
use pipeline::memory::{Memory, to_the_end};
use pipeline::storage::Attribute;
use pipeline::stored::StoredTransaction;
use transaction_archive::read::has_record;
use transaction_archive::recount::{Recount, compare, recount};
use transaction_archive::run::Scope;

fn recounted(memory: &Memory) -> Recount {
    to_the_end(recount(DAY, DAY, &stores(memory)))
        .unwrap()
        .unwrap()
}

/// Rows as analytics keeps them: counted some time later, over two lanes, and added up to hours and days.
fn kept(records: std::ops::Range<u32>) -> Vec<(RowKey, Delta)> {
    let events: Vec<_> = records
        .map(|n| Counted::Event(record(n).counted().unwrap()))
        .collect();
    let at = events[0].received_at() + jiff::SignedDuration::from_secs(5);
    let (one, two) = events.split_at(events.len() / 3);
    let mut items = pack(&fold(one, at), 1);
    items.extend(pack(&fold(two, at), 6));
    items.extend(rollup(&items));
    unpack_all(&items).unwrap().into_iter().collect()
}

#[test]
fn table_and_archive_together_agree_with_the_rows() {
    let memory = empty();
    filled(&memory, 0..90);
    archive_all(&memory);
    filled(&memory, 90..120);
    // Some have expired already.
    let first = |key: &TransactionKey| key.timestamp < record(30).key.timestamp;
    assert_eq!(memory.expire(i64::MAX, first).len(), 30);
    let recount = recounted(&memory);
    assert_eq!(
        (recount.in_archive, recount.in_table, recount.in_both),
        (90, 30, 60)
    );
    assert_eq!(compare(DAY, DAY, DAY, &recount, kept(0..120)), []);
}

#[test]
fn a_record_more_or_less_is_a_difference_in_each_grain() {
    let memory = Memory::new();
    filled(&memory, 0..10);
    let recount = recounted(&memory);
    for rows in [kept(0..9), kept(0..11), kept(1..11)] {
        let differences = compare(DAY, DAY, DAY, &recount, rows);
        assert_eq!(differences.len(), 3);
        assert_eq!(differences[0].row.aggregate, "stripe#-#captured");
        assert_eq!(differences[0].row.bucket, "day#2025-12-29");
    }
    let differences = compare(DAY, DAY, DAY, &recount, kept(0..9));
    assert_eq!(
        (differences[0].kept.count, differences[0].recounted.count),
        (9, 10)
    );
    assert_eq!(
        compare(DAY, DAY, DAY, &recount, []).len(),
        3,
        "rows that are missing"
    );
}

#[test]
fn minutes_that_may_have_expired_and_other_days_are_not_compared() {
    let memory = Memory::new();
    filled(&memory, 0..10);
    let recount = recounted(&memory);
    let without_minutes = kept(0..10)
        .into_iter()
        .filter(|(key, _)| !key.bucket.starts_with("minute#"));
    let later = DAY.tomorrow().unwrap();
    assert_eq!(compare(DAY, DAY, later, &recount, without_minutes), []);
    let other = (
        RowKey {
            aggregate: "x#-#y".into(),
            bucket: "day#2026-01-01".into(),
        },
        Delta::default(),
    );
    let odd = (
        RowKey {
            aggregate: "x".into(),
            bucket: "odd".into(),
        },
        Delta::default(),
    );
    assert_eq!(
        compare(
            DAY,
            DAY,
            DAY,
            &recount,
            kept(0..10).into_iter().chain([other, odd])
        ),
        []
    );
}

#[test]
fn what_cannot_be_counted_is_said() {
    let memory = Memory::new();
    filled(&memory, 0..10);
    let mut unknown = record(12).item();
    unknown.insert("status".into(), Attribute::Text("lost".into()));
    memory.put_audited(&[record(12)]);
    memory.put_item(unknown);
    let mut odd = record(15).item();
    odd.remove("status");
    memory.put_audited(&[record(15)]);
    memory.put_item(odd);
    let recount = recounted(&memory);
    assert_eq!(recount.uncountable, 2);
    assert_eq!(compare(DAY, DAY, DAY, &recount, kept(0..10)), []);
}

#[test]
fn records_of_the_day_that_were_sent_through_verification_again_are_counted() {
    let memory = empty();
    let again = |n: u32| StoredTransaction {
        audit_key: format!("audit/dt=2026-01-03/hh=again/received={DAY}-{n}.jsonl.zst"),
        ..record(n)
    };
    // Of another day, sent again on the same one.
    let other = StoredTransaction {
        audit_key: "audit/dt=2026-01-03/hh=again/received=2025-12-30-x.jsonl.zst".into(),
        ..record(9)
    };
    memory.put_audited(&[record(0), again(1), other]);
    for archived in [false, true] {
        if archived {
            archive_on(&memory, 6);
            let report = archive_in(
                &memory,
                &memory,
                &Scope {
                    last: "2026-01-03".parse().unwrap(),
                    ..scope(6)
                },
                None,
                u32::MAX,
            );
            assert_eq!(report.unwrap().items, 2);
            expire(&memory);
        }
        let recount = recounted(&memory);
        assert_eq!(recount.in_table + recount.in_archive, 2, "{archived}");
        assert_eq!(compare(DAY, DAY, DAY, &recount, kept(0..2)), []);
    }
    let days = |last: &str| (DAY, last.parse().unwrap());
    for (n, last, found) in [
        (0, "2025-12-29", true),
        (1, "2025-12-29", true),
        (2, "2026-01-03", false),
    ] {
        let has = to_the_end(has_record(&record(n).key, days(last), &memory)).unwrap();
        assert_eq!(has, Ok(found), "{n}");
    }
}

#[test]
fn a_movement_that_has_expired_is_counted_as_the_archive_has_it() {
    let memory = empty();
    let mut moved = movement("pay", "capture", "C1");
    let changes = vec!["2025-12-29T12:00:00.000Z EUR.2 1000".to_owned()];
    moved.movement.as_mut().unwrap().changes = changes;
    memory.put_audited(&[event(0, "pay", &["capture#C1"], &[]), moved]);
    let before = recounted(&memory);
    assert_eq!((before.in_movements, before.uncountable), (1, 0));
    archive_all(&memory);
    expire(&memory);
    let after = recounted(&memory);
    assert_eq!(after.rows, before.rows);
    assert_eq!((after.in_movements, after.uncountable), (1, 0));
    let day = after
        .rows
        .iter()
        .find(|(key, _)| key.aggregate == "stripe#EUR.2#movement:capture");
    assert_eq!(day.unwrap().1.amount_minor, 1000);
}
