//! Coinbase Commerce: `X-CC-Webhook-Signature`, HMAC-SHA256 over the body, hex.
//!
//! Sources, read 2026-11-25: <https://docs.cloud.coinbase.com/commerce/docs/webhooks-fields-and-security>, <https://docs.cloud.coinbase.com/commerce/docs/using-webhooks>;
//! coinbase-commerce-python 1.0.1 (its published vector is in the fixtures). The id and the attempt number outside `event` differ between deliveries; `event.id` does
//! not. Amounts are the price in the merchant's currency (`pricing.local`), not the coins that were paid.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};

use crate::amounts::{amount_if_known, major_amount};
use crate::body_hmac::{BodyHmac, Written};
use crate::exponents::ISO_ONLY;
use crate::json::{
    event_type, id_or_object, identifier, json_document, raw_fields, read_body, required, scalar,
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
    source: "https://docs.cloud.coinbase.com/commerce/docs/webhooks-fields-and-security, read 2026-11-25",
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

const STATUS: &[(&str, PaymentStatus)] = &[
    ("charge:created", PaymentStatus::Pending),
    ("charge:pending", PaymentStatus::Pending),
    ("charge:delayed", PaymentStatus::Pending),
    ("charge:confirmed", PaymentStatus::Captured),
    ("charge:resolved", PaymentStatus::Captured),
    ("charge:failed", PaymentStatus::Failed),
];

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

raw_fields! { Charge { id, code; pricing: Pricing } }

raw_fields! { Pricing {; local: Money } }

raw_fields! { Money { amount, currency } }

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

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let body: Body<'_> = read_body(webhook.body())?;
        let event = &body.event;
        let event_id = identifier(&required(scalar(event.id)?)?)?;
        let kind = required(scalar(event.kind)?)?;
        let status = by_type(STATUS, &kind);
        let charge = &event.data;
        let price = &charge.pricing.local;
        let amount = major_amount(price.amount, price.currency, &ISO_ONLY);
        let (id, code) = (id_or_object(charge.id)?, id_or_object(charge.code)?);
        let mut related_ids = BTreeMap::new();
        related_ids.extend(id.clone().map(|id| ("charge".to_owned(), id)));
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: code.or(id).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: None,
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
