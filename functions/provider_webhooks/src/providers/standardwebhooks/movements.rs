//! Which money an event of Standard Webhooks tells.
//!
//! The specification says nothing of payments, so everything here is an assumption: that the common
//! types mean what they say; that a payment is captured once, under its id; that `data.id` of a
//! refund, a dispute and a payout is its own (Dodo Payments writes `refund_id` and `dispute_id`);
//! that a refund's and a dispute's amount is its own. `payment.refunded` names no refund: it tells
//! the total of the payment.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

use super::Data;
use crate::facts::Facts;
use crate::movements::Tell;

/// The movement of an event with this meaning and amount. `payment` is what the event is filed
/// under, `own` the id of the object in it.
pub(super) fn movement(
    kind: &str,
    status: PaymentStatus,
    data: &Data<'_>,
    [payment, own]: [Option<&Identifier>; 2],
    amount: Option<Amount>,
) -> Option<Tell> {
    use MovementKind::{Authorisation, Capture, Dispute, Payout, Refund, RefundTotal};
    use PaymentStatus::{
        Authorised, Captured, DisputeLost, DisputeWon, Disputed, Failed, Pending, RefundFailed,
        Refunded, Voided,
    };
    let named = |raw| Facts::default().chosen_id(raw);
    let (first, _) = kind.split_once('.')?;
    let (kind, stage) = match (first, status) {
        ("payment", Authorised) => (Authorisation, Stage::SUCCEEDED),
        ("payment", Pending) => (Capture, Stage::PENDING),
        ("payment", Failed) => (Capture, Stage::REFUSED),
        ("payment", Captured) => (Capture, Stage::SUCCEEDED),
        ("payment", Voided) => (Capture, Stage::VOIDED),
        ("payment", Refunded) => (RefundTotal, Stage::SUCCEEDED),
        ("refund", Pending) => (Refund, Stage::PENDING),
        ("refund", Refunded) => (Refund, Stage::SUCCEEDED),
        ("refund", RefundFailed) => (Refund, Stage::FAILED),
        ("dispute", Disputed) => (Dispute, Stage::OPEN),
        ("dispute", DisputeLost) => (Dispute, Stage::LOST),
        ("dispute", DisputeWon) => (Dispute, Stage::WON),
        ("payout", PaymentStatus::Payout) => (Payout, Stage::SUCCEEDED),
        _ => return None,
    };
    let own = own.cloned().or_else(|| match kind {
        Refund => named(data.refund_id),
        Dispute => named(data.dispute_id),
        _ => None,
    });
    let id = match first {
        "payment" => payment,
        _ => own.as_ref(),
    };
    // Nothing says that two types state the same amount.
    Some(Tell::of(kind, id, stage)?.standing(amount))
}
