//! How providers write signatures, keys and signature headers. Decoders only: comparing is done in `signature`, over bytes.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// Hexadecimal digits in either case: providers and their own libraries disagree on it, and the bytes are the same.
pub(crate) fn hex_any_case(text: &str) -> Option<Vec<u8>> {
    hex::decode(text).ok()
}

/// Base64 with or without padding: secrets are copied by hand and lose their `=` (the reference libraries accept both).
pub(crate) fn base64_lenient(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// Base64 exactly as a provider sends it.
pub(crate) fn base64_strict(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Base64 text of `bytes`.
pub(crate) fn base64_text(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// The `name=value` parts of a header such as `t=1,v1=…,v1=…` or `ts=1;h1=…`, in order, without surrounding blanks. A part without `=` is
/// left out; a value keeps its own `=`, as base64 has them.
pub(crate) fn parts(header: &str, separator: char) -> impl Iterator<Item = (&str, &str)> {
    header
        .split(separator)
        .filter_map(|part| part.trim().split_once('='))
}

/// The one value of `name` among [`parts`]; `None` when it is absent or stands there twice.
pub(crate) fn part<'h>(header: &'h str, separator: char, name: &str) -> Option<&'h str> {
    let mut values = parts(header, separator).filter(|(n, _)| *n == name);
    let (_, value) = values.next()?;
    values.next().is_none().then_some(value)
}

/// A signature header with one time and the hexadecimal signatures made at it.
#[derive(Debug)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub(crate) struct TimedSignatures<'h> {
    /// Seconds since the epoch.
    pub(crate) time: i64,
    /// The same as sent, which is what is signed.
    pub(crate) time_text: &'h str,
    /// The signatures, in order. There is one at least.
    pub(crate) signatures: Vec<Vec<u8>>,
}

/// Reads a header of [`parts`] such as `t=1,v1=…,v1=…`: the one value of `time_name`, and the first
/// `signatures_max` values of `signature_name`, of which those that are not hexadecimal are left
/// out. `None` without a time, with two, with one that is no number, or without a signature.
pub(crate) fn timed_signatures<'h>(
    header: &'h str,
    separator: char,
    [time_name, signature_name]: [&str; 2],
    signatures_max: usize,
) -> Option<TimedSignatures<'h>> {
    let time_text = part(header, separator, time_name)?;
    let signatures: Vec<_> = parts(header, separator)
        .filter(|(name, _)| *name == signature_name)
        .take(signatures_max)
        .filter_map(|(_, value)| hex_any_case(value))
        .collect();
    if signatures.is_empty() {
        return None;
    }
    Some(TimedSignatures {
        time: time_text.parse().ok()?,
        time_text,
        signatures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_forms() {
        assert_eq!(base64_lenient("YWI"), Some(b"ab".to_vec()));
        assert_eq!(base64_lenient("YWI="), Some(b"ab".to_vec()));
        assert_eq!(base64_strict("YWI="), Some(b"ab".to_vec()));
        assert_eq!(base64_strict("YWI"), None);
        assert_eq!(base64_lenient("*"), None);
        assert_eq!(base64_text(b"ab"), "YWI=");
        assert_eq!(hex_any_case("aBc0"), Some(vec![0xab, 0xc0]));
        for text in ["abc", "zz", "ab "] {
            assert_eq!(hex_any_case(text), None, "{text}");
        }
    }

    #[test]
    fn parts_of_signature_headers() {
        let all = |header, separator| parts(header, separator).collect::<Vec<_>>();
        assert_eq!(
            all("t=1, v1=a,v1=b==,,x", ','),
            [("t", "1"), ("v1", "a"), ("v1", "b==")]
        );
        assert_eq!(all("ts=1;h1=a", ';'), [("ts", "1"), ("h1", "a")]);
        assert_eq!(part("t=1,v1=a", ',', "t"), Some("1"));
        assert_eq!(part("t=1,t=2", ',', "t"), None);
        assert_eq!(part("v1=a", ',', "t"), None);
    }

    #[test]
    fn a_time_and_its_signatures() {
        let read = |header| timed_signatures(header, ',', ["t", "v1"], 2);
        let good = |signatures: &[&[u8]]| {
            Some(TimedSignatures {
                time: 1,
                time_text: "01",
                signatures: signatures.iter().map(|bytes| bytes.to_vec()).collect(),
            })
        };
        for (header, expected) in [
            ("t=01,v1=aa", good(&[b"\xaa"])),
            ("v1=aa, v0=cc, t=01, v1=bb", good(&[b"\xaa", b"\xbb"])),
            // One that cannot be read is one of those that are looked at.
            ("t=01,v1=zz,v1=bb,v1=cc", good(&[b"\xbb"])),
            ("t=01,v1=zz,v1=zz,v1=cc", None),
            ("t=01,v0=aa", None),
            ("t=01,t=01,v1=aa", None),
            ("t=x,v1=aa", None),
            ("v1=aa", None),
        ] {
            assert_eq!(read(header), expected, "{header}");
        }
    }
}
