//! Which money a Square event tells.
//!
//! Sources, read 2026-11-27: <https://developer.squareup.com/reference/square/objects/Payment> (a
//! payment's states; `total_money` is `amount_money` and the tip), the reference's pages on refunds
//! and payouts, and article 6137 of Square's help (the disputed amount is held or debited at once,
//! and may be a part).
//!
//! A payment is authorised and captured under one id, which comes again for fees, receipts and
//! refunds. Its `refunded_money` counts pending refunds and tells none. A payout that was paid can
//! still fail. Events about the evidence of a dispute that state no state of it tell nothing.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

use super::Object;
use crate::amounts::minor_text_amount;
use crate::exponents::ISO_ONLY;
use crate::facts::Facts;
use crate::json::scalar;
use crate::movements::Tell;

/// The movements of an event, by what it is about and the state of that.
pub(super) fn movements(
    kind: &str,
    role: Option<&str>,
    status: PaymentStatus,
    object: &Object<'_>,
    own: Option<&Identifier>,
    amount: &Option<Amount>,
) -> Vec<Tell> {
    use MovementKind::{Authorisation, Capture, Dispute, Payout, Refund};
    use PaymentStatus::{
        Authorised, Captured, DisputeLost, DisputeWon, Disputed, Failed, Pending, RefundFailed,
        Refunded, Voided,
    };
    let amount = amount.clone();
    let told = match (role, status) {
        (Some("payment"), Authorised) => {
            let approved = approved(object).or(amount);
            Tell::of(Authorisation, own, Stage::SUCCEEDED).map(|t| t.standing(approved))
        }
        (Some("payment"), Captured) => {
            Tell::of(Capture, own, Stage::SUCCEEDED).map(|t| t.own(amount))
        }
        // A payment that is cancelled may never have been approved.
        (Some("payment"), Voided) => {
            Tell::of(Capture, own, Stage::VOIDED).map(|t| t.standing(amount))
        }
        (Some("payment"), Failed) => {
            // What was approved before is worth nothing then.
            let approval = Tell::of(Authorisation, own, Stage::FAILED);
            let capture = Tell::of(Capture, own, Stage::FAILED).map(|t| t.standing(amount));
            return approval.into_iter().chain(capture).collect();
        }
        (Some("refund"), Pending) => {
            Tell::of(Refund, own, Stage::PENDING).map(|t| t.own(amount).under(own))
        }
        (Some("refund"), Refunded) => {
            Tell::of(Refund, own, Stage::SUCCEEDED).map(|t| t.own(amount).under(own))
        }
        (Some("refund"), RefundFailed) => {
            Tell::of(Refund, own, Stage::FAILED).map(|t| t.own(amount).under(own))
        }
        (Some("dispute"), Disputed | DisputeWon | DisputeLost) => {
            let stage = match status {
                DisputeWon => Stage::WON,
                DisputeLost => Stage::LOST,
                _ if scalar(object.state.or(object.status)).is_empty() => return Vec::new(),
                _ => Stage::OPEN,
            };
            // What the evidence belongs to, where the object is the evidence.
            let dispute = Facts::default().id(object.dispute_id);
            let dispute = dispute.as_ref().or(own);
            Tell::of(Dispute, dispute, stage).map(|t| t.own(amount).under(dispute))
        }
        (Some("payout"), PaymentStatus::Payout) => {
            let stage = match kind {
                "payout.paid" => Stage::SUCCEEDED,
                "payout.failed" => Stage::FAILED,
                _ => Stage::PENDING,
            };
            Tell::of(Payout, own, stage).map(|t| t.own(amount))
        }
        _ => None,
    };
    told.into_iter().collect()
}

fn approved(object: &Object<'_>) -> Option<Amount> {
    let money = &object.approved_money;
    minor_text_amount(&scalar(money.amount), &scalar(money.currency), &ISO_ONLY)
        .ok()
        .flatten()
}
