//! Which money a Worldpay event tells.
//!
//! Source: <https://docs.worldpay.com/access/products/events/openapi/payment> and its pages per
//! event (`sentForRefund` has a `reference`), read 2026-11-27.
//!
//! `sentForSettlement` and `settled` tell one capture, `sentForRefund` and `refunded` one refund.
//! Where an event states the `reference` of a part, that is the movement's id; where it does not,
//! the movement stands for all that was taken or given back of the payment.
//!
//! Assumed: a dispute has no id of its own, so that a payment has one dispute, and so have the
//! payouts; what else a chargeback's class may tell could not be read, and tells nothing.

use payment_event::{Amount, Identifier, MovementKind, Stage};

use crate::movements::Tell;

/// The movements of an event of a type and class. `part` is the reference of a part.
pub(super) fn movements(
    (kind, classification): (&str, &str),
    payment: Option<&Identifier>,
    part: Option<&Identifier>,
    amount: Option<&Amount>,
) -> Vec<Tell> {
    use MovementKind::{
        Authorisation, Capture, CaptureTotal, Dispute, Payout, Refund, RefundTotal,
    };
    let amount = amount.cloned();
    let of = |kind, stage| Tell::of(kind, payment, stage).map(|t| t.own(amount.clone()));
    let or_total = |own, total, stage| match part {
        Some(part) => Tell::of(own, Some(part), stage).map(|t| t.own(amount.clone())),
        None => of(total, stage),
    };
    let told = match (classification, kind) {
        ("payout", "disbursed") => of(Payout, Stage::SUCCEEDED),
        ("payout", "refused" | "error") => of(Payout, Stage::FAILED),
        ("payout", "pending") => of(Payout, Stage::PENDING),
        ("payout", _) => None,
        (_, "disbursed") => of(Payout, Stage::SUCCEEDED),
        (_, "authorized") => of(Authorisation, Stage::SUCCEEDED),
        (_, "cancelled" | "expired") => {
            // One that was still pending was never authorised; its amount gives the currency.
            let ended = Tell::of(Authorisation, payment, Stage::VOIDED);
            let never = Tell::of(CaptureTotal, payment, Stage::VOIDED);
            let never = never.map(|t| t.standing(amount));
            return ended.into_iter().chain(never).collect();
        }
        (_, "refused" | "error") => {
            Tell::of(Capture, payment, Stage::REFUSED).map(|t| t.standing(amount))
        }
        (_, "sentForSettlement" | "settled") => or_total(Capture, CaptureTotal, Stage::SUCCEEDED),
        (_, "settlementFailed") => or_total(Capture, CaptureTotal, Stage::FAILED),
        (_, "sentForRefund" | "refunded") => or_total(Refund, RefundTotal, Stage::SUCCEEDED),
        (_, "refundFailed") => or_total(Refund, RefundTotal, Stage::FAILED),
        (_, "chargedBack" | "informationRequested") => of(Dispute, Stage::OPEN),
        _ => None,
    };
    told.into_iter().collect()
}
