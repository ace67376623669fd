//! Small readers over a provider's JSON that never turn an amount into a float and never repeat input in an error.

use std::borrow::Cow;

use payment_event::Identifier;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ParseError, VerifiedWebhook};

/// An event type longer than this is not one.
const EVENT_TYPE_BYTES_MAX: usize = 128;

/// Arrays and objects inside one another; the same limit as `serde_json`'s own, which does not count inside what it skips.
const DEPTH_MAX: usize = 128;
/// A merchant account longer than this is not one.
const ACCOUNT_BYTES_MAX: usize = 256;

/// Declares a struct of JSON fields that are read as they are sent: each is an `Option<&'a RawValue>`, `None` when absent or null. A field may carry
/// `#[serde(rename = "…")]`, the struct `#[serde(rename_all = "…")]`.
macro_rules! raw_fields {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident),* $(,)? }) => {
        #[derive(serde::Deserialize, Default)]
        $(#[$meta])*
        struct $name<'a> {
            $(#[serde(borrow)] $(#[$field_meta])* $field: Option<&'a serde_json::value::RawValue>,)*
        }
    };
}
pub(crate) use raw_fields;

/// Reads a whole body, which is an object in UTF-8 of bounded depth: what is read here can be walked by recursion afterwards.
pub(crate) fn read_body<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ParseError> {
    let text = std::str::from_utf8(body).map_err(|_| ParseError::Malformed)?;
    if !text.trim_start().starts_with('{') || too_deep(body) {
        return Err(ParseError::Malformed);
    }
    read(body)
}

fn too_deep(json: &[u8]) -> bool {
    // What opens fewer than that cannot be nested deeper, and nearly nothing does; counting is much faster than following.
    let opened = json.iter().filter(|byte| matches!(byte, b'{' | b'['));
    if opened.count() <= DEPTH_MAX {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

/// Reads `text` as `T`; anything else is [`ParseError::Malformed`].
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ParseError> {
    serde_json::from_slice(body).map_err(|_| ParseError::Malformed)
}

/// A JSON scalar as text: a string unescaped, a number or boolean as written, null or absent as the empty text.
pub(crate) fn scalar(raw: Option<&RawValue>) -> Result<Cow<'_, str>, ParseError> {
    let Some(text) = raw.map(RawValue::get) else {
        return Ok(Cow::Borrowed(""));
    };
    match text.as_bytes().first() {
        Some(b'"') => string(text),
        Some(b'{' | b'[') => Err(ParseError::Malformed),
        _ if text == "null" => Ok(Cow::Borrowed("")),
        _ => Ok(Cow::Borrowed(text)),
    }
}

fn string(json: &str) -> Result<Cow<'_, str>, ParseError> {
    if let Ok(borrowed) = serde_json::from_str::<&str>(json) {
        return Ok(Cow::Borrowed(borrowed));
    }
    serde_json::from_str::<String>(json)
        .map(Cow::Owned)
        .map_err(|_| ParseError::Malformed)
}

/// Reads an object whose fields are wanted if it is one; anything else counts as an object without fields.
pub(crate) fn object_or_default<'a, T: Deserialize<'a> + Default>(
    raw: Option<&'a RawValue>,
) -> Result<T, ParseError> {
    match raw {
        Some(raw) if raw.get().starts_with('{') => read(raw.get().as_bytes()),
        _ => Ok(T::default()),
    }
}

/// The merchant's account, when one is named.
pub(crate) fn account(raw: Option<&RawValue>) -> Result<Option<String>, ParseError> {
    match scalar(raw)? {
        text if text.is_empty() => Ok(None),
        text if text.len() > ACCOUNT_BYTES_MAX => Err(ParseError::IdentifierUnusable),
        text => Ok(Some(text.into_owned())),
    }
}

/// The id in a field that holds either an id or the whole object with its `id`.
pub(crate) fn id_or_object(raw: Option<&RawValue>) -> Result<Option<Identifier>, ParseError> {
    #[derive(Deserialize)]
    struct Expanded<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
    }
    let Some(raw) = raw else { return Ok(None) };
    let text = if raw.get().starts_with('{') {
        let object: Expanded<'_> = read(raw.get().as_bytes())?;
        scalar(object.id)?.into_owned()
    } else {
        scalar(Some(raw))?.into_owned()
    };
    if text.is_empty() {
        Ok(None)
    } else {
        identifier(&text).map(Some)
    }
}

/// `text` as an identifier.
pub(crate) fn identifier(text: &str) -> Result<Identifier, ParseError> {
    Identifier::new(text).map_err(|_| ParseError::IdentifierUnusable)
}

/// An event type as sent: not empty, of bounded length.
pub(crate) fn event_type(text: &str) -> Result<String, ParseError> {
    match text.len() {
        0 => Err(ParseError::FieldMissing),
        1..=EVENT_TYPE_BYTES_MAX => Ok(text.to_owned()),
        _ => Err(ParseError::Malformed),
    }
}

/// A required text field.
pub(crate) fn required<'a>(text: Cow<'a, str>) -> Result<Cow<'a, str>, ParseError> {
    if text.is_empty() {
        Err(ParseError::FieldMissing)
    } else {
        Ok(text)
    }
}

/// At most `max` things, each of which becomes an event.
pub(crate) fn bounded<T>(events: &[T], max: usize) -> Result<(), ParseError> {
    if events.len() > max {
        Err(ParseError::TooManyEvents)
    } else {
        Ok(())
    }
}

/// The document of a provider whose bodies are JSON: the body itself.
#[allow(clippy::unnecessary_wraps)] // Shaped as `Provider::document` is.
pub(crate) fn json_document<'a>(
    webhook: &VerifiedWebhook<'a>,
) -> Result<Cow<'a, [u8]>, ParseError> {
    Ok(Cow::Borrowed(webhook.body()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn scalars_keep_their_text() {
        for (json, expected) in [
            ("\"a\\u0041\"", Ok("aA")),
            ("10.00", Ok("10.00")),
            ("true", Ok("true")),
            ("null", Ok("")),
            ("{}", Err(ParseError::Malformed)),
            ("[1]", Err(ParseError::Malformed)),
        ] {
            assert_eq!(
                scalar(Some(&raw(json))).as_deref().map_err(|e| *e),
                expected
            );
        }
        assert_eq!(scalar(None).unwrap(), "");
        assert_eq!(string("\"\\ud800\""), Err(ParseError::Malformed));
    }

    #[test]
    fn ids_are_plain_or_expanded() {
        let id = |text: &str| id_or_object(Some(&raw(text))).map(|i| i.map(String::from));
        assert_eq!(id("\"pi_1\""), Ok(Some("pi_1".into())));
        assert_eq!(id("{\"id\":\"pi_1\",\"x\":1}"), Ok(Some("pi_1".into())));
        assert_eq!(id("null"), Ok(None));
        assert_eq!(id("{}"), Ok(None));
        assert_eq!(id("\"a b\""), Err(ParseError::IdentifierUnusable));
        assert_eq!(id("[]"), Err(ParseError::Malformed));
    }

    #[test]
    fn a_body_is_one_object_in_utf8_of_bounded_depth() {
        let nested = |levels: usize| {
            format!(
                "{{\"a\\\"[\":{}{}}}",
                "[".repeat(levels),
                "]".repeat(levels)
            )
            .into_bytes()
        };
        for (body, ok) in [
            (b" {}".to_vec(), true),
            (b"[]".to_vec(), false),
            (b"".to_vec(), false),
            (b"{\"a\":\"\xff\"}".to_vec(), false),
            (nested(127), true),
            (nested(128), false),
            (nested(10_000), false),
        ] {
            let got: Result<serde::de::IgnoredAny, _> = read_body(&body);
            assert_eq!(got.is_ok(), ok, "{} bytes", body.len());
        }
    }

    #[test]
    fn accounts_are_bounded() {
        let long = raw(&format!("\"{}\"", "x".repeat(257)));
        assert_eq!(account(Some(&long)), Err(ParseError::IdentifierUnusable));
        assert_eq!(
            account(Some(&raw("\"My Shop\""))),
            Ok(Some("My Shop".into()))
        );
        assert_eq!(account(None), Ok(None));
    }

    #[test]
    fn types_and_counts() {
        assert_eq!(event_type(""), Err(ParseError::FieldMissing));
        assert_eq!(event_type(&"x".repeat(129)), Err(ParseError::Malformed));
        assert_eq!(required("".into()), Err(ParseError::FieldMissing));
        assert_eq!(bounded(&[1, 2], 2), Ok(()));
        assert_eq!(bounded(&[1, 2, 3], 2), Err(ParseError::TooManyEvents));
    }
}
