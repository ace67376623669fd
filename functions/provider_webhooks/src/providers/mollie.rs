//! Mollie's next-generation webhooks: `X-Mollie-Signature: sha256=<hex>`, HMAC-SHA256 over the body. Its classic ones, which nobody signs, are `mollieclassic`.
//!
//! Sources, read 2026-11-25: <https://docs.mollie.com/reference/webhooks-new>, <https://docs.mollie.com/reference/payment-links-api-webhooks>; mollie-api-typescript 1.12.28 and mollie-api-php (`SignatureValidator`).
//! For a day after a rotation the header is sent twice, once for each secret; a gateway may join the two by a comma. Both are tried.
//! An event holds the whole entity under `_embedded`, or, where the webhook is set up without it, the entity's id alone: then it has no amount.
//! Mollie adds types one after the other; of those that are not documented yet (payments, refunds) the states of its interface are assumed to be their names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};

use crate::amounts::{amount_if_known, major_amount};
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
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

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
    event_time: EventTimeStability::Stable,
    event_id: "id",
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
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("payment-link.paid", Captured),
        ("payment.authorized", Authorised),
        ("payment.paid", Captured),
        ("payment.canceled", Voided),
        ("payment.expired", Voided),
        ("payment.failed", Failed),
        ("sales-invoice.created", Pending),
        ("sales-invoice.issued", Pending),
        ("sales-invoice.paid", Captured),
        ("sales-invoice.canceled", Voided),
        ("refund.refunded", Refunded),
        ("refund.failed", RefundFailed),
    ]
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
    Event { id, #[serde(rename = "type")] kind, entity_id, created_at; #[serde(rename = "_embedded")] embedded: Embedded }
}

raw_fields! { Embedded {; entity: Entity } }

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Entity { amount, total_amount, profile_id, payment_id }
}

raw_fields! { Money { value, currency } }

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

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let event_id = identifier(&required(scalar(event.id)?)?)?;
        let kind = required(scalar(event.kind)?)?;
        let status = by_type(STATUS, &kind);
        let entity = &event.embedded.entity;
        let money: Money<'_> = object_or_default(entity.amount.or(entity.total_amount))?;
        let amount = major_amount(money.value, money.currency, &ISO_ONLY);
        let entity_id = id_or_object(event.entity_id)?;
        let payment = id_or_object(entity.payment_id)?;
        let mut related_ids = BTreeMap::new();
        let role = kind.split('.').next().unwrap_or_default();
        related_ids.extend(entity_id.clone().map(|id| (role.to_owned(), id)));
        related_ids.extend(payment.clone().map(|id| ("payment".to_owned(), id)));
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: payment.or(entity_id).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: account(entity.profile_id)?,
            event_time: rfc3339(&required(scalar(event.created_at)?)?)?,
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
