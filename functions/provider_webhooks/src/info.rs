//! The catalogue: what the rest of the system, and its operator, need to know about a provider.
//!
//! Invariant: the one place for these facts. `catalogue.json`, which the gateway's templates, the local cloud's keys and
//! `payhook providers` are made from, is written from these values and a test compares.

use jiff::Timestamp;
use serde::Serialize;

use crate::event_types::EventTypes;
use crate::exponents::ExponentTable;
use crate::{Headers, Reject, Secrets};

/// A provider's entry in the catalogue.
#[derive(Debug, Serialize)]
pub struct ProviderInfo {
    /// Lower-case name in URLs, keys and secrets (`stripe`).
    pub name: &'static str,
    /// The name a person reads.
    pub title: &'static str,
    /// Where the facts of the file come from, with the date they were read.
    pub source: &'static str,
    /// Headers that make up the signature, lower-case; the gateway hands them on, and they tell the provider on a path without its
    /// name. Empty where the signature is in the body.
    pub signature_headers: &'static [&'static str],
    /// Other headers the gateway hands on, lower-case: an event id or type that no signature covers (Shopify's topic).
    pub unsigned_headers: &'static [&'static str],
    /// Media types the provider sends, the one of its samples first.
    pub content_types: &'static [&'static str],
    /// What makes its webhooks believable.
    pub authenticity: Authenticity,
    /// How the signature is made, in words (`HMAC-SHA256, hex, over time.body`).
    pub scheme: &'static str,
    /// What the signature covers.
    pub covers: SignatureCoverage,
    /// What happens while a secret is rotated, in words.
    pub rotation: &'static str,
    /// The form of `keys` in the provider's secret.
    pub key: KeyForm,
    /// What else stands in the provider's secret.
    pub settings: &'static [Setting],
    /// How an event id is made, in words. Deliveries of one event share it.
    pub event_id: &'static str,
    /// Whether the event time is part of the key.
    pub event_time: EventTimeStability,
    /// Fields of a JSON body that the provider's own retries change, each a path of names joined by
    /// `/`: no part of the hash that stands for a missing event id.
    pub volatile: &'static [&'static str],
    /// The documented event types.
    #[serde(skip)]
    pub event_types: &'static EventTypes,
    /// Seconds a signature's own time may lie before receipt; `None` where the provider signs no time or it is not judged.
    pub replay_window_past_seconds: Option<u32>,
    /// Seconds a signature's own time may lie after receipt.
    pub replay_window_future_seconds: Option<u32>,
    /// How amounts are stated.
    pub amounts: Amounts,
    /// Whether a body has free text of the merchant's, in which a card number can stand. Where not, no sample has a note.
    pub free_text: bool,
    /// Whether the provider can be told to send a header of one's own, such as `x-api-key`.
    pub custom_header: CustomHeader,
    /// What the provider wants to be answered.
    pub acknowledgement: Acknowledgement,
    /// What it asks before it sends webhooks.
    pub handshake: Option<Handshake>,
    /// Gives the address of the certificate that a webhook was signed with, once everything that
    /// can be checked without it is checked; `None` for a provider that signs with no certificate.
    #[serde(skip)]
    pub certificate_url: Option<CertificateUrl>,
    /// How long it tries.
    pub delivery: Delivery,
}

impl ProviderInfo {
    /// Judges the time that a signature covers, in seconds, by the window that the catalogue states.
    /// To be called once the signature is known to match: until then the time is anybody's.
    ///
    /// # Errors
    /// [`Reject::TimestampStale`] or [`Reject::TimestampFuture`] outside the window.
    pub(crate) fn judge_time(&self, received_at: Timestamp, signed_at: i64) -> Result<(), Reject> {
        let age = received_at.as_second().saturating_sub(signed_at);
        let beyond = |window: Option<u32>, seconds: i64| window.is_some_and(|w| seconds > w.into());
        if beyond(self.replay_window_past_seconds, age) {
            return Err(Reject::TimestampStale);
        }
        if beyond(self.replay_window_future_seconds, age.saturating_neg()) {
            return Err(Reject::TimestampFuture);
        }
        Ok(())
    }
}

/// Reads the address of a certificate out of a webhook's headers. It makes every check that needs
/// no certificate, with the result that `verify` would have: a webhook that it refuses causes no
/// fetch. The address is HTTPS and a place of the provider's own.
pub type CertificateUrl = fn(&Headers, &Secrets) -> Result<String, Reject>;

/// What makes a webhook believable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Authenticity {
    /// A signature that only the holder of a key can make for this body.
    Signed,
    /// A secret that is sent along: the sender knows it, the body may have been changed.
    SharedSecret,
    /// Nothing: a notice to go and ask the provider.
    Unsigned,
}

/// What a signature vouches for.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "fields")]
pub enum SignatureCoverage {
    /// Every byte of the body.
    WholeBody,
    /// Only these fields (of each item).
    Fields(&'static [&'static str]),
    /// A checksum of the body alone: another body with the same one can be made.
    Checksum(&'static str),
    /// Nothing of the body.
    Nothing,
}

/// The form of a provider's keys: `prefix` followed by `bytes` random bytes in `encoding`. From it the local cloud makes fresh keys and
/// the tests theirs.
#[derive(Debug, Serialize)]
pub struct KeyForm {
    /// What every key begins with (`whsec_`).
    pub prefix: &'static str,
    /// How the rest is written.
    pub encoding: KeyEncoding,
    /// Bytes behind it.
    pub bytes: u8,
}

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyEncoding {
    /// There is no key: the settings configure what takes its place.
    None,
    /// Any text, used as it is.
    Text,
    /// Hexadecimal digits, in upper case.
    Hex,
    /// Base64 with padding.
    Base64,
}

impl KeyForm {
    /// A secret that is used as the text it is.
    pub const TEXT: Self = Self {
        prefix: "",
        encoding: KeyEncoding::Text,
        bytes: 24,
    };
    /// No key at all.
    pub const NONE: Self = Self {
        prefix: "",
        encoding: KeyEncoding::None,
        bytes: 0,
    };
}

/// A further value in a provider's secret, beside `keys`.
#[derive(Debug, Serialize)]
pub struct Setting {
    /// Its name (`notification_url`).
    pub name: &'static str,
    /// Whether nothing is accepted without it.
    pub required: bool,
    /// What it is, in words.
    pub meaning: &'static str,
    /// One for tests and the local cloud; `{n}` stands for the number of the secret.
    pub sample: &'static str,
}

/// Whether the time of an event may be part of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventTimeStability {
    /// The event's own, signed and the same in every delivery: part of the key.
    Stable,
    /// Not signed, not the same in every delivery, or not the event's own: no part of the key.
    Unstable,
    /// Part of the key where the body states it.
    StableWhenStated,
    /// Not told: the time of receipt stands for it, and every delivery is an event of its own.
    Receipt,
}

/// How amounts are stated, and by whose decimal places they are read.
#[derive(Debug, Serialize)]
pub struct Amounts {
    /// The form.
    pub form: AmountForm,
    /// The provider's exceptions from ISO 4217.
    pub exponents: &'static ExponentTable,
}

/// The form of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountForm {
    /// Integers of minor units (`1130`).
    MinorUnits,
    /// Decimal text or numbers of major units (`11.30`).
    MajorUnits,
    /// Webhooks do not say: the provider has to be asked.
    NotStated,
}

/// Whether a provider can send a header of one's own.
#[derive(Debug, Serialize)]
pub struct CustomHeader {
    /// `None` where no document says.
    pub supported: Option<bool>,
    /// How, or who says so.
    pub source: &'static str,
}

/// The 2xx answer a provider expects.
#[derive(Debug, Serialize)]
pub struct Acknowledgement {
    /// HTTP status.
    pub status: u16,
    /// Media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}

impl Acknowledgement {
    /// For providers that look at the status alone.
    pub const ANY_2XX: Self = Self {
        status: 200,
        content_type: "application/json",
        body: "{\"accepted\":true}",
    };
}

/// A request that a provider makes to see whether the endpoint is ours.
#[derive(Debug, Serialize)]
pub struct Handshake {
    /// HTTP method.
    pub method: &'static str,
    /// What is asked, in words (`?bt_challenge=…`).
    pub request: &'static str,
    /// What it wants to be answered, in words.
    pub answer: &'static str,
    /// The name of the query parameter that holds the challenge; empty where there is none and any answer with a 2xx will do.
    pub parameter: &'static str,
    /// The answer to a challenge, with the provider's secret; `None` when the secret is not configured or not of its form.
    #[serde(skip)]
    pub answer_to: fn(&str, &Secrets) -> Option<String>,
}

/// How long and how often a provider tries.
#[derive(Debug, Serialize)]
pub struct Delivery {
    /// Seconds from the first to the last attempt; `None` where no document says.
    pub retry_horizon_seconds: Option<u32>,
    /// In words, with the time within which it wants an answer.
    pub retries: &'static str,
}
