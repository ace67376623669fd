//! Certificates that providers sign with, fetched over HTTPS once and kept: in the hot path nothing
//! is fetched.
//!
//! Invariant: bounded in every way. All fetches of a batch run at the same time and share
//! [`FETCH_BUDGET`]; each is HTTPS alone, follows no redirect, and reads a few kilobytes. What is
//! not there, what is not a certificate and what could not be fetched is remembered for a minute,
//! so that a forger who names it cannot make us ask again with every batch. Whether a certificate
//! is the provider's and valid is for `provider_webhooks` to say.

mod cache;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::{Either, select};
use futures::stream::FuturesUnordered;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use pipeline::storage::CertificateStore;
use provider_webhooks::reads_as_certificate;

use cache::{Cache, Found};

/// The time for all fetches of a batch together. The rest of the function's time belongs to the
/// messages that need no fetch.
const FETCH_BUDGET: Duration = Duration::from_secs(2);
/// The time-out of `webhook_processor`; a test compares it with `infra/limits.json`.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(15);
const _: () = assert!(FETCH_BUDGET.as_secs() * 5 <= FUNCTION_TIMEOUT.as_secs());

/// A chain of three certificates in PEM has about six kilobytes.
const BYTES_MAX: usize = 64 * 1024;

type HttpsClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// Why a fetch has no answer. Holds a status or a word, never the URL, which a sender chose.
type Trouble = String;

/// Certificates by URL.
#[derive(Debug, Default)]
pub struct HttpsCertificates {
    /// Made when the first certificate is asked for: most functions never do.
    client: OnceLock<HttpsClient>,
    cache: Mutex<Cache>,
}

impl HttpsCertificates {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    fn client(&self) -> Result<&HttpsClient, Trouble> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let tls = HttpsConnectorBuilder::new().with_native_roots();
        let tls = tls.map_err(|_| "no trusted certificates on this machine")?;
        let connector = tls.https_only().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(self.client.get_or_init(|| client))
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches what is not remembered of `urls`, all at once, until `deadline`.
    async fn fetch_before<C>(
        &self,
        deadline: impl Future<Output = ()>,
        client: Result<&Client<C, Empty<Bytes>>, Trouble>,
        urls: &[String],
    ) -> BTreeMap<String, Arc<[u8]>>
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let unknown = urls.iter().filter(|url| self.remembered(url).is_none());
        let mut answers: BTreeMap<&String, Result<Found, Trouble>> = unknown
            .map(|url| (url, Err("time-out".to_owned())))
            .collect();
        match client {
            Ok(client) => {
                let asked: Vec<&String> = answers.keys().copied().collect();
                let fetches = asked
                    .into_iter()
                    .map(async |url| (url, fetch(client, url).await));
                answers.extend(answers_before(deadline, fetches).await);
            }
            Err(cause) => answers
                .values_mut()
                .for_each(|answer| *answer = Err(cause.clone())),
        }
        report(&answers);
        let now = Instant::now();
        for (url, answer) in answers {
            self.cache().put(url, answer.unwrap_or_default(), now);
        }
        let certificate = |url: &String| Some((url.clone(), self.remembered(url)??));
        urls.iter().filter_map(certificate).collect()
    }
}

/// The results of `fetches` that are there before `deadline`; the others are dropped.
async fn answers_before<F: Future>(
    deadline: impl Future<Output = ()>,
    fetches: impl IntoIterator<Item = F>,
) -> Vec<F::Output> {
    let mut deadline = pin!(deadline);
    let mut fetches: FuturesUnordered<F> = fetches.into_iter().collect();
    let mut answers = Vec::new();
    // Results come first, so that one that is ready at the deadline still counts.
    while let Either::Left((Some(answer), _)) = select(fetches.next(), deadline.as_mut()).await {
        answers.push(answer);
    }
    answers
}

/// Logs the fetches that failed, in one line for the batch.
fn report(answers: &BTreeMap<&String, Result<Found, Trouble>>) {
    let failed = answers.values().filter_map(|answer| answer.as_ref().err());
    let failed: Vec<&str> = failed.map(String::as_str).collect();
    if failed.is_empty() {
        return;
    }
    let count = failed.len();
    let causes: BTreeSet<&str> = failed.into_iter().collect();
    let causes = causes.into_iter().collect::<Vec<_>>().join(", ");
    tracing::warn!(
        count,
        causes,
        "{count} certificates could not be fetched: {causes}"
    );
}

/// One answer: the certificate, or that there is none at this URL.
async fn fetch<C>(client: &Client<C, Empty<Bytes>>, url: &str) -> Result<Found, Trouble>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let Ok(uri) = url.parse::<Uri>() else {
        return Ok(None);
    };
    let answer = client.get(uri).await.map_err(|_| "connection")?;
    match answer.status() {
        StatusCode::OK => {}
        status
            if status.is_server_error()
                || status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::REQUEST_TIMEOUT =>
        {
            return Err(format!("status {}", status.as_u16()));
        }
        // A redirect leads elsewhere, and elsewhere is not where the provider keeps its certificates.
        _ => return Ok(None),
    }
    match Limited::new(answer.into_body(), BYTES_MAX).collect().await {
        Ok(body) => {
            let pem = body.to_bytes();
            // A page that says "maintenance" comes with status 200 as well.
            Ok(reads_as_certificate(&pem).then(|| pem.as_ref().into()))
        }
        // Too long to be one.
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Ok(None),
        Err(_) => Err("answer broken off".to_owned()),
    }
}

impl CertificateStore for HttpsCertificates {
    fn remembered(&self, url: &str) -> Option<Found> {
        self.cache().get(url, Instant::now())
    }

    fn forget(&self, url: &str) -> bool {
        self.cache().forget(url, Instant::now())
    }

    async fn fetch(&self, urls: &[String]) -> BTreeMap<String, Arc<[u8]>> {
        let https = urls.iter().filter(|url| url.starts_with("https://"));
        let https: Vec<String> = https.cloned().collect();
        if https.is_empty() {
            return BTreeMap::new();
        }
        let deadline = tokio::time::sleep(FETCH_BUDGET);
        self.fetch_before(deadline, self.client(), &https).await
    }
}
