//! Reads and writes `application/x-www-form-urlencoded` texts: the queue message's attributes and the bodies of some providers.
//!
//! Invariant: any bytes can be read, and the result is that of the standard's parser: a broken escape stands for itself,
//! and bytes that are not UTF-8 become U+FFFD. A value is decoded only when it is asked for.
//!
//! Source: <https://url.spec.whatwg.org/#application/x-www-form-urlencoded>, read 2026-11-28. The crate `form_urlencoded`, which goes byte
//! by byte, judges both directions in the tests.

use std::borrow::Cow;
use std::fmt::Write;

use memchr::{memchr, memchr2};

/// A name and its value as they are written.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Pair<'a> {
    /// The decoded name.
    pub fn name(&self) -> Cow<'a, str> {
        decode(self.name)
    }

    /// The decoded value; empty without a `=`.
    pub fn value(&self) -> Cow<'a, str> {
        decode(self.value)
    }
}

/// The pairs of a form, in order.
pub fn pairs(form: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    let mut rest = form;
    let pieces = std::iter::from_fn(move || {
        let (piece, behind) = rest.split_at_checked(memchr(b'&', rest).unwrap_or(rest.len()))?;
        if rest.is_empty() {
            return None;
        }
        rest = behind.get(1..).unwrap_or_default();
        Some(piece)
    });
    pieces.filter(|piece| !piece.is_empty()).map(|piece| {
        let (name, value) = piece.split_at(memchr(b'=', piece).unwrap_or(piece.len()));
        let value = value.get(1..).unwrap_or_default();
        Pair { name, value }
    })
}

/// The one value of a name; `None` where it is absent, or there twice and nobody can tell which one is meant.
pub fn one<'a>(form: &'a [u8], wanted: &str) -> Option<Cow<'a, str>> {
    let mut found = pairs(form).filter(|pair| pair.name() == wanted);
    let pair = found.next()?;
    found.next().is_none().then(|| pair.value())
}

/// Writes pairs as a form.
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut form = String::new();
    for (name, value) in pairs {
        if !form.is_empty() {
            form.push('&');
        }
        push_encoded(&mut form, name);
        form.push('=');
        push_encoded(&mut form, value);
    }
    form
}

fn push_encoded(form: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => form.push('+'),
            b'*' | b'-' | b'.' | b'_' => form.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => form.push(char::from(byte)),
            // Writing to a text cannot fail.
            byte => _ = write!(form, "%{byte:02X}"),
        }
    }
}

fn decode(written: &[u8]) -> Cow<'_, str> {
    let plain = |bytes: &[u8]| memchr2(b'+', b'%', bytes).unwrap_or(bytes.len());
    let (before, mut rest) = written.split_at(plain(written));
    if rest.is_empty() {
        let text = str::from_utf8(before);
        return text.map_or_else(|_| String::from_utf8_lossy(before), Cow::Borrowed);
    }
    let mut bytes = Vec::with_capacity(written.len());
    bytes.extend_from_slice(before);
    while let Some((first, behind)) = rest.split_first() {
        let (byte, behind) = match (first, behind) {
            (b'+', _) => (b' ', behind),
            (b'%', [high, low, after @ ..]) => match (hexadecimal(*high), hexadecimal(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (b'%', behind),
            },
            (byte, _) => (*byte, behind),
        };
        bytes.push(byte);
        let (unchanged, behind) = behind.split_at(plain(behind));
        bytes.extend_from_slice(unchanged);
        rest = behind;
    }
    let text = String::from_utf8(bytes);
    Cow::Owned(text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|d| d.try_into().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(form: &[u8]) -> Vec<(String, String)> {
        let texts = |pair: Pair<'_>| (pair.name().into_owned(), pair.value().into_owned());
        pairs(form).map(texts).collect()
    }

    fn judged(form: &[u8]) -> Vec<(String, String)> {
        form_urlencoded::parse(form).into_owned().collect()
    }

    #[test]
    fn a_value_is_found_by_its_name_unless_it_is_there_twice() {
        let form = b"a=1&b=2+3&c&%62=%34&d=%e2%82%ac%&d%65=5";
        for (name, value) in [
            ("a", Some("1")),
            ("b", None),
            ("c", Some("")),
            ("d", Some("\u{20ac}%")),
            ("de", Some("5")),
            ("e", None),
        ] {
            assert_eq!(one(form, name).as_deref(), value, "{name}");
        }
    }

    #[test]
    fn what_needs_no_decoding_is_not_copied() {
        let pair = pairs(b"&&name=value of no escape").next().unwrap();
        assert!(matches!(
            (pair.name(), pair.value()),
            (Cow::Borrowed("name"), Cow::Borrowed(_))
        ));
    }

    /// Long stretches of plain bytes, escapes whole and broken, and what parts pairs.
    fn forms() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => prop::collection::vec(any::<u8>(), 0..6),
            4 => prop::collection::vec(b'a'..=b'z', 0..40),
            6 => prop::sample::select(vec!["&", "=", "+", "%", "%2", "%2B", "%2b", "%g0", "%0G", "%%41", "%C3%BC", "%ff", "\u{fc}"])
                .prop_map(|text: &str| text.as_bytes().to_vec()),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_as_the_crate_reads_them(form in prop::collection::vec(any::<u8>(), 0..120)) {
            prop_assert_eq!(read(&form), judged(&form));
        }

        #[test]
        fn forms_are_read_as_the_crate_reads_them(form in forms()) {
            prop_assert_eq!(read(&form), judged(&form));
        }

        #[test]
        fn what_is_written_is_what_the_crate_writes_and_is_read_again(
            written in prop::collection::vec((any::<String>(), any::<String>()), 0..4),
        ) {
            let ours = encode(written.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let theirs = form_urlencoded::Serializer::new(String::new()).extend_pairs(&written).finish();
            prop_assert_eq!(&ours, &theirs);
            prop_assert_eq!(read(ours.as_bytes()), written);
        }
    }
}
