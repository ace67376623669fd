//! Authorize.Net: `X-ANET-Signature: sha512=…`, HMAC-SHA512 over the body, upper-case hex.
//!
//! Sources, read 2026-11-27:
//! <https://developer.authorize.net/api/reference/features/webhooks.html>; the vector in the
//! fixtures is a real notification whose key was published. The key is the signature key's text of
//! 128 characters, not the bytes it stands for: decoding it belongs to another of their hashes.
//!
//! A notification states an amount without its currency, so none is kept, and that is no problem of
//! it: the account's currency is not in it. A prior-auth capture and a void have the id of their
//! authorisation; a refund has one of its own and does not name its payment (assumed).
//!
//! Movements have no amounts therefore. A void takes back what was authorised or captured under its
//! id before it is settled. Assumed: what was held and is approved then is authorised; whether it
//! is captured, too, no document says.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{Identifier, MovementKind, PaymentStatus, Stage};

use crate::body_hmac::{BodyHmac, Written};
use crate::event_types::{EventTypes, Says};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, raw_fields, read_body, scalar};
use crate::movements::Tell;
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
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
    source: "https://developer.authorize.net/api/reference/features/webhooks.html, read 2026-11-27",
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
const REFUND: &str = "net.authorize.payment.refund.created";

/// The types that the page lists (as a catalogue of interfaces repeats it). What a payment's type
/// says holds for an approved transaction; a response code can say otherwise, see [`status_of`].
#[rustfmt::skip]
static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{Nothing, Status};
    EventTypes {
        source: "https://developer.authorize.net/api/reference/features/webhooks.html, read 2026-11-27",
        open: false,
        rows: &[
            ("net.authorize.customer.created", Nothing),
            ("net.authorize.customer.deleted", Nothing),
            ("net.authorize.customer.paymentProfile.created", Nothing),
            ("net.authorize.customer.paymentProfile.deleted", Nothing),
            ("net.authorize.customer.paymentProfile.updated", Nothing),
            ("net.authorize.customer.subscription.cancelled", Nothing),
            ("net.authorize.customer.subscription.created", Nothing),
            ("net.authorize.customer.subscription.expired", Nothing),
            ("net.authorize.customer.subscription.expiring", Nothing),
            ("net.authorize.customer.subscription.failed", Nothing),
            ("net.authorize.customer.subscription.suspended", Nothing),
            ("net.authorize.customer.subscription.terminated", Nothing),
            ("net.authorize.customer.subscription.updated", Nothing),
            ("net.authorize.customer.updated", Nothing),
            ("net.authorize.partner.boarding.gateway.created", Nothing),
            ("net.authorize.partner.boarding.incomplete", Nothing),
            ("net.authorize.partner.boarding.merchantAccount.created", Nothing),
            ("net.authorize.partner.boarding.merchantAccount.rejected", Nothing),
            ("net.authorize.partner.boarding.merchantAccount.updated", Nothing),
            ("net.authorize.partner.boarding.rejected", Nothing),
            ("net.authorize.payment.authcapture.created", Status(Captured)),
            ("net.authorize.payment.authorization.created", Status(Authorised)),
            ("net.authorize.payment.capture.created", Status(Captured)),
            ("net.authorize.payment.fraud.approved", Status(Authorised)),
            ("net.authorize.payment.fraud.declined", Status(Failed)),
            ("net.authorize.payment.fraud.held", Status(Pending)),
            ("net.authorize.payment.priorAuthCapture.created", Status(Captured)),
            ("net.authorize.payment.refund.created", Status(Refunded)),
            ("net.authorize.payment.void.created", Status(Voided)),
        ],
    }
};

/// Codes of a transaction's response: refused, in error, held for review. Assumption: the codes of
/// its other interfaces (1 approved, 2 declined, 3 error, 4 held), whose page was not at hand.
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
    match EVENT_TYPES.status(kind) {
        PaymentStatus::Unclassified => PaymentStatus::Unclassified,
        PaymentStatus::Refunded if REFUSED.contains(&response_code) => PaymentStatus::RefundFailed,
        // A void that is refused leaves the payment as it was.
        PaymentStatus::Voided if REFUSED.contains(&response_code) => PaymentStatus::Unclassified,
        _ if REFUSED.contains(&response_code) => PaymentStatus::Failed,
        _ if response_code == HELD => PaymentStatus::Pending,
        status => status,
    }
}

/// The movements of an event: the status and the type say which.
fn movements(kind: &str, status: PaymentStatus, id: Option<&Identifier>) -> Vec<Tell> {
    use MovementKind::{Authorisation, Capture, Refund};
    use PaymentStatus::{Authorised, Captured, Failed, Pending, RefundFailed, Refunded, Voided};
    let (kind, stage) = match status {
        Authorised => (Authorisation, Stage::SUCCEEDED),
        Captured => (Capture, Stage::SUCCEEDED),
        Failed => (Capture, Stage::REFUSED),
        Voided => {
            let ended = Tell::of(Authorisation, id, Stage::VOIDED);
            let undone = Tell::of(Capture, id, Stage::VOIDED);
            return ended.into_iter().chain(undone).collect();
        }
        Refunded => (Refund, Stage::SUCCEEDED),
        RefundFailed => (Refund, Stage::FAILED),
        Pending if kind == REFUND => (Refund, Stage::PENDING),
        _ => return Vec::new(),
    };
    Tell::of(kind, id, stage).into_iter().collect()
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

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let payload = &event.payload;
        let event_type = facts.event_type(event.event_type);
        let id = facts.id(payload.id);
        let mut related = Related::new();
        if event_type.starts_with(PAYMENT) {
            related.extend(id.clone().map(|id| ("transaction", id)));
        }
        let reference = facts.chosen_id(payload.merchant_reference_id);
        related.extend(reference.map(|id| ("merchant_reference", id)));
        let status = status_of(&event_type, &scalar(payload.response_code));
        let movements = movements(&event_type, status, id.as_ref());
        let draft = Draft {
            identity: Identity::Own(facts.event_id(event.notification_id)),
            status,
            event_type,
            transaction_id: id,
            amount: None,
            merchant_account: None,
            event_time: facts.time(&[event.event_date]),
            dated: true,
            related,
            facts,
            movements,
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
