//! Which money an event of Airwallex's tells.
//!
//! Sources, read 2026-11-27: <https://www.airwallex.com/docs/payments/reference/payments-webhooks>,
//! <https://www.airwallex.com/docs/payments__disputes__dispute-flow>.
//!
//! Intent and attempt tell one authorisation, under the intent's id. A capture is the attempt's
//! own; `payment_intent.succeeded` states what was captured of the intent in all: it counts where
//! no attempt tells it. `capture_requested` may state a `captured_amount` of zero: then the capture
//! is known, and its amount is the intent's to tell, or the settlement's. Attempts that fail are
//! each a capture that failed: the intent may be paid by another one.
//!
//! Assumptions: an attempt that expires was never authorised; a payout that was sent is not there
//! before it is paid or settled, and one that failed is not retried under its id; a dispute keeps
//! its id in arbitration, which takes the money again.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};
use serde_json::value::RawValue;

use super::{Object, stage_is};
use crate::amounts::major_text_amount;
use crate::exponents::ISO_ONLY;
use crate::json::scalar;
use crate::movements::Tell;

/// The movements of an event. `ids` are those of the payment and of the event's object, `amount` is
/// the one of the event.
pub(super) fn movements(
    kind: &str,
    status: PaymentStatus,
    object: &Object<'_>,
    ids: (Option<&Identifier>, Option<&Identifier>),
    amount: Option<&Amount>,
) -> Vec<Tell> {
    use MovementKind::{Authorisation, Capture, CaptureTotal, Payout, Refund};
    let (payment, own) = ids;
    let money = |value: Option<&RawValue>| {
        major_text_amount(&scalar(value), &scalar(object.currency), &ISO_ONLY)
            .ok()
            .flatten()
    };
    let stated = money(object.captured_amount);
    let captured = stated.clone().filter(|amount| amount.minor.0 != 0);
    let of = |kind, id, stage| Tell::of(kind, id, stage).map(|told| told.own(amount.cloned()));
    let one = match kind {
        "payment_attempt.authorized"
        | "payment_intent.requires_capture"
        | "payment_intent.capture_required" => Tell::of(Authorisation, payment, Stage::SUCCEEDED)
            .map(|told| told.own(money(object.amount))),
        "payment_intent.cancelled" | "payment_attempt.cancelled" => {
            Tell::of(Authorisation, payment, Stage::VOIDED)
        }
        "payment_attempt.capture_requested" if stated.is_some() && captured.is_none() => {
            Tell::of(CaptureTotal, payment, Stage::SUCCEEDED)
        }
        "payment_attempt.capture_requested"
        | "payment_attempt.settled"
        | "payment_attempt.paid" => Tell::of(Capture, own, Stage::SUCCEEDED)
            .map(|told| told.total(captured.or_else(|| money(object.amount)))),
        "payment_intent.succeeded" => Tell::of(CaptureTotal, payment, Stage::SUCCEEDED)
            .map(|told| told.total(captured.or_else(|| money(object.amount)))),
        "payment_attempt.capture_failed" => {
            Tell::of(Capture, own, Stage::FAILED).map(|told| told.standing(money(object.amount)))
        }
        _ if kind.starts_with("payment_attempt.") => match status {
            PaymentStatus::Failed | PaymentStatus::Voided => Tell::of(Capture, own, Stage::REFUSED)
                .map(|told| told.standing(money(object.amount))),
            _ => None,
        },
        "refund.received" | "refund.accepted" | "refund.processing" => {
            of(Refund, own, Stage::PENDING)
        }
        "refund.settled" | "refund.succeeded" => of(Refund, own, Stage::SUCCEEDED),
        "refund.failed" => of(Refund, own, Stage::FAILED),
        _ if kind.starts_with("payment_dispute.") => {
            dispute(status, object).and_then(|stage| of(MovementKind::Dispute, own, stage))
        }
        _ if status == PaymentStatus::Payout => of(Payout, own, payout(kind)),
        _ => None,
    };
    one.into_iter().collect()
}

/// What the last part of a payout's type says.
fn payout(kind: &str) -> Stage {
    match kind.rsplit('.').next().unwrap_or_default() {
        "paid" | "settled" => Stage::SUCCEEDED,
        "failed" | "cancelled" => Stage::FAILED,
        _ => Stage::PENDING,
    }
}

/// A dispute that was won may go on: each later round stands above those before it.
fn dispute(status: PaymentStatus, object: &Object<'_>) -> Option<Stage> {
    let stage = match status {
        PaymentStatus::Disputed => Stage::OPEN,
        PaymentStatus::DisputeLost => Stage::LOST,
        PaymentStatus::DisputeWon => Stage::WON,
        _ => return None,
    };
    let round = scalar(object.stage);
    let later = match &*round {
        round if stage_is(round, &["ARBITRATION"]) => 60,
        round if stage_is(round, &["PRE_ARBITRATION", "PRE-ARBITRATION"]) => 30,
        _ => 0,
    };
    Some(Stage::new(stage.rank.saturating_add(later), stage.state))
}
