//! The hash of signed content, which is the identity of an event without a signed id of its own.

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Objects inside one another that a volatile field may lie in.
const DEPTH_MAX: usize = 8;

/// SHA-256 over `content` and `beside`, without the JSON fields in `volatile`: those that the
/// provider's own retries change, each a path of names joined by `/`. Content that is no JSON
/// object is hashed whole, and so is every field that is not volatile: as it was sent.
pub(crate) fn content_hash(content: &[u8], volatile: &[&str], beside: &str) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    let object = std::str::from_utf8(content)
        .ok()
        .filter(|_| !volatile.is_empty())
        .and_then(|text| serde_json::from_str::<Members<'_>>(text).ok());
    match object {
        Some(members) => update(&mut context, &members, volatile, DEPTH_MAX),
        None => context.update(content),
    }
    if !beside.is_empty() {
        // No content of JSON, XML or a form holds a zero byte, so the two parts cannot be confused.
        context.update(&[0]);
        context.update(beside.as_bytes());
    }
    context.finish().as_ref().to_vec()
}

/// The fields of an object in their order, repeated ones too.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<Cow<'de, str>, &RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// Each field is hashed with the lengths of its name and value, so that no two objects that differ
/// give one sequence of bytes.
fn update(context: &mut Context, members: &Members<'_>, volatile: &[&str], depth: usize) {
    for (name, value) in &members.0 {
        if volatile.contains(&name.as_ref()) {
            continue;
        }
        context.update(&(name.len() as u64).to_be_bytes());
        context.update(name.as_bytes());
        let below: Vec<&str> = volatile
            .iter()
            .filter_map(|path| path.split_once('/'))
            .filter(|(first, _)| *first == name.as_ref())
            .map(|(_, rest)| rest)
            .collect();
        let object = Some(value.get())
            .filter(|_| !below.is_empty() && depth > 0)
            .and_then(|text| serde_json::from_str::<Members<'_>>(text).ok());
        match object {
            Some(inner) => {
                context.update(b"{");
                update(context, &inner, &below, depth - 1);
                context.update(b"}");
            }
            None => {
                context.update(&(value.get().len() as u64).to_be_bytes());
                context.update(value.get().as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOLATILE: &[&str] = &["attempt", "meta/sent_at"];

    #[test]
    fn volatile_fields_are_no_part_of_the_identity_and_all_others_are() {
        let hash = |text: &str| content_hash(text.as_bytes(), VOLATILE, "");
        let first = r#"{"id":1,"attempt":1,"meta":{"sent_at":5,"by":"a"},"x":{"attempt":1}}"#;
        let again = r#"{"id":1,"attempt":2,"meta":{"sent_at":6,"by":"a"},"x":{"attempt":1}}"#;
        assert_eq!(hash(first), hash(again));
        for other in [
            r#"{"id":2,"attempt":1,"meta":{"sent_at":5,"by":"a"},"x":{"attempt":1}}"#,
            r#"{"id":1,"attempt":1,"meta":{"sent_at":5,"by":"b"},"x":{"attempt":1}}"#,
            r#"{"id":1,"attempt":1,"meta":{"sent_at":5,"by":"a"},"x":{"attempt":2}}"#,
            r#"{"id":1,"attempt":1,"meta":{"sent_at":5,"by":"a","x":{"attempt":1}}}"#,
            r#"{"id":1,"id":1,"attempt":1,"meta":{"sent_at":5,"by":"a"},"x":{"attempt":1}}"#,
            "not JSON",
            "",
        ] {
            assert_ne!(hash(first), hash(other), "{other}");
        }
    }

    #[test]
    fn without_volatile_fields_every_byte_counts() {
        let hash = |text: &str| content_hash(text.as_bytes(), &[], "");
        assert_ne!(hash(r#"{"a":1}"#), hash(r#"{"a": 1}"#));
        assert_eq!(content_hash(b"", &[], "").len(), 32);
        assert_ne!(
            content_hash(b"{}", &[], "orders/paid"),
            content_hash(b"{}", &[], "")
        );
    }
}
