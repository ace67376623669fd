//! What runs before anything is stored or logged: a provider's field rules, then a detector for primary account numbers (PAN).
//!
//! Invariant: pure. A [`MaskedPayload`] is made in this crate alone, so whatever takes one cannot be given an unmasked body.
//! PCI DSS v4.0.1, requirement 3.4.1: at most BIN and last four digits are shown.

mod brands;
#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod definition_tests;
mod detector;
mod digits;
mod endings;
mod fields;
mod glued;
mod kinds;
mod names;
mod payload;
mod reading;
mod rewrite;
mod rules;
mod screen;
mod steps;
mod text_fields;
mod token;
mod uuid;
mod written;

pub use detector::{contains_pan, mask_text};
pub use fields::{FieldRules, IdForm, Patterns};
pub use payload::{MaskError, Masked, MaskedPayload, PayloadForm, mask_body, mask_json, mask_line};
pub use rewrite::NESTING_MAX;
pub use rules::{COMMON_RULES, has_a_letter, prefixed};
