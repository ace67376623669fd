//! Square: `x-square-hmacsha256-signature`, HMAC-SHA256 over the registered notification URL and the body, base64.
//!
//! Sources, read 2026-11-23: <https://developer.squareup.com/docs/webhooks/step3validate>,
//! <https://developer.squareup.com/reference/square/webhooks>; square-python-sdk 46.0.0.20260916 (executed as an oracle). The URL is the one
//! registered with Square and comes from configuration: rebuilding it from the request would sign what an attacker chose.
//! Amounts are `amount_money`: what was asked for, without a tip.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde_json::value::RawValue;

use crate::amounts::{amount_if_known, minor_amount};
use crate::encoding::{base64_strict, base64_text};
use crate::exponents::ISO_ONLY;
use crate::json::{
    account, event_type, id_or_object, identifier, json_document, object_or_default, raw_fields,
    read_body, required, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    Setting, SignatureCoverage, VerifiedWebhook,
};

pub(super) struct Square;

const HEADER: &str = "x-square-hmacsha256-signature";

static INFO: ProviderInfo = ProviderInfo {
    name: "square",
    title: "Square",
    source: "https://developer.squareup.com/docs/webhooks/step3validate, read 2026-11-23",
    signature_headers: &[HEADER],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, base64, over notification URL and body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one signature, by the subscription's one key: keep both keys while it is changed",
    key: KeyForm::TEXT,
    settings: &[Setting {
        name: "notification_url",
        required: true,
        meaning: "the URL registered with Square, character for character",
        sample: "https://hooks.example.com/webhook/square",
    }],
    event_time: EventTimeStability::Stable,
    event_id: "event_id",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "square-python-sdk 46.0.0: a subscription has a URL and events, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(86_400),
        retries: "with gaps from 1 minute to 8 hours, up to 24 hours; any 2xx",
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

/// The card but brand and last four, the buyer, receipts, gift card numbers.
/// Source: <https://developer.squareup.com/reference/square/objects/Payment>, read 2026-11-23.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "card/bin", "card/fingerprint", "card/cardholder_name", "card/exp_month", "card/exp_year", "card/billing_address",
        "cardholder_name", "fingerprint", "buyer_email_address", "billing_address", "shipping_address", "receipt_url", "gan",
        "email_address", "phone_number", "given_name", "family_name", "address", "birthday", "account_number_suffix",
        "bank_account", "bank_account_details", "device_details", "wallet_details", "recipient", "display_name", "nonce",
        "source_id",
    ],
    ids: &[
        ("id", has_a_letter), ("payment_id", has_a_letter), ("order_id", has_a_letter), ("location_id", has_a_letter),
        ("merchant_id", has_a_letter), ("event_id", has_a_letter), ("refund_ids", has_a_letter), ("customer_id", has_a_letter),
    ],
}
.rules();

raw_fields! { Event { event_id, #[serde(rename = "type")] kind, created_at, merchant_id; data: Data } }

raw_fields! { Data { id, object } }

raw_fields! { Object { id, status, state, payment_id, order_id, disputed_payment, amount_money } }

raw_fields! { DisputedPayment { payment_id } }

raw_fields! { Money { amount, currency } }

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
        let keys = secrets.some_keys()?;
        let url = secrets.required("notification_url")?;
        let signature = raw.headers.get(HEADER).ok_or(Reject::SignatureMissing)?;
        let signature = base64_strict(signature).ok_or(Reject::SignatureMalformed)?;
        let matched = hmac_sha256(keys, &[url.as_bytes(), raw.body], &[signature])?;
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let event_id = identifier(&required(scalar(event.event_id)?)?)?;
        let kind = required(scalar(event.kind)?)?;
        let data = &event.data;

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

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Result<Cow<'a, [u8]>, ParseError> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        let key = first_key(secrets)?;
        let url = secrets
            .notification_url()
            .ok_or(SignError::NotificationUrl)?;
        let tag = hmac_sha256_tag(key.as_bytes(), &[url.as_bytes(), unsigned.body]);
        Ok(unsigned.with_headers([(HEADER, base64_text(tag))]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/square/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/square/tests.rs"]
mod tests;
