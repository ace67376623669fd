//! A queue message as it arrives, and the `request` attribute that the gateway's template made.
//!
//! Invariant: nothing here is believed. A decoded request only says what was claimed; the signature decides.
//! Source: `ARCHITECTURE.md`, "One webhook, from arrival to archive" (the form string) and
//! <https://url.spec.whatwg.org/#urlencoded-parsing>.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use provider_webhooks::{Headers, form};

use crate::fetched::Fetched;

/// The prefix of signature headers in the form string, so that no header can pass for one of our own fields.
const HEADER_PREFIX: &str = "h.";

/// The value of the field `encoding` of the `request` attribute.
const BASE64: &str = "base64";

/// The field of the `reject` attribute that says that the archive was asked.
const ARCHIVE_ASKED: &str = "archive_asked";

/// One message of the batch, borrowed from the Lambda event.
#[derive(Clone, Copy)]
pub struct IncomingMessage<'a> {
    /// SQS message id: what a failure is reported under.
    pub message_id: &'a str,
    /// The raw request body, byte for byte.
    pub body: &'a str,
    /// The `request` attribute; `None` when the message has none.
    pub request: Option<&'a str>,
    /// When the queue first took the message, milliseconds since the epoch: what replay windows are judged by.
    pub received_at_ms: i64,
    /// When this queue took it (SQS `SentTimestamp`), milliseconds since the epoch: the same, unless it was sent through verification again.
    pub queued_at_ms: i64,
    /// The message that it was at first, where it was sent through verification again.
    pub first_message_id: Option<&'a str>,
    /// True if it was sent through verification again after the archive was asked for its events
    /// and had none of them.
    pub archive_asked: bool,
    /// Who fetched the body from the provider's API, where it was not sent as a webhook.
    pub fetched: Option<&'a Fetched>,
    /// How often it was delivered (SQS `ApproximateReceiveCount`), 1 for the first time.
    pub receive_count: u32,
}

impl IncomingMessage<'_> {
    /// The body as it was sent. The gateway encodes one that holds a character which SQS does not
    /// take (U+FFFE, U+FFFF).
    ///
    /// # Errors
    /// [`RequestUnreadable`] when a body that is called base64 is none.
    pub fn raw_body(&self, request: &Request<'_>) -> Result<Cow<'_, [u8]>, RequestUnreadable> {
        if !request.body_is_base64 {
            return Ok(Cow::Borrowed(self.body.as_bytes()));
        }
        // No document says whether the gateway breaks lines.
        let one_line: String = self.body.split(['\r', '\n']).collect();
        let bytes = STANDARD.decode(one_line);
        bytes.map(Cow::Owned).map_err(|_| RequestUnreadable)
    }
}

impl std::fmt::Debug for IncomingMessage<'_> {
    /// Without body and request: both may hold card data, and a debug print ends in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "IncomingMessage({}, {} body bytes)",
            self.message_id,
            self.body.len()
        )
    }
}

/// What a message was before it was rejected or dead-lettered: the `reject` attribute, which goes with it wherever it goes. Only what may send to the queues can write it; the gateway's
/// template does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The stable text of the reason, or [`Origin::DEAD_LETTER`].
    pub reason: String,
    /// The message's first id.
    pub message_id: String,
    /// When the queue first took it, milliseconds since the epoch.
    pub received_at_ms: i64,
    /// True if the archive was asked for its events and had none of them.
    pub archive_asked: bool,
}

impl Origin {
    /// The reason of a message that was delivered in vain as often as the queue allows.
    pub const DEAD_LETTER: &'static str = "dead_letter";

    /// Reads the attribute; `None` when it is not of the form `reason=…&message_id=…&received_at={epoch ms}`.
    pub fn decode(attribute: &str) -> Option<Self> {
        let field = |wanted: &str| {
            let value = form::one(attribute.as_bytes(), wanted)?;
            (!value.is_empty()).then(|| value.into_owned())
        };
        Some(Self {
            reason: field("reason")?,
            message_id: field("message_id")?,
            received_at_ms: field("received_at")?.parse().ok()?,
            archive_asked: field(ARCHIVE_ASKED).is_some(),
        })
    }

    /// The attribute.
    pub fn encode(&self) -> String {
        let received_at = self.received_at_ms.to_string();
        let fields = [
            ("reason", self.reason.as_str()),
            ("message_id", &self.message_id),
            ("received_at", &received_at),
        ];
        let asked = self.archive_asked.then_some((ARCHIVE_ASKED, "yes"));
        form::encode(fields.into_iter().chain(asked))
    }
}

/// The decoded `request` attribute.
#[derive(Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The provider of the path, or `None` on the route without one.
    pub provider: Option<Cow<'a, str>>,
    /// The gateway's request id, as claimed.
    pub request_id: Option<Cow<'a, str>>,
    /// The caller's address, as claimed.
    pub source_ip: Option<Cow<'a, str>>,
    /// True if the body is in base64: it holds a character that no queue takes.
    pub body_is_base64: bool,
    /// The signature headers. Those that were sent empty are kept and do not count (see [`Headers`]).
    pub headers: Headers,
}

/// The `request` attribute is missing or does not have the agreed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestUnreadable;

impl RequestUnreadable {
    /// The reason in the audit log, metrics and the rejected queue.
    pub const REASON: &'static str = "request_unreadable";
}

impl<'a> Request<'a> {
    /// Reads the attribute. The field `provider` has to be there, even when empty: its absence means that something other than
    /// our gateway wrote the message. A repeated field is refused, since two readers could pick different ones. Fields that
    /// are not known are ignored, so that the gateway may be deployed before the function.
    ///
    /// # Errors
    /// [`RequestUnreadable`] without any detail: the text is untrusted.
    pub fn decode(attribute: Option<&'a str>) -> Result<Self, RequestUnreadable> {
        let mut provider = None;
        let mut request_id = None;
        let mut source_ip = None;
        let mut encoding = None;
        let mut headers = Headers::default();
        for pair in form::pairs(attribute.ok_or(RequestUnreadable)?.as_bytes()) {
            let field = match pair.name().as_ref() {
                "provider" => &mut provider,
                "request_id" => &mut request_id,
                "source_ip" => &mut source_ip,
                "encoding" => &mut encoding,
                other => {
                    if let Some(header) = other.strip_prefix(HEADER_PREFIX) {
                        headers.push(header, pair.value());
                    }
                    continue;
                }
            };
            if field.replace(pair.value()).is_some() {
                return Err(RequestUnreadable);
            }
        }
        let stated = |field: Option<Cow<'a, str>>| field.filter(|value| !value.is_empty());
        let body_is_base64 = match encoding.as_deref() {
            None => false,
            Some(BASE64) => true,
            // Of a newer gateway: this version would judge other bytes than were sent.
            Some(_) => return Err(RequestUnreadable),
        };
        Ok(Self {
            body_is_base64,
            provider: stated(Some(provider.ok_or(RequestUnreadable)?)),
            request_id: stated(request_id),
            source_ip: stated(source_ip),
            headers,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_unreadable_form_has_a_row() {
        for attribute in [
            None,
            Some(""),
            Some("request_id=1"),
            Some("h.stripe-signature=x"),
            Some("provider=stripe&provider=adyen"),
            Some("provider=stripe&encoding=base32"),
            Some("provider=stripe&encoding=base64&encoding=base64"),
            Some("provider=stripe&source_ip=1.2.3.4&source_ip=5.6.7.8"),
            Some("%00%ff&&&==="),
        ] {
            assert_eq!(
                Request::decode(attribute),
                Err(RequestUnreadable),
                "{attribute:?}"
            );
        }
    }

    #[test]
    fn fields_and_headers_are_decoded() {
        let text = "provider=stripe&request_id=a%2Fb&source_ip=192.0.2.1&new=1&h.Stripe-Signature=t%3D1%2Cv1%3Dab&h.x=&h.x=2+3";
        let request = Request::decode(Some(text)).unwrap();
        assert_eq!(request.provider.as_deref(), Some("stripe"));
        assert_eq!(request.request_id.as_deref(), Some("a/b"));
        assert_eq!(request.source_ip.as_deref(), Some("192.0.2.1"));
        assert_eq!(request.headers.get("stripe-signature"), Some("t=1,v1=ab"));
        assert_eq!(request.headers.all("x").collect::<Vec<_>>(), ["2 3"]);
    }

    #[test]
    fn a_header_that_was_sent_twice_keeps_both_values_in_their_order() {
        let text = "provider=stripe&h.stripe-signature=&h.stripe-signature=a&h.stripe-signature=b";
        let request = Request::decode(Some(text)).unwrap();
        // Providers that know one value take the first that is not empty, and so do all of their readers.
        assert_eq!(request.headers.get("stripe-signature"), Some("a"));
        let all: Vec<_> = request.headers.all("stripe-signature").collect();
        assert_eq!(all, ["a", "b"]);
    }

    #[test]
    fn an_empty_provider_is_the_route_without_one() {
        let request = Request::decode(Some("provider=&request_id=&source_ip=")).unwrap();
        assert_eq!(
            (request.provider, request.request_id, request.source_ip),
            (None, None, None)
        );
    }

    #[test]
    fn an_origin_is_read_as_it_was_written_or_not_at_all() {
        let origin = Origin {
            reason: "signature_mismatch".to_owned(),
            message_id: "a&b=1".to_owned(),
            received_at_ms: 1_767_323_045_678,
            archive_asked: false,
        };
        let asked = Origin {
            archive_asked: true,
            ..origin.clone()
        };
        for origin in [origin, asked] {
            assert_eq!(Origin::decode(&origin.encode()), Some(origin));
        }
        for text in [
            "",
            "reason=x&message_id=m",
            "reason=x&message_id=m&received_at=soon",
            "reason=x&message_id=&received_at=1",
            "reason=x&reason=y&message_id=m&received_at=1",
        ] {
            assert_eq!(Origin::decode(text), None, "{text}");
        }
    }

    #[test]
    fn a_body_is_decoded_where_the_gateway_encoded_it() {
        let raw = |body, request| {
            let message = IncomingMessage { body, ..message() };
            let request = Request::decode(Some(request)).unwrap();
            message.raw_body(&request).map(Cow::into_owned)
        };
        let plain = "provider=stripe&h.encoding=base64";
        let encoded = "provider=stripe&encoding=base64";
        for (body, request, expected) in [
            ("e30=", plain, Ok("e30=")),
            ("e30=", encoded, Ok("{}")),
            ("77+/", encoded, Ok("\u{ffff}")),
            ("e3\r\n0=\n", encoded, Ok("{}")),
            ("*", encoded, Err(RequestUnreadable)),
        ] {
            let expected = expected.map(|text| text.as_bytes().to_vec());
            assert_eq!(raw(body, request), expected, "{body} {request}");
        }
    }

    #[test]
    fn debug_shows_no_body() {
        assert_eq!(
            format!("{:?}", message()),
            "IncomingMessage(m, 6 body bytes)"
        );
    }

    fn message() -> IncomingMessage<'static> {
        IncomingMessage {
            message_id: "m",
            body: "secret",
            request: None,
            received_at_ms: 0,
            queued_at_ms: 0,
            first_message_id: None,
            archive_asked: false,
            fetched: None,
            receive_count: 1,
        }
    }
}
