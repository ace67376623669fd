//! Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature` (or the same with `svix-`), over `id.timestamp.body`.
//!
//! Sources, read 2026-11-23: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>; standardwebhooks
//! 1.1.0 from PyPI (executed as an oracle for v1; no library does v1a, its vector is Svix's own). `v1` is HMAC-SHA256, `v1a` is ed25519; a
//! space-separated list, any match counts. `webhook-timestamp` is the attempt's time and differs between deliveries, so the event's own
//! `timestamp` in the body is the time where it is stated, and a guard carries the identity where it is not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::exponents::ISO_ONLY;
use crate::json::{
    account, epoch_seconds, epoch_seconds_or_millis, event_type, id_or_object, identifier,
    minor_amount, object_or_default, read_body, rfc3339, scalar,
};
use crate::provider::{Acknowledgement, EventTimeStability, SignatureCoverage};
use crate::signature::{base64_lenient, ed25519, hmac_sha256};
use crate::{
    Headers, ParseError, Provider, ProviderInfo, RawWebhook, Reject, Secrets, VerifiedWebhook,
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
    content_types: &["application/json"],
    scheme: "v1 HMAC-SHA256 or v1a ed25519, base64, over id.timestamp.body; several while a secret is rotated",
    covers: SignatureCoverage::WholeBody,
    event_time: EventTimeStability::StableWhenStated,
    event_id: "webhook-id header",
    replay_window_past_seconds: Some(WINDOW_SECONDS),
    replay_window_future_seconds: Some(WINDOW_SECONDS),
    needs_notification_url: false,
    acknowledgement: Acknowledgement {
        status: 200,
        content_type: "application/json",
        body: "{\"accepted\":true}",
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

/// A decoded secret.
#[derive(PartialEq, Eq)]
pub(crate) enum Key {
    /// `whsec_…` (or no prefix): the HMAC key.
    Hmac(Vec<u8>),
    /// `whpk_…`: 32 bytes of public key.
    Public(Vec<u8>),
    /// `whsk_…`: 32 bytes of seed, 32 of public key.
    Private { seed: Vec<u8>, public: Vec<u8> },
}

impl Key {
    /// Decodes one secret; `None` when it is not in the format.
    pub(crate) fn decode(secret: &str) -> Option<Self> {
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

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Data<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    payment_id: Option<&'a RawValue>,
    #[serde(borrow)]
    merchant_id: Option<&'a RawValue>,
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Option<&'a RawValue>,
}

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
        if secrets.keys().is_empty() {
            return Err(Reject::SecretMissing);
        }
        let (mut shared, mut public) = (Vec::new(), Vec::new());
        for key in secrets.keys().iter().filter_map(|k| Key::decode(k)) {
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
        let data: Data<'_> = object_or_default(event.data)?;
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
        let amount = if states_minor_units(&data) {
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
}
