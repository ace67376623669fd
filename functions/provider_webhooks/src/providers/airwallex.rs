//! Airwallex: `x-timestamp` and `x-signature`, HMAC-SHA256 over the two of them and the body
//! without anything between, hex.
//!
//! Sources, read 2026-11-27:
//! <https://www.airwallex.com/docs/developer-tools/webhooks/listen-for-webhook-events> (headers,
//! signature, answers), <https://www.airwallex.com/docs/payments/reference/payments-webhooks>
//! (types, bodies), <https://www.airwallex.com/docs/developer-tools__tips-for-using-webhooks>
//! (retries, ids), <https://www.airwallex.com/docs/payments__disputes__dispute-flow>,
//! <https://airwallex.com/docs/payments__supported-currencies> (ISO 4217's decimal places).
//! No published vector was found.
//!
//! Nothing separates the time from the body, so that digits could move from one to the other: a
//! body that begins with a digit is not believed, and no event of Airwallex's does. No document
//! names a window for the time, and one calls it an order of events, as if a retry kept it [M]: it
//! is not judged, and an event that is sent again has the key of the first delivery.
//!
//! Amounts are JSON numbers of major units. An intent's `captured_amount` is what was captured, a
//! refund's and a dispute's amount their own. A capture is told up to four times, by the intent and
//! by its attempt (`capture_requested`, `settled`, `paid`): see [`movements`]. A dispute before the
//! chargeback, and a request for information, move no money unless they are accepted. The stages'
//! names are those of the documents' tables [M].

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter, prefixed};
use jiff::Timestamp;
use payment_event::PaymentStatus;
use serde_json::value::RawValue;

use crate::encoding::hex_any_case;
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, object_or_default, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod event_types;
mod movements;

use event_types::EVENT_TYPES;
use movements::movements;

pub(super) struct Airwallex;

const TIME_HEADER: &str = "x-timestamp";
const SIGNATURE_HEADER: &str = "x-signature";
/// Digits of a time of 64 bits.
const TIME_DIGITS_MAX: usize = 19;

static INFO: ProviderInfo = ProviderInfo {
    name: "airwallex",
    title: "Airwallex",
    source: "https://www.airwallex.com/docs/developer-tools/webhooks/listen-for-webhook-events, read 2026-11-27",
    signature_headers: &[TIME_HEADER, SIGNATURE_HEADER],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over time and body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one signature, by the webhook's one secret: keep both secrets while it is changed",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::StableWhenStated,
    event_id: "id",
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
        source: "a webhook has a name, a URL, an API version and events, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(3 * 86_400),
        retries: "with growing gaps for about three days; 200",
    },
};

/// Shoppers, payers and beneficiaries with their addresses and accounts, and of a card all but
/// brand and last four. `name` alone is the event's type.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "email", "phone_number", "first_name", "last_name", "date_of_birth", "address", "billing",
        "shipping", "shipping_address", "client_secret", "card/name", "card/number", "card/bin",
        "expiry_month", "expiry_year", "fingerprint", "device_data", "ip_address",
        "beneficiary", "payer", "bank_details", "bank_account", "account_number", "account_name",
        "iban", "shopper_name", "shopper_email", "shopper_phone", "personal_email",
    ],
    ids: &[
        ("id", has_a_letter), ("payment_intent_id", prefixed), ("payment_attempt_id", prefixed),
        ("payment_consent_id", prefixed), ("customer_id", prefixed), ("dispute_id", has_a_letter),
        ("account_id", has_a_letter), ("accountId", has_a_letter), ("source_id", has_a_letter),
        ("request_id", has_a_letter),
    ],
}
.rules();

raw_fields! {
    Event {
        id, name, account_id, #[serde(rename = "accountId")] account_id_camel, org_id, created_at,
        #[serde(rename = "createdAt")] created_at_camel, data,
    }
}

raw_fields! { Wrapped { object } }

raw_fields! {
    Object {
        id, dispute_id, payment_intent_id, payment_attempt_id, stage, amount, currency,
        captured_amount, dispute_amount, dispute_currency, transfer_amount, transfer_currency,
        payment_amount, payment_currency, created_at, updated_at,
        #[serde(rename = "paymentAmount")] payment_amount_camel,
        #[serde(rename = "paymentCurrency")] payment_currency_camel,
    }
}

/// Whether a stage of a dispute comes before money is taken.
fn stage_is(stage: &str, names: &[&str]) -> bool {
    names.iter().any(|name| stage.eq_ignore_ascii_case(name))
}

fn status(kind: &str, object: &Object<'_>) -> PaymentStatus {
    use PaymentStatus::{DisputeLost, DisputeWon, Disputed, Unclassified};
    let Some(dispute) = kind.strip_prefix("payment_dispute.") else {
        return EVENT_TYPES.status(kind);
    };
    let stage = scalar(object.stage);
    let early = stage_is(&stage, &["PRE_CHARGEBACK", "PRE-CHARGEBACK"]);
    match dispute {
        _ if stage_is(&stage, &["RFI"]) => Unclassified,
        "requires_response" | "challenged" if early => Unclassified,
        "requires_response" | "challenged" | "pending_closure" | "pending_decision" => Disputed,
        "accepted" | "expired" | "lost" => DisputeLost,
        "won" | "reversed" => DisputeWon,
        _ => Unclassified,
    }
}

/// The money of an event and its currency.
fn money<'a>(
    status: PaymentStatus,
    object: &Object<'a>,
) -> (Option<&'a RawValue>, Option<&'a RawValue>) {
    let nothing = |raw| scalar(Some(raw)).bytes().all(|b| matches!(b, b'0' | b'.'));
    let captured = object.captured_amount.filter(|raw| {
        status == PaymentStatus::Captured && (raw.get().starts_with('{') || !nothing(raw))
    });
    if captured.is_some() {
        return (captured, object.currency);
    }
    let stated = [
        (object.amount, object.currency),
        (object.dispute_amount, object.dispute_currency),
        (object.transfer_amount, object.transfer_currency),
        (object.payment_amount, object.payment_currency),
        (object.payment_amount_camel, object.payment_currency_camel),
    ];
    let first = stated.into_iter().find(|(amount, _)| amount.is_some());
    first.unwrap_or_default()
}

/// The role of an event's object among its ids.
fn role(kind: &str) -> &'static str {
    match kind.split_once('.').map_or(kind, |(first, _)| first) {
        "payment_intent" => "payment_intent",
        "payment_attempt" => "payment_attempt",
        "refund" => "refund",
        "payment_dispute" => "dispute",
        "payout" | "payment" | "wallet_transfer" => "payout",
        _ => "object",
    }
}

impl Provider for Airwallex {
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
        let header = |name| raw.headers.get(name).ok_or(Reject::SignatureMissing);
        let (signature, time) = (header(SIGNATURE_HEADER)?, header(TIME_HEADER)?);
        let signature = hex_any_case(signature).filter(|bytes| !bytes.is_empty());
        let signature = signature.ok_or(Reject::SignatureMalformed)?;
        if time.len() > TIME_DIGITS_MAX || !time.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Reject::SignatureMalformed);
        }
        let matched = hmac_sha256(keys, &[time.as_bytes(), raw.body], &[signature])?;
        if raw.body.first().is_some_and(u8::is_ascii_digit) {
            return Err(Reject::SignatureMismatch);
        }
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let wrapped: Wrapped<'_> = object_or_default(event.data);
        let object = wrapped.object.filter(|raw| raw.get().starts_with('{'));
        let object: Object<'_> = object_or_default(object.or(event.data));
        let event_type = facts.event_type(event.name);
        let status = status(&event_type, &object);
        let (value, currency) = money(status, &object);
        let amount = facts.major(status, value, currency, &ISO_ONLY);
        let role = role(&event_type);
        let id = facts.id(object.id.or(object.dispute_id));
        let attempt = facts.id(object.payment_attempt_id);
        let intent = facts.id(object.payment_intent_id);
        let mut related = Related::new();
        related.extend(attempt.clone().map(|id| ("payment_attempt", id)));
        related.extend(intent.clone().map(|id| ("payment_intent", id)));
        related.extend(id.clone().map(|id| (role, id)));
        // Older samples have no time of the event; the object's is not the event's own.
        let own_time = facts.time_if_stated(&[event.created_at, event.created_at_camel]);
        let event_time =
            own_time.or_else(|| facts.time_if_stated(&[object.updated_at, object.created_at]));
        let payment = intent.or_else(|| match role {
            "refund" | "dispute" => attempt.or(id.clone()),
            _ => id.clone(),
        });
        let movements = movements(
            &event_type,
            status,
            &object,
            (payment.as_ref(), id.as_ref()),
            amount.as_ref(),
        );
        let draft = Draft {
            identity: Identity::Own(facts.event_id(event.id)),
            event_type,
            status,
            transaction_id: payment,
            amount,
            merchant_account: facts
                .account(event.account_id.or(event.account_id_camel).or(event.org_id)),
            event_time,
            dated: own_time.is_some(),
            related,
            facts,
            movements,
        };
        Events::of(&INFO, webhook, vec![draft])
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        let key = first_key(secrets)?;
        let time = unsigned.at.as_millisecond().to_string();
        let tag = hmac_sha256_tag(key.as_bytes(), &[time.as_bytes(), unsigned.body]);
        Ok(unsigned.with_headers([("x-timestamp", time), ("x-signature", hex::encode(tag))]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/airwallex/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/airwallex/tests.rs"]
mod tests;
