//! Braintree: a form of `bt_signature` and `bt_payload`; the payload is XML in base64 with line
//! breaks, and its text is what is signed: HMAC-SHA1 under the SHA-1 of the private key, hex.
//!
//! Sources, read 2026-11-27:
//! <https://developer.paypal.com/braintree/docs/guides/webhooks/overview>,
//! <https://developer.paypal.com/braintree/docs/reference/general/webhooks/>; braintree-python
//! 4.48.0 (`webhook_notification_gateway.py`, executed as an oracle; its published challenge is in
//! the fixtures). The signature names the public key beside each HMAC, several of them parted by
//! `&`.
//!
//! Before it sends anything, Braintree asks `GET ?bt_challenge=…`, and anybody may ask so: the
//! answer is a signature of what was asked. Therefore a payload that has a challenge's form is
//! refused.
//!
//! A notification has no id of its own: the hash of the signed payload stands for it. Assumed: a
//! repeated delivery has the payload of the first one. Amounts are decimal texts. The library's own
//! samples of subscriptions, local payments and failed refunds state no currency; where a body of
//! these kinds has none, it has no amount, and that is no problem of it. A disbursement's currency
//! is that of its merchant account. Movements: see [`movements`].
//!
//! Long because: a provider is one file.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{Amount, PaymentStatus, Problem};

use self::event_types::EVENT_TYPES;
use self::movements::{Ids, currency, is_credit, movement};
use crate::encoding::{base64_strict, base64_text, hex_any_case};
use crate::events::{Draft, Events, Identity, UNREADABLE};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::form;
use crate::samples::{Escape, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{Hash, hmac, hmac_tag, sha1};
use crate::xml::Element;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    Handshake, KeyEncoding, KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams,
    Secrets, SignatureCoverage, VerifiedWebhook,
};

mod event_types;
mod movements;

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
    source: "https://developer.paypal.com/braintree/docs/guides/webhooks/overview, read 2026-11-27",
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
    event_id: "a hash of bt_payload",
    volatile: &[],
    event_types: &EVENT_TYPES,
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

/// The payload as it is signed, and the text in it; `None` where it is not base64.
fn payload<'a>(body: &'a [u8]) -> (Cow<'a, str>, Option<String>) {
    let payload = form::one(body, "bt_payload").unwrap_or_default();
    let one_line = || payload.split_ascii_whitespace().collect::<String>();
    let xml = base64_strict(&payload).or_else(|| base64_strict(&one_line()));
    // A byte that is not UTF-8 spoils a name, not the payment.
    let lossy = |xml: &[u8]| String::from_utf8_lossy(xml).into_owned();
    let text = xml.map(|xml| String::from_utf8(xml).unwrap_or_else(|bad| lossy(bad.as_bytes())));
    (payload, text)
}

fn notification(xml: Option<&str>) -> Option<Element> {
    let xml = xml?;
    Element::read(xml.strip_prefix('\u{feff}').unwrap_or(xml))
}

/// Returns true for what Braintree asks before it sends anything. Anybody may ask it, so that the
/// answer is no signature of a webhook.
fn is_challenge(text: &str) -> bool {
    let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    CHALLENGE.contains(&text.len()) && text.bytes().all(hexadecimal)
}

fn challenge_answer(challenge: &str, secrets: &Secrets) -> Option<String> {
    if !is_challenge(challenge) {
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

fn status_of(kind: &str, subject: &Element) -> PaymentStatus {
    use PaymentStatus::{
        Captured, DisputeLost, DisputeWon, Disputed, Failed, RefundFailed, Refunded, Unclassified,
    };
    let credit = is_credit(subject);
    // A retrieval asks for information and takes no money.
    let retrieval = subject.text(&["kind"]).eq_ignore_ascii_case("retrieval");
    match kind {
        "transaction_settled" if credit => Refunded,
        "transaction_settled" => Captured,
        "transaction_settlement_declined" if credit => RefundFailed,
        "transaction_settlement_declined" => Failed,
        kind if kind.starts_with("dispute_") && retrieval => Unclassified,
        "dispute_opened" | "dispute_under_review" | "dispute_disputed" => Disputed,
        "dispute_accepted" | "dispute_auto_accepted" | "dispute_expired" | "dispute_lost" => {
            DisputeLost
        }
        "dispute_won" => DisputeWon,
        kind => EVENT_TYPES.status(kind),
    }
}

/// The role of what a notification is about, by the name of its element.
fn role(name: &str) -> &'static str {
    match name {
        "transaction" | "transaction-review" => "transaction",
        "dispute" => "dispute",
        "subscription" => "subscription",
        "disbursement" => "disbursement",
        "local-payment"
        | "local-payment-expired"
        | "local-payment-funded"
        | "local-payment-reversed" => "local_payment",
        _ => "object",
    }
}

/// The first of several texts that is there.
fn first<'t>(texts: &[&'t str]) -> &'t str {
    let stated = texts.iter().find(|text| !text.is_empty());
    stated.copied().unwrap_or_default()
}

/// The money of a notification: of the charge or transaction in it, else of the subject.
fn amount(
    facts: &mut Facts,
    kind: &str,
    status: PaymentStatus,
    subject: &Element,
    charge: Option<&Element>,
) -> Option<Amount> {
    let money = charge.unwrap_or(subject);
    let won = Some(subject.text(&["amount-won"]))
        .filter(|_| status == PaymentStatus::DisputeWon)
        .filter(|won| won.bytes().any(|byte| (b'1'..=b'9').contains(&byte)));
    let value = first(&[
        won.unwrap_or_default(),
        subject.text(&["amount-disputed"]),
        money.text(&["amount"]),
        subject.text(&["transaction", "amount"]),
    ]);
    let currency = currency(subject, charge);
    let may_lack = ["subscription_", "local_payment_"]
        .iter()
        .any(|start| kind.starts_with(start))
        || matches!(kind, "refund_failed" | "transaction_disbursed");
    if may_lack && (currency.is_empty() || value.is_empty()) {
        return None;
    }
    let amount = facts.major_text(status, value, currency, &ISO_ONLY);
    facts.expected(status, amount)
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
        let signatures = form::one(raw.body, "bt_signature").ok_or(Reject::SignatureMissing)?;
        let payload = form::one(raw.body, "bt_payload").ok_or(Reject::SignatureMissing)?;
        if is_challenge(payload.trim()) {
            return Err(Reject::SignatureMalformed);
        }
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

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let (payload, xml) = payload(webhook.body());
        // The line break at the end may be lost on the way.
        let identity = Identity::Content(payload.trim_end().as_bytes().to_vec());
        let mut facts = Facts::default();
        let Some(notification) = notification(xml.as_deref()) else {
            facts.note(Problem::BodyUnreadable);
            let draft = Draft {
                facts,
                identity,
                event_type: UNREADABLE.to_owned(),
                status: PaymentStatus::Unclassified,
                transaction_id: None,
                amount: None,
                merchant_account: None,
                event_time: None,
                dated: false,
                related: Related::new(),
                movements: Vec::new(),
            };
            return Events::of(&INFO, webhook, vec![draft]);
        };
        let nothing = Element::default();
        let subject = notification
            .child("subject")
            .and_then(Element::first)
            .unwrap_or(&nothing);
        let event_type = facts.event_type_text(notification.text(&["kind"]));
        let status = status_of(&event_type, subject);
        // A subscription tells of its charges, the last one first; a dispute of its transaction.
        let charge = subject.child("transactions").and_then(Element::first);
        let amount = amount(&mut facts, &event_type, status, subject, charge);

        let own = first(&[
            subject.text(&["id"]),
            subject.text(&["payment-id"]),
            subject.text(&["transaction-id"]),
        ]);
        // A merchant may choose the id of a subscription.
        let own = match subject.name.as_str() {
            "subscription" => facts.chosen_id_text(own),
            _ => facts.id_text(own),
        };
        let refunded = facts.id_text(subject.text(&["refunded-transaction-id"]));
        let transaction = match charge {
            Some(charge) => facts.id_text(charge.text(&["id"])),
            None => facts.id_text(subject.text(&["transaction", "id"])),
        };
        let mut related = Related::new();
        let role = match refunded {
            Some(_) => "refund",
            None => role(&subject.name),
        };
        let transaction = refunded.or(transaction);
        related.extend(own.clone().map(|id| (role, id)));
        related.extend(transaction.clone().map(|id| ("transaction", id)));
        let account = first(&[
            subject.text(&["merchant-account-id"]),
            charge.unwrap_or(&nothing).text(&["merchant-account-id"]),
            subject.text(&["merchant-account", "id"]),
            notification.text(&["source-merchant-id"]),
        ]);
        let ids = Ids {
            own: own.as_ref(),
            transaction: transaction.as_ref(),
        };
        let told = movement(&event_type, status, subject, &ids, amount.clone());
        let draft = Draft {
            identity,
            event_type,
            status,
            transaction_id: transaction.or(own),
            amount,
            merchant_account: facts.account_text(account),
            event_time: facts.time_text(notification.text(&["timestamp"])),
            dated: true,
            related,
            facts,
            movements: told.into_iter().collect(),
        };
        Events::of(&INFO, webhook, vec![draft])
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
        let (payload, xml) = payload(webhook.body());
        let json = notification(xml.as_deref()).map(|element| match element.json() {
            json if json.is_object() => json,
            json => serde_json::json!({ element.name: json }),
        });
        Cow::Owned(match json {
            Some(json) => json.to_string().into_bytes(),
            // As text: in base64 no card number would be found.
            None => xml.unwrap_or_else(|| payload.into_owned()).into_bytes(),
        })
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
        let fields = [
            ("bt_signature", signature.as_str()),
            ("bt_payload", &payload),
        ];
        Ok(SignedRequest {
            headers: Vec::new(),
            body: form::encode(fields).into_bytes(),
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
