//! Shopify: `X-Shopify-Hmac-SHA256`, HMAC-SHA256 over the body, base64. What happened is told by
//! `X-Shopify-Topic` alone, which no signature covers.
//!
//! Sources: <https://shopify.dev/docs/apps/build/webhooks/subscribe/https> and
//! <https://shopify.dev/docs/api/webhooks>, read 2026-11-25; npm @shopify/shopify-api 13.1.0
//! (`webhooks.validate`); the topics and the states of disputes
//! (<https://shopify.dev/docs/api/admin-graphql/latest/enums/DisputeStatus>), read 2026-11-27.
//!
//! Whoever gets hold of one signed body can send it again under any topic, shop and id. So
//! - the identity is the hash of the body and of the topic, if that is one of Shopify's list, and
//!   of one fixed word for every other topic; `X-Shopify-Event-Id` and `X-Shopify-Webhook-Id` are
//!   not read;
//! - a topic says only what the signed body bears out: `orders/paid` needs a paid
//!   `financial_status`, `orders/cancelled` a `cancelled_at`, a dispute `initiated_at`, and
//!   `admin_graphql_api_id`, where there is one, names the resource of the topic;
//! - the shop is taken from the body where the body states it. `X-Shopify-Shop-Domain` is unsigned:
//!   it is kept as the account where it has the form of a domain, and is no part of a key.
//!
//! A body has no time of the event: `updated_at` and its like are the resource's. Ids have 64
//! bits, more than a JSON number keeps in many languages; here they are read as texts.
//!
//! `orders/paid` and the `order_transactions/create` of its capture both say captured; see
//! [`movements`]. Of an order that is paid in part no amount is stated, because the total is not
//! what was taken. A refund has an event for each of its transactions; one without a transaction
//! moves no money. A dispute of type `inquiry` withdraws nothing.
//!
//! Assumed: a repeated delivery has the body of the first one, and a dispute that was `prevented`
//! has ended without a chargeback. Bodies in XML, for which a subscription can ask, stay unread.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns};
use jiff::Timestamp;
use payment_event::{Amount, Identifier, PaymentStatus};

use crate::body_hmac::{BodyHmac, Written};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, list, object_or_default, raw_fields, read_body, scalar};
use crate::movements::Tell;
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::statuses::by_state;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod event_types;
mod movements;

use event_types::EVENT_TYPES;
use movements::{movements, transaction};

pub(super) struct Shopify;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "x-shopify-hmac-sha256",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Base64,
};
const TOPIC: &str = "x-shopify-topic";
const SHOP: &str = "x-shopify-shop-domain";
/// What is part of the identity in place of a topic that is not listed.
const UNLISTED: &str = "unlisted";
/// The longest name of a host.
const HOST_BYTES_MAX: usize = 253;

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
    event_time: EventTimeStability::Unstable,
    event_id: "hash of the body and of the topic if it is a listed one: no id is signed",
    volatile: &[],
    event_types: &EVENT_TYPES,
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
    ("dispute", "prevented", PaymentStatus::DisputeWon),
    ("dispute", "lost", PaymentStatus::DisputeLost),
    ("dispute", "accepted", PaymentStatus::DisputeLost),
    ("dispute", "charge_refunded", PaymentStatus::DisputeLost),
    ("dispute", "", PaymentStatus::Disputed),
];

/// The buyer, in every place an order has for it. Source:
/// <https://shopify.dev/docs/api/admin-rest/latest/resources/order>, read 2026-11-25.
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
        id, admin_graphql_api_id, order_id, finalized_on, updated_at, processed_at, created_at,
        initiated_at, cancelled_at,
        currency, total_price, total_price_set, financial_status, amount, kind, status, parent_id,
        #[serde(rename = "type")] of, transactions, shop_domain,
    }
}

raw_fields! { Transaction { id, order_id, parent_id, amount, currency, kind, status } }

/// The topic as it is written in the list; `None` for one that is not listed.
fn listed(topic: &str) -> Option<&'static str> {
    let rows = EVENT_TYPES.rows;
    let position = rows.binary_search_by(|(name, _)| (*name).cmp(topic)).ok()?;
    rows.get(position).map(|(name, _)| *name)
}

impl Body<'_> {
    /// Whether the signed body is what the topic speaks of. `gid://shopify/Order/1` names the
    /// resource, where there is one.
    fn is(&self, resource: &str) -> bool {
        let global = scalar(self.admin_graphql_api_id);
        global.is_empty() || global.rsplit('/').nth(1) == Some(resource)
    }

    fn is_order(&self) -> bool {
        let named = !scalar(self.admin_graphql_api_id).is_empty();
        self.is("Order") && (named || self.financial_status.is_some())
    }

    fn is_dispute(&self) -> bool {
        self.is("ShopifyPaymentsDispute") && self.initiated_at.is_some()
    }
}

/// What the topic says of the body, as far as the body bears it out.
fn status(topic: &str, body: &Body<'_>) -> PaymentStatus {
    use PaymentStatus::{Captured, Pending, Unclassified, Voided};
    match topic {
        "orders/create" if body.is_order() => Pending,
        "orders/paid" if body.is_order() => match scalar(body.financial_status).as_ref() {
            "paid" | "partially_paid" => Captured,
            _ => Unclassified,
        },
        "orders/cancelled" if body.is_order() && !scalar(body.cancelled_at).is_empty() => Voided,
        "order_transactions/create" if body.is("OrderTransaction") => {
            by_state(TRANSACTION, &scalar(body.kind), &scalar(body.status))
        }
        "disputes/create" | "disputes/update"
            if body.is_dispute() && scalar(body.of) != "inquiry" =>
        {
            by_state(DISPUTE, "dispute", &scalar(body.status))
        }
        _ => Unclassified,
    }
}

/// The money that the body states, by the resource that it is.
fn amount(facts: &mut Facts, status: PaymentStatus, body: &Body<'_>) -> Option<Amount> {
    let in_part = scalar(body.financial_status) == "partially_paid";
    if status == PaymentStatus::Captured && in_part {
        return None;
    }
    let money = body.total_price.or(body.amount);
    facts.major(status, money, body.currency, &ISO_ONLY)
}

/// The role of the resource in the body, from a closed list, because the topic is not signed.
fn role(topic: &str) -> &'static str {
    match topic.split('/').next() {
        Some("orders") => "order",
        Some("order_transactions") => "transaction",
        Some("refunds") => "refund",
        Some("disputes") => "dispute",
        _ => "object",
    }
}

/// The shop that the body states, or the one in the header that nobody signs.
fn shop(facts: &mut Facts, body: &Body<'_>, webhook: &VerifiedWebhook<'_>) -> Option<String> {
    let host = |text: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        text.len() <= HOST_BYTES_MAX && text.bytes().all(plain)
    };
    let told = webhook.headers().get(SHOP).filter(host);
    let signed = facts.account(body.shop_domain);
    signed.or_else(|| facts.account_text(told.unwrap_or_default()))
}

/// What all events of one webhook share.
struct Shared<'a> {
    topic: &'a str,
    id: Option<Identifier>,
    order: Option<Identifier>,
    shop: Option<String>,
    at: Option<Timestamp>,
    facts: Facts,
}

impl Shared<'_> {
    /// One event of these. Facts of its own, noted in `facts`, are of this event alone.
    fn draft(
        &self,
        mut facts: Facts,
        status: PaymentStatus,
        amount: Option<Amount>,
        transaction: Option<Identifier>,
        movements: Vec<Tell>,
    ) -> Draft {
        let mut related = Related::new();
        related.extend(self.order.clone().map(|id| ("order", id)));
        related.extend(self.id.clone().map(|id| (role(self.topic), id)));
        related.extend(transaction.map(|id| ("transaction", id)));
        let event_type = facts.event_type_text(self.topic);
        Draft {
            facts,
            identity: Identity::BodyAnd(listed(self.topic).unwrap_or(UNLISTED)),
            event_type,
            status,
            transaction_id: self.order.clone().or_else(|| self.id.clone()),
            amount,
            merchant_account: self.shop.clone(),
            event_time: self.at,
            dated: false,
            related,
            movements,
        }
    }

    /// One event for each transaction of a refund.
    fn refunds(&self, body: &Body<'_>) -> Vec<Draft> {
        let draft = |raw| {
            let mut facts = self.facts.clone();
            let one: Transaction<'_> = object_or_default(Some(raw));
            let status = by_state(TRANSACTION, &scalar(one.kind), &scalar(one.status));
            let amount = facts.major(status, one.amount, one.currency, &ISO_ONLY);
            let id = facts.id(one.id);
            let movement = transaction(&one, self.order.as_ref());
            self.draft(facts, status, amount, id, movement.into_iter().collect())
        };
        list(body.transactions).into_iter().map(draft).collect()
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

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(body) = read_body::<Body<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let topic = webhook.headers().get(TOPIC).unwrap_or_default();
        let mut facts = Facts::default();
        let status = status(topic, &body);
        let times = [
            body.finalized_on,
            body.updated_at,
            body.processed_at,
            body.created_at,
            body.initiated_at,
        ];
        let of_refund = topic == "refunds/create" && body.is("Refund");
        let at = match status {
            PaymentStatus::Unclassified if !of_refund => facts.time_if_stated(&times),
            _ => facts.time(&times),
        };
        let shared = Shared {
            topic,
            id: facts.id(body.id),
            order: facts.id(body.order_id),
            shop: shop(&mut facts, &body, webhook),
            at,
            facts,
        };
        let mut drafts = match of_refund {
            true => shared.refunds(&body),
            false => Vec::new(),
        };
        if drafts.is_empty() {
            let mut facts = shared.facts.clone();
            let amount = amount(&mut facts, status, &body);
            let told = movements(topic, status, &body, shared.id.as_ref());
            drafts.push(shared.draft(facts, status, amount, None, told));
        }
        Events::of(&INFO, webhook, drafts)
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
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
