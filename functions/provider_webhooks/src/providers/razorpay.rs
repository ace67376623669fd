//! Razorpay: `X-Razorpay-Signature`, HMAC-SHA256 over the body, hex.
//!
//! Sources: <https://razorpay.com/docs/webhooks/> (attempts, answer) and
//! <https://razorpay.com/docs/webhooks/payloads/x/transactions> (old secrets), read 2026-11-25; the
//! sample payloads, event types, currencies and dispute phases of
//! github.com/razorpay/markdown-docs, read 2026-11-27; razorpay-python 2.0.1 (its published vector
//! is in the fixtures).
//!
//! The id of an event is in the header `x-razorpay-event-id`, which no signature covers: whoever
//! got hold of one webhook could store it again under other ids. So the identity is the hash of the
//! body, which is the same in every delivery. Most bodies state when the event was made, beside the
//! payload or inside it; where neither does (tokens, some payouts) the time is the object's own and
//! no part of the key.
//!
//! `payment.captured` and `order.paid` hold the same payment and both say captured. A refund of a
//! payment that was never captured (`captured` is false: an auto-refund) releases the
//! authorisation. A dispute in the phase `retrieval` is a request for information and withdraws
//! nothing; one that is `closed` ended without a deduction. `amount_deducted` of a lost dispute is
//! what was taken. The samples of `settlement.processed` state an amount without a currency: it is
//! left out. Movements: see [`movements`].
//!
//! After a secret was changed, retries of older events are still signed with the old one: keep both
//! for a day.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, prefixed};
use jiff::Timestamp;
use payment_event::{Amount, PaymentStatus};
use serde_json::value::RawValue;

use crate::body_hmac::{BodyHmac, Written};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ExponentTable;
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

mod event_types;
mod movements;

use event_types::EVENT_TYPES;
use movements::{About, movement};

pub(super) struct Razorpay;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "x-razorpay-signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "razorpay",
    title: "Razorpay",
    source: "https://razorpay.com/docs/webhooks/, read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one signature; retries of events from before a change keep the old secret: keep both for a day",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::StableWhenStated,
    event_id: "hash of the body: the id in x-razorpay-event-id is not signed",
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
        supported: Some(false),
        source: "a webhook has a URL, a secret, events and an alert address, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(86_400),
        retries: "hourly for 24 hours, then the webhook is disabled; any 2xx within five seconds",
    },
};

/// All 128 currencies have a row in Razorpay's table; those without two decimals are here.
#[rustfmt::skip]
static EXPONENTS: ExponentTable = ExponentTable {
    source: "https://github.com/razorpay/markdown-docs payments/international-payments.md, read 2026-11-27",
    exceptions: &[
        (0, &["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND",
        "VUV", "XAF", "XOF", "XPF"]),
        (3, &["BHD", "IQD", "JOD", "KWD", "OMR", "TND"]),
    ],
};

/// The card but network and last four, the payer, bank accounts, which a token states in full.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "card/name", "card/iin", "card/token_iin", "card/expiry_month", "card/expiry_year", "email", "contact", "vpa",
        "customer_details", "customer/name", "bank_account", "token/card", "upi", "payer_account_type", "beneficiary_name", "ip",
        "shipping_address", "billing_address", "address", "evidence", "gstin",
    ],
    ids: &[
        ("id", prefixed), ("payment_id", prefixed), ("order_id", prefixed), ("invoice_id", prefixed), ("refund_id", prefixed),
        ("card_id", prefixed), ("customer_id", prefixed), ("token_id", prefixed), ("account_id", prefixed), ("entity_id", prefixed),
    ],
}
.rules();

/// Objects of a payload that an event can be about, the more particular ones first.
const ROLES: [&str; 5] = ["refund", "dispute", "payout", "settlement", "payment"];

raw_fields! { Event { event, account_id, payload, created_at } }

raw_fields! { Holder {; entity: Object } }

raw_fields! {
    Object {
        id, payment_id, order_id, amount, amount_deducted, currency, status, phase, captured,
        created_at,
    }
}

type Payload<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

fn entity<'a>(holder: Option<&&'a RawValue>) -> Object<'a> {
    object_or_default::<Holder<'a>>(holder.copied())
        .entity
        .into_inner()
}

/// What an event is about: the most particular object of its payload with its role, or the first
/// one.
fn object<'a>(payload: &Payload<'a>) -> (&'static str, Object<'a>) {
    let known = ROLES.iter().find(|role| payload.contains_key(**role));
    if let Some(role) = known {
        return (role, entity(payload.get(*role)));
    }
    let first = payload.values().find(|raw| raw.get().starts_with('{'));
    ("object", entity(first))
}

fn status(kind: &str, object: &Object<'_>, payment: &Object<'_>) -> PaymentStatus {
    use PaymentStatus::{
        DisputeLost, DisputeWon, Disputed, Pending, RefundFailed, Refunded, Unclassified, Voided,
    };
    let state = scalar(object.status);
    let uncaptured = scalar(payment.captured) == "false";
    match (kind, state.as_ref()) {
        ("refund.failed", _) | ("refund.created" | "refund.speed_changed", "failed") => {
            RefundFailed
        }
        ("refund.processed", _) | ("refund.created" | "refund.speed_changed", "processed") => {
            if uncaptured {
                Voided
            } else {
                Refunded
            }
        }
        ("refund.created" | "refund.speed_changed", _) => Pending,
        (kind, state) => match kind.strip_prefix("payment.dispute.") {
            Some(_) if scalar(object.phase) == "retrieval" => Unclassified,
            Some("won") => DisputeWon,
            Some("lost") => DisputeLost,
            Some("closed") if state == "lost" => DisputeLost,
            Some("closed") => DisputeWon,
            Some("created" | "under_review" | "action_required") => Disputed,
            _ => EVENT_TYPES.status(kind),
        },
    }
}

/// The money of the object. A settlement may be stated without a currency.
fn amount(
    facts: &mut Facts,
    role: &str,
    status: PaymentStatus,
    object: &Object<'_>,
) -> Option<Amount> {
    let deducted = object
        .amount_deducted
        .filter(|raw| status == PaymentStatus::DisputeLost && raw.get() != "0");
    let money = deducted.or(object.amount);
    let optional = role == "settlement" && object.currency.is_none();
    let money = money.filter(|_| !optional);
    facts.minor(status, money, object.currency, &EXPONENTS)
}

impl Provider for Razorpay {
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
        let payload: Payload<'_> = object_or_default(event.payload);
        let (role, object) = object(&payload);
        let holder = entity(payload.get("payment"));
        let event_type = facts.event_type(event.event);
        let status = status(&event_type, &object, &holder);
        let id = facts.id(object.id);
        let payment = match role {
            "payment" => id.clone(),
            _ => facts.id(object.payment_id.or(holder.id)),
        };
        let mut related = Related::new();
        related.extend(id.clone().map(|id| (role, id)));
        related.extend(payment.clone().map(|id| ("payment", id)));
        related.extend(facts.id(object.order_id).map(|id| ("order", id)));
        // Most events state their time beside the payload, some inside it, some nowhere.
        let inside = payload.get("created_at").copied();
        let own = facts.time_if_stated(&[event.created_at, inside]);
        let amount = amount(&mut facts, role, status, &object);
        let about = About {
            role,
            object: &object,
            id: id.as_ref(),
            holder: &holder,
            payment: payment.as_ref(),
        };
        let told = movement(&event_type, status, &about, amount.clone());
        let draft = Draft {
            identity: Identity::Body,
            status,
            transaction_id: payment.or(id),
            amount,
            merchant_account: facts.account(event.account_id),
            event_time: own.or_else(|| facts.time_if_stated(&[object.created_at])),
            dated: own.is_some(),
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
        SIGNATURE.sign("X-Razorpay-Signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/razorpay/sample.template");
        compact(&fill(template, params, &EXPONENTS, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/razorpay/tests.rs"]
mod tests;
