//! One webhook → what is stored of it, or why it is not believed.
//!
//! Invariant: pure. The function, `payhook verify` and the fuzz targets go this one way.

use card_masking::{MaskedPayload, mask_body, mask_text};
use jiff::Timestamp;
use payment_event::PaymentEvent;
use provider_webhooks::{Authenticity, Provider, RawWebhook, Reject, Secrets, VerifiedWebhook};

use crate::fetched::Fetched;
use crate::message::IncomingMessage;
use crate::plan::TOO_OLD_SECONDS;

/// The reason for a genuine message that states to be older than any record of the table: the
/// record of its first delivery may be in the archive.
pub const TOO_OLD: &str = "too_old";

/// The reason for a message whose signature does not match, perhaps because its body was not UTF-8
/// when the gateway took it.
pub const BODY_DAMAGED: &str = "body_damaged";

/// A genuine message, masked.
#[derive(Debug)]
pub struct Accepted {
    /// The provider's name in the catalogue.
    pub provider: &'static str,
    /// Its events, their free texts masked. Ids stay as they are: they are keys.
    pub events: Vec<PaymentEvent>,
    /// The masked body.
    pub payload: MaskedPayload,
    /// Card numbers that were masked in payload and events.
    pub masked_pans: u32,
    /// What the webhook was believed for.
    pub authenticity: Authenticity,
}

/// Why a message is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody vouches for it.
    Unbelieved(Reject),
    /// Its signature does not match, and the body holds U+FFFD, which API Gateway puts in the place
    /// of bytes that are not UTF-8: the body that was signed may be another one.
    Damaged,
    /// It is genuine and states a time from which no record is in the table any more.
    TooOld,
}

impl Refusal {
    /// The stable text of the reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unbelieved(reject) => reject.as_str(),
            Self::Damaged => BODY_DAMAGED,
            Self::TooOld => TOO_OLD,
        }
    }

    /// The same, or [`Self::Damaged`] where that may be why.
    pub(super) fn of_body(self, body: &[u8]) -> Self {
        match (self, std::str::from_utf8(body)) {
            (Self::Unbelieved(Reject::SignatureMismatch), Ok(text))
                if text.contains(char::REPLACEMENT_CHARACTER) =>
            {
                Self::Damaged
            }
            _ => self,
        }
    }
}

/// From a request to what is stored of it: the one way, for the function and for whoever asks what
/// the function would do. Once `verify` has vouched for the webhook nothing refuses it.
///
/// # Errors
/// Why the webhook is not believed.
pub fn judge(
    provider: &'static dyn Provider,
    raw: RawWebhook<'_>,
    secrets: &Secrets,
    received_at: Timestamp,
) -> Result<Accepted, Refusal> {
    let webhook = provider
        .verify(raw, secrets, received_at)
        .map_err(Refusal::Unbelieved)?;
    Ok(read(provider, &webhook))
}

/// The same for a body that payhook fetched from the provider's API itself: there is no signature,
/// and it is never called signed.
pub(super) fn judge_fetched(
    provider: &'static dyn Provider,
    raw: RawWebhook<'_>,
    fetched: &Fetched,
) -> Accepted {
    read(
        provider,
        &VerifiedWebhook::fetched(raw, fetched.happened_at),
    )
}

fn read(provider: &'static dyn Provider, webhook: &VerifiedWebhook<'_>) -> Accepted {
    let mut events = provider.parse(webhook).into_vec();
    let masked = mask_body(&provider.document(webhook), provider.masking());
    let mut masked_pans = masked.masked_pans;
    for event in &mut events {
        masked_pans = masked_pans.saturating_add(mask_event(event));
    }
    Accepted {
        provider: provider.info().name,
        events,
        payload: masked.text,
        masked_pans,
        authenticity: webhook.authenticity(),
    }
}

/// Returns the refusal of a webhook that states an event too old to be believed new, unless the
/// archive was asked for it.
pub(super) fn new_enough(
    accepted: Accepted,
    message: &IncomingMessage<'_>,
    received_at: Timestamp,
) -> Result<Accepted, Refusal> {
    let too_old = |event: &PaymentEvent| {
        let age_s = |time: Timestamp| received_at.as_second().saturating_sub(time.as_second());
        event
            .key_time()
            .is_some_and(|time| age_s(time) > TOO_OLD_SECONDS)
    };
    if !message.archive_asked && accepted.events.iter().any(too_old) {
        return Err(Refusal::TooOld);
    }
    Ok(accepted)
}

/// Masks the free texts of an event and returns how many card numbers they held. Ids are checked
/// identifiers and keys; the currency is a short code and the amount a number by their types.
fn mask_event(event: &mut PaymentEvent) -> u32 {
    let (text, mut found) = mask_text(&event.event_type);
    event.event_type = text;
    if let Some(account) = &mut event.merchant_account {
        let (text, more) = mask_text(account);
        *account = text;
        found = found.saturating_add(more);
    }
    found
}
