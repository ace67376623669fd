//! Which money a webhook of Shopify's tells.
//!
//! Sources, read 2026-11-27: <https://shopify.dev/docs/api/webhooks> (`refunds/create` holds the
//! transactions), <https://shopify.dev/docs/api/admin-rest/latest/resources/transaction>,
//! <https://shopify.dev/docs/api/admin-rest/latest/resources/order> (`financial_status`),
//! <https://shopify.dev/docs/api/admin-graphql/latest/enums/DisputeStatus>.
//!
//! A transaction is one movement, under its own id in `order_transactions/create` and in
//! `refunds/create` alike. A void names the authorisation that it ends by `parent_id`. An order
//! states what was taken in all, which counts where no transaction tells it. Everything is of the
//! order, where one is named.
//!
//! Assumed: a dispute over a charge that the merchant refunded (`charge_refunded`) holds nothing
//! beside that refund, a transaction is in the currency of the order's `presentment_money`, and an
//! order that is cancelled before it is paid is not paid later. What an order that is paid or
//! refunded in part comes to is not told: null, not its total.

use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};
use serde_json::value::RawValue;

use super::{Body, TRANSACTION, Transaction};
use crate::amounts::major_text_amount;
use crate::exponents::ISO_ONLY;
use crate::facts::Facts;
use crate::json::{object_or_default, raw_fields, scalar};
use crate::movements::Tell;
use crate::statuses::by_state;

raw_fields! { PriceSet {; presentment_money: Money } }

raw_fields! { Money { amount, currency_code } }

type Field<'a> = Option<&'a RawValue>;

fn money(value: Field<'_>, currency: Field<'_>) -> Option<Amount> {
    major_text_amount(&scalar(value), &scalar(currency), &ISO_ONLY)
        .ok()
        .flatten()
}

/// The movements of a body whose topic and status are these. `own` is the id of its resource.
pub(super) fn movements(
    topic: &str,
    status: PaymentStatus,
    body: &Body<'_>,
    own: Option<&Identifier>,
) -> Vec<Tell> {
    match topic {
        "orders/create" | "orders/paid" | "orders/updated" | "orders/cancelled"
            if body.is_order() =>
        {
            order(body, own)
        }
        "order_transactions/create" if status != PaymentStatus::Unclassified => {
            let one = Transaction {
                id: body.id,
                order_id: body.order_id,
                parent_id: body.parent_id,
                amount: body.amount,
                currency: body.currency,
                kind: body.kind,
                status: body.status,
            };
            transaction(&one, None).into_iter().collect()
        }
        "disputes/create" | "disputes/update" => dispute(status, body, own).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// One transaction, of the order that it names or else of this one.
pub(super) fn transaction(one: &Transaction<'_>, order: Option<&Identifier>) -> Option<Tell> {
    use MovementKind::{Authorisation, Capture, Refund};
    let mut facts = Facts::default();
    let (kind, state) = (scalar(one.kind), scalar(one.status));
    let stage = match by_state(TRANSACTION, &kind, &state) {
        PaymentStatus::Authorised | PaymentStatus::Captured | PaymentStatus::Refunded => {
            Stage::SUCCEEDED
        }
        PaymentStatus::Pending => Stage::PENDING,
        PaymentStatus::Voided => Stage::VOIDED,
        PaymentStatus::Failed | PaymentStatus::RefundFailed => {
            match ["failure", "error"].contains(&&*state.to_ascii_lowercase()) {
                true => Stage::FAILED,
                // A state that may still become another.
                false => Stage::REFUSED,
            }
        }
        _ => return None,
    };
    let (kind, id, amount) = match kind.as_ref() {
        "authorization" => (Authorisation, one.id, one.amount),
        "sale" | "capture" => (Capture, one.id, one.amount),
        "refund" => (Refund, one.id, one.amount),
        // The amount that was authorised is the authorisation's own to tell.
        "void" => (Authorisation, one.parent_id, None),
        _ => return None,
    };
    let id = facts.id(id)?;
    let order = facts.id(one.order_id).or_else(|| order.cloned());
    let told = Tell::of(kind, Some(&id), stage)?.own(money(amount, one.currency));
    Some(told.under(order.as_ref().or(Some(&id))))
}

/// What an order says of its money as a whole.
fn order(body: &Body<'_>, own: Option<&Identifier>) -> Vec<Tell> {
    use MovementKind::{Capture, CaptureTotal, RefundTotal};
    let shown: PriceSet<'_> = object_or_default(body.total_price_set);
    let total = money(
        shown.presentment_money.amount,
        shown.presentment_money.currency_code,
    );
    let total = || {
        total
            .clone()
            .or_else(|| money(body.total_price, body.currency))
    };
    let told =
        |kind, stage, amount| Tell::of(kind, own, stage).map(|told: Tell| told.standing(amount));
    let cancelled = !scalar(body.cancelled_at).is_empty();
    let all = match scalar(body.financial_status).as_ref() {
        "paid" => [told(CaptureTotal, Stage::SUCCEEDED, total()), None],
        "partially_paid" => [told(CaptureTotal, Stage::SUCCEEDED, None), None],
        "partially_refunded" => [
            told(CaptureTotal, Stage::SUCCEEDED, total()),
            told(RefundTotal, Stage::SUCCEEDED, None),
        ],
        "refunded" => [
            told(CaptureTotal, Stage::SUCCEEDED, total()),
            told(RefundTotal, Stage::SUCCEEDED, total()),
        ],
        "pending" | "authorized" | "expired" | "voided" if cancelled => {
            [told(Capture, Stage::VOIDED, total()), None]
        }
        _ => [None, None],
    };
    all.into_iter().flatten().collect()
}

fn dispute(status: PaymentStatus, body: &Body<'_>, own: Option<&Identifier>) -> Option<Tell> {
    let stage = match status {
        PaymentStatus::Disputed => Stage::OPEN,
        PaymentStatus::DisputeWon => Stage::WON,
        PaymentStatus::DisputeLost if scalar(body.status) == "charge_refunded" => Stage::WON,
        PaymentStatus::DisputeLost => Stage::LOST,
        _ => return None,
    };
    let amount = money(body.amount, body.currency);
    Tell::of(MovementKind::Dispute, own, stage).map(|told| told.own(amount))
}
