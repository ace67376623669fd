//! GoCardless: `Webhook-Signature`, HMAC-SHA256 over the body, hex. Up to 250 events in one request.
//!
//! Sources, read 2026-11-25: <https://developer.gocardless.com/partners/webhooks-for-partners> (the shape of an event), a third party's description of the interface,
//! <https://asyncapi.apis.io/asyncapis/gocardless/gocardless-asyncapi/> (signature, 250 events); gocardless-pro-python 3.22.0 (its published vector is in the fixtures). An event says what
//! happened to which resource and never how much: the amount has to be asked for, and is left out here.
//!
//! `payments.paid_out` says that a collected payment is part of a payout; `payouts.paid` tells of the payout itself.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde_json::value::RawValue;

use crate::body_hmac::{BodyHmac, Written};
use crate::exponents::ISO_ONLY;
use crate::json::{
    account, bounded, event_type, id_or_object, identifier, json_document, object_or_default,
    raw_fields, read, read_body, required, scalar,
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

pub(super) struct GoCardless;

/// As many as GoCardless puts into one request.
const EVENTS_MAX: usize = 250;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "webhook-signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "gocardless",
    title: "GoCardless",
    source: "https://developer.gocardless.com/partners/webhooks-for-partners, read 2026-11-25",
    // Standard Webhooks has one of the same name, beside two others: a request without a path is told by what else is there.
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one signature, by the endpoint's one secret: keep both secrets while it is changed",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "events[].id",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::NotStated,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "an endpoint has a URL and a secret, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: None,
        retries: "up to eight times with growing gaps (assumed: no document at hand); any 2xx within ten seconds",
    },
};

/// By `resource_type.action`; the actions' names are those of GoCardless, what some of them mean for the money is an assumption (its reference was not at hand): `paid_out`,
/// `chargeback_settled`, `late_failure_settled`, `funds_returned`. What is not here has no money in it, or tells again what another event tells.
#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("payments.created", Pending),
        ("payments.customer_approval_granted", Pending),
        ("payments.customer_approval_denied", Failed),
        ("payments.submitted", Pending),
        ("payments.confirmed", Captured),
        ("payments.cancelled", Voided),
        ("payments.failed", Failed),
        ("payments.late_failure_settled", Failed),
        ("payments.resubmission_requested", Pending),
        ("payments.charged_back", Disputed),
        ("payments.chargeback_cancelled", DisputeWon),
        ("payments.chargeback_settled", DisputeLost),
        ("payments.paid_out", Payout),
        ("refunds.created", Pending),
        ("refunds.paid", Refunded),
        ("refunds.refund_settled", Refunded),
        ("refunds.failed", RefundFailed),
        ("refunds.bounced", RefundFailed),
        ("refunds.funds_returned", RefundFailed),
        ("payouts.paid", Payout),
    ]
};

/// What may name a person or an account; the events themselves name ids alone.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "email", "given_name", "family_name", "company_name", "address_line1", "address_line2", "address_line3", "postal_code", "city",
        "account_holder_name", "account_number_ending", "iban", "phone_number", "ip_address", "danish_identity_number",
        "swedish_identity_number", "source/name",
    ],
    ids: &[
        ("id", has_a_letter), ("payment", has_a_letter), ("refund", has_a_letter), ("mandate", has_a_letter), ("payout", has_a_letter),
        ("subscription", has_a_letter), ("organisation", has_a_letter), ("creditor", has_a_letter), ("customer", has_a_letter),
        ("parent_event", has_a_letter), ("bank_account_id", has_a_letter),
    ],
}
.rules();

raw_fields! { Body { events } }

raw_fields! { Event { id, created_at, resource_type, action, links } }

/// The resources that an event names, those first after which money is filed.
const LINKS: [&str; 5] = ["payment", "refund", "payout", "mandate", "subscription"];

fn event(raw: &RawValue) -> Result<PaymentEvent, ParseError> {
    let event: Event<'_> = object_or_default(Some(raw))?;
    let event_id = identifier(&required(scalar(event.id)?)?)?;
    let resource = required(scalar(event.resource_type)?)?;
    let kind = format!("{resource}.{}", required(scalar(event.action)?)?);
    let links: BTreeMap<Cow<'_, str>, &RawValue> = object_or_default(event.links)?;
    let mut related_ids = BTreeMap::new();
    let mut transaction_id = None;
    for role in LINKS {
        if let Some(id) = id_or_object(links.get(role).copied())? {
            transaction_id.get_or_insert_with(|| id.clone());
            related_ids.insert(role.to_owned(), id);
        }
    }
    Ok(PaymentEvent {
        provider: INFO.name.to_owned(),
        transaction_id: transaction_id.unwrap_or_else(|| event_id.clone()),
        event_id,
        event_type: event_type(&kind)?,
        status: by_type(STATUS, &kind),
        amount: None,
        merchant_account: account(links.get("organisation").copied())?,
        event_time: rfc3339(&required(scalar(event.created_at)?)?)?,
        identity: EventIdentity::Key,
        related_ids,
    })
}

impl Provider for GoCardless {
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
        let events = body.events.ok_or(ParseError::FieldMissing)?;
        let events: Vec<&RawValue> = read(events.get())?;
        bounded(&events, EVENTS_MAX)?;
        if events.is_empty() {
            return Err(ParseError::FieldMissing);
        }
        events.into_iter().map(event).collect()
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Result<Cow<'a, [u8]>, ParseError> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        SIGNATURE.sign("Webhook-Signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/gocardless/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/gocardless/tests.rs"]
mod tests;
