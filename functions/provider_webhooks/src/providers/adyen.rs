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

use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::exponents::ADYEN;
use crate::json::{
    account, amount_if_known, event_type, identifier, minor_amount, read_body, required, rfc3339,
    scalar,
};
use crate::provider::{Acknowledgement, EventTimeStability, SignatureCoverage};
use crate::signature::{base64_strict, base64_text, hmac_sha256, hmac_sha256_tag};
use crate::{ParseError, Provider, ProviderInfo, RawWebhook, Reject, Secrets, VerifiedWebhook};

pub(super) struct Adyen;

const ITEMS_MAX: usize = 100;
const KEY_BYTES: usize = 32;
/// Where the merchant's reference stands among the signed fields: the one text the merchant chooses, and it may hold colons.
const MERCHANT_REFERENCE: usize = 3;
/// With the `dedupe#` in front it fits DynamoDB's sort key of 1,024 bytes.
const IDENTITY_BYTES_MAX: usize = 900;

static INFO: ProviderInfo = ProviderInfo {
    name: "adyen",
    title: "Adyen (standard webhooks)",
    source: "https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures, read 2026-11-23",
    signature_headers: &[],
    content_types: &["application/json"],
    scheme: "HMAC-SHA256, base64, in every item, over eight fields joined by colons",
    covers: SignatureCoverage::Fields(&[
        "pspReference",
        "originalReference",
        "merchantAccountCode",
        "merchantReference",
        "amount.value",
        "amount.currency",
        "eventCode",
        "success",
    ]),
    event_time: EventTimeStability::Unstable,
    event_id: "eventCode:pspReference:success",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    needs_notification_url: false,
    acknowledgement: Acknowledgement {
        status: 200,
        content_type: "text/plain",
        body: "[accepted]",
    },
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow)]
    psp_reference: Option<&'a RawValue>,
    #[serde(borrow)]
    original_reference: Option<&'a RawValue>,
    #[serde(borrow)]
    merchant_account_code: Option<&'a RawValue>,
    #[serde(borrow)]
    merchant_reference: Option<&'a RawValue>,
    #[serde(borrow)]
    amount: Option<ItemAmount<'a>>,
    #[serde(borrow)]
    event_code: Option<&'a RawValue>,
    #[serde(borrow)]
    success: Option<&'a RawValue>,
    #[serde(borrow)]
    event_date: Option<&'a RawValue>,
    #[serde(borrow)]
    additional_data: Option<AdditionalData<'a>>,
}

#[derive(Deserialize)]
struct ItemAmount<'a> {
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct AdditionalData<'a> {
    #[serde(borrow, rename = "hmacSignature")]
    hmac_signature: Option<&'a RawValue>,
    #[serde(borrow, rename = "modification.action")]
    modification_action: Option<&'a RawValue>,
}

impl Item<'_> {
    /// The text that Adyen signs.
    fn signed_text(&self) -> Result<String, ParseError> {
        let (value, currency) = self
            .amount
            .as_ref()
            .map_or((None, None), |a| (a.value, a.currency));
        let fields = [
            self.psp_reference,
            self.original_reference,
            self.merchant_account_code,
            self.merchant_reference,
            value,
            currency,
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
        let action = self
            .additional_data
            .as_ref()
            .and_then(|d| d.modification_action);
        if code == "CANCEL_OR_REFUND" && success && scalar(action)? == "refund" {
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
        let amount = match &self.amount {
            Some(amount) => {
                amount_if_known(status, minor_amount(amount.value, amount.currency, &ADYEN))?
            }
            None => None,
        };
        Ok(PaymentEvent {
            provider: INFO.name.to_owned(),
            event_id: identifier(&format!("{code}:{psp_reference}:{success}"))?,
            event_type: event_type(&code)?,
            status,
            transaction_id,
            amount,
            merchant_account: account,
            event_time: rfc3339(&required(scalar(self.event_date)?)?)?,
            identity: EventIdentity::Guard(identity),
            related_ids,
        })
    }
}

fn keys(secrets: &Secrets) -> Result<Vec<Vec<u8>>, Reject> {
    if secrets.keys().is_empty() {
        return Err(Reject::SecretMissing);
    }
    // One malformed key must not hide a good one beside it.
    let keys: Vec<_> = secrets
        .keys()
        .iter()
        .filter_map(|k| hex::decode(k.trim()).ok())
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
            let signature = item.additional_data.as_ref().and_then(|d| d.hmac_signature);
            let signature = scalar(signature).map_err(|_| Reject::SignatureMalformed)?;
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
        if notification.notification_items.len() > ITEMS_MAX {
            return Err(ParseError::TooManyEvents);
        }
        notification
            .notification_items
            .iter()
            .map(|wrapper| wrapper.item.event())
            .collect()
    }
}

/// Puts the signature of `key_hex` into every item of `body`; `None` when the body or the key is not Adyen's.
pub(crate) fn sign_items(body: &[u8], key_hex: &str) -> Option<Vec<u8>> {
    let key = hex::decode(key_hex.trim())
        .ok()
        .filter(|k| k.len() == KEY_BYTES)?;
    let signatures: Vec<String> = {
        let notification: Notification<'_> = read_body(body).ok()?;
        let sign = |w: &Wrapper<'_>| {
            Some(base64_text(
                hmac_sha256_tag(&key, &[w.item.signed_text().ok()?.as_bytes()]).as_ref(),
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
