//! The plan: one record per event of the batch, in the group it belongs to.

use std::collections::BTreeMap;

use payment_event::{EventIdentity, Identifier, PaymentEvent, PaymentStatus};

use crate::plan::{DEDUPE_TTL_SECONDS, PlannedEvent, RETRY_HORIZON_SECONDS, archive_shard, plan};
use crate::storage::AuditPointer;

fn planned(message: usize, id: &str, guard: Option<&str>) -> PlannedEvent {
    let identity = guard.map_or(EventIdentity::Key, |text| {
        EventIdentity::Guard(text.to_owned())
    });
    let event = PaymentEvent {
        provider: "p".into(),
        event_id: Identifier::new(id).unwrap(),
        event_type: "t".into(),
        status: PaymentStatus::Captured,
        transaction_id: Identifier::new("x").unwrap(),
        amount: None,
        merchant_account: None,
        event_time: "2026-01-02T03:04:05Z".parse().unwrap(),
        identity,
        related_ids: BTreeMap::new(),
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
        audit,
    }
}

#[test]
fn repeated_events_share_a_record_and_guards_stand_apart() {
    let events = [
        planned(0, "a", None),
        planned(0, "b", Some("g")),
        planned(1, "a", None),
        planned(1, "c", None),
        planned(2, "d", Some("g")),
        planned(2, "a", None),
    ];
    let plan = plan(events);
    let ids = |group: &crate::plan::Group| {
        group
            .records
            .iter()
            .map(|r| r.event.event_id.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&plan.plain), ["a", "c"]);
    assert_eq!(plan.plain.owners, [vec![0, 1, 2], vec![1]]);
    assert_eq!(
        ids(&plan.guarded),
        ["b"],
        "the guard, not the event id, says that it is the same event"
    );
    assert_eq!(plan.guarded.owners, [vec![0, 2]]);
    assert_eq!(
        plan.plain.records[0].audit.offset_bytes, 0,
        "the pointer of the message that the record is made of"
    );
}

#[test]
fn a_guard_outlives_every_redelivery() {
    let plan = plan([planned(0, "a", Some("g"))]);
    // Received 1.5 s before the epoch, which is in second -2: never rounded up.
    assert_eq!(
        plan.guarded.records[0].guard_expires_at_s,
        DEDUPE_TTL_SECONDS - 2
    );
}

#[test]
fn archive_shard_is_the_day_and_the_first_hash_byte() {
    // `printf 'stripe:pi_1' | sha256sum` begins with a2, `adyen:8835` with ce.
    for (id, at_ms, expected) in [
        ("stripe:pi_1", 1_767_326_645_250, "2026-01-02#02"),
        ("stripe:pi_1", 1_767_398_399_999, "2026-01-02#02"),
        ("stripe:pi_1", 1_767_398_400_000, "2026-01-03#02"),
        ("adyen:8835", 1_767_326_645_250, "2026-01-02#14"),
    ] {
        assert_eq!(archive_shard(id, at_ms), expected);
    }
}

#[test]
fn a_guard_outlives_every_providers_last_attempt() {
    for provider in provider_webhooks::providers::ALL {
        let info = provider.info();
        let horizon = info.delivery.retry_horizon_seconds.unwrap_or(0);
        assert!(i64::from(horizon) <= RETRY_HORIZON_SECONDS, "{}", info.name);
    }
}
