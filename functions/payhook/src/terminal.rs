//! Makes text that a stranger wrote safe to print on a terminal.
//!
//! Invariant: what these functions return moves no cursor, changes no colour or title, begins no line
//! and reverses no text. Sources, read 2026-11-27: ECMA-48 (C0 and C1 control functions),
//! <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>.

use std::borrow::Cow;

/// Returns true if a terminal or a text editor does something with the character instead of showing
/// it.
const fn is_control(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' // C0, DEL and C1
        | '\u{2028}' | '\u{2029}' // separators of lines and paragraphs
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Escapes a value of a table or of a list: everything that is not shown as it is, and line feeds.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// Escapes a JSON text that is printed as one line. It stays the same JSON: an escape takes the place
/// of a character in a string, and a blank that of a line feed between tokens.
pub(crate) fn json_line(json: &str) -> Cow<'_, str> {
    escaped(json, true)
}

fn escaped(text: &str, json: bool) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            // In JSON these stand between tokens alone.
            '\n' | '\r' | '\t' if json => out.push(' '),
            c if is_control(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_on_is_left() {
        let controls = (0..=0x2100).filter_map(char::from_u32);
        let all: String = controls.collect();
        for text in [cell(&all), json_line(&all)] {
            assert!(!text.contains(|c: char| c.is_control()), "{text:?}");
            for bidi in ['\u{61c}', '\u{200e}', '\u{202e}', '\u{2028}', '\u{2029}'] {
                assert!(!text.contains(bidi));
            }
        }
        for (text, expected) in [
            ("plain \u{e9} \u{1f600}", "plain \u{e9} \u{1f600}"),
            ("\u{9b}2J\n\u{1b}[31m", "\\u009b2J\\u000a\\u001b[31m"),
            (
                "a\u{2066}b\u{2069}\u{7f}\t",
                "a\\u2066b\\u2069\\u007f\\u0009",
            ),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let json = "{\n\t\"a\u{9b}\": [\"\u{202e}x\\n\u{7f}\",\r\n 1 ]\n}";
        let line = json_line(json);
        assert_eq!(line, "{  \"a\\u009b\": [\"\\u202ex\\n\\u007f\",   1 ] }");
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(value(&line), value(json));
    }
}
