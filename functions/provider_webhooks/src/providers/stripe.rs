//! Stripe: `Stripe-Signature: t=…,v1=…[,v1=…][,v0=…]`, HMAC-SHA256 over `t.body`.
//!
//! Sources, read 2026-11-23: <https://docs.stripe.com/webhooks/signature>, <https://docs.stripe.com/api/events/types>; stripe-python 16.1.0
//! (executed as an oracle). The whole `whsec_…` text is the key, not what it decodes to. The SDKs accept a time in the future, so
//! does this file: the past window alone bounds a replay, and it is judged at receipt.
//!
//! Amounts: a payment intent's is what was received or is capturable, a charge's what was captured; invoices state what was paid or is due.
//! Invoices and checkout sessions are unclassified, because a payment intent tells the same money. A payment intent and its charge both
//! tell it too, under one transaction id: whoever sums over events must take one of the two. `charge.refunded` states the refunded
//! total so far, `refund.*` each refund.

use std::collections::BTreeMap;

use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::exponents::STRIPE;
use crate::json::{
    account, amount_if_known, epoch_seconds, event_type, id_or_object, identifier, minor_amount,
    object_or_default, read_body, required, rfc3339, scalar,
};
use crate::provider::{Acknowledgement, EventTimeStability, SignatureCoverage};
use crate::signature::hmac_sha256;
use crate::{ParseError, Provider, ProviderInfo, RawWebhook, Reject, Secrets, VerifiedWebhook};

pub(super) struct Stripe;

const WINDOW_PAST_SECONDS: u32 = 300;
const HEADER: &str = "stripe-signature";

static INFO: ProviderInfo = ProviderInfo {
    name: "stripe",
    title: "Stripe",
    source: "https://docs.stripe.com/webhooks/signature, read 2026-11-23",
    signature_headers: &[HEADER],
    content_types: &["application/json"],
    scheme: "HMAC-SHA256, hex, over time.body; several v1 while a secret is rotated",
    covers: SignatureCoverage::WholeBody,
    event_time: EventTimeStability::Stable,
    event_id: "id",
    replay_window_past_seconds: Some(WINDOW_PAST_SECONDS),
    replay_window_future_seconds: None,
    needs_notification_url: false,
    acknowledgement: Acknowledgement {
        status: 200,
        content_type: "application/json",
        body: "{\"accepted\":true}",
    },
};

/// What an event type says about the payment. Types that depend on the object's own state are refined in [`status`].
const STATUS: &[(&str, PaymentStatus)] = &[
    ("payment_intent.created", PaymentStatus::Pending),
    ("payment_intent.processing", PaymentStatus::Pending),
    ("payment_intent.requires_action", PaymentStatus::Pending),
    ("payment_intent.partially_funded", PaymentStatus::Pending),
    (
        "payment_intent.amount_capturable_updated",
        PaymentStatus::Authorised,
    ),
    ("payment_intent.succeeded", PaymentStatus::Captured),
    ("payment_intent.payment_failed", PaymentStatus::Failed),
    ("payment_intent.canceled", PaymentStatus::Voided),
    ("charge.pending", PaymentStatus::Pending),
    ("charge.succeeded", PaymentStatus::Captured),
    ("charge.captured", PaymentStatus::Captured),
    ("charge.failed", PaymentStatus::Failed),
    ("charge.expired", PaymentStatus::Voided),
    ("charge.refunded", PaymentStatus::Refunded),
    ("charge.refund.updated", PaymentStatus::Refunded),
    ("refund.created", PaymentStatus::Refunded),
    ("refund.updated", PaymentStatus::Refunded),
    ("refund.failed", PaymentStatus::RefundFailed),
    ("charge.dispute.created", PaymentStatus::Disputed),
    ("charge.dispute.updated", PaymentStatus::Disputed),
    ("charge.dispute.funds_withdrawn", PaymentStatus::Disputed),
    ("charge.dispute.funds_reinstated", PaymentStatus::DisputeWon),
    ("charge.dispute.closed", PaymentStatus::Disputed),
    ("payout.created", PaymentStatus::Payout),
    ("payout.updated", PaymentStatus::Payout),
    ("payout.paid", PaymentStatus::Payout),
    ("payout.failed", PaymentStatus::Payout),
    ("payout.canceled", PaymentStatus::Payout),
    ("payout.reconciliation_completed", PaymentStatus::Payout),
];

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    created: Option<&'a RawValue>,
    #[serde(borrow)]
    account: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    related_object: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Data<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Object<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    payment_intent: Option<&'a RawValue>,
    #[serde(borrow)]
    charge: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    captured: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Option<&'a RawValue>,
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    #[serde(borrow)]
    amount_received: Option<&'a RawValue>,
    #[serde(borrow)]
    amount_capturable: Option<&'a RawValue>,
    #[serde(borrow)]
    amount_captured: Option<&'a RawValue>,
    #[serde(borrow)]
    amount_refunded: Option<&'a RawValue>,
    #[serde(borrow)]
    amount_paid: Option<&'a RawValue>,
    #[serde(borrow)]
    amount_due: Option<&'a RawValue>,
    #[serde(borrow)]
    amount_total: Option<&'a RawValue>,
}

struct SignatureHeader {
    time: i64,
    time_text: String,
    signatures: Vec<Vec<u8>>,
}

fn signature_header(text: &str) -> Result<SignatureHeader, Reject> {
    let mut time_text = None;
    let mut signatures = Vec::new();
    for part in text.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => time_text = Some(value.to_owned()),
            Some(("v1", value)) => signatures.extend(hex::decode(value).ok()),
            _ => {}
        }
    }
    let time_text = time_text.ok_or(Reject::SignatureMalformed)?;
    let time = time_text.parse().map_err(|_| Reject::SignatureMalformed)?;
    if signatures.is_empty() {
        return Err(Reject::SignatureMalformed);
    }
    Ok(SignatureHeader {
        time,
        time_text,
        signatures,
    })
}

fn status(kind: &str, object: &Object<'_>) -> Result<PaymentStatus, ParseError> {
    let Some((_, listed)) = STATUS.iter().find(|(name, _)| *name == kind) else {
        // The other fields of an unknown type may have any shape.
        return Ok(PaymentStatus::Unclassified);
    };
    let state = scalar(object.status)?;
    Ok(match (kind, state.as_ref()) {
        ("charge.succeeded", _) if scalar(object.captured)? == "false" => PaymentStatus::Authorised,
        (
            "refund.created" | "refund.updated" | "charge.refund.updated",
            "pending" | "requires_action",
        ) => PaymentStatus::Pending,
        ("refund.created" | "refund.updated" | "charge.refund.updated", "failed" | "canceled") => {
            PaymentStatus::RefundFailed
        }
        ("charge.dispute.closed", "won" | "warning_closed") => PaymentStatus::DisputeWon,
        ("charge.dispute.closed", "lost") => PaymentStatus::DisputeLost,
        _ => *listed,
    })
}

/// The field that states the money of this event.
fn amount_field<'a>(kind: &str, object: &Object<'a>) -> Option<&'a RawValue> {
    let special = match kind {
        "payment_intent.succeeded" => object.amount_received,
        "payment_intent.amount_capturable_updated" => object.amount_capturable,
        "charge.succeeded" | "charge.captured" => object.amount_captured.filter(|a| a.get() != "0"),
        "charge.refunded" => object.amount_refunded,
        "invoice.paid" | "invoice.payment_succeeded" => object.amount_paid,
        _ => None,
    };
    special
        .or(object.amount)
        .or(object.amount_due)
        .or(object.amount_total)
}

impl Provider for Stripe {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        if secrets.keys().is_empty() {
            return Err(Reject::SecretMissing);
        }
        let header = signature_header(raw.headers.get(HEADER).ok_or(Reject::SignatureMissing)?)?;
        let matched = hmac_sha256(
            secrets.keys(),
            &[header.time_text.as_bytes(), b".", raw.body],
            &header.signatures,
        )?;
        if received_at.as_second().saturating_sub(header.time) > i64::from(WINDOW_PAST_SECONDS) {
            return Err(Reject::TimestampStale);
        }
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let event_id = identifier(&required(scalar(event.id)?)?)?;
        let kind = required(scalar(event.kind)?)?;
        let created = required(scalar(event.created)?)?;
        let event_time = if created.contains('T') {
            rfc3339(&created)?
        } else {
            epoch_seconds(&created)?
        };
        let data: Data<'_> = object_or_default(event.data)?;
        let object: Object<'_> = object_or_default(data.object)?;
        let status = status(&kind, &object)?;
        let amount = minor_amount(amount_field(&kind, &object), object.currency, &STRIPE);

        let object_id = match id_or_object(object.id)? {
            Some(id) => Some(id),
            None => id_or_object(event.related_object)?,
        };
        let payment_intent = id_or_object(object.payment_intent)?;
        let charge = id_or_object(object.charge)?;
        let transaction_id = payment_intent
            .clone()
            .or(charge.clone())
            .or(object_id.clone())
            .unwrap_or_else(|| event_id.clone());

        let mut related_ids = BTreeMap::new();
        let role = scalar(object.object)?;
        let roles = [
            ("payment_intent", payment_intent),
            ("charge", charge),
            (role.as_ref(), object_id),
        ];
        for (role, id) in roles {
            let known = matches!(
                role,
                "payment_intent" | "charge" | "refund" | "dispute" | "payout"
            );
            if let (true, Some(id)) = (known, id) {
                related_ids.insert(role.to_owned(), id);
            }
        }
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            event_id,
            event_type: event_type(&kind)?,
            status,
            transaction_id,
            amount: amount_if_known(status, amount)?,
            merchant_account: account(event.account)?,
            event_time,
            identity: EventIdentity::Key,
            related_ids,
        }])
    }
}
