//! Which money a Stripe event tells.
//!
//! Sources, read 2026-11-27: <https://docs.stripe.com/api/events/types>,
//! <https://docs.stripe.com/api/charges/object>, <https://docs.stripe.com/api/refunds/object>,
//! <https://docs.stripe.com/disputes/how-disputes-work>,
//! <https://docs.stripe.com/changelog/acacia/2024-10-28/refund-webhook-update>.
//!
//! A payment intent has one successful charge, so charge and intent tell one capture, under the
//! intent's id; `amount_captured` and `amount_received` are its total so far. `refund.*` and
//! `charge.refund.updated` tell each refund by its own id, `charge.refunded` the total of the charge,
//! pending refunds included. A partial capture releases the rest and counts it in `amount_refunded`.
//! A dispute debits when it is opened; an inquiry (`warning_…`) does not.

use payment_event::{Amount, Identifier, MovementKind, Stage};
use serde_json::value::RawValue;

use super::{EXPONENTS, Object};
use crate::amounts::minor_text_amount;
use crate::facts::Facts;
use crate::json::{list, object_or_default, scalar};
use crate::movements::Tell;

fn amount(text: &str, currency: Option<&RawValue>) -> Option<Amount> {
    minor_text_amount(text, &scalar(currency), &EXPONENTS)
        .ok()
        .flatten()
}

fn number(raw: Option<&RawValue>) -> Option<i64> {
    scalar(raw).parse().ok()
}

fn sum(amounts: Option<i64>, currency: Option<&RawValue>) -> Option<Amount> {
    amount(&amounts?.to_string(), currency)
}

/// The movements of an event. `payment` is the payment intent, or the charge where there is none.
pub(super) fn movements(
    kind: &str,
    object: &Object<'_>,
    payment: Option<&Identifier>,
    own: Option<&Identifier>,
) -> Vec<Tell> {
    use MovementKind::{Authorisation, Capture, Payout};
    let money = |raw| amount(&scalar(raw), object.currency);
    let captured = object.amount_captured.or(object.amount);
    let one = match kind {
        "charge.succeeded" if scalar(object.captured) == "false" => {
            Tell::of(Authorisation, payment, Stage::SUCCEEDED)
                .map(|t| t.total(money(object.amount)))
        }
        "charge.succeeded" | "charge.captured" => {
            Tell::of(Capture, payment, Stage::SUCCEEDED).map(|t| t.total(money(captured)))
        }
        "payment_intent.succeeded" => {
            let received = object.amount_received.or(object.amount);
            Tell::of(Capture, payment, Stage::SUCCEEDED).map(|t| t.total(money(received)))
        }
        "payment_intent.amount_capturable_updated" => {
            // What is left to capture shrinks with each capture, by as much as what was received grows.
            let left = number(object.amount_capturable);
            let received = number(object.amount_received).unwrap_or_default();
            let whole = left.and_then(|left| left.checked_add(received));
            let whole = sum(whole, object.currency);
            let authorised = Tell::of(Authorisation, payment, Stage::SUCCEEDED);
            let captured = Tell::of(Capture, payment, Stage::SUCCEEDED);
            // Between two captures no other event tells what was received so far.
            let captured = captured.filter(|_| received > 0);
            let captured = captured.map(|t| t.total(money(object.amount_received)));
            let authorised = authorised.map(|t| t.total(whole));
            return authorised.into_iter().chain(captured).collect();
        }
        "payment_intent.canceled" | "charge.expired" => {
            Tell::of(Authorisation, payment, Stage::VOIDED)
        }
        "charge.failed" | "payment_intent.payment_failed" => {
            Tell::of(Capture, payment, Stage::REFUSED).map(|t| t.standing(money(object.amount)))
        }
        "charge.refunded" => return refunded(object, payment, own),
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            refund(kind, object, own)
        }
        _ if kind.starts_with("charge.dispute.") => dispute(kind, object, own),
        _ if kind.starts_with("payout.") => {
            let stage = match scalar(object.status).as_ref() {
                "paid" => Stage::SUCCEEDED,
                "failed" | "canceled" => Stage::FAILED,
                _ => Stage::PENDING,
            };
            Tell::of(Payout, own, stage).map(|t| t.own(money(object.amount)))
        }
        _ => None,
    };
    one.into_iter().collect()
}

fn refund(kind: &str, object: &Object<'_>, own: Option<&Identifier>) -> Option<Tell> {
    let stage = match scalar(object.status).as_ref() {
        _ if kind == "refund.failed" => Stage::FAILED,
        "pending" | "requires_action" => Stage::PENDING,
        "failed" | "canceled" => Stage::FAILED,
        _ => Stage::SUCCEEDED,
    };
    let money = amount(&scalar(object.amount), object.currency);
    Tell::of(MovementKind::Refund, own, stage).map(|t| t.own(money))
}

/// The charge, with its refunds inside where the endpoint's API version is older than 2022-11-15.
fn refunded(
    charge: &Object<'_>,
    payment: Option<&Identifier>,
    own: Option<&Identifier>,
) -> Vec<Tell> {
    let captured = number(charge.amount_captured);
    if scalar(charge.captured) == "false" && captured.is_none_or(|captured| captured == 0) {
        let released = Tell::of(MovementKind::Authorisation, payment, Stage::VOIDED);
        return released.into_iter().collect();
    }
    let listed = list(charge.refunds.data).into_iter().filter_map(|raw| {
        let object: Object<'_> = object_or_default(Some(raw));
        let id = Facts::default().id(object.id);
        refund("", &object, id.as_ref())
    });
    let listed: Vec<_> = listed.collect();
    if !listed.is_empty() {
        return listed;
    }
    let released = number(charge.amount).zip(captured);
    let released = released.map_or(0, |(whole, captured)| whole.saturating_sub(captured).max(0));
    let total = number(charge.amount_refunded).map(|total| total.saturating_sub(released));
    let money = sum(total, charge.currency);
    Tell::of(MovementKind::RefundTotal, own, Stage::SUCCEEDED)
        .map(|t| t.total(money))
        .into_iter()
        .collect()
}

fn dispute(kind: &str, object: &Object<'_>, own: Option<&Identifier>) -> Option<Tell> {
    let state = scalar(object.status);
    let given_back = list(object.balance_transactions).len() > 1;
    let stage = match state.as_ref() {
        // Whatever the state is: it may be told before the dispute is closed, and after.
        _ if kind == "charge.dispute.funds_reinstated" || given_back => Stage::WON,
        "lost" => Stage::LOST,
        "won" | "charge_refunded" => Stage::WON,
        "prevented" => return None,
        _ if kind == "charge.dispute.funds_withdrawn" => Stage::OPEN,
        inquiry if inquiry.starts_with("warning_") => return None,
        _ => Stage::OPEN,
    };
    let money = amount(&scalar(object.amount), object.currency);
    Tell::of(MovementKind::Dispute, own, stage).map(|t| t.own(money))
}
