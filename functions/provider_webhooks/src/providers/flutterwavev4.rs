//! Flutterwave's fourth version: `flutterwave-signature`, HMAC-SHA256 over the body under the
//! secret hash. The third version is `flutterwave`.
//!
//! Sources: <https://developer.flutterwave.com/docs/webhooks>, read 2026-11-25; its section
//! "Structure of a Webhook Payload", the reference of the version (types, states, the bodies of
//! transfers and refunds) in copies, and github.com/toneflix/flutterwave-4-nodejs-sdk, read
//! 2026-11-27. Public code disagrees on base64 or hexadecimal, most of it says base64: both are
//! taken, since the bytes are the same. No library verifies it and no vector is published.
//!
//! The envelope has an id (`webhook_id`, in some samples `id`) and a `timestamp`, but no document
//! says that the id is the event's and stays the same when a delivery is repeated: the identity is
//! the hash of the body. The time is that of the object, which states it as text or as seconds with
//! a fraction; only without it the envelope's milliseconds. It is not part of the key.
//!
//! Amounts are in major units, as JSON numbers. A refund is documented without a currency. A
//! transfer states two currencies and one amount: it is read where both are the same, because the
//! body does not say which one it is in. Movements: see [`movements`].
//!
//! Assumptions: deliveries are tried again three times where retries are switched on. A refund for
//! `expired_uncaptured_charge` releases an authorisation. `charge.failed`, `transfer.failed`,
//! `refund.failed`, `chargeback.*` and `virtual_account.funded` are listed by a third party alone
//! (github.com/api-evangelist/flutterwave) \[M\], and so are the states of a chargeback.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{Amount, PaymentStatus};

use crate::body_hmac::{BodyHmac, Written};
use crate::event_types::{EventTypes, Says};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::statuses::by_state;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod movements;

use movements::movement;

pub(super) struct FlutterwaveV4;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "flutterwave-signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Base64OrHex,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "flutterwavev4",
    title: "Flutterwave (version 4)",
    source: "https://developer.flutterwave.com/docs/webhooks, read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, base64 or hex, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one secret hash: keep both while it is changed",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Unstable,
    event_id: "hash of the body: no document calls webhook_id the event's",
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
        source: "a webhook has a URL and a secret hash, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(3 * 1800),
        retries: "three times, every 30 minutes, where retries are switched on; 200 within 60 seconds",
    },
};

/// What an event type says. The state of a charge, a refund and an order decides in [`status`].
#[rustfmt::skip]
static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://developer.flutterwave.com/docs/webhooks and copies of the v4 reference, read 2026-11-27",
        open: false,
        rows: &[
            ("charge.authorized", Status(Authorised)),
            ("charge.completed", ByState),
            ("charge.failed", Status(Failed)),
            ("chargeback.created", ByState),
            ("chargeback.updated", ByState),
            ("order.authorization", ByState),
            ("refund.completed", ByState),
            ("refund.failed", Status(RefundFailed)),
            ("transfer.completed", Status(Payout)),
            ("transfer.disburse", Status(Payout)),
            ("transfer.failed", Status(Payout)),
            ("transfer.reversal", Status(Payout)),
            ("virtual_account.funded", Nothing),
        ],
    }
};

/// By the first part of the type and the state; a row without a state is for every other one.
#[rustfmt::skip]
const STATES: &[(&str, &str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("charge", "succeeded", Captured),
        ("charge", "failed", Failed),
        ("charge", "pending", Pending),
        ("charge", "voided", Voided),
        ("chargeback", "won", DisputeWon),
        ("chargeback", "reversed", DisputeWon),
        ("chargeback", "lost", DisputeLost),
        ("chargeback", "accepted", DisputeLost),
        ("chargeback", "", Disputed),
        ("order", "authorized", Authorised),
        ("order", "succeeded", Authorised),
        ("order", "pending", Pending),
        ("order", "failed", Failed),
        ("order", "voided", Voided),
        ("refund", "succeeded", Refunded),
        ("refund", "completed", Refunded),
        ("refund", "failed", RefundFailed),
        ("refund", "cancelled", RefundFailed),
        ("refund", "new", Pending),
        ("refund", "pending", Pending),
        ("refund", "requires_action", Pending),
    ]
};

/// The customer, and the card but its last four.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "customer/email", "customer/name", "customer/phone", "customer/address", "card/first6", "card/expiry_month", "card/expiry_year", "card/nonce",
        "card/card_holder_name", "mobile_money/phone_number", "bank_account", "email", "phone", "address", "recipient", "sender",
    ],
    ids: &[
        ("id", has_a_letter), ("webhook_id", has_a_letter), ("reference", has_a_letter), ("charge_id", has_a_letter), ("customer_id", has_a_letter),
        ("payment_method_id", has_a_letter),
    ],
}
.rules();

raw_fields! { Event { #[serde(rename = "type")] kind, timestamp; data: Data } }

raw_fields! {
    Data {
        id, charge_id, amount, amount_refunded, currency, source_currency, destination_currency,
        status, reason,
        created_datetime, updated_datetime, disburse_datetime;
        reversal: Reversal,
    }
}

raw_fields! { Reversal { reversal_datetime } }

fn status(kind: &str, data: &Data<'_>) -> PaymentStatus {
    let (first, _) = kind.split_once('.').unwrap_or_default();
    let of_type = || by_state(STATES, first, &scalar(data.status));
    match EVENT_TYPES.says(kind) {
        Some(Says::Status(status)) => status,
        Some(Says::ByState) => match of_type() {
            PaymentStatus::Refunded if scalar(data.reason) == "expired_uncaptured_charge" => {
                PaymentStatus::Voided
            }
            status => status,
        },
        Some(Says::Nothing) | None => PaymentStatus::Unclassified,
    }
}

/// The money. What is documented without a currency, or with two of them, is read only where the
/// body says in which currency it is.
fn amount(facts: &mut Facts, kind: &str, status: PaymentStatus, data: &Data<'_>) -> Option<Amount> {
    let money = data.amount_refunded.or(data.amount);
    let both = match scalar(data.source_currency) == scalar(data.destination_currency) {
        true => data.source_currency,
        false => None,
    };
    let currency = data.currency.or(both);
    let optional = ["refund.", "transfer."];
    if currency.is_none() && optional.iter().any(|start| kind.starts_with(start)) {
        return None;
    }
    facts.major(status, money, currency, &ISO_ONLY)
}

/// The role of the object; the type may be any text, so it is taken from a closed list.
fn role(kind: &str) -> &'static str {
    match kind.split('.').next() {
        Some("charge") => "charge",
        Some("chargeback") => "dispute",
        Some("order") => "order",
        Some("refund") => "refund",
        Some("transfer") => "transfer",
        _ => "object",
    }
}

impl Provider for FlutterwaveV4 {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        _received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        SIGNATURE.verify(raw, secrets)
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let data = &event.data;
        let event_type = facts.event_type(event.kind);
        let status = status(&event_type, data);
        let id = facts.id(data.id);
        let charge = facts.id(data.charge_id);
        let mut related = Related::new();
        related.extend(id.clone().map(|id| (role(&event_type), id)));
        related.extend(charge.clone().map(|id| ("charge", id)));
        let amount = amount(&mut facts, &event_type, status, data);
        let ids = [id.as_ref(), charge.as_ref()];
        let told = movement(&event_type, status, data, ids, amount.clone());
        let draft = Draft {
            identity: Identity::Body,
            status,
            transaction_id: charge.or(id),
            amount,
            merchant_account: None,
            event_time: facts.time(&[
                data.reversal.reversal_datetime,
                data.updated_datetime,
                data.created_datetime,
                data.disburse_datetime,
                event.timestamp,
            ]),
            dated: false,
            related,
            event_type,
            facts,
            movements: told.into_iter().collect(),
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
        SIGNATURE.sign("flutterwave-signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/flutterwavev4/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/flutterwavev4/tests.rs"]
mod tests;
