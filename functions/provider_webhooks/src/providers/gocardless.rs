//! GoCardless: `Webhook-Signature`, HMAC-SHA256 over the body, hex. Up to 250 events in one
//! request.
//!
//! Sources: <https://developer.gocardless.com/partners/webhooks-for-partners> (the shape of an
//! event), gocardless-pro-python 3.22.0 (its published vector is in the fixtures), read 2026-11-25;
//! <https://developer.gocardless.com/api-reference/> as a third party transcribed it
//! (api-evangelist/gocardless asyncapi/gocardless-asyncapi.yml: types, signature, 250 events), read
//! 2026-11-27. An event says what happened to which resource and never how much: the amount has to
//! be asked for, and is left out here.
//!
//! `payments.paid_out` says that a collected payment is part of a payout, and is no payout and no
//! second capture; `payouts.paid` tells of the payout itself. That `refunds.bounced` exists is
//! known from an earlier reading alone [M]. A billing request, a subscription and an instalment
//! schedule say nothing of money: their payments do.
//!
//! Movements have no amounts. A payment may fail before it is confirmed, be tried again, and fail
//! late, with the same actions each time, so that its states are ordered by the signed time of the
//! event, and so are those of its chargeback, which has no id of its own. A refund has one; its
//! states are final in their order. Assumptions: a chargeback that is settled stays with the payer
//! until it is cancelled; a refund names its payment in every event or in none.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{MovementKind, Problem, Stage};
use serde_json::value::RawValue;

use crate::body_hmac::{BodyHmac, Written};
use crate::event_types::EventTypes;
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, list, object_or_default, raw_fields, read_body, scalar};
use crate::movements::Tell;
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod event_types;

pub(super) struct GoCardless;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "webhook-signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "gocardless",
    title: "GoCardless",
    source: "https://developer.gocardless.com/partners/webhooks-for-partners, read 2026-11-25",
    // Standard Webhooks has one of the same name, beside two others: a request without a path is told by what else is there.
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one signature, by the endpoint's one secret: keep both secrets while it is changed",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "events[].id",
    volatile: &[],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::NotStated,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "an endpoint has a URL and a secret, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: None,
        retries: "up to eight times with growing gaps (assumed: no document at hand); any 2xx within ten seconds",
    },
};

/// By `resource_type.action`.
static EVENT_TYPES: EventTypes = EventTypes {
    source: "https://developer.gocardless.com/api-reference/, read 2026-11-27 in a transcription",
    open: false,
    rows: event_types::ROWS,
};

/// What may name a person or an account; the events themselves name ids alone.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "email", "given_name", "family_name", "company_name", "address_line1", "address_line2", "address_line3", "postal_code", "city",
        "account_holder_name", "account_number_ending", "iban", "phone_number", "ip_address", "danish_identity_number",
        "swedish_identity_number", "source/name",
    ],
    ids: &[
        ("id", has_a_letter), ("payment", has_a_letter), ("refund", has_a_letter), ("mandate", has_a_letter), ("payout", has_a_letter),
        ("subscription", has_a_letter), ("organisation", has_a_letter), ("creditor", has_a_letter), ("customer", has_a_letter),
        ("parent_event", has_a_letter), ("bank_account_id", has_a_letter),
    ],
}
.rules();

raw_fields! { Body { events } }

raw_fields! { Event { id, created_at, resource_type, action, links } }

/// The resources that an event names, those first after which money is filed.
const LINKS: [&str; 11] = [
    "payment",
    "refund",
    "payout",
    "outbound_payment",
    "mandate",
    "subscription",
    "instalment_schedule",
    "billing_request",
    "payer_authorisation",
    "customer",
    "creditor",
];

/// `resource_type.action`, or the one of the two that is stated.
fn event_type(facts: &mut Facts, event: &Event<'_>) -> String {
    let (resource, action) = (scalar(event.resource_type), scalar(event.action));
    if !resource.is_empty() && !action.is_empty() {
        return facts.event_type_text(&format!("{resource}.{action}"));
    }
    facts.note(Problem::TypeMissing);
    let stated = format!("{resource}{action}");
    if stated.is_empty() {
        return stated;
    }
    facts.event_type_text(&stated)
}

/// The movement that an event of this type tells, of one of the resources that it names.
fn movement(event_type: &str, related: &Related, at: Option<Timestamp>) -> Option<Tell> {
    use MovementKind::{Capture, Dispute, Payout, Refund};
    let (resource, action) = event_type.split_once('.')?;
    let (kind, role, stage) = match (resource, action) {
        (
            "payments",
            "created" | "submitted" | "customer_approval_granted" | "resubmission_requested",
        ) => (Capture, "payment", Stage::PENDING),
        ("payments", "confirmed") => (Capture, "payment", Stage::SUCCEEDED),
        ("payments", "cancelled") => (Capture, "payment", Stage::VOIDED),
        ("payments", "failed" | "late_failure_settled" | "customer_approval_denied") => {
            (Capture, "payment", Stage::FAILED)
        }
        ("payments", "charged_back") => (Dispute, "payment", Stage::OPEN),
        ("payments", "chargeback_settled") => (Dispute, "payment", Stage::LOST),
        ("payments", "chargeback_cancelled") => (Dispute, "payment", Stage::WON),
        ("refunds", "created") => (Refund, "refund", Stage::PENDING),
        ("refunds", "paid" | "refund_settled") => (Refund, "refund", Stage::SUCCEEDED),
        ("refunds", "failed" | "bounced" | "funds_returned") => (Refund, "refund", Stage::FAILED),
        ("payouts", "paid") => (Payout, "payout", Stage::SUCCEEDED),
        ("outbound_payments", action) => {
            let stage = match action {
                "executed" => Stage::SUCCEEDED,
                "failed" | "cancelled" => Stage::FAILED,
                "created" | "set_to_executing" | "set_to_pending_approval" => Stage::PENDING,
                _ => return None,
            };
            (Payout, "outbound_payment", stage)
        }
        _ => return None,
    };
    let by_time = resource == "payments";
    let rank = at.filter(|_| by_time).map(|at| at.as_microsecond());
    let stage = Stage::new(rank.unwrap_or(stage.rank), stage.state);
    Tell::of(kind, related.get(role), stage)
}

fn draft(raw: &RawValue) -> Draft {
    let mut facts = Facts::default();
    let event: Event<'_> = object_or_default(Some(raw));
    let event_type = event_type(&mut facts, &event);
    let links: BTreeMap<Cow<'_, str>, &RawValue> = object_or_default(event.links);
    let mut related = Related::new();
    let mut transaction_id = None;
    for role in LINKS {
        if let Some(id) = facts.id(links.get(role).copied()) {
            transaction_id.get_or_insert_with(|| id.clone());
            related.insert(role, id);
        }
    }
    let event_time = facts.time(&[event.created_at]);
    let told = movement(&event_type, &related, event_time);
    Draft {
        identity: Identity::Own(facts.event_id(event.id)),
        status: EVENT_TYPES.status(&event_type),
        event_type,
        transaction_id,
        amount: None,
        merchant_account: facts.account(links.get("organisation").copied()),
        event_time,
        dated: true,
        related,
        facts,
        movements: told.into_iter().collect(),
    }
}

impl Provider for GoCardless {
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
        let body: Option<Body<'_>> = read_body(webhook.body());
        let events = list(body.and_then(|body| body.events));
        Events::of(&INFO, webhook, events.into_iter().map(draft).collect())
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        SIGNATURE.sign("Webhook-Signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/gocardless/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/gocardless/tests.rs"]
mod tests;
