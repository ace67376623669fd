//! Adyen's platform, transfer and management webhooks: `HmacSignature`, HMAC-SHA256 over the body, base64. Standard webhooks, signed item by item, are `adyen`.
//!
//! Sources, read 2026-11-25: <https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures>, <https://docs.adyen.com/platforms/payment-event-webhooks>; adyen-python-api-library 16.0.0 (its
//! published vector is in the fixtures).
//! Transfers of a platform's payments tell of captures and refunds once more, for each of their splits: only what is booked has a status, so that each split counts once. An event has no id: it is made of type,
//! object, state and sequence number. A refund's amount is negative there, as the transfer is, and kept so. `timestamp` (in management webhooks `createdAt`) is when the event was made; assumed: it is the same in every delivery.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};

use super::adyen::{EXPONENTS, key, keys};
use crate::amounts::{amount_if_known, minor_amount};
use crate::body_hmac::{BodyHmac, Written};
use crate::json::{
    account, event_type, id_or_object, identifier, json_document, object_or_default, raw_fields,
    read_body, required, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyEncoding, KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams,
    Secrets, SignatureCoverage, VerifiedWebhook,
};

pub(super) struct AdyenPlatform;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "hmacsignature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Base64,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "adyenplatform",
    title: "Adyen (platform and management webhooks)",
    source: "https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures, read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, base64, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one key an endpoint, a new one may take a while to be used: keep both",
    key: KeyForm {
        prefix: "",
        encoding: KeyEncoding::Hex,
        bytes: 32,
    },
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "type, id of the object, its state and sequence number",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &EXPONENTS,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "an endpoint has a URL and basic authentication, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(30 * 86_400),
        retries: "three times at once, then with growing gaps up to thirty days; any 2xx within ten seconds",
    },
};

/// By category, type and state of a transfer.
#[rustfmt::skip]
const STATUS: &[(&str, &str, &str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("platformPayment", "capture", "booked", Captured),
        ("platformPayment", "payment", "booked", Captured),
        ("platformPayment", "payment", "authorised", Authorised),
        ("platformPayment", "payment", "refused", Failed),
        ("platformPayment", "refund", "booked", Refunded),
        ("platformPayment", "captureReversal", "booked", Voided),
        ("platformPayment", "refundReversal", "booked", RefundFailed),
        ("platformPayment", "chargeback", "booked", Disputed),
        ("platformPayment", "secondChargeback", "booked", DisputeLost),
        ("platformPayment", "chargebackReversal", "booked", DisputeWon),
        ("bank", "bankTransfer", "booked", Payout),
        ("bank", "payout", "booked", Payout),
    ]
};

/// Holders, and accounts by number.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "accountHolder/description", "counterparty", "bankAccount", "individual", "organization", "email", "phone", "webAddress", "address",
        "legalName", "fullName", "name", "phoneNumber", "card", "merchantData",
    ],
    ids: &[
        ("id", has_a_letter), ("pspPaymentReference", has_a_letter), ("modificationPspReference", has_a_letter), ("paymentMerchantReference", has_a_letter),
        ("balancePlatform", has_a_letter), ("merchantId", has_a_letter), ("companyId", has_a_letter), ("storeId", has_a_letter),
    ],
}
.rules();

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Event { #[serde(rename = "type")] kind, timestamp, created_at, event_id; data: Data }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Data { id, stored_payment_method_id, status, category, #[serde(rename = "type")] kind, sequence_number, amount, balance_platform, merchant_id, creation_date, category_data }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Category { psp_payment_reference }
}

raw_fields! { Money { value, currency } }

fn status_of(kind: &str, data: &Data<'_>) -> Result<PaymentStatus, ParseError> {
    if !kind.starts_with("balancePlatform.transfer.") {
        return Ok(PaymentStatus::Unclassified);
    }
    let (category, transfer, state) = (
        scalar(data.category)?,
        scalar(data.kind)?,
        scalar(data.status)?,
    );
    let row = STATUS
        .iter()
        .find(|(c, t, s, _)| *c == category && *t == transfer && *s == state);
    Ok(row.map_or(PaymentStatus::Unclassified, |(.., status)| *status))
}

impl Provider for AdyenPlatform {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        _received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        SIGNATURE.verify_with(&keys(secrets)?, raw)
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let kind = required(scalar(event.kind)?)?;
        let data = &event.data;
        let status = status_of(&kind, data)?;
        let money: Money<'_> = object_or_default(data.amount)?;
        let amount = minor_amount(money.value, money.currency, &EXPONENTS);
        let category: Category<'_> = object_or_default(data.category_data)?;
        let own = data.id.or(data.stored_payment_method_id).or(event.event_id);
        let (id, payment) = (
            id_or_object(own)?,
            id_or_object(category.psp_payment_reference)?,
        );
        let at = event.timestamp.or(event.created_at).or(data.creation_date);
        let event_time = rfc3339(&required(scalar(at)?)?)?;
        let about = id.as_ref().map_or("-", |id| id.as_str());
        // Tokenisation webhooks have an id; what the others say of an object, they say of a state of it.
        let event_id = match id_or_object(event.event_id)? {
            Some(id) => id,
            None => {
                let (state, number) = (scalar(data.status)?, scalar(data.sequence_number)?);
                identifier(&format!("{kind}:{about}:{state}:{number}").replace([' ', '#'], "_"))?
            }
        };
        let mut related_ids = BTreeMap::new();
        related_ids.extend(id.clone().map(|id| ("object".to_owned(), id)));
        related_ids.extend(payment.clone().map(|id| ("payment".to_owned(), id)));
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: payment.or(id).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: account(data.merchant_id.or(data.balance_platform))?,
            event_time,
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
        let key = key(secrets).ok_or(SignError::Secret)?;
        let mut signed = SIGNATURE.sign_with("HmacSignature", &key, unsigned);
        signed
            .headers
            .push(("Protocol".to_owned(), "HmacSHA256".to_owned()));
        Ok(signed)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/adyenplatform/sample.template");
        compact(&fill(template, params, &EXPONENTS, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/adyenplatform/tests.rs"]
mod tests;
