//! Cybersource: `v-c-signature: t=<ms>;keyId=…;sig=<base64>`, HMAC-SHA256 under a key in base64.
//!
//! Sources, read 2026-11-25: <https://developer.cybersource.com/docs/cybs/en-us/webhooks/implementation/all/rest/webhooks.html> and its page on the notification's format. Documents and Cybersource's own plugins
//! (commercetools, Salesforce Commerce Cloud) disagree on what is signed: `t.` and the body, or `t.` and its `payload` alone, in which case nothing vouches for the envelope. The former is
//! taken unless the setting `signed_text` says `payload`; then type, id and time are as told. No library verifies it and no vector is published. The window of five minutes is the plugins'.
//!
//! A payload can be encrypted (a text instead of an object): it is kept as it is, and the event has no amount. Assumed: amounts are decimal texts of major units; `payments.payments.accept`
//! says authorised, as the capture has an event of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde_json::value::RawValue;

use crate::amounts::{amount_if_known, major_amount};
use crate::encoding::{base64_lenient, base64_strict, base64_text, part};
use crate::exponents::ISO_ONLY;
use crate::json::{
    account, bounded, event_type, id_or_object, identifier, json_document, object_or_default,
    raw_fields, read, read_body, required, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::statuses::by_type;
use crate::times::{epoch_millis, rfc3339};
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    Handshake, KeyEncoding, KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject,
    SampleParams, Secrets, Setting, SignatureCoverage, VerifiedWebhook,
};

pub(super) struct Cybersource;

const HEADER: &str = "v-c-signature";
const WINDOW_SECONDS: u32 = 300;
const SIGNED_TEXT: &str = "signed_text";
/// Entries of one payload.
const PAYLOADS_MAX: usize = 100;

static INFO: ProviderInfo = ProviderInfo {
    name: "cybersource",
    title: "Cybersource",
    source: "https://developer.cybersource.com/docs/cybs/en-us/webhooks/implementation/all/rest/webhooks.html, read 2026-11-25",
    signature_headers: &[HEADER],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, base64, over time.body (or time.payload, see signed_text)",
    covers: SignatureCoverage::WholeBody,
    rotation: "a webhook names its key; keys are replaced once a year: keep both meanwhile",
    key: KeyForm {
        prefix: "",
        encoding: KeyEncoding::Base64,
        bytes: 32,
    },
    settings: &[Setting {
        name: SIGNED_TEXT,
        required: false,
        meaning: "body, or payload where Cybersource signs the payload alone",
        sample: "body",
    }],
    event_time: EventTimeStability::Stable,
    event_id: "notificationId, else type, id of the payment and time",
    replay_window_past_seconds: Some(WINDOW_SECONDS),
    replay_window_future_seconds: Some(WINDOW_SECONDS),
    amounts: Amounts {
        form: AmountForm::MajorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "a subscription has URLs and a security policy (key, OAuth or JWT), no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: Some(Handshake {
        method: "GET",
        request: "the health check URL of a subscription",
        answer: "any 2xx",
        parameter: "",
        answer_to: |_, _| Some(String::new()),
    }),
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: None,
        retries: "as the subscription says; any 2xx",
    },
};

#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("payments.authorizations.accept", Authorised),
        ("payments.authorizations.review", Pending),
        ("payments.authorizations.reject", Failed),
        ("payments.payments.accept", Authorised),
        ("payments.payments.review", Pending),
        ("payments.payments.reject", Failed),
        ("payments.captures.accept", Captured),
        ("payments.captures.review", Pending),
        ("payments.captures.reject", Failed),
        ("payments.refunds.accept", Refunded),
        ("payments.refunds.reject", RefundFailed),
        ("payments.credits.accept", Refunded),
        ("payments.credits.reject", RefundFailed),
        ("payments.reversals.accept", Voided),
        ("payments.voids.accept", Voided),
    ]
};

/// `payments.payments.updated` of alternative payment methods says in its state what became of it.
#[rustfmt::skip]
const UPDATED: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("PENDING", Pending), ("SETTLE_INITIATED", Pending), ("COMPLETED", Captured), ("SETTLED", Captured), ("REFUNDED", Refunded),
        ("FAILED", Failed), ("ABANDONED", Voided), ("CANCELLED", Voided),
    ]
};

#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "billTo", "shipTo", "buyerInformation", "deviceInformation", "paymentInformation/customer", "expirationMonth", "expirationYear", "card/number", "card/prefix",
        "tokenizedCard", "bank", "email", "phoneNumber", "merchantInformation", "accountFeatures",
    ],
    ids: &[
        ("notificationId", has_a_letter), ("webhookId", has_a_letter), ("transactionTraceId", has_a_letter), ("id", request_id),
        ("reconciliationId", has_a_letter), ("transactionId", has_a_letter), ("organizationId", has_a_letter),
    ],
}
.rules();

/// Twenty-two digits, or a UUID: no card number is as long.
fn request_id(text: &str) -> bool {
    has_a_letter(text) || (text.len() == 22 && text.bytes().all(|b| b.is_ascii_digit()))
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Event { notification_id, event_type, event_date, organization_id, payload }
}

raw_fields! { Entry { data } }

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Data { id, status, order_information, client_reference_information }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Order { amount_details }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Details { total_amount, authorized_amount, currency }
}

raw_fields! { Reference { code } }

fn key(text: &str) -> Option<Vec<u8>> {
    base64_lenient(text.trim()).filter(|key| !key.is_empty())
}

fn status_of(kind: &str, state: &str) -> PaymentStatus {
    match kind {
        "payments.payments.updated" => by_type(UPDATED, state),
        kind => by_type(STATUS, kind),
    }
}

/// What is signed behind the time: the body, or the text of its payload.
fn signed_text<'a>(body: &'a [u8], secrets: &Secrets) -> Option<&'a [u8]> {
    if secrets.setting(SIGNED_TEXT) != Some("payload") {
        return Some(body);
    }
    let event: Event<'a> = read_body(body).ok()?;
    event.payload.map(|payload| payload.get().as_bytes())
}

impl Event<'_> {
    fn payment(&self, number: usize, raw: Option<&RawValue>) -> Result<PaymentEvent, ParseError> {
        let kind = required(scalar(self.event_type)?)?;
        let event_time = rfc3339(&required(scalar(self.event_date)?)?)?;
        let entry: Entry<'_> = object_or_default(raw)?;
        let data: Data<'_> = object_or_default(entry.data)?;
        let status = status_of(&kind, &scalar(data.status)?);
        let order: Order<'_> = object_or_default(data.order_information)?;
        let details: Details<'_> = object_or_default(order.amount_details)?;
        let stated = details.total_amount.or(details.authorized_amount);
        let amount = major_amount(stated, details.currency, &ISO_ONLY);
        let payment = id_or_object(data.id)?;
        let notification = scalar(self.notification_id)?;
        let event_id = if notification.is_empty() {
            let payment = payment.as_ref().ok_or(ParseError::FieldMissing)?;
            format!(
                "{kind}:{}:{}",
                payment.as_str(),
                event_time.as_millisecond()
            )
        } else if number == 0 {
            notification.into_owned()
        } else {
            format!("{notification}:{number}")
        };
        let event_id = identifier(&event_id)?;
        let reference: Reference<'_> = object_or_default(data.client_reference_information)?;
        let reference = id_or_object(reference.code).ok().flatten();
        let mut related_ids = BTreeMap::new();
        related_ids.extend(payment.clone().map(|id| ("payment".to_owned(), id)));
        related_ids.extend(reference.map(|id| ("client_reference".to_owned(), id)));
        Ok(PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: payment.unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: account(self.organization_id)?,
            event_time,
            identity: EventIdentity::Key,
            related_ids,
        })
    }
}

impl Provider for Cybersource {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        // One malformed key must not hide a good one beside it.
        let keys: Vec<_> = secrets.some_keys()?.iter().filter_map(|k| key(k)).collect();
        if keys.is_empty() {
            return Err(Reject::SecretMalformed);
        }
        let header = raw.headers.get(HEADER).ok_or(Reject::SignatureMissing)?;
        let time = part(header, ';', "t").ok_or(Reject::SignatureMalformed)?;
        let signature = part(header, ';', "sig").and_then(base64_strict);
        let signature = signature.ok_or(Reject::SignatureMalformed)?;
        let signed_at = epoch_millis(time).map_err(|_| Reject::SignatureMalformed)?;
        let text = signed_text(raw.body, secrets).ok_or(Reject::BodyUnreadable)?;
        let matched = hmac_sha256(&keys, &[time.as_bytes(), b".", text], &[signature])?;
        // The time is signed, so it is judged after the signature; to the second, as other providers' are.
        let age = received_at.as_second() - signed_at.as_second();
        if age > i64::from(WINDOW_SECONDS) {
            return Err(Reject::TimestampStale);
        }
        if age < -i64::from(WINDOW_SECONDS) {
            return Err(Reject::TimestampFuture);
        }
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        match event.payload.filter(|raw| raw.get().starts_with('[')) {
            None => Ok(vec![event.payment(0, event.payload)?]),
            Some(list) => {
                let entries: Vec<&RawValue> = read(list.get())?;
                bounded(&entries, PAYLOADS_MAX)?;
                if entries.is_empty() {
                    return Err(ParseError::FieldMissing);
                }
                let payments = entries.into_iter().enumerate();
                payments
                    .map(|(number, raw)| event.payment(number, Some(raw)))
                    .collect()
            }
        }
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Result<Cow<'a, [u8]>, ParseError> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        let key = secrets
            .keys()
            .first()
            .and_then(|k| key(k))
            .ok_or(SignError::Secret)?;
        let time = unsigned.at.as_millisecond().to_string();
        let text = signed_text(unsigned.body, secrets).ok_or(SignError::Body)?;
        let tag = hmac_sha256_tag(&key, &[time.as_bytes(), b".", text]);
        let value = format!("t={time};keyId=example-key;sig={}", base64_text(tag));
        Ok(unsigned.with_headers([(HEADER, value)]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/cybersource/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/cybersource/tests.rs"]
mod tests;
