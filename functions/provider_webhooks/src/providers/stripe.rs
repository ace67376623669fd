//! Stripe: `Stripe-Signature: t=…,v1=…[,v1=…][,v0=…]`, HMAC-SHA256 over `t.body`.
//!
//! Sources, read 2026-11-27: <https://docs.stripe.com/webhooks/signature>,
//! <https://docs.stripe.com/api/events/types>, <https://docs.stripe.com/api/v2/core/events>;
//! stripe-python 16.1.0 (executed as an oracle), stripe-node 22.5.0 (types). The whole `whsec_…` text
//! is the key, not what it decodes to. The SDKs accept a time in the future, so does this file: the
//! past window alone bounds a replay, and it is judged at receipt.
//!
//! Amounts: a payment intent's is what was received or is capturable, a charge's what was captured;
//! invoices state what was paid or is due. Invoices and checkout sessions are unclassified, because a
//! payment intent tells the same money. `charge.refunded` of a charge that was never captured is the
//! release of an authorisation. An inquiry (a dispute in a `warning_…` state) and a prevented dispute
//! move no money and are unclassified.
//!
//! Movements: see [`movements`].
//!
//! A thin event (`v2.core.event`) names its object and holds nothing of it: it has a status where the
//! type alone says it, no amount, and the payment's id only where the object is the payment.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter, prefixed};
use jiff::Timestamp;
use payment_event::PaymentStatus;
use serde_json::value::RawValue;

use crate::encoding::timed_signatures;
use crate::events::{Draft, Events, Identity};
use crate::exponents::ExponentTable;
use crate::facts::{Facts, Related};
use crate::json::{json_document, raw_fields, read_body, scalar};
use crate::samples::{Escape, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod event_types;
mod movements;

use event_types::EVENT_TYPES;
use movements::movements;

pub(super) struct Stripe;

const WINDOW_PAST_SECONDS: u32 = 300;
const HEADER: &str = "stripe-signature";

/// Zero-decimal and three-decimal currencies. ISK and UGX are sent with two decimals (`.00`) for compatibility, as the documentation's
/// table of special cases says; no executed vector confirms these two.
#[rustfmt::skip]
static EXPONENTS: ExponentTable = ExponentTable {
    source: "https://docs.stripe.com/currencies, read 2026-11-23",
    exceptions: &[
        (0, &["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]),
        (2, &["ISK", "UGX"]),
        (3, &["BHD", "JOD", "KWD", "OMR", "TND"]),
    ],
};

static INFO: ProviderInfo = ProviderInfo {
    name: "stripe",
    title: "Stripe",
    source: "https://docs.stripe.com/webhooks/signature, read 2026-11-27",
    signature_headers: &[HEADER],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over time.body",
    covers: SignatureCoverage::WholeBody,
    rotation: "several v1 in one header while two secrets overlap",
    key: KeyForm {
        prefix: "whsec_",
        ..KeyForm::TEXT
    },
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "id",
    volatile: &["pending_webhooks"],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: Some(WINDOW_PAST_SECONDS),
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &EXPONENTS,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "stripe-python 16.1.0: an endpoint has a URL and events, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(3 * 86_400),
        retries: "with growing gaps for three days; any 2xx",
    },
};

/// Billing details, card details but brand and last four, receipts, client secrets, shipping.
/// Source: <https://docs.stripe.com/api/charges/object>, read 2026-11-23.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "billing_details", "shipping", "receipt_email", "receipt_url", "receipt_number", "client_secret", "fingerprint",
        "exp_month", "exp_year", "customer_details", "customer_email", "customer_name", "customer_phone", "customer_address",
        "customer_shipping", "collected_information", "email", "phone", "evidence", "bank_account",
        "us_bank_account/account_holder_type", "sepa_debit/last4", "card/name", "cardholder", "individual", "owner",
        "request_log_url", "hosted_invoice_url", "invoice_pdf", "verified_email", "verified_name", "payer_email", "payer_name",
        "ip_address", "ip", "user_agent", "dob", "tax_ids",
    ],
    ids: &[
        ("id", prefixed), ("payment_intent", prefixed), ("charge", prefixed), ("latest_charge", prefixed),
        ("balance_transaction", prefixed), ("customer", prefixed), ("payment_method", prefixed), ("invoice", prefixed),
        ("refund", prefixed), ("dispute", prefixed), ("subscription", prefixed), ("account", prefixed), ("context", prefixed),
        ("idempotency_key", has_a_letter),
    ],
}
.rules();

raw_fields! {
    Event {
        id, #[serde(rename = "type")] kind, object, created, account, context;
        data: Data, related_object: RelatedObject,
    }
}

raw_fields! { RelatedObject { id, #[serde(rename = "type")] kind } }

raw_fields! { Data {; object: Object } }

raw_fields! { Refunds { data } }

raw_fields! {
    Object {
        id, object, payment_intent, charge, status, captured, currency, amount, amount_received,
        amount_capturable, amount_captured, amount_refunded, amount_paid, amount_due, amount_total,
        balance_transactions;
        payment: InvoicePayment, refunds: Refunds,
    }
}

raw_fields! {
    /// What an invoice payment was made with.
    InvoicePayment { payment_intent, charge }
}

fn status(kind: &str, object: &Object<'_>) -> PaymentStatus {
    use PaymentStatus::{Authorised, Captured, Pending, RefundFailed, Refunded, Voided};
    let (state, captured) = (scalar(object.status), scalar(object.captured));
    match kind {
        "charge.succeeded" if captured == "false" => Authorised,
        "charge.succeeded" => Captured,
        // Before the last of several captures a charge is not captured, but some of it is.
        "charge.refunded"
            if captured == "false" && matches!(&*scalar(object.amount_captured), "" | "0") =>
        {
            Voided
        }
        "charge.refunded" => Refunded,
        "refund.created" | "refund.updated" | "charge.refund.updated" => match state.as_ref() {
            "pending" | "requires_action" => Pending,
            "failed" | "canceled" => RefundFailed,
            _ => Refunded,
        },
        "charge.dispute.created" | "charge.dispute.updated" | "charge.dispute.closed" => {
            dispute_status(&state)
        }
        _ => EVENT_TYPES.status(kind),
    }
}

/// An inquiry, which withdraws nothing, is a dispute object in a state of its own.
fn dispute_status(state: &str) -> PaymentStatus {
    match state {
        "won" => PaymentStatus::DisputeWon,
        "lost" => PaymentStatus::DisputeLost,
        "prevented" => PaymentStatus::Unclassified,
        inquiry if inquiry.starts_with("warning_") => PaymentStatus::Unclassified,
        _ => PaymentStatus::Disputed,
    }
}

/// The field that states the money of this event.
fn amount_field<'a>(kind: &str, object: &Object<'a>) -> Option<&'a RawValue> {
    let special = match kind {
        "payment_intent.succeeded" => object.amount_received,
        "payment_intent.amount_capturable_updated" => object.amount_capturable,
        "charge.succeeded" | "charge.captured" => object.amount_captured.filter(|a| a.get() != "0"),
        "charge.refunded" => object.amount_refunded,
        "invoice.paid" | "invoice.payment_succeeded" | "invoice_payment.paid" => object.amount_paid,
        _ => None,
    };
    special
        .or(object.amount)
        .or(object.amount_due)
        .or(object.amount_total)
}

/// The role of an object among an event's ids.
fn role(object: &str) -> &'static str {
    match object {
        "charge" => "charge",
        "checkout.session" => "checkout_session",
        "dispute" => "dispute",
        "invoice" => "invoice",
        "payment_intent" => "payment_intent",
        "payout" => "payout",
        "refund" => "refund",
        "subscription" => "subscription",
        _ => "object",
    }
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
        let keys = secrets.some_keys()?;
        let header = raw.headers.get(HEADER).ok_or(Reject::SignatureMissing)?;
        let header = timed_signatures(header, ',', ["t", "v1"], usize::MAX)
            .ok_or(Reject::SignatureMalformed)?;
        let matched = hmac_sha256(
            keys,
            &[header.time_text.as_bytes(), b".", raw.body],
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
        let (object, thin) = (&event.data.object, &event.related_object);
        let event_type = facts.event_type(event.kind);
        let status = status(&event_type, object);
        let money = amount_field(&event_type, object);
        let amount = match scalar(event.object).as_ref() {
            "v2.core.event" => facts.minor_if_stated(status, money, object.currency, &EXPONENTS),
            _ => facts.minor(status, money, object.currency, &EXPONENTS),
        };
        let object_id = facts.id(object.id.or(thin.id));
        let payment_intent = facts.id(object.payment_intent.or(object.payment.payment_intent));
        let charge = facts.id(object.charge.or(object.payment.charge));
        let kind_of_object = scalar(object.object.or(thin.kind));
        let mut related = Related::new();
        related.extend(payment_intent.clone().map(|id| ("payment_intent", id)));
        related.extend(charge.clone().map(|id| ("charge", id)));
        related.extend(object_id.clone().map(|id| (role(&kind_of_object), id)));
        let payment = payment_intent.or(charge).or(object_id.clone());
        let movements = movements(&event_type, object, payment.as_ref(), object_id.as_ref());
        let draft = Draft {
            identity: Identity::Own(facts.event_id(event.id)),
            event_type,
            status,
            transaction_id: payment,
            amount,
            merchant_account: facts.account(event.account.or(event.context)),
            event_time: facts.time(&[event.created]),
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
        let time = unsigned.at.as_second().to_string();
        let tag = hmac_sha256_tag(key.as_bytes(), &[time.as_bytes(), b".", unsigned.body]);
        let header = format!("t={time},v1={}", hex::encode(tag));
        Ok(unsigned.with_headers([("Stripe-Signature", header)]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        // Pretty-printed on the wire.
        let template = include_str!("../../fixtures/stripe/sample.template");
        fill(template, params, &EXPONENTS, Escape::Json, &[]).into_bytes()
    }
}

#[cfg(test)]
#[path = "../../fixtures/stripe/tests.rs"]
mod tests;
