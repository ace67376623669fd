//! Which events make one payment.
use std::collections::BTreeMap;

use super::*;
use crate::{Identifier, PaymentState, Stage};

fn id(text: &str) -> Identifier {
    Identifier::new(text).expect("an id")
}

fn event(
    transaction_id: &str,
    status: PaymentStatus,
    related: &[(&str, &str)],
    movements: &[(MovementKind, &str, Stage)],
) -> PaymentEvent {
    let related_ids = related
        .iter()
        .map(|(role, other)| ((*role).to_owned(), id(other)));
    let movements = movements.iter().map(|(kind, own, stage)| Movement {
        kind: *kind,
        id: id(own),
        payment: id(transaction_id),
        stage: *stage,
        money: None,
        problems: BTreeSet::new(),
    });
    PaymentEvent {
        provider: "p".into(),
        event_id: id("e"),
        event_type: "t".into(),
        status,
        transaction_id: id(transaction_id),
        amount: None,
        merchant_account: None,
        event_time: None,
        dated: false,
        problems: BTreeSet::new(),
        related_ids: related_ids.collect::<BTreeMap<_, _>>(),
        movements: movements.collect(),
    }
}

fn told(events: &[PaymentEvent]) -> Vec<(String, PaymentState)> {
    let mut ledger = Ledger::default();
    events.iter().for_each(|event| ledger.add(event));
    let payments = ledger.payments();
    payments
        .into_iter()
        .map(|p| (p.transaction_id, p.payment.state))
        .collect()
}

#[test]
fn events_of_one_payment_meet_over_its_other_ids() {
    let captured = &[(MovementKind::Capture, "c1", Stage::SUCCEEDED)];
    let refunded = &[(MovementKind::Refund, "r1", Stage::SUCCEEDED)];
    let order = &[("order", "o1")];
    let mut events = vec![
        event("c1", PaymentStatus::Captured, order, captured),
        event("r1", PaymentStatus::Refunded, order, refunded),
        event(
            "c9",
            PaymentStatus::Captured,
            &[("customer", "u1")],
            captured,
        ),
        event("d1", PaymentStatus::Disputed, &[("customer", "u1")], &[]),
        event("i1", PaymentStatus::Unclassified, &[], &[]),
    ];
    events[2].movements[0].id = id("c9");
    let expected = [
        ("c1".to_owned(), PaymentState::PartiallyRefunded),
        ("c9".to_owned(), PaymentState::Captured),
        ("d1".to_owned(), PaymentState::Pending),
    ];
    assert_eq!(told(&events), expected);
    events.reverse();
    assert_eq!(told(&events), expected);
    events.extend(events.clone());
    assert_eq!(told(&events), expected);
}

#[test]
fn what_is_about_no_payment_stands_where_there_is_nothing_else() {
    let unknown = event("i1", PaymentStatus::Unclassified, &[], &[]);
    assert_eq!(told(&[unknown]), [("i1".to_owned(), PaymentState::Pending)]);
    assert_eq!(told(&[]), []);
}
