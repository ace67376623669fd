//! Paddle Billing: `Paddle-Signature: ts=…;h1=…[;h1=…]`, HMAC-SHA256 over `ts:body`, hex.
//!
//! Sources: <https://www.skills.sh/hookdeck/webhook-skills/paddle-webhooks> (a third party, on the
//! signature), paddle-python-sdk 1.16.1, whose published vectors are in the fixtures, read
//! 2026-11-25; the same at 48c8cc0 and paddle-node-sdk at b8ee4b1 (types, states, sample payloads),
//! read 2026-11-27. Each delivery is signed anew; the window is the SDK's default of five seconds,
//! judged at receipt. Of several `h1` any may match: two secrets overlap while one is rotated.
//!
//! `transaction.paid` says that the money was taken, `transaction.completed` that everything is
//! done; both, and an update in one of these states, tell one capture, whose id is the
//! transaction's. A refund or a chargeback is an adjustment, filed under its transaction. A
//! chargeback that is `reversed` and its `chargeback_reverse` give the same money back. A warning
//! moves no money, and a credit goes to the customer's balance. Movements: see [`movements`]. That
//! currencies without decimals (JPY, KRW, CLP, VND) are sent as ISO 4217 has them is an
//! assumption [M].

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, prefixed};
use jiff::Timestamp;
use payment_event::PaymentStatus;
use serde_json::value::RawValue;

use crate::encoding::timed_signatures;
use crate::event_types::{EventTypes, Says};
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
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod movements;

use movements::movement;

pub(super) struct Paddle;

const HEADER: &str = "paddle-signature";
const WINDOW_SECONDS: u32 = 5;
/// Signatures in one header that are looked at.
const SIGNATURES_MAX: usize = 8;

static INFO: ProviderInfo = ProviderInfo {
    name: "paddle",
    title: "Paddle Billing",
    source: "the vectors and sample payloads of paddle-python-sdk 1.16.1, read 2026-11-25",
    signature_headers: &[HEADER],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over ts:body",
    covers: SignatureCoverage::WholeBody,
    rotation: "several h1 in one header while two secrets overlap",
    key: KeyForm {
        prefix: "pdl_ntfset_",
        ..KeyForm::TEXT
    },
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "event_id",
    volatile: &["notification_id"],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: Some(WINDOW_SECONDS),
    replay_window_future_seconds: Some(WINDOW_SECONDS),
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "paddle-python-sdk 1.16.1: a destination has a URL and events, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(3 * 86_400),
        retries: "sixty times in three days; 200 within five seconds",
    },
};

#[rustfmt::skip]
static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://github.com/PaddleHQ/paddle-python-sdk EventTypeName.py, read 2026-11-27",
        open: false,
        rows: &[
            ("address.created", Nothing),
            ("address.imported", Nothing),
            ("address.updated", Nothing),
            ("adjustment.created", ByState),
            ("adjustment.updated", ByState),
            ("api_key.created", Nothing),
            ("api_key.expired", Nothing),
            ("api_key.expiring", Nothing),
            ("api_key.revoked", Nothing),
            ("api_key.updated", Nothing),
            ("api_key_exposure.created", Nothing),
            ("business.created", Nothing),
            ("business.imported", Nothing),
            ("business.updated", Nothing),
            ("client_token.created", Nothing),
            ("client_token.revoked", Nothing),
            ("client_token.updated", Nothing),
            ("customer.created", Nothing),
            ("customer.imported", Nothing),
            ("customer.updated", Nothing),
            ("discount.created", Nothing),
            ("discount.imported", Nothing),
            ("discount.updated", Nothing),
            ("discount_group.created", Nothing),
            ("discount_group.updated", Nothing),
            ("invoice.canceled", Nothing),
            ("invoice.created", Nothing),
            ("invoice.issued", Nothing),
            ("invoice.overdue", Nothing),
            ("invoice.paid", Nothing),
            ("invoice.scheduled", Nothing),
            ("payment_method.deleted", Nothing),
            ("payment_method.saved", Nothing),
            ("payout.created", Status(Payout)),
            ("payout.paid", Status(Payout)),
            ("price.created", Nothing),
            ("price.imported", Nothing),
            ("price.updated", Nothing),
            ("product.created", Nothing),
            ("product.imported", Nothing),
            ("product.updated", Nothing),
            ("report.created", Nothing),
            ("report.updated", Nothing),
            ("subscription.activated", Nothing),
            ("subscription.canceled", Nothing),
            ("subscription.created", Nothing),
            ("subscription.imported", Nothing),
            ("subscription.past_due", Nothing),
            ("subscription.paused", Nothing),
            ("subscription.resumed", Nothing),
            ("subscription.trialing", Nothing),
            ("subscription.updated", Nothing),
            ("transaction.billed", Status(Pending)),
            ("transaction.canceled", Status(Voided)),
            ("transaction.completed", Status(Captured)),
            ("transaction.created", ByState),
            ("transaction.paid", Status(Captured)),
            ("transaction.past_due", Status(Pending)),
            ("transaction.payment_failed", Status(Failed)),
            ("transaction.ready", Status(Pending)),
            ("transaction.revised", ByState),
            ("transaction.updated", ByState),
        ],
    }
};

/// Of a transaction, by its own state, where the type does not say.
#[rustfmt::skip]
const TRANSACTIONS: &[(&str, &str, PaymentStatus)] = &[
    ("", "draft", PaymentStatus::Pending),
    ("", "ready", PaymentStatus::Pending),
    ("", "billed", PaymentStatus::Pending),
    ("", "past_due", PaymentStatus::Pending),
    ("", "paid", PaymentStatus::Captured),
    ("", "completed", PaymentStatus::Captured),
    ("", "canceled", PaymentStatus::Voided),
];

/// Of an adjustment, by its action and its own state.
#[rustfmt::skip]
const ADJUSTMENTS: &[(&str, &str, PaymentStatus)] = &[
    ("refund", "pending_approval", PaymentStatus::Pending),
    ("refund", "approved", PaymentStatus::Refunded),
    ("refund", "rejected", PaymentStatus::RefundFailed),
    ("refund", "reversed", PaymentStatus::RefundFailed),
    ("chargeback", "reversed", PaymentStatus::DisputeWon),
    ("chargeback", "", PaymentStatus::Disputed),
    ("chargeback_reverse", "", PaymentStatus::DisputeWon),
];

/// The card but brand and last four, customer, addresses, businesses.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "card/cardholder_name", "card/expiry_month", "card/expiry_year", "data/name", "data/email", "customer/name", "customer/email",
        "data/first_line", "data/second_line", "data/city", "data/postal_code", "data/region", "address", "business", "contacts",
        "tax_identifier", "company_number", "data/key", "data/token", "checkout/url",
    ],
    ids: &[
        ("id", prefixed), ("event_id", prefixed), ("notification_id", prefixed), ("transaction_id", prefixed), ("customer_id", prefixed),
        ("subscription_id", prefixed), ("address_id", prefixed), ("invoice_id", prefixed), ("price_id", prefixed), ("product_id", prefixed),
    ],
}
.rules();

raw_fields! { Event { event_id, event_type, occurred_at; data: Data } }

raw_fields! {
    Data {
        id, status, action, transaction_id, subscription_id, currency_code, amount, totals;
        details: Details,
    }
}

raw_fields! { Details { totals } }

raw_fields! { Totals { total, grand_total, currency_code } }

fn status(kind: &str, data: &Data<'_>) -> PaymentStatus {
    let state = scalar(data.status);
    match kind {
        "adjustment.created" | "adjustment.updated" => {
            by_state(ADJUSTMENTS, &scalar(data.action), &state)
        }
        "transaction.created" | "transaction.updated" | "transaction.revised" => {
            by_state(TRANSACTIONS, "", &state)
        }
        _ => EVENT_TYPES.status(kind),
    }
}

/// What the object states, with its currency: a transaction's grand total, an adjustment's total, a
/// payout's amount.
fn money<'a>(data: &Data<'a>) -> [Option<&'a RawValue>; 2] {
    let totals: Totals<'_> = object_or_default(data.details.totals.or(data.totals));
    let value = totals.grand_total.or(totals.total).or(data.amount);
    [value, data.currency_code.or(totals.currency_code)]
}

impl Provider for Paddle {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        let keys = secrets.some_keys()?;
        let header = raw.headers.get(HEADER).ok_or(Reject::SignatureMissing)?;
        let header = timed_signatures(header, ';', ["ts", "h1"], SIGNATURES_MAX)
            .ok_or(Reject::SignatureMalformed)?;
        let matched = hmac_sha256(
            keys,
            &[header.time_text.as_bytes(), b":", raw.body],
            &header.signatures,
        )?;
        INFO.judge_time(received_at, header.time)?;
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let data = &event.data;
        let event_type = facts.event_type(event.event_type);
        let status = status(&event_type, data);
        let [value, currency] = money(data);
        let amount = facts.minor(status, value, currency, &ISO_ONLY);
        let id = facts.id(data.id);
        let transaction = facts.id(data.transaction_id);
        let mut related = Related::new();
        let role = match event_type.split('.').next() {
            Some("transaction") => Some("transaction"),
            Some("adjustment") => Some("adjustment"),
            Some("payout") => Some("payout"),
            Some("subscription") => Some("subscription"),
            _ => None,
        };
        related.extend(role.zip(id.clone()));
        related.extend(transaction.clone().map(|id| ("transaction", id)));
        let subscription = facts.id(data.subscription_id);
        related.extend(subscription.map(|id| ("subscription", id)));
        let told = movement(&event_type, status, data, id.as_ref(), amount.clone());
        let draft = Draft {
            identity: Identity::Own(facts.event_id(event.event_id)),
            event_type,
            status,
            transaction_id: transaction.or(id),
            amount,
            merchant_account: None,
            event_time: facts.time(&[event.occurred_at]),
            dated: true,
            related,
            facts,
            movements: told.into_iter().collect(),
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
        let time = unsigned.at.as_second().to_string();
        let tag = hmac_sha256_tag(key.as_bytes(), &[time.as_bytes(), b":", unsigned.body]);
        let header = format!("ts={time};h1={}", hex::encode(tag));
        Ok(unsigned.with_headers([("Paddle-Signature", header)]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/paddle/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/paddle/tests.rs"]
mod tests;
