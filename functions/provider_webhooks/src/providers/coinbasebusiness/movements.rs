//! Which money an event of Coinbase's developer platform tells.
//!
//! Sources, read 2026-11-27: <https://docs.cdp.coinbase.com/webhooks/payment-acceptance/overview>,
//! <https://docs.cdp.coinbase.com/coinbase-business/checkout-apis/webhooks>,
//! <https://docs.cdp.coinbase.com/webhooks/transfers/overview>.
//!
//! What is done in a payment session has an id and an amount of its own. A checkout and a payment
//! link are paid once, and a checkout lists its refunds with their ids. Where it lists none its
//! `refundedAmount` is the total. What is voided or cancelled was not taken of a session: it
//! names the session, not the authorisation.
//!
//! Assumptions: a void after a capture releases the rest and leaves the capture as it is; a payment
//! link is used up by its payment and is no checkout that tells the same money.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};
use serde_json::value::RawValue;

use super::amounts::action_of;
use super::{Body, Refund};
use crate::amounts::major_text_amount;
use crate::exponents::ISO_ONLY;
use crate::facts::Facts;
use crate::json::{list, object_or_default, scalar};
use crate::movements::Tell;

fn money(value: Option<&RawValue>, currency: Option<&RawValue>) -> Option<Amount> {
    major_text_amount(&scalar(value), &scalar(currency), &ISO_ONLY)
        .ok()
        .flatten()
}

/// The movements of an event of this payment, whose amount is this one.
pub(super) fn movements(
    kind: &str,
    status: PaymentStatus,
    body: &Body<'_>,
    payment: Option<&Identifier>,
    amount: Option<&Amount>,
) -> Vec<Tell> {
    use MovementKind::{Capture, Payout};
    let one = match kind {
        "checkout.refund.success" | "checkout.refund.failed" => {
            return refunds(kind, body, payment);
        }
        "checkout.payment.success" | "payment_link.payment.success" => {
            Tell::of(Capture, payment, Stage::SUCCEEDED).map(|told| told.own(amount.cloned()))
        }
        "checkout.payment.failed"
        | "checkout.payment.expired"
        | "payment_link.payment.failed"
        | "payment_link.payment.expired" => {
            Tell::of(Capture, payment, Stage::REFUSED).map(|told| told.standing(amount.cloned()))
        }
        "acceptance.payment_session.void_succeeded" | "acceptance.payment_session.canceled" => {
            Tell::of(Capture, payment, Stage::VOIDED).map(|told| told.standing(amount.cloned()))
        }
        _ if kind.starts_with("acceptance.payment_session.") => action(kind, body),
        _ if status == PaymentStatus::Payout => stage(kind).and_then(|stage| {
            Tell::of(Payout, payment, stage).map(|told| told.own(amount.cloned()))
        }),
        _ => None,
    };
    one.into_iter().collect()
}

/// What the end of a type says.
fn stage(kind: &str) -> Option<Stage> {
    let last = kind.rsplit(['.', '_']).next().unwrap_or_default();
    Some(match last {
        "pending" | "processing" => Stage::PENDING,
        "succeeded" | "completed" => Stage::SUCCEEDED,
        "failed" => Stage::FAILED,
        _ => return None,
    })
}

/// An authorisation, a capture or a refund of a payment session.
fn action(kind: &str, body: &Body<'_>) -> Option<Tell> {
    use MovementKind::{Authorisation, Capture, Refund};
    let action = action_of(kind, &body.data);
    let ids = [
        (Authorisation, action.authorization_id),
        (Capture, action.capture_id),
        (Refund, action.refund_id),
    ];
    let told = ["authorization_", "capture_", "refund_"]
        .into_iter()
        .zip(ids);
    let last = kind.rsplit('.').next().unwrap_or_default();
    let (_, (moved, id)) = told.into_iter().find(|(name, _)| last.starts_with(name))?;
    let asset = body.data.payment_session.asset.or(body.data.asset);
    let own = Facts::default().id(id);
    Tell::of(moved, own.as_ref(), stage(kind)?).map(|told| told.own(money(action.amount, asset)))
}

/// Every refund that a checkout lists, or else the total.
fn refunds(kind: &str, body: &Body<'_>, payment: Option<&Identifier>) -> Vec<Tell> {
    let listed = list(body.refunds).into_iter().filter_map(|raw| {
        let refund: Refund<'_> = object_or_default(Some(raw));
        let stage = match scalar(refund.status).to_ascii_uppercase().as_str() {
            "COMPLETED" => Stage::SUCCEEDED,
            "FAILED" => Stage::FAILED,
            _ => Stage::PENDING,
        };
        let own = Facts::default().id(refund.id);
        let amount = money(refund.amount, refund.currency.or(body.currency));
        Tell::of(MovementKind::Refund, own.as_ref(), stage).map(|told| told.own(amount))
    });
    let listed: Vec<_> = listed.collect();
    if !listed.is_empty() || kind != "checkout.refund.success" {
        return listed;
    }
    let total = money(body.refunded_amount, body.currency);
    Tell::of(MovementKind::RefundTotal, payment, Stage::SUCCEEDED)
        .map(|told| told.total(total))
        .into_iter()
        .collect()
}
