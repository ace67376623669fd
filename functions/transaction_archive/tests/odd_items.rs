//! Items with odd values: what a record may hold is archived as it stands, what it may not keeps
//! its part from being made.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use common::{archive_all, archive_on, empty, filled, record, visible};
use pipeline::storage::Attribute;
use transaction_archive::ArchiveError;

#[test]
fn odd_amounts_and_currencies_are_archived_as_they_stand_in_the_table() {
    let memory = empty();
    filled(&memory, 0..8);
    let odd = [
        ("-5", "EUR", "2"),
        ("9223372036854775807", "IRR", "2"),
        ("-9223372036854775808", "IRR", "2"),
        ("1", "ZZZ", "2"),
        ("7", "", "0"),
        ("100", "JPY", "0"),
        ("100", "CLF", "4"),
        ("100", "BTC", "255"),
    ];
    let mut stood = Vec::new();
    for (n, (minor, currency, exponent)) in (0..).zip(odd) {
        let mut item = record(n).item();
        item.insert("amount_minor".into(), Attribute::Number(minor.into()));
        item.insert("currency".into(), Attribute::Text(currency.into()));
        item.insert("amount_exponent".into(), Attribute::Number(exponent.into()));
        memory.put_item(item.clone());
        stood.push(item);
    }
    let report = archive_all(&memory);
    assert_eq!((report.items, report.unreadable), (8, 0));
    let mut rows = visible(&memory);
    rows.sort_by_key(|row| row.event_time);
    let rows: Vec<_> = rows.iter().map(|row| row.item()).collect();
    assert_eq!(rows, stood);
}

#[test]
fn an_item_that_is_no_record_keeps_its_part_open_until_it_is_mended() {
    type Oddity = fn(&mut pipeline::storage::Item);
    let cases: [(&str, Oddity); 9] = [
        ("an attribute that no record has", |item| {
            item.insert("colour".into(), Attribute::Text("red".into()));
        }),
        ("an amount beyond 64 bits", |item| {
            let huge = Attribute::Number("9223372036854775808".into());
            item.insert("amount_minor".into(), huge);
        }),
        ("an amount with decimals", |item| {
            item.insert("amount_minor".into(), Attribute::Number("12.5".into()));
        }),
        ("an amount that is a text", |item| {
            item.insert("amount_minor".into(), Attribute::Text("12".into()));
        }),
        ("a currency without an amount", |item| {
            item.remove("amount_minor");
        }),
        ("an amount without a currency", |item| {
            item.remove("currency");
        }),
        ("an exponent that no currency has", |item| {
            item.insert("amount_exponent".into(), Attribute::Number("256".into()));
        }),
        ("a related id that is no text", |item| {
            item.insert("related_ids".into(), Attribute::Other);
        }),
        ("a time that is none", |item| {
            item.insert("received_at".into(), Attribute::Text("yesterday".into()));
        }),
    ];
    for (name, change) in cases {
        let memory = empty();
        filled(&memory, 0..30);
        let mut odd = record(20).item();
        change(&mut odd);
        memory.put_item(odd.clone());
        let report = archive_all(&memory);
        // The parts before it are made.
        assert_eq!((report.items, report.unreadable), (18, 1), "{name}");
        let [(_, ArchiveError::Unreadable { items: 1, .. })] = &report.failures[..] else {
            panic!("{name}: {report:?}");
        };
        assert_eq!((report.days, report.days_left), (0, Some(55)), "{name}");
        memory.put_item(record(20).item());
        let report = archive_on(&memory, 2);
        assert_eq!((report.items, report.failures.len()), (12, 0), "{name}");
        assert_eq!(report.days_left, Some(56), "{name}");
    }
}
