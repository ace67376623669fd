//! `payhook mask`: a log without its card data, line for line.
//!
//! Invariant: as many lines out as in, in the same order, and none of them with a card number. Where a
//! line is JSON the field rules say what else is masked; in any other text the names of the same rules
//! do, wherever they stand before a colon or an equals sign, in quotes or as a tag.

use std::io::{BufRead, Write};

use card_masking::{COMMON_RULES, mask_line};
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
        let deep = "[".repeat(200) + "{\"n\":\"4111111111111111\",\"cvc\":\"123\"";
        let deep_masked = "[".repeat(200) + "{\"n\":\"411111******1111\",\"cvc\":\"[masked]\"";
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
            ("{\"cvc\":\"123\",\"no", "{\"cvc\":\"[masked]\",\"no"),
            ("[\"a\",{\"cvc\":\"123\"", "[\"a\",{\"cvc\":\"[masked]\""),
            (
                "12:00 INFO body={\"cvc\":\"123\",\"cardholder_name\":\"Jane Doe\"}",
                "12:00 INFO body={\"cvc\":\"[masked]\",\"cardholder_name\":\"[masked]\"}",
            ),
            ("cvc=123&x=1", "cvc=[masked]&x=1"),
            (deep.as_str(), deep_masked.as_str()),
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
