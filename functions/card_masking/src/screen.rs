//! Says of most texts with many digits that surely no card number is in them, before the detector reads them digit by digit.
//!
//! Invariant: it overlooks nothing. It never says that there is a card number; what it cannot exclude is judged by the detector.
//!
//! How: in a text of ASCII without anything that may stand for another character, only digits and separators are between the digits of a card
//! number. So a stretch without letters, asterisks and angle brackets is looked at by itself: ids with letters among their digits and times with a
//! `T` have too few digits in each. A card number begins where a group of digits does, and with digits that some issuer has; a stretch of twelve
//! digits or more without such a group holds none, as most dates, times in milliseconds and order numbers. How many separators there are is left out
//! of account, which only makes more texts ones that the detector reads.

use crate::brands::{BEGINNINGS, PAN_DIGITS_MIN, PREFIX_DIGITS};
use crate::digits::{has_digits_or_is_not_ascii, without_digits};
use crate::kinds::Kinds;

/// Returns true if no reading of the text, which has bytes of these kinds, finds a card number.
pub(crate) fn surely_has_none(text: &str, kinds: Kinds) -> bool {
    // Digits of other scripts are not ASCII; an escape has a digit of ASCII for each that it stands for.
    if !kinds.is_ascii() {
        return false;
    }
    if text.len() < PAN_DIGITS_MIN || !has_digits_or_is_not_ascii(text.as_bytes(), PAN_DIGITS_MIN) {
        return true;
    }
    if kinds.has_doubtful() {
        return false;
    }
    let mut rest = text.as_bytes();
    loop {
        rest = rest.get(without_digits(rest)..).unwrap_or_default();
        if rest.is_empty() {
            return true;
        }
        let mut digits = 0;
        let end = rest.iter().position(|byte| {
            digits += usize::from(byte.is_ascii_digit());
            byte.is_ascii_alphabetic() || matches!(byte, b'*' | b'>')
        });
        let (stretch, behind) = rest.split_at(end.unwrap_or(rest.len()));
        if digits >= PAN_DIGITS_MIN && may_hold_one(stretch, digits) {
            return false;
        }
        rest = behind;
    }
}

/// Returns true if a group in this stretch begins as a card number does and has enough of its `digits` behind it.
fn may_hold_one(stretch: &[u8], mut digits: usize) -> bool {
    let mut in_group = false;
    for (at, byte) in stretch.iter().enumerate() {
        if !byte.is_ascii_digit() {
            in_group = false;
            continue;
        }
        if digits < PAN_DIGITS_MIN {
            return false;
        }
        if !in_group && begins_as_one(stretch.get(at..).unwrap_or_default()) {
            return true;
        }
        in_group = true;
        digits -= 1;
    }
    false
}

/// Returns true if the first digits are those of an issuer, or what a chip puts before them: `08`, the bytes of the number that follows.
fn begins_as_one(bytes: &[u8]) -> bool {
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit());
    let prefix = digits
        .take(PREFIX_DIGITS)
        .fold(0, |prefix, digit| prefix * 10 + usize::from(digit - b'0'));
    BEGINNINGS.hold(prefix) || (600..1_000).contains(&prefix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::digits::Decode;
    use crate::reading::{Found, Reading, Shown};

    /// Whether any reading of the detector finds a card number, also those that it would leave out for this text.
    fn detected(text: &str) -> bool {
        let readings = [
            Decode::Nothing,
            Decode::References,
            Decode::Escapes,
            Decode::Everything,
        ];
        readings.into_iter().any(|decode| {
            let mut found = Found::default();
            Reading::new(text, decode, Shown::ENDS).find(&mut found);
            found.count > 0
        })
    }

    fn screened(text: &str) -> bool {
        surely_has_none(text, Kinds::of(text))
    }

    fn overlooks_nothing(text: &str) -> Result<(), TestCaseError> {
        prop_assert!(!screened(text) || !detected(text), "{}", text);
        Ok(())
    }

    /// As many cases as are asked for, and never few.
    fn cases() -> ProptestConfig {
        let asked = ProptestConfig::default();
        ProptestConfig {
            cases: asked.cases.max(4_000),
            ..asked
        }
    }

    /// Card numbers of every length that brands have, with a right check digit.
    fn number() -> impl Strategy<Value = Vec<u8>> {
        let brand = prop::sample::select(vec![
            ("4", 16),
            ("4", 13),
            ("4", 19),
            ("51", 16),
            ("2221", 16),
            ("37", 15),
            ("36", 14),
            ("6011", 16),
            ("3530", 16),
            ("62", 19),
            ("50", 12),
            ("6759", 18),
            ("2202", 16),
            ("9792", 16),
        ]);
        (brand, "[0-9]{19}").prop_map(|((prefix, length), filler)| {
            let mut digits = format!("{prefix}{filler}").into_bytes();
            digits.truncate(length - 1);
            let term = |(place, digit): (usize, &u8)| match (u32::from(digit - b'0'), place % 2) {
                (value @ 5.., 0) => value * 2 - 9,
                (value, 0) => value * 2,
                (value, _) => value,
            };
            let sum: u32 = digits.iter().rev().enumerate().map(term).sum();
            digits.push(b'0' + u8::try_from((10 - sum % 10) % 10).unwrap());
            digits
        })
    }

    /// One digit as it is, of another script, framed, or written as some escape.
    fn digit_written(digit: u8, way: u8) -> String {
        let value = u32::from(digit - b'0');
        let from = |zero: u32| char::from_u32(zero + value).unwrap().to_string();
        match way {
            0 => from(0xFF10),
            1 => from(0x0660),
            2 => from(0x1D7CE),
            3 => format!("%3{value}"),
            4 => format!("\\u003{value}"),
            5 => format!("&#5{};", value.min(7)),
            6 => format!("&#x3{value};"),
            7 => format!("%253{value}"),
            8 => format!("=3{value}"),
            9 if value > 0 => from(0x245F),
            10 => format!("\\x3{value}"),
            _ => char::from(digit).to_string(),
        }
    }

    const GAPS: &[&str] = &[
        "",
        "",
        " ",
        "-",
        ".",
        "+",
        "/",
        "_",
        ":",
        ",",
        " - ",
        "  ",
        "\t",
        "\r\n",
        "....",
        "\u{a0}",
        "\u{2009}",
        "\u{200b}",
        "%20",
        "%2520",
        "\\u0020",
        "&nbsp;",
        "&#32;",
        "<br>",
        "</td><td>",
        "=20",
        "=\n",
        "(",
        "\u{2013}",
        "a",
        "*",
        ">",
        "x ",
        "%",
        "\\",
        "&",
        "\0",
        "\u{7f}",
        "~",
    ];

    proptest! {
        #![proptest_config(cases())]

        /// A card number whose digits and gaps are written in any way that the detector knows, most often the plain one.
        #[test]
        fn it_overlooks_no_planted_card_number(
            digits in number(),
            ways in prop::collection::vec(prop_oneof![9 => Just(u8::MAX), 1 => 0..11_u8], 19),
            plain in any::<bool>(),
            gaps in prop::collection::vec(prop::sample::select(GAPS.to_vec()), 19),
            gap_each in 1..6_usize,
            before in "([a-zA-Z0-9 :,._*+-]{0,8}|5[Aa]0[6-9]|57(08|09|10|11|12|13))",
            after in "([a-zA-Z0-9 :,._*=^D-]{0,12}|(0[1-9]|1[0-2])(20)?[2-4][0-9]([0-9]{3,4})?)",
        ) {
            let mut text = before;
            for (index, (digit, way)) in digits.iter().zip(ways).enumerate() {
                if index > 0 && index % gap_each == 0 {
                    text.push_str(gaps[index]);
                }
                text.push_str(&digit_written(*digit, if plain { u8::MAX } else { way }));
            }
            text.push_str(&after);
            overlooks_nothing(&text)?;
        }

        #[test]
        fn it_overlooks_nothing_among_digits_and_separators(
            text in "(4|6|66|0|4111|1111|5555|[0-9]{1,9}|[ .%:/-]{1,5}|%3[0-9]|\\\\u003[0-9]|&#5[0-7];?|[a-zT*<>=&+^\u{ff14}\u{663}\u{2463}]){0,30}",
        ) {
            overlooks_nothing(&text)?;
        }

        #[test]
        fn it_overlooks_nothing_in_any_text(text in any::<String>()) {
            overlooks_nothing(&text)?;
        }
    }

    #[test]
    fn most_texts_of_a_body_are_excluded() {
        for (text, none) in [
            ("", true),
            ("pi_3Qd1x23456789012Zz7890123456", true),
            ("2026-01-02T03:04:05.12Z", true),
            ("payment of 12.50 on 2026-01-02 for order 1234", true),
            ("2026-01-02: 2.50", true),
            ("2026-01-02: 12.50", true),
            ("order 20261126-4471 of 17-01-2026", true),
            ("1767323045123", true),
            ("2026 1767 3230 4512 3000", true),
            ("4111 1111 111", true),
            ("4111 1111 1112", false),
            ("20261126-4471 4111111111111111", false),
            ("x20261126-4471 5 1 0 5 105105105100", false),
            ("5A084111111111111111", false),
            ("a=1", true),
            ("a=411111111111", false),
            ("\u{fc}", false),
        ] {
            assert_eq!(screened(text), none, "{text}");
        }
    }
}
