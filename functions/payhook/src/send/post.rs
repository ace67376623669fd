//! Posts requests and times the answers: open-loop at a rate, else as fast as so many connections allow.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::api_keys::{ApiKeys, KeyPlace, header};
use crate::error::Error;

/// Requests under way when a rate is kept: more would run out of file descriptors (1,024 by default) before they helped.
const OPEN_LOOP_UNDER_WAY_MAX: usize = 512;
/// API Gateway answers within 29 seconds or not at all.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// No provider's answer is longer; an operator does not want to read more.
const ANSWER_BYTES_MAX: usize = 1 << 20;
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// How fast.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// So many requests a second, whether or not answers come.
    PerSecond(f64),
    /// So many requests under way.
    UnderWay(usize),
}

/// Where to and as whom.
#[derive(Clone)]
pub(crate) struct Target {
    endpoint: String,
    keys: ApiKeys,
    key_in: KeyPlace,
    pub(crate) https: bool,
}

/// What came back.
pub(crate) struct Answer {
    /// HTTP status and body; `Err` when there was no answer.
    pub(crate) outcome: Result<(u16, Bytes), String>,
    /// From the time the request was due to its answer's last byte: waiting for a connection counts.
    pub(crate) took: Duration,
}

impl Target {
    /// Checks endpoint and key.
    ///
    /// # Errors
    /// When one of them is unusable; neither is repeated.
    pub(crate) fn new(endpoint: &str, keys: ApiKeys, key_in: KeyPlace) -> Result<Self, Error> {
        let uri: Uri = endpoint.parse().map_err(|_| Error::Endpoint)?;
        let scheme = uri.scheme_str().unwrap_or_default();
        if !matches!(scheme, "http" | "https") || uri.host().is_none() || uri.query().is_some() {
            return Err(Error::Endpoint);
        }
        keys.check(key_in)?;
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            keys,
            key_in,
            https: scheme == "https",
        })
    }

    /// A request for `{endpoint}/{provider}`, or for the endpoint itself. A content type among the headers goes before `content_type`.
    ///
    /// # Errors
    /// A header that cannot be sent, or no API key for the provider.
    pub(crate) fn request(
        &self,
        provider: Option<&str>,
        content_type: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Result<Request<Full<Bytes>>, Error> {
        let key = self.keys.of(provider)?;
        let end = self.key_in.address_end(key);
        let uri = match provider {
            Some(provider) => format!("{}/{provider}{end}", self.endpoint),
            None => format!("{}{end}", self.endpoint),
        };
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.parse().map_err(|_| Error::Endpoint)?;
        let map = request.headers_mut();
        if self.key_in == KeyPlace::Header {
            map.insert("x-api-key", header(key)?);
        }
        map.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("payhook/", env!("CARGO_PKG_VERSION"))),
        );
        for (name, value) in headers {
            let name: HeaderName = name.parse().map_err(|_| Error::Header)?;
            map.append(name, value.parse().map_err(|_| Error::Header)?);
        }
        if !map.contains_key(CONTENT_TYPE) {
            map.insert(
                CONTENT_TYPE,
                content_type.parse().map_err(|_| Error::Header)?,
            );
        }
        Ok(request)
    }
}

type HttpsClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// An answer, whole.
pub(crate) struct Exchange {
    /// HTTP status.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: Bytes,
}

/// How header names are written on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderNames {
    /// `x-api-key`.
    LowerCase,
    /// `X-Api-Key`.
    TitleCase,
}

/// Keeps connections open. Plain HTTP needs no trusted certificates, and a small container may have none.
#[derive(Clone)]
pub(crate) enum AnyClient {
    Http(Client<HttpConnector, Full<Bytes>>),
    Https(HttpsClient),
}

impl AnyClient {
    /// # Errors
    /// No trusted certificates.
    pub(crate) fn new(https: bool, names: HeaderNames) -> Result<Self, Error> {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new());
        builder.http1_title_case_headers(names == HeaderNames::TitleCase);
        if !https {
            return Ok(Self::Http(builder.build(connector())));
        }
        let tls = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(Error::Client)?
            .https_only()
            .enable_http1()
            .wrap_connector(connector());
        Ok(Self::Https(builder.build(tls)))
    }

    /// Sends one request and reads its answer to the end, within [`ANSWER_WITHIN`].
    ///
    /// # Errors
    /// Why there was no answer, in the system's words.
    pub(crate) async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Exchange, String> {
        let answered = timeout(ANSWER_WITHIN, self.answer(request)).await;
        answered.unwrap_or_else(|_| Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs())))
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<Exchange, String> {
        let answer = match self {
            Self::Http(client) => client.request(request),
            Self::Https(client) => client.request(request),
        };
        let answer = answer.await.map_err(|error| causes(&error))?;
        let status = answer.status().as_u16();
        // Read to its end, or the connection could not be used again.
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| causes(&*error))?;
        Ok(Exchange {
            status,
            body: body.to_bytes(),
        })
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    // Small requests: waiting for more bytes would only add to the latency.
    connector.set_nodelay(true);
    connector
}

/// An error and what is behind it: hyper's own text alone says little more than "client error".
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Sends `requests` in their order and tells `answered` of each answer as it comes. `L` is what the caller knows a request by.
///
/// # Errors
/// The first error of `requests` or `answered`; what is under way then is given up.
pub(crate) async fn post_all<L: Send + 'static>(
    target: &Target,
    requests: impl Iterator<Item = Result<(L, Request<Full<Bytes>>), Error>>,
    pace: Pace,
    mut progress: impl FnMut(usize),
    mut answered: impl FnMut(L, Answer) -> Result<(), Error>,
) -> Result<(), Error> {
    let client = AnyClient::new(target.https, HeaderNames::LowerCase)?;
    let under_way_max = match pace {
        Pace::PerSecond(_) => OPEN_LOOP_UNDER_WAY_MAX,
        Pace::UnderWay(count) => count,
    };
    let start = Instant::now();
    let due = |sent: usize| match pace {
        Pace::PerSecond(rate) => start + Duration::from_secs_f64(sent as f64 / rate),
        Pace::UnderWay(_) => start,
    };
    let mut ticks = interval(PROGRESS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticks.tick().await;
    let mut requests = requests;
    let mut under_way = JoinSet::new();
    let mut sent = 0;
    // A request is signed when it is taken: only once there is room for it and its time has come.
    let mut more = true;
    while more || !under_way.is_empty() {
        tokio::select! {
            biased;
            Some(done) = under_way.join_next() => {
                let (label, answer): (L, Answer) =
                    done.map_err(|_| Error::Client(std::io::Error::other("a request was given up")))?;
                answered(label, answer)?;
            }
            _ = ticks.tick() => progress(sent),
            () = sleep_until(due(sent)), if more && under_way.len() < under_way_max => {
                let Some(next) = requests.next() else {
                    more = false;
                    continue;
                };
                let (label, request) = next?;
                let from = match pace {
                    Pace::PerSecond(_) => due(sent),
                    Pace::UnderWay(_) => Instant::now(),
                };
                sent += 1;
                let client = client.clone();
                under_way.spawn(async move {
                    let outcome = client.exchange(request).await;
                    let outcome = outcome.map(|answer| (answer.status, answer.body));
                    (label, Answer { outcome, took: from.elapsed() })
                });
            }
        }
    }
    progress(sent);
    Ok(())
}
