//! Which money an event of Flutterwave's fourth version tells.
//!
//! Sources, read 2026-11-27: <https://developer.flutterwave.com/docs/webhooks> and copies of the
//! reference of the version.
//!
//! A charge is an authorisation and a capture under its id; refunds, chargebacks and transfers have
//! ids of their own, and the first two name their charge. An order states the money of its charge
//! again.
//!
//! Assumptions: `amount_refunded` is the amount of this refund alone; a chargeback withdraws its
//! amount while it is open; a failed charge may still succeed under its id; a transfer that is
//! reversed had been paid.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

use super::Data;
use crate::json::scalar;
use crate::movements::Tell;

/// The movement of an event with this meaning and amount. `charge` is what a refund or a chargeback
/// names.
pub(super) fn movement(
    kind: &str,
    status: PaymentStatus,
    data: &Data<'_>,
    [own, charge]: [Option<&Identifier>; 2],
    amount: Option<Amount>,
) -> Option<Tell> {
    use MovementKind::{Authorisation, Capture, Dispute, Payout, Refund};
    use PaymentStatus::{
        Authorised, Captured, DisputeLost, DisputeWon, Disputed, Failed, Pending, RefundFailed,
        Refunded, Voided,
    };
    let release = scalar(data.reason) == "expired_uncaptured_charge";
    let (first, event) = kind.split_once('.')?;
    let (kind, stage) = match (first, status) {
        ("charge", Authorised) => (Authorisation, Stage::SUCCEEDED),
        ("charge", Pending) => (Capture, Stage::PENDING),
        ("charge", Failed) => (Capture, Stage::REFUSED),
        ("charge", Captured) => (Capture, Stage::SUCCEEDED),
        ("charge", Voided) => (Capture, Stage::VOIDED),
        ("refund", Voided) => return Tell::of(Authorisation, charge, Stage::VOIDED),
        ("refund", _) if release => return None,
        ("refund", Pending) => (Refund, Stage::PENDING),
        ("refund", Refunded) => (Refund, Stage::SUCCEEDED),
        ("refund", RefundFailed) => (Refund, Stage::FAILED),
        ("chargeback", Disputed) => (Dispute, Stage::OPEN),
        ("chargeback", DisputeLost) => (Dispute, Stage::LOST),
        ("chargeback", DisputeWon) => (Dispute, Stage::WON),
        ("transfer", PaymentStatus::Payout) => (Payout, transfer(event, &scalar(data.status))),
        _ => return None,
    };
    Some(Tell::of(kind, own, stage)?.own(amount))
}

fn transfer(event: &str, state: &str) -> Stage {
    match (event, state.to_ascii_lowercase().as_str()) {
        ("failed" | "reversal", _) | (_, "failed" | "cancelled") => Stage::FAILED,
        (_, "successful" | "succeeded" | "completed") => Stage::SUCCEEDED,
        _ => Stage::PENDING,
    }
}
