//! The client: one connection pool, one credential, bounds on every answer.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use provider_listings::{Answer, Api, ApiError, ApiRequest, Auth, Listing, ListingError};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use crate::signed_token::SigningKey;
use crate::target::{ApiSetupError, Target};
use crate::{credential, signed_token, token};

/// For one answer, to its last byte.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A key that holds a character which no header can carry.
const UNSENDABLE: &str = "the key cannot be sent in a header";

/// A page of a thousand entries of a few kilobytes each.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A provider's API.
pub struct ProviderApi {
    listing: &'static dyn Listing,
    target: Target,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    key: String,
    /// The id and the key that each request is signed with, where it is.
    signing: Option<(String, SigningKey)>,
    /// The token that a client's id and secret were changed for.
    token: Mutex<Option<String>>,
}

impl std::fmt::Debug for ProviderApi {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProviderApi({})", self.target.host)
    }
}

impl ProviderApi {
    /// The API at a host, asked with a key.
    ///
    /// # Errors
    /// An [`ApiSetupError`] when the key cannot be used as the provider wants it.
    pub fn new(
        listing: &'static dyn Listing,
        target: Target,
        key: &str,
    ) -> Result<Self, ApiSetupError> {
        let provider = listing.info().provider;
        let key = key.trim();
        if key.is_empty() {
            return Err(ApiSetupError::NoKey(provider));
        }
        let pair = key.split_once(':');
        let signing = match (listing.info().auth, pair) {
            (Auth::SignedToken, Some((id, secret))) => {
                let key = SigningKey::read(secret);
                Some((
                    id.to_owned(),
                    key.ok_or(ApiSetupError::ClientKey(provider))?,
                ))
            }
            (Auth::SignedToken | Auth::ClientCredentials(_) | Auth::Login(_), None) => {
                return Err(ApiSetupError::ClientKey(provider));
            }
            _ => None,
        };
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        let tls = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| ApiSetupError::Client(error.to_string()))?;
        let connector = match target.https {
            true => tls.https_only().enable_http1().wrap_connector(http),
            false => tls.https_or_http().enable_http1().wrap_connector(http),
        };
        Ok(Self {
            listing,
            target,
            client: Client::builder(TokioExecutor::new()).build(connector),
            key: key.to_owned(),
            signing,
            token: Mutex::new(None),
        })
    }

    /// The host that is asked.
    pub fn host(&self) -> &str {
        &self.target.host
    }

    /// Looks at what the key may do, as far as it or its token says so. To be called before anything
    /// is asked: where a token is needed, this asks for it.
    ///
    /// # Errors
    /// [`ListingError::KeyRefused`], [`ListingError::KeyTooPowerful`], [`ListingError::NoAnswer`].
    pub async fn check(&self) -> Result<(), ListingError> {
        let info = self.listing.info();
        self.listing.check_key(&self.key)?;
        let Some(wanted) = token::request(info.auth, &self.key) else {
            return Ok(());
        };
        let no_answer = |cause| token::no_answer(info, cause);
        let elsewhere = match wanted.elsewhere.as_deref() {
            None => self.target.clone(),
            Some(address) => {
                Target::new(info, Some(address)).map_err(|error| no_answer(error.to_string()))?
            }
        };
        let headers: Option<Vec<_>> = wanted
            .headers
            .into_iter()
            .map(|(name, text)| credential::named(name, &text))
            .collect();
        let headers = headers.ok_or_else(|| no_answer(UNSENDABLE.to_owned()))?;
        let answer = self.exchange(&elsewhere, &wanted.request, headers).await;
        let answer = answer.map_err(|error| no_answer(error.0))?;
        *self.token.lock().await = Some(token::read(info, &answer)?);
        Ok(())
    }

    async fn exchange(
        &self,
        target: &Target,
        request: &ApiRequest,
        credential: Vec<(HeaderName, HeaderValue)>,
    ) -> Result<Answer, ApiError> {
        let word = |text: &str| ApiError(text.to_owned());
        let uri = target.address(&request.path);
        let uri = uri.ok_or_else(|| word("the path is none of this API's"))?;
        let text = request.content.as_ref().map(|content| content.text.clone());
        let mut sent = Request::new(Full::new(Bytes::from(text.unwrap_or_default())));
        *sent.method_mut() = request
            .method
            .as_str()
            .parse()
            .map_err(|_| word("the method is none"))?;
        *sent.uri_mut() = uri;
        let headers = sent.headers_mut();
        let agent = concat!("payhook/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(content) = &request.content {
            let kind = HeaderValue::from_static(content.content_type);
            headers.insert(CONTENT_TYPE, kind);
        }
        for (name, value) in &request.headers {
            let value = value.parse();
            let value = value.map_err(|_| word("a setting cannot be sent in a header"))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        headers.extend(credential);
        let exchanged = timeout(ANSWER_WITHIN, async {
            let response = self.client.request(sent).await;
            let response = response.map_err(|error| connection(&error))?;
            answer(response).await
        });
        exchanged.await.map_err(|_| word("time-out"))?
    }
}

/// Why there was no answer: what kind of failure, without the address.
fn connection(error: &hyper_util::client::legacy::Error) -> ApiError {
    ApiError(match error.is_connect() {
        true => "no connection".to_owned(),
        false => "the connection broke".to_owned(),
    })
}

async fn answer(response: Response<hyper::body::Incoming>) -> Result<Answer, ApiError> {
    let text = |name| {
        let value: Option<&HeaderValue> = response.headers().get(name);
        value.and_then(|value| value.to_str().ok())
    };
    let date = text(DATE).and_then(|text| DateTimeParser::new().parse_timestamp(text).ok());
    let retry_after_seconds = text(RETRY_AFTER).and_then(|text| text.trim().parse().ok());
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
    let body = body.collect().await;
    let body = body.map_err(|_| ApiError("the answer broke off or is too long".to_owned()))?;
    Ok(Answer {
        status,
        retry_after_seconds,
        date,
        body: body.to_bytes().to_vec(),
    })
}

impl Api for ProviderApi {
    async fn send(&self, request: &ApiRequest) -> Result<Answer, ApiError> {
        let auth = self.listing.info().auth;
        let header = match &self.signing {
            Some((id, key)) => {
                let path = request.path.split('?').next().unwrap_or_default();
                let uri = format!("{} {}{path}", request.method.as_str(), self.target.host);
                let token = signed_token::token(key, id, &uri, self.now().as_second());
                token.and_then(|token| credential::header(auth, &token))
            }
            None => {
                let token = self.token.lock().await.clone();
                credential::header(auth, token.as_deref().unwrap_or(&self.key))
            }
        };
        let header = header.ok_or_else(|| ApiError(UNSENDABLE.to_owned()))?;
        self.exchange(&self.target, request, vec![header]).await
    }

    async fn wait(&self, time: Duration) {
        sleep(time).await;
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
