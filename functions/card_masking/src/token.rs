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

/// The integer digits of a number, its exponent applied: `4.1e2` is `410`. A fraction alone (`0.4111…`) is no card number.
pub(crate) fn plain_digits(number: &str) -> String {
    let unsigned = number.trim_start_matches('-');
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let shift = usize::try_from(exponent.trim_start_matches('+').parse::<i32>().unwrap_or(0))
        .unwrap_or(0)
        .min(32);
    let moved: String = fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(shift)
        .collect();
    format!("{whole}{moved}").trim_start_matches('0').to_owned()
}

pub(crate) fn unescape(inner: &str) -> Result<String, MaskError> {
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
                if (0xD800..0xDC00).contains(&first) && rest.starts_with("\\u") {
                    rest = &rest[2..];
                    let second = unit(&mut rest)?;
                    char::decode_utf16([first, second])
                        .next()
                        .and_then(Result::ok)
                        .ok_or(MaskError::NotJson)?
                } else {
                    char::from_u32(u32::from(first)).ok_or(MaskError::NotJson)?
                }
            }
            _ => return Err(MaskError::NotJson),
        });
    }
    out.push_str(rest);
    Ok(out)
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
