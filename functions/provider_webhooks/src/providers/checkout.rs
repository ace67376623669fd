//! Checkout.com: `Cko-Signature`, HMAC-SHA256 over the body, hex.
//!
//! Sources, read 2026-11-25: <https://www.checkout.com/docs/workflows> (signature, attempts), <https://www.checkout.com/docs/previous/reporting-and-insights/events-api/event-types>
//! (what each event means). No published vector and no library of theirs that verifies: the tests know this
//! scheme from the documents alone. A dispute names its payment, under which it is filed. Events may come in any order and more than once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter, prefixed};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};

use crate::amounts::{amount_if_known, minor_amount};
use crate::body_hmac::{BodyHmac, Written};
use crate::exponents::ExponentTable;
use crate::json::{
    account, event_type, id_or_object, identifier, json_document, raw_fields, read_body, required,
    scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::statuses::by_type;
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

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
    source: "Checkout.com's list in a collection of providers' facts; its own page was not at hand",
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

#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("payment_pending", Pending),
        ("payment_approved", Authorised),
        ("payment_declined", Failed),
        ("payment_expired", Voided),
        ("payment_canceled", Voided),
        ("payment_voided", Voided),
        ("payment_capture_pending", Pending),
        ("payment_captured", Captured),
        ("payment_capture_declined", Failed),
        ("payment_refund_pending", Pending),
        ("payment_refunded", Refunded),
        ("payment_refund_declined", RefundFailed),
        ("payment_returned", RefundFailed),
        ("dispute_received", Disputed),
        ("dispute_evidence_required", Disputed),
        ("dispute_evidence_submitted", Disputed),
        ("dispute_accepted", DisputeLost),
        ("dispute_expired", DisputeLost),
        ("dispute_lost", DisputeLost),
        ("dispute_canceled", DisputeWon),
        ("dispute_resolved", DisputeWon),
        ("dispute_won", DisputeWon),
    ]
};

/// The card but scheme and last four, holder, customer, addresses.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "source/name", "source/fingerprint", "source/bin", "source/expiry_month", "source/expiry_year", "source/billing_address",
        "source/phone", "source/account_holder", "customer/name", "customer/email", "customer/phone", "shipping", "billing_address",
        "payment_ip", "recipient", "sender", "email", "phone", "bank_account",
    ],
    ids: &[
        ("id", prefixed), ("payment_id", prefixed), ("action_id", prefixed), ("reference", has_a_letter), ("customer/id", prefixed),
        ("entity_id", prefixed), ("processing_channel_id", prefixed),
    ],
}
.rules();

raw_fields! { Event { id, #[serde(rename = "type")] kind, created_on, timestamp; data: Data } }

raw_fields! { Data { id, action_id, payment_id, amount, currency, entity_id; processing: Processing } }

raw_fields! { Processing { entity_id } }

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

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let event_id = identifier(&required(scalar(event.id)?)?)?;
        let kind = required(scalar(event.kind)?)?;
        let status = by_type(STATUS, &kind);
        let data = &event.data;
        let processing = &data.processing;
        let amount = minor_amount(data.amount, data.currency, &EXPONENTS);
        let id = id_or_object(data.id)?;
        let payment = id_or_object(data.payment_id)?;
        let mut related_ids = BTreeMap::new();
        let role = match kind.split('_').next() {
            Some(role @ ("payment" | "dispute")) => Some(role.to_owned()),
            _ => None,
        };
        related_ids.extend(role.zip(id.clone()));
        related_ids.extend(payment.clone().map(|id| ("payment".to_owned(), id)));
        related_ids.extend(id_or_object(data.action_id)?.map(|id| ("action".to_owned(), id)));
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: payment.or(id).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: account(data.entity_id.or(processing.entity_id))?,
            event_time: rfc3339(&required(scalar(event.created_on.or(event.timestamp))?)?)?,
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
