//! Certificates that providers sign with, fetched over HTTPS once and kept: in the hot path nothing is fetched.
//!
//! Invariant: bounded in every way: HTTPS alone, no redirect followed, one answer of a few kilobytes within seconds, a cache of a few entries. What the provider does not
//! have is remembered as well, for a short while, so that a forger who names it cannot make us ask again and again. Whether a certificate is the provider's and
//! valid is for `provider_webhooks` to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use pipeline::storage::{CertificateStore, StoreError};
use tokio::time::timeout;

const GET: &str = "certificate:Get";
/// A chain of three certificates in PEM has about six kilobytes.
const BYTES_MAX: usize = 64 * 1024;
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// A certificate at a URL does not change: a new one has a new URL. Asked again all the same, in case it was withdrawn.
const AGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// For that which is not there.
const ABSENT_AGE_MAX: Duration = Duration::from_secs(60);
/// A provider signs with one or two at a time.
const ENTRIES_MAX: usize = 32;

type Found = Option<Arc<[u8]>>;
type HttpsClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// Certificates by URL.
#[derive(Debug, Default)]
pub struct HttpsCertificates {
    /// Made when the first certificate is asked for: most functions never do.
    client: OnceLock<HttpsClient>,
    cache: Mutex<Cache>,
}

#[derive(Debug, Default)]
struct Cache(HashMap<String, (Found, Instant)>);

impl Cache {
    fn get(&self, url: &str, now: Instant) -> Option<Found> {
        let (found, at) = self.0.get(url)?;
        let age_max = if found.is_some() {
            AGE_MAX
        } else {
            ABSENT_AGE_MAX
        };
        (now.saturating_duration_since(*at) < age_max).then(|| found.clone())
    }

    /// Keeps an answer; the oldest makes room, and what is not there before what is.
    fn put(&mut self, url: &str, found: Found, now: Instant) {
        if self.0.len() >= ENTRIES_MAX && !self.0.contains_key(url) {
            let first_to_go =
                |(_, (found, at)): &(&String, &(Found, Instant))| (found.is_some(), *at);
            let oldest = self
                .0
                .iter()
                .min_by_key(first_to_go)
                .map(|(url, _)| url.clone());
            if let Some(oldest) = oldest {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(url.to_owned(), (found, now));
    }
}

impl HttpsCertificates {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    fn client(&self) -> Result<&HttpsClient, StoreError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let tls = HttpsConnectorBuilder::new().with_native_roots();
        let tls = tls.map_err(|_| StoreError::Final {
            call: GET,
            cause: "no trusted certificates on this machine".to_owned(),
        })?;
        let connector = tls.https_only().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(self.client.get_or_init(|| client))
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn retryable(cause: impl Into<String>) -> StoreError {
    StoreError::Retryable {
        call: GET,
        cause: cause.into(),
    }
}

/// One answer: the certificate, or that there is none.
async fn fetch<C>(client: &Client<C, Empty<Bytes>>, url: Uri) -> Result<Found, StoreError>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let answer = client.get(url).await.map_err(|_| retryable("connection"))?;
    match answer.status() {
        StatusCode::OK => {}
        status
            if status.is_server_error()
                || status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::REQUEST_TIMEOUT =>
        {
            return Err(retryable(status.as_u16().to_string()));
        }
        // A redirect leads elsewhere, and elsewhere is not where the provider keeps its certificates.
        _ => return Ok(None),
    }
    match Limited::new(answer.into_body(), BYTES_MAX).collect().await {
        Ok(body) => Ok(Some(body.to_bytes().as_ref().into())),
        // Too long to be one.
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Ok(None),
        Err(_) => Err(retryable("answer broken off")),
    }
}

impl CertificateStore for HttpsCertificates {
    async fn certificate(&self, url: &str) -> Result<Found, StoreError> {
        if let Some(known) = self.cache().get(url, Instant::now()) {
            return Ok(known);
        }
        let parsed: Option<Uri> = url.parse().ok();
        let Some(uri) = parsed.filter(|uri| uri.scheme_str() == Some("https")) else {
            return Ok(None);
        };
        // Boxed: it is rare, and what awaits it stays small.
        let found = timeout(ANSWER_WITHIN, Box::pin(fetch(self.client()?, uri))).await;
        let found = found.unwrap_or_else(|_| Err(retryable("time-out")))?;
        self.cache().put(url, found.clone(), Instant::now());
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// What comes of an endpoint that answers so.
    async fn answered(answer: Vec<u8>) -> Result<Found, StoreError> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/certificate", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&answer);
        });
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let found = fetch(&client, url.parse().unwrap()).await;
        server.join().unwrap();
        found
    }

    fn answer(status: u16, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "HTTP/1.1 {status} x\r\nlocation: https://elsewhere.example.com/\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    fn now<V>(future: impl Future<Output = V>) -> V {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(future)
    }

    #[test]
    fn an_answer_is_a_certificate_nothing_or_trouble() {
        now(async {
            let found = answered(answer(200, b"PEM")).await.unwrap();
            assert_eq!(found.as_deref(), Some(&b"PEM"[..]));
            for status in [301, 302, 307, 400, 403, 404, 410] {
                assert_eq!(answered(answer(status, b"PEM")).await, Ok(None), "{status}");
            }
            assert_eq!(
                answered(answer(200, &vec![b'x'; BYTES_MAX + 1])).await,
                Ok(None)
            );
            for status in [408, 429, 500, 503] {
                assert_eq!(
                    answered(answer(status, b"")).await,
                    Err(retryable(status.to_string()))
                );
            }
            let broken = b"HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\nPEM".to_vec();
            assert_eq!(answered(broken).await, Err(retryable("answer broken off")));
            assert_eq!(answered(Vec::new()).await, Err(retryable("connection")));
        });
    }

    #[test]
    fn only_https_is_asked() {
        let store = HttpsCertificates::new();
        for url in [
            "http://127.0.0.1:1/",
            "file:///etc/passwd",
            "not a url",
            "/certificate",
        ] {
            assert_eq!(now(store.certificate(url)), Ok(None), "{url}");
        }
        assert!(store.client.get().is_none());
    }

    #[test]
    fn what_is_known_is_not_asked_again_until_it_is_old() {
        let (mut cache, start) = (Cache::default(), Instant::now());
        let pem: Found = Some(Arc::from(&b"PEM"[..]));
        cache.put("here", pem.clone(), start);
        cache.put("nothing", None, start);
        assert_eq!(cache.get("here", start), Some(pem.clone()));
        assert_eq!(cache.get("nothing", start), Some(None));
        assert_eq!(cache.get("nothing", start + ABSENT_AGE_MAX), None);
        assert_eq!(cache.get("here", start + AGE_MAX), None);
        assert_eq!(cache.get("elsewhere", start), None);
        // A flood of names that lead nowhere drives nothing out that is there.
        for n in 0..2 * ENTRIES_MAX {
            cache.put(&n.to_string(), None, start + Duration::from_secs(1));
        }
        assert_eq!(cache.0.len(), ENTRIES_MAX);
        assert_eq!(cache.get("here", start), Some(pem));
    }
}
