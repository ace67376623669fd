//! Klarna: `Klarna-Signature`, HMAC-SHA256 over the body, hex; `Klarna-Signing-Key-Id` names the key.
//!
//! Sources, read 2026-11-25: <https://docs.klarna.com/klarna-network-distribution/manage-partners/integration-setup-and-notifications/webhooks> (envelope, answers, retries),
//! <https://docs.klarna.com/api/kn/klarna-product-api-payment/klarna-product-api-payment-v2-r5> (payload of a payment request), and Klarna's own WooCommerce plugin (signature in lower-case
//! hexadecimal, key as text). No library verifies it and no vector is published.
//!
//! The older order management push is unsigned and has an id alone: it is not taken here. The id of the key is not looked at: it is not signed, and every configured key is tried.
//! Assumed: a request's `payment_amount` or `amount`, where its payload states one, is in minor units of ISO 4217, as in Klarna's interfaces.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};

use crate::amounts::{amount_if_known, minor_amount};
use crate::body_hmac::{BodyHmac, Written};
use crate::exponents::ISO_ONLY;
use crate::json::{
    account, event_type, id_or_object, identifier, json_document, raw_fields, read_body, required,
    scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::statuses::by_type;
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

pub(super) struct Klarna;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "klarna-signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "klarna",
    title: "Klarna",
    source: "https://docs.klarna.com/klarna-network-distribution/manage-partners/integration-setup-and-notifications/webhooks, read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &["klarna-signing-key-id"],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "a webhook names its signing key; up to fifty keys live at once: keep both while it is changed",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "metadata.event_id",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "a webhook has a URL, events and a signing key, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(12 * 3600),
        retries: "with growing gaps of up to twelve hours; 200, 201, 202 or 204; ports 443 and 8443 alone",
    },
};

/// Of a payment request and of the transaction that comes of it; Klarna's states of disputes are not documented where we could read and are kept unclassified. `request.completed` says that the payer
/// went through, the money is the transaction's; an expired one is released.
#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("payment.request.state-change.submitted", Pending),
        ("payment.request.state-change.prepared", Pending),
        ("payment.request.state-change.in-progress", Pending),
        ("payment.request.state-change.pending-confirmation", Pending),
        ("payment.request.state-change.authorized", Authorised),
        ("payment.request.state-change.completed", Pending),
        ("payment.request.state-change.canceled", Voided),
        ("payment.request.state-change.expired", Voided),
        ("payment.request.state-change.declined", Failed),
        ("payment.transaction.state-change.authorized", Authorised),
        ("payment.transaction.state-change.completed", Captured),
        ("payment.transaction.state-change.expired", Voided),
    ]
};

/// The payer and what it is paid with.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "email", "phone", "given_name", "family_name", "customer_profile", "shipping_address", "billing_address", "address", "date_of_birth",
        "national_identification_number", "payment_token", "customer_token", "interoperability_token", "state_context/customer",
    ],
    ids: &[
        ("event_id", resource_name), ("payment_request_id", resource_name), ("payment_transaction_id", resource_name), ("webhook_id", resource_name),
        ("subject_account_id", resource_name), ("recipient_account_id", resource_name), ("product_instance_id", resource_name),
        ("correlation_id", resource_name),
    ],
}
.rules();

/// A UUID, or a `krn:` name that ends in one.
fn resource_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':');
    text.len() <= 128 && text.bytes().all(allowed) && text.bytes().any(|b| b.is_ascii_alphabetic())
}

raw_fields! { Body {; metadata: Metadata, payload: Payload } }

raw_fields! { Metadata { event_type, event_id, occurred_at, subject_account_id } }

raw_fields! { Payload { payment_request_id, payment_transaction_id, amount, payment_amount, currency } }

impl Provider for Klarna {
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
        let metadata = &body.metadata;
        let event_id = identifier(&required(scalar(metadata.event_id)?)?)?;
        let kind = required(scalar(metadata.event_type)?)?;
        let status = by_type(STATUS, &kind);
        let payload = &body.payload;
        let request = id_or_object(payload.payment_request_id)?;
        let transaction = id_or_object(payload.payment_transaction_id)?;
        let stated = payload.amount.or(payload.payment_amount);
        let amount = minor_amount(stated, payload.currency, &ISO_ONLY);
        let mut related_ids = BTreeMap::new();
        related_ids.extend(request.clone().map(|id| ("request".to_owned(), id)));
        related_ids.extend(transaction.clone().map(|id| ("transaction".to_owned(), id)));
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: transaction.or(request).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: account(metadata.subject_account_id)?,
            event_time: rfc3339(&required(scalar(metadata.occurred_at)?)?)?,
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
        SIGNATURE.sign("Klarna-Signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/klarna/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/klarna/tests.rs"]
mod tests;
