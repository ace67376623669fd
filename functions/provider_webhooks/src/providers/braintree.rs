//! Braintree: a form of `bt_signature` and `bt_payload`; the payload is XML in base64 with line breaks, and its text is what is signed: HMAC-SHA1 under the SHA-1 of the private key, hex.
//!
//! Sources, read 2026-11-25: <https://developer.paypal.com/braintree/docs/guides/webhooks/overview>, <https://developer.paypal.com/braintree/docs/reference/general/webhooks/>; braintree-python 4.48.0 (`webhook_notification_gateway.py`, executed as an
//! oracle; its published challenge is in the fixtures). The signature names the public key beside each HMAC, several of them parted by `&`. Before it sends anything, Braintree asks `GET ?bt_challenge=…`.
//!
//! A notification has no id of its own: it is made of kind, object and the notification's time, which are signed. Assumed: a repeated delivery has the payload of the first one. Amounts are decimal
//! texts; where a notification does not state the currency (transactions of a subscription) it has no amount.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, Identifier, PaymentEvent, PaymentStatus};

use crate::amounts::{amount_if_known, major_text_amount};
use crate::encoding::{base64_strict, base64_text, hex_any_case};
use crate::exponents::ISO_ONLY;
use crate::json::{event_type, identifier};
use crate::samples::{Escape, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{Hash, hmac, hmac_tag, sha1};
use crate::statuses::by_type;
use crate::times::rfc3339;
use crate::xml::Element;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    Handshake, KeyEncoding, KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject,
    SampleParams, Secrets, SignatureCoverage, VerifiedWebhook,
};

pub(super) struct Braintree;

/// Signatures of one request that are looked at: one for each key pair of the account.
const SIGNATURES_MAX: usize = 16;
/// Braintree's lines.
const LINE_BYTES: usize = 60;
/// As braintree-python has it: a challenge is 20 to 32 hexadecimal digits.
const CHALLENGE: std::ops::RangeInclusive<usize> = 20..=32;

static INFO: ProviderInfo = ProviderInfo {
    name: "braintree",
    title: "Braintree",
    source: "https://developer.paypal.com/braintree/docs/guides/webhooks/overview, read 2026-11-25",
    signature_headers: &[],
    unsigned_headers: &[],
    content_types: &["application/x-www-form-urlencoded"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA1 under the SHA-1 of the private key, hex, over the payload as sent",
    covers: SignatureCoverage::Fields(&["bt_payload"]),
    rotation: "an account has several key pairs and signs with each: keep both",
    key: KeyForm {
        prefix: "example_public_key|",
        encoding: KeyEncoding::Text,
        bytes: 24,
    },
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "kind, id of the object and the time of the notification",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MajorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "a webhook has a URL and kinds, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: Some(Handshake {
        method: "GET",
        request: "?bt_challenge=…",
        answer: "the public key and the challenge's HMAC",
        parameter: "bt_challenge",
        answer_to: challenge_answer,
    }),
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(86_400),
        retries: "every hour for a day (sandbox: three hours); any 2xx within thirty seconds",
    },
};

/// Of transactions, disputes, subscriptions and local payments. What a disbursement pays out is told without its currency; `local_payment_funded` tells a completed one again.
#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("transaction_settled", Captured),
        ("transaction_settlement_declined", Failed),
        ("transaction_disbursed", Payout),
        ("disbursement", Payout),
        ("subscription_charged_successfully", Captured),
        ("subscription_charged_unsuccessfully", Failed),
        ("local_payment_completed", Captured),
        ("local_payment_reversed", Refunded),
        ("local_payment_expired", Voided),
        ("refund_failed", RefundFailed),
        ("dispute_opened", Disputed),
        ("dispute_under_review", Disputed),
        ("dispute_disputed", Disputed),
        ("dispute_accepted", DisputeLost),
        ("dispute_auto_accepted", DisputeLost),
        ("dispute_expired", DisputeLost),
        ("dispute_lost", DisputeLost),
        ("dispute_won", DisputeWon),
    ]
};

/// The card but type and last four, the customer, bank accounts.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "credit-card/bin", "credit-card/cardholder-name", "credit-card/expiration-month", "credit-card/expiration-year", "credit-card/unique-number-identifier",
        "bin", "cardholder-name", "expiration-month", "expiration-year", "expiration-date", "token", "customer", "billing", "shipping", "email", "payer-email", "payer-id",
        "routing-number", "account-number", "account-number-last-4", "account-holder-name", "iban-last-chars", "bic", "paypal-account", "us-bank-account",
    ],
    ids: &[
        ("id", has_a_letter), ("merchant-account-id", has_a_letter), ("order-id", has_a_letter), ("payment-id", has_a_letter),
        ("original-dispute-id", has_a_letter), ("subscription-id", has_a_letter),
    ],
}
.rules();

/// A pair of keys as the secret has it: `public|private`.
fn pairs(secrets: &Secrets) -> impl Iterator<Item = (&str, &str)> {
    let pair = |key: &String| {
        key.trim()
            .split_once('|')
            .map(|(public, private)| (public.len(), private.len()))
    };
    let texts = secrets
        .keys()
        .iter()
        .filter(move |key| pair(key).is_some_and(|(a, b)| a > 0 && b > 0));
    texts.filter_map(|key| key.trim().split_once('|'))
}

/// One field of the form; `None` when it is absent or there twice.
fn field<'a>(body: &'a [u8], wanted: &str) -> Option<Cow<'a, str>> {
    let mut values = form_urlencoded::parse(body).filter(|(name, _)| name == wanted);
    let (_, value) = values.next()?;
    values.next().is_none().then_some(value)
}

fn notification(webhook: &VerifiedWebhook<'_>) -> Result<Element, ParseError> {
    let payload = field(webhook.body(), "bt_payload").ok_or(ParseError::FieldMissing)?;
    let one_line: String = payload.split_ascii_whitespace().collect();
    let xml = base64_strict(&one_line).ok_or(ParseError::Malformed)?;
    Element::read(std::str::from_utf8(&xml).map_err(|_| ParseError::Malformed)?)
}

fn challenge_answer(challenge: &str, secrets: &Secrets) -> Option<String> {
    let hexadecimal = challenge
        .bytes()
        .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !hexadecimal || !CHALLENGE.contains(&challenge.len()) {
        return None;
    }
    let (public, private) = pairs(secrets).next()?;
    let tag = hmac_tag(
        Hash::Sha1,
        &sha1(private.as_bytes()),
        &[challenge.as_bytes()],
    );
    Some(format!("{public}|{}", hex::encode(tag)))
}

fn id(text: &str) -> Result<Option<Identifier>, ParseError> {
    match text {
        "" => Ok(None),
        text => identifier(text).map(Some),
    }
}

impl Provider for Braintree {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        _received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        secrets.some_keys()?;
        let signatures = field(raw.body, "bt_signature").ok_or(Reject::SignatureMissing)?;
        let payload = field(raw.body, "bt_payload").ok_or(Reject::SignatureMissing)?;
        let named: Vec<(&str, Vec<u8>)> = signatures
            .split('&')
            .take(SIGNATURES_MAX)
            .filter_map(|entry| entry.split_once('|'))
            .filter_map(|(public, signature)| Some((public, hex_any_case(signature.trim())?)))
            .collect();
        if named.is_empty() {
            return Err(Reject::SignatureMalformed);
        }
        let mut usable = false;
        for (public, private) in pairs(secrets) {
            usable = true;
            let ours = named.iter().filter(|(name, _)| name.trim() == public);
            let ours: Vec<Vec<u8>> = ours.map(|(_, signature)| signature.clone()).collect();
            let key = [sha1(private.as_bytes())];
            // As braintree-python does: the line break at the end may have been lost on the way.
            for end in [&b""[..], b"\n"] {
                if let Ok(matched) = hmac(Hash::Sha1, &key, &[payload.as_bytes(), end], &ours) {
                    return Ok(matched.vouch(raw));
                }
            }
        }
        Err(match usable {
            true => Reject::SignatureMismatch,
            false => Reject::SecretMalformed,
        })
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let notification = notification(webhook)?;
        let kind = match notification.text(&["kind"]) {
            "" => return Err(ParseError::FieldMissing),
            kind => kind,
        };
        let status = by_type(STATUS, kind);
        let event_time = match notification.text(&["timestamp"]) {
            "" => return Err(ParseError::FieldMissing),
            time => rfc3339(time)?,
        };
        let nothing = Element::default();
        let subject = notification
            .child("subject")
            .and_then(Element::first)
            .unwrap_or(&nothing);
        // A subscription tells of its charges, the last one first; a dispute of its transaction.
        let charge = subject.child("transactions").and_then(Element::first);
        let money = charge.unwrap_or(subject);
        let amount = major_text_amount(
            money.text(&["amount"]),
            money.text(&["currency-iso-code"]),
            &ISO_ONLY,
        );
        let own = match subject.text(&["id"]) {
            "" => id(subject.text(&["payment-id"]))?,
            text => id(text)?,
        };
        let transaction = match charge {
            Some(charge) => id(charge.text(&["id"]))?,
            None => id(subject.text(&["transaction", "id"]))?,
        };
        let about = own.as_ref().map_or("-", |id| id.as_str());
        let event_id = identifier(&format!("{kind}:{about}:{}", event_time.as_second()))?;
        let mut related_ids = BTreeMap::new();
        if !subject.name.is_empty() {
            related_ids.extend(own.clone().map(|id| (subject.name.replace('-', "_"), id)));
        }
        related_ids.extend(transaction.clone().map(|id| ("transaction".to_owned(), id)));
        let account = match subject.text(&["merchant-account-id"]) {
            "" => notification.text(&["source-merchant-id"]),
            account => account,
        };
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: transaction.or(own).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: (!account.is_empty() && account.len() <= 256)
                .then(|| account.to_owned()),
            event_time,
            identity: EventIdentity::Key,
            related_ids,
        }])
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Result<Cow<'a, [u8]>, ParseError> {
        let json = notification(webhook)?.json();
        if !json.is_object() {
            return Err(ParseError::Malformed);
        }
        Ok(Cow::Owned(json.to_string().into_bytes()))
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        first_key(secrets)?;
        let (public, private) = pairs(secrets).next().ok_or(SignError::Secret)?;
        let text = base64_text(unsigned.body);
        let lines = text.as_bytes().chunks(LINE_BYTES);
        let payload: String = lines
            .map(|line| String::from_utf8_lossy(line).into_owned() + "\n")
            .collect();
        let tag = hmac_tag(Hash::Sha1, &sha1(private.as_bytes()), &[payload.as_bytes()]);
        let signature = format!("{public}|{}", hex::encode(tag));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("bt_signature", &signature)
            .append_pair("bt_payload", &payload);
        Ok(SignedRequest {
            headers: Vec::new(),
            body: form.finish().into_bytes(),
        })
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/braintree/sample.template");
        fill(template, params, &ISO_ONLY, Escape::Xml, &[]).into_bytes()
    }
}

#[cfg(test)]
#[path = "../../fixtures/braintree/tests.rs"]
mod tests;
