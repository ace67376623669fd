//! Flutterwave (version 3): `verif-hash`, the secret itself, sent along.
//!
//! Source, read 2026-11-25: <https://developer.flutterwave.com/docs/integration-guides/webhooks/>. Nothing vouches for the body: whoever has once seen the header can send any. Flutterwave
//! says to ask its API before giving value; what is stored here is what was told, and the catalogue says so. There is no id of an event: event, object and
//! state make one. Amounts are JSON numbers of major units, whose text is kept.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};

use crate::amounts::{amount_if_known, major_amount};
use crate::exponents::ISO_ONLY;
use crate::json::{
    account, event_type, id_or_object, identifier, json_document, raw_fields, read_body, required,
    scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::shared_secret;
use crate::statuses::by_state;
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

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
    event_time: EventTimeStability::Stable,
    event_id: "event, data.id and data.status",
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

/// By event and the object's own state.
const STATUS: &[(&str, &str, PaymentStatus)] = &[
    ("charge.completed", "successful", PaymentStatus::Captured),
    ("charge.completed", "failed", PaymentStatus::Failed),
    ("charge.completed", "pending", PaymentStatus::Pending),
    ("transfer.completed", "", PaymentStatus::Payout),
];

/// The card but brand and last four, the customer, the payer's address.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "card/first_6digits", "card/expiry", "card/token", "customer/name", "customer/email", "customer/phone_number", "ip",
        "device_fingerprint", "account_number", "fullname", "bank_name", "email",
    ],
    ids: &[("tx_ref", has_a_letter), ("flw_ref", has_a_letter), ("reference", has_a_letter)],
}
.rules();

raw_fields! { Event { event; data: Data } }

raw_fields! { Data { id, status, amount, currency, account_id, created_at } }

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

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let kind = required(scalar(event.event)?)?;
        let data = &event.data;
        let id = id_or_object(data.id)?.ok_or(ParseError::FieldMissing)?;
        let state = scalar(data.status)?;
        let status = by_state(STATUS, &kind, &state);
        let amount = major_amount(data.amount, data.currency, &ISO_ONLY);
        let mut related_ids = BTreeMap::new();
        let role = kind.split('.').next().unwrap_or_default();
        if matches!(role, "charge" | "transfer") {
            related_ids.insert(role.to_owned(), id.clone());
        }
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            event_id: identifier(&format!("{kind}:{id}:{state}"))?,
            transaction_id: id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: account(data.account_id)?,
            event_time: rfc3339(&required(scalar(data.created_at)?)?)?,
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
