//! Field rules by provider. What each provider sends of cards and people is in its own file.

use crate::FieldRules;

mod adyen;
mod common;
mod square;
mod standardwebhooks;
mod stripe;

/// The rules for `provider`; for one that has none, the common names of card and personal data.
pub fn rules_for(provider: &str) -> &'static FieldRules {
    match provider {
        "adyen" => &adyen::RULES,
        "square" => &square::RULES,
        "standardwebhooks" => &standardwebhooks::RULES,
        "stripe" => &stripe::RULES,
        _ => &common::RULES,
    }
}

/// An id with a short prefix of letters and an underscore (`pi_3Qd`): never a card number as a whole.
fn prefixed(text: &str) -> bool {
    text.split_once('_').is_some_and(|(prefix, rest)| {
        (2..=12).contains(&prefix.len())
            && prefix.bytes().all(|b| b.is_ascii_alphabetic())
            && !rest.is_empty()
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// Letters, digits, `-` and `_`, with a letter among them.
fn has_a_letter(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}
