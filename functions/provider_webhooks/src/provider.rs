//! The contract that every provider fulfils: required methods, no defaults.

use std::borrow::Cow;

use card_masking::FieldRules;
use jiff::Timestamp;

use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::{Events, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, VerifiedWebhook};

/// A payment provider: pure functions over one webhook.
pub trait Provider: Sync {
    /// The provider's entry in the catalogue.
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

    /// Reads the events of a verified webhook, whatever the body says: what is missing or unusable
    /// is named in the event's problems.
    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events;

    /// The body as JSON, which is what is masked and stored: the body itself where the provider
    /// sends JSON, an object made of it where it sends a form or XML. What cannot be read so is
    /// given as it is, and is masked as text.
    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]>;

    /// What of [`Provider::document`] is masked whole, and which fields hold ids.
    fn masking(&self) -> &'static FieldRules;

    /// Signs as the provider does, with the first of the secrets. Nothing that runs in a function uses it.
    ///
    /// # Errors
    /// A [`SignError`] that says what is missing.
    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError>;

    /// A body that tells of one payment. Nothing that runs in a function uses it.
    fn sample(&self, params: &SampleParams) -> Vec<u8>;
}
