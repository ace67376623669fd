//! Why a call has no answer, and the code that a service gives its refusal.

use std::fmt;

use hyper::body::Bytes;
use hyper::header::HeaderMap;

/// A call that failed, after its repetitions.
///
/// `Debug` and `Display` show the status and the code alone: a service's text may repeat what was
/// sent to it.
#[derive(Clone, PartialEq, Eq)]
pub enum Error {
    /// The service answered, and not with what was asked for.
    Refused {
        /// HTTP status. 200 where the answer could not be understood.
        status: u16,
        /// The service's code, where the answer has one.
        code: Option<String>,
        /// The whole answer, for errors that have more to say than their code.
        body: Bytes,
    },
    /// No answer within an attempt's or the call's time.
    TimedOut,
    /// No connection, or one that ended before the answer began.
    Connection {
        /// Whether another attempt may find it better: anything but an answer that is not HTTP.
        passing: bool,
    },
    /// An answer that was cut off.
    CutOff,
    /// The request could not be made: no credentials, an endpoint that is no URL.
    Unbuilt(&'static str),
}

impl Error {
    /// The service's code.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// A request that could not be written.
    pub(crate) const fn unwritten() -> Self {
        Self::Unbuilt("the request could not be written")
    }

    /// An answer with status 200 that is not what the service documents.
    pub(crate) fn not_understood(body: Bytes) -> Self {
        Self::Refused {
            status: 200,
            code: None,
            body,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, code, .. } => {
                let code = code.as_deref().unwrap_or("no code");
                write!(f, "refused with status {status}: {code}")
            }
            Self::TimedOut => f.write_str("time-out"),
            Self::Connection { .. } => f.write_str("connection"),
            Self::CutOff => f.write_str("answer cut off"),
            Self::Unbuilt(why) => f.write_str(why),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {}

/// The form of a service's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    /// AWS JSON 1.0 and 1.1: the header `x-amzn-errortype`, else `code` or `__type` of the body.
    /// Source: <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>, read 2026-11-28.
    Json,
    /// The same, and the code of the older query protocol in the header `x-amzn-query-error`.
    /// Source: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>, read 2026-11-28.
    JsonOfQuery,
    /// `<Error><Code>…</Code>…</Error>`.
    /// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>, read
    /// 2026-11-28.
    Xml,
}

/// The code of an error; `None` when there is none or the body is not of its form.
pub(crate) fn code(form: ErrorForm, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let header = |name| headers.get(name)?.to_str().ok();
    let json = || {
        let body: JsonError = object(body)?;
        let code = header("x-amzn-errortype").or(body.code());
        code.map(|code| plain(code).to_owned())
    };
    match form {
        ErrorForm::Json => json(),
        ErrorForm::JsonOfQuery => {
            let generic = json();
            let query = header("x-amzn-query-error").and_then(|value| value.split_once(';'));
            match query {
                // Without a body of the right form the SDK looks at no header either.
                Some((code, _)) if object::<JsonError<'_>>(body).is_some() => Some(code.to_owned()),
                _ => generic,
            }
        }
        ErrorForm::Xml => xml_code(body),
    }
}

/// Reads an object of JSON; nothing at all is an empty one. `None` for everything else: `serde`
/// alone would take an array for an object's members in their order.
pub(crate) fn object<'b, T: serde::Deserialize<'b>>(body: &'b [u8]) -> Option<T> {
    let text = match body.trim_ascii_start() {
        [] => b"{}".as_slice(),
        [b'{', ..] => body,
        _ => return None,
    };
    serde_json::from_slice(text).ok()
}

#[derive(serde::Deserialize)]
struct JsonError<'b> {
    // Texts alone name a code; anything else in their place is passed over.
    #[serde(borrow, default)]
    code: Option<&'b serde_json::value::RawValue>,
    #[serde(borrow, default, rename = "__type")]
    kind: Option<&'b serde_json::value::RawValue>,
}

impl<'b> JsonError<'b> {
    fn code(&self) -> Option<&'b str> {
        let text = |raw: Option<&'b serde_json::value::RawValue>| {
            serde_json::from_str::<&'b str>(raw?.get()).ok()
        };
        text(self.code).or_else(|| text(self.kind))
    }
}

/// The code without a namespace before it (`#`) and a URL behind it (`:`).
fn plain(code: &str) -> &str {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    code.split_once('#').map_or(code, |(_, code)| code)
}

/// The text of `Code` in S3's error. S3 writes it without attributes, comments and references.
fn xml_code(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, inside) = text.split_once("<Error>")?;
    let (_, code) = inside.split_once("<Code>")?;
    // One that is cut off behind the code has told it.
    let code = code.split('<').next()?;
    Some(code.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_code_of_json_is_in_a_header_or_in_the_body() {
        let typed = ("x-amzn-errortype", "HeaderError:http://x/");
        let query = (
            "x-amzn-query-error",
            "AWS.SimpleQueueService.NonExistentQueue;Sender",
        );
        for (form, pairs, body, expected) in [
            (
                ErrorForm::Json,
                &[][..],
                "{\"__type\":\"a.b#Told\"}",
                Some("Told"),
            ),
            (
                ErrorForm::Json,
                &[],
                "{\"code\":\"First\",\"__type\":\"Told\"}",
                Some("First"),
            ),
            (
                ErrorForm::Json,
                &[],
                "{\"code\":7,\"__type\":\"Told\"}",
                Some("Told"),
            ),
            (
                ErrorForm::Json,
                &[typed],
                "{\"__type\":\"Told\"}",
                Some("HeaderError"),
            ),
            (ErrorForm::Json, &[typed], "no JSON", None),
            (ErrorForm::Json, &[typed], "", Some("HeaderError")),
            (ErrorForm::Json, &[], "[\"Told\"]", None),
            (ErrorForm::Json, &[], "{}", None),
            (ErrorForm::Json, &[], "[]", None),
            (
                ErrorForm::Json,
                &[query],
                "{\"__type\":\"Told\"}",
                Some("Told"),
            ),
            (
                ErrorForm::JsonOfQuery,
                &[query],
                "{\"__type\":\"Told\"}",
                Some("AWS.SimpleQueueService.NonExistentQueue"),
            ),
            (ErrorForm::JsonOfQuery, &[query], "no JSON", None),
            (
                ErrorForm::JsonOfQuery,
                &[],
                "{\"__type\":\"Told\"}",
                Some("Told"),
            ),
        ] {
            let found = code(form, &headers(pairs), body.as_bytes());
            assert_eq!(found.as_deref(), expected, "{form:?} {body}");
        }
    }

    #[test]
    fn the_code_of_xml_is_inside_the_error() {
        for (body, expected) in [
            (
                "<?xml version=\"1.0\"?>\n<Error><Code>SlowDown</Code><Message>m</Message></Error>",
                Some("SlowDown"),
            ),
            ("<Error><Message>m</Message></Error>", None),
            ("<Error><Code>SlowDown</Co", Some("SlowDown")),
            ("<Other><Code>SlowDown</Code></Other>", None),
            ("", None),
        ] {
            let found = code(ErrorForm::Xml, &HeaderMap::new(), body.as_bytes());
            assert_eq!(found.as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn an_error_shows_no_text_of_the_service() {
        let error = Error::Refused {
            status: 400,
            code: Some("ValidationException".to_owned()),
            body: Bytes::from_static(b"4111111111111111"),
        };
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("400") && shown.contains("ValidationException"));
        assert!(!shown.contains("4111"));
    }
}
