//! Standard Webhooks: senders shape their own data, so the common names apply.
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>, read 2026-11-23.

use super::{common, has_a_letter};
use crate::FieldRules;

pub(super) static RULES: FieldRules = FieldRules {
    drop: common::RULES.drop,
    ids: &[("id", has_a_letter), ("payment_id", has_a_letter)],
};
