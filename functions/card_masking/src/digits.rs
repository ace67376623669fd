//! Reads a text as digits, separators and everything else, the way a person would read a card number in it.
//!
//! A digit may be of any script (full-width, Arabic-Indic, mathematical …). With `decode`, `%34` and a literal `\u0034` count as what they
//! stand for; without it they are plain characters. Both readings are needed: in `100%4111…` the `%41` is no escape.

/// What one character, or one escape, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A decimal digit, 0–9.
    Digit(u8),
    /// Something that may stand between the digits of a number.
    Separator,
    /// Something that ends a number.
    Other,
}

/// A piece of the text: bytes `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Atom {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
}

/// The zeros of the scripts' decimal digits (Unicode category Nd), ten consecutive code points each.
const ZEROS: &[u32] = &[
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
    0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    0x104A0, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6,
];

/// The value of a decimal digit of any script.
pub(crate) fn digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.to_digit(10).and_then(|d| u8::try_from(d).ok());
    }
    let code = u32::from(c);
    ZEROS
        .iter()
        .find(|zero| (**zero..**zero + 10).contains(&code))
        .and_then(|zero| u8::try_from(code - zero).ok())
}

/// The kinds of ASCII, which nearly every character is.
const ASCII: [Kind; 128] = {
    let mut kinds = [Kind::Separator; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_digit() {
            kinds[byte as usize] = Kind::Digit(byte - b'0');
        } else if byte == b'*' || byte.is_ascii_alphabetic() {
            kinds[byte as usize] = Kind::Other;
        }
        byte += 1;
    }
    kinds
};

fn kind(c: char) -> Kind {
    match digit(c) {
        Some(value) => Kind::Digit(value),
        // What masking leaves behind never joins the digits around it again.
        None if c == '*' || c.is_alphanumeric() => Kind::Other,
        None => Kind::Separator,
    }
}

/// Reads the escape at the start of `rest`: its character and its length in bytes.
fn escape(rest: &str) -> Option<(char, usize)> {
    let (hex, length) = if rest.starts_with('%') {
        (rest.get(1..3)?, 3)
    } else {
        (rest.strip_prefix("\\u")?.get(..4)?, 6)
    };
    if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let code = u32::from_str_radix(hex, 16).ok()?;
    Some((char::from_u32(code)?, length))
}

/// The atom of `text` at byte `at`.
pub(crate) fn atom_at(text: &str, at: usize, decode: bool) -> Option<Atom> {
    let byte = *text.as_bytes().get(at)?;
    if let Some(kind) = ASCII.get(usize::from(byte))
        && !(decode && matches!(byte, b'%' | b'\\'))
    {
        return Some(Atom {
            start: at,
            end: at + 1,
            kind: *kind,
        });
    }
    let rest = text.get(at..)?;
    let c = rest.chars().next()?;
    let escaped = if decode && matches!(c, '%' | '\\') {
        escape(rest)
    } else {
        None
    };
    let (c, length) = escaped.unwrap_or((c, c.len_utf8()));
    Some(Atom {
        start: at,
        end: at + length,
        kind: kind(c),
    })
}

/// Of each of eight bytes the highest bit: whether it is a digit or not ASCII. And the same for what is not ASCII alone.
fn marked(word: &[u8]) -> (u64, u64) {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = EACH << 7;
    let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
    // A digit is less than 10 beyond `0`, and only then does adding 118 not reach the highest bit.
    let beyond = ((word ^ (EACH * u64::from(b'0'))) & !HIGH) + EACH * (128 - 10);
    ((!beyond | word) & HIGH, word & HIGH)
}

/// How many bytes come before the first that is a digit or not ASCII: most of a text, and read eight at once.
pub(crate) fn without_digits(bytes: &[u8]) -> usize {
    let mut words = bytes.chunks_exact(8);
    let mut plain = 0;
    for word in words.by_ref() {
        let (found, _) = marked(word);
        if found != 0 {
            return plain + (found.trailing_zeros() / 8) as usize;
        }
        plain += 8;
    }
    let rest = words.remainder();
    let first = rest
        .iter()
        .position(|byte| byte.is_ascii_digit() || !byte.is_ascii());
    plain + first.unwrap_or(rest.len())
}

/// Whether there are so many digits of ASCII, or anything beyond it.
pub(crate) fn has_digits_or_is_not_ascii(bytes: &[u8], digits: usize) -> bool {
    if bytes.len() < digits {
        return !bytes.is_ascii();
    }
    let mut words = bytes.chunks_exact(8);
    let mut found = 0;
    for word in words.by_ref() {
        let (either, foreign) = marked(word);
        found += either.count_ones() as usize;
        if foreign != 0 || found >= digits {
            return true;
        }
    }
    let rest = words.remainder();
    found += rest.iter().filter(|byte| byte.is_ascii_digit()).count();
    found >= digits || !rest.is_ascii()
}

/// The atoms of `text` from byte `at` on, in order.
#[cfg(test)]
pub(crate) fn atoms_from(
    text: &str,
    mut at: usize,
    decode: bool,
) -> impl Iterator<Item = Atom> + '_ {
    std::iter::from_fn(move || {
        let atom = atom_at(text, at, decode)?;
        at = atom.end;
        Some(atom)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_any_script() {
        for (c, value) in [
            ('7', 7),
            ('\u{ff14}', 4),
            ('\u{0663}', 3),
            ('\u{1d7d9}', 1),
            ('\u{0966}', 0),
        ] {
            assert_eq!(digit(c), Some(value));
        }
        assert_eq!(digit('x'), None);
        assert_eq!(digit('\u{2460}'), None);
    }

    #[test]
    fn the_table_of_ascii_says_what_the_characters_are() {
        for byte in 0..128_u8 {
            assert_eq!(ASCII[usize::from(byte)], kind(char::from(byte)), "{byte}");
        }
    }

    #[test]
    fn every_byte_ends_what_has_no_digits_or_does_not() {
        for byte in 0..=u8::MAX {
            for at in 0..18 {
                let mut bytes = [b'x'; 18];
                bytes[at] = byte;
                let ends = byte.is_ascii_digit() || !byte.is_ascii();
                assert_eq!(
                    without_digits(&bytes),
                    if ends { at } else { 18 },
                    "{byte} at {at}"
                );
            }
        }
        assert_eq!(without_digits(b"ab\xff1"), 2);
        for (text, has) in [
            ("", false),
            ("12345678901", false),
            ("123456789012", true),
            ("a1b2c3d4e5f6g7h8i9j0k1l", false),
            ("a1b2c3d4e5f6g7h8i9j0k1l2", true),
            ("\u{663}", true),
            ("only letters and \u{ff14}", true),
        ] {
            assert_eq!(
                has_digits_or_is_not_ascii(text.as_bytes(), 12),
                has,
                "{text}"
            );
        }
    }

    #[test]
    fn escapes_are_read_only_when_asked() {
        let kinds = |text: &str, decode| {
            atoms_from(text, 0, decode)
                .map(|a| a.kind)
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds("%34", true), [Kind::Digit(4)]);
        assert_eq!(
            kinds("%34", false),
            [Kind::Separator, Kind::Digit(3), Kind::Digit(4)]
        );
        assert_eq!(kinds("\\u00a0", true), [Kind::Separator]);
        assert_eq!(
            kinds("%zz", true),
            [Kind::Separator, Kind::Other, Kind::Other]
        );
        assert_eq!(kinds("%", true), [Kind::Separator]);
        assert_eq!(kinds("*", true), [Kind::Other]);
    }
}
