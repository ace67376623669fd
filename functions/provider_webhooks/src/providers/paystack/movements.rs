//! Which money an event of Paystack's tells.
//!
//! Source: the samples in <https://github.com/PaystackOSS/doc-code-snippets>, read 2026-11-27.
//!
//! A payment has one capture, which is known by the reference of its transaction, whether it was
//! charged at once or reserved before. A refund's id is `refund_reference`, which is null while it
//! is pending, else `id`. One that is processed without either may be the same as another: money
//! moved, and its amount is not told.
//!
//! Assumptions: a dispute holds its `refund_amount` from its beginning, an accepted one keeps it
//! (whether `refund.*` comes beside it is open: then both are told), `amount` of a
//! preauthorisation is what was reserved, and a rejected bank transfer or a failed charge may be
//! followed by one that succeeds.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

use super::{Data, EXPONENTS, status};
use crate::amounts::minor_text_amount;
use crate::facts::Facts;
use crate::json::scalar;
use crate::movements::Tell;

/// The movements of an event of this payment, whose amount is this one.
pub(super) fn movements(
    kind: &str,
    data: &Data<'_>,
    payment: Option<&Identifier>,
    amount: Option<&Amount>,
) -> Vec<Tell> {
    use MovementKind::{Authorisation, Capture, Payout};
    let mut facts = Facts::default();
    let own = |kind, id, stage| Tell::of(kind, id, stage).map(|told| told.own(amount.cloned()));
    let refused =
        || Tell::of(Capture, payment, Stage::REFUSED).map(|told| told.standing(amount.cloned()));
    let reserved = |stage| {
        let currency = data.currency.or(data.transaction.currency);
        let reserved = minor_text_amount(&scalar(data.amount), &scalar(currency), &EXPONENTS);
        let reserved = reserved.ok().flatten();
        Tell::of(Authorisation, payment, stage).map(|told| told.own(reserved))
    };
    let one = match kind {
        "charge.success" | "preauthorization.capture.success" => {
            own(Capture, payment, Stage::SUCCEEDED)
        }
        "charge.failed" | "bank.transfer.rejected" | "preauthorization.capture.failed" => refused(),
        "preauthorization.reserve.success" => reserved(Stage::SUCCEEDED),
        "preauthorization.release.success" => reserved(Stage::VOIDED),
        "refund.pending" | "refund.processing" | "refund.needs-attention" => {
            refund(data, payment, Stage::PENDING, amount)
        }
        "refund.processed" => refund(data, payment, Stage::SUCCEEDED, amount),
        "refund.failed" => refund(data, payment, Stage::FAILED, amount),
        "charge.dispute.create" | "charge.dispute.remind" | "charge.dispute.resolve" => {
            let stage = match status(kind, data) {
                PaymentStatus::DisputeWon => Stage::WON,
                PaymentStatus::DisputeLost => Stage::LOST,
                _ => Stage::OPEN,
            };
            let id = facts.id(data.id);
            let told = Tell::of(MovementKind::Dispute, id.as_ref(), stage);
            told.map(|told| told.standing(amount.cloned()))
        }
        "transfer.success" => own(Payout, facts.id(data.id).as_ref(), Stage::SUCCEEDED),
        "transfer.failed" | "transfer.reversed" => {
            own(Payout, facts.id(data.id).as_ref(), Stage::FAILED)
        }
        _ => None,
    };
    one.into_iter().collect()
}

fn refund(
    data: &Data<'_>,
    payment: Option<&Identifier>,
    stage: Stage,
    amount: Option<&Amount>,
) -> Option<Tell> {
    let id = Facts::default().id(data.refund_reference.or(data.id));
    match id {
        Some(id) => {
            Tell::of(MovementKind::Refund, Some(&id), stage).map(|told| told.own(amount.cloned()))
        }
        None if stage == Stage::SUCCEEDED => Tell::of(MovementKind::RefundTotal, payment, stage),
        None => None,
    }
}
