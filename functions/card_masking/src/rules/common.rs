//! Names of card and personal data that nearly every provider uses; the rules for a provider without a file of its own.

use crate::FieldRules;

pub(super) static RULES: FieldRules = FieldRules {
    drop: &[
        "email",
        "phone",
        "phone_number",
        "telephone",
        "name",
        "first_name",
        "last_name",
        "cardholder_name",
        "card_holder",
        "holder_name",
        "address",
        "billing_address",
        "shipping_address",
        "ip",
        "ip_address",
        "token",
        "client_secret",
        "expiry",
        "expiry_date",
        "exp_month",
        "exp_year",
        "fingerprint",
        "bank_account",
        "date_of_birth",
    ],
    ids: &[],
};
