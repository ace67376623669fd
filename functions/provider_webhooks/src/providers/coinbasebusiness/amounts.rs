//! Where the money of an event of Coinbase's developer platform stands in its body.

use serde_json::value::RawValue;

use super::{Action, Body, Data, Refund};
use crate::json::{list, object_or_default, scalar};

/// The refund that an event of a checkout tells: the one that ended last in the event's state.
pub(super) fn refund_of<'a>(kind: &str, body: &Body<'a>) -> Option<Refund<'a>> {
    let state = match kind {
        "checkout.refund.success" => "COMPLETED",
        "checkout.refund.failed" => "FAILED",
        _ => return None,
    };
    let refunds = list(body.refunds);
    let refunds = refunds
        .into_iter()
        .map(|raw| object_or_default::<Refund<'a>>(Some(raw)));
    refunds
        .filter(|refund| scalar(refund.status).eq_ignore_ascii_case(state))
        .max_by_key(|refund| scalar(refund.completed_at.or(refund.created_at)).into_owned())
}

pub(super) type Field<'a> = Option<&'a RawValue>;

/// What was done in the payment session of an event.
pub(super) fn action_of<'a>(kind: &str, data: &Data<'a>) -> Action<'a> {
    let action = kind
        .strip_prefix("acceptance.payment_session.")
        .unwrap_or_default();
    object_or_default(match action.split_once('_').map(|(first, _)| first) {
        Some("authorization") => data.authorization,
        Some("capture") => data.capture,
        Some("void") => data.void,
        Some("refund") => data.refund,
        _ => None,
    })
}

/// The money of an event and its currency.
pub(super) fn money<'a>(
    body: &Body<'a>,
    action: &Action<'a>,
    refund: Option<&Refund<'a>>,
) -> (Field<'a>, Field<'a>) {
    let (data, session) = (&body.data, &body.data.payment_session);
    if let Some(refund) = refund {
        return (refund.amount, refund.currency.or(body.currency));
    }
    let stated = [
        (action.amount, session.asset.or(body.data.asset)),
        (session.amount, session.asset),
        (data.source_amount, data.source_asset),
        (data.amount, data.asset),
    ];
    let first = stated.into_iter().find(|(amount, _)| amount.is_some());
    first.unwrap_or_else(|| {
        let refunded = scalar(body.event_type).starts_with("checkout.refund.");
        let total = body.refunded_amount.filter(|_| refunded);
        // The amount of a checkout is not that of a refund whose amount is not stated.
        (total.or(body.amount.filter(|_| !refunded)), body.currency)
    })
}
