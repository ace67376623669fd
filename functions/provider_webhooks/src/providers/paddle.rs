//! Paddle Billing: `Paddle-Signature: ts=…;h1=…[;h1=…]`, HMAC-SHA256 over `ts:body`, hex.
//!
//! Sources, read 2026-11-25: <https://www.skills.sh/hookdeck/webhook-skills/paddle-webhooks> (a third party, on the signature); paddle-python-sdk 1.16.1, whose published vectors are in
//! the fixtures. Paddle's own pages were not at hand: what the states of adjustments mean is an assumption. Each delivery is signed anew; the window is the SDK's default of five
//! seconds, judged at receipt. Of several `h1` any may match: two secrets overlap while one is rotated.
//!
//! `transaction.paid` says that money was taken, `transaction.completed` that everything is done: only the latter counts as captured, so that money is
//! not counted twice. Adjustments are filed under their transaction.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, prefixed};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde_json::value::RawValue;

use crate::amounts::{amount_if_known, minor_amount};
use crate::encoding::{hex_any_case, part, parts};
use crate::exponents::ISO_ONLY;
use crate::json::{
    event_type, id_or_object, identifier, json_document, object_or_default, raw_fields, read_body,
    required, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::statuses::by_type;
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

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
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("transaction.created", Pending),
        ("transaction.ready", Pending),
        ("transaction.billed", Pending),
        ("transaction.updated", Pending),
        ("transaction.past_due", Pending),
        ("transaction.paid", Pending),
        ("transaction.completed", Captured),
        ("transaction.canceled", Voided),
        ("transaction.payment_failed", Failed),
        ("payout.created", Payout),
        ("payout.paid", Payout),
    ]
};

/// Of an adjustment, by its action and its own state.
const ADJUSTMENTS: &[(&str, &str, PaymentStatus)] = &[
    ("refund", "pending_approval", PaymentStatus::Pending),
    ("refund", "approved", PaymentStatus::Refunded),
    ("refund", "rejected", PaymentStatus::RefundFailed),
    ("refund", "reversed", PaymentStatus::RefundFailed),
    ("chargeback", "", PaymentStatus::Disputed),
    ("chargeback_warning", "", PaymentStatus::Disputed),
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

raw_fields! { Data { id, status, action, transaction_id, currency_code, amount, totals; details: Details } }

raw_fields! { Details { totals } }

raw_fields! { Totals { total, grand_total, currency_code } }

fn status_of(kind: &str, data: &Data<'_>) -> Result<PaymentStatus, ParseError> {
    if !matches!(kind, "adjustment.created" | "adjustment.updated") {
        return Ok(by_type(STATUS, kind));
    }
    let (action, state) = (scalar(data.action)?, scalar(data.status)?);
    let found = ADJUSTMENTS
        .iter()
        .find(|(a, s, _)| *a == action && (s.is_empty() || *s == state));
    Ok(found.map_or(PaymentStatus::Unclassified, |(.., status)| *status))
}

/// What the object states, with its currency: a transaction's grand total, an adjustment's total, a payout's amount.
fn money<'a>(data: &Data<'a>) -> Result<[Option<&'a RawValue>; 2], ParseError> {
    let details = &data.details;
    let totals: Totals<'_> = object_or_default(details.totals.or(data.totals))?;
    let value = totals.grand_total.or(totals.total).or(data.amount);
    Ok([value, data.currency_code.or(totals.currency_code)])
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
        let time_text = part(header, ';', "ts").ok_or(Reject::SignatureMalformed)?;
        let time: i64 = time_text.parse().map_err(|_| Reject::SignatureMalformed)?;
        let signatures: Vec<_> = parts(header, ';')
            .filter(|(name, _)| *name == "h1")
            .take(SIGNATURES_MAX)
            .filter_map(|(_, value)| hex_any_case(value))
            .collect();
        if signatures.is_empty() {
            return Err(Reject::SignatureMalformed);
        }
        let matched = hmac_sha256(keys, &[time_text.as_bytes(), b":", raw.body], &signatures)?;
        let age = received_at.as_second().saturating_sub(time);
        if age > i64::from(WINDOW_SECONDS) {
            return Err(Reject::TimestampStale);
        }
        if age < -i64::from(WINDOW_SECONDS) {
            return Err(Reject::TimestampFuture);
        }
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let event_id = identifier(&required(scalar(event.event_id)?)?)?;
        let kind = required(scalar(event.event_type)?)?;
        let data = &event.data;
        let status = status_of(&kind, data)?;
        let amount =
            money(data).and_then(|[value, currency]| minor_amount(value, currency, &ISO_ONLY));
        let id = id_or_object(data.id)?;
        let transaction = id_or_object(data.transaction_id)?;
        let mut related_ids = BTreeMap::new();
        let role = kind.split('.').next().unwrap_or_default();
        if matches!(role, "transaction" | "adjustment" | "payout") {
            related_ids.extend(id.clone().map(|id| (role.to_owned(), id)));
        }
        related_ids.extend(transaction.clone().map(|id| ("transaction".to_owned(), id)));
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: transaction.or(id).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: None,
            event_time: rfc3339(&required(scalar(event.occurred_at)?)?)?,
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
