//! Which money an event of Chargebee's tells.
//!
//! Source: <https://apidocs.chargebee.com/docs/api/transactions>, read 2026-11-27.
//!
//! A transaction is one movement, and its id names it in `payment_*`, `refund_*`,
//! `authorization_*` and `transaction_*` alike. A reversal undoes the payment that it names. Money
//! that was authorised is linked to its payment by `reference_authorization_id`.
//!
//! Assumptions: a chargeback (a refund whose method is `chargeback`) takes the money when it is
//! recorded, and no event tells how it ends; a reversal undoes the whole of its payment; a
//! transaction that timed out may still succeed.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

use super::Transaction;
use crate::json::scalar;
use crate::movements::Tell;

/// The movements of an event: `own` is the transaction's id, `undone` that of the payment which it
/// undoes.
pub(super) fn movements(
    kind: &str,
    status: PaymentStatus,
    transaction: &Transaction<'_>,
    (own, undone): (Option<&Identifier>, Option<&Identifier>),
    amount: Option<&Amount>,
) -> Vec<Tell> {
    use MovementKind::{Authorisation, Capture, Dispute, Refund};
    let stage = match status {
        PaymentStatus::Pending => Stage::PENDING,
        PaymentStatus::Authorised | PaymentStatus::Captured | PaymentStatus::Refunded => {
            Stage::SUCCEEDED
        }
        PaymentStatus::Disputed => Stage::OPEN,
        PaymentStatus::Voided => Stage::VOIDED,
        PaymentStatus::Failed if scalar(transaction.status) == "late_failure" => Stage::FAILED,
        PaymentStatus::Failed => Stage::REFUSED,
        PaymentStatus::RefundFailed => Stage::FAILED,
        _ => return Vec::new(),
    };
    let of = scalar(transaction.kind);
    // The event's type says it where the transaction does not.
    let of = match of.as_ref() {
        "" if kind == "payment_refunded" => "refund",
        "" => kind.split('_').next().unwrap_or_default(),
        of => of,
    };
    let told = |kind, id, stage| Tell::of(kind, id, stage).map(|told| told.own(amount.cloned()));
    let one = match of {
        "authorization" => told(Authorisation, own, stage),
        "payment" => told(Capture, own, stage),
        "refund" if stage == Stage::OPEN => told(Dispute, own, stage),
        "refund" => told(Refund, own, stage),
        "payment_reversal" => {
            Tell::of(Capture, undone, Stage::FAILED).map(|told| told.standing(amount.cloned()))
        }
        _ => None,
    };
    one.into_iter().collect()
}
