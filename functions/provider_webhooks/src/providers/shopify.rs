//! Shopify: `X-Shopify-Hmac-SHA256`, HMAC-SHA256 over the body, base64. What happened is told by `X-Shopify-Topic` alone, which no signature covers.
//!
//! Sources, read 2026-11-25: <https://shopify.dev/docs/apps/build/webhooks/subscribe/https>, <https://shopify.dev/docs/api/webhooks>; npm @shopify/shopify-api 13.1.0 (`webhooks.validate`).
//! A topic that does not fit the signed body (`admin_graphql_api_id` names the resource) gives no status, and neither `X-Shopify-Event-Id`, which several topics share, nor `X-Shopify-Webhook-Id` is
//! made part of an event's id: whoever got hold of one webhook could store it again under others. The id is made of topic, resource and the resource's own time.
//! Ids have 64 bits, more than a JSON number keeps in many languages; here they are read as the text they are.
//!
//! `orders/paid` and the `order_transactions/create` of its capture both say captured: the table keeps events, not balances. A refund has an event for each of its transactions.
//! Assumed: a delivery that is repeated has the body of the first one. Bodies in XML, which a subscription can ask for, are refused.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns};
use jiff::Timestamp;
use payment_event::{EventIdentity, Identifier, PaymentEvent, PaymentStatus};
use serde_json::value::RawValue;

use crate::amounts::{amount_if_known, major_amount};
use crate::body_hmac::{BodyHmac, Written};
use crate::exponents::ISO_ONLY;
use crate::json::{
    bounded, event_type, id_or_object, identifier, json_document, object_or_default, raw_fields,
    read, read_body, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::statuses::{by_state, by_type};
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

pub(super) struct Shopify;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "x-shopify-hmac-sha256",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Base64,
};
const TOPIC: &str = "x-shopify-topic";
const SHOP: &str = "x-shopify-shop-domain";
/// Transactions of one refund.
const TRANSACTIONS_MAX: usize = 100;

static INFO: ProviderInfo = ProviderInfo {
    name: "shopify",
    title: "Shopify",
    source: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https, read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[TOPIC, SHOP],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, base64, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "the app's one client secret; a new one may take an hour to be used: keep both",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "topic, id of the resource and the time it was updated",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MajorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "a subscription has a URL, a topic and a format, no headers; it can go to EventBridge instead",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(4 * 3600),
        retries: "eight times within four hours, then the subscription is removed; any 2xx within five seconds, connection within one",
    },
};

/// By topic, where the topic says it all.
const STATUS: &[(&str, PaymentStatus)] = &[
    ("orders/create", PaymentStatus::Pending),
    ("orders/paid", PaymentStatus::Captured),
    ("orders/cancelled", PaymentStatus::Voided),
];

/// By kind and state of a transaction.
#[rustfmt::skip]
const TRANSACTION: &[(&str, &str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("authorization", "success", Authorised),
        ("authorization", "pending", Pending),
        ("authorization", "", Failed),
        ("capture", "success", Captured),
        ("capture", "pending", Pending),
        ("capture", "", Failed),
        ("sale", "success", Captured),
        ("sale", "pending", Pending),
        ("sale", "", Failed),
        ("void", "success", Voided),
        ("refund", "success", Refunded),
        ("refund", "pending", Pending),
        ("refund", "", RefundFailed),
    ]
};

const DISPUTE: &[(&str, &str, PaymentStatus)] = &[
    ("dispute", "won", PaymentStatus::DisputeWon),
    ("dispute", "lost", PaymentStatus::DisputeLost),
    ("dispute", "accepted", PaymentStatus::DisputeLost),
    ("dispute", "charge_refunded", PaymentStatus::DisputeLost),
    ("dispute", "", PaymentStatus::Disputed),
];

/// The buyer, in every place an order has for it. Source: <https://shopify.dev/docs/api/admin-rest/latest/resources/order>, read 2026-11-25.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "customer", "billing_address", "shipping_address", "default_address", "email", "contact_email", "phone", "browser_ip", "client_details",
        "payment_details", "receipt", "order_status_url", "landing_site", "customer_locale", "token", "cart_token", "checkout_token",
        "authorization",
    ],
    ids: &[
        ("id", number), ("order_id", number), ("parent_id", number), ("refund_id", number), ("transaction_id", number), ("app_id", number),
        ("user_id", number), ("location_id", number), ("product_id", number), ("variant_id", number), ("line_item_id", number),
        ("checkout_id", number), ("device_id", number), ("admin_graphql_api_id", global_id), ("original_line_item_id", number),
    ],
}
.rules();

/// An id of 64 bits; it may have a right check digit.
fn number(text: &str) -> bool {
    text.parse::<u64>().is_ok()
}

/// `gid://shopify/Order/450789469`.
fn global_id(text: &str) -> bool {
    let behind = text.strip_prefix("gid://shopify/");
    behind
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(resource, id)| {
            resource.bytes().all(|b| b.is_ascii_alphabetic()) && number(id)
        })
}

raw_fields! {
    Body {
        id, admin_graphql_api_id, order_id, updated_at, processed_at, created_at, initiated_at, currency, total_price, amount, kind, status,
        transactions,
    }
}

raw_fields! { Transaction { id, amount, currency, kind, status } }

/// What of a webhook all of its events share.
struct Told<'a> {
    topic: String,
    /// The resource that the signed body is, as its global id names it; empty where it has none.
    resource: String,
    id: Identifier,
    order: Option<Identifier>,
    at: Timestamp,
    shop: Option<&'a str>,
}

impl Told<'_> {
    /// Whether the signed body is what the topic speaks of.
    fn fits(&self, resource: &str) -> bool {
        self.resource.is_empty() || self.resource == resource
    }

    fn event(
        &self,
        status: PaymentStatus,
        money: (Option<&RawValue>, Option<&RawValue>),
        transaction: Option<Identifier>,
    ) -> Result<PaymentEvent, ParseError> {
        let amount = major_amount(money.0, money.1, &ISO_ONLY);
        let (topic, id, at) = (&self.topic, &self.id, self.at.as_millisecond());
        let suffix = transaction
            .as_ref()
            .map(|id| format!(":{}", id.as_str()))
            .unwrap_or_default();
        let mut related_ids = BTreeMap::new();
        related_ids.extend(self.order.clone().map(|id| ("order".to_owned(), id)));
        related_ids.extend(transaction.map(|id| ("transaction".to_owned(), id)));
        let role = topic.split('/').next().unwrap_or_default();
        related_ids.insert(role.trim_end_matches('s').to_owned(), id.clone());
        Ok(PaymentEvent {
            provider: INFO.name.to_owned(),
            event_id: identifier(&format!("{topic}:{}:{at}{suffix}", id.as_str()))?,
            transaction_id: self.order.clone().unwrap_or_else(|| id.clone()),
            event_type: event_type(topic)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: self.shop.map(str::to_owned),
            event_time: self.at,
            identity: EventIdentity::Key,
            related_ids,
        })
    }
}

impl Provider for Shopify {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        _received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        SIGNATURE.verify(raw, secrets)
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let body: Body<'_> = read_body(webhook.body())?;
        let topic = webhook
            .headers()
            .get(TOPIC)
            .ok_or(ParseError::FieldMissing)?;
        let times = [
            body.updated_at,
            body.processed_at,
            body.created_at,
            body.initiated_at,
        ];
        let mut stated = times
            .into_iter()
            .map(scalar)
            .filter(|at| !matches!(at, Ok(text) if text.is_empty()));
        let global = scalar(body.admin_graphql_api_id)?;
        let told = Told {
            topic: topic.to_owned(),
            resource: global.rsplit('/').nth(1).unwrap_or_default().to_owned(),
            id: id_or_object(body.id)?.ok_or(ParseError::FieldMissing)?,
            order: id_or_object(body.order_id)?,
            at: rfc3339(&stated.next().ok_or(ParseError::FieldMissing)??)?,
            shop: webhook.headers().get(SHOP).filter(|shop| shop.len() <= 256),
        };
        match topic {
            "order_transactions/create" if told.fits("OrderTransaction") => {
                let status = by_state(TRANSACTION, &scalar(body.kind)?, &scalar(body.status)?);
                Ok(vec![told.event(
                    status,
                    (body.amount, body.currency),
                    None,
                )?])
            }
            "refunds/create" if told.fits("Refund") => {
                let transactions: Vec<&RawValue> = match body.transactions {
                    Some(list) => read(list.get())?,
                    None => Vec::new(),
                };
                bounded(&transactions, TRANSACTIONS_MAX)?;
                if transactions.is_empty() {
                    return Ok(vec![told.event(
                        PaymentStatus::Pending,
                        (None, None),
                        None,
                    )?]);
                }
                let event = |raw| {
                    let one: Transaction<'_> = object_or_default(Some(raw))?;
                    let status = by_state(TRANSACTION, &scalar(one.kind)?, &scalar(one.status)?);
                    told.event(status, (one.amount, one.currency), id_or_object(one.id)?)
                };
                transactions.into_iter().map(event).collect()
            }
            "disputes/create" | "disputes/update" => {
                let status = by_state(DISPUTE, "dispute", &scalar(body.status)?);
                Ok(vec![told.event(
                    status,
                    (body.amount, body.currency),
                    None,
                )?])
            }
            topic => {
                let status = if told.fits("Order") {
                    by_type(STATUS, topic)
                } else {
                    PaymentStatus::Unclassified
                };
                Ok(vec![told.event(
                    status,
                    (body.total_price, body.currency),
                    None,
                )?])
            }
        }
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Result<Cow<'a, [u8]>, ParseError> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        let mut signed = SIGNATURE.sign("X-Shopify-Hmac-SHA256", unsigned, secrets)?;
        let facts = [
            ("X-Shopify-Topic", "orders/paid"),
            ("X-Shopify-Shop-Domain", "example.myshopify.com"),
        ];
        signed
            .headers
            .extend(facts.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Ok(signed)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/shopify/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/shopify/tests.rs"]
mod tests;
