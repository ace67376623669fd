//! What a movement's item says, and how it rises.
use std::collections::BTreeMap;

use payment_event::{PaymentEvent, PaymentStatus};

use super::*;
use crate::storage::AuditPointer;

fn record(at_ms: i64, movement: Movement) -> TransactionRecord {
    TransactionRecord {
        event: PaymentEvent {
            provider: "stripe".into(),
            event_id: Identifier::new(format!("evt_{at_ms}")).unwrap(),
            event_type: "refund.updated".into(),
            status: PaymentStatus::Refunded,
            transaction_id: Identifier::new("pi_1").unwrap(),
            amount: None,
            merchant_account: None,
            event_time: None,
            dated: false,
            problems: BTreeSet::new(),
            related_ids: BTreeMap::new(),
            movements: vec![movement],
        },
        received_at_ms: at_ms,
        queued_at_ms: at_ms,
        message_id: format!("m-{at_ms}"),
        fetched: None,
        audit: AuditPointer {
            key: "audit/dt=1970-01-01/hh=00/i.jsonl.zst".into(),
            offset_bytes: 0,
            length_bytes: 5,
        },
    }
}

fn refund(stage: Stage, minor: Option<i64>) -> Movement {
    Movement {
        kind: MovementKind::Refund,
        id: Identifier::new("re_1").unwrap(),
        payment: Identifier::new("pi_1").unwrap(),
        stage,
        money: minor.map(|minor| Told {
            tells: Tells::Own,
            rank: stage.rank,
            amount: Amount {
                minor: MinorUnits(minor),
                currency: CurrencyCode::parse("EUR").unwrap(),
                exponent: 2,
                exponent_source: ExponentSource::IsoDefault,
                text: minor.to_string(),
            },
            at: Some(Timestamp::from_second(7).unwrap()),
        }),
        problems: BTreeSet::new(),
    }
}

fn item(at_ms: i64, stage: Stage, minor: Option<i64>) -> StoredTransaction {
    let movement = refund(stage, minor);
    StoredTransaction::of_movement(&record(at_ms, movement.clone()), &movement)
}

fn changes(item: &StoredTransaction) -> Vec<String> {
    item.movement.as_ref().unwrap().changes.clone()
}

#[test]
fn an_item_goes_round_and_says_its_movement() {
    for (stage, minor) in [
        (Stage::PENDING, None),
        (Stage::SUCCEEDED, Some(30)),
        (Stage::FAILED, Some(30)),
    ] {
        let stored = item(5, stage, minor);
        assert_eq!(stored.key.transaction_id, "stripe:pi_1");
        assert_eq!(stored.key.timestamp, "movement#refund#re_1");
        assert!(stored.agrees());
        assert_eq!(stored.movement().unwrap(), refund(stage, minor));
        let back = StoredTransaction::from_item(stored.item()).unwrap();
        assert_eq!(back, stored);
    }
}

#[test]
fn an_item_rises_and_notes_what_it_adds() {
    let pending = item(1, Stage::PENDING, Some(30));
    assert_eq!(changes(&pending), Vec::<String>::new());
    let succeeded = pending
        .raised(&item(2, Stage::SUCCEEDED, Some(30)))
        .unwrap()
        .unwrap();
    assert_eq!(changes(&succeeded), ["1970-01-01T00:00:00.002Z EUR.2 30"]);
    assert_eq!(succeeded.message_id, "m-2");
    // A repetition and an earlier stage say nothing new.
    for again in [
        item(3, Stage::SUCCEEDED, Some(30)),
        item(3, Stage::PENDING, None),
    ] {
        assert_eq!(succeeded.raised(&again), Ok(None));
    }
    let failed = succeeded
        .raised(&item(4, Stage::FAILED, None))
        .unwrap()
        .unwrap();
    let expected = [
        "1970-01-01T00:00:00.002Z EUR.2 30",
        "1970-01-01T00:00:00.004Z none",
    ];
    assert_eq!(changes(&failed), expected);
    assert_eq!(failed.movement.as_ref().unwrap().version, 3);
    assert_eq!(failed.money.as_ref().unwrap().minor, 30);
    let untold = item(5, Stage::SUCCEEDED, None);
    assert_eq!(changes(&untold), ["1970-01-01T00:00:00.005Z - 0"]);
    let told = untold
        .raised(&item(6, Stage::PENDING, Some(9)))
        .unwrap()
        .unwrap();
    assert_eq!(changes(&told)[1], "1970-01-01T00:00:00.006Z EUR.2 9");
}

#[test]
fn what_a_batch_tells_together_is_one_change() {
    let succeeded = item(1, Stage::SUCCEEDED, Some(30));
    let both = succeeded
        .merged(&item(2, Stage::FAILED, None))
        .unwrap()
        .unwrap();
    assert_eq!(changes(&both), Vec::<String>::new());
    let pending = item(1, Stage::PENDING, None);
    let both = pending
        .merged(&item(2, Stage::SUCCEEDED, Some(30)))
        .unwrap()
        .unwrap();
    assert_eq!(changes(&both), ["1970-01-01T00:00:00.002Z EUR.2 30"]);
    assert_eq!(both.movement.as_ref().unwrap().version, 1);
    assert_eq!(both.merged(&pending), Ok(None));
}

#[test]
fn every_attribute_that_is_missing_or_wrong_is_named() {
    let stored = item(5, Stage::SUCCEEDED, Some(30)).item();
    for name in [
        "movement_kind",
        "movement_id",
        "movement_state",
        "movement_rank",
        "version",
        "amount_tells",
        "amount_rank",
    ] {
        let mut less = stored.clone();
        less.remove(name);
        let said = StoredTransaction::from_item(less).and_then(|it| it.movement());
        assert!(said.is_err(), "{name}");
        let mut other = stored.clone();
        other.insert(name.to_owned(), Attribute::Text("no such thing".into()));
        let said = StoredTransaction::from_item(other).and_then(|it| it.movement());
        assert!(said.is_err(), "{name}");
    }
    let mut event = StoredTransaction::from(&record(5, refund(Stage::PENDING, None)));
    assert_eq!(event.tells, ["refund#re_1"]);
    assert_eq!(event.movement(), Err(StoredError::Attribute("record_type")));
    event.movement = item(5, Stage::PENDING, None).movement;
    assert!(!event.agrees());
}

#[test]
fn what_was_fetched_once_says_so_whatever_is_sent_later() {
    let mut fetched = item(1_000, Stage::PENDING, Some(300));
    fetched.fetched = Some("then".to_owned());
    let sent = item(2_000, Stage::SUCCEEDED, Some(300));
    let raised = fetched.raised(&sent).unwrap().unwrap();
    assert_eq!(raised.fetched.as_deref(), Some("then"));
    let mut again = item(3_000, Stage::FAILED, None);
    again.fetched = Some("now".to_owned());
    let raised = raised.raised(&again).unwrap().unwrap();
    assert_eq!(raised.fetched.as_deref(), Some("now"));
}
