//! Checkout.com: `Cko-Signature`, HMAC-SHA256 over the body, hex.
//!
//! Sources, read 2026-11-25: <https://www.checkout.com/docs/workflows> (signature, attempts),
//! <https://www.checkout.com/docs/previous/reporting-and-insights/events-api/event-types> (what
//! each event means); read 2026-11-27:
//! <https://www.checkout.com/docs/developer-resources/event-notifications/event-types>. No
//! published vector and no library of theirs that verifies: the tests know this scheme from the
//! documents alone.
//!
//! Two platforms send under one header. The present one states the time as `created_on` or
//! `timestamp`, the previous one as `created_on`; issuing events have `event_data` in place of
//! `data`. Either is the event's own time, and `id` the event's own id. A dispute names its
//! payment, under which it is filed; where `data` names no payment, a link of the event may. Events
//! may come in any order and more than once. Which money an event tells: see [`movements`].

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, prefixed};
use jiff::Timestamp;
use payment_event::Identifier;
use serde_json::value::RawValue;

use crate::body_hmac::{BodyHmac, Written};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ExponentTable;
use crate::facts::{Facts, Related};
use crate::json::{field, json_document, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod event_types;
mod movements;

use event_types::{EVENT_TYPES, status};

pub(super) struct Checkout;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "cko-signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

/// Zero-decimal and three-decimal currencies as Checkout.com lists them; every other one has two, CLP among them.
#[rustfmt::skip]
static EXPONENTS: ExponentTable = ExponentTable {
    source: "https://www.checkout.com/docs/payments/accept-payments/format-the-amount-value, read 2026-11-27",
    exceptions: &[
        (0, &["BIF", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VUV", "VND", "XAF", "XOF", "XPF"]),
        (2, &["CLP"]),
        (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    ],
};

static INFO: ProviderInfo = ProviderInfo {
    name: "checkout",
    title: "Checkout.com",
    source: "https://www.checkout.com/docs/workflows, read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one signature, by the workflow action's one key: keep both keys while it is changed",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "id",
    volatile: &[],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &EXPONENTS,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(true),
        source: "a workflow's webhook action has a map of headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(30 * 3600),
        retries: "eight times, after 5, 10, 15 and 30 minutes, 1, 4, 12 and 12 hours; any 2xx, within ten seconds (assumed)",
    },
};

/// The card but scheme and last four, holder, customer, addresses.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "source/name", "source/fingerprint", "source/bin", "source/expiry_month", "source/expiry_year", "source/billing_address",
        "source/phone", "source/account_holder", "customer/name", "customer/email", "customer/phone", "shipping", "billing_address",
        "payment_ip", "recipient", "sender", "email", "phone", "bank_account", "account_holder",
        "destination/name", "destination/first_name", "destination/last_name", "destination/fingerprint", "destination/bin",
        "destination/expiry_month", "destination/expiry_year", "destination/account_number", "destination/iban",
    ],
    ids: &[
        ("id", prefixed), ("payment_id", prefixed), ("action_id", prefixed), ("customer/id", prefixed),
        ("entity_id", prefixed), ("processing_channel_id", prefixed),
    ],
}
.rules();

raw_fields! {
    Event {
        id, #[serde(rename = "type")] kind, created_on, timestamp, #[serde(rename = "_links")] links;
        data: Data, event_data: Issuing,
    }
}

raw_fields! {
    Data {
        id, action_id, payment_id, payout_id, session_id, amount, currency, entity_id, destination, source, event_links;
        processing: Processing, instruction: Instruction, balances: Balances,
    }
}

raw_fields! { Processing { entity_id } }

raw_fields! { Balances { total_authorized } }

// What a scheduled payout pays.
raw_fields! { Instruction { source_amount, source_currency } }

raw_fields! { Issuing { dispute_id, transaction } }

/// The payment that a link leads to: `…/payments/pay_…`, `…/events/subject/pay_…`.
fn linked(event: &Event<'_>) -> Option<Identifier> {
    let href = |links: Option<&RawValue>, name: &str| {
        let link = field(links?, name)?;
        // `_links` holds objects with an address, `event_links` the addresses.
        let address = field(link, "href").unwrap_or(link);
        let address = scalar(Some(address));
        let (_, id) = address.rsplit_once('/')?;
        Identifier::new(id).ok().filter(|_| id.starts_with("pay_"))
    };
    href(event.links, "payment")
        .or_else(|| href(event.links, "subject"))
        .or_else(|| href(event.data.event_links, "payment"))
}

/// What `data.id` is the id of.
fn role(kind: &str, id: &Identifier) -> &'static str {
    match (kind.split('_').next(), id.as_str().split('_').next()) {
        (Some("dispute"), _) | (_, Some("dsp")) => "dispute",
        (Some("payment"), _) | (_, Some("pay")) => "payment",
        _ => "object",
    }
}

fn draft(event: &Event<'_>) -> Draft {
    let mut facts = Facts::default();
    let data = &event.data;
    let event_type = facts.event_type(event.kind);
    let status = status(
        &event_type,
        data.destination.is_some() && data.source.is_none(),
    );
    let scheduled = &data.instruction;
    let (value, currency) = match data.amount {
        None if data.currency.is_none() => (scheduled.source_amount, scheduled.source_currency),
        value => (value, data.currency),
    };
    let amount = facts.minor(status, value, currency, &EXPONENTS);
    let movements = movements::movements(&event_type, status, data, amount.as_ref());
    let id = facts.id(data.id);
    let payment = facts.id(data.payment_id);
    let named = [
        ("action", data.action_id),
        ("payout", data.payout_id),
        ("session", data.session_id),
        ("transaction", event.event_data.transaction),
        ("dispute", event.event_data.dispute_id),
    ];
    let mut related = Related::new();
    for (role, raw) in named {
        related.extend(facts.id(raw).map(|id| (role, id)));
    }
    related.extend(id.clone().map(|id| (role(&event_type, &id), id)));
    related.extend(payment.clone().map(|id| ("payment", id)));
    let other = |role: &str| related.get(role).cloned();
    let of_a_payment = id
        .as_ref()
        .is_some_and(|id| role(&event_type, id) == "payment");
    let transaction_id = payment
        .or_else(|| id.clone().filter(|_| of_a_payment))
        .or_else(|| linked(event))
        .or(id)
        .or_else(|| other("payout"))
        .or_else(|| other("session"))
        .or_else(|| other("transaction"));
    Draft {
        identity: Identity::Own(facts.event_id(event.id)),
        event_type,
        status,
        transaction_id,
        amount,
        merchant_account: facts.account(data.entity_id.or(data.processing.entity_id)),
        event_time: facts.time(&[event.created_on, event.timestamp]),
        dated: true,
        related,
        facts,
        movements,
    }
}

impl Provider for Checkout {
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
        match read_body::<Event<'_>>(webhook.body()) {
            Some(event) => Events::of(&INFO, webhook, vec![draft(&event)]),
            None => Events::unreadable(&INFO, webhook),
        }
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        SIGNATURE.sign("Cko-Signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/checkout/sample.template");
        compact(&fill(template, params, &EXPONENTS, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/checkout/tests.rs"]
mod tests;
