//! Reads a text as digits, separators and everything else, the way a person would read a card
//! number in it.
//!
//! A digit may be of any script (full-width, Arabic-Indic, mathematical …). How much of what stands
//! for another character is read as that character depends on the [`Decode`]: see `written`.

use crate::written::{Written, written};

/// What a reading takes for one character. A text is read more than once, because what looks like an
/// escape may be none: in `100%4111…` the `%41` is not a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Decode {
    /// Nothing: a character reference ends a number. It finds the number that is written in full
    /// directly behind a reference to one more digit.
    Nothing,
    /// Complete character references alone (`&#52;`, `&nbsp;`): nothing else is written like them.
    References,
    /// Also `%34` and a literal `\u0034`.
    Escapes,
    /// Also whatever else a reader may see as a digit or as a gap: escapes of escapes, references
    /// without their semicolon, tags, rows of blanks, digits in circles.
    Everything,
}

impl Decode {
    /// Returns true if something of more than one byte may begin with this ASCII byte.
    const fn may_begin(self, byte: u8) -> bool {
        match byte {
            b'&' => true,
            b'%' | b'\\' => matches!(self, Self::Escapes | Self::Everything),
            b'<' | b'=' | b' ' | b'\t' | b'\n' | b'\r' => matches!(self, Self::Everything),
            _ => false,
        }
    }
}

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
/// Source: Unicode 17.0, `extracted/DerivedGeneralCategory.txt`.
const ZEROS: &[u32] = &[
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90,
    0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
    0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0,
    0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50,
    0x11DA0, 0x11DE0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE,
    0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
];

/// The value of a decimal digit of any script.
pub(crate) fn digit(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.to_digit(10).and_then(|d| u8::try_from(d).ok());
    }
    let code = u32::from(c);
    // The last zero that is not beyond the character.
    let after = ZEROS.partition_point(|zero| *zero <= code);
    let zero = ZEROS.get(after.checked_sub(1)?)?;
    u8::try_from(code - zero).ok().filter(|value| *value < 10)
}

/// Characters that show a digit in a frame or raised: first code point, how many there are, and the
/// value of the first. Source: Unicode 17.0, `Numeric_Type=Digit`.
const FRAMED: &[(u32, u32, u8)] = &[
    (0x00B2, 2, 2),
    (0x00B9, 1, 1),
    (0x2070, 1, 0),
    (0x2074, 6, 4),
    (0x2080, 10, 0),
    (0x2460, 9, 1),
    (0x2474, 9, 1),
    (0x2488, 9, 1),
    (0x24EA, 1, 0),
    (0x24F5, 9, 1),
    (0x24FF, 1, 0),
    (0x2776, 9, 1),
    (0x2780, 9, 1),
    (0x278A, 9, 1),
    (0x1F100, 1, 0),
    (0x1F101, 10, 0),
];

/// The value of a digit in a circle, in brackets, or above or below the line.
fn framed_digit(c: char) -> Option<u8> {
    let code = u32::from(c);
    let (first, _, value) = FRAMED
        .iter()
        .find(|(first, count, _)| (*first..first + count).contains(&code))?;
    u8::try_from(code - first).ok().map(|beyond| value + beyond)
}

/// The kinds of ASCII, which nearly every character is.
const ASCII: [Kind; 128] = {
    let mut kinds = [Kind::Separator; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_digit() {
            kinds[byte as usize] = Kind::Digit(byte - b'0');
        } else if matches!(byte, b'*' | b'<' | b'>') || byte.is_ascii_alphabetic() {
            kinds[byte as usize] = Kind::Other;
        }
        byte += 1;
    }
    kinds
};

fn kind(c: char) -> Kind {
    match digit(c) {
        Some(value) => Kind::Digit(value),
        // What masking leaves behind never joins the digits around it again. A number does not begin
        // inside a tag and end behind it.
        None if matches!(c, '*' | '<' | '>') || c.is_alphanumeric() => Kind::Other,
        None => Kind::Separator,
    }
}

/// The atom of `text` at byte `at`.
pub(crate) fn atom_at(text: &str, at: usize, decode: Decode) -> Option<Atom> {
    let byte = *text.as_bytes().get(at)?;
    if let Some(kind) = ASCII.get(usize::from(byte))
        && !decode.may_begin(byte)
    {
        return Some(Atom {
            start: at,
            end: at + 1,
            kind: *kind,
        });
    }
    let c = text.get(at..)?.chars().next()?;
    let atom = |length, kind| Atom {
        start: at,
        end: at + length,
        kind,
    };
    Some(match written(text, at, decode) {
        Some((Written::Character(c), length)) => atom(length, kind_read(c, decode)),
        Some((Written::Gap, length)) => atom(length, Kind::Separator),
        Some((Written::End, length)) => atom(length, Kind::Other),
        None => atom(c.len_utf8(), kind_read(c, decode)),
    })
}

fn kind_read(c: char, decode: Decode) -> Kind {
    match framed_digit(c) {
        Some(value) if decode == Decode::Everything => Kind::Digit(value),
        _ => kind(c),
    }
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

/// How many bytes come before the first that is a digit, `&` or not ASCII: most of a text, and read
/// eight at once.
pub(crate) fn without_digits(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = EACH << 7;
    let mut words = bytes.chunks_exact(8);
    let mut plain = 0;
    for word in words.by_ref() {
        let (either, _) = marked(word);
        let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
        // Only a byte that is `&` becomes zero; a borrow can reach no further down than it.
        let other = word ^ (EACH * u64::from(b'&'));
        let found = either | (other.wrapping_sub(EACH) & !other & HIGH);
        if found != 0 {
            return plain + (found.trailing_zeros() / 8) as usize;
        }
        plain += 8;
    }
    let rest = words.remainder();
    let first = rest
        .iter()
        .position(|byte| byte.is_ascii_digit() || !byte.is_ascii() || *byte == b'&');
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
    decode: Decode,
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
            ('\u{1fbf4}', 4),
            ('\u{1e955}', 5),
            ('\u{11f56}', 6),
            ('\u{10d37}', 7),
            ('\u{116d9}', 9),
            ('\u{116da}', 0),
        ] {
            assert_eq!(digit(c), Some(value));
        }
        assert_eq!(digit('x'), None);
        assert_eq!(digit('\u{2460}'), None);
        assert_eq!(framed_digit('\u{2462}'), Some(3));
        assert_eq!(framed_digit('\u{1f10a}'), Some(9));
        assert_eq!(framed_digit('7'), None);
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
                let ends = byte.is_ascii_digit() || !byte.is_ascii() || byte == b'&';
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
        let escapes = Decode::Escapes;
        assert_eq!(kinds("%34", escapes), [Kind::Digit(4)]);
        assert_eq!(
            kinds("%34", Decode::References),
            [Kind::Separator, Kind::Digit(3), Kind::Digit(4)]
        );
        assert_eq!(kinds("\\u00a0", escapes), [Kind::Separator]);
        assert_eq!(
            kinds("%zz", escapes),
            [Kind::Separator, Kind::Other, Kind::Other]
        );
        assert_eq!(kinds("%", escapes), [Kind::Separator]);
        assert_eq!(kinds("*", escapes), [Kind::Other]);
        for decode in [Decode::References, escapes, Decode::Everything] {
            assert_eq!(kinds("&#52;&nbsp;", decode)[0], Kind::Digit(4));
        }
        assert_eq!(kinds("\u{2463}", escapes), [Kind::Other]);
        assert_eq!(kinds("\u{2463}", Decode::Everything), [Kind::Digit(4)]);
    }
}
