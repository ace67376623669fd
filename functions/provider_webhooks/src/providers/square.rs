//! Square: `x-square-hmacsha256-signature`, HMAC-SHA256 over the registered notification URL and the body, base64.
//!
//! Sources, read 2026-11-23: <https://developer.squareup.com/docs/webhooks/step3validate>,
//! <https://developer.squareup.com/reference/square/webhooks>; square-python-sdk 46.0.0.20260916 (executed as an oracle). The URL is the one
//! registered with Square and comes from configuration: rebuilding it from the request would sign what an attacker chose.
//! Amounts are `amount_money`: what was asked for, without a tip.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::exponents::ISO_ONLY;
use crate::json::{
    account, amount_if_known, event_type, id_or_object, identifier, minor_amount,
    object_or_default, read_body, required, rfc3339, scalar,
};
use crate::provider::{Acknowledgement, EventTimeStability, SignatureCoverage};
use crate::signature::{base64_strict, hmac_sha256};
use crate::{ParseError, Provider, ProviderInfo, RawWebhook, Reject, Secrets, VerifiedWebhook};

pub(super) struct Square;

const HEADER: &str = "x-square-hmacsha256-signature";

static INFO: ProviderInfo = ProviderInfo {
    name: "square",
    title: "Square",
    source: "https://developer.squareup.com/docs/webhooks/step3validate, read 2026-11-23",
    signature_headers: &[HEADER],
    content_types: &["application/json"],
    scheme: "HMAC-SHA256, base64, over notification URL and body",
    covers: SignatureCoverage::WholeBody,
    event_time: EventTimeStability::Stable,
    event_id: "event_id",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    needs_notification_url: true,
    acknowledgement: Acknowledgement {
        status: 200,
        content_type: "application/json",
        body: "{\"accepted\":true}",
    },
};

/// Status by object and the object's own state; a payment event's name says only that something was updated.
const STATUS: &[(&str, &str, PaymentStatus)] = &[
    ("payment", "APPROVED", PaymentStatus::Authorised),
    ("payment", "PENDING", PaymentStatus::Pending),
    ("payment", "COMPLETED", PaymentStatus::Captured),
    ("payment", "CANCELED", PaymentStatus::Voided),
    ("payment", "FAILED", PaymentStatus::Failed),
    ("refund", "PENDING", PaymentStatus::Pending),
    ("refund", "APPROVED", PaymentStatus::Pending),
    ("refund", "COMPLETED", PaymentStatus::Refunded),
    ("refund", "REJECTED", PaymentStatus::RefundFailed),
    ("refund", "FAILED", PaymentStatus::RefundFailed),
    ("dispute", "WON", PaymentStatus::DisputeWon),
    ("dispute", "LOST", PaymentStatus::DisputeLost),
    ("dispute", "ACCEPTED", PaymentStatus::DisputeLost),
    ("dispute", "", PaymentStatus::Disputed),
    ("payout", "", PaymentStatus::Payout),
];

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    event_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow)]
    merchant_id: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Data<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Object<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    state: Option<&'a RawValue>,
    #[serde(borrow)]
    payment_id: Option<&'a RawValue>,
    #[serde(borrow)]
    order_id: Option<&'a RawValue>,
    #[serde(borrow)]
    disputed_payment: Option<&'a RawValue>,
    #[serde(borrow)]
    amount_money: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct DisputedPayment<'a> {
    #[serde(borrow)]
    payment_id: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Money<'a> {
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Option<&'a RawValue>,
}

/// `terminal.refund.*` calls its object `refund` too, and tells again what `refund.*` tells: the type has to start with the role.
fn status(kind: &str, role: &str, object: &Object<'_>) -> Result<PaymentStatus, ParseError> {
    if kind.split('.').next() != Some(role) || !STATUS.iter().any(|(r, ..)| *r == role) {
        return Ok(PaymentStatus::Unclassified);
    }
    let state = scalar(object.status.or(object.state))?;
    let exact = STATUS.iter().find(|(r, s, _)| *r == role && *s == state);
    let any = STATUS.iter().find(|(r, s, _)| *r == role && s.is_empty());
    Ok(exact
        .or(any)
        .map_or(PaymentStatus::Unclassified, |(_, _, status)| *status))
}

impl Provider for Square {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        _received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        if secrets.keys().is_empty() {
            return Err(Reject::SecretMissing);
        }
        let url = secrets
            .notification_url()
            .ok_or(Reject::NotificationUrlMissing)?;
        let signature = raw.headers.get(HEADER).ok_or(Reject::SignatureMissing)?;
        let signature = base64_strict(signature).ok_or(Reject::SignatureMalformed)?;
        let matched = hmac_sha256(secrets.keys(), &[url.as_bytes(), raw.body], &[signature])?;
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let event_id = identifier(&required(scalar(event.event_id)?)?)?;
        let kind = required(scalar(event.kind)?)?;
        let data: Data<'_> = object_or_default(event.data)?;

        // `object` holds one entry named after what it is ("payment", "refund", "dispute", …); a deletion has none.
        let entries: BTreeMap<Cow<'_, str>, &RawValue> = object_or_default(data.object)?;
        let entry = entries
            .into_iter()
            .find(|(_, raw)| raw.get().starts_with('{'));
        let (role, object) =
            entry.map_or((Cow::Borrowed(""), None), |(role, raw)| (role, Some(raw)));
        let object: Object<'_> = object_or_default(object)?;
        let data_id = id_or_object(data.id)?;
        let object_id = id_or_object(object.id)?;
        let disputed: DisputedPayment<'_> = object_or_default(object.disputed_payment)?;
        let payment_id = id_or_object(disputed.payment_id.or(object.payment_id))?;
        let mut related_ids = BTreeMap::new();
        if matches!(role.as_ref(), "payment" | "refund" | "dispute" | "payout") {
            related_ids.extend(
                object_id
                    .clone()
                    .or(data_id.clone())
                    .map(|id| (role.to_string(), id)),
            );
        }
        related_ids.extend(payment_id.clone().map(|id| ("payment".to_owned(), id)));
        related_ids.extend(id_or_object(object.order_id)?.map(|id| ("order".to_owned(), id)));

        let status = status(&kind, &role, &object)?;
        let money: Money<'_> = object_or_default(object.amount_money)?;
        let amount = minor_amount(money.amount, money.currency, &ISO_ONLY);
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: payment_id
                .or(object_id)
                .or(data_id)
                .unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: account(event.merchant_id)?,
            event_time: rfc3339(&required(scalar(event.created_at)?)?)?,
            identity: EventIdentity::Key,
            related_ids,
        }])
    }
}
