//! Records in table and archive are counted again, and every difference to the rows is shown.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use common::{DAY, archive_all, filled, record};
use pipeline::aggregate::{Counted, Delta, RowKey, fold, pack, rollup, unpack_all};
use pipeline::memory::{Memory, to_the_end};
use pipeline::storage::Attribute;
use transaction_archive::recount::{Recount, compare, recount};

fn recounted(memory: &Memory) -> Recount {
    to_the_end(recount(DAY, DAY, memory, memory, memory))
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
    let memory = Memory::new();
    filled(&memory, 0..90);
    archive_all(&memory);
    filled(&memory, 90..120);
    // A copy and its item, as between two steps of the archive.
    filled(&memory, 0..1);
    let recount = recounted(&memory);
    assert_eq!(
        (recount.in_archive, recount.in_table, recount.in_both),
        (90, 30, 1)
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
    let mut unknown = record(11).item();
    unknown.insert("status".into(), Attribute::Text("lost".into()));
    memory.put_item(unknown);
    let mut odd = record(12).item();
    odd.remove("status");
    memory.put_item(odd);
    let recount = recounted(&memory);
    assert_eq!(recount.uncountable, 2);
    assert_eq!(compare(DAY, DAY, DAY, &recount, kept(0..10)), []);
}
