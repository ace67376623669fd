//! Says by definition what the detector masks, and holds the detector to it.
//!
//! The definition keeps every atom and every span. It takes time that grows with the square of the
//! text and much memory, but it says what is meant: runs are made of groups, groups of digits, and
//! every span of whole groups is asked whether it is a card number.

use proptest::prelude::*;

use crate::brands::{PAN_DIGITS_MAX, PAN_DIGITS_MIN, has_brand, may_be_phone};
use crate::detector::masked_where;
use crate::digits::{Atom, Decode, Kind, atom_at, atoms_from};
use crate::glued::{Glued, glued, is_fraction};
use crate::reading::{BIN_DIGITS, Found, GAP_ATOMS_MAX, LAST_DIGITS, Reading, Shown};
use crate::{contains_pan, mask_text};

fn is_pan(digits: &[u8]) -> bool {
    let mut sum = 0;
    for (i, digit) in digits.iter().rev().enumerate() {
        let value = u32::from(*digit) * if i % 2 == 1 { 2 } else { 1 };
        sum += if value > 9 { value - 9 } else { value };
    }
    (PAN_DIGITS_MIN..=PAN_DIGITS_MAX).contains(&digits.len())
        && has_brand(
            digits[..4].iter().fold(0, |n, d| n * 10 + u32::from(*d)),
            digits.len(),
        )
        && sum.is_multiple_of(10)
        && sum != 0
}

fn values(digits: &[Atom]) -> Vec<u8> {
    let value = |atom: &Atom| match atom.kind {
        Kind::Digit(value) => Some(value),
        Kind::Separator | Kind::Other => None,
    };
    digits.iter().filter_map(value).collect()
}

fn is_match(digits: &[Atom], text: &str) -> bool {
    let values = values(digits);
    let follows_a_plus = || {
        text[..digits[0].start]
            .strip_suffix('+')
            .is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
    };
    is_pan(&values) && !(may_be_phone(values[0], values.len()) && follows_a_plus())
}

/// The digits of every card number in one reading, and those of the security codes beside them.
fn spans_in(text: &str, decode: Decode) -> (Vec<Vec<Atom>>, Vec<Atom>) {
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
    let (mut spans, mut codes) = (Vec::new(), Vec::new());
    for run in runs {
        for group in &run {
            let place = group[0].start..group[group.len() - 1].end;
            for Glued { number, hidden } in glued(text, place, Some(&values(group))) {
                spans.push(group[number].to_vec());
                codes.extend_from_slice(&group[hidden]);
            }
        }
        for first in 0..run.len() {
            for last in first..run.len() {
                let digits = run[first..=last].concat();
                let before = &text[..digits[0].start];
                if !(first == last && is_fraction(before))
                    && (PAN_DIGITS_MIN..=PAN_DIGITS_MAX).contains(&digits.len())
                    && is_match(&digits, text)
                {
                    spans.push(digits);
                }
            }
        }
    }
    (spans, codes)
}

/// The decimal digits that end each escape, as a byte range: it may be no escape, and they the
/// beginning of a number.
fn doubtful_escapes(text: &str) -> Vec<(usize, usize)> {
    let mut doubtful = Vec::new();
    for (at, _) in text.match_indices(['%', '\\']) {
        let escape = atom_at(text, at, Decode::Escapes).unwrap();
        let written = &text.as_bytes()[at..escape.end];
        let decimals = written.iter().rev().take_while(|b| b.is_ascii_digit());
        let decimals = decimals.count();
        if decimals > 0 {
            doubtful.push((escape.end - decimals, escape.end));
        }
    }
    doubtful
}

/// Card numbers that begin in a doubtful escape and whose separators are escapes.
fn spans_after_escapes(text: &str) -> Vec<Vec<Atom>> {
    let mut spans = Vec::new();
    for (start, end) in doubtful_escapes(text) {
        let mut digits: Vec<Atom> = Vec::new();
        let mut gap = 0;
        let number = atoms_from(text, start, Decode::References)
            .take_while(|atom| atom.start < end)
            .chain(atoms_from(text, end, Decode::Escapes));
        let mut ask = |digits: &[Atom]| {
            if digits.len() <= PAN_DIGITS_MAX && is_match(digits, text) {
                spans.push(digits.to_vec());
            }
        };
        for atom in number {
            if let Kind::Digit(_) = atom.kind {
                gap = 0;
                digits.push(atom);
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
        if gap == 0 {
            ask(&digits);
        }
    }
    spans
}

/// The masked text and the number of different card numbers.
fn masked_by_definition(text: &str) -> (String, usize) {
    let (mut spans, mut codes) = spans_in(text, Decode::References);
    let (escaped, more) = spans_in(text, Decode::Escapes);
    codes.extend(more);
    for span in escaped.into_iter().chain(spans_after_escapes(text)) {
        if !spans.contains(&span) {
            spans.push(span);
        }
    }
    let mut hidden: Vec<(usize, usize)> = spans
        .iter()
        .flat_map(|span| &span[BIN_DIGITS..span.len() - LAST_DIGITS])
        .chain(&codes)
        .map(|atom| (atom.start, atom.end))
        .collect();
    hidden.sort_unstable();
    hidden.dedup();
    let mut masked = String::new();
    let mut at = 0;
    for (start, end) in hidden {
        if start >= at {
            masked.push_str(&text[at..start]);
            masked.push('*');
        }
        at = at.max(end);
    }
    masked.push_str(&text[at..]);
    (masked, spans.len())
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let (masked, count) = masked_by_definition(text);
    let mut found = Found::default();
    for decode in [Decode::References, Decode::Escapes] {
        Reading::new(text, decode, Shown::ENDS).find(&mut found);
    }
    let read = masked_where(text, &found).unwrap_or_else(|| (text.to_owned(), 0));
    prop_assert_eq!(read, (masked, u32::try_from(count).unwrap()));
    // The third reading and the next rounds only find more.
    prop_assert!(count == 0 || contains_pan(text));
    let (settled, _) = mask_text(text);
    prop_assert!(!contains_pan(&settled), "{}", settled);
    Ok(())
}

proptest! {
    #[test]
    fn groups_of_digits_are_masked_as_the_definition_says(
        text in "([0-9]{1,9}|4111|1111|5555|4444|[ .%-]{1,6}|%3[0-9]|\\\\u003[0-9]|%20|[a-z*+\u{ff14}\u{663}]){0,14}",
    ) {
        check(&text)?;
    }

    /// Nearly every span of these begins as a card number does, so one in ten of them is one.
    #[test]
    fn digits_far_apart_are_masked_as_the_definition_says(
        text in "(6|6[067]|[0-9] |6 6 7 |%|%20|%3[0-9]|\\\\u003[0-9]|\\\\u0020|[ .-]{1,5}|\u{666} |\u{ff16}|[+a*]){10,60}",
    ) {
        check(&text)?;
    }

    /// Escapes that may be none begin numbers.
    #[test]
    fn doubtful_escapes_are_masked_as_the_definition_says(
        text in "(%[2346][0-9a]|%6[06][.]{0,5}|\\\\u(4000|a400|0034|0020|d800|60|6666)|[06]|00|0000|6666|%20|%2|\\\\|\\\\u| |[ux+\u{e9}]){10,60}",
    ) {
        check(&text)?;
    }

    #[test]
    fn few_characters_are_masked_as_the_definition_says(
        text in "[%36 \\\\u0]{20,80}",
    ) {
        check(&text)?;
    }
}

#[test]
fn what_chance_finds_seldom_is_masked_as_the_definition_says() {
    for (text, expected) in [
        // Only the first digit is an escape.
        (" %34111111111111111", " %3411111******1111"),
        // As many separators as there may be are between an escape and the number's next digit.
        (
            "\\u4000....0000%200000%200002",
            "\\u4000....00**%20****%200002",
        ),
        (
            "\\u4000.....0000%200000%200002",
            "\\u4000.....0000%200000%200002",
        ),
    ] {
        assert_eq!(mask_text(text).0, expected);
        check(text).unwrap();
    }
}
