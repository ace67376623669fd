//! Coinbase Commerce: `X-CC-Webhook-Signature`, HMAC-SHA256 over the body, hex.
//!
//! Sources, read 2026-11-27: <https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-overview>,
//! <https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-fields>; read 2026-11-25:
//! <https://docs.cloud.coinbase.com/commerce/docs/using-webhooks> (which has two more types);
//! coinbase-commerce-python 1.0.1 (its published vector is in the fixtures). Coinbase Business
//! succeeds it and signs otherwise: `coinbasebusiness.rs`. The id and the attempt number outside
//! `event` differ between deliveries; `event.id` does not.
//!
//! Amounts are the price in the merchant's currency (`pricing.local`), which may be a coin (`USDC`).
//! A charge without a price states what was paid in its one payment, where it has one; the coins of
//! several payments are not summed. A pending charge is paid, but not yet beyond a reorganisation of
//! the chain.
//!
//! Movements: a charge is one capture, of its price once it is confirmed. One that the merchant
//! resolved was paid too little, too much or too late: its capture is what its payments come to in
//! the merchant's currency, or the price where they do not say it. A charge that failed for being
//! late may be paid afterwards (`charge:delayed`). That none fails after it was confirmed is an
//! assumption [M].

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::MovementState::Pending;
use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

use crate::amounts::{major_text_amount, minor_text_amount};
use crate::body_hmac::{BodyHmac, Written};
use crate::event_types::{EventTypes, Says};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::Facts;
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

pub(super) struct Coinbase;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "x-cc-webhook-signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "coinbase",
    title: "Coinbase Commerce",
    source: "https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-overview, read 2026-11-27",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one signature, by the account's one shared secret: keep both secrets while it is changed",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "event.id",
    volatile: &["id", "attempt_number", "scheduled_for"],
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
        source: "an endpoint has a URL and events, no headers; its successor's subscriptions have",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(3 * 86_400),
        retries: "with growing gaps of up to an hour for three days; 200",
    },
};

#[rustfmt::skip]
static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::Status;
    EventTypes {
        source: "https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-fields, read 2026-11-27",
        open: false,
        rows: &[
            ("charge:confirmed", Status(Captured)),
            ("charge:created", Status(Pending)),
            ("charge:delayed", Status(Pending)),
            ("charge:failed", Status(Failed)),
            ("charge:pending", Status(Pending)),
            ("charge:resolved", Status(Captured)),
        ],
    }
};

/// The payer's name and address; addresses of coins are no card data, and long numbers in them are no card numbers.
static MASKING: FieldRules = Patterns {
    drop: &["email", "customer_name", "payer_addresses", "ip_address"],
    ids: &[
        ("id", has_a_letter),
        ("code", has_a_letter),
        ("transaction_id", has_a_letter),
        ("addresses/bitcoin", has_a_letter),
        ("addresses/ethereum", has_a_letter),
    ],
}
.rules();

raw_fields! { Body {; event: Event } }

raw_fields! { Event { id, #[serde(rename = "type")] kind, created_at; data: Charge } }

raw_fields! { Charge { id, code, pricing_type, payments; pricing: Pricing } }

raw_fields! { Payment {; value: Pricing } }

raw_fields! { Pricing {; local: Money } }

raw_fields! { Money { amount, currency } }

/// What all payments of a charge come to in the merchant's currency; `None` where one of them does
/// not say it in the same currency.
fn paid_in_all(charge: &Charge<'_>) -> Option<Amount> {
    let mut sum: Option<Amount> = None;
    for raw in list(charge.payments) {
        let one: Payment<'_> = object_or_default(Some(raw));
        let (value, currency) = (one.value.local.amount, one.value.local.currency);
        let one = major_text_amount(&scalar(value), &scalar(currency), &ISO_ONLY).ok()??;
        let before = sum.as_ref().map_or(0, |sum| sum.minor.0);
        if sum.as_ref().is_some_and(|sum| sum.currency != one.currency) {
            return None;
        }
        let text = before.checked_add(one.minor.0)?.to_string();
        sum = minor_text_amount(&text, one.currency.as_str(), &ISO_ONLY).ok()?;
    }
    sum
}

/// The capture that an event tells, `amount` being the event's.
fn movement(
    kind: &str,
    charge: &Charge<'_>,
    id: Option<&Identifier>,
    amount: Option<&Amount>,
) -> Option<Tell> {
    let stage = match kind {
        "charge:created" | "charge:pending" => Stage::PENDING,
        "charge:failed" => Stage::REFUSED,
        // Paid after it had failed.
        "charge:delayed" => Stage::new(Stage::REFUSED.rank.saturating_add(1), Pending),
        "charge:confirmed" | "charge:resolved" => Stage::SUCCEEDED,
        _ => return None,
    };
    let amount = match kind {
        "charge:resolved" => paid_in_all(charge).or_else(|| amount.cloned()),
        _ => amount.cloned(),
    };
    Tell::of(MovementKind::Capture, id, stage).map(|told| told.standing(amount))
}

impl Provider for Coinbase {
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
        let Some(body) = read_body::<Body<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let event = &body.event;
        let charge = &event.data;
        let event_type = facts.event_type(event.kind);
        let status = EVENT_TYPES.status(&event_type);
        let payments = list(charge.payments);
        let paid = match payments.as_slice() {
            [one] => object_or_default::<Payment<'_>>(Some(one)),
            _ => Payment::default(),
        };
        let price = &charge.pricing.local;
        let money = match price.amount {
            Some(_) => price,
            None => &paid.value.local,
        };
        // A charge without a price is paid with any amount.
        let amount = match scalar(charge.pricing_type).as_ref() {
            "fixed_price" => facts.major(status, money.amount, money.currency, &ISO_ONLY),
            _ => facts.major_if_stated(status, money.amount, money.currency, &ISO_ONLY),
        };
        let id = facts.id(charge.id);
        let code = facts.id(charge.code);
        let movement = movement(
            &event_type,
            charge,
            id.as_ref().or(code.as_ref()),
            amount.as_ref(),
        );
        let draft = Draft {
            identity: Identity::Own(facts.event_id(event.id)),
            event_type,
            status,
            transaction_id: code.or_else(|| id.clone()),
            amount,
            merchant_account: None,
            event_time: facts.time(&[event.created_at]),
            dated: true,
            related: id.map(|id| ("charge", id)).into_iter().collect(),
            facts,
            movements: movement.into_iter().collect(),
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
        SIGNATURE.sign("X-CC-Webhook-Signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/coinbase/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/coinbase/tests.rs"]
mod tests;
