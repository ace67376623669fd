//! Which money a Paddle event tells.
//!
//! Sources, read 2026-11-27: <https://developer.paddle.com/api-reference/transactions/overview>,
//! <https://developer.paddle.com/api-reference/adjustments/overview>; the states and sample
//! payloads of paddle-python-sdk and paddle-node-sdk.
//!
//! A transaction in the state `paid` or `completed` is one capture of its grand total, which may
//! change until then. A refund or a chargeback is an adjustment with an id and an amount of its
//! own. What a chargeback took comes back in two ways that are one: its own state becomes
//! `reversed`, and a `chargeback_reverse`, which names the transaction alone, tells the same money
//! under another id. Credits go to the customer's balance and warnings move nothing.
//!
//! Assumption: a chargeback that is not reversed stays open, since no state says that it is lost.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

use super::Data;
use crate::json::scalar;
use crate::movements::Tell;

/// The movement of an event with this meaning and amount.
pub(super) fn movement(
    kind: &str,
    status: PaymentStatus,
    data: &Data<'_>,
    id: Option<&Identifier>,
    amount: Option<Amount>,
) -> Option<Tell> {
    let state = scalar(data.status);
    match kind.split_once('.')? {
        ("transaction", _) => {
            let stage = match status {
                PaymentStatus::Pending => Stage::PENDING,
                PaymentStatus::Failed => Stage::REFUSED,
                PaymentStatus::Captured => Stage::SUCCEEDED,
                PaymentStatus::Voided => Stage::VOIDED,
                _ => return None,
            };
            Some(Tell::of(MovementKind::Capture, id, stage)?.standing(amount))
        }
        ("adjustment", _) => {
            let (kind, stage) = adjustment(status, &scalar(data.action), &state)?;
            Some(Tell::of(kind, id, stage)?.own(amount))
        }
        ("payout", event @ ("created" | "paid")) => {
            let stage = match event == "paid" || state == "paid" {
                true => Stage::SUCCEEDED,
                false => Stage::PENDING,
            };
            Some(Tell::of(MovementKind::Payout, id, stage)?.own(amount))
        }
        _ => None,
    }
}

fn adjustment(status: PaymentStatus, action: &str, state: &str) -> Option<(MovementKind, Stage)> {
    use MovementKind::{Dispute, DisputeReversal, Refund};
    Some(match (action, status) {
        ("refund", PaymentStatus::Pending) => (Refund, Stage::PENDING),
        ("refund", PaymentStatus::Refunded) => (Refund, Stage::SUCCEEDED),
        ("refund", PaymentStatus::RefundFailed) => (Refund, Stage::FAILED),
        ("chargeback", PaymentStatus::Disputed) => (Dispute, Stage::OPEN),
        ("chargeback", PaymentStatus::DisputeWon) => (Dispute, Stage::WON),
        ("chargeback_reverse", _) => match state {
            "pending_approval" => (DisputeReversal, Stage::PENDING),
            "rejected" | "reversed" => (DisputeReversal, Stage::FAILED),
            _ => (DisputeReversal, Stage::SUCCEEDED),
        },
        _ => return None,
    })
}
