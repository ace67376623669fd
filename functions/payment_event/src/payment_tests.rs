//! The fold of a payment: one row a rule, and the properties of joining.
use proptest::prelude::*;

use super::*;
use crate::{ExponentSource, Identifier, MinorUnits, Stage, Tells, Told};

fn amount(minor: i64, currency: &str) -> Amount {
    Amount {
        minor: MinorUnits(minor),
        currency: CurrencyCode::parse(currency).expect("a currency"),
        exponent: 2,
        exponent_source: ExponentSource::IsoDefault,
        text: minor.to_string(),
    }
}

fn movement(kind: MovementKind, id: &str, stage: Stage, minor: Option<i64>) -> Movement {
    Movement {
        kind,
        id: Identifier::new(id).expect("an id"),
        payment: Identifier::new("p").expect("an id"),
        stage,
        money: minor.map(|minor| Told {
            tells: Tells::Own,
            rank: stage.rank,
            amount: amount(minor, "EUR"),
            at: None,
        }),
        problems: BTreeSet::new(),
    }
}

#[test]
fn what_a_lost_dispute_gave_back_is_not_taken_twice() {
    let capture = movement(MovementKind::Capture, "c", Stage::SUCCEEDED, Some(100));
    let refund = |id, minor| movement(MovementKind::Refund, id, Stage::SUCCEEDED, Some(minor));
    let dispute = |id, stage, tells| {
        let mut dispute = movement(MovementKind::Dispute, id, stage, Some(40));
        dispute.money.iter_mut().for_each(|told| told.tells = tells);
        dispute
    };
    let lost = || dispute("d", Stage::LOST, Tells::Refunded);
    let open = || dispute("d", Stage::OPEN, Tells::Standing);
    for (movements, refunded, disputed, state) in [
        (vec![lost()], 0, 40, PaymentState::DisputeLost),
        (
            vec![lost(), refund("r", 40)],
            40,
            0,
            PaymentState::DisputeLost,
        ),
        (
            vec![lost(), refund("r", 30)],
            30,
            40,
            PaymentState::DisputeLost,
        ),
        (
            vec![lost(), refund("r", 40), refund("s", 40)],
            80,
            0,
            PaymentState::DisputeLost,
        ),
        (
            vec![
                lost(),
                dispute("e", Stage::LOST, Tells::Refunded),
                refund("r", 40),
            ],
            40,
            40,
            PaymentState::DisputeLost,
        ),
        // While it is open nothing was given back for it.
        (
            vec![open(), refund("r", 40)],
            40,
            40,
            PaymentState::Disputed,
        ),
        // Elsewhere a refund and a dispute are two.
        (
            vec![dispute("d", Stage::LOST, Tells::Own), refund("r", 40)],
            40,
            40,
            PaymentState::DisputeLost,
        ),
    ] {
        let mut movements = movements;
        movements.push(capture.clone());
        let payment = Payment::of(&movements);
        let sums = (payment.refunded, payment.disputed, payment.state);
        assert_eq!(sums, (Some(refunded), Some(disputed), state));
    }
}

#[test]
fn a_row_for_every_rule() {
    use MovementKind::{
        Authorisation as A, Capture as C, CaptureTotal as CT, Dispute as D, DisputeReversal as DR,
        Payout as P, Refund as R, RefundTotal as RT,
    };
    use PaymentState as S;
    type Row = (MovementKind, &'static str, Stage, Option<i64>);
    type Sums = (Option<i128>, Option<i128>, Option<i128>, Option<i128>);
    let ok = Stage::SUCCEEDED;
    #[rustfmt::skip]
    let table: Vec<(Vec<Row>, Sums, S)> = vec![
        (vec![], (None, Some(0), Some(0), Some(0)), S::Pending),
        (vec![(C, "c", Stage::PENDING, Some(5))], (None, Some(0), Some(0), Some(0)), S::Pending),
        (vec![(C, "c", Stage::REFUSED, Some(5))], (None, Some(0), Some(0), Some(0)), S::Failed),
        (vec![(A, "a", Stage::REFUSED, Some(5))], (None, Some(0), Some(0), Some(0)), S::Failed),
        (vec![(A, "a", ok, Some(5))], (Some(5), Some(0), Some(0), Some(0)), S::Authorised),
        (vec![(A, "a", Stage::VOIDED, Some(5))], (Some(5), Some(0), Some(0), Some(0)), S::Voided),
        (vec![(C, "c", Stage::VOIDED, Some(5))], (None, Some(0), Some(0), Some(0)), S::Voided),
        (vec![(A, "a", ok, Some(5)), (C, "c", ok, Some(3))], (Some(5), Some(3), Some(0), Some(0)), S::PartiallyCaptured),
        (vec![(C, "c", ok, Some(3)), (C, "d", ok, Some(4))], (None, Some(7), Some(0), Some(0)), S::Captured),
        (vec![(C, "c", ok, None), (C, "d", ok, Some(4))], (None, None, Some(0), Some(0)), S::Captured),
        // A trial takes nothing, and is paid.
        (vec![(C, "c", ok, Some(0))], (None, Some(0), Some(0), Some(0)), S::Captured),
        (vec![(C, "c", Stage::PENDING, Some(9)), (R, "r", ok, Some(4))], (None, None, Some(4), Some(0)), S::PartiallyRefunded),
        (vec![(CT, "o", ok, Some(9)), (C, "d", ok, Some(4))], (None, Some(4), Some(0), Some(0)), S::Captured),
        (vec![(CT, "o", ok, Some(9)), (C, "d", Stage::REFUSED, Some(4))], (None, Some(9), Some(0), Some(0)), S::Captured),
        (vec![(C, "c", ok, Some(9)), (R, "r", ok, Some(4)), (RT, "c", ok, Some(5))], (None, Some(9), Some(4), Some(0)), S::PartiallyRefunded),
        (vec![(C, "c", ok, Some(9)), (RT, "c", ok, Some(9))], (None, Some(9), Some(9), Some(0)), S::Refunded),
        (vec![(C, "c", ok, Some(9)), (R, "r", Stage::FAILED, Some(4)), (RT, "c", ok, Some(4))], (None, Some(9), Some(0), Some(0)), S::Captured),
        // Released, and told as a refund.
        (vec![(A, "a", Stage::VOIDED, Some(9)), (R, "r", ok, Some(9))], (Some(9), Some(0), Some(0), Some(0)), S::Voided),
        // Captured without an event that says so.
        (vec![(A, "a", ok, Some(9)), (R, "r", ok, Some(4))], (Some(9), None, Some(4), Some(0)), S::PartiallyRefunded),
        (vec![(A, "a", ok, Some(9)), (R, "r", ok, Some(9))], (Some(9), None, Some(9), Some(0)), S::Refunded),
        (vec![(C, "c", ok, None), (R, "r", ok, None)], (None, None, None, Some(0)), S::PartiallyRefunded),
        (vec![(C, "c", ok, Some(9)), (D, "d", Stage::OPEN, Some(9))], (None, Some(9), Some(0), Some(9)), S::Disputed),
        (vec![(C, "c", ok, Some(9)), (D, "d", Stage::LOST, Some(9))], (None, Some(9), Some(0), Some(9)), S::DisputeLost),
        (vec![(C, "c", ok, Some(9)), (D, "d", Stage::WON, Some(9))], (None, Some(9), Some(0), Some(0)), S::Captured),
        (vec![(C, "c", ok, Some(9)), (D, "d", Stage::ANNOUNCED, Some(9))], (None, Some(9), Some(0), Some(0)), S::Disputed),
        (vec![(C, "c", ok, None), (D, "d", Stage::OPEN, None)], (None, None, Some(0), None), S::Disputed),
        // Given back under an id of its own, and by the chargeback's own state: once.
        (vec![(C, "c", ok, Some(9)), (D, "d", Stage::OPEN, Some(9)), (DR, "e", ok, Some(9))], (None, Some(9), Some(0), Some(0)), S::Captured),
        (vec![(C, "c", ok, Some(9)), (D, "d", Stage::WON, Some(9)), (DR, "e", ok, Some(9))], (None, Some(9), Some(0), Some(0)), S::Captured),
        (vec![(C, "c", ok, Some(9)), (D, "d", Stage::WON, Some(4)), (D, "f", Stage::OPEN, Some(5)), (DR, "e", ok, Some(4))], (None, Some(9), Some(0), Some(5)), S::Disputed),
    ];
    for (rows, sums, state) in table {
        let rows: Vec<_> = rows
            .iter()
            .map(|(k, id, s, m)| movement(*k, id, *s, *m))
            .collect();
        let got = Payment::of(&rows);
        let money = (got.authorised, got.captured, got.refunded, got.disputed);
        assert_eq!((money, got.state), (sums, state), "{rows:?}");
        assert_eq!(got.problems, BTreeSet::new(), "{rows:?}");
        assert_eq!(got.paid_out, None);
    }
    for (stage, state, paid) in [
        (Stage::PENDING, S::Pending, Some(0)),
        (ok, S::PayoutPaid, Some(7)),
        (Stage::FAILED, S::PayoutFailed, Some(0)),
    ] {
        let got = Payment::of(&[movement(P, "p", stage, Some(7))]);
        assert_eq!((got.state, got.paid_out), (state, paid));
    }
}

#[test]
fn what_contradicts_itself_is_named() {
    use MovementKind::{Capture, Dispute, Refund};
    let ok = Stage::SUCCEEDED;
    let capture = movement(Capture, "c", ok, Some(5));
    let beyond = Payment::of(&[capture.clone(), movement(Refund, "r", ok, Some(6))]);
    assert_eq!(
        beyond.problems,
        BTreeSet::from([Problem::RefundBeyondCapture])
    );
    let alone = Payment::of(&[movement(Dispute, "d", Stage::OPEN, Some(6))]);
    assert_eq!(
        alone.problems,
        BTreeSet::from([Problem::DisputeWithoutPayment])
    );
    let mut yen = movement(Refund, "r", ok, None);
    yen.money = Some(Told {
        tells: Tells::Own,
        rank: 30,
        amount: amount(3, "JPY"),
        at: None,
    });
    let mixed = Payment::of(&[capture, yen]);
    assert_eq!(mixed.problems, BTreeSet::from([Problem::CurrencyDiffers]));
    assert_eq!((mixed.captured, mixed.refunded), (Some(5), None));
}

#[test]
fn sums_are_wider_than_amounts() {
    let rows: Vec<_> = ["a", "b", "c"]
        .map(|id| movement(MovementKind::Capture, id, Stage::SUCCEEDED, Some(i64::MAX)))
        .into();
    assert_eq!(Payment::of(&rows).captured, Some(3 * i128::from(i64::MAX)));
}

#[test]
fn stored_text_and_json_agree() {
    for state in PaymentState::ALL {
        let json = serde_json::to_string(&state).expect("serialises");
        assert_eq!(json, format!("\"{}\"", state.as_str()));
    }
}

proptest! {
    #[test]
    fn the_order_of_movements_does_not_matter(
        rows in prop::collection::vec((0..8_usize, 0..3_usize, 0..6_usize, prop::option::of(0..100_i64)), 0..8),
        turn in 0..8_usize,
    ) {
        let stages = [Stage::PENDING, Stage::REFUSED, Stage::SUCCEEDED, Stage::VOIDED, Stage::FAILED, Stage::ANNOUNCED];
        let mut seen = BTreeSet::new();
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|(kind, id, stage, minor)| movement(MovementKind::ALL[kind], ["a", "b", "c"][id], stages[stage], minor))
            .filter(|m| seen.insert(m.sort_key()))
            .collect();
        let folded = Payment::of(&rows);
        rows.reverse();
        prop_assert_eq!(&folded, &Payment::of(&rows));
        let turn = turn.min(rows.len());
        rows.rotate_left(turn);
        prop_assert_eq!(&folded, &Payment::of(&rows));
    }
}
