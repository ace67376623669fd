//! The contract that every provider fulfils. Two required methods, no defaults.

use jiff::Timestamp;
use payment_event::PaymentEvent;
use serde::Serialize;

use crate::{ParseError, RawWebhook, Reject, Secrets, VerifiedWebhook};

/// A payment provider: pure functions over one webhook.
pub trait Provider: Sync {
    /// The provider's line in the catalogue.
    fn info(&self) -> &'static ProviderInfo;

    /// Checks the signature over the raw bytes. Replay windows are judged against `received_at`, the time the queue took the
    /// message, never against the time of processing.
    ///
    /// # Errors
    /// A [`Reject`] that names the reason without repeating any input.
    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject>;

    /// Reads 1..n events out of a verified webhook.
    ///
    /// # Errors
    /// A [`ParseError`] that names the reason without repeating any input.
    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError>;
}

/// What the rest of the system needs to know about a provider. The one place for it: `catalogue.json`, which the gateway's
/// templates are made from, is written from these values and a test compares.
#[derive(Debug, Serialize)]
pub struct ProviderInfo {
    /// Lower-case name in URLs, keys and secrets (`stripe`).
    pub name: &'static str,
    /// The name a person reads.
    pub title: &'static str,
    /// Where the facts of the file come from, with the date they were read.
    pub source: &'static str,
    /// Signature headers the gateway hands on, lower-case. Empty where the signature is in the body.
    pub signature_headers: &'static [&'static str],
    /// Media types the provider sends.
    pub content_types: &'static [&'static str],
    /// How the signature is made, in words (`HMAC-SHA256 hex over timestamp.body`).
    pub scheme: &'static str,
    /// What the signature covers.
    pub covers: SignatureCoverage,
    /// Whether the event time is the same in every delivery of one event.
    pub event_time: EventTimeStability,
    /// How an event id is made, in words.
    pub event_id: &'static str,
    /// Seconds a signature's own time may lie before receipt; `None` where the provider signs no time.
    pub replay_window_past_seconds: Option<u32>,
    /// Seconds a signature's own time may lie after receipt.
    pub replay_window_future_seconds: Option<u32>,
    /// Whether `Secrets::notification_url` is needed (Square signs it).
    pub needs_notification_url: bool,
    /// What the provider wants to be answered.
    pub acknowledgement: Acknowledgement,
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

/// What a signature vouches for.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "fields")]
pub enum SignatureCoverage {
    /// Every byte of the body.
    WholeBody,
    /// Only these fields of each item.
    Fields(&'static [&'static str]),
}

/// Whether the time of an event may be part of its key.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventTimeStability {
    /// The same in every delivery.
    Stable,
    /// May change or be missing: a guard item carries the identity.
    Unstable,
    /// Stable when the body states it, else guarded.
    StableWhenStated,
}
