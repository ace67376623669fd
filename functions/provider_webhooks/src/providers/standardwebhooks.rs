//! Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature` (or the same with `svix-`), over `id.timestamp.body`.
//!
//! Sources, read 2026-11-23: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>; standardwebhooks
//! 1.1.0 from PyPI (executed as an oracle for v1; no library does v1a, its vector is Svix's own). `v1` is HMAC-SHA256, `v1a` is ed25519; a
//! space-separated list, any match counts. `webhook-timestamp` is the attempt's time and differs between deliveries, so the event's own
//! `timestamp` in the body is the time where it is stated, and a guard carries the identity where it is not. A signature whose base64 has lost its
//! padding is believed here and not by the library: the bytes are the same.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{COMMON_RULES, FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde_json::value::RawValue;

use crate::amounts::minor_amount;
use crate::encoding::{base64_lenient, base64_text};
use crate::exponents::ISO_ONLY;
use crate::json::{
    account, event_type, id_or_object, identifier, json_document, raw_fields, read_body, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{ed25519, ed25519_sign, hmac_sha256, hmac_sha256_tag};
use crate::times::{epoch_seconds, epoch_seconds_or_millis, rfc3339};
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    Headers, KeyEncoding, KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject,
    SampleParams, Secrets, SignatureCoverage, VerifiedWebhook,
};

pub(super) struct StandardWebhooks;

const WINDOW_SECONDS: u32 = 300;
/// A body without a `type` is stored under this one.
const TYPE_MISSING: &str = "unknown";

static INFO: ProviderInfo = ProviderInfo {
    name: "standardwebhooks",
    title: "Standard Webhooks",
    source: "https://github.com/standard-webhooks/standard-webhooks, read 2026-11-23",
    signature_headers: &[
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "svix-id",
        "svix-timestamp",
        "svix-signature",
    ],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "v1 HMAC-SHA256 or v1a ed25519, base64, over id.timestamp.body",
    covers: SignatureCoverage::WholeBody,
    rotation: "several signatures in one header while secrets overlap",
    key: KeyForm {
        prefix: "whsec_",
        encoding: KeyEncoding::Base64,
        bytes: 32,
    },
    settings: &[],
    event_time: EventTimeStability::StableWhenStated,
    event_id: "webhook-id header",
    replay_window_past_seconds: Some(WINDOW_SECONDS),
    replay_window_future_seconds: Some(WINDOW_SECONDS),
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(true),
        source: "the sender decides; senders built on Svix take headers for an endpoint",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: None,
        retries: "the sender decides; any 2xx",
    },
};

/// Status by the last part of the event type and, for refunds and disputes, the part before it. Senders choose their own names.
const STATUS: &[(&str, PaymentStatus)] = &[
    ("payment.created", PaymentStatus::Pending),
    ("payment.pending", PaymentStatus::Pending),
    ("payment.processing", PaymentStatus::Pending),
    ("payment.authorized", PaymentStatus::Authorised),
    ("payment.authorised", PaymentStatus::Authorised),
    ("payment.captured", PaymentStatus::Captured),
    ("payment.succeeded", PaymentStatus::Captured),
    ("payment.completed", PaymentStatus::Captured),
    ("payment.failed", PaymentStatus::Failed),
    ("payment.declined", PaymentStatus::Failed),
    ("payment.cancelled", PaymentStatus::Voided),
    ("payment.canceled", PaymentStatus::Voided),
    ("payment.voided", PaymentStatus::Voided),
    ("payment.refunded", PaymentStatus::Refunded),
    ("refund.succeeded", PaymentStatus::Refunded),
    ("refund.created", PaymentStatus::Pending),
    ("refund.failed", PaymentStatus::RefundFailed),
    ("dispute.created", PaymentStatus::Disputed),
    ("dispute.opened", PaymentStatus::Disputed),
    ("dispute.won", PaymentStatus::DisputeWon),
    ("dispute.lost", PaymentStatus::DisputeLost),
    ("payout.paid", PaymentStatus::Payout),
];

/// Senders shape their own data, so the common names apply.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: COMMON_RULES.patterns().drop,
    ids: &[
        ("id", has_a_letter), ("payment_id", has_a_letter),
    ],
}
.rules();

/// A decoded secret.
#[derive(PartialEq, Eq)]
enum Key {
    /// `whsec_…` (or no prefix): the HMAC key.
    Hmac(Vec<u8>),
    /// `whpk_…`: 32 bytes of public key.
    Public(Vec<u8>),
    /// `whsk_…`: 32 bytes of seed, 32 of public key.
    Private { seed: Vec<u8>, public: Vec<u8> },
}

impl Key {
    /// Decodes one secret; `None` when it is not in the format.
    fn decode(secret: &str) -> Option<Self> {
        let secret = secret.trim();
        let decoded = |text: &str| base64_lenient(text).filter(|bytes| !bytes.is_empty());
        if let Some(text) = secret.strip_prefix("whpk_") {
            return decoded(text).filter(|b| b.len() == 32).map(Self::Public);
        }
        if let Some(text) = secret.strip_prefix("whsk_") {
            let bytes = decoded(text).filter(|b| b.len() == 64)?;
            let (seed, public) = bytes.split_at(32);
            return Some(Self::Private {
                seed: seed.to_vec(),
                public: public.to_vec(),
            });
        }
        decoded(secret.strip_prefix("whsec_").unwrap_or(secret)).map(Self::Hmac)
    }
}

struct SignedHeaders<'h> {
    id: &'h str,
    timestamp: &'h str,
    v1: Vec<Vec<u8>>,
    v1a: Vec<Vec<u8>>,
}

fn signed_headers(headers: &Headers) -> Result<SignedHeaders<'_>, Reject> {
    let get = |a: &str, b: &str| {
        headers
            .get(a)
            .or_else(|| headers.get(b))
            .ok_or(Reject::SignatureMissing)
    };
    let id = get("webhook-id", "svix-id")?;
    let timestamp = get("webhook-timestamp", "svix-timestamp")?;
    let list = get("webhook-signature", "svix-signature")?;
    let (mut v1, mut v1a) = (Vec::new(), Vec::new());
    for entry in list.split_ascii_whitespace() {
        match entry.split_once(',') {
            Some(("v1", text)) => v1.extend(base64_lenient(text)),
            Some(("v1a", text)) => v1a.extend(base64_lenient(text)),
            _ => {}
        }
    }
    if v1.is_empty() && v1a.is_empty() {
        return Err(Reject::SignatureMalformed);
    }
    Ok(SignedHeaders {
        id,
        timestamp,
        v1,
        v1a,
    })
}

fn status(kind: &str) -> PaymentStatus {
    STATUS
        .iter()
        .find(|(name, _)| *name == kind)
        .map_or(PaymentStatus::Unclassified, |(_, status)| *status)
}

raw_fields! { Event { #[serde(rename = "type")] kind, timestamp; data: Data } }

raw_fields! { Data { id, payment_id, merchant_id, amount, currency } }

/// Senders shape their own data: only a JSON integer beside a code of three letters is taken for minor units.
fn states_minor_units(data: &Data<'_>) -> bool {
    let digits = data.amount.map_or("", RawValue::get);
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    let currency = data.currency.map_or("", RawValue::get);
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && currency.len() == 5
        && currency.bytes().filter(u8::is_ascii_alphabetic).count() == 3
}

impl Provider for StandardWebhooks {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        let (mut shared, mut public) = (Vec::new(), Vec::new());
        for key in secrets.some_keys()?.iter().filter_map(|k| Key::decode(k)) {
            match key {
                Key::Hmac(bytes) => shared.push(bytes),
                Key::Public(bytes) | Key::Private { public: bytes, .. } => public.push(bytes),
            }
        }
        if shared.is_empty() && public.is_empty() {
            return Err(Reject::SecretMalformed);
        }
        let signed = signed_headers(&raw.headers)?;
        let time: i64 = signed
            .timestamp
            .parse()
            .map_err(|_| Reject::SignatureMalformed)?;
        let prefix = format!("{}.{}.", signed.id, signed.timestamp);
        let matched =
            hmac_sha256(&shared, &[prefix.as_bytes(), raw.body], &signed.v1).or_else(|_| {
                ed25519(
                    &public,
                    &[prefix.as_bytes(), raw.body].concat(),
                    &signed.v1a,
                )
            })?;
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
        let headers = signed_headers(webhook.headers()).map_err(|_| ParseError::FieldMissing)?;
        let event_id = identifier(headers.id)?;
        let event: Event<'_> = read_body(webhook.body())?;
        let data = &event.data;
        let kind = match scalar(event.kind)? {
            kind if kind.is_empty() => TYPE_MISSING.into(),
            kind => kind,
        };
        let stated = scalar(event.timestamp)?;
        let (event_time, identity) = if stated.is_empty() {
            (
                epoch_seconds(headers.timestamp)?,
                EventIdentity::Guard(event_id.to_string()),
            )
        } else if stated.bytes().all(|b| b.is_ascii_digit()) {
            (epoch_seconds_or_millis(&stated)?, EventIdentity::Key)
        } else {
            (rfc3339(&stated)?, EventIdentity::Key)
        };
        let object_id = id_or_object(data.id)?;
        let payment_id = id_or_object(data.payment_id)?;
        let role = kind.split('.').next().unwrap_or_default();
        let mut related_ids = BTreeMap::new();
        related_ids.extend(payment_id.clone().map(|id| ("payment".to_owned(), id)));
        if matches!(role, "payment" | "refund" | "dispute" | "payout") {
            related_ids.extend(object_id.clone().map(|id| (role.to_owned(), id)));
        }
        let amount = if states_minor_units(data) {
            minor_amount(data.amount, data.currency, &ISO_ONLY)?
        } else {
            None
        };
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: payment_id.or(object_id).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status: status(&kind),
            amount,
            // Not the envelope's word but the sender's own: a shape we do not know is no account.
            merchant_account: account(data.merchant_id).unwrap_or_default(),
            event_time,
            identity,
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
        let time = unsigned.at.as_second().to_string();
        let id = unsigned.message_id;
        let message = [format!("{id}.{time}.").as_bytes(), unsigned.body].concat();
        let signature = match Key::decode(first_key(secrets)?).ok_or(SignError::Secret)? {
            Key::Hmac(key) => format!("v1,{}", base64_text(hmac_sha256_tag(&key, &[&message]))),
            Key::Private { seed, public } => {
                let signed = ed25519_sign(&seed, &public, &message).ok_or(SignError::Secret)?;
                format!("v1a,{}", base64_text(signed))
            }
            Key::Public(_) => return Err(SignError::Secret),
        };
        Ok(unsigned.with_headers([
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", time),
            ("webhook-signature", signature),
        ]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/standardwebhooks/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/standardwebhooks/tests.rs"]
mod tests;
