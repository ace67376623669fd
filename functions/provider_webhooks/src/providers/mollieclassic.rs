//! Mollie's classic webhooks: a form with one id, `id=tr_…`, and nothing else: no signature, no amount, no time.
//!
//! Source, read 2026-11-25: <https://docs.mollie.com/reference/webhooks>. Whoever knows the URL can send one, so none is taken unless the operator says so (`accept_unsigned`), and what is stored
//! says no more than that this id has to be fetched. Mollie sends the same form again whenever the status changes, so a repeated delivery cannot be told from news: each is kept
//! as a notice of its own, filed under its time of receipt. What the queue delivers twice was received once.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, prefixed};
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, PaymentStatus};

use crate::exponents::ISO_ONLY;
use crate::json::identifier;
use crate::samples::{Escape, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::{ACCEPT_UNSIGNED, unsigned_notice};
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    Setting, SignatureCoverage, VerifiedWebhook,
};

pub(super) struct MollieClassic;

/// A notice is no longer than an id.
const BODY_BYTES_MAX: usize = 256;

static INFO: ProviderInfo = ProviderInfo {
    name: "mollieclassic",
    title: "Mollie (classic webhooks)",
    source: "https://docs.mollie.com/reference/webhooks, read 2026-11-25",
    signature_headers: &[],
    unsigned_headers: &[],
    content_types: &["application/x-www-form-urlencoded"],
    authenticity: Authenticity::Unsigned,
    scheme: "none: a notice to fetch the id from Mollie",
    covers: SignatureCoverage::Nothing,
    rotation: "nothing to rotate",
    key: KeyForm::NONE,
    settings: &[Setting {
        name: ACCEPT_UNSIGNED,
        required: true,
        meaning: "true, where notices that anybody could have sent are wanted",
        sample: "true",
    }],
    event_time: EventTimeStability::Receipt,
    event_id: "none: every delivery is a notice of its own",
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::NotStated,
        exponents: &ISO_ONLY,
    },
    free_text: false,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "the URL of a payment, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(26 * 3600),
        retries: "ten times within 26 hours; 200 within fifteen seconds",
    },
};

static MASKING: FieldRules = Patterns {
    drop: &[],
    ids: &[("id", prefixed)],
}
.rules();

/// The id, where the body is a form with an id of Mollie's form (`tr_…`, `sub_…`).
fn id(webhook: &VerifiedWebhook<'_>) -> Result<String, ParseError> {
    let body = webhook.body();
    if body.len() > BODY_BYTES_MAX {
        return Err(ParseError::Malformed);
    }
    let mut ids = form_urlencoded::parse(body).filter(|(name, _)| name == "id");
    let (_, id) = ids.next().ok_or(ParseError::FieldMissing)?;
    if ids.next().is_some() {
        return Err(ParseError::Malformed);
    }
    prefixed(&id)
        .then(|| id.into_owned())
        .ok_or(ParseError::IdentifierUnusable)
}

impl Provider for MollieClassic {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        Ok(unsigned_notice(secrets)?.vouch(raw).received(received_at))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let id = identifier(&id(webhook)?)?;
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            event_id: id.clone(),
            transaction_id: id,
            event_type: "notice".to_owned(),
            status: PaymentStatus::Notice,
            amount: None,
            merchant_account: None,
            event_time: webhook.received_at()?,
            identity: EventIdentity::Key,
            related_ids: std::collections::BTreeMap::new(),
        }])
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Result<Cow<'a, [u8]>, ParseError> {
        let document = serde_json::json!({ "id": id(webhook)? });
        Ok(Cow::Owned(document.to_string().into_bytes()))
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        if secrets.setting(ACCEPT_UNSIGNED).is_none() {
            return Err(SignError::Setting);
        }
        Ok(unsigned.with_headers([]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/mollieclassic/sample.template");
        fill(template.trim_end(), params, &ISO_ONLY, Escape::Json, &[]).into_bytes()
    }
}

#[cfg(test)]
#[path = "../../fixtures/mollieclassic/tests.rs"]
mod tests;
