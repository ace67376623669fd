//! `payhook mask`: a log without its card data, line for line.
//!
//! Invariant: as many lines out as in, in the same order, and none of them with a card number.

use std::io::{BufRead, Write};

use card_masking::{COMMON_RULES, FieldRules, MaskError, mask_json, mask_text};
use clap::Args;
use provider_webhooks::providers;

use crate::error::Error;
use crate::lines::lines;

/// What `payhook mask` takes.
#[derive(Args)]
pub(crate) struct MaskArguments {
    /// Apply this provider's field rules to JSON lines; without it, the names of card and personal data that are common to all.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
}

/// A line that begins like a JSON object, or like an array of objects: cut off or not, it has fields. A log line that begins with
/// `[2026-…]` has none.
fn has_fields(text: &str) -> bool {
    let mut first = text.chars().filter(|c| !c.is_whitespace());
    matches!(
        (first.next(), first.next()),
        (Some('{'), Some('"')) | (Some('['), Some('{'))
    )
}

pub(crate) fn mask_line(text: &str, rules: &FieldRules) -> String {
    match mask_json(text.as_bytes(), rules) {
        Ok(masked) => masked.text.into_string(),
        // The detector alone finds card numbers, but a security code, an expiry date or a name is known by its field only, and the
        // field rules cannot be applied here. So the line is withheld, in a form that keeps JSON lines JSON.
        Err(MaskError::TooDeep) => withheld("nested too deeply"),
        Err(_) if has_fields(text) => withheld("not JSON that can be read"),
        Err(_) => mask_text(text).0,
    }
}

pub(crate) fn withheld(why: &str) -> String {
    format!("{{\"payhook_mask\":\"line withheld: {why}, so its fields cannot be masked\"}}")
}

/// Masks `input` to `output`.
///
/// # Errors
/// An unknown provider; input that cannot be read, output that cannot be written.
pub(crate) fn run(
    arguments: &MaskArguments,
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<(), Error> {
    // A misspelt provider would mask less than was asked for.
    let rules = match arguments.provider.as_deref() {
        None => &COMMON_RULES,
        Some(name) => providers::by_name(name)
            .ok_or_else(|| Error::UnknownProvider(name.to_owned()))?
            .masking(),
    };
    for line in lines(input) {
        let line = line?;
        let mut masked = mask_line(&String::from_utf8_lossy(&line.bytes), rules);
        if line.ended {
            masked.push('\n');
        }
        output.write_all(masked.as_bytes()).map_err(Error::Output)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(provider: Option<&str>, input: &[u8]) -> String {
        let arguments = MaskArguments {
            provider: provider.map(str::to_owned),
        };
        let mut output = Vec::new();
        run(&arguments, input, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn each_kind_of_line_has_its_way() {
        let deep = "[".repeat(200) + "\"4111111111111111\"" + &"]".repeat(200);
        for (line, expected) in [
            (
                "card 4111111111111111 declined",
                "card 411111******1111 declined",
            ),
            ("[12:00] 4111 1111 1111 1111", "[12:00] 4111 11** **** 1111"),
            (
                "{\"n\":\"4111111111111111\"}",
                "{\"n\":\"411111******1111\"}",
            ),
            ("4111111111111111", "\"411111******1111\""),
            ("", ""),
            (
                "{\"cvc\":\"123\",\"no",
                &withheld("not JSON that can be read"),
            ),
            ("[{\"cvc\":\"123\"", &withheld("not JSON that can be read")),
            (&deep, &withheld("nested too deeply")),
        ] {
            assert_eq!(masked(None, line.as_bytes()), expected);
        }
    }

    #[test]
    fn lines_keep_their_number_order_and_last_line_feed() {
        let out = masked(Some("stripe"), b"a\n\n\xff 4111111111111111\nlast");
        assert_eq!(out, "a\n\n\u{fffd} 411111******1111\nlast");
        assert_eq!(masked(None, b"x\n"), "x\n");
        assert_eq!(masked(None, b""), "");
    }

    #[test]
    fn a_misspelt_provider_is_refused() {
        let arguments = MaskArguments {
            provider: Some("strip".into()),
        };
        let error = run(&arguments, &b"x"[..], &mut Vec::new()).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("payhook providers"));
    }
}
