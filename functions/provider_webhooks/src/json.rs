//! Small readers over a provider's JSON that never turn an amount into a float and never repeat input in an error.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use payment_event::Identifier;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{ParseError, VerifiedWebhook};

/// An event type longer than this is not one.
const EVENT_TYPE_BYTES_MAX: usize = 128;

/// Arrays and objects inside one another; the same limit as `serde_json`'s own, which does not count inside what it skips.
const DEPTH_MAX: usize = 128;
/// A merchant account longer than this is not one.
const ACCOUNT_BYTES_MAX: usize = 256;

/// Declares a struct of JSON fields that are read as they are sent: each is an `Option<&'a RawValue>`, `None` when absent or null. A field may carry
/// `#[serde(rename = "…")]`, the struct `#[serde(rename_all = "…")]`. After `;` come objects that are read in the same pass, each a
/// [`Nested`] of a struct declared so.
macro_rules! raw_fields {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident),* $(,)?
        $(; $($(#[$nested_meta:meta])* $nested:ident: $of:ident),* $(,)?)?
    }) => {
        #[derive(serde::Deserialize, Default)]
        $(#[$meta])*
        struct $name<'a> {
            $(#[serde(borrow)] $(#[$field_meta])* $field: Option<&'a serde_json::value::RawValue>,)*
            $($(#[serde(borrow, default)] $(#[$nested_meta])* $nested: crate::json::Nested<$of<'a>>,)*)?
        }
    };
}
pub(crate) use raw_fields;

/// An object that is read together with the one around it: what holds the payment is most of a body, and is thus read once. Absent or
/// anything but an object, it counts as an object without fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nested<T>(T);

impl<T> Nested<T> {
    /// The object.
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::ops::Deref for Nested<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NestedVisitor(PhantomData))
    }
}

struct NestedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for NestedVisitor<T> {
    type Value = Nested<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Nested)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Nested::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Nested::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Nested::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Nested::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Nested::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Nested::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Nested::default())
    }
}

/// Reads a whole body, which is an object in UTF-8 of bounded depth: what is read here can be walked by recursion afterwards.
pub(crate) fn read_body<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ParseError> {
    let text = std::str::from_utf8(body).map_err(|_| ParseError::Malformed)?;
    if !text.trim_start().starts_with('{') || too_deep(body) {
        return Err(ParseError::Malformed);
    }
    read(text)
}

fn too_deep(json: &[u8]) -> bool {
    // What opens fewer than that cannot be nested deeper, and nearly nothing does; counting is much faster than following, and fastest
    // where a byte holds the count.
    let opened = json.chunks(usize::from(u8::MAX)).map(|bytes| {
        let opens = |byte: &u8| u8::from(matches!(byte, b'{' | b'['));
        usize::from(bytes.iter().map(opens).sum::<u8>())
    });
    if opened.sum::<usize>() <= DEPTH_MAX {
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
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ParseError> {
    serde_json::from_str(text).map_err(|_| ParseError::Malformed)
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
        Some(raw) if raw.get().starts_with('{') => read(raw.get()),
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
        let object: Expanded<'_> = read(raw.get())?;
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

    raw_fields! { Outer { id; inner: Inner } }

    raw_fields! { Inner { amount } }

    #[test]
    fn a_nested_object_is_read_and_anything_else_is_one_without_fields() {
        let amount = |inner: &str| {
            let body = format!("{{\"id\":1{inner}}}");
            let outer: Outer<'_> = read_body(body.as_bytes())?;
            assert_eq!(outer.id.unwrap().get(), "1");
            scalar(outer.inner.amount).map(Cow::into_owned)
        };
        assert_eq!(amount(",\"inner\":{\"x\":[],\"amount\":5}"), Ok("5".into()));
        for other in [
            "null",
            "true",
            "7",
            "-7",
            "7.5",
            "\"x\"",
            "\"\\n\"",
            "[]",
            "[1,{\"amount\":5}]",
            "{}",
        ] {
            assert_eq!(
                amount(&format!(",\"inner\":{other}")),
                Ok(String::new()),
                "{other}"
            );
        }
        assert_eq!(amount(""), Ok(String::new()));
        for broken in ["{\"amount\":1,\"amount\":2}", "[1", "{\"amount\"}"] {
            let body = format!(",\"inner\":{broken}");
            assert_eq!(amount(&body), Err(ParseError::Malformed), "{broken}");
        }
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
