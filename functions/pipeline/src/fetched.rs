//! A message whose body payhook fetched from the provider's API itself: the `fetched` attribute.
//!
//! Invariant: only what may send to the webhook queue can write the attribute; the gateway's template
//! sets `request` alone, so no sender of webhooks can. Whoever may send so may put any record into
//! the table: that right belongs to the role of the archive's daily task and to operators.
//! Source: `ARCHITECTURE.md`, "What never came".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use card_masking::mask_text;
use jiff::Timestamp;
use provider_webhooks::form;
use serde::Serialize;

use crate::plan::instant;

/// Characters of each text that are kept.
const CHARS_MAX: usize = 256;

/// Who fetched a body, from where and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// Who: the identity that asked (an ARN).
    pub by: String,
    /// From where: the host of the provider's API.
    pub from: String,
    /// When.
    pub at: Timestamp,
    /// When it happened, by the provider's clock, where its list says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Timestamp>,
}

impl Fetched {
    /// Reads the attribute; `None` when it is not of the form
    /// `by=…&from=…&at={epoch ms}[&happened_at={RFC 3339}]`.
    pub fn decode(attribute: &str) -> Option<Self> {
        let field = |wanted: &str| {
            let value = form::one(attribute.as_bytes(), wanted)?;
            (!value.is_empty()).then(|| value.into_owned())
        };
        let kept = |text: String| mask_text(&text).0.chars().take(CHARS_MAX).collect();
        let happened_at = match field("happened_at") {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        Some(Self {
            by: kept(field("by")?),
            from: kept(field("from")?),
            at: instant(field("at")?.parse().ok()?),
            happened_at,
        })
    }

    /// The attribute.
    pub fn encode(&self) -> String {
        let at = self.at.as_millisecond().to_string();
        let happened_at = self.happened_at.map(|time| time.to_string());
        let fields = [("by", self.by.as_str()), ("from", &self.from), ("at", &at)];
        let happened_at = happened_at.as_deref().map(|time| ("happened_at", time));
        form::encode(fields.into_iter().chain(happened_at))
    }

    /// What a record says of it: `{time} {host} {who}`.
    pub fn note(&self) -> String {
        format!("{:.3} {} {}", self.at, self.from, self.by)
    }
}

/// A message for the webhook queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedMessage {
    /// The body, in base64 where it holds a character that no queue takes.
    pub body: String,
    /// The `request` attribute.
    pub request: String,
    /// The `fetched` attribute.
    pub fetched: String,
}

/// The message of a body that was fetched. `request_id` is what its audit line will say in the
/// place of the gateway's id.
pub fn message(
    provider: &str,
    request_id: &str,
    headers: &[(String, String)],
    body: &[u8],
    fetched: &Fetched,
) -> FetchedMessage {
    let text = std::str::from_utf8(body).ok();
    let plain = text.filter(|text| text.chars().all(is_taken));
    let headers: Vec<(String, &str)> = headers
        .iter()
        .map(|(name, value)| (format!("h.{}", name.to_ascii_lowercase()), value.as_str()))
        .collect();
    let mut fields = vec![("provider", provider), ("request_id", request_id)];
    if plain.is_none() {
        fields.push(("encoding", "base64"));
    }
    fields.extend(headers.iter().map(|(name, value)| (name.as_str(), *value)));
    FetchedMessage {
        body: plain.map_or_else(|| STANDARD.encode(body), str::to_owned),
        request: form::encode(fields),
        fetched: fetched.encode(),
    }
}

/// Whether SQS takes a character.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>,
/// read 2026-11-27.
const fn is_taken(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetched() -> Fetched {
        Fetched {
            by: "arn:aws:sts::123456789012:assumed-role/ops/me&you".to_owned(),
            from: "api.stripe.com".to_owned(),
            at: "2026-11-28T12:00:00.250Z".parse().unwrap(),
            happened_at: Some("2026-11-27T01:02:03.000000004Z".parse().unwrap()),
        }
    }

    #[test]
    fn the_attribute_goes_round() {
        let mut fetched = fetched();
        assert_eq!(Fetched::decode(&fetched.encode()), Some(fetched.clone()));
        fetched.happened_at = None;
        assert_eq!(Fetched::decode(&fetched.encode()), Some(fetched.clone()));
        assert_eq!(
            fetched.note(),
            "2026-11-28T12:00:00.250Z api.stripe.com arn:aws:sts::123456789012:assumed-role/ops/me&you"
        );
    }

    #[test]
    fn a_body_goes_round_whatever_it_holds() {
        let headers = [("X-Topic".to_owned(), "a&b".to_owned())];
        for (body, encoded) in [
            ("{\"a\":\"é\u{1f600}\"}", false),
            ("a\u{ffff}", true),
            ("\0", true),
        ] {
            let sent = message("shopify", "gaps-1", &headers, body.as_bytes(), &fetched());
            assert_eq!(sent.body != body, encoded, "{body:?}");
            let request = crate::Request::decode(Some(&sent.request)).unwrap();
            assert_eq!(request.provider.as_deref(), Some("shopify"));
            assert_eq!(request.headers.get("x-topic"), Some("a&b"));
            assert_eq!(request.body_is_base64, encoded);
            assert_eq!(Fetched::decode(&sent.fetched), Some(fetched()));
        }
    }

    #[test]
    fn what_has_another_form_is_none_and_what_it_holds_is_masked_and_bounded() {
        for attribute in [
            "",
            "by=a&from=b",
            "by=&from=b&at=1",
            "by=a&from=b&at=soon",
            "by=a&by=b&from=c&at=1",
            "by=a&from=b&at=1&happened_at=then",
        ] {
            assert_eq!(Fetched::decode(attribute), None, "{attribute}");
        }
        let long = format!("by=4111111111111111&from={}&at=1", "x".repeat(1000));
        let read = Fetched::decode(&long).unwrap();
        assert_eq!(
            (read.by.as_str(), read.from.len()),
            ("411111******1111", CHARS_MAX)
        );
    }
}
