//! What the tokens of a JSON text stand for.
//!
//! Source of the grammar: RFC 8259.

use crate::MaskError;

/// How many bytes come before the first that means something in a string: a quote, a backslash or what may not stand in one.
pub(crate) fn plain_bytes(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = EACH << 7;
    let mut words = bytes.chunks_exact(8);
    let mut plain = 0;
    // Eight bytes at once: where a byte is below 0x20, or is the one that is looked for and thus zero, subtracting sets its highest bit.
    // It may set that of the next byte too, but only the first counts. Bytes beyond ASCII have it set before, and are left out.
    for word in words.by_ref() {
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
        let control = word.wrapping_sub(EACH * 0x20);
        let quote = (word ^ (EACH * u64::from(b'"'))).wrapping_sub(EACH);
        let backslash = (word ^ (EACH * u64::from(b'\\'))).wrapping_sub(EACH);
        let found = (control | quote | backslash) & !word & HIGH;
        if found != 0 {
            return plain + (found.trailing_zeros() / 8) as usize;
        }
        plain += 8;
    }
    plain
        + words
            .remainder()
            .iter()
            .position(|byte| matches!(byte, 0..=0x1F | b'"' | b'\\'))
            .unwrap_or(words.remainder().len())
}

/// The digits before the point of a number token, its exponent applied: `4.1e2` is `410` and
/// `4110e-1` is `411`. A fraction alone (`0.4111…`) is no card number.
///
/// `None` if the number has far more digits than a card number.
pub(crate) fn plain_digits(number: &str) -> Option<String> {
    let (whole, fraction, exponent) = parts(number);
    let exponent = exponent.trim_start_matches('+');
    let exponent = exponent.parse().unwrap_or(if exponent.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    });
    let point = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    let point = usize::try_from(point.saturating_add(exponent).max(0)).unwrap_or(usize::MAX);
    let digits = || whole.bytes().chain(fraction.bytes());
    let zeros = digits().take(point).take_while(|digit| *digit == b'0');
    let zeros = zeros.count();
    if point - zeros > DIGITS_MAX && point - zeros > whole.len() {
        return None;
    }
    let padded = digits().chain(std::iter::repeat(b'0'));
    Some(padded.take(point).skip(zeros).map(char::from).collect())
}

/// The digits before the point as they are written: a reader sees the card number in
/// `4111111111111111e-3` as well.
pub(crate) fn written_digits(number: &str) -> &str {
    parts(number).0
}

/// A number that its exponent makes longer than this is none of a card.
const DIGITS_MAX: usize = 64;

/// The digits before the point, those behind it, and the exponent.
fn parts(number: &str) -> (&str, &str, &str) {
    let unsigned = number.trim_start_matches('-');
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    (whole, fraction, exponent)
}

/// What a string token stands for.
pub(crate) struct Unescaped {
    pub(crate) text: String,
    /// Half of a character stood in it (`\ud83d` alone), which is U+FFFD in the text.
    pub(crate) has_halves: bool,
}

pub(crate) fn unescape(inner: &str) -> Result<Unescaped, MaskError> {
    let mut has_halves = false;
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(position) = rest.find('\\') {
        out.push_str(&rest[..position]);
        rest = &rest[position + 1..];
        let c = rest.chars().next().ok_or(MaskError::NotJson)?;
        rest = &rest[c.len_utf8()..];
        out.push(match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = unit(&mut rest)?;
                char::from_u32(u32::from(first))
                    .or_else(|| second_half(first, &mut rest))
                    .unwrap_or_else(|| {
                        has_halves = true;
                        char::REPLACEMENT_CHARACTER
                    })
            }
            _ => return Err(MaskError::NotJson),
        });
    }
    out.push_str(rest);
    Ok(Unescaped {
        text: out,
        has_halves,
    })
}

/// Reads the other half of a character, if it is there.
fn second_half(first: u16, rest: &mut &str) -> Option<char> {
    let mut behind = rest.strip_prefix("\\u")?;
    let second = unit(&mut behind).ok()?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    *rest = behind;
    Some(c)
}

/// The string token with `\ufffd` for each half of a character: many readers refuse a half.
pub(crate) fn without_halves(token: &str) -> String {
    let mut out = String::with_capacity(token.len());
    let mut rest = token;
    while let Some(position) = rest.find('\\') {
        out.push_str(&rest[..position]);
        rest = &rest[position..];
        let code = |at: usize| {
            let hex = rest.get(at..)?.strip_prefix("\\u")?.get(..4)?;
            u16::from_str_radix(hex, 16).ok()
        };
        let is =
            |at: usize, halves: std::ops::Range<u16>| code(at).is_some_and(|c| halves.contains(&c));
        let (high, low) = (0xD800..0xDC00, 0xDC00..0xE000);
        let whole = is(0, high.clone()) && is(6, low.clone());
        if !whole && is(0, high.start..low.end) {
            out.push_str("\\ufffd");
            rest = &rest[6..];
            continue;
        }
        let length = if whole { 12 } else { 2 };
        out.push_str(rest.get(..length).unwrap_or_default());
        rest = rest.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Four hexadecimal digits.
fn unit(rest: &mut &str) -> Result<u16, MaskError> {
    let hex = rest
        .get(..4)
        .filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))
        .ok_or(MaskError::NotJson)?;
    *rest = &rest[4..];
    u16::from_str_radix(hex, 16).map_err(|_| MaskError::NotJson)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_exponent_moves_the_point() {
        for (number, digits) in [
            ("4.1e2", Some("410")),
            ("4110e-1", Some("411")),
            ("-411.5", Some("411")),
            ("0.0004111e7", Some("4111")),
            ("0.4111", Some("")),
            ("4111e-9", Some("")),
            ("0e5", Some("00000")),
            ("1e99", None),
            ("1e99999999999999999999", None),
            ("1e-99999999999999999999", Some("")),
        ] {
            assert_eq!(plain_digits(number).as_deref(), digits, "{number}");
        }
        let small = format!("0.{}4111e54", "0".repeat(50));
        assert_eq!(plain_digits(&small).as_deref(), Some("4111"));
        let long = "4".repeat(100);
        assert_eq!(plain_digits(&long).as_deref(), Some(long.as_str()));
        assert_eq!(written_digits("-4111.5e-3"), "4111");
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        for (token, expected) in [
            (r#""a\\ud83d""#, r#""a\\ud83d""#),
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (
                r#""\ud83d\ude00 \udc00\ud800\u0041\n""#,
                r#""\ud83d\ude00 \ufffd\ufffd\u0041\n""#,
            ),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
        ] {
            assert_eq!(without_halves(token), expected);
            let inner = unescape(&token[1..token.len() - 1]).unwrap();
            assert_eq!(inner.has_halves, token != expected);
            let read: String = serde_json::from_str(expected).unwrap();
            assert_eq!(read, inner.text);
        }
    }

    proptest! {
        #[test]
        fn plain_bytes_end_at_the_first_that_is_not(bytes in proptest::collection::vec(
            prop_oneof![9 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\'), 9 => 0x1d..0x24_u8, 40 => b'a'..=b'z'], 0..40,
        )) {
            let first = bytes.iter().position(|b| matches!(b, 0..=0x1F | b'"' | b'\\'));
            prop_assert_eq!(plain_bytes(&bytes), first.unwrap_or(bytes.len()));
        }
    }
}
