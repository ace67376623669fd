//! Square: `x-square-hmacsha256-signature`, HMAC-SHA256 over the registered notification URL and
//! the body, base64.
//!
//! Sources, read 2026-11-27: <https://developer.squareup.com/docs/webhooks/step3validate>,
//! <https://developer.squareup.com/reference/square/webhooks>; square-python-sdk 46.0.0.20260916
//! (executed as an oracle). The URL is the one registered with Square and comes from configuration:
//! rebuilding it from the request would sign what an attacker chose.
//!
//! A payment's amount is `total_money`, which is `amount_money` with the tip; a refund, a dispute
//! and a payout have `amount_money` alone. An event's name says only that a payment, refund or
//! dispute changed: its state says the rest. A dispute that is still an inquiry takes no money.
//! Which money an event tells: see [`movements`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::PaymentStatus;
use serde_json::value::RawValue;

use self::event_types::EVENT_TYPES;
use self::movements::movements;
use crate::encoding::{base64_strict, base64_text};
use crate::event_types::Says;
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, object_or_default, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::statuses::by_state;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, Setting,
    SignatureCoverage, VerifiedWebhook,
};

mod event_types;
mod movements;

pub(super) struct Square;

const HEADER: &str = "x-square-hmacsha256-signature";

static INFO: ProviderInfo = ProviderInfo {
    name: "square",
    title: "Square",
    source: "https://developer.squareup.com/docs/webhooks/step3validate, read 2026-11-27",
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
    volatile: &[],
    event_types: &EVENT_TYPES,
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

/// Status by object and the object's own state; a payment event's name says only that something was
/// updated. A refund that is not completed has moved nothing.
#[rustfmt::skip]
const STATUS: &[(&str, &str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("payment", "APPROVED", Authorised),
        ("payment", "PENDING", Pending),
        ("payment", "COMPLETED", Captured),
        ("payment", "CANCELED", Voided),
        ("payment", "FAILED", Failed),
        ("refund", "PENDING", Pending),
        ("refund", "APPROVED", Pending),
        ("refund", "COMPLETED", Refunded),
        ("refund", "REJECTED", RefundFailed),
        ("refund", "FAILED", RefundFailed),
        ("dispute", "INQUIRY_EVIDENCE_REQUIRED", Unclassified),
        ("dispute", "INQUIRY_PROCESSING", Unclassified),
        ("dispute", "INQUIRY_CLOSED", Unclassified),
        ("dispute", "WON", DisputeWon),
        ("dispute", "LOST", DisputeLost),
        ("dispute", "ACCEPTED", DisputeLost),
        ("dispute", "", Disputed),
    ]
};

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

raw_fields! {
    Event { event_id, #[serde(rename = "type")] kind, created_at, merchant_id; data: Data }
}

raw_fields! { Data { id, object } }

raw_fields! {
    Object {
        id, dispute_id, status, state, payment_id, order_id;
        disputed_payment: DisputedPayment, amount_money: Money, total_money: Money,
        approved_money: Money,
    }
}

raw_fields! { DisputedPayment { payment_id } }

raw_fields! { Money { amount, currency, currency_code } }

/// What an event is about, by the first word of its type. `terminal.refund.*` calls its object
/// `refund`, too, and tells again what `refund.*` tells.
fn role(kind: &str) -> Option<&'static str> {
    let roles = ["payment", "refund", "dispute", "payout"];
    let first = kind.split('.').next().unwrap_or_default();
    roles.into_iter().find(|role| *role == first)
}

fn status(kind: &str, role: Option<&str>, object: &Object<'_>) -> PaymentStatus {
    match (EVENT_TYPES.says(kind), role) {
        (Some(Says::ByState), Some(role)) => {
            by_state(STATUS, role, &scalar(object.status.or(object.state)))
        }
        _ => EVENT_TYPES.status(kind),
    }
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

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let data = &event.data;
        let event_type = facts.event_type(event.kind);
        let role = role(&event_type);

        // `object` holds an entry named after what it is (`payment`, `order_updated`); a deletion
        // has none.
        let mut entries: BTreeMap<Cow<'_, str>, &RawValue> = object_or_default(data.object);
        entries.retain(|_, raw| raw.get().starts_with('{'));
        let named = role.and_then(|role| entries.get(role));
        let object = named.or_else(|| entries.values().next()).copied();
        let object: Object<'_> = object_or_default(object);

        let status = status(&event_type, role, &object);
        let data_id = facts.id(data.id);
        let own = facts.id(object.id.or(object.dispute_id)).or(data_id);
        let stated = object.disputed_payment.payment_id.or(object.payment_id);
        let payment = facts.id(stated);
        let mut related = Related::new();
        related.extend(payment.clone().map(|id| ("payment", id)));
        related.extend(facts.id(object.order_id).map(|id| ("order", id)));
        related.extend(role.zip(own.clone()));

        let money = match role {
            Some("payment") if object.total_money.amount.is_some() => &object.total_money,
            _ => &object.amount_money,
        };
        // Square's samples of payouts write the one, its reference the other.
        let currency = money.currency.or(money.currency_code);
        let amount = facts.minor(status, money.amount, currency, &ISO_ONLY);
        let movements = movements(&event_type, role, status, &object, own.as_ref(), &amount);
        let draft = Draft {
            identity: Identity::Own(facts.event_id(event.event_id)),
            amount,
            event_type,
            status,
            transaction_id: payment.or(own),
            merchant_account: facts.account(event.merchant_id),
            event_time: facts.time(&[event.created_at]),
            dated: true,
            related,
            facts,
            movements,
        };
        Events::of(&INFO, webhook, vec![draft])
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
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
