//! Recurly: `recurly-signature: time,signature[,signature]`, HMAC-SHA256 over `time.body`, hex.
//! JSON notifications alone: those in XML are not signed.
//!
//! Sources, read 2026-11-27:
//! <https://docs.recurly.com/recurly-subscriptions/docs/overview-webhooks> and the pages of the
//! notifications (recurly/recurly-docs, 38cfcc4);
//! <https://docs.recurly.com/v1.3/docs/signature-verification>; recurly-client-ruby 4
//! (`Recurly::Webhooks`), whose published vector is in the fixtures. The time is in milliseconds;
//! the documents' example has seconds, and both are read. The window of five minutes in both
//! directions is the client's default, judged at receipt; that a retry is signed anew is an
//! assumption, without which the client would refuse every retry [M]. For a day after a key is
//! regenerated both sign.
//!
//! A notification says which object changed and how, and never how much: the amount has to be asked
//! for. Its `id` is the object's, the same in all of its notifications, so it is no id of the
//! event; the documented one, `recurly-notification-id`, stands in a header that no signature
//! covers. The hash of the signed body stands for it. A refund is a transaction with a `uuid` of
//! its own, and does not name the payment: the two are folded apart. Every movement is told
//! without its amount. Assumed: what is voided is a payment that was not settled.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{Identifier, MovementKind, Problem, Stage};

use crate::encoding::hex_any_case;
use crate::event_types::EventTypes;
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, raw_fields, read_body, scalar};
use crate::movements::Tell;
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::times;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod event_types;

pub(super) struct Recurly;

const HEADER: &str = "recurly-signature";
const WINDOW_SECONDS: u32 = 300;
/// Signatures in one header that are looked at.
const SIGNATURES_MAX: usize = 8;

static INFO: ProviderInfo = ProviderInfo {
    name: "recurly",
    title: "Recurly (JSON notifications)",
    source: "https://docs.recurly.com/docs/overview-webhooks, read 2026-11-27",
    signature_headers: &[HEADER],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over time.body",
    covers: SignatureCoverage::WholeBody,
    rotation: "for a day both keys sign, in one header: keep both",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "hash of the body: id is the object's, and the notification's is not signed",
    volatile: &[],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: Some(WINDOW_SECONDS),
    replay_window_future_seconds: Some(WINDOW_SECONDS),
    amounts: Amounts {
        form: AmountForm::NotStated,
        exponents: &ISO_ONLY,
    },
    free_text: false,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "an endpoint has a URL, events, a format and basic authentication, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(262_308),
        retries: "ten times with growing gaps in three days; any 2xx within five seconds",
    },
};

/// By `object_type.event_type`.
static EVENT_TYPES: EventTypes = EventTypes {
    source: "https://docs.recurly.com/recurly-subscriptions/docs/account-notifications \
             and the pages beside it, read 2026-11-27",
    open: false,
    rows: event_types::ROWS,
};

/// A merchant may take an address of the payer's for the code of an account.
static MASKING: FieldRules = Patterns {
    drop: &["account_code", "incorrect_account_code"],
    ids: &[
        ("id", has_a_letter),
        ("uuid", has_a_letter),
        ("subscription_uuid", has_a_letter),
        ("site_id", has_a_letter),
        ("external_subscription_id", has_a_letter),
    ],
}
.rules();

raw_fields! {
    Notification {
        id, uuid, object_type, event_type, event_time, site_id, subscription_uuid, invoice_number,
        external_subscription_id,
    }
}

struct SignatureHeader<'h> {
    time: Timestamp,
    time_text: &'h str,
    signatures: Vec<Vec<u8>>,
}

fn signature_header(text: &str) -> Result<SignatureHeader<'_>, Reject> {
    let (time_text, signatures) = text.split_once(',').ok_or(Reject::SignatureMalformed)?;
    let digits = time_text.bytes().all(|b| b.is_ascii_digit());
    let time = times::time(time_text).filter(|_| digits);
    let signatures: Vec<_> = signatures
        .split(',')
        .take(SIGNATURES_MAX)
        .filter_map(|signature| hex_any_case(signature.trim()))
        .filter(|signature| !signature.is_empty())
        .collect();
    if signatures.is_empty() {
        return Err(Reject::SignatureMalformed);
    }
    Ok(SignatureHeader {
        time: time.ok_or(Reject::SignatureMalformed)?,
        time_text,
        signatures,
    })
}

/// `object_type.event_type`, or the one of the two that is stated.
fn event_type(facts: &mut Facts, notification: &Notification<'_>) -> String {
    let object = scalar(notification.object_type);
    let event = scalar(notification.event_type);
    if !object.is_empty() && !event.is_empty() {
        return facts.event_type_text(&format!("{object}.{event}"));
    }
    facts.note(Problem::TypeMissing);
    let stated = format!("{object}{event}");
    if stated.is_empty() {
        return stated;
    }
    facts.event_type_text(&stated)
}

/// The movement of a transaction. What follows on a payment is a transaction of its own, but that
/// it fails or is voided: <https://docs.recurly.com/recurly-subscriptions/docs/overview-webhooks>,
/// read 2026-11-27.
fn movement(kind: &str, transaction: Option<&Identifier>) -> Option<Tell> {
    use MovementKind::{Authorisation, Capture, Refund};
    let (kind, stage) = match kind {
        "payment.authorized" => (Authorisation, Stage::SUCCEEDED),
        "payment.scheduled" | "payment.processing" => (Capture, Stage::PENDING),
        "payment.succeeded" => (Capture, Stage::SUCCEEDED),
        "payment.failed" => (Capture, Stage::FAILED),
        "payment.voided" => (Capture, Stage::VOIDED),
        "payment.refunded" => (Refund, Stage::SUCCEEDED),
        _ => return None,
    };
    Tell::of(kind, transaction, stage)
}

fn role(object_type: &str) -> &'static str {
    match object_type {
        "payment" => "payment",
        "credit_payment" => "credit_payment",
        "charge_invoice" | "credit_invoice" | "invoice" => "invoice",
        "subscription" => "subscription",
        "external_subscription" => "external_subscription",
        "account" | "billing_info" | "shipping_address" => "account",
        _ => "object",
    }
}

impl Provider for Recurly {
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
        let header = signature_header(raw.headers.get(HEADER).ok_or(Reject::SignatureMissing)?)?;
        let matched = hmac_sha256(
            keys,
            &[header.time_text.as_bytes(), b".", raw.body],
            &header.signatures,
        )?;
        INFO.judge_time(received_at, header.time.as_second())?;
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(notification) = read_body::<Notification<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let event_type = event_type(&mut facts, &notification);
        let object_type = scalar(notification.object_type);
        let id = facts.id(notification.id);
        let uuid = facts.id(notification.uuid);
        let object = uuid.or_else(|| id.clone());
        let mut related = Related::new();
        related.extend(object.clone().map(|id| (role(&object_type), id)));
        let subscription = facts.id(notification.subscription_uuid);
        related.extend(subscription.map(|id| ("subscription", id)));
        let external = facts.id(notification.external_subscription_id);
        related.extend(external.map(|id| ("external_subscription", id)));
        let number = facts.id(notification.invoice_number);
        related.extend(number.map(|number| ("invoice_number", number)));
        let movement = movement(&event_type, object.as_ref());
        let draft = Draft {
            identity: Identity::Body,
            status: EVENT_TYPES.status(&event_type),
            event_type,
            transaction_id: object,
            amount: None,
            merchant_account: facts.account(notification.site_id),
            event_time: facts.time(&[notification.event_time]),
            dated: true,
            related,
            facts,
            movements: movement.into_iter().collect(),
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
        let time = unsigned.at.as_millisecond().to_string();
        let tag = hmac_sha256_tag(key.as_bytes(), &[time.as_bytes(), b".", unsigned.body]);
        let header = format!("{time},{}", hex::encode(tag));
        Ok(unsigned.with_headers([("recurly-signature", header)]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/recurly/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/recurly/tests.rs"]
mod tests;
