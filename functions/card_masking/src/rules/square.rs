//! Square: the card but brand and last four, the buyer, receipts, gift card numbers.
//! Source: <https://developer.squareup.com/reference/square/objects/Payment>, read 2026-11-23.

use super::has_a_letter;
use crate::FieldRules;

pub(super) static RULES: FieldRules = FieldRules {
    drop: &[
        "card/bin",
        "card/fingerprint",
        "card/cardholder_name",
        "card/exp_month",
        "card/exp_year",
        "card/billing_address",
        "cardholder_name",
        "fingerprint",
        "buyer_email_address",
        "billing_address",
        "shipping_address",
        "receipt_url",
        "gan",
        "email_address",
        "phone_number",
        "given_name",
        "family_name",
        "address",
        "birthday",
        "account_number_suffix",
        "bank_account",
        "bank_account_details",
        "device_details",
        "wallet_details",
        "recipient",
        "display_name",
        "nonce",
        "source_id",
    ],
    ids: &[
        ("id", has_a_letter),
        ("payment_id", has_a_letter),
        ("order_id", has_a_letter),
        ("location_id", has_a_letter),
        ("merchant_id", has_a_letter),
        ("event_id", has_a_letter),
        ("refund_ids", has_a_letter),
        ("customer_id", has_a_letter),
    ],
};
