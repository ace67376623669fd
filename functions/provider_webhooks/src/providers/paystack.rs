//! Paystack: `x-paystack-signature`, HMAC-SHA512 over the body, hex, under the account's secret key.
//!
//! Source, read 2026-11-25: a third party's description after Paystack's page, <https://asyncapi.apis.io/asyncapis/paystack/paystack-webhooks-asyncapi/>; no published vector, a third party's
//! library agrees on the scheme. There is no id of
//! an event: event and id of the object make one, and the object's state and time, so that a reminder is another event than the first notice. Money is filed
//! under the transaction's reference, by which refunds and disputes name it.
//!
//! Assumption: `charge.dispute.resolve` ends for the merchant when its resolution is `declined`, for the payer when it is `merchant-accepted`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};
use serde_json::value::RawValue;

use crate::amounts::{amount_if_known, minor_amount};
use crate::body_hmac::{BodyHmac, Written};
use crate::exponents::ISO_ONLY;
use crate::json::{
    event_type, id_or_object, identifier, json_document, object_or_default, raw_fields, read_body,
    required, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

pub(super) struct Paystack;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "x-paystack-signature",
    prefix: "",
    hash: Hash::Sha512,
    written: Written::Hex,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "paystack",
    title: "Paystack",
    source: "https://asyncapi.apis.io/asyncapis/paystack/paystack-webhooks-asyncapi/ (a third party), read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA512, hex, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one signature, by the account's secret key: keep both keys while it is changed",
    key: KeyForm {
        prefix: "sk_test_",
        ..KeyForm::TEXT
    },
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "event, data.id, data.status and time",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "the dashboard takes a URL, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(72 * 3600),
        retries: "every three minutes four times, then hourly for 72 hours; 200",
    },
};

#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("charge.success", Captured),
        ("charge.failed", Failed),
        ("charge.dispute.create", Disputed),
        ("charge.dispute.remind", Disputed),
        ("charge.dispute.resolve", Disputed),
        ("refund.pending", Pending),
        ("refund.processing", Pending),
        ("refund.processed", Refunded),
        ("refund.failed", RefundFailed),
        ("transfer.success", Payout),
        ("transfer.failed", Payout),
        ("transfer.reversed", Payout),
    ]
};

/// The card but brand and last four, the customer, the address of the payer's machine.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "authorization/bin", "authorization/exp_month", "authorization/exp_year", "authorization/account_name",
        "authorization/authorization_code", "authorization/signature", "customer/email", "customer/first_name", "customer/last_name",
        "customer/phone", "email", "phone", "ip_address", "account_number", "account_name", "recipient", "subaccount",
    ],
    ids: &[
        ("reference", has_a_letter), ("transaction_reference", has_a_letter), ("transfer_code", has_a_letter),
        ("customer_code", has_a_letter), ("plan_code", has_a_letter),
    ],
}
.rules();

raw_fields! { Event { event; data: Data } }

raw_fields! {
    #[serde(rename_all = "snake_case")]
    Data {
        id, reference, transaction_reference, transaction, refund_amount, amount, currency, status, resolution, paid_at, resolved_at,
        #[serde(rename = "resolvedAt")] resolved, #[serde(rename = "paidAt")] paid, created_at, #[serde(rename = "createdAt")] created,
        updated_at, #[serde(rename = "updatedAt")] updated,
    }
}

raw_fields! { Transaction { reference } }

fn status_of(kind: &str, data: &Data<'_>) -> Result<PaymentStatus, ParseError> {
    let Some((_, listed)) = STATUS.iter().find(|(name, _)| *name == kind) else {
        return Ok(PaymentStatus::Unclassified);
    };
    Ok(match (kind, scalar(data.resolution)?.as_ref()) {
        ("charge.dispute.resolve", "declined") => PaymentStatus::DisputeWon,
        ("charge.dispute.resolve", "merchant-accepted") => PaymentStatus::DisputeLost,
        _ => *listed,
    })
}

/// The first of the times that the object states.
fn time<'a>(data: &Data<'a>) -> Option<&'a RawValue> {
    [
        data.paid_at,
        data.paid,
        data.resolved_at,
        data.resolved,
        data.updated_at,
        data.updated,
        data.created_at,
        data.created,
    ]
    .into_iter()
    .flatten()
    .next()
}

impl Provider for Paystack {
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
        let kind = required(scalar(event.event)?)?;
        let data = &event.data;
        let status = status_of(&kind, data)?;
        let event_time = rfc3339(&required(scalar(time(data))?)?)?;
        let id = id_or_object(data.id)?;
        let transaction: Transaction<'_> = object_or_default(data.transaction)?;
        let of_transaction = data.transaction_reference.or(transaction.reference);
        let reference = id_or_object(of_transaction.or(data.reference))?;
        let object = id
            .clone()
            .or(reference.clone())
            .ok_or(ParseError::FieldMissing)?;
        let state = match status {
            PaymentStatus::Unclassified => String::new(),
            _ => scalar(data.status)?.into_owned(),
        };
        let event_id = identifier(&format!(
            "{kind}:{object}:{state}:{}",
            event_time.as_millisecond()
        ))?;
        let amount = minor_amount(data.refund_amount.or(data.amount), data.currency, &ISO_ONLY);
        let mut related_ids = BTreeMap::new();
        related_ids.extend(reference.clone().map(|id| ("reference".to_owned(), id)));
        let role = kind.split('.').next().unwrap_or_default();
        if matches!(role, "refund" | "transfer") {
            related_ids.extend(id.clone().map(|id| (role.to_owned(), id)));
        }
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: reference.or(id).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: None,
            event_time,
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
        SIGNATURE.sign("x-paystack-signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/paystack/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/paystack/tests.rs"]
mod tests;
