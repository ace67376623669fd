//! Which money a Razorpay event tells.
//!
//! Sources, read 2026-11-27: <https://razorpay.com/docs/webhooks/payloads/payments/>, the sample
//! payloads of refunds and disputes in <https://github.com/razorpay/markdown-docs>.
//!
//! A payment is captured whole, so `payment.captured` and `order.paid` tell one capture, under the
//! payment's id. A refund states its own amount and its state, which counts before the type:
//! `refund.created` may be processed already. The refund of a payment that was never captured ends
//! the authorisation. `amount_refunded` of the payment is a total that counts a failed refund, too,
//! and is not read. `amount_deducted` of a lost dispute is what was taken.
//!
//! Assumptions: an open dispute holds its amount (the pages disagree on when it is deducted); a
//! dispute keeps its id through its phases, and a later phase stands above the end of an earlier
//! one; a failed payment may still be authorised late, under the same id.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

use super::{EXPONENTS, Object};
use crate::amounts::minor_text_amount;
use crate::json::scalar;
use crate::movements::Tell;

/// What an event is about.
pub(super) struct About<'e, 'a> {
    pub(super) role: &'e str,
    pub(super) object: &'e Object<'a>,
    pub(super) id: Option<&'e Identifier>,
    /// The payment that stands in the payload, too, and its id.
    pub(super) holder: &'e Object<'a>,
    pub(super) payment: Option<&'e Identifier>,
}

/// The movement of an event with this meaning and amount.
pub(super) fn movement(
    kind: &str,
    status: PaymentStatus,
    about: &About<'_, '_>,
    amount: Option<Amount>,
) -> Option<Tell> {
    use MovementKind::{Authorisation, Capture, Payout};
    let of = |kind, stage| Some(Tell::of(kind, about.id, stage)?.own(amount.clone()));
    match (about.role, kind) {
        ("payment", "payment.authorized") => of(Authorisation, Stage::SUCCEEDED),
        ("payment", "payment.captured" | "order.paid") => of(Capture, Stage::SUCCEEDED),
        ("payment", "payment.failed") => of(Capture, Stage::REFUSED),
        ("refund", _) if kind.starts_with("refund.") => refund(status, about, amount),
        ("dispute", _) if kind.starts_with("payment.dispute.") => dispute(status, about, amount),
        ("payout", _) => of(Payout, payout(kind, &scalar(about.object.status))?),
        ("settlement", "settlement.processed") => of(Payout, Stage::SUCCEEDED),
        _ => None,
    }
}

fn refund(status: PaymentStatus, about: &About<'_, '_>, amount: Option<Amount>) -> Option<Tell> {
    let holder = about.holder;
    let stage = match status {
        PaymentStatus::Voided => {
            let (whole, currency) = (scalar(holder.amount), scalar(holder.currency));
            let whole = minor_text_amount(&whole, &currency, &EXPONENTS);
            let ended = Tell::of(MovementKind::Authorisation, about.payment, Stage::VOIDED)?;
            return Some(ended.own(whole.ok().flatten()));
        }
        // A release that is under way or did not succeed moves nothing either.
        _ if scalar(holder.captured) == "false" => return None,
        PaymentStatus::Refunded => Stage::SUCCEEDED,
        PaymentStatus::RefundFailed => Stage::FAILED,
        PaymentStatus::Pending => Stage::PENDING,
        _ => return None,
    };
    Some(Tell::of(MovementKind::Refund, about.id, stage)?.own(amount))
}

fn dispute(status: PaymentStatus, about: &About<'_, '_>, amount: Option<Amount>) -> Option<Tell> {
    let stage = match status {
        PaymentStatus::Disputed => Stage::OPEN,
        PaymentStatus::DisputeLost => Stage::LOST,
        PaymentStatus::DisputeWon => Stage::WON,
        _ => return None,
    };
    let phase = match scalar(about.object.phase).as_ref() {
        "pre_arbitration" => 100,
        "arbitration" => 200,
        _ => 0,
    };
    let stage = Stage::new(stage.rank + phase, stage.state);
    Some(Tell::of(MovementKind::Dispute, about.id, stage)?.standing(amount))
}

fn payout(kind: &str, state: &str) -> Option<Stage> {
    let state = match kind {
        "payout.updated" => state,
        kind => kind.strip_prefix("payout.")?,
    };
    Some(match state {
        "processed" => Stage::SUCCEEDED,
        // What was processed may be reversed.
        "failed" | "rejected" | "reversed" | "cancelled" => Stage::FAILED,
        "initiated" | "pending" | "processing" | "queued" | "scheduled" => Stage::PENDING,
        _ => return None,
    })
}
