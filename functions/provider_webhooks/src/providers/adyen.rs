//! Adyen standard webhooks: an array of items, each with its own HMAC-SHA256 in `additionalData.hmacSignature`.
//!
//! Sources, read 2026-11-23: <https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures>,
//! <https://docs.adyen.com/development-resources/webhooks/webhook-types>; adyen-python-api-library 16.0.0 (executed as an oracle).
//! The signed text joins eight fields with `:` and escapes nothing (three official vectors disprove the guides that say so). The official
//! helper checks item 0 alone; here every item must match, or the whole webhook is refused.
//!
//! Since nothing is escaped, whoever holds one signed item could move the cuts between its fields; so a colon is accepted in
//! `merchantReference` alone (official vectors have it there), which leaves one way to cut.
//!
//! `additionalData` and `eventDate` are not signed: of the former only `modification.action` is read, to tell the two outcomes of
//! CANCEL_OR_REFUND apart. `eventDate` is not signed and may differ between deliveries, so the identity is made of the signed fields and carried by a guard.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde::Deserialize;

use crate::amounts::{amount_if_known, minor_amount};
use crate::encoding::{base64_strict, base64_text, hex_any_case};
use crate::exponents::ExponentTable;
use crate::json::{
    account, bounded, event_type, identifier, json_document, object_or_default, raw_fields,
    read_body, required, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyEncoding, KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams,
    Secrets, SignatureCoverage, VerifiedWebhook,
};

pub(super) struct Adyen;

const ITEMS_MAX: usize = 100;
const KEY_BYTES: usize = 32;
/// Odd, so that multiplying by it modulo a power of two gives every number below that power exactly once.
const PSP_SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
/// Fifteen hexadecimal digits.
const PSP_BITS: u64 = (1 << 60) - 1;
const _: () = assert!(PSP_SPREAD % 2 == 1);
/// Where the merchant's reference stands among the signed fields: the one text the merchant chooses, and it may hold colons.
const MERCHANT_REFERENCE: usize = 3;
/// With the `dedupe#` in front it fits DynamoDB's sort key of 1,024 bytes.
const IDENTITY_BYTES_MAX: usize = 900;

#[rustfmt::skip]
const SIGNED_FIELDS: &[&str] = &[
    "pspReference", "originalReference", "merchantAccountCode", "merchantReference", "amount.value", "amount.currency", "eventCode", "success",
];

static INFO: ProviderInfo = ProviderInfo {
    name: "adyen",
    title: "Adyen (standard webhooks)",
    source: "https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures, read 2026-11-23",
    signature_headers: &[],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, base64, in every item, over eight fields joined by colons",
    covers: SignatureCoverage::Fields(SIGNED_FIELDS),
    rotation: "one signature an item, by the endpoint's one key: keep both keys while it is changed",
    key: KeyForm {
        encoding: KeyEncoding::Hex,
        bytes: 32,
        ..KeyForm::TEXT
    },
    settings: &[],
    event_time: EventTimeStability::Unstable,
    event_id: "eventCode:pspReference:success",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &EXPONENTS,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "adyen-python-api-library 16.0.0: an endpoint has a user name and password, no headers",
    },
    acknowledgement: Acknowledgement {
        status: 200,
        content_type: "text/plain",
        body: "[accepted]",
    },
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(30 * 86_400),
        retries: "three at once, then with growing gaps for up to 30 days, in a queue per endpoint; an answer within 10 s",
    },
};

/// CLP and ISK have two decimals, CVE and IDR none.
#[rustfmt::skip]
pub(super) static EXPONENTS: ExponentTable = ExponentTable {
    source: "https://docs.adyen.com/development-resources/currency-codes, read 2026-11-23",
    exceptions: &[
        (0, &["BYR", "CVE", "DJF", "GHC", "GNF", "IDR", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]),
        (1, &["MRO"]),
        (2, &["CLP", "ISK"]),
        (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    ],
};

/// What an event code says when `success` is true, and when it is false.
#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("AUTHORISATION", Authorised, Failed),
        ("AUTHORISATION_ADJUSTMENT", Authorised, Unclassified),
        ("PENDING", Pending, Pending),
        ("CAPTURE", Captured, Failed),
        ("CAPTURE_FAILED", Failed, Failed),
        ("CANCELLATION", Voided, Unclassified),
        ("TECHNICAL_CANCEL", Voided, Unclassified),
        ("EXPIRE", Voided, Unclassified),
        ("OFFER_CLOSED", Failed, Unclassified),
        ("CANCEL_OR_REFUND", Voided, RefundFailed),
        ("REFUND", Refunded, RefundFailed),
        ("REFUND_WITH_DATA", Refunded, RefundFailed),
        ("VOID_PENDING_REFUND", Voided, RefundFailed),
        ("POSTPONED_REFUND", Pending, RefundFailed),
        ("REFUND_FAILED", RefundFailed, RefundFailed),
        ("REFUNDED_REVERSED", RefundFailed, RefundFailed),
        ("NOTIFICATION_OF_CHARGEBACK", Disputed, Disputed),
        ("REQUEST_FOR_INFORMATION", Disputed, Disputed),
        ("CHARGEBACK", Disputed, Disputed),
        ("CHARGEBACK_REVERSED", DisputeWon, Disputed),
        ("PREARBITRATION_WON", DisputeWon, Disputed),
        ("PREARBITRATION_LOST", DisputeLost, Disputed),
        ("SECOND_CHARGEBACK", DisputeLost, Disputed),
        ("PAYOUT_THIRDPARTY", Payout, Payout),
        ("PAYOUT_DECLINE", Payout, Payout),
        ("PAYOUT_EXPIRE", Payout, Payout),
        ("PAIDOUT_REVERSED", Payout, Payout),
    ]
};

/// What additionalData says of the card and the shopper (its keys contain dots and are compared whole), and `reason`, which is
/// "authCode:last4:MM/YYYY" for an authorisation. Source: <https://docs.adyen.com/development-resources/webhooks/additional-settings>, read 2026-11-23.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "cardHolderName", "expiryDate", "shopperEmail", "shopperIP", "shopperName", "shopperReference", "shopperTelephone",
        "telephoneNumber", "iban", "ownerName", "bic", "bankAccount", "bankAccountNumber", "bankLocationId", "cardBin", "issuerBin",
        "alias", "aliasType", "networkTxReference", "reason", "billingAddress", "deliveryAddress", "shopperStatement",
        "recurring.recurringDetailReference", "recurring.shopperReference", "recurringDetailReference",
        "tokenization.storedPaymentMethodId", "tokenization.shopperReference", "threeds2.cardEnrolled", "cavv", "xid",
        "dateOfBirth", "firstName", "lastName", "payerEmail", "payerId", "hmacSignature",
    ],
    ids: &[
        ("pspReference", psp_reference), ("originalReference", psp_reference),
    ],
}
.rules();

/// Sixteen letters and digits; older ones are digits alone and may have a right check digit.
fn psp_reference(text: &str) -> bool {
    text.len() == 16
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification<'a> {
    #[serde(borrow)]
    notification_items: Vec<Wrapper<'a>>,
}

#[derive(Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow, rename = "NotificationRequestItem")]
    item: Item<'a>,
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Item {
        psp_reference, original_reference, merchant_account_code, merchant_reference, amount, event_code, success, event_date,
        additional_data,
    }
}

raw_fields! { Money { value, currency } }

raw_fields! {
    AdditionalData {
        #[serde(rename = "hmacSignature")] hmac_signature,
        #[serde(rename = "modification.action")] modification_action,
    }
}

impl Item<'_> {
    /// The text that Adyen signs.
    fn signed_text(&self) -> Result<String, ParseError> {
        let money: Money<'_> = object_or_default(self.amount)?;
        let fields = [
            self.psp_reference,
            self.original_reference,
            self.merchant_account_code,
            self.merchant_reference,
            money.value,
            money.currency,
            self.event_code,
            self.success,
        ];
        let texts = fields
            .into_iter()
            .map(scalar)
            .collect::<Result<Vec<_>, _>>()?;
        // Nothing is escaped, so the text can be cut into fields in one way only if a single field may hold the separator.
        let ambiguous =
            |(i, text): (usize, &Cow<'_, str>)| i != MERCHANT_REFERENCE && text.contains(':');
        if texts.iter().enumerate().any(ambiguous) {
            return Err(ParseError::Malformed);
        }
        Ok(texts.join(":"))
    }

    fn status(&self, code: &str, success: bool) -> Result<PaymentStatus, ParseError> {
        let data: AdditionalData<'_> = object_or_default(self.additional_data)?;
        if code == "CANCEL_OR_REFUND" && success && scalar(data.modification_action)? == "refund" {
            return Ok(PaymentStatus::Refunded);
        }
        let row = STATUS.iter().find(|(name, ..)| *name == code);
        Ok(row.map_or(PaymentStatus::Unclassified, |(_, yes, no)| {
            if success { *yes } else { *no }
        }))
    }

    fn event(&self) -> Result<PaymentEvent, ParseError> {
        let psp_reference = required(scalar(self.psp_reference)?)?;
        let code = required(scalar(self.event_code)?)?;
        let success = scalar(self.success)?;
        let account = account(self.merchant_account_code)?;
        let original = scalar(self.original_reference)?;
        let account_text = account.as_deref().unwrap_or_default();
        let identity = format!("{account_text}:{code}:{psp_reference}:{original}:{success}");
        if identity.len() > IDENTITY_BYTES_MAX {
            return Err(ParseError::IdentifierUnusable);
        }
        let psp_reference = identifier(&psp_reference)?;
        let mut related_ids = BTreeMap::from([("psp_reference".to_owned(), psp_reference.clone())]);
        let transaction_id = if original.is_empty() {
            psp_reference.clone()
        } else {
            let original = identifier(&original)?;
            related_ids.insert("original_reference".to_owned(), original.clone());
            original
        };
        let status = self.status(&code, success == "true")?;
        let money: Money<'_> = object_or_default(self.amount)?;
        let amount = minor_amount(money.value, money.currency, &EXPONENTS);
        Ok(PaymentEvent {
            provider: INFO.name.to_owned(),
            event_id: identifier(&format!("{code}:{psp_reference}:{success}"))?,
            event_type: event_type(&code)?,
            status,
            transaction_id,
            amount: amount_if_known(status, amount)?,
            merchant_account: account,
            event_time: rfc3339(&required(scalar(self.event_date)?)?)?,
            identity: EventIdentity::Guard(identity),
            related_ids,
        })
    }
}

/// The key to sign with.
pub(super) fn key(secrets: &Secrets) -> Option<Vec<u8>> {
    hex_any_case(first_key(secrets).ok()?.trim()).filter(|k| k.len() == KEY_BYTES)
}

pub(super) fn keys(secrets: &Secrets) -> Result<Vec<Vec<u8>>, Reject> {
    // One malformed key must not hide a good one beside it.
    let keys: Vec<_> = secrets
        .some_keys()?
        .iter()
        .filter_map(|k| hex_any_case(k.trim()))
        .filter(|k| k.len() == KEY_BYTES)
        .collect();
    if keys.is_empty() {
        Err(Reject::SecretMalformed)
    } else {
        Ok(keys)
    }
}

impl Provider for Adyen {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        _received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        let keys = keys(secrets)?;
        let notification: Notification<'_> =
            read_body(raw.body).map_err(|_| Reject::BodyUnreadable)?;
        let mut matched = None;
        for Wrapper { item } in &notification.notification_items {
            let data: AdditionalData<'_> =
                object_or_default(item.additional_data).map_err(|_| Reject::BodyUnreadable)?;
            let signature = scalar(data.hmac_signature).map_err(|_| Reject::SignatureMalformed)?;
            if signature.is_empty() {
                return Err(Reject::SignatureMissing);
            }
            let signature = base64_strict(&signature).ok_or(Reject::SignatureMalformed)?;
            let signed = item.signed_text().map_err(|_| Reject::BodyUnreadable)?;
            matched = Some(hmac_sha256(&keys, &[signed.as_bytes()], &[signature])?);
        }
        // An empty array is signed by nobody.
        Ok(matched.ok_or(Reject::SignatureMissing)?.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let notification: Notification<'_> = read_body(webhook.body())?;
        bounded(&notification.notification_items, ITEMS_MAX)?;
        notification
            .notification_items
            .iter()
            .map(|wrapper| wrapper.item.event())
            .collect()
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Result<Cow<'a, [u8]>, ParseError> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        let key = key(secrets).ok_or(SignError::Secret)?;
        let body = sign_items(unsigned.body, &key);
        Ok(SignedRequest {
            headers: Vec::new(),
            body: body.ok_or(SignError::Body)?,
        })
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let reference = params.sequence.wrapping_mul(PSP_SPREAD) & PSP_BITS;
        let reference = format!("P{reference:015X}");
        let own = [("psp", reference.as_str())];
        let template = include_str!("../../fixtures/adyen/sample.template");
        compact(&fill(template, params, &EXPONENTS, Escape::Json, &own))
    }
}

/// Puts a signature by `key` into every item of `body`; `None` when the body is not Adyen's.
fn sign_items(body: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let signatures: Vec<String> = {
        let notification: Notification<'_> = read_body(body).ok()?;
        let sign = |w: &Wrapper<'_>| {
            Some(base64_text(
                hmac_sha256_tag(key, &[w.item.signed_text().ok()?.as_bytes()]).as_ref(),
            ))
        };
        notification
            .notification_items
            .iter()
            .map(sign)
            .collect::<Option<_>>()?
    };
    let mut value: serde_json::Value = serde_json::from_slice(body).ok()?;
    for (entry, signature) in value
        .get_mut("notificationItems")?
        .as_array_mut()?
        .iter_mut()
        .zip(signatures)
    {
        let item = entry.get_mut("NotificationRequestItem")?.as_object_mut()?;
        let data = item
            .entry("additionalData")
            .or_insert_with(|| serde_json::json!({}));
        data.as_object_mut()?
            .insert("hmacSignature".to_owned(), signature.into());
    }
    serde_json::to_vec(&value).ok()
}

#[cfg(test)]
#[path = "../../fixtures/adyen/tests.rs"]
mod tests;
