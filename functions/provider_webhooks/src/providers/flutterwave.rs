//! Flutterwave (version 3): `verif-hash`, the secret itself, sent along.
//!
//! Sources: <https://developer.flutterwave.com/docs/integration-guides/webhooks/>, read 2026-11-25;
//! the samples of its page on webhooks (payment, transfer, virtual card, subscription, BVN, bill)
//! and public deliveries, read 2026-11-27. Nothing vouches for the body: whoever has once seen the
//! header can send any. Flutterwave says to ask its API before giving value; what is stored here is
//! what was told, and the catalogue says so.
//!
//! There is no id of an event: the identity is the hash of the body, so that a forged body never
//! takes the place of a genuine one. Times are those of the object and unsigned. Amounts are JSON
//! numbers of major units, whose text is kept.
//!
//! Bodies come in several shapes. Most have `event` and `data`. Some charges are flat, with
//! `event.type` (`CARD_TRANSACTION`), `txRef` and `createdAt`; older transfers are in `transfer`.
//! Refunds and the notices of virtual cards have no type at all: they are known by their fields and
//! given the words `refund` and `virtual_card` here. A refund states no currency. Movements: see
//! [`movements`].
//!
//! Assumptions: every type that ends in `_TRANSACTION` is a charge by its state; of a refund's
//! state the part before `-` counts (`completed-momo`).

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::PaymentStatus;
use serde_json::value::RawValue;

use crate::event_types::{EventTypes, Says};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, object_or_default, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::shared_secret;
use crate::statuses::by_state;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod movements;

use movements::movement;

pub(super) struct Flutterwave;

const HEADER: &str = "verif-hash";

static INFO: ProviderInfo = ProviderInfo {
    name: "flutterwave",
    title: "Flutterwave v3",
    source: "https://developer.flutterwave.com/docs/integration-guides/webhooks/, read 2026-11-25",
    signature_headers: &[HEADER],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::SharedSecret,
    scheme: "the secret hash itself, compared; the body is not signed",
    covers: SignatureCoverage::Nothing,
    rotation: "one secret hash: keep both while it is changed",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Unstable,
    event_id: "hash of the body: no id is sent",
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
        source: "the dashboard takes a URL and a secret hash, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: None,
        retries: "up to three times where retries are switched on (assumed: no document at hand); 200",
    },
};

/// What an event type says. A charge's and a refund's state decide in [`status`].
#[rustfmt::skip]
static EVENT_TYPES: EventTypes = {
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://developer.flutterwave.com/docs/integration-guides/webhooks/, read 2026-11-27",
        open: false,
        rows: &[
            ("ACCOUNT_TRANSACTION", ByState),
            ("BANK_TRANSFER_TRANSACTION", ByState),
            ("CARD_TRANSACTION", ByState),
            ("MOBILEMONEYGH_TRANSACTION", ByState),
            ("MOBILEMONEYRW_TRANSACTION", ByState),
            ("MOBILEMONEYSN_TRANSACTION", ByState),
            ("MOBILEMONEYUG_TRANSACTION", ByState),
            ("MOBILEMONEYZM_TRANSACTION", ByState),
            ("MOBILE_MONEY_TRANSACTION", ByState),
            ("MPESA_TRANSACTION", ByState),
            ("Transfer", Status(PaymentStatus::Payout)),
            ("USSD_TRANSACTION", ByState),
            ("bvn.completed", Nothing),
            ("charge.completed", ByState),
            (REFUND, ByState),
            ("singlebillpayment.status", Nothing),
            ("subscription.cancelled", Nothing),
            ("transfer.completed", Status(PaymentStatus::Payout)),
            (VIRTUAL_CARD, Nothing),
        ],
    }
};

/// The word for a body without a type that has `AmountRefunded`.
const REFUND: &str = "refund";
/// The word for a body without a type that has `CardId`.
const VIRTUAL_CARD: &str = "virtual_card";

const STATES: &[(&str, &str, PaymentStatus)] = &[
    ("charge", "successful", PaymentStatus::Captured),
    ("charge", "failed", PaymentStatus::Failed),
    ("charge", "pending", PaymentStatus::Pending),
    (REFUND, "completed", PaymentStatus::Refunded),
    (REFUND, "successful", PaymentStatus::Refunded),
    (REFUND, "failed", PaymentStatus::RefundFailed),
    (REFUND, "pending", PaymentStatus::Pending),
    (REFUND, "new", PaymentStatus::Pending),
];

/// The card but brand and last four, the customer, the payer's address.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "card/first_6digits", "card/expiry", "card/token", "customer/name", "customer/email",
        "customer/phone_number",
        "customer/phone", "customer/fullName", "customer/customertoken", "entity/card6",
        "entity/first_name",
        "entity/last_name", "ip", "IP", "device_fingerprint", "account_number", "fullname",
        "firstname", "lastname",
        "bvn_data", "bank_name", "email", "Otp",
    ],
    ids: &[
        ("tx_ref", has_a_letter), ("flw_ref", has_a_letter), ("reference", has_a_letter), ("txRef",
        has_a_letter),
        ("flwRef", has_a_letter), ("orderRef", has_a_letter), ("FlwRef", has_a_letter),
    ],
}
.rules();

raw_fields! { Event { event, #[serde(rename = "event.type")] flat, data, transfer } }

raw_fields! {
    Data {
        id, status, amount, currency, account_id, #[serde(rename = "AccountId")] account, tx_ref,
        reference,
        #[serde(rename = "txRef")] flat_ref, created_at, #[serde(rename = "createdAt")] created,
        date_created,
        #[serde(rename = "AmountRefunded")] refunded,
        #[serde(rename = "TransactionId")] transaction,
        #[serde(rename = "CardId")] card_id,
    }
}

/// What is known by its fields, where the body has no type.
fn shape(event: &Event<'_>, data: &Data<'_>) -> Option<&'static str> {
    match (event.event.or(event.flat), data.refunded, data.card_id) {
        (None, Some(_), _) => Some(REFUND),
        (None, None, Some(_)) => Some(VIRTUAL_CARD),
        _ => None,
    }
}

fn status(kind: &str, data: &Data<'_>) -> PaymentStatus {
    let state = scalar(data.status);
    if kind == "charge.completed" || kind.ends_with("_TRANSACTION") {
        return by_state(STATES, "charge", &state);
    }
    match kind {
        REFUND => by_state(STATES, REFUND, state.split('-').next().unwrap_or_default()),
        _ => EVENT_TYPES.status(kind),
    }
}

/// The role of the object; the type may be any text, so it is taken from a closed list.
fn role(kind: &str) -> &'static str {
    match kind {
        "charge.completed" => "charge",
        "transfer.completed" | "Transfer" => "transfer",
        REFUND => "refund",
        kind if kind.ends_with("_TRANSACTION") => "charge",
        _ => "object",
    }
}

/// An object in the body; anything else in its place is none.
fn object(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| raw.get().starts_with('{'))
}

impl Provider for Flutterwave {
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
        let mut sent = raw.headers.all(HEADER).peekable();
        if sent.peek().is_none() {
            return Err(Reject::SignatureMissing);
        }
        let matched = sent
            .take(2)
            .find_map(|sent| shared_secret(keys, sent).ok())
            .ok_or(Reject::SignatureMismatch)?;
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let inner = object(event.data).or(object(event.transfer));
        let data: Data<'_> = match inner {
            Some(inner) => object_or_default(Some(inner)),
            None => read_body(webhook.body()).unwrap_or_default(),
        };
        let mut facts = Facts::default();
        let event_type = match shape(&event, &data) {
            Some(word) => word.to_owned(),
            None => facts.event_type(event.event.or(event.flat)),
        };
        let status = status(&event_type, &data);
        let times = [data.created_at, data.created, data.date_created];
        let event_time = match status {
            PaymentStatus::Unclassified => facts.time_if_stated(&times),
            _ => facts.time(&times),
        };
        let money = data.refunded.or(data.amount);
        // A refund is documented without a currency.
        let amount = match event_type.as_str() {
            REFUND if data.currency.is_none() => None,
            _ => facts.major(status, money, data.currency, &ISO_ONLY),
        };
        let id = facts.id(data.id);
        let charge = match event_type.as_str() {
            REFUND => facts.id(data.transaction),
            _ => None,
        };
        // Chosen by the merchant, and of use only where Flutterwave's own id is missing.
        let reference = match id {
            Some(_) => None,
            None => facts.chosen_id(data.tx_ref.or(data.flat_ref).or(data.reference)),
        };
        let mut related = Related::new();
        related.extend(id.clone().map(|id| (role(&event_type), id)));
        related.extend(charge.clone().map(|id| ("charge", id)));
        let told = movement(&event_type, status, &data, id.as_ref(), amount.clone());
        let draft = Draft {
            identity: Identity::Body,
            event_type,
            status,
            transaction_id: charge.or(id).or(reference),
            amount,
            merchant_account: facts.account(data.account_id.or(data.account)),
            event_time,
            dated: false,
            related,
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
        let key = first_key(secrets)?.to_owned();
        Ok(unsigned.with_headers([(HEADER, key)]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/flutterwave/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/flutterwave/tests.rs"]
mod tests;
