//! Which money a Mollie event tells.
//!
//! Sources, read 2026-11-27: <https://docs.mollie.com/reference/webhooks-new>, the pages of the
//! webhooks of payments, refunds, captures and chargebacks beside it, mollie/openapi specs.yaml.
//!
//! A payment that is captured by itself is one capture, under its own id. Where it is captured by
//! hand, its captures have ids and events of their own, and `amountCaptured` of the payment is
//! their total: it stands apart, because a merchant may not have asked for the events of captures.
//! So does a paid payment that states what was captured of it, or that no entity comes with:
//! captures of it may be told as well. What a pending payment awaits is replaced by that total.
//!
//! `amountRefunded` and `amountChargedBack` are totals of what refunds and chargebacks tell, and
//! are not read.
//!
//! Assumptions: a failed payment has failed for good; a cancelled or expired payment, authorised or
//! not, took nothing. A capture and a refund may fail after they succeeded.

use payment_event::{Amount, Identifier, MovementKind, Stage};
use serde_json::value::RawValue;

use super::{Entity, money};
use crate::amounts::major_text_amount;
use crate::exponents::ISO_ONLY;
use crate::json::scalar;
use crate::movements::Tell;

/// The movement of an event of this type about the entity.
pub(super) fn movement(kind: &str, entity: &Entity<'_>, id: Option<&Identifier>) -> Option<Tell> {
    use MovementKind::{Authorisation, Capture, CaptureTotal, Dispute, Payout, Refund};
    let of = |kind, stage| Some(Tell::of(kind, id, stage)?.own(amount(entity.amount)));
    match kind.split_once('.')? {
        ("payment", "authorized") => of(Authorisation, Stage::SUCCEEDED),
        ("payment", "pending") => {
            // Not yet known to be one capture.
            Some(Tell::of(CaptureTotal, id, Stage::PENDING)?.standing(amount(entity.amount)))
        }
        ("payment", "paid") => match captured(entity) {
            Captured::Whole => of(Capture, Stage::SUCCEEDED),
            Captured::Total(total) => {
                Some(Tell::of(CaptureTotal, id, Stage::SUCCEEDED)?.standing(total))
            }
        },
        ("payment", "failed") => of(Capture, Stage::FAILED),
        ("payment", "canceled" | "expired") => of(Capture, Stage::VOIDED),
        ("capture", "succeeded") => of(Capture, Stage::SUCCEEDED),
        ("capture", "failed") => of(Capture, Stage::FAILED),
        ("refund", "queued" | "pending" | "processing") => of(Refund, Stage::PENDING),
        ("refund", "refunded") => of(Refund, Stage::SUCCEEDED),
        ("refund", "failed" | "canceled") => of(Refund, Stage::FAILED),
        ("chargeback", "received") => of(Dispute, Stage::OPEN),
        ("chargeback", "reversed") => of(Dispute, Stage::WON),
        ("payout", "initiated" | "processing-at-bank") => of(Payout, Stage::PENDING),
        ("payout", "completed") => of(Payout, Stage::SUCCEEDED),
        ("payout", "failed" | "canceled") => of(Payout, Stage::FAILED),
        _ => None,
    }
}

/// What a paid payment says of its captures.
enum Captured {
    /// It is one capture of the whole amount.
    Whole,
    /// There may be captures of their own, and this is their total.
    Total(Option<Amount>),
}

fn captured(entity: &Entity<'_>) -> Captured {
    let stated = entity.amount_captured;
    match scalar(entity.capture_mode).as_ref() {
        "manual" => Captured::Total(amount(stated)),
        "" if entity.id.is_none() || stated.is_some() => Captured::Total(amount(stated)),
        // Paid and captured by itself: the whole was taken, whatever the total says so far.
        _ if stated.is_some() => Captured::Total(amount(entity.amount)),
        _ => Captured::Whole,
    }
}

fn amount(stated: Option<&RawValue>) -> Option<Amount> {
    let [value, currency] = money(stated);
    major_text_amount(&scalar(value), &scalar(currency), &ISO_ONLY)
        .ok()
        .flatten()
}
