//! Small readers over a provider's JSON that never turn an amount into a float and never repeat input in an error.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::VerifiedWebhook;

/// Arrays and objects inside one another; the same limit as `serde_json`'s own, which does not count inside what it skips.
const DEPTH_MAX: usize = 128;

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

/// Reads a whole body, which is an object in UTF-8 of bounded depth: what is read here can be walked
/// by recursion afterwards. A byte order mark in front of it is passed over.
pub(crate) fn read_body<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    let text = std::str::from_utf8(body).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.trim_start().starts_with('{') || too_deep(body) {
        return None;
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

/// Reads `text` as `T`; `None` for anything else.
pub(crate) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// A JSON scalar as text: a string unescaped, a number or boolean as written. Null, absent, an
/// object and a list are the empty text.
pub(crate) fn scalar(raw: Option<&RawValue>) -> Cow<'_, str> {
    let text = raw.map_or("", RawValue::get);
    match text.as_bytes().first() {
        Some(b'"') => string(text),
        None | Some(b'{' | b'[') => Cow::Borrowed(""),
        _ if text == "null" => Cow::Borrowed(""),
        _ => Cow::Borrowed(text),
    }
}

fn string(json: &str) -> Cow<'_, str> {
    if let Ok(borrowed) = serde_json::from_str::<&str>(json) {
        return Cow::Borrowed(borrowed);
    }
    serde_json::from_str::<String>(json)
        .or_else(|_| serde_json::from_str(&without_lone_surrogates(json)))
        .map_or(Cow::Borrowed(""), Cow::Owned)
}

/// The same string with U+FFFD for each half of a surrogate pair that stands alone: what cutting a
/// text between the two halves leaves.
fn without_lone_surrogates(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(position) = rest.find('\\') {
        let (before, escape) = rest.split_at(position);
        text.push_str(before);
        let (length, replaced) = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, None),
            (Some(0xD800..=0xDFFF), _) => (6, Some("\\ufffd")),
            // An escaped backslash must not be read as the start of the next escape.
            _ => (2, None),
        };
        let (escape, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        text.push_str(replaced.unwrap_or(escape));
        rest = behind;
    }
    text + rest
}

/// The UTF-16 code unit of the escape `\uXXXX` that `text` begins with.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

/// Reads an object whose fields are wanted if it is one; anything else counts as an object without
/// fields.
pub(crate) fn object_or_default<'a, T: Deserialize<'a> + Default>(raw: Option<&'a RawValue>) -> T {
    raw.filter(|raw| raw.get().starts_with('{'))
        .and_then(|raw| read(raw.get()))
        .unwrap_or_default()
}

/// One field of an object; `None` when it has none of that name, or is no object.
pub(crate) fn field<'a>(raw: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    let fields: BTreeMap<Cow<'a, str>, &'a RawValue> = read(raw.get())?;
    fields.get(name).copied()
}

/// The elements of a list; none for anything else.
pub(crate) fn list(raw: Option<&RawValue>) -> Vec<&RawValue> {
    raw.filter(|raw| raw.get().starts_with('['))
        .and_then(|raw| read(raw.get()))
        .unwrap_or_default()
}

/// The document of a provider whose bodies are JSON: the body itself.
pub(crate) fn json_document<'a>(webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
    Cow::Borrowed(webhook.body())
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
            ("\"a\\u0041\"", "aA"),
            ("10.00", "10.00"),
            ("true", "true"),
            ("null", ""),
            ("{}", ""),
            ("[1]", ""),
            ("\"a\\ud83d\"", "a\u{fffd}"),
            ("\"a\\ud83d\\ude00\"", "a\u{1f600}"),
            ("\"\\ude00\\ud83d\"", "\u{fffd}\u{fffd}"),
            ("\"\\ud83d\\ude00\\ud83d\"", "\u{1f600}\u{fffd}"),
            ("\"\\\\ud83d\\ud83d\"", "\\ud83d\u{fffd}"),
            ("\"\\ud83d\\u00e9\"", "\u{fffd}\u{e9}"),
        ] {
            assert_eq!(scalar(Some(&raw(json))), expected, "{json}");
        }
        assert_eq!(scalar(None), "");
    }

    #[test]
    fn fields_and_lists_of_the_right_shape_only() {
        let object = raw("{\"a\":1,\"id\":\"x\"}");
        assert_eq!(field(&object, "id").unwrap().get(), "\"x\"");
        assert!(field(&object, "b").is_none());
        assert!(field(&raw("[]"), "id").is_none());
        assert_eq!(list(Some(&raw("[1,{}]"))).len(), 2);
        assert!(list(Some(&object)).is_empty() && list(None).is_empty());
    }

    raw_fields! { Outer { id; inner: Inner } }

    raw_fields! { Inner { amount } }

    #[test]
    fn a_nested_object_is_read_and_anything_else_is_one_without_fields() {
        let amount = |inner: &str| {
            let body = format!("{{\"id\":1{inner}}}");
            let outer: Outer<'_> = read_body(body.as_bytes())?;
            assert_eq!(outer.id.unwrap().get(), "1");
            Some(scalar(outer.inner.amount).into_owned())
        };
        assert_eq!(
            amount(",\"inner\":{\"x\":[],\"amount\":5}"),
            Some("5".into())
        );
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
                Some(String::new()),
                "{other}"
            );
        }
        assert_eq!(amount(""), Some(String::new()));
        for broken in ["{\"amount\":1,\"amount\":2}", "[1", "{\"amount\"}"] {
            let body = format!(",\"inner\":{broken}");
            assert_eq!(amount(&body), None, "{broken}");
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
            ("\u{feff}{}".into(), true),
            (b"[]".to_vec(), false),
            (b"".to_vec(), false),
            (b"{\"a\":\"\xff\"}".to_vec(), false),
            (nested(127), true),
            (nested(128), false),
            (nested(10_000), false),
        ] {
            let got: Option<serde::de::IgnoredAny> = read_body(&body);
            assert_eq!(got.is_some(), ok, "{} bytes", body.len());
        }
    }
}
