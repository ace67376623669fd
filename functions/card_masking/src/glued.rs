//! Judges a card number by what stands directly beside it: other digits, a plus, a point, the rest
//! of a magnetic stripe.
//!
//! Sources, read 2026-11-27: <https://en.wikipedia.org/wiki/ISO/IEC_7813> (tracks 1 and 2),
//! <https://emvlab.org/emvtags/all/> (tags 57 and 5A).

use std::ops::Range;

use crate::brands::{
    PAN_DIGITS_MAX, PAN_DIGITS_MIN, PREFIX_DIGITS, check_digit_is_right, check_term, has_brand,
};

/// Digits of the longest group with a card number in it: 16, then the expiry with a year of four
/// digits and a security code; or tag and length, then 19.
pub(crate) const GROUP_DIGITS_MAX: usize = 25;
/// The most characters of track 1.
const TRACK_MAX: usize = 79;

/// Digits of a card number, of an expiry and of a security code that are written as one number.
const EXPIRIES: [(usize, usize, usize); 6] = [
    (15, 4, 0),
    (15, 4, 4),
    (16, 4, 0),
    (16, 6, 0),
    (16, 4, 3),
    (16, 6, 3),
];

/// A card number in a group of digits, by their indexes in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Glued {
    pub(crate) number: Range<usize>,
    /// Digits that must not be shown either: a security code.
    pub(crate) hidden: Range<usize>,
}

/// Finds the card numbers in the group of digits at bytes `place` of the text.
pub(crate) fn glued(
    text: &str,
    place: Range<usize>,
    digits: Option<&[u8]>,
) -> impl Iterator<Item = Glued> {
    let digits = digits.unwrap_or_default();
    let expiry = EXPIRIES
        .iter()
        .filter(|(number, date, code)| {
            digits.len() == number + date + code
                // Only American Express has 15 digits everywhere.
                && (*number == 16 || matches!(digits, [3, 4 | 7, ..]))
                && digits.get(*number..number + date).is_some_and(is_expiry)
        })
        .map(|(number, date, _)| Glued {
            number: 0..*number,
            hidden: number + date..digits.len(),
        });
    let bytes = text.as_bytes();
    let before = bytes.get(..place.start).unwrap_or_default();
    let after = bytes.get(place.end);
    // The tag of the number, the length of its value in bytes, its digits.
    let tagged = match (before, digits) {
        ([.., b'5', b'A' | b'a'], [0, length @ 6..=9, ..])
            if digits.len().div_ceil(2) == 1 + usize::from(*length) =>
        {
            Some(2)
        }
        (_, [5, 7, 1, _, ..]) if matches!(after, Some(b'D' | b'd' | b'=')) => Some(4),
        _ => None,
    }
    .map(|start| Glued {
        number: start..digits.len(),
        hidden: 0..0,
    });
    expiry
        .chain(tagged)
        .filter(|glued| digits.get(glued.number.clone()).is_some_and(is_card))
}

fn is_card(digits: &[u8]) -> bool {
    let terms = digits.iter().rev().enumerate();
    let prefix = digits.iter().take(PREFIX_DIGITS);
    (PAN_DIGITS_MIN..=PAN_DIGITS_MAX).contains(&digits.len())
        && check_digit_is_right(terms.map(|(place, digit)| check_term(*digit, place)).sum())
        && has_brand(
            prefix.fold(0, |prefix, digit| prefix * 10 + u32::from(*digit)),
            digits.len(),
        )
}

/// Month and year in either order, the year with two digits or four, of a card that may be in use.
fn is_expiry(digits: &[u8]) -> bool {
    let number = |digits: &[u8]| digits.iter().fold(0, |n, digit| n * 10 + u16::from(*digit));
    let fits = |month: &[u8], year: &[u8]| {
        let century = if year.len() == 4 { 2000 } else { 0 };
        (1..=12).contains(&number(month)) && (century + 20..century + 50).contains(&number(year))
    };
    let year_digits = digits.len().saturating_sub(2);
    let (first, last) = (
        digits.split_at_checked(2),
        digits.split_at_checked(year_digits),
    );
    first.is_some_and(|(month, year)| fits(month, year))
        || last.is_some_and(|(year, month)| fits(month, year))
}

/// Returns true if a `+` that starts a word stands directly before, as it is or as a reference.
pub(crate) fn follows_a_plus(before: &str) -> bool {
    ["+", "&#43;", "&#x2b;", "&#x2B;", "&plus;", "%2B", "%2b"]
        .iter()
        .find_map(|plus| before.strip_suffix(plus))
        .is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
}

/// Returns true if what follows are the digits of a fraction below one: `0.`, and before it nothing
/// that makes it a part of something else.
pub(crate) fn is_fraction(before: &str) -> bool {
    before.strip_suffix("0.").is_some_and(|rest| {
        !rest.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '*'))
    })
}

/// Where the characters start that a magnetic stripe has behind the card number, which ends at byte
/// `end`: the holder's name and what the issuer needs. Nothing of it may be kept.
pub(crate) fn stripe_data(text: &str, end: usize) -> impl Iterator<Item = usize> + '_ {
    let rest = text.get(end..).unwrap_or_default();
    let length = track_1(rest).or_else(|| track_2(rest)).unwrap_or(0);
    let data = rest.get(..length).unwrap_or_default();
    // The first character parts the two.
    data.char_indices()
        .skip(1)
        .filter(|(_, c)| !matches!(c, '^' | '*'))
        .map(move |(at, _)| end + at)
}

/// `^NAME^YYMM…`, up to the end of the track.
fn track_1(rest: &str) -> Option<usize> {
    let rest = rest.strip_prefix('^')?;
    let name = rest
        .char_indices()
        .take(TRACK_MAX)
        .find(|(_, c)| !(c.is_alphabetic() || matches!(c, ' ' | '/' | '.' | '-' | '\'' | '*')))?;
    let data = rest.get(name.0..)?.strip_prefix('^')?;
    let length = data
        .bytes()
        .take(TRACK_MAX)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'*' | b'^'))
        .count();
    Some(1 + name.0 + 1 + length)
}

/// `=YYMM` and a service code, then what the issuer needs. In hexadecimal `D` parts them.
fn track_2(rest: &str) -> Option<usize> {
    let data = rest.strip_prefix(['=', 'D', 'd'])?;
    let digits = data.bytes().take(TRACK_MAX);
    let length = digits.take_while(u8::is_ascii_digit).count();
    (length >= 7).then_some(1 + length)
}
