//! The plan: one record per event of the batch.

use std::collections::{BTreeMap, BTreeSet};

use payment_event::{Identifier, Movement, MovementKind, PaymentEvent, PaymentStatus, Stage};

use crate::aggregate::{COUNTED_DAYS, MINUTES_KEPT_DAYS, SUMMED_DAYS};
use crate::plan::{
    GRACE_DAYS, MOVEMENT_TABLE_DAYS, PlannedEvent, TABLE_DAYS, TOO_OLD_SECONDS, UNDATED_TABLE_DAYS,
    expires_at, plan,
};
use crate::storage::{AuditPointer, Over, Write};
use crate::stored::StoredTransaction;

fn planned(message: usize, id: &str, dated: bool) -> PlannedEvent {
    let event = PaymentEvent {
        provider: "p".into(),
        event_id: Identifier::new(id).unwrap(),
        event_type: "t".into(),
        status: PaymentStatus::Captured,
        transaction_id: Identifier::new("x").unwrap(),
        amount: None,
        merchant_account: None,
        event_time: Some("2026-01-02T03:04:05Z".parse().unwrap()),
        dated,
        problems: BTreeSet::new(),
        related_ids: BTreeMap::new(),
        movements: Vec::new(),
    };
    let audit = AuditPointer {
        key: "k".into(),
        offset_bytes: message as u64,
        length_bytes: 1,
    };
    PlannedEvent {
        message,
        event,
        message_id: format!("m{message}"),
        received_at_ms: -1_500,
        queued_at_ms: -1_500,
        audit,
        fetched: None,
    }
}

#[test]
fn repeated_events_share_a_record() {
    let plan = plan([
        planned(0, "a", true),
        planned(0, "b", false),
        planned(1, "a", true),
        planned(1, "c", true),
        planned(2, "b", false),
        planned(2, "a", true),
        // The same id with and without a signed time are two keys.
        planned(3, "a", false),
    ]);
    let keys: Vec<_> = plan
        .writes
        .iter()
        .map(|write| write.key().timestamp)
        .collect();
    let at = "2026-01-02T03:04:05.000000000Z";
    let expected = [
        format!("{at}#a"),
        "undated#b".to_owned(),
        format!("{at}#c"),
        "undated#a".to_owned(),
    ];
    assert_eq!(keys, expected);
    assert_eq!(plan.owners, [vec![0, 1, 2], vec![0, 2], vec![1], vec![3]]);
    let Write::Event(first) = &plan.writes[0] else {
        panic!("no event");
    };
    assert_eq!(
        first.audit.offset_bytes, 0,
        "the pointer of the message that the record is made of"
    );
}

#[test]
fn an_item_expires_by_what_it_is_and_by_its_last_time_in_the_queue() {
    let days = |seconds: i64| (seconds + 2) / 86_400;
    let mut event = planned(0, "a", true);
    event.event.movements = vec![capture("c1", Stage::PENDING)];
    let expiry = |event: PlannedEvent| {
        let plan = plan([event]);
        let items = plan.writes.iter().map(|write| match write {
            Write::Event(record) => StoredTransaction::from(&**record).expires_at,
            Write::Movement(item, _) => item.expires_at,
        });
        items.map(days).collect::<Vec<_>>()
    };
    assert_eq!(expiry(event.clone()), [414, 104]);
    event.event.dated = false;
    assert_eq!(expiry(event.clone()), [414, 414]);
    event.event.dated = true;
    event.queued_at_ms += 30 * 86_400_000;
    assert_eq!(expiry(event), [444, 134]);
    assert_eq!(expires_at(-1, 0), 14 * 86_400 - 1);
}

#[test]
fn a_movement_stays_longer_each_time_that_a_telling_changes_it() {
    let telling = |days: i64, stage| {
        let mut event = planned(0, "a", true);
        event.queued_at_ms += days * 86_400_000;
        event.event.movements = vec![capture("c1", stage)];
        match plan([event]).writes.remove(0) {
            Write::Movement(item, _) => *item,
            Write::Event(_) => panic!("no movement"),
        }
    };
    let first = telling(0, Stage::PENDING);
    let later = telling(7, Stage::SUCCEEDED);
    let raised = first.raised(&later).unwrap().unwrap();
    assert_eq!(raised.expires_at, first.expires_at + 7 * 86_400);
    let earlier = telling(-7, Stage::SUCCEEDED);
    let raised = first.raised(&earlier).unwrap().unwrap();
    assert_eq!(raised.expires_at, first.expires_at, "never lowered");
}

#[test]
fn the_days_are_those_of_the_stack() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/limits.json");
    let text = std::fs::read_to_string(path).unwrap();
    let limits: serde_json::Value = serde_json::from_str(&text).unwrap();
    let archive = &limits["archive"];
    assert_eq!(archive["table_days"], TABLE_DAYS);
    assert_eq!(archive["undated_table_days"], UNDATED_TABLE_DAYS);
    assert_eq!(archive["movement_table_days"], MOVEMENT_TABLE_DAYS);
    assert_eq!(archive["grace_days"], GRACE_DAYS);
    assert_eq!(archive["too_old_days"], TOO_OLD_SECONDS / 86_400);
    let analytics = &limits["analytics"];
    assert_eq!(analytics["counted_days"], COUNTED_DAYS);
    assert_eq!(analytics["summed_days"], SUMMED_DAYS);
    assert_eq!(analytics["minutes_kept_days"], MINUTES_KEPT_DAYS);
}

fn capture(id: &str, stage: Stage) -> Movement {
    Movement {
        kind: MovementKind::Capture,
        id: Identifier::new(id).unwrap(),
        payment: Identifier::new("x").unwrap(),
        stage,
        money: None,
        problems: BTreeSet::new(),
    }
}

#[test]
fn what_is_too_old_is_older_than_any_first_delivery() {
    // A provider delivers an event for the first time, and repeats it, within its retry horizon.
    for provider in provider_webhooks::providers::ALL {
        let info = provider.info();
        let horizon = info.delivery.retry_horizon_seconds.unwrap_or(0);
        assert!(i64::from(horizon) <= TOO_OLD_SECONDS, "{}", info.name);
    }
}

#[test]
fn a_movement_that_several_events_tell_is_one_write() {
    let mut events = [
        planned(0, "a", true),
        planned(1, "b", true),
        planned(2, "a", true),
    ];
    events[0].event.movements = vec![capture("c1", Stage::PENDING), capture("c2", Stage::PENDING)];
    events[1].event.movements = vec![capture("c1", Stage::SUCCEEDED)];
    events[2].event.movements = vec![capture("c1", Stage::PENDING)];
    let plan = plan(events);
    let at = "2026-01-02T03:04:05.000000000Z";
    let keys: Vec<_> = plan
        .writes
        .iter()
        .map(|write| write.key().timestamp)
        .collect();
    let expected = [
        "movement#capture#c1",
        "movement#capture#c2",
        &format!("{at}#a"),
        &format!("{at}#b"),
    ];
    assert_eq!(keys, expected);
    assert_eq!(plan.owners, [vec![0, 1, 2], vec![0], vec![0, 2], vec![1]]);
    let Write::Movement(item, Over::Nothing) = &plan.writes[0] else {
        panic!("no movement");
    };
    assert_eq!(item.movement().unwrap().stage, Stage::SUCCEEDED);
    assert_eq!(item.message_id, "m1");
}
