//! Says of most texts with many digits that surely no card number is in them, before the detector reads them digit by digit.
//!
//! Invariant: it overlooks nothing. It never says that there is a card number; what it cannot exclude is judged by the detector.
//!
//! How: in a text of ASCII without anything that may stand for another character, only digits and separators are between the digits of a card
//! number. So where fewer than [`PAN_DIGITS_MIN`] digits come before each letter, asterisk or angle bracket, there is none: ids with
//! letters among their digits, times with a `T`, texts with amounts. How many separators there are is left out of account, which only makes
//! more texts ones that the detector reads.

use crate::brands::PAN_DIGITS_MIN;

/// What a byte is to the screen.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Class {
    Separator,
    Digit,
    /// It ends a number.
    End,
    /// Something may stand for another character here, or does not look like what it is.
    Doubtful,
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Separator; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = match byte {
            // `detector` reads a text with one of these in more than one way.
            b'%' | b'\\' | b'<' | b'&' | b'=' | 128.. => Class::Doubtful,
            b'0'..=b'9' => Class::Digit,
            b'*' | b'>' | b'a'..=b'z' | b'A'..=b'Z' => Class::End,
            _ => Class::Separator,
        };
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

/// Returns true if no reading of the text finds a card number.
pub(crate) fn surely_has_none(text: &str) -> bool {
    let mut digits = 0;
    text.bytes().all(|byte| {
        match CLASSES.get(usize::from(byte)) {
            Some(Class::Separator) => {}
            Some(Class::Digit) => digits += 1,
            Some(Class::End) => digits = 0,
            Some(Class::Doubtful) | None => return false,
        }
        digits < PAN_DIGITS_MIN
    })
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

    fn overlooks_nothing(text: &str) -> Result<(), TestCaseError> {
        prop_assert!(!surely_has_none(text) || !detected(text), "{}", text);
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
            before in "[a-zA-Z0-9 :,._*+-]{0,8}",
            after in "[a-zA-Z0-9 :,._*=^D-]{0,12}",
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
            ("2026-01-02: 12.50", false),
            ("4111 1111 111", true),
            ("4111 1111 1112", false),
            ("a=1", false),
            ("\u{fc}", false),
        ] {
            assert_eq!(surely_has_none(text), none, "{text}");
        }
    }
}
