//! Razorpay: `X-Razorpay-Signature`, HMAC-SHA256 over the body, hex.
//!
//! Sources, read 2026-11-25: <https://razorpay.com/docs/webhooks/> (attempts, answer), <https://razorpay.com/docs/webhooks/payloads/x/transactions> (old secrets), the sample payloads of
//! github.com/razorpay/markdown-docs; razorpay-python 2.0.1 (its published
//! vector is in the fixtures). The id of an event is in the header `x-razorpay-event-id`, which no signature covers: whoever got hold of one webhook could store
//! it again under other ids. So the id is made of what is signed: event, object and time, which are the same in every delivery. Where a body states no
//! time, the object's own is taken and a guard carries the identity.
//!
//! After a secret was changed, retries of older events are still signed with the old one: keep both for a day.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, prefixed};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde_json::value::RawValue;

use crate::amounts::{amount_if_known, minor_amount};
use crate::body_hmac::{BodyHmac, Written};
use crate::exponents::ISO_ONLY;
use crate::json::{
    account, event_type, id_or_object, identifier, json_document, object_or_default, raw_fields,
    read_body, required, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::statuses::by_type;
use crate::times::epoch_seconds;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

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
    event_id: "event, id of the object and time: the id in x-razorpay-event-id is not signed",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &ISO_ONLY,
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

#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("payment.authorized", Authorised),
        ("payment.captured", Captured),
        ("payment.failed", Failed),
        ("payment.dispute.created", Disputed),
        ("payment.dispute.under_review", Disputed),
        ("payment.dispute.action_required", Disputed),
        ("payment.dispute.won", DisputeWon),
        ("payment.dispute.lost", DisputeLost),
        ("payment.dispute.closed", Disputed),
        ("refund.created", Pending),
        ("refund.processed", Refunded),
        ("refund.failed", RefundFailed),
        ("payout.processed", Payout),
        ("payout.reversed", Payout),
        ("payout.failed", Payout),
        ("settlement.processed", Payout),
    ]
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

raw_fields! { Object { id, payment_id, order_id, amount, currency, created_at } }

/// What an event is about: the most particular object of its payload, or the first one.
fn object<'a>(
    payload: &BTreeMap<Cow<'a, str>, &'a RawValue>,
) -> Result<(String, Object<'a>), ParseError> {
    let known = ROLES.iter().find_map(|role| payload.get_key_value(*role));
    let mut objects = payload.iter().filter(|(_, raw)| raw.get().starts_with('{'));
    let (role, raw) = match known.or_else(|| objects.next()) {
        Some((role, raw)) => (role.to_string(), Some(*raw)),
        None => (String::new(), None),
    };
    let holder: Holder<'_> = object_or_default(raw)?;
    Ok((role, holder.entity.into_inner()))
}

impl Provider for Razorpay {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        Ok(SIGNATURE.verify(raw, secrets)?.received(received_at))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let kind = required(scalar(event.event)?)?;
        let status = by_type(STATUS, &kind);
        let payload: BTreeMap<Cow<'_, str>, &RawValue> = object_or_default(event.payload)?;
        let (role, object) = object(&payload)?;
        let id = id_or_object(object.id)?;
        let payment = match role.as_str() {
            "payment" => id.clone(),
            _ => id_or_object(object.payment_id)?,
        };
        // Most events state their time beside the payload, some inside it.
        let inside = payload.get("created_at").copied();
        let stated = scalar(event.created_at.or(inside))?;
        let of_object = scalar(object.created_at)?;
        // Some events of orders and accounts say nowhere when they happened.
        let (event_time, told) = match (stated.as_ref(), of_object.as_ref()) {
            ("", "") if id.is_some() => (webhook.received_at()?, false),
            ("", "") => return Err(ParseError::FieldMissing),
            ("", of_object) => (epoch_seconds(of_object)?, true),
            (stated, _) => (epoch_seconds(stated)?, true),
        };
        let about = id.as_ref().map_or(role.as_str(), |id| id.as_str());
        let event_id = match told {
            true => identifier(&format!("{kind}:{about}:{}", event_time.as_second()))?,
            false => identifier(&format!("{kind}:{about}"))?,
        };
        let identity = match stated.is_empty() {
            true => EventIdentity::Guard(format!("{kind}:{about}")),
            false => EventIdentity::Key,
        };
        let mut related_ids = BTreeMap::new();
        if ROLES.contains(&role.as_str()) {
            related_ids.extend(id.clone().map(|id| (role, id)));
        }
        related_ids.extend(payment.clone().map(|id| ("payment".to_owned(), id)));
        related_ids.extend(id_or_object(object.order_id)?.map(|id| ("order".to_owned(), id)));
        let amount = minor_amount(object.amount, object.currency, &ISO_ONLY);
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: payment.or(id).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: account(event.account_id)?,
            event_time,
            identity,
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
        SIGNATURE.sign("X-Razorpay-Signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/razorpay/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/razorpay/tests.rs"]
mod tests;
