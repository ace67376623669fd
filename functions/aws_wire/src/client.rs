//! One call: built once, signed for each attempt, and tried again where the SDK would.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};

use crate::clock::{Clock, Skew};
use crate::config::{Address, Config, Service};
use crate::credentials::Cache;
use crate::error::{self, ErrorForm};
use crate::pool::{Answer, Pool};
use crate::retry::{self, ATTEMPTS_MAX, Budget};
use crate::signing::Signer;
use crate::{Error, MissingVariable};

/// Calls AWS. Copies share their connections, credentials and clocks.
#[derive(Clone, Debug)]
pub struct Client(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: Config,
    credentials: Cache,
    pool: Pool,
    // By service, as the SDK has a client for each: one that is down uses up its own budget.
    clocks: [Clock; Service::ALL.len()],
    budgets: [Budget; Service::ALL.len()],
}

/// A call before it is signed.
pub(crate) struct Call<'c> {
    pub(crate) service: Service,
    pub(crate) method: Method,
    pub(crate) bucket: Option<&'c str>,
    /// Path and query below the address, encoded.
    pub(crate) path: &'c str,
    pub(crate) content_type: &'static str,
    pub(crate) headers: &'c [(HeaderName, HeaderValue)],
    pub(crate) body: Bytes,
    /// Its SHA-256.
    pub(crate) hash: [u8; 32],
    pub(crate) errors: ErrorForm,
}

/// An attempt that failed, and what its answer said about the next.
struct Failed {
    error: Error,
    skew: Option<Skew>,
    wish: Option<Duration>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            error,
            skew: None,
            wish: None,
        }
    }
}

impl Client {
    /// A client of this configuration.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Shared {
            credentials: Cache::new(config.credentials.clone()),
            config,
            pool: Pool::default(),
            clocks: Default::default(),
            budgets: Default::default(),
        }))
    }

    /// The client of a Lambda function.
    ///
    /// # Errors
    /// [`MissingVariable`].
    pub fn from_environment() -> Result<Self, MissingVariable> {
        Config::from_environment().map(Self::new)
    }

    /// Opens a connection to a service, or to a bucket of S3, so that the first call finds it.
    ///
    /// # Errors
    /// An [`Error`] when nobody is there; the first call will find that out again.
    pub async fn open(&self, service: Service, bucket: Option<&str>) -> Result<(), Error> {
        let address = self.0.address(service, bucket)?;
        let timeout = self.0.config.timeouts.connect;
        self.0.pool.open(&address, timeout).await
    }

    /// Makes a call and gives the body of its answer.
    ///
    /// # Errors
    /// An [`Error`].
    pub(crate) async fn send(&self, call: &Call<'_>) -> Result<Bytes, Error> {
        let attempts = self.0.attempts(call);
        let answered = tokio::time::timeout(self.0.config.timeouts.call, attempts).await;
        answered.unwrap_or(Err(Error::TimedOut))
    }
}

impl Shared {
    fn address(&self, service: Service, bucket: Option<&str>) -> Result<Address, Error> {
        let address = self.config.address(service, bucket);
        address.ok_or(Error::Unbuilt(
            "no region is configured, or an endpoint that is no URL",
        ))
    }

    async fn attempts(&self, call: &Call<'_>) -> Result<Bytes, Error> {
        let budget = &self.budgets[call.service as usize];
        let address = self.address(call.service, call.bucket)?;
        let hash = hex::encode(call.hash);
        let mut paid = None;
        let mut attempt = 1;
        loop {
            let answered = tokio::time::timeout(
                self.config.timeouts.attempt,
                self.attempt(call, &address, &hash),
            );
            let answered = answered.await.unwrap_or(Err(Error::TimedOut.into()));
            let failed = match answered {
                Ok(body) => {
                    budget.succeeded(paid);
                    return Ok(body);
                }
                Err(failed) => failed,
            };
            let cost = retry::cost(&failed.error, failed.skew);
            match cost {
                Some(cost) if attempt < ATTEMPTS_MAX && budget.pay(cost) => paid = Some(cost),
                _ => return Err(failed.error),
            }
            tokio::time::sleep(retry::backoff(attempt, failed.wish)).await;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        call: &Call<'_>,
        address: &Address,
        hash: &str,
    ) -> Result<Bytes, Failed> {
        let clock = &self.clocks[call.service as usize];
        let request = self.request(call, address, hash, clock).await?;
        let connect = self.config.timeouts.connect;
        let sent = (self.config.clock)();
        let Answer {
            status,
            headers,
            body,
        } = self.pool.exchange(address, request, connect).await?;
        let skew = Skew::of(&headers, sent, (self.config.clock)());
        if let Some(skew) = skew {
            clock.note(skew);
        }
        if (200..300).contains(&status) {
            return Ok(body);
        }
        Err(Failed {
            error: Error::Refused {
                status,
                code: error::code(call.errors, &headers, &body),
                body,
            },
            skew,
            wish: retry::wish(&headers),
        })
    }

    async fn request(
        &self,
        call: &Call<'_>,
        address: &Address,
        hash: &str,
        clock: &Clock,
    ) -> Result<Request<Full<Bytes>>, Error> {
        const UNBUILT: Error = Error::Unbuilt("the request could not be built");
        let now = (self.config.clock)();
        let credentials = self.credentials.credentials(now).await?;
        let scheme = if address.tls { "https" } else { "http" };
        let target = format!("{}{}", address.base, call.path);
        let url = format!("{scheme}://{}{target}", address.authority);

        let mut headers = HeaderMap::with_capacity(12);
        headers.extend(call.headers.iter().cloned());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(call.content_type));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(call.body.len()));
        let host = HeaderValue::from_str(&address.authority).map_err(|_| UNBUILT)?;
        headers.insert(HOST, host);

        let mut request = Request::new(Full::new(call.body.clone()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = target.parse::<Uri>().map_err(|_| UNBUILT)?;
        *request.headers_mut() = headers;
        let signer = Signer {
            credentials,
            region: &self.config.region,
            service: call.service,
            at: clock.corrected(now),
        };
        signer.sign(&mut request, &url, hash)?;
        Ok(request)
    }
}
