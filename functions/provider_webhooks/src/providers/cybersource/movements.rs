//! Which money a Cybersource event tells.
//!
//! Source:
//! <https://developer.cybersource.com/docs/cybs/en-us/webhooks/implementation/all/rest/webhooks/wh-fg-product-event-types.html>,
//! read 2026-11-27.
//!
//! Payments, captures, refunds and reversals have an id each, which comes again when they are
//! batched; what is encrypted has none and tells nothing.
//!
//! Assumed: the client reference code is that of one order, and ties them together. A reversal ends
//! the authorisation and undoes no capture. A void does not say whether it is a capture's or a
//! credit's, and undoes neither here. Of an authorisation in part `authorizedAmount` holds.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};
use serde_json::value::RawValue;

use super::{Details, UPDATED_TYPE, status_of};
use crate::amounts::major_text_amount;
use crate::exponents::ISO_ONLY;
use crate::json::scalar;
use crate::movements::Tell;

/// The movement of one entry of a payload.
pub(super) fn movement(
    kind: &str,
    state: &str,
    id: Option<&Identifier>,
    details: &Details<'_>,
) -> Option<Tell> {
    use MovementKind::{Authorisation, Capture, Refund, RefundTotal};
    use PaymentStatus::{Authorised, Captured, Failed, Pending, RefundFailed, Refunded, Voided};
    let amount = |raw: Option<&RawValue>| -> Option<Amount> {
        major_text_amount(&scalar(raw), &scalar(details.currency), &ISO_ONLY)
            .ok()
            .flatten()
    };
    let whole = amount(details.total_amount.or(details.authorized_amount));
    let capture = ["payments.capture.", "payments.captures."];
    let of_capture = capture.iter().any(|start| kind.starts_with(start));
    let refund = [
        "payments.refund.",
        "payments.refunds.",
        "payments.credit.",
        "payments.credits.",
    ];
    let of_refund = refund.iter().any(|start| kind.starts_with(start));
    match status_of(kind, state) {
        Authorised => {
            let authorised = amount(details.authorized_amount.or(details.total_amount));
            Tell::of(Authorisation, id, Stage::SUCCEEDED).map(|t| t.standing(authorised))
        }
        Captured => Tell::of(Capture, id, Stage::SUCCEEDED).map(|t| t.own(whole)),
        // A debit that was accepted may fail under the same id, as a capture may.
        Failed if of_capture || kind == "payments.payments.failed" || kind == UPDATED_TYPE => {
            Tell::of(Capture, id, Stage::FAILED).map(|t| t.own(whole))
        }
        Failed => Tell::of(Capture, id, Stage::REFUSED).map(|t| t.standing(whole)),
        Pending if of_capture => Tell::of(Capture, id, Stage::PENDING).map(|t| t.own(whole)),
        Pending if of_refund => Tell::of(Refund, id, Stage::PENDING).map(|t| t.own(whole)),
        // It is the payment that says so, under its own id.
        Refunded if kind == UPDATED_TYPE => {
            Tell::of(RefundTotal, id, Stage::SUCCEEDED).map(|t| t.total(whole))
        }
        Refunded => Tell::of(Refund, id, Stage::SUCCEEDED).map(|t| t.own(whole)),
        RefundFailed => Tell::of(Refund, id, Stage::FAILED).map(|t| t.own(whole)),
        // Told as a capture that was never made, since the authorisation has another id.
        Voided => Tell::of(Capture, id, Stage::VOIDED).map(|t| t.standing(whole)),
        _ => None,
    }
}
