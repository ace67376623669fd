//! Which money a Checkout.com event tells.
//!
//! Source, read 2026-11-27:
//! <https://www.checkout.com/docs/developer-resources/event-notifications/event-types> and its
//! pages per type: `action_id`, `amount` of the action, `balances` of the payment; what a dispute
//! debits and credits when.
//!
//! An authorisation and its end bear the payment's id, each capture and refund an action's, a
//! dispute its own. `balances` are totals: of them only what is authorised in all is read, where an
//! authorisation is increased. A resolved dispute had been refunded before, and holds nothing.
//!
//! Assumed: pending, done and declined are told under one action; a dispute that was received is
//! debited as one that needs evidence is; a payout that is approved is on its way until it is paid.
//! `payment_chargeback` of the previous platform tells what `dispute_received` does and has no id
//! of the dispute, so it tells nothing; what a returned payment undoes is not documented, so it
//! counts as an attempt that failed.

use payment_event::{Amount, Identifier, MovementKind, MovementState, PaymentStatus, Stage};

use super::{Data, EXPONENTS};
use crate::amounts::minor_text_amount;
use crate::facts::Facts;
use crate::json::scalar;
use crate::movements::Tell;

/// An authorisation that was increased.
const INCREASED: Stage = Stage::new(31, MovementState::Succeeded);

/// The movements of an event.
pub(super) fn movements(
    kind: &str,
    status: PaymentStatus,
    data: &Data<'_>,
    amount: Option<&Amount>,
) -> Vec<Tell> {
    use MovementKind::{Authorisation, Capture, Dispute, Payout, Refund};
    let id = |raw| Facts::default().id(raw);
    let (own, action) = (id(data.id), id(data.action_id));
    let (own, action) = (own.as_ref(), action.as_ref());
    let amount = amount.cloned();
    let of = |kind, id: Option<&Identifier>, stage, amount| {
        Tell::of(kind, id, stage).map(|t| t.own(amount).under(id))
    };
    if status == PaymentStatus::Payout {
        let named = id(data.payout_id);
        let stage = match kind {
            "payment_paid" | "payout_paid" => Stage::SUCCEEDED,
            "payment_approved" => Stage::PENDING,
            _ => Stage::FAILED,
        };
        let payout = of(Payout, named.as_ref().or(own), stage, amount);
        return payout.into_iter().collect();
    }
    let of_payment = own.filter(|id| id.as_str().starts_with("pay_"));
    let one = match kind {
        "payment_approved" | "payment_authorized" => {
            let authorised = Tell::of(Authorisation, of_payment, Stage::SUCCEEDED);
            authorised.map(|t| t.standing(amount))
        }
        "payment_authorization_incremented" => {
            let total = scalar(data.balances.total_authorized);
            let total = minor_text_amount(&total, &scalar(data.currency), &EXPONENTS).ok();
            Tell::of(Authorisation, of_payment, INCREASED).map(|t| t.standing(total.flatten()))
        }
        "payment_declined" | "payment_authentication_failed" | "payment_returned" => {
            Tell::of(Capture, of_payment, Stage::REFUSED).map(|t| t.standing(amount))
        }
        "payment_voided" | "payment_canceled" | "payment_expired" => {
            // One that was still pending was never authorised; its amount gives the currency.
            let ended = Tell::of(Authorisation, of_payment, Stage::VOIDED);
            let never = Tell::of(Capture, of_payment, Stage::VOIDED);
            let never = never.map(|t| t.standing(amount));
            return ended.into_iter().chain(never).collect();
        }
        "payment_capture_pending" => of(Capture, action, Stage::PENDING, amount),
        "payment_captured" => of(Capture, action, Stage::SUCCEEDED, amount),
        "payment_capture_declined" => of(Capture, action, Stage::FAILED, amount),
        "payment_refund_pending" => of(Refund, action, Stage::PENDING, amount),
        "payment_refunded" => of(Refund, action, Stage::SUCCEEDED, amount),
        "payment_refund_declined" => of(Refund, action, Stage::FAILED, amount),
        _ => dispute(kind, status).and_then(|stage| of(Dispute, own, stage, amount)),
    };
    one.into_iter().collect()
}

fn dispute(kind: &str, status: PaymentStatus) -> Option<Stage> {
    let what = kind.strip_prefix("dispute_")?;
    match status {
        PaymentStatus::Disputed => Some(Stage::OPEN),
        PaymentStatus::DisputeWon => Some(Stage::WON),
        PaymentStatus::DisputeLost if what == "arbitration_lost" => Some(Stage::LOST_AGAIN),
        PaymentStatus::DisputeLost => Some(Stage::LOST),
        _ => None,
    }
}
