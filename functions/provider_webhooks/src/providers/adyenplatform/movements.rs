//! Which money a transfer of Adyen's platforms tells.
//!
//! Source: <https://docs.adyen.com/platforms/payment-event-webhooks>, read 2026-11-25.
//!
//! Assumed, because no page at hand says it: each split of a capture, refund or chargeback is a
//! transfer with an id of its own, told again under that id as its state goes on, and the splits
//! make up the whole; a reversal of a capture or refund bears the id of what it reverses, that of a
//! chargeback may have its own. A transfer's amount has the sign of its direction. The payouts of
//! the classic platform do not say how they went in a field that is documented where we could read,
//! and tell nothing.

use payment_event::{Amount, Identifier, MinorUnits, MovementKind, Stage};

use crate::movements::Tell;

/// The movement of a transfer, whose payment is that of the event.
pub(super) fn movement(
    (category, kind, state, direction): (&str, &str, &str, &str),
    id: Option<&Identifier>,
    amount: Option<&Amount>,
) -> Option<Tell> {
    use MovementKind::{Authorisation, Capture, Dispute, DisputeReversal, Payout, Refund};
    let told = match (category, kind, state) {
        ("platformPayment", "payment" | "", "authorised") => (Authorisation, Stage::SUCCEEDED),
        ("platformPayment", "payment" | "", "refused") => (Capture, Stage::REFUSED),
        ("platformPayment", "capture" | "payment", "booked")
        | ("platformPayment", "", "captured") => (Capture, Stage::SUCCEEDED),
        ("platformPayment", "captureReversal", "booked")
        | ("platformPayment", "", "captureReversed") => (Capture, Stage::FAILED),
        ("platformPayment", "refund", "booked") | ("platformPayment", "", "refunded") => {
            (Refund, Stage::SUCCEEDED)
        }
        ("platformPayment", "refundReversal", "booked")
        | ("platformPayment", "", "refundReversed") => (Refund, Stage::FAILED),
        ("platformPayment", "chargeback", "booked") | ("platformPayment", "", "chargeback") => {
            (Dispute, Stage::OPEN)
        }
        // Before version 4 one transfer went through all the states.
        ("platformPayment", "", "chargebackReversed") => (Dispute, Stage::WON),
        ("platformPayment", "chargebackReversal", "booked") => (DisputeReversal, Stage::SUCCEEDED),
        ("platformPayment", "secondChargeback", "booked")
        | ("platformPayment", "", "secondChargeback") => (Dispute, Stage::LOST_AGAIN),
        ("bank", "bankTransfer" | "payout", _) if direction == "incoming" => return None,
        ("bank", "bankTransfer" | "payout", "booked") => (Payout, Stage::SUCCEEDED),
        ("bank", "bankTransfer" | "payout", "failed" | "returned") => (Payout, Stage::FAILED),
        _ => return None,
    };
    let mut amount = amount.cloned();
    if let Some(amount) = &mut amount {
        amount.minor = MinorUnits(amount.minor.0.saturating_abs());
    }
    let (kind, stage) = told;
    Tell::of(kind, id, stage).map(|t| t.own(amount))
}
