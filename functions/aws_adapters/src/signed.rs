//! Signed HTTP requests to the services that the command line asks a question or two: Service
//! Quotas, ACM, CloudWatch, SNS and STS. An SDK for each would cost half a minute of compiling for
//! one call; what signs is the crate that the SDKs sign with.
//!
//! Invariant: of an error only the service's code goes on, never its text.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use pipeline::storage::StoreError;
use serde_json::Value;

use crate::Clients;
use crate::error::passes;
use crate::xml::first_text;

const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A page of a hundred alarms has about two hundred kilobytes.
const ANSWER_BYTES_MAX: usize = 4 << 20;
const ERROR_CODE_BYTES_MAX: usize = 64;

/// One call.
pub(crate) struct Call<'c> {
    /// As errors and IAM name it: `acm:DescribeCertificate`.
    pub(crate) name: &'static str,
    /// What the signature and the host name say: `acm`.
    pub(crate) service: &'static str,
    /// The region that is asked; the configured one unless it is given.
    pub(crate) region: Option<&'c str>,
    /// What is asked.
    pub(crate) question: Question<'c>,
}

/// The forms in which these services are asked.
pub(crate) enum Question<'c> {
    /// AWS JSON: its version, the operation (`CertificateManager.DescribeCertificate`), its input.
    Json(JsonVersion, &'static str, Value),
    /// The query protocol: the version of the interface, the operation, its parameters.
    Query(&'static str, &'static str, Vec<(String, &'c str)>),
}

/// The two versions differ in the media type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum JsonVersion {
    /// <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>, read 2026-11-27.
    OneZero,
    /// <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>, read 2026-11-27.
    OneOne,
}

impl Question<'_> {
    fn content_type(&self) -> &'static str {
        match self {
            Self::Json(JsonVersion::OneZero, ..) => "application/x-amz-json-1.0",
            Self::Json(JsonVersion::OneOne, ..) => "application/x-amz-json-1.1",
            Self::Query(..) => "application/x-www-form-urlencoded",
        }
    }

    fn body(&self) -> String {
        match self {
            Self::Json(_, _, input) => input.to_string(),
            Self::Query(version, operation, parameters) => {
                let fixed = [("Action", *operation), ("Version", *version)];
                let more = parameters
                    .iter()
                    .map(|(name, value)| (name.as_str(), *value));
                let pairs: Vec<String> = fixed
                    .into_iter()
                    .chain(more)
                    .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
                    .collect();
                pairs.join("&")
            }
        }
    }
}

/// Every byte but the unreserved ones as `%XX`.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// What came back.
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// The header `Date`.
    pub(crate) date: Option<String>,
    /// The body.
    pub(crate) body: String,
}

impl Call<'_> {
    fn failed(&self, cause: &str) -> StoreError {
        StoreError::Retryable {
            call: self.name,
            cause: cause.to_owned(),
        }
    }

    /// Asks, and takes an error's code for an error.
    ///
    /// # Errors
    /// A [`StoreError`] with the service's code.
    pub(crate) async fn answer(&self, clients: &Clients) -> Result<String, StoreError> {
        let answer = self.send(clients).await?;
        if (200..300).contains(&answer.status) {
            return Ok(answer.body);
        }
        let code = error_code(&answer.body).unwrap_or_else(|| format!("status {}", answer.status));
        if passes(&code) || answer.status >= 500 {
            return Err(self.failed(&code));
        }
        Err(StoreError::Final {
            call: self.name,
            cause: code,
        })
    }

    /// Asks as [`Call::answer`] does, for an answer in JSON.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub(crate) async fn json(&self, clients: &Clients) -> Result<Value, StoreError> {
        let text = self.answer(clients).await?;
        serde_json::from_str(&text).map_err(|_| self.unreadable())
    }

    /// An answer of another form than the documented one.
    pub(crate) fn unreadable(&self) -> StoreError {
        StoreError::Final {
            call: self.name,
            cause: "unreadable answer".to_owned(),
        }
    }

    /// Asks and hands on whatever came back.
    ///
    /// # Errors
    /// A [`StoreError`] when nothing did.
    pub(crate) async fn send(&self, clients: &Clients) -> Result<Answer, StoreError> {
        let request = self.request(clients).await?;
        let exchange = async {
            // Plain HTTP needs no trusted certificates, and a small container may have none.
            if request.uri().scheme_str() == Some("http") {
                return exchange(HttpConnector::new(), request).await;
            }
            let tls = HttpsConnectorBuilder::new().with_native_roots();
            let tls = tls.map_err(|_| "no trusted certificates on this machine")?;
            exchange(tls.https_only().enable_http1().build(), request).await
        };
        match tokio::time::timeout(ANSWER_WITHIN, exchange).await {
            Ok(answer) => answer.map_err(|cause| self.failed(cause)),
            Err(_) => Err(self.failed("time-out")),
        }
    }

    fn uri(&self, clients: &Clients, region: &str) -> Option<Uri> {
        let address = match clients.config.endpoint_url() {
            Some(url) => format!("{}/", url.trim_end_matches('/')),
            None => format!("https://{}.{region}.amazonaws.com/", self.service),
        };
        address.parse().ok()
    }

    async fn request(&self, clients: &Clients) -> Result<Request<Full<Bytes>>, StoreError> {
        let config = &clients.config;
        let unbuilt = |cause: &str| StoreError::Final {
            call: self.name,
            cause: cause.to_owned(),
        };
        let configured = config.region().map(AsRef::as_ref);
        let region = self.region.or(configured);
        let region = region.ok_or_else(|| unbuilt("no region is configured"))?;
        let provider = config.credentials_provider();
        let provider = provider.ok_or_else(|| unbuilt("no credentials are configured"))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|_| unbuilt("no credentials were found"))?;
        let uri = self.uri(clients, region);
        let uri = uri.ok_or_else(|| unbuilt("the endpoint is no URL"))?;

        let body = self.question.body();
        let mut headers = vec![("content-type", self.question.content_type())];
        if let Question::Json(_, operation, _) = &self.question {
            headers.push(("x-amz-target", operation));
        }
        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(self.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| unbuilt("the request could not be built"))?
            .into();
        let address = uri.to_string();
        let bytes = SignableBody::Bytes(body.as_bytes());
        let signable = SignableRequest::new("POST", &address, headers.iter().copied(), bytes);
        let signed = signable.and_then(|signable| sign(signable, &parameters));
        let signed = signed.map_err(|_| unbuilt("the request could not be signed"))?;

        let content_type = HeaderValue::from_static(self.question.content_type());
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        if let Question::Json(_, operation, _) = &self.question {
            let operation = HeaderValue::from_static(operation);
            request.headers_mut().insert("x-amz-target", operation);
        }
        signed.into_parts().0.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

async fn exchange<C>(connector: C, request: Request<Full<Bytes>>) -> Result<Answer, &'static str>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let answer: Response<_> = client.request(request).await.map_err(|_| "connection")?;
    let status = answer.status().as_u16();
    let date = answer.headers().get("date");
    let date = date
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect();
    let body = body.await.map_err(|_| "unreadable answer")?.to_bytes();
    Ok(Answer {
        status,
        date,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// The service's code in an error: `__type` of a JSON answer, `Code` of an XML one.
fn error_code(body: &str) -> Option<String> {
    let json: Option<Value> = serde_json::from_str(body).ok();
    let typed = json.as_ref().and_then(|json| json["__type"].as_str());
    // A namespace may stand before it.
    let typed = typed.and_then(|code| code.rsplit('#').next());
    let code = typed.or_else(|| first_text(body, "Code"))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
    (code.len() <= ERROR_CODE_BYTES_MAX && !code.is_empty() && code.bytes().all(plain))
        .then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_encoded() {
        let parameters = vec![("AlarmNames.member.1".to_owned(), "a b&c=ü")];
        let question = Question::Query("2010-08-01", "DescribeAlarms", parameters);
        assert_eq!(
            question.body(),
            "Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=a%20b%26c%3D%C3%BC"
        );
    }

    #[test]
    fn only_the_code_of_an_error_goes_on() {
        for (body, code) in [
            (
                "{\"__type\":\"com.amazonaws#NoSuchResourceException\",\"Message\":\"secret\"}",
                Some("NoSuchResourceException"),
            ),
            (
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>m</Message></Error></ErrorResponse>",
                Some("AccessDenied"),
            ),
            ("{\"__type\":\"no code at all\"}", None),
            ("<Code></Code>", None),
            ("not found", None),
        ] {
            assert_eq!(error_code(body).as_deref(), code, "{body}");
        }
    }
}
