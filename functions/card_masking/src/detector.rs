//! Finds primary account numbers in text and masks all but the first six and last four digits.
//!
//! How: digits that at most `GAP_ATOMS_MAX` separators part belong together; every span of whole digit
//! groups of 12 to 19 digits is asked whether it is a card number (issuer prefix, length, check
//! digit). Whole groups only: a card number is never a part of a longer unbroken number, or every long
//! order id would lose digits. Every span that matches is masked, overlapping ones too. `reading` does
//! this in time and memory that grow no faster than the text.
//!
//! Left alone: what is inside a UUID; an international phone number (`+` and up to 15 digits of a
//! prefix that only Maestro, UnionPay and their like use); the digits of a fraction (`0.4111…`).

use crate::digits::{Decode, atom_at};
use crate::kinds::Kinds;
use crate::reading::{Found, Reading, Shown};
use crate::screen::surely_has_none;

/// How often a text is masked with the ends of its card numbers shown.
const ROUNDS_WITH_ENDS: usize = 3;
/// How often it is masked at all before no digit is left in it.
const ROUNDS_MAX: usize = 6;

/// Replaces every card number in `text`; says how many there were. There is none in the result.
pub fn mask_text(text: &str) -> (String, u32) {
    masked(text).unwrap_or_else(|| (text.to_owned(), 0))
}

/// The same; `None` where there was none and nothing is to be copied.
///
/// The digits that are shown of a card number can make up another one with digits beside them, and
/// so on through the whole text. So the masked text is read again; what still has card numbers after
/// a few times loses all their digits, and then every digit.
pub(crate) fn masked(text: &str) -> Option<(String, u32)> {
    // Nearly every text is one.
    if surely_has_none(text, Kinds::of(text)) {
        return None;
    }
    let (mut masked, mut count) = masked_once(text, Shown::ENDS)?;
    for round in 1..ROUNDS_MAX {
        let shown = if round < ROUNDS_WITH_ENDS {
            Shown::ENDS
        } else {
            Shown::NOTHING
        };
        let Some((again, found)) = masked_once(&masked, shown) else {
            return Some((masked, count));
        };
        masked = again;
        count = count.saturating_add(found);
    }
    if contains_pan(&masked) {
        masked = masked.replace(char::is_numeric, "*");
    }
    Some((masked, count))
}

fn masked_once(text: &str, shown: Shown) -> Option<(String, u32)> {
    masked_where(text, &find(text, shown))
}

/// Puts an asterisk in the place of every digit that was found.
pub(crate) fn masked_where(text: &str, found: &Found) -> Option<(String, u32)> {
    if found.count == 0 {
        return None;
    }
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for start in found.hidden() {
        // A digit that an escape is written with and the escape itself can both be hidden.
        if start < at {
            continue;
        }
        masked.push_str(&text[at..start]);
        masked.push('*');
        // Where an escape starts, it is the escape that is hidden.
        at = atom_at(text, start, Decode::Everything).map_or(text.len(), |atom| atom.end);
    }
    masked.push_str(&text[at..]);
    Some((masked, found.count))
}

/// Whether a card number is in `text`.
pub fn contains_pan(text: &str) -> bool {
    find(text, Shown::ENDS).count > 0
}

fn find(text: &str, shown: Shown) -> Found {
    let mut found = Found::default();
    if surely_has_none(text, Kinds::of(text)) {
        return found;
    }
    Reading::new(text, Decode::References, shown).find(&mut found);
    if text.contains('%') || text.contains("\\u") {
        Reading::new(text, Decode::Escapes, shown).find(&mut found);
    }
    if text.contains("&#") {
        Reading::new(text, Decode::Nothing, shown).find(&mut found);
    }
    if needs_everything(text) {
        Reading::new(text, Decode::Everything, shown).find(&mut found);
    }
    found
}

/// Returns true unless the text has only what the other readings read as well. A single blank is no
/// more than a separator for them, too.
fn needs_everything(text: &str) -> bool {
    let mut blanks = 0;
    text.bytes().any(|byte| {
        blanks = if byte.is_ascii_whitespace() {
            blanks + 1
        } else {
            0
        };
        blanks == 2 || !byte.is_ascii() || matches!(byte, b'%' | b'\\' | b'<' | b'&' | b'=')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_however_it_is_written() {
        for (text, expected) in [
            ("4111111111111111", "411111******1111"),
            ("4111 1111 1111 1111", "4111 11** **** 1111"),
            ("cc_4111-1111-1111-1111!", "cc_4111-11**-****-1111!"),
            ("card4111111111111111", "card411111******1111"),
            ("4111%201111%201111%201111", "4111%2011**%20****%201111"),
            ("4111+1111+1111+1111", "4111+11**+****+1111"),
            (
                "4111\\u00201111\\u00201111\\u00201111",
                "4111\\u002011**\\u0020****\\u00201111",
            ),
            // What may be read as an escape begins the number; the escapes after it are ones.
            (
                "\\u4000%200000%200000%200002",
                "\\u4000%2000**%20****%200002",
            ),
            (
                "\\u3000\\u00200000\\u0020000004",
                "\\u3000\\u002000**\\u0020**0004",
            ),
            (
                "\\ua4005%200030%202020%200003",
                "\\ua4005%2000**%20****%200003",
            ),
            (
                "\u{a0}%4000%2d0000%2d0000%2d0002,",
                "\u{a0}%4000%2d00**%2d****%2d0002,",
            ),
            (
                "4111\u{a0}1111\u{2009}1111.1111",
                "4111\u{a0}11**\u{2009}****.1111",
            ),
            ("\u{ff14}111111111111111", "\u{ff14}11111******1111"),
            ("100%4111111111111111", "100%411111******1111"),
            (
                "12/27 4111 1111 1111 1111 123",
                "12/27 4111 11** **** 1111 123",
            ),
            (
                "378282246310005,5555555555554444",
                "378282*****0005,555555******4444",
            ),
            ("+378282246310005", "+378282*****0005"),
            (
                "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
                "4 1 1 1 1 1 * * * * * * 1 1 1 1",
            ),
        ] {
            assert_eq!(mask_text(text).0, expected);
            assert!(contains_pan(text));
            assert!(!contains_pan(&mask_text(text).0));
        }
    }

    #[test]
    fn what_is_no_card_number_stays() {
        for text in [
            "",
            "order 12345",
            "411111******1111",
            "411111XXXXXX1111",
            "1767323045123",
            "2026-01-02 03:04:05.123",
            "13b867cf-db3d-4b1c-90b6-676767676767",
            "+676767676767672",
            "41111111111111112345678",
            "4111111111111112",
            "100000000000000000000000000",
        ] {
            assert_eq!(mask_text(text), (text.to_owned(), 0));
        }
    }
}
