//! Records go into a file and come out the same; damaged files are errors.

use std::collections::BTreeMap;

use payment_event::TransactionKey;
use pipeline::stored::{StoredMoney, StoredMovement};
use proptest::prelude::*;

use super::*;
use crate::columns::schema_json;

fn record(n: u32, nanos: i64, minor: Option<i64>, text: &str) -> StoredTransaction {
    let event_time =
        jiff::Timestamp::from_nanosecond(1_767_000_000_000_000_000 + i128::from(nanos));
    let event_time = event_time.unwrap();
    let event_id = format!("evt_{n}");
    StoredTransaction {
        key: TransactionKey {
            transaction_id: format!("stripe:pi_{n}"),
            timestamp: format!("{event_time:.9}#{event_id}"),
        },
        provider: "stripe".into(),
        event_id,
        event_type: text.into(),
        status: "captured".into(),
        money: minor.map(|minor| StoredMoney {
            minor,
            currency: "EUR".into(),
            exponent: 2,
            text: minor.to_string(),
            exponent_source: "iso_default".into(),
        }),
        merchant_account: minor.filter(|m| m % 2 == 0).map(|_| text.to_owned()),
        related_ids: match n % 3 {
            0 => BTreeMap::new(),
            _ => BTreeMap::from([("charge".to_owned(), text.to_owned())]),
        },
        problems: Vec::new(),
        event_time: Some(event_time),
        received_at: jiff::Timestamp::from_millisecond(1_767_000_001_234 + i64::from(n)).unwrap(),
        message_id: format!("m-{n}"),
        audit_key: "audit/dt=2025-12-29/hh=09/i.jsonl.zst".into(),
        audit_offset: u64::from(n),
        audit_length: 1 + u64::from(n),
        expires_at: 1_776_000_000 + i64::from(n),
        tells: Vec::new(),
        fetched: n.is_multiple_of(5).then(|| text.to_owned()),
        movement: None,
    }
}

/// A movement with every attribute that one may have, or with as few as one may have.
fn movement(n: u32, full: bool) -> StoredTransaction {
    let plain = record(n, 0, Some(7).filter(|_| full), "charge");
    let id = format!("c_{n}");
    StoredTransaction {
        key: TransactionKey {
            timestamp: format!("movement#capture#{id}"),
            ..plain.key
        },
        event_time: None,
        merchant_account: None,
        related_ids: BTreeMap::new(),
        movement: Some(StoredMovement {
            kind: "capture".into(),
            id,
            state: "succeeded".into(),
            rank: -30,
            tells: full.then(|| "own".into()),
            amount_rank: full.then_some(30),
            amount_at: full.then(|| "2026-01-02T03:04:05.123456789Z".parse().unwrap()),
            version: 1 + u64::from(n),
            changes: match full {
                true => vec![
                    "2026-01-02T03:04:05.678Z EUR.2 7".into(),
                    "2026-01-03T00:00:00.000Z none".into(),
                ],
                false => Vec::new(),
            },
        }),
        ..plain
    }
}

#[test]
fn movements_go_round_beside_events() {
    let records = [
        record(1, 5, Some(1), "charge"),
        movement(2, true),
        movement(3, false),
    ];
    assert_eq!(decode(encode(&records).unwrap()).unwrap(), records);
    let file = encode(&records).unwrap();
    let outline = outline(file).unwrap();
    assert_eq!(
        (outline.dated, outline.undated, outline.movements),
        (1, 0, 2)
    );
    assert_eq!(outline, Outline::of(&records));
}

#[test]
fn the_schema_file_is_written_from_the_columns() {
    assert_eq!(include_str!("../../schema.json"), schema_json());
}

#[test]
fn more_rows_than_a_group_holds_go_round() {
    let records: Vec<_> = (0..25_000)
        .map(|n| {
            record(
                n,
                i64::from(n) * 7,
                (n % 5 != 0).then_some(i64::from(n)),
                "charge",
            )
        })
        .collect();
    let file = encode(&records).unwrap();
    assert_eq!(
        file,
        encode(&records).unwrap(),
        "the same records, the same bytes"
    );
    assert_eq!(decode(file).unwrap(), records);
    assert_eq!(decode(encode(&[]).unwrap()), Ok(Vec::new()));
}

#[test]
fn a_file_cut_short_anywhere_is_an_error() {
    let two = [record(1, 5, Some(1130), "charge"), record(2, 6, None, "é")];
    for (times, step) in [(1, 1), (COMPRESSED_FROM_ROWS, 17)] {
        let file = encode(&vec![two.clone(); times].concat()).unwrap();
        for length in (0..file.len()).step_by(step) {
            assert!(decode(file[..length].to_vec()).is_err(), "{length}");
        }
    }
    assert_eq!(
        decode(b"PAR1 not a file PAR1".to_vec()),
        Err(PartError::Unreadable)
    );
}

#[test]
fn what_a_column_cannot_hold_is_named() {
    let mut large = record(1, 0, None, "x");
    large.audit_offset = u64::MAX;
    assert_eq!(encode(&[large]), Err(PartError::Unfit("audit_offset")));
    let mut other = record(1, 0, None, "x");
    other.key.timestamp = "2026-01-01T00:00:00.000000000Z#evt_1".into();
    let file = encode(&[other]).unwrap();
    assert_eq!(decode(file), Err(PartError::Value("event_time")));
}

proptest! {
    #[test]
    fn any_records_go_round(
        cells in prop::collection::vec((0..9_u32, 0..i64::MAX / 1024, any::<Option<i64>>(), ".*"), 0..30),
        times in 1..5_usize,
    ) {
        let records = cells.iter().map(|(n, nanos, minor, text)| record(*n, *nanos, *minor, text));
        // With and without compression.
        let records = vec![records.collect::<Vec<_>>(); times].concat();
        prop_assert_eq!(decode(encode(&records).unwrap()).unwrap(), records);
    }
}
