//! One message → believed, refused, or not to be said yet.
//!
//! Invariant: only a message that its provider's `verify` vouched for becomes [`Judgement::Accepted`], and what is accepted is
//! masked already. Judged by receipt time: the same message is judged alike however long it waited.
//! Invariant: a message is never rejected because of our own trouble. Secrets that cannot be read mean [`Judgement::Retry`].
//!
//! Source: `ARCHITECTURE.md`, "One webhook, from arrival to archive"; the reasons are those of `provider_webhooks::reject`.

use std::collections::BTreeMap;
use std::sync::Arc;

use card_masking::{MaskedPayload, mask_json, mask_text};
use jiff::Timestamp;
use payment_event::PaymentEvent;
use provider_webhooks::{Headers, ParseError, Provider, RawWebhook, Reject, Secrets, providers};

use crate::message::{IncomingMessage, Request, RequestUnreadable};
use crate::storage::{CertificateStore, SecretStore, StoreError};

/// The reason for a genuine message whose body cannot be masked: unmasked, it may not be stored.
pub const PAYLOAD_UNMASKABLE: &str = "payload_unmaskable";

/// Certificates that one batch may make us fetch: a provider signs with one or two at a time, and whoever forges may name any number.
const CERTIFICATES_PER_BATCH_MAX: usize = 8;

/// What is made of a message.
#[derive(Debug)]
pub enum Judgement {
    /// Genuine and readable.
    Accepted(Accepted),
    /// Not believed or not readable. Final for these secrets; goes to the rejected queue.
    Rejected {
        /// One of the stable reason texts.
        reason: &'static str,
        /// The provider that it was judged by, when one was found.
        provider: Option<&'static str>,
    },
    /// Cannot be judged now; to be delivered again.
    Retry(StoreError),
}

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
}

/// Judges the messages of one batch. Keeps what it learned about each provider's secrets for the length of the batch, so that
/// a thousand forged messages cost one reading of the secrets, and an outage of the secret store costs one time-out.
pub struct Judge<'s, S, C> {
    store: &'s S,
    certificate_store: &'s C,
    known: BTreeMap<&'static str, Known>,
    certificates: BTreeMap<String, Certificate>,
}

/// A certificate, that there is none, or why that cannot be said now.
type Certificate = Result<Option<Arc<[u8]>>, StoreError>;

struct Known {
    secrets: Result<Arc<Secrets>, StoreError>,
    /// How the one renewed reading of this batch went, once it was made (or declined by the store's own limit).
    refreshed: Option<Result<(), StoreError>>,
}

impl<'s, S: SecretStore, C: CertificateStore> Judge<'s, S, C> {
    /// A judge for one batch.
    pub fn new(store: &'s S, certificate_store: &'s C) -> Self {
        Self {
            store,
            certificate_store,
            known: BTreeMap::new(),
            certificates: BTreeMap::new(),
        }
    }

    /// Judges one message.
    pub async fn judge(&mut self, message: &IncomingMessage<'_>) -> Judgement {
        let unreadable = Judgement::Rejected {
            reason: RequestUnreadable::REASON,
            provider: None,
        };
        let Ok(request) = Request::decode(message.request) else {
            return unreadable;
        };
        let Ok(received_at) = Timestamp::from_millisecond(message.received_at_ms) else {
            return unreadable;
        };
        let found = match request.provider.as_deref() {
            Some(name) => providers::by_name(name),
            None => providers::detect(&request.headers),
        };
        let Some(provider) = found else {
            return Judgement::Rejected {
                reason: Reject::UnknownProvider.as_str(),
                provider: None,
            };
        };

        let name = provider.info().name;
        let secrets = match self.secrets(name).await {
            Ok(secrets) => secrets,
            Err(error) => return Judgement::Retry(error),
        };
        let certificate = match self.certificate(provider, &request.headers, &secrets).await {
            Ok(certificate) => certificate,
            Err(Undecided::Rejected(reject)) => {
                return decided(Err(Refusal::Unbelieved(reject)), name);
            }
            Err(Undecided::Later(error)) => return Judgement::Retry(error),
        };
        let certificate = certificate.as_deref();
        let body = message.body.as_bytes();
        let webhook = RawWebhook {
            certificate,
            ..RawWebhook::new(body, request.headers)
        };
        let first = verify_and_read(provider, webhook, &secrets, received_at);
        if !matches!(&first, Err(reason) if may_be_our_secrets(reason)) {
            return decided(first, name);
        }
        match self.renewed(name, &secrets).await {
            Ok(Some(renewed)) => {
                // Decoded once more instead of cloned above: this way is rare, and the common one stays without a copy.
                let Ok(request) = Request::decode(message.request) else {
                    return unreadable;
                };
                let webhook = RawWebhook {
                    certificate,
                    ..RawWebhook::new(body, request.headers)
                };
                decided(
                    verify_and_read(provider, webhook, &renewed, received_at),
                    name,
                )
            }
            Ok(None) => decided(first, name),
            Err(error) => Judgement::Retry(error),
        }
    }

    async fn secrets(&mut self, name: &'static str) -> Result<Arc<Secrets>, StoreError> {
        if let Some(known) = self.known.get(name) {
            return known.secrets.clone();
        }
        let secrets = self.store.secrets(name).await;
        self.known.insert(
            name,
            Known {
                secrets: secrets.clone(),
                refreshed: None,
            },
        );
        secrets
    }

    /// The certificate that the provider signs with, where it names one and none is configured. Fetched at most once a batch.
    pub(crate) async fn certificate(
        &mut self,
        provider: &'static dyn Provider,
        headers: &Headers,
        secrets: &Secrets,
    ) -> Result<Option<Arc<[u8]>>, Undecided> {
        if secrets.is_empty() || secrets.certificate().is_some() {
            return Ok(None);
        }
        let Some(url_of) = provider.info().certificate_url else {
            return Ok(None);
        };
        let url = url_of(headers).map_err(Undecided::Rejected)?;
        let known = match self.certificates.get(&url) {
            Some(known) => known.clone(),
            None if self.certificates.len() >= CERTIFICATES_PER_BATCH_MAX => {
                return Err(Undecided::Later(StoreError::Retryable {
                    call: "certificate",
                    cause: "too many different ones in one batch".to_owned(),
                }));
            }
            None => {
                let fetched = self.certificate_store.certificate(&url).await;
                self.certificates.insert(url, fetched.clone());
                fetched
            }
        };
        let certificate = known.map_err(Undecided::Later)?;
        certificate
            .map(Some)
            .ok_or(Undecided::Rejected(Reject::CertificateMissing))
    }

    /// The secrets read again, when that can change the outcome: `None` when they are the ones that were tried.
    async fn renewed(
        &mut self,
        name: &'static str,
        tried: &Arc<Secrets>,
    ) -> Result<Option<Arc<Secrets>>, StoreError> {
        let Some(known) = self.known.get_mut(name) else {
            return Ok(None);
        };
        if let Some(earlier) = &known.refreshed {
            return earlier.clone().map(|()| None);
        }
        let renewed = self.store.refreshed(name).await;
        // A failure is kept as well: for the rest of the batch nobody can say whether a signature that does not match is forged or
        // made with a newer secret. Those that match are still accepted.
        known.refreshed = Some(renewed.as_ref().map(|_| ()).map_err(StoreError::clone));
        let changed = renewed?.filter(|secrets| secrets != tried);
        if let Some(secrets) = &changed {
            known.secrets = Ok(Arc::clone(secrets));
        }
        Ok(changed)
    }
}

/// Rejections that a secret set, repaired or rotated since the last reading would turn.
fn may_be_our_secrets(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Unbelieved(
            Reject::SignatureMismatch
                | Reject::SecretMissing
                | Reject::SecretMalformed
                | Reject::NotificationUrlMissing
                | Reject::SettingMissing
                | Reject::UnsignedNotAccepted
                | Reject::CertificateInvalid
        )
    )
}

/// Why there is no certificate to verify with.
pub(crate) enum Undecided {
    Rejected(Reject),
    Later(StoreError),
}

enum Refusal {
    Unbelieved(Reject),
    Unusable(&'static str),
}

fn decided(result: Result<Accepted, Refusal>, name: &'static str) -> Judgement {
    match result {
        Ok(accepted) => Judgement::Accepted(accepted),
        Err(Refusal::Unbelieved(reject)) => Judgement::Rejected {
            reason: reject.as_str(),
            provider: Some(name),
        },
        Err(Refusal::Unusable(reason)) => Judgement::Rejected {
            reason,
            provider: Some(name),
        },
    }
}

fn verify_and_read(
    provider: &'static dyn Provider,
    raw: RawWebhook<'_>,
    secrets: &Secrets,
    received_at: Timestamp,
) -> Result<Accepted, Refusal> {
    let name = provider.info().name;
    let webhook = provider
        .verify(raw, secrets, received_at)
        .map_err(Refusal::Unbelieved)?;
    let unreadable = |error: ParseError| Refusal::Unusable(error.as_str());
    let mut events = provider.parse(&webhook).map_err(unreadable)?;
    let document = provider.document(&webhook).map_err(unreadable)?;
    let masked = mask_json(&document, provider.masking())
        .map_err(|_| Refusal::Unusable(PAYLOAD_UNMASKABLE))?;
    let mut masked_pans = masked.masked_pans;
    for event in &mut events {
        masked_pans = masked_pans.saturating_add(mask_event(event));
    }
    Ok(Accepted {
        provider: name,
        events,
        payload: masked.text,
        masked_pans,
    })
}

/// Masks the free texts of an event and returns how many card numbers they held. Ids are checked identifiers and keys; the
/// currency is three letters and the amount a number by their types.
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
