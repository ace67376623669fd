//! Adyen standard webhooks: an array of items, each with its own HMAC-SHA256 in
//! `additionalData.hmacSignature`.
//!
//! Sources, read 2026-11-23:
//! <https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures>,
//! <https://docs.adyen.com/development-resources/webhooks/webhook-types>; adyen-python-api-library
//! 16.0.0 (executed as an oracle). The signed text joins eight fields with `:` and escapes nothing
//! (three official vectors disprove the guides that say so). The official helper checks item 0
//! alone; here every item must match, or the whole webhook is refused.
//!
//! Since nothing is escaped, whoever holds one signed item could move the cuts between its fields.
//! So the facts are read from the signed text and not from the fields of the body, and it is cut in
//! one way only: see [`Signed::cut`].
//!
//! `additionalData` and `eventDate` are not signed. Of the former, `modification.action` and
//! `disputeStatus` are read, to tell apart what one event code may mean. The latter is the time of
//! the event, which is no part of the key. An event is what was signed: its id is the hash of the
//! signed text, so another `eventDate` or `reason` makes no second event. After a technical failure
//! Adyen captures again and sends `CAPTURE` with the reason "Transaction Recaptured"; if that bears
//! the reference of the first capture, the signed text is that of the first, and so is the event
//! (documented, but no sample shows whether it does).
//!
//! Which money an event tells: see [`movements`].
//!
//! Assumed: half a surrogate pair that stands alone is signed as U+FFFD or, as Java writes it, as a
//! question mark.
//!
//! Long because: signing, cutting the signed text and reading it belong together.

use std::borrow::Cow;
use std::collections::BTreeSet;

use card_masking::{FieldRules, Patterns};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::to_raw_value;

use crate::encoding::{base64_strict, base64_text, hex_any_case};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ExponentTable;
use crate::facts::{Facts, Related};
use crate::json::{json_document, object_or_default, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{Match, hmac_sha256, hmac_sha256_tag};
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyEncoding, KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

mod event_types;
mod movements;

use event_types::{EVENT_TYPES, status};

pub(super) struct Adyen;

const KEY_BYTES: usize = 32;
/// Odd, so that multiplying by it modulo a power of two gives every number below that power exactly once.
const PSP_SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
/// Fifteen hexadecimal digits.
const PSP_BITS: u64 = (1 << 60) - 1;
const _: () = assert!(PSP_SPREAD % 2 == 1);
/// The event code whose `pspReference` is the name of a file, which has colons in it.
const REPORT: &str = "REPORT_AVAILABLE";

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
    event_id: "hash of the eight signed fields",
    volatile: &[],
    event_types: &EVENT_TYPES,
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
        reason, additional_data,
    }
}

raw_fields! { Money { value, currency } }

raw_fields! {
    AdditionalData {
        #[serde(rename = "hmacSignature")] hmac_signature,
        #[serde(rename = "modification.action")] modification_action,
        #[serde(rename = "disputeStatus")] dispute_status,
    }
}

impl Item<'_> {
    /// The text that Adyen signs.
    fn signed_text(&self) -> String {
        let money: Money<'_> = object_or_default(self.amount);
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
        fields.map(scalar).join(":")
    }
}

/// What the signed text says.
#[derive(Debug)]
struct Signed<'t> {
    psp_reference: &'t str,
    original_reference: &'t str,
    merchant_account: &'t str,
    value: &'t str,
    currency: &'t str,
    event_code: &'t str,
    success: &'t str,
}

impl<'t> Signed<'t> {
    /// Cuts the text into fields in the one way that depends on nothing but the text.
    ///
    /// The last four fields hold no colon, so they are cut from the end. In front of them the
    /// merchant's reference is the one field that may hold colons, but for a report, whose
    /// `pspReference` is the name of a file.
    fn cut(text: &'t str) -> Self {
        let mut end = text.rsplitn(5, ':');
        let mut last = || end.next().unwrap_or_default();
        let (success, event_code, currency, value) = (last(), last(), last(), last());
        let front = last();
        let fields: Vec<&str> = if event_code == REPORT {
            let mut fields: Vec<_> = front.rsplitn(4, ':').collect();
            fields.reverse();
            fields
        } else {
            front.splitn(4, ':').collect()
        };
        let field = |position: usize| fields.get(position).copied().unwrap_or_default();
        Self {
            psp_reference: field(0),
            original_reference: field(1),
            merchant_account: field(2),
            value,
            currency,
            event_code,
            success,
        }
    }

    /// The same without the references, which are not known where an event code is not listed and
    /// the body has its fields elsewhere.
    fn of(item: &Item<'_>, text: &'t str) -> Self {
        let signed = Self::cut(text);
        let agreed = scalar(item.psp_reference) == signed.psp_reference;
        if agreed || EVENT_TYPES.knows(signed.event_code) {
            return signed;
        }
        Self {
            psp_reference: "",
            original_reference: "",
            merchant_account: "",
            ..signed
        }
    }
}

/// The event of one item, told by its signed text.
fn draft(item: &Item<'_>, text: &str) -> Draft {
    let mut facts = Facts::default();
    let signed = Signed::of(item, text);
    let data: AdditionalData<'_> = object_or_default(item.additional_data);
    let event_type = facts.event_type_text(signed.event_code);
    let success = signed.success.eq_ignore_ascii_case("true");
    let action = scalar(data.modification_action);
    let status = status(&event_type, success, &action, &scalar(data.dispute_status));
    let json = |text: &str| to_raw_value(text).ok();
    let (value, currency) = (json(signed.value), json(signed.currency));
    let amount = facts.minor(status, value.as_deref(), currency.as_deref(), &EXPONENTS);
    let psp_reference = facts.id_text(signed.psp_reference);
    let original = facts.id_text(signed.original_reference);
    let mut related = Related::new();
    related.extend(psp_reference.clone().map(|id| ("psp_reference", id)));
    related.extend(original.clone().map(|id| ("original_reference", id)));
    let movement = movements::Item {
        code: &event_type,
        success,
        action: &action,
        reason: &scalar(item.reason),
        psp_reference: psp_reference.as_ref(),
        original: original.as_ref(),
        amount: amount.as_ref(),
    };
    let movements = movement.movement().into_iter().collect();
    let payment = original.or(psp_reference);
    Draft {
        // A text that differs in nothing but how half a surrogate pair was signed is the same.
        identity: Identity::Content(text.replace('\u{fffd}', "?").into_bytes()),
        transaction_id: payment.filter(|_| event_type != REPORT),
        event_type,
        status,
        amount,
        merchant_account: facts.account_text(signed.merchant_account),
        event_time: facts.time(&[item.event_date]),
        dated: false,
        related,
        facts,
        movements,
    }
}

/// Whether the signature is that of the text, of which half a surrogate pair may be signed in two
/// ways.
fn matching(keys: &[Vec<u8>], text: &str, signature: Vec<u8>) -> Result<Match, Reject> {
    let signatures = [signature];
    let matched = hmac_sha256(keys, &[text.as_bytes()], &signatures);
    if matched.is_ok() || !text.contains('\u{fffd}') {
        return matched;
    }
    let text = text.replace('\u{fffd}', "?");
    hmac_sha256(keys, &[text.as_bytes()], &signatures)
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
        let notification: Notification<'_> = read_body(raw.body).ok_or(Reject::BodyUnreadable)?;
        let mut matched = None;
        for Wrapper { item } in &notification.notification_items {
            let data: AdditionalData<'_> = object_or_default(item.additional_data);
            let signature = scalar(data.hmac_signature);
            if signature.is_empty() {
                return Err(Reject::SignatureMissing);
            }
            let signature = base64_strict(&signature).ok_or(Reject::SignatureMalformed)?;
            matched = Some(matching(&keys, &item.signed_text(), signature)?);
        }
        // An empty array is signed by nobody.
        Ok(matched.ok_or(Reject::SignatureMissing)?.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(notification) = read_body::<Notification<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        // An item that stands there twice is one event: what tells the two apart is not signed.
        let mut seen = BTreeSet::new();
        let mut drafts = Vec::new();
        for Wrapper { item } in &notification.notification_items {
            let text = item.signed_text();
            if !seen.contains(&text) {
                drafts.push(draft(item, &text));
                seen.insert(text);
            }
        }
        Events::of(&INFO, webhook, drafts)
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
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
        let notification: Notification<'_> = read_body(body)?;
        let sign = |w: &Wrapper<'_>| {
            base64_text(hmac_sha256_tag(key, &[w.item.signed_text().as_bytes()]).as_ref())
        };
        notification.notification_items.iter().map(sign).collect()
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
