//! Authorize.Net: `X-ANET-Signature: sha512=…`, HMAC-SHA512 over the body, upper-case hex.
//!
//! Sources, read 2026-11-25: <https://developer.authorize.net/api/reference/features/webhooks.html>; the vector in the fixtures is a real notification whose key was
//! published. The key is the signature key's text of 128 characters, not the bytes it stands for: decoding it belongs to another of their hashes.
//!
//! A notification states an amount without its currency, so none is kept: the account's currency is not in it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};

use crate::body_hmac::{BodyHmac, Written};
use crate::exponents::ISO_ONLY;
use crate::json::{
    event_type, id_or_object, identifier, json_document, raw_fields, read_body, required, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::times::rfc3339_or_utc;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

pub(super) struct AuthorizeNet;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "x-anet-signature",
    prefix: "sha512=",
    hash: Hash::Sha512,
    written: Written::HexUpper,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "authorizenet",
    title: "Authorize.Net",
    source: "https://developer.authorize.net/api/reference/features/webhooks.html, read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA512, upper-case hex, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one signature; the old key lives for 24 hours unless it is disabled at once: keep both",
    // Hexadecimal digits that are used as the text they are.
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "notificationId",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::NotStated,
        exponents: &ISO_ONLY,
    },
    free_text: false,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "a webhook has a URL and events, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: None,
        retries: "ten times with growing gaps (assumed: no document at hand); 200",
    },
};

const PAYMENT: &str = "net.authorize.payment.";

/// By what follows [`PAYMENT`]; a response code can say otherwise, see [`status_of`].
#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("authorization.created", Authorised),
        ("authcapture.created", Captured),
        ("capture.created", Captured),
        ("priorAuthCapture.created", Captured),
        ("refund.created", Refunded),
        ("void.created", Voided),
        ("fraud.held", Pending),
        ("fraud.approved", Authorised),
        ("fraud.declined", Failed),
    ]
};

/// Codes of a transaction's response: refused, in error, held for review.
/// Assumption: the codes of its other interfaces (1 approved, 2 declined, 3 error, 4 held), whose page was not at hand.
const REFUSED: [&str; 2] = ["2", "3"];
const HELD: &str = "4";

/// Profiles name people; a payment's notification has ids, codes and an amount.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "email", "name", "customerType", "billTo", "shipTo", "accountNumber", "expirationDate", "ip", "phoneNumber", "address",
    ],
    // Their ids are of eleven digits, too few for a card number.
    ids: &[("notificationId", has_a_letter), ("webhookId", has_a_letter), ("merchantReferenceId", has_a_letter)],
}
.rules();

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Event { notification_id, event_type, event_date; payload: Payload }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Payload { id, response_code, merchant_reference_id }
}

fn status_of(kind: &str, response_code: &str) -> PaymentStatus {
    let listed = kind
        .strip_prefix(PAYMENT)
        .and_then(|kind| STATUS.iter().find(|(name, _)| *name == kind));
    match listed.map(|(_, status)| *status) {
        None => PaymentStatus::Unclassified,
        Some(PaymentStatus::Refunded) if REFUSED.contains(&response_code) => {
            PaymentStatus::RefundFailed
        }
        Some(_) if REFUSED.contains(&response_code) => PaymentStatus::Failed,
        Some(_) if response_code == HELD => PaymentStatus::Pending,
        Some(status) => status,
    }
}

impl Provider for AuthorizeNet {
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
        let event_id = identifier(&required(scalar(event.notification_id)?)?)?;
        let kind = required(scalar(event.event_type)?)?;
        let payload = &event.payload;
        let status = status_of(&kind, &scalar(payload.response_code)?);
        let id = id_or_object(payload.id)?;
        let mut related_ids = BTreeMap::new();
        if kind.starts_with(PAYMENT) {
            related_ids.extend(id.clone().map(|id| ("transaction".to_owned(), id)));
        }
        related_ids.extend(
            id_or_object(payload.merchant_reference_id)
                .unwrap_or_default()
                .map(|id| ("merchant_reference".to_owned(), id)),
        );
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: id.unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: None,
            merchant_account: None,
            event_time: rfc3339_or_utc(&required(scalar(event.event_date)?)?)?,
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
        SIGNATURE.sign("X-ANET-Signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/authorizenet/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/authorizenet/tests.rs"]
mod tests;
