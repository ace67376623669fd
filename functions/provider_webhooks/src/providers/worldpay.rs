//! Worldpay Access: `Event-Signature`, `{keyId}/{hash function}/{signature}`, several of them parted by commas; the signature is an HMAC-SHA256 over the body.
//!
//! Sources, read 2026-11-25: <https://docs.worldpay.com/access/products/events/openapi/payment> and its pages per event (body, types). The header's form is from Worldpay's description of signed events; it is
//! switched on on request, and without it a webhook is refused. Not documented where we could read, so both are taken: whether the signature is hexadecimal or base64. Assumed: the
//! secret is used as the text it is, `eventTimestamp`, which has no zone, is UTC, and minor units are ISO 4217's (Worldpay's older gateway has HUF without decimals).
//!
//! `sentForSettlement` and `sentForRefund` are what every merchant is sent, so they count as captured and refunded; `settled` and `refunded`, which only some are sent, tell the same again and are kept
//! unclassified, so that no money is counted twice.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};

use crate::amounts::{amount_if_known, minor_amount};
use crate::encoding::{base64_strict, hex_any_case};
use crate::exponents::ISO_ONLY;
use crate::json::{
    event_type, id_or_object, identifier, json_document, raw_fields, read_body, required, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::statuses::by_type;
use crate::times::rfc3339_or_utc;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

pub(super) struct Worldpay;

const HEADER: &str = "event-signature";
/// The one hash function that is taken, compared without regard to case and dashes.
const HASH_FUNCTION: &str = "sha256";
/// Signatures of one request that are looked at: one for each live key.
const SIGNATURES_MAX: usize = 4;

static INFO: ProviderInfo = ProviderInfo {
    name: "worldpay",
    title: "Worldpay (Access)",
    source: "https://docs.worldpay.com/access/products/events/openapi/payment, read 2026-11-25",
    signature_headers: &[HEADER],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex or base64, over the body; switched on on request",
    covers: SignatureCoverage::WholeBody,
    rotation: "a signature for each live key in one header: keep both keys while they overlap",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "eventId",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: None,
        source: "webhooks are set up by Worldpay on request: ask for it",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: None,
        retries: "until it is answered, later events wait meanwhile; 200",
    },
};

#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("sentForAuthorization", Pending),
        ("authorized", Authorised),
        ("sentForSettlement", Captured),
        ("settlementFailed", Failed),
        ("refused", Failed),
        ("error", Failed),
        ("cancelled", Voided),
        ("expired", Voided),
        ("sentForRefund", Refunded),
        ("refundFailed", RefundFailed),
    ]
};

#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "billingAddress", "shippingAddress", "cardHolderName", "cardExpiryDate", "cardBin", "email", "phone", "payer", "customer",
        "tokenPaymentInstrument/href", "bankAccount",
    ],
    ids: &[("eventId", has_a_letter), ("downstreamReference", downstream), ("tokenId", downstream)],
}
.rules();

/// Worldpay's own reference of an order: digits, which may have a right check digit.
fn downstream(text: &str) -> bool {
    text.len() <= 24 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Event { event_id, event_timestamp; event_details: Details }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Details { classification, transaction_reference, downstream_reference, #[serde(rename = "type")] kind; amount: Money }
}

raw_fields! { Money { value, #[serde(rename = "currencyCode")] currency_code } }

/// The signatures of the header that a known hash function made.
fn signatures(header: &str) -> Vec<Vec<u8>> {
    let one = |entry: &str| {
        let mut parts = entry.trim().splitn(3, '/');
        let (_key, hash, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let known = hash.replace('-', "").eq_ignore_ascii_case(HASH_FUNCTION);
        let decoded = hex_any_case(signature).or_else(|| base64_strict(signature));
        decoded.filter(|bytes| known && !bytes.is_empty())
    };
    header
        .split(',')
        .take(SIGNATURES_MAX)
        .filter_map(one)
        .collect()
}

/// Chargebacks are told by their class: the names of their types were not at hand.
fn status_of(kind: &str, classification: &str) -> PaymentStatus {
    match classification {
        "chargeback" => PaymentStatus::Disputed,
        "payment" => by_type(STATUS, kind),
        _ => PaymentStatus::Unclassified,
    }
}

impl Provider for Worldpay {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        _received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        let keys = secrets.some_keys()?;
        let mut sent = raw.headers.all(HEADER).take(SIGNATURES_MAX).peekable();
        if sent.peek().is_none() {
            return Err(Reject::SignatureMissing);
        }
        let signatures: Vec<_> = sent.flat_map(signatures).collect();
        if signatures.is_empty() {
            return Err(Reject::SignatureMalformed);
        }
        Ok(hmac_sha256(keys, &[raw.body], &signatures)?.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let event_id = identifier(&required(scalar(event.event_id)?)?)?;
        let details = &event.event_details;
        let kind = required(scalar(details.kind)?)?;
        let status = status_of(&kind, &scalar(details.classification)?);
        let money = &details.amount;
        let amount = minor_amount(money.value, money.currency_code, &ISO_ONLY);
        let downstream = id_or_object(details.downstream_reference)?;
        // The merchant's own reference: a text of the merchant's, which may be no usable id.
        let reference = id_or_object(details.transaction_reference).ok().flatten();
        let mut related_ids = BTreeMap::new();
        related_ids.extend(
            downstream
                .clone()
                .map(|id| ("downstream_reference".to_owned(), id)),
        );
        related_ids.extend(
            reference
                .clone()
                .map(|id| ("transaction_reference".to_owned(), id)),
        );
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: reference.or(downstream).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: None,
            event_time: rfc3339_or_utc(&required(scalar(event.event_timestamp)?)?)?,
            identity: EventIdentity::Key,
            related_ids,
        }])
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Result<Cow<'a, [u8]>, ParseError> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        let tag = hmac_sha256_tag(first_key(secrets)?.as_bytes(), &[unsigned.body]);
        let value = format!("1/SHA256/{}", hex::encode(tag));
        Ok(unsigned.with_headers([("Event-Signature", value)]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/worldpay/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/worldpay/tests.rs"]
mod tests;
