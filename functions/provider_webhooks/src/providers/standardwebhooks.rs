//! Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature` (or the same with
//! `svix-`), over `id.timestamp.body`.
//!
//! Sources, read 2026-11-23:
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>;
//! standardwebhooks 1.1.0 from PyPI (executed as an oracle for v1; no library does v1a, its vector
//! is Svix's own). `v1` is HMAC-SHA256, `v1a` is ed25519; a space-separated list, any match counts,
//! and only the first few of each are tried: an ed25519 signature is dear to check. A signature
//! whose base64 has lost its padding is believed here and not by the library: the bytes are the
//! same.
//!
//! `webhook-id` is signed and the same in every attempt. `webhook-timestamp` is the attempt's time,
//! so it is part of no key; the event's own `timestamp` in the body is, where it is stated. Senders
//! shape their own bodies, and may send anything: the specification recommends `type`, `timestamp`
//! and `data`. The names of disputes' states are those of Dodo Payments [M]. Movements: see
//! [`movements`].

use std::borrow::Cow;

use card_masking::{COMMON_RULES, FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{PaymentStatus, Problem};
use serde_json::value::RawValue;

use crate::encoding::{base64_lenient, base64_text};
use crate::event_types::{EventTypes, Says};
use crate::events::{Draft, Events, Identity, UNREADABLE};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{ed25519, ed25519_sign, hmac_sha256, hmac_sha256_tag};
use crate::times;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    Headers, KeyEncoding, KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams,
    Secrets, SignatureCoverage, VerifiedWebhook,
};

mod movements;

use movements::movement;

pub(super) struct StandardWebhooks;

const WINDOW_SECONDS: u32 = 300;
/// Signatures of the one kind that are tried: as many as secrets overlap, and more.
const V1_MAX: usize = 16;
/// The same of the other kind, each of which costs as much as hashing a large body.
const V1A_MAX: usize = 4;

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
    volatile: &[],
    event_types: &EVENT_TYPES,
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

#[rustfmt::skip]
static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::Status;
    EventTypes {
        source: "https://github.com/standard-webhooks/standard-webhooks, read 2026-11-27: none",
        open: true,
        rows: &[
            ("dispute.accepted", Status(DisputeLost)),
            ("dispute.cancelled", Status(DisputeWon)),
            ("dispute.challenged", Status(Disputed)),
            ("dispute.created", Status(Disputed)),
            ("dispute.expired", Status(DisputeLost)),
            ("dispute.lost", Status(DisputeLost)),
            ("dispute.opened", Status(Disputed)),
            ("dispute.won", Status(DisputeWon)),
            ("payment.authorised", Status(Authorised)),
            ("payment.authorized", Status(Authorised)),
            ("payment.canceled", Status(Voided)),
            ("payment.cancelled", Status(Voided)),
            ("payment.captured", Status(Captured)),
            ("payment.completed", Status(Captured)),
            ("payment.created", Status(Pending)),
            ("payment.declined", Status(Failed)),
            ("payment.failed", Status(Failed)),
            ("payment.pending", Status(Pending)),
            ("payment.processing", Status(Pending)),
            ("payment.refunded", Status(Refunded)),
            ("payment.succeeded", Status(Captured)),
            ("payment.voided", Status(Voided)),
            ("payout.paid", Status(Payout)),
            ("refund.created", Status(Pending)),
            ("refund.failed", Status(RefundFailed)),
            ("refund.succeeded", Status(Refunded)),
        ],
    }
};

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
            Some(("v1", text)) if v1.len() < V1_MAX => v1.extend(base64_lenient(text)),
            Some(("v1a", text)) if v1a.len() < V1A_MAX => v1a.extend(base64_lenient(text)),
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

raw_fields! {
    Event {
        #[serde(rename = "type")] kind, event_type, #[serde(rename = "eventType")] camel_type,
        event, timestamp;
        data: Data,
    }
}

raw_fields! {
    Data { id, payment_id, refund_id, dispute_id, merchant_id, amount, total_amount, currency }
}

/// The field that holds the type: `type`, or what senders call it who do not keep to that.
fn type_field<'a>(event: &Event<'a>) -> Option<&'a RawValue> {
    let fields = [event.kind, event.event_type, event.camel_type, event.event];
    let stated = fields.into_iter().find(|raw| !scalar(*raw).is_empty());
    stated.flatten().or(event.kind)
}

/// Senders shape their own data: only a JSON integer beside a code of three letters is taken for
/// minor units.
fn minor_units<'a>(data: &Data<'a>) -> Option<&'a RawValue> {
    let integer = |raw: &&RawValue| {
        let digits = raw.get().strip_prefix('-').unwrap_or(raw.get());
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let currency = scalar(data.currency);
    let letters = currency.bytes().all(|b| b.is_ascii_alphabetic());
    let amounts = [data.amount, data.total_amount].into_iter().flatten();
    amounts
        .into_iter()
        .find(integer)
        .filter(|_| letters && currency.len() == 3)
}

/// An event of a body that is no JSON object. Its id is signed all the same.
fn unreadable(mut facts: Facts, identity: Identity, sent: Option<Timestamp>) -> Draft {
    facts.note(Problem::BodyUnreadable);
    Draft {
        facts,
        identity,
        event_type: UNREADABLE.to_owned(),
        status: PaymentStatus::Unclassified,
        transaction_id: None,
        amount: None,
        merchant_account: None,
        event_time: sent,
        dated: false,
        related: Related::new(),
        movements: Vec::new(),
    }
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
        let parts = [prefix.as_bytes(), raw.body];
        let matched = match hmac_sha256(&shared, &parts, &signed.v1) {
            Err(_) if !public.is_empty() && !signed.v1a.is_empty() => {
                ed25519(&public, &parts.concat(), &signed.v1a)
            }
            verdict => verdict,
        }?;
        INFO.judge_time(received_at, time)?;
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let mut facts = Facts::default();
        let headers = signed_headers(webhook.headers());
        let (id, sent) = match &headers {
            Ok(headers) => (headers.id, times::time(headers.timestamp)),
            Err(_) => ("", None),
        };
        let identity = Identity::Own(facts.event_id_text(id));
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            return Events::of(&INFO, webhook, vec![unreadable(facts, identity, sent)]);
        };
        let data = &event.data;
        let event_type = facts.event_type(type_field(&event));
        let status = EVENT_TYPES.status(&event_type);
        let stated = facts.time_if_stated(&[event.timestamp]);
        let object_id = facts.chosen_id(data.id);
        let payment_id = facts.chosen_id(data.payment_id);
        let role = match event_type.split('.').next() {
            Some("payment") => Some("payment"),
            Some("refund") => Some("refund"),
            Some("dispute") => Some("dispute"),
            Some("payout") => Some("payout"),
            Some("order") => Some("order"),
            _ => None,
        };
        let mut related = Related::new();
        related.extend(payment_id.clone().map(|id| ("payment", id)));
        related.extend(role.zip(object_id.clone()));
        let value = minor_units(data);
        let amount = facts.minor_if_stated(status, value, data.currency, &ISO_ONLY);
        let payment = payment_id.or_else(|| object_id.clone());
        let ids = [payment.as_ref(), object_id.as_ref()];
        let told = movement(&event_type, status, data, ids, amount.clone());
        let draft = Draft {
            identity,
            event_type,
            status,
            transaction_id: payment,
            amount,
            merchant_account: facts.account(data.merchant_id),
            event_time: stated.or(sent),
            dated: stated.is_some(),
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
