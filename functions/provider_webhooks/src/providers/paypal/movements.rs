//! Which money a PayPal event tells.
//!
//! Sources, read 2026-11-27: <https://developer.paypal.com/api/rest/webhooks/event-names/>,
//! <https://developer.paypal.com/docs/disputes/webhooks/> (accepting a claim refunds the disputed
//! amount), and PayPal's samples (the resource of a refund's event is the refund).
//!
//! Each authorisation, capture, refund and dispute has an id of its own, under which its movement
//! stands; links, orders and authorisations tie them together. `total_refunded_amount` is a total
//! and is not read. Orders tell nothing. An approval or order that is called off is told as a
//! capture that was never made. A failed payment of a subscription names no payment.
//!
//! Assumed: a dispute holds its `dispute_amount` while it is open, at whatever stage (PayPal holds
//! money, the webhook does not say how much), and what it refunds when it is lost. What PayPal
//! takes back of a capture (`REVERSED`) is what a dispute about it holds, told again: no document
//! says whether one comes beside the other, so it counts as given back and no longer as disputed.
//! Whether `REFUNDED` comes beside a lost dispute is not documented either, and nothing in it tells
//! it from a refund of the merchant's: a refund of just what the dispute gave back is the same money in
//! the state of the payment, and in the rows of sums, which see no whole payment, both are counted.
//! `RISK.DISPUTE.CREATED` is undocumented and tells
//! nothing; that a blocked item of a payout is final is assumed.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

use super::{EXPONENTS, Money, Resource};
use crate::amounts::major_text_amount;
use crate::facts::Facts;
use crate::json::{object_or_default, scalar};
use crate::movements::Tell;

/// The movements of an event.
pub(super) fn movements(
    kind: &str,
    status: PaymentStatus,
    resource: &Resource<'_>,
    amount: Option<&Amount>,
) -> Vec<Tell> {
    use MovementKind::{Authorisation, Capture, DisputeReversal, Refund};
    let own = Facts::default().id(resource.id);
    let amount = amount.cloned();
    let of = |kind, id: Option<&Identifier>, stage, amount| {
        Tell::of(kind, id, stage).map(|t| t.own(amount).under(id))
    };
    let own = own.as_ref();
    let one = match kind {
        "PAYMENT.AUTHORIZATION.CREATED" => of(Authorisation, own, Stage::SUCCEEDED, amount),
        "PAYMENT.AUTHORIZATION.VOIDED" => of(Authorisation, own, Stage::VOIDED, amount),
        "PAYMENT.CAPTURE.PENDING" | "PAYMENT.SALE.PENDING" => {
            of(Capture, own, Stage::PENDING, amount)
        }
        "PAYMENT.CAPTURE.COMPLETED" | "PAYMENT.SALE.COMPLETED" => {
            of(Capture, own, Stage::SUCCEEDED, amount)
        }
        "PAYMENT.CAPTURE.DENIED" | "PAYMENT.CAPTURE.DECLINED" | "PAYMENT.SALE.DENIED" => {
            of(Capture, own, Stage::FAILED, amount)
        }
        "PAYMENT.REFUND.PENDING" => of(Refund, own, Stage::PENDING, amount),
        "PAYMENT.REFUND.FAILED" => of(Refund, own, Stage::FAILED, amount),
        "PAYMENT.CAPTURE.REFUNDED" | "PAYMENT.SALE.REFUNDED" => {
            of(Refund, own, Stage::SUCCEEDED, amount)
        }
        "PAYMENT.CAPTURE.REVERSED" | "PAYMENT.SALE.REVERSED" => {
            let taken = of(Refund, own, Stage::SUCCEEDED, amount.clone());
            let again = of(DisputeReversal, own, Stage::SUCCEEDED, amount);
            return taken.into_iter().chain(again).collect();
        }
        "PAYMENT.ORDER.CANCELLED" | "CHECKOUT.PAYMENT-APPROVAL.REVERSED" => {
            let order = Facts::default().id(resource.id.or(resource.order_id));
            of(Capture, order.as_ref(), Stage::VOIDED, amount)
        }
        _ if kind.starts_with("CUSTOMER.DISPUTE.") => dispute(status, resource, amount),
        _ => kind
            .strip_prefix("PAYMENT.PAYOUTS-ITEM.")
            .or_else(|| kind.strip_prefix("PAYMENT.REFERENCED-PAYOUT-ITEM."))
            .and_then(|state| payout(state, resource, amount)),
    };
    one.into_iter().collect()
}

fn dispute(status: PaymentStatus, resource: &Resource<'_>, amount: Option<Amount>) -> Option<Tell> {
    let id = Facts::default().id(resource.dispute_id.or(resource.id));
    let id = id.as_ref();
    let (stage, amount) = match status {
        PaymentStatus::DisputeWon => (Stage::WON, amount),
        PaymentStatus::DisputeLost => {
            let lost = Tell::of(MovementKind::Dispute, id, Stage::LOST);
            let given_back = refunded(resource).or(amount);
            return lost.map(|t| t.refunded(given_back).under(id));
        }
        PaymentStatus::Disputed => (Stage::OPEN, amount),
        _ => return None,
    };
    let dispute = Tell::of(MovementKind::Dispute, id, stage);
    dispute.map(|t| t.standing(amount).under(id))
}

/// What PayPal gave back of a disputed amount.
fn refunded(resource: &Resource<'_>) -> Option<Amount> {
    let money: Money<'_> = object_or_default(resource.dispute_outcome.amount_refunded);
    let (value, currency) = (scalar(money.value), scalar(money.currency_code));
    let amount = major_text_amount(&value, &currency, &EXPONENTS).ok();
    amount.flatten().filter(|amount| amount.minor.0 > 0)
}

fn payout(state: &str, resource: &Resource<'_>, amount: Option<Amount>) -> Option<Tell> {
    let stage = match state {
        "SUCCEEDED" | "COMPLETED" => Stage::SUCCEEDED,
        "HELD" | "UNCLAIMED" => Stage::PENDING,
        "BLOCKED" | "CANCELED" | "DENIED" | "FAILED" | "REFUNDED" | "RETURNED" => Stage::FAILED,
        _ => return None,
    };
    let id = Facts::default().id(resource.payout_item_id.or(resource.id));
    let id = id.as_ref();
    Tell::of(MovementKind::Payout, id, stage).map(|t| t.own(amount).under(id))
}

#[cfg(test)]
#[path = "../../../fixtures/paypal/movements.rs"]
mod tests;
