//! Adyen: what additionalData says of the card and the shopper, and `reason`, which is "authCode:last4:MM/YYYY" for an authorisation.
//! Source: <https://docs.adyen.com/development-resources/webhooks/additional-settings>, read 2026-11-23. Keys of additionalData contain dots
//! and are compared whole.

use crate::FieldRules;

pub(super) static RULES: FieldRules = FieldRules {
    drop: &[
        "cardHolderName",
        "expiryDate",
        "shopperEmail",
        "shopperIP",
        "shopperName",
        "shopperReference",
        "shopperTelephone",
        "telephoneNumber",
        "iban",
        "ownerName",
        "bic",
        "bankAccount",
        "bankAccountNumber",
        "bankLocationId",
        "cardBin",
        "issuerBin",
        "alias",
        "aliasType",
        "networkTxReference",
        "reason",
        "billingAddress",
        "deliveryAddress",
        "shopperStatement",
        "recurring.recurringDetailReference",
        "recurring.shopperReference",
        "recurringDetailReference",
        "tokenization.storedPaymentMethodId",
        "tokenization.shopperReference",
        "threeds2.cardEnrolled",
        "cavv",
        "xid",
        "dateOfBirth",
        "firstName",
        "lastName",
        "payerEmail",
        "payerId",
        "hmacSignature",
    ],
    ids: &[
        ("pspReference", psp_reference),
        ("originalReference", psp_reference),
    ],
};

/// Sixteen letters and digits; older ones are digits alone and may have a right check digit.
fn psp_reference(text: &str) -> bool {
    text.len() == 16
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}
