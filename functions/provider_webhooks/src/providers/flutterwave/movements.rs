//! Which money a Flutterwave event tells.
//!
//! Sources: <https://developer.flutterwave.com/docs/integration-guides/webhooks/> and public
//! deliveries, read 2026-11-27.
//!
//! A charge is one capture, a refund and a transfer are movements under ids of their own, each by
//! its state. The merchant's own references are no ids of movements.
//!
//! Assumptions: a failed charge may still succeed under its id; `AmountRefunded` is the amount of
//! this refund alone.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

use super::{Data, REFUND, role};
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
    use MovementKind::{Capture, Payout, Refund};
    use PaymentStatus::{Captured, Failed, Pending, RefundFailed, Refunded};
    let (kind, stage) = match (role(kind), status) {
        ("charge", Captured) => (Capture, Stage::SUCCEEDED),
        ("charge", Failed) => (Capture, Stage::REFUSED),
        ("charge", Pending) => (Capture, Stage::PENDING),
        (REFUND, Refunded) => (Refund, Stage::SUCCEEDED),
        (REFUND, RefundFailed) => (Refund, Stage::FAILED),
        (REFUND, Pending) => (Refund, Stage::PENDING),
        ("transfer", _) => {
            let stage = match scalar(data.status).to_ascii_lowercase().as_str() {
                "successful" => Stage::SUCCEEDED,
                "failed" => Stage::FAILED,
                "new" | "pending" => Stage::PENDING,
                _ => return None,
            };
            (Payout, stage)
        }
        _ => return None,
    };
    Some(Tell::of(kind, id, stage)?.own(amount))
}
