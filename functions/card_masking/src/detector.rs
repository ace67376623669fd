//! Finds primary account numbers in text and masks all but the first six and last four digits.
//!
//! How: digits that at most [`GAP_ATOMS_MAX`] separators part belong together; every span of whole digit groups of 12 to 19 digits is asked
//! whether it is a card number (issuer prefix, length, check digit). Whole groups only: a card number is never a part of a longer
//! unbroken number, or every long order id would lose digits. Every span that matches is masked, overlapping ones too.
//!
//! Left alone: a text that is exactly a UUID; an international phone number (`+` and up to 15 digits of a prefix that only Maestro,
//! UnionPay and their like use).

use crate::brands::{PAN_DIGITS_MAX, PAN_DIGITS_MIN, is_pan, may_be_phone};
use crate::digits::{
    Atom, Kind, atom_at, atoms_from, doubtful_escapes, has_digits_or_is_not_ascii, without_digits,
};

/// Separators in a row that a number may have inside.
const GAP_ATOMS_MAX: usize = 4;
const BIN_DIGITS: usize = 6;
const LAST_DIGITS: usize = 4;

/// Replaces every card number in `text`; says how many there were.
pub fn mask_text(text: &str) -> (String, u32) {
    masked(text).unwrap_or_else(|| (text.to_owned(), 0))
}

/// The same; `None` where there was none and nothing is to be copied.
pub(crate) fn masked(text: &str) -> Option<(String, u32)> {
    let spans = find(text);
    if spans.is_empty() {
        return None;
    }
    let mut hidden: Vec<(usize, usize)> = spans
        .iter()
        .flat_map(|span| &span[BIN_DIGITS..span.len() - LAST_DIGITS])
        .map(|atom| (atom.start, atom.end))
        .collect();
    hidden.sort_unstable();
    hidden.dedup();
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in hidden {
        // The readings of escapes can overlap by a few bytes.
        if start >= at {
            masked.push_str(&text[at..start]);
            masked.push('*');
        }
        at = at.max(end);
    }
    masked.push_str(&text[at..]);
    Some((masked, u32::try_from(spans.len()).unwrap_or(u32::MAX)))
}

/// Whether a card number is in `text`.
pub fn contains_pan(text: &str) -> bool {
    !find(text).is_empty()
}

/// The digits of every card number.
fn find(text: &str) -> Vec<Vec<Atom>> {
    // Digits of other scripts are not ASCII; an escape has two digits of ASCII for each that it stands for.
    if !has_digits_or_is_not_ascii(text.as_bytes(), PAN_DIGITS_MIN) || is_uuid(text) {
        return Vec::new();
    }
    let mut spans = find_in(text, false);
    if text.contains('%') || text.contains("\\u") {
        let decoded = find_in(text, true);
        for span in decoded.into_iter().chain(find_after_escapes(text)) {
            if !spans.contains(&span) {
                spans.push(span);
            }
        }
    }
    spans
}

/// Card numbers that begin where an escape could be read, and whose separators are escapes: in `\u4000%200000%20…` the first is no escape, the others are.
fn find_after_escapes(text: &str) -> Vec<Vec<Atom>> {
    let mut spans = Vec::new();
    for (start, end) in doubtful_escapes(text) {
        let mut digits: Vec<Atom> = Vec::with_capacity(PAN_DIGITS_MAX);
        let mut gap = 0;
        let number = atoms_from(text, start, false)
            .take_while(|atom| atom.start < end)
            .chain(atoms_from(text, end, true));
        let mut ask = |digits: &[Atom]| {
            if matches(digits, text) {
                spans.push(digits.to_vec());
            }
        };
        for atom in number {
            if let Kind::Digit(_) = atom.kind {
                gap = 0;
                digits.push(atom);
                if digits.len() > PAN_DIGITS_MAX {
                    break;
                }
                continue;
            }
            if gap == 0 {
                ask(&digits);
            }
            gap += 1;
            if atom.kind == Kind::Other || gap > GAP_ATOMS_MAX {
                break;
            }
        }
        if gap == 0 && digits.len() <= PAN_DIGITS_MAX {
            ask(&digits);
        }
    }
    spans
}

/// Reads the text once: only a run of digits that is long enough is looked at closer, and most texts have none.
fn find_in(text: &str, decode: bool) -> Vec<Vec<Atom>> {
    let mut spans = Vec::new();
    let mut run = Run::default();
    let mut gap = usize::MAX;
    let mut at = 0;
    loop {
        if gap > GAP_ATOMS_MAX && !decode {
            at += without_digits(text.as_bytes().get(at..).unwrap_or_default());
        }
        let Some(atom) = atom_at(text, at, decode) else {
            break;
        };
        at = atom.end;
        match atom.kind {
            Kind::Digit(_) => {
                if gap > GAP_ATOMS_MAX {
                    run.find(text, &mut spans);
                    run.clear();
                }
                run.push(atom, gap != 0);
                gap = 0;
            }
            Kind::Separator => gap = gap.saturating_add(1),
            Kind::Other => gap = usize::MAX,
        }
    }
    run.find(text, &mut spans);
    spans
}

/// Digits that a few separators at most part, in unbroken groups.
#[derive(Default)]
struct Run {
    digits: Vec<Atom>,
    /// Where each group begins among the digits.
    groups: Vec<usize>,
}

impl Run {
    fn clear(&mut self) {
        self.digits.clear();
        self.groups.clear();
    }

    fn push(&mut self, digit: Atom, begins_group: bool) {
        if begins_group {
            self.groups.push(self.digits.len());
        }
        self.digits.push(digit);
    }

    /// Every card number that is made of whole groups.
    fn find(&self, text: &str, spans: &mut Vec<Vec<Atom>>) {
        if self.digits.len() < PAN_DIGITS_MIN {
            return;
        }
        for (index, first) in self.groups.iter().enumerate() {
            let ends = self.groups[index + 1..].iter();
            for end in ends.chain([&self.digits.len()]) {
                let digits = &self.digits[*first..*end];
                if digits.len() > PAN_DIGITS_MAX {
                    break;
                }
                if digits.len() >= PAN_DIGITS_MIN && matches(digits, text) {
                    spans.push(digits.to_vec());
                }
            }
        }
    }
}

fn matches(digits: &[Atom], text: &str) -> bool {
    let mut values = [0; PAN_DIGITS_MAX];
    let mut length = 0;
    for atom in digits {
        if let (Kind::Digit(value), Some(place)) = (atom.kind, values.get_mut(length)) {
            *place = value;
            length += 1;
        }
    }
    let values = &values[..length];
    is_pan(values) && !(may_be_phone(values) && follows_a_plus(digits, text))
}

/// Whether a `+` that starts a word stands right before the digits.
fn follows_a_plus(digits: &[Atom], text: &str) -> bool {
    let before = digits
        .first()
        .and_then(|first| text.get(..first.start))
        .unwrap_or_default();
    before
        .strip_suffix('+')
        .is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
}

fn is_uuid(text: &str) -> bool {
    const DASHES: [usize; 4] = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| {
            if DASHES.contains(&i) {
                b == b'-'
            } else {
                b.is_ascii_hexdigit()
            }
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by the definition: every atom is kept, runs are made of groups, groups of atoms, and every span of groups is asked.
    fn by_definition(text: &str, decode: bool) -> Vec<Vec<Atom>> {
        let mut runs: Vec<Vec<Vec<Atom>>> = Vec::new();
        let mut gap = usize::MAX;
        for atom in atoms_from(text, 0, decode) {
            match atom.kind {
                Kind::Digit(_) => {
                    match (runs.last_mut(), gap) {
                        (Some(run), 0) => run.last_mut().unwrap().push(atom),
                        (Some(run), 1..=GAP_ATOMS_MAX) => run.push(vec![atom]),
                        _ => runs.push(vec![vec![atom]]),
                    }
                    gap = 0;
                }
                Kind::Separator => gap = gap.saturating_add(1),
                Kind::Other => gap = usize::MAX,
            }
        }
        let mut spans = Vec::new();
        for run in runs {
            for first in 0..run.len() {
                for last in first..run.len() {
                    let digits = run[first..=last].concat();
                    if (PAN_DIGITS_MIN..=PAN_DIGITS_MAX).contains(&digits.len())
                        && matches(&digits, text)
                    {
                        spans.push(digits);
                    }
                }
            }
        }
        spans
    }

    proptest! {
        #[test]
        fn one_reading_finds_what_the_definition_says(
            text in "([0-9]{1,9}|4111|1111|5555|4444|[ .%-]{1,6}|%3[0-9]|\\\\u003[0-9]|%20|[a-z*+\u{ff14}\u{663}]){0,14}",
        ) {
            for decode in [false, true] {
                prop_assert_eq!(find_in(&text, decode), by_definition(&text, decode));
            }
        }
    }

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
