//! Cybersource: `v-c-signature: t=<ms>;keyId=…;sig=<base64>`, HMAC-SHA256 under a key in base64.
//!
//! Sources, read 2026-11-27:
//! <https://developer.cybersource.com/docs/cybs/en-us/webhooks/implementation/all/rest/webhooks.html>
//! and its pages on the notification's format and the event types. Documents and Cybersource's own
//! plugins (commercetools, Salesforce Commerce Cloud) disagree on what is signed: `t.` and the
//! body, or `t.` and its `payload` alone. The former is taken unless the setting `signed_text` says
//! `payload`. No library verifies it and no vector is published. The window of five minutes is the
//! plugins'.
//!
//! Where the payload alone is signed, nothing vouches for the envelope: the identity is a hash of
//! the payload, so that one signature is one event whatever the envelope says, and time and account
//! are those in the payload. The type, which nothing in the payload states, is as told; of several
//! that are told with one payload the first counts.
//!
//! Payloads of payments are encrypted by the published rules (a text instead of an object): they
//! are kept as they are, and the event has no amount and stands for itself, which is no problem of
//! it. Assumed: amounts are decimal texts of major units; `payments.payments.accept` says
//! authorised, as the capture has an event of its own, while an accepted eCheck debit is the whole
//! payment; a retry changes `retryNumber` and `requestType` and nothing else. A capture or refund
//! is told when it is accepted and again when it is batched. Which money an event tells: see
//! [`movements`].

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{Identifier, PaymentStatus};
use serde_json::value::RawValue;

use self::event_types::EVENT_TYPES;
use crate::encoding::{base64_lenient, base64_strict, base64_text, part};
use crate::events::{Draft, EVENTS_MAX, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::identity::content_hash;
use crate::json::{json_document, list, object_or_default, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::statuses::by_state;
use crate::times;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    Handshake, KeyEncoding, KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams,
    Secrets, Setting, SignatureCoverage, VerifiedWebhook,
};

mod event_types;
mod movements;

pub(super) struct Cybersource;

const HEADER: &str = "v-c-signature";
const WINDOW_SECONDS: u32 = 300;
const SIGNED_TEXT: &str = "signed_text";
/// Digits of a time in milliseconds, from September 2001 to the year 2286.
const MILLIS_DIGITS: usize = 13;

static INFO: ProviderInfo = ProviderInfo {
    name: "cybersource",
    title: "Cybersource",
    source: "https://developer.cybersource.com/docs/cybs/en-us/webhooks/implementation/all/rest/webhooks.html, read 2026-11-27",
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
    event_time: EventTimeStability::StableWhenStated,
    event_id: "notificationId; a hash of the payload where the payload alone is signed",
    volatile: &["retryNumber", "requestType"],
    event_types: &EVENT_TYPES,
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

const UPDATED_TYPE: &str = "payments.payments.updated";

/// `payments.payments.updated` of alternative payment methods says in its state what became of it.
/// `AUTHORIZED` is a state of the payments interface, not of the pages on these notices.
#[rustfmt::skip]
const UPDATED: &[(&str, &str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        (UPDATED_TYPE, "PENDING", Pending),
        (UPDATED_TYPE, "SETTLE_INITIATED", Pending),
        (UPDATED_TYPE, "AUTHORIZED", Authorised),
        (UPDATED_TYPE, "COMPLETED", Captured),
        (UPDATED_TYPE, "SETTLED", Captured),
        (UPDATED_TYPE, "REFUNDED", Refunded),
        (UPDATED_TYPE, "FAILED", Failed),
        (UPDATED_TYPE, "ABANDONED", Voided),
        (UPDATED_TYPE, "CANCELLED", Voided),
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

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Entry { organization_id; data: Data }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Data {
        id, status, submit_time_utc;
        order_information: Order, client_reference_information: Reference,
    }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Order {; amount_details: Details }
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
        UPDATED_TYPE => by_state(UPDATED, kind, state),
        kind => EVENT_TYPES.status(kind),
    }
}

/// A time in milliseconds, as it is signed.
fn millis(text: &str) -> Option<Timestamp> {
    times::time(text)
        .filter(|_| text.len() == MILLIS_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What is signed behind the time, where it is not the body: the text of its payload.
fn signed_payload(body: &[u8]) -> Option<&[u8]> {
    let event: Event<'_> = read_body(body)?;
    event.payload.map(|payload| payload.get().as_bytes())
}

/// What is signed behind the time: the body, or the text of its payload.
fn signed_text<'a>(body: &'a [u8], secrets: &Secrets) -> Option<&'a [u8]> {
    match secrets.setting(SIGNED_TEXT) {
        Some("payload") => signed_payload(body),
        _ => Some(body),
    }
}

/// One entry of a payload.
struct Place<'p> {
    /// Its number, where the payload has several.
    number: Option<usize>,
    /// The text of the payload, where that alone is signed.
    signed_part: Option<&'p [u8]>,
}

impl Event<'_> {
    fn payment(&self, place: &Place<'_>, raw: Option<&RawValue>) -> Draft {
        let mut facts = Facts::default();
        let event_type = facts.event_type(self.event_type);
        let entry: Entry<'_> = object_or_default(raw);
        let data = &entry.data;
        let status = status_of(&event_type, &scalar(data.status));
        let encrypted = raw.is_some_and(|raw| raw.get().starts_with('"'));
        let details = &data.order_information.amount_details;
        let stated = details.total_amount.or(details.authorized_amount);
        let amount = match encrypted {
            true => None,
            // No document shows one for every payment method.
            false if event_type == UPDATED_TYPE => {
                facts.major_if_stated(status, stated, details.currency, &ISO_ONLY)
            }
            false => facts.major(status, stated, details.currency, &ISO_ONLY),
        };
        let payment = facts.id(data.id);
        let state = scalar(data.status);
        let told = match encrypted {
            true => None,
            false => movements::movement(&event_type, &state, payment.as_ref(), details),
        };
        let reference = facts.chosen_id(data.client_reference_information.code);
        let mut related = Related::new();
        related.extend(payment.clone().map(|id| ("payment", id)));
        related.extend(reference.map(|id| ("client_reference", id)));

        let number = place.number.unwrap_or(0);
        let identity = match place.signed_part {
            Some(part) if number == 0 => Identity::Content(part.to_vec()),
            Some(part) => Identity::Content([part, format!("\0{number}").as_bytes()].concat()),
            None if number == 0 => Identity::Own(facts.event_id(self.notification_id)),
            None => {
                let own = facts.event_id(self.notification_id);
                let numbered = own.map(|id| Identifier::new(format!("{id}:{number}")));
                Identity::Own(numbered.and_then(Result::ok))
            }
        };
        // What is encrypted stands for itself.
        let own = match &identity {
            _ if !encrypted => None,
            Identity::Own(id) => id.clone(),
            Identity::Content(signed) => {
                Some(Identifier::of_sha256(&content_hash(signed, &[], ""), None))
            }
            _ => None,
        };
        let times: &[_] = match place.signed_part {
            None => &[self.event_date],
            Some(_) => &[data.submit_time_utc, self.event_date],
        };
        let account = match place.signed_part {
            None => self.organization_id.or(entry.organization_id),
            Some(_) => entry.organization_id,
        };
        Draft {
            identity,
            event_type,
            status,
            transaction_id: payment.or(own),
            amount,
            merchant_account: facts.account(account),
            event_time: facts.time(times),
            // What no signature covers is no part of the key.
            dated: place.signed_part.is_none(),
            related,
            facts,
            movements: told.into_iter().collect(),
        }
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
        let signature = part(header, ';', "sig").map(|text| text.trim_matches('"'));
        let signature = signature.and_then(base64_strict);
        let signature = signature.ok_or(Reject::SignatureMalformed)?;
        let signed_at = millis(time).ok_or(Reject::SignatureMalformed)?;
        let text = signed_text(raw.body, secrets).ok_or(Reject::BodyUnreadable)?;
        let matched = hmac_sha256(&keys, &[time.as_bytes(), b".", text], &[signature])?;
        // The time is signed, so it is judged after the signature; to the second, as other
        // providers' are.
        INFO.judge_time(received_at, signed_at.as_second())?;
        let body = raw.body;
        let verified = matched.vouch(raw);
        Ok(match secrets.setting(SIGNED_TEXT) {
            Some("payload") => verified.covering(signed_payload(body).unwrap_or_default()),
            _ => verified,
        })
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let signed_part = webhook.signed_part();
        let entries = list(event.payload);
        let several = entries.len() > 1;
        let place = |number: usize| Place {
            number: several.then_some(number),
            signed_part,
        };
        let drafts = match entries.as_slice() {
            // One object, an encrypted text, or nothing.
            [] => vec![event.payment(&place(0), event.payload)],
            // More than are stored one by one are one event, which needs none of them.
            entries => {
                let entries = entries.iter().take(EVENTS_MAX + 1).enumerate();
                let draft =
                    |(number, raw): (usize, &&RawValue)| event.payment(&place(number), Some(raw));
                entries.map(draft).collect()
            }
        };
        Events::of(&INFO, webhook, drafts)
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
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
