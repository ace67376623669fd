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
use provider_listings::{
    Answer, Api, ApiError, ApiRequest, Auth, Content, Listing, ListingError,
};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use crate::credential::{Token, basic, header, too_powerful};
use crate::target::{ApiSetupError, Target};

/// For one answer, to its last byte.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A page of a thousand entries of a few kilobytes each.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A provider's API.
pub struct ProviderApi {
    listing: &'static dyn Listing,
    target: Target,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    key: String,
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
        if matches!(listing.info().auth, Auth::ClientCredentials(_)) && !key.contains(':') {
            return Err(ApiSetupError::ClientKey(provider));
        }
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
            token: Mutex::new(None),
        })
    }

    /// The host that is asked.
    pub fn host(&self) -> &str {
        &self.target.host
    }

    /// Asks for a token, once, and looks at what it may do.
    ///
    /// # Errors
    /// [`ListingError::KeyRefused`], [`ListingError::KeyTooPowerful`], [`ListingError::NoAnswer`].
    pub async fn check(&self) -> Result<(), ListingError> {
        let info = self.listing.info();
        self.listing.check_key(&self.key)?;
        let Auth::ClientCredentials(path) = info.auth else {
            return Ok(());
        };
        let request = ApiRequest::post(
            path,
            Some(Content {
                content_type: "application/x-www-form-urlencoded",
                text: "grant_type=client_credentials".to_owned(),
            }),
        );
        let header = (hyper::header::AUTHORIZATION, basic(&self.key).parse().ok());
        let no_answer = |cause: String| ListingError::NoAnswer {
            provider: info.provider,
            resource: "token",
            attempts: 1,
            cause,
        };
        let answer = match header {
            (name, Some(value)) => self.exchange(&request, (name, value)).await,
            _ => Err(ApiError("the key cannot be sent in a header".to_owned())),
        };
        let answer = answer.map_err(|error| no_answer(error.0))?;
        let token: Option<Token> = match answer.status {
            200..=299 => serde_json::from_slice(&answer.body).ok(),
            400 | 401 | 403 => {
                return Err(ListingError::KeyRefused {
                    provider: info.provider,
                    status: answer.status,
                    wanted: info.rights,
                });
            }
            status => return Err(no_answer(format!("status {status}"))),
        };
        let token = token.ok_or(ListingError::AnswerUnreadable {
            provider: info.provider,
            resource: "token",
        })?;
        if let Some(right) = too_powerful(&token.scope) {
            return Err(ListingError::KeyTooPowerful {
                provider: info.provider,
                right: right.to_owned(),
                wanted: info.rights,
            });
        }
        *self.token.lock().await = Some(token.access_token);
        Ok(())
    }

    async fn exchange(
        &self,
        request: &ApiRequest,
        credential: (HeaderName, HeaderValue),
    ) -> Result<Answer, ApiError> {
        let word = |text: &str| ApiError(text.to_owned());
        let uri = self.target.address(&request.path);
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
        headers.insert(credential.0, credential.1);
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
        let token = self.token.lock().await.clone();
        let key = token.as_deref().unwrap_or(&self.key);
        let credential = header(self.listing.info().auth, key);
        let credential =
            credential.ok_or_else(|| ApiError("the key cannot be sent in a header".to_owned()))?;
        self.exchange(request, credential).await
    }

    async fn wait(&self, time: Duration) {
        sleep(time).await;
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
