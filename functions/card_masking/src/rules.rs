//! What the rules of several providers share: the common names of card and personal data, and the forms of ids.

use crate::{FieldRules, Patterns};

/// Names of card and personal data that nearly every provider uses; the rules where the provider is not known.
#[rustfmt::skip]
pub static COMMON_RULES: FieldRules = Patterns {
    drop: &[
        "email", "phone", "phone_number", "telephone", "name", "first_name", "last_name", "cardholder_name", "card_holder",
        "holder_name", "address", "billing_address", "shipping_address", "ip", "ip_address", "token", "client_secret", "expiry",
        "expiry_date", "exp_month", "exp_year", "fingerprint", "bank_account", "date_of_birth",
    ],
    ids: &[],
}
.rules();

/// An id with a short prefix of letters and an underscore (`pi_3Qd`): never a card number as a whole.
pub fn prefixed(text: &str) -> bool {
    text.split_once('_').is_some_and(|(prefix, rest)| {
        (2..=12).contains(&prefix.len())
            && prefix.bytes().all(|b| b.is_ascii_alphabetic())
            && !rest.is_empty()
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// Letters, digits, `-` and `_`, with a letter among them (a UUID as well, unless it has digits alone).
pub fn has_a_letter(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_card_number_has_the_form_of_an_id() {
        for text in ["pi_3Qd", "ch_4111111111111111", "ab_x_y"] {
            assert!(prefixed(text) && has_a_letter(text), "{text}");
        }
        for text in [
            "4111111111111111",
            "4111-1111-1111-1111",
            "",
            "a b_1",
            "x 4111111111111111",
        ] {
            assert!(!prefixed(text) && !has_a_letter(text), "{text}");
        }
        assert!(
            !prefixed("waytoolongprefix_1") && !prefixed("ab_") && !has_a_letter(&"x".repeat(65))
        );
    }
}
