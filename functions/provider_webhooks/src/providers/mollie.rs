//! Mollie's next-generation webhooks: `X-Mollie-Signature: sha256=<hex>`, HMAC-SHA256 over the
//! body. Its classic ones, which nobody signs, are `mollieclassic`.
//!
//! Sources: <https://docs.mollie.com/reference/webhooks-new>,
//! <https://docs.mollie.com/reference/payment-links-api-webhooks>, mollie-api-typescript 1.12.28
//! and mollie-api-php (`SignatureValidator`), read 2026-11-25; mollie/openapi specs.yaml (the
//! types), <https://docs.mollie.com/changelog/add-chargeback-and-capture-webhook-event-types>, read
//! 2026-11-27. For a day after a rotation the header is sent twice, once for each secret; a gateway
//! may join the two by a comma. Both are tried.
//!
//! An event holds the whole entity under `_embedded`, or, where the webhook is set up without it,
//! the entity's id alone: then it has no amount. The pages of single entities show the entity
//! itself as the body, without an event around it. Its id is not the event's, so such a body is
//! known by its hash, and its type is made of the entity and its state.
//!
//! A payment that is captured by hand states its whole amount in `amount`, and what was captured in
//! `amountCaptured`. A payment link and a sales invoice tell the money of a payment again, under
//! another id: they say nothing of their own. Movements: see [`movements`].

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::PaymentStatus;
use serde_json::value::RawValue;

use crate::body_hmac::{BodyHmac, Written};
use crate::event_types::{EventTypes, Says};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, object_or_default, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod movements;

use movements::movement;

pub(super) struct Mollie;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "x-mollie-signature",
    prefix: "sha256=",
    hash: Hash::Sha256,
    written: Written::Hex,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "mollie",
    title: "Mollie (next-generation webhooks)",
    source: "https://docs.mollie.com/reference/webhooks-new, read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex behind sha256=, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "for a day both secrets sign and the header is sent twice: keep both",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::StableWhenStated,
    event_id: "id, of an entity without an event around it the hash of the body",
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
        source: "a webhook has a name, a URL and events, no headers (mollie-api-typescript 1.12.28)",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(26 * 3600),
        retries: "ten times within 26 hours; 200 within fifteen seconds",
    },
};

#[rustfmt::skip]
static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{Nothing, Status};
    EventTypes {
        source: "https://github.com/mollie/openapi webhook-event-types, read 2026-11-27",
        open: false,
        rows: &[
            ("balance-transaction.created", Nothing),
            ("business-account-transfer.blocked", Nothing),
            ("business-account-transfer.failed", Nothing),
            ("business-account-transfer.initiated", Nothing),
            ("business-account-transfer.pending-review", Nothing),
            ("business-account-transfer.processed", Nothing),
            ("business-account-transfer.requested", Nothing),
            ("business-account-transfer.returned", Nothing),
            ("capture.failed", Status(Failed)),
            ("capture.succeeded", Status(Captured)),
            ("chargeback.received", Status(Disputed)),
            ("chargeback.reversed", Status(DisputeWon)),
            ("payment-link.paid", Nothing),
            ("payment.authorized", Status(Authorised)),
            ("payment.canceled", Status(Voided)),
            ("payment.expired", Status(Voided)),
            ("payment.failed", Status(Failed)),
            ("payment.paid", Status(Captured)),
            ("payment.pending", Status(Pending)),
            ("payout.canceled", Status(Payout)),
            ("payout.completed", Status(Payout)),
            ("payout.failed", Status(Payout)),
            ("payout.initiated", Status(Payout)),
            ("payout.processing-at-bank", Status(Payout)),
            ("refund.canceled", Status(RefundFailed)),
            ("refund.failed", Status(RefundFailed)),
            ("refund.pending", Status(Pending)),
            ("refund.processing", Status(Pending)),
            ("refund.queued", Status(Pending)),
            ("refund.refunded", Status(Refunded)),
            ("sales-invoice.canceled", Nothing),
            ("sales-invoice.created", Nothing),
            ("sales-invoice.e-invoice-failed", Nothing),
            ("sales-invoice.e-invoice-issued", Nothing),
            ("sales-invoice.issued", Nothing),
            ("sales-invoice.paid", Nothing),
        ],
    }
};

/// The payer, and the details of what was paid with.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "billingAddress", "shippingAddress", "consumerName", "consumerAccount", "consumerBic", "cardHolder", "cardFingerprint", "cardExpiryDate",
        "billingEmail", "recipient", "email", "phone",
    ],
    ids: &[
        ("id", has_a_letter), ("entityId", has_a_letter), ("profileId", has_a_letter), ("paymentId", has_a_letter), ("orderId", has_a_letter),
        ("customerId", has_a_letter),
    ],
}
.rules();

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Event {
        id, #[serde(rename = "type")] kind, entity_id, created_at;
        #[serde(rename = "_embedded")] embedded: Embedded,
    }
}

raw_fields! { Embedded {; entity: Entity } }

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Entity {
        resource, id, status, amount, amount_captured, total_amount, capture_mode, profile_id,
        payment_id, created_at, reversed_at, paid_at,
    }
}

raw_fields! { Money { value, currency } }

/// The entities that are the subject of an event, as their ids' roles.
const ROLES: [&str; 9] = [
    "payment",
    "refund",
    "capture",
    "chargeback",
    "payment-link",
    "sales-invoice",
    "payout",
    "balance-transaction",
    "business-account-transfer",
];

fn role(name: &str) -> &'static str {
    let listed = ROLES.iter().find(|role| **role == name);
    listed.copied().unwrap_or("object")
}

/// The entity that is the whole body, where no event is around it.
fn bare_entity<'a>(event: &Event<'_>, body: &'a [u8]) -> Option<Entity<'a>> {
    if event.kind.is_some() {
        return None;
    }
    let entity: Entity<'a> = read_body(body)?;
    let known = ROLES.contains(&scalar(entity.resource).as_ref());
    (known && entity.id.is_some()).then_some(entity)
}

/// The type that an event about an entity in this state has.
fn type_by_state(entity: &Entity<'_>) -> String {
    let resource = scalar(entity.resource);
    let status = scalar(entity.status);
    let state = match resource.as_ref() {
        "chargeback" if scalar(entity.reversed_at).is_empty() => "received",
        "chargeback" => "reversed",
        "payment-link" if !scalar(entity.paid_at).is_empty() => "paid",
        _ => status.as_ref(),
    };
    format!("{resource}.{state}")
}

/// Value and currency of what is stated as money.
fn money<'a>(stated: Option<&'a RawValue>) -> [Option<&'a RawValue>; 2] {
    let money: Money<'a> = object_or_default(stated);
    let bare = stated.filter(|raw| !raw.get().starts_with('{'));
    [money.value.or(bare), money.currency]
}

/// The field that states the money of this event.
fn amount_field<'a>(kind: &str, entity: &Entity<'a>) -> Option<&'a RawValue> {
    let by_hand = kind == "payment.paid" && scalar(entity.capture_mode) == "manual";
    let captured = entity.amount_captured.filter(|_| by_hand);
    captured.or(entity.amount).or(entity.total_amount)
}

impl Provider for Mollie {
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
        let body = webhook.body();
        let Some(event) = read_body::<Event<'_>>(body) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let bare = bare_entity(&event, body);
        let entity = bare.as_ref().unwrap_or(&event.embedded.entity);
        let event_type = match &bare {
            Some(entity) => facts.event_type_text(&type_by_state(entity)),
            None => facts.event_type(event.kind),
        };
        let status = EVENT_TYPES.status(&event_type);
        let [value, currency] = money(amount_field(&event_type, entity));
        let amount = facts.major_if_stated(status, value, currency, &ISO_ONLY);
        // Without the entity, nothing of the kind is promised.
        let amount = match entity.id.or(entity.resource) {
            Some(_) => facts.expected(status, amount),
            None => amount,
        };
        let entity_id = facts.id(entity.id.or(event.entity_id));
        let payment = facts.id(entity.payment_id);
        let mut related = Related::new();
        let name = event_type.split('.').next().unwrap_or_default();
        related.extend(entity_id.clone().map(|id| (role(name), id)));
        related.extend(payment.clone().map(|id| ("payment", id)));
        let (identity, event_time) = if bare.is_some() {
            // The time is the entity's, too.
            let times = [entity.reversed_at, entity.paid_at, entity.created_at];
            (Identity::Body, facts.time_if_stated(&times))
        } else {
            let time = facts.time(&[event.created_at]);
            (Identity::Own(facts.event_id(event.id)), time)
        };
        let told = movement(&event_type, entity, entity_id.as_ref());
        let draft = Draft {
            identity,
            event_type,
            status,
            transaction_id: payment.or(entity_id),
            amount,
            merchant_account: facts.account(entity.profile_id),
            event_time,
            dated: bare.is_none(),
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
        SIGNATURE.sign("X-Mollie-Signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/mollie/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/mollie/tests.rs"]
mod tests;
