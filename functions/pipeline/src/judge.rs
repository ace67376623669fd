//! One message → believed, refused, or not to be said yet.
//!
//! Invariant: only a message that its provider's `verify` vouched for becomes [`Judgement::Accepted`], or one that payhook fetched from
//! the provider itself and that says so; what is accepted is masked already. Judged by receipt time: the same message is judged alike however long it waited.
//! Invariant: a message is rejected because of our own trouble in one case only, and then it can be
//! redriven. Secrets that cannot be read mean [`Judgement::Retry`]. A certificate that cannot be
//! fetched now means `certificate_missing`: the message itself names the certificate, and a message
//! that nobody has vouched for must not be able to fill the dead-letter queue or delay others.
//!
//! Invariant: fetching certificates never changes the judgement of another message. A message
//! that needs no fetch is judged without waiting for one; the others share one call for the batch.
//!
//! Source: `ARCHITECTURE.md`, "One webhook, from arrival to archive"; the reasons are those of `provider_webhooks::reject`.

mod one;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use provider_webhooks::{Headers, Provider, RawWebhook, Reject, Secrets, providers};

pub use one::{Accepted, BODY_DAMAGED, Refusal, TOO_OLD, judge};
use one::{judge_fetched, new_enough};

use crate::message::{IncomingMessage, Request, RequestUnreadable};
use crate::storage::{CertificateStore, SecretStore, StoreError};

/// Certificates that one batch may make us fetch. A provider signs with one or two at a time, and a
/// forger may name any number. What the store remembers is not fetched and does not count.
pub const CERTIFICATES_FETCHED_MAX: usize = 8;

/// Secrets that are read at the same time. Each call of the first few opens a connection with a TLS
/// handshake, which costs more than waiting for an answer.
const SECRETS_READ_AT_ONCE: usize = 4;

/// What is made of a message.
#[derive(Debug)]
pub enum Judgement {
    /// Genuine.
    Accepted(Accepted),
    /// Not believed. Final for these secrets; goes to the rejected queue.
    Rejected {
        /// One of the stable reason texts.
        reason: &'static str,
        /// The provider that it was judged by, when one was found.
        provider: Option<&'static str>,
    },
    /// Cannot be judged now; to be delivered again.
    Retry(StoreError),
}

/// Judges the messages of one batch. Keeps what it learned about each provider's secrets for the length of the batch, so that
/// a thousand forged messages cost one reading of the secrets, and an outage of the secret store costs one time-out.
pub struct Judge<'s, S, C> {
    store: &'s S,
    certificate_store: &'s C,
    known: BTreeMap<&'static str, Known>,
    fetched: BTreeMap<String, Arc<[u8]>>,
}

/// A message and what its `request` attribute says, which is decoded once.
pub(crate) type Decoded<'a> = (IncomingMessage<'a>, Result<Request<'a>, RequestUnreadable>);

/// Decodes the `request` attribute of each message.
pub(crate) fn decoded<'a>(batch: &[IncomingMessage<'a>]) -> Vec<Decoded<'a>> {
    let decode = |message: &IncomingMessage<'a>| (*message, Request::decode(message.request));
    batch.iter().map(decode).collect()
}

/// What can be said of a message before any certificate is fetched.
enum FirstLook {
    Judged(Judgement),
    /// Plausible, and signed with a certificate that is not known here.
    CertificateUnknown {
        provider: &'static str,
        url: String,
    },
}

/// The certificate to verify a webhook with.
enum Certificate {
    /// None is needed, or one is configured.
    NotFetched,
    /// Fetched for this batch.
    Fetched(Arc<[u8]>),
    /// Fetched for another one, with its URL.
    Remembered(String, Arc<[u8]>),
    Unknown(String),
    Refused(Reject),
}

struct Known {
    secrets: Result<Arc<Secrets>, StoreError>,
    /// How the one renewed reading of this batch went, once it was made (or declined by the store's own limit).
    refreshed: Option<Result<(), StoreError>>,
}

impl Known {
    fn new(secrets: Result<Arc<Secrets>, StoreError>) -> Self {
        Self {
            secrets,
            refreshed: None,
        }
    }
}

impl<'s, S: SecretStore, C: CertificateStore> Judge<'s, S, C> {
    /// A judge for one batch.
    pub fn new(store: &'s S, certificate_store: &'s C) -> Self {
        Self {
            store,
            certificate_store,
            known: BTreeMap::new(),
            fetched: BTreeMap::new(),
        }
    }

    /// Judges the messages of one batch and returns a judgement for each, in order. What can be
    /// said without a fetch is said first. Then the certificates that are still unknown are
    /// fetched in one call, at most [`CERTIFICATES_FETCHED_MAX`] of them in the order in which
    /// they are named.
    pub async fn judge_all(&mut self, batch: &[IncomingMessage<'_>]) -> Vec<Judgement> {
        self.judge_decoded(&decoded(batch)).await
    }

    /// The same for messages whose requests are decoded already.
    pub(crate) async fn judge_decoded(&mut self, batch: &[Decoded<'_>]) -> Vec<Judgement> {
        self.read_secrets_of(batch).await;
        let mut judgements = Vec::with_capacity(batch.len());
        let mut waiting = Vec::new();
        let mut wanted: Vec<String> = Vec::new();
        for (position, message) in batch.iter().enumerate() {
            judgements.push(match self.look(message).await {
                FirstLook::Judged(judgement) => judgement,
                FirstLook::CertificateUnknown { provider, url } => {
                    if wanted.len() < CERTIFICATES_FETCHED_MAX && !wanted.contains(&url) {
                        wanted.push(url.clone());
                    }
                    waiting.push((position, url));
                    // Stays so unless the certificate arrives.
                    decided(
                        Err(Refusal::Unbelieved(Reject::CertificateMissing)),
                        provider,
                    )
                }
            });
        }
        if wanted.is_empty() {
            return judgements;
        }
        let fetched = self.certificate_store.fetch(&wanted).await;
        self.fetched.extend(fetched);
        for (position, url) in waiting {
            if self.fetched.contains_key(&url)
                && let (Some(message), Some(slot)) =
                    (batch.get(position), judgements.get_mut(position))
                && let FirstLook::Judged(judgement) = self.look(message).await
            {
                *slot = judgement;
            }
        }
        judgements
    }

    /// Judges one message as far as that goes without a fetch.
    async fn look(&mut self, (message, request): &Decoded<'_>) -> FirstLook {
        let unreadable = FirstLook::Judged(Judgement::Rejected {
            reason: RequestUnreadable::REASON,
            provider: None,
        });
        let Ok(received_at) = Timestamp::from_millisecond(message.received_at_ms) else {
            return unreadable;
        };
        let Ok(request) = request else {
            return unreadable;
        };
        let Ok(body) = message.raw_body(request) else {
            return unreadable;
        };
        let Some(provider) = self.served(request) else {
            return FirstLook::Judged(Judgement::Rejected {
                reason: Reject::UnknownProvider.as_str(),
                provider: None,
            });
        };
        let name = provider.info().name;
        if let Some(fetched) = message.fetched {
            let webhook = RawWebhook::new(&body, &request.headers);
            let accepted = judge_fetched(provider, webhook, fetched);
            return FirstLook::Judged(decided(new_enough(accepted, message, received_at), name));
        }

        // Twice at most: secrets are renewed at most once.
        loop {
            let secrets = match self.secrets(name).await {
                Ok(secrets) => secrets,
                Err(error) => return FirstLook::Judged(Judgement::Retry(error)),
            };
            let mut remembered = None;
            let certificate = match self.certificate(provider, &request.headers, &secrets) {
                Certificate::NotFetched => None,
                Certificate::Fetched(pem) => Some(pem),
                Certificate::Remembered(url, pem) => {
                    remembered = Some(url);
                    Some(pem)
                }
                Certificate::Unknown(url) => {
                    return FirstLook::CertificateUnknown {
                        provider: name,
                        url,
                    };
                }
                Certificate::Refused(reject) => {
                    let refusal = Err(Refusal::Unbelieved(reject));
                    return FirstLook::Judged(decided(refusal, name));
                }
            };
            let webhook = RawWebhook {
                certificate: certificate.as_deref(),
                ..RawWebhook::new(&body, &request.headers)
            };
            let result = judge(provider, webhook, &secrets, received_at)
                .and_then(|accepted| new_enough(accepted, message, received_at));
            let invalid = Refusal::Unbelieved(Reject::CertificateInvalid);
            if let (Some(url), true) = (remembered, matches!(&result, Err(r) if *r == invalid))
                && self.certificate_store.forget(&url)
            {
                return FirstLook::CertificateUnknown {
                    provider: name,
                    url,
                };
            }
            if !matches!(&result, Err(reason) if may_be_our_secrets(*reason)) {
                return FirstLook::Judged(decided(result, name));
            }
            match self.renewed(name, &secrets).await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let result = result.map_err(|refusal| refusal.of_body(&body));
                    return FirstLook::Judged(decided(result, name));
                }
                Err(error) => return FirstLook::Judged(Judgement::Retry(error)),
            }
        }
    }

    /// The provider that a request names or shows by its headers, if it is served here.
    fn served(&self, request: &Request<'_>) -> Option<&'static dyn Provider> {
        let found = match request.provider.as_deref() {
            Some(name) => providers::by_name(name),
            None => providers::detect(&request.headers),
        };
        found.filter(|provider| self.store.serves(provider.info().name))
    }

    /// Reads the secrets of all providers of a batch, some at a time. A process that was just
    /// started knows none, and one after the other they would keep its first batch waiting.
    async fn read_secrets_of(&mut self, batch: &[Decoded<'_>]) {
        let requests = batch
            .iter()
            .filter_map(|(_, request)| request.as_ref().ok());
        let named = requests.filter_map(|request| self.served(request));
        let names: BTreeSet<_> = named.map(|provider| provider.info().name).collect();
        let store = self.store;
        let unknown = names
            .into_iter()
            .filter(|name| !self.known.contains_key(name));
        let read = stream::iter(unknown)
            .map(|name| async move { (name, store.secrets(name).await) })
            .buffered(SECRETS_READ_AT_ONCE)
            .collect::<Vec<_>>();
        let read = read.await.into_iter();
        let known = read.map(|(name, secrets)| (name, Known::new(secrets)));
        self.known.extend(known);
    }

    async fn secrets(&mut self, name: &'static str) -> Result<Arc<Secrets>, StoreError> {
        if let Some(known) = self.known.get(name) {
            return known.secrets.clone();
        }
        let secrets = self.store.secrets(name).await;
        self.known.insert(name, Known::new(secrets.clone()));
        secrets
    }

    /// The certificate that a webhook was signed with, as far as it is known. Only a webhook that
    /// passes every check that needs no certificate has an unknown one.
    fn certificate(
        &self,
        provider: &'static dyn Provider,
        headers: &Headers,
        secrets: &Secrets,
    ) -> Certificate {
        let Some(url_of) = provider.info().certificate_url else {
            return Certificate::NotFetched;
        };
        if secrets.certificate().is_some() {
            return Certificate::NotFetched;
        }
        let url = match url_of(headers, secrets) {
            Ok(url) => url,
            // `verify` refuses it for the same reason, and then the secrets are read again.
            Err(Reject::SettingMissing) => return Certificate::NotFetched,
            Err(reject) => return Certificate::Refused(reject),
        };
        if let Some(pem) = self.fetched.get(&url) {
            return Certificate::Fetched(Arc::clone(pem));
        }
        match self.certificate_store.remembered(&url) {
            Some(Some(pem)) => Certificate::Remembered(url, pem),
            Some(None) => Certificate::Refused(Reject::CertificateMissing),
            None => Certificate::Unknown(url),
        }
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
fn may_be_our_secrets(refusal: Refusal) -> bool {
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

fn decided(result: Result<Accepted, Refusal>, name: &'static str) -> Judgement {
    match result {
        Ok(accepted) => Judgement::Accepted(accepted),
        Err(refusal) => Judgement::Rejected {
            reason: refusal.as_str(),
            provider: Some(name),
        },
    }
}
