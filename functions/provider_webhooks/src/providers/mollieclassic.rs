//! Mollie's classic webhooks: a form with one id, `id=tr_…`, and nothing else: no signature, no
//! amount, no time.
//!
//! Source, read 2026-11-27: <https://docs.mollie.com/reference/webhooks>. Whoever knows the URL can
//! send one, so none is taken unless the operator says so (`accept_unsigned`), and what is stored
//! says no more than that this id has to be fetched. Mollie sends the same form again whenever the
//! status changes, so a repeated delivery cannot be told from news: each is kept as a notice of its
//! own, filed under its time of receipt. What the queue delivers twice was received once. A body
//! that is not such a form is kept as a notice, too. A notice tells no movement of money: what
//! moved has to be fetched.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, prefixed};
use jiff::Timestamp;
use payment_event::{PaymentStatus, Problem};

use crate::event_types::EventTypes;
use crate::events::{Draft, Events, Identity, UNREADABLE};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::form;
use crate::samples::{Escape, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::{ACCEPT_UNSIGNED, unsigned_notice};
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, Setting,
    SignatureCoverage, VerifiedWebhook,
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
    event_id: "the form's id: every delivery is a notice of its own by its time of receipt",
    volatile: &[],
    event_types: &EVENT_TYPES,
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

/// A notice has no type, so that none is unknown.
static EVENT_TYPES: EventTypes = EventTypes {
    source: "https://docs.mollie.com/reference/webhooks, read 2026-11-27",
    open: true,
    rows: &[],
};

/// The type under which a notice is stored.
const NOTICE: &str = "notice";

static MASKING: FieldRules = Patterns {
    drop: &[],
    ids: &[("id", prefixed)],
}
.rules();

/// The id, where the body is a short form with one id.
fn id(body: &[u8]) -> Option<Cow<'_, str>> {
    if body.len() > BODY_BYTES_MAX {
        return None;
    }
    form::one(body, "id").filter(|id| !id.is_empty())
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

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let mut facts = Facts::default();
        let id = id(webhook.body());
        if id.is_none() {
            facts.note(Problem::BodyUnreadable);
        }
        // Anybody may have chosen it.
        let transaction_id = id.as_deref().and_then(|id| facts.chosen_id_text(id));
        let draft = Draft {
            identity: Identity::Own(transaction_id.clone()),
            event_type: id.map_or(UNREADABLE, |_| NOTICE).to_owned(),
            status: PaymentStatus::Notice,
            transaction_id,
            amount: None,
            merchant_account: None,
            event_time: webhook.received_at(),
            dated: true,
            related: Related::new(),
            facts,
            movements: Vec::new(),
        };
        Events::of(&INFO, webhook, vec![draft])
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
        let body = webhook.body();
        id(body).map_or(Cow::Borrowed(body), |id| {
            let document = serde_json::json!({ "id": id });
            Cow::Owned(document.to_string().into_bytes())
        })
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
