//! Klarna: `Klarna-Signature`, HMAC-SHA256 over the body, hex; `Klarna-Signing-Key-Id` names the
//! key.
//!
//! Sources, read 2026-11-25:
//! <https://docs.klarna.com/klarna-network-distribution/manage-partners/integration-setup-and-notifications/webhooks>
//! (envelope, answers, retries),
//! <https://docs.klarna.com/api/kn/klarna-product-api-payment/klarna-product-api-payment-v2-r5>
//! (payload of a payment request), and Klarna's own WooCommerce plugin (signature in lower-case
//! hexadecimal, key as text); read 2026-11-27:
//! <https://docs.klarna.com/klarna-network-distribution/after-payments/manage-payment-transactions>
//! and its pages of disputes. No library verifies it and no vector is published.
//!
//! The older order management push is unsigned and has an id alone: it is not taken here. The id of
//! the key is not looked at: it is not signed, and every configured key is tried.
//! `request.completed` says that the payer went through, the money is the transaction's; an expired
//! one is released. Klarna holds the disputed amount from the moment a dispute is initiated.
//! Assumed: a payload's `amount`, `payment_amount` or `dispute_amount`, where it states one, is in
//! minor units of ISO 4217, as in Klarna's interfaces; and a closed dispute states its `outcome`
//! (WON or LOST), as the interface does, in the payload or in its `state_context`. Where it does
//! not, it stays disputed.
//!
//! Movements: a request and the transaction that comes of it tell one authorisation, under the
//! request's id where it is known; a completed transaction is the capture (documented for automatic
//! capture, read 2026-11-27), a dispute has its own id. No event of a refund or of a part that is
//! captured was found.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns};
use jiff::Timestamp;
use payment_event::{Amount, Identifier, MovementKind, PaymentStatus, Stage};

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

pub(super) struct Klarna;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "klarna-signature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Hex,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "klarna",
    title: "Klarna",
    source: "https://docs.klarna.com/klarna-network-distribution/manage-partners/integration-setup-and-notifications/webhooks, read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &["klarna-signing-key-id"],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "a webhook names its signing key; up to fifty keys live at once: keep both while it is changed",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "metadata.event_id",
    volatile: &[],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "a webhook has a URL, events and a signing key, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(12 * 3600),
        retries: "with growing gaps of up to twelve hours; 200, 201, 202 or 204; ports 443 and 8443 alone",
    },
};

/// Of a payment request, of the transaction that comes of it, and of its disputes: those of the
/// older lifecycle as well.
#[rustfmt::skip]
static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://docs.klarna.com/klarna-network-distribution (pages per product) and https://docs.klarna.com/api/kn/klarna-notifications-api, read 2026-11-27",
        open: false,
        rows: &[
            ("partner.account.product.payment.state-change.disabled", Nothing),
            ("partner.account.product.payment.state-change.enabled", Nothing),
            ("partner.account.state-change.operational", Nothing),
            ("payment.dispute.state-change.arbitration", Status(Disputed)),
            ("payment.dispute.state-change.arbitration-pending", Status(Disputed)),
            ("payment.dispute.state-change.closed", ByState),
            ("payment.dispute.state-change.initiated", Status(Disputed)),
            ("payment.dispute.state-change.merchant-evidence-pending", Status(Disputed)),
            ("payment.dispute.state-change.pre-arbitration", Status(Disputed)),
            ("payment.dispute.state-change.representment", Status(Disputed)),
            ("payment.dispute.updated", Status(Disputed)),
            ("payment.request.state-change.authorized", Status(Authorised)),
            ("payment.request.state-change.canceled", Status(Voided)),
            ("payment.request.state-change.completed", Status(Pending)),
            ("payment.request.state-change.declined", Status(Failed)),
            ("payment.request.state-change.expired", Status(Voided)),
            ("payment.request.state-change.in-progress", Status(Pending)),
            ("payment.request.state-change.pending-confirmation", Status(Pending)),
            ("payment.request.state-change.prepared", Status(Pending)),
            ("payment.request.state-change.submitted", Status(Pending)),
            ("payment.transaction.state-change.authorized", Status(Authorised)),
            ("payment.transaction.state-change.closed", Nothing),
            ("payment.transaction.state-change.completed", Status(Captured)),
            ("payment.transaction.state-change.expired", Status(Voided)),
        ],
    }
};

/// The payer and what it is paid with.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "email", "phone", "given_name", "family_name", "customer_profile", "shipping_address", "billing_address", "address", "date_of_birth",
        "national_identification_number", "payment_token", "customer_token", "interoperability_token", "state_context/customer",
    ],
    ids: &[
        ("event_id", resource_name), ("payment_dispute_id", resource_name), ("payment_request_id", resource_name), ("payment_transaction_id", resource_name), ("webhook_id", resource_name),
        ("subject_account_id", resource_name), ("recipient_account_id", resource_name), ("product_instance_id", resource_name),
        ("correlation_id", resource_name),
    ],
}
.rules();

/// A UUID, or a `krn:` name that ends in one.
fn resource_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':');
    text.len() <= 128 && text.bytes().all(allowed) && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// What the types of a payment request start with.
const REQUEST: &str = "payment.request.";

raw_fields! { Body {; metadata: Metadata, payload: Payload } }

raw_fields! { Metadata { event_type, event_id, occurred_at, subject_account_id } }

raw_fields! {
    Payload {
        payment_request_id, payment_transaction_id, payment_dispute_id, amount, payment_amount, dispute_amount, currency, outcome;
        dispute_details: Dispute, state_context: StateContext,
    }
}

raw_fields! { Dispute { dispute_amount, currency } }

raw_fields! { StateContext { outcome } }

fn status(kind: &str, payload: &Payload<'_>) -> PaymentStatus {
    use PaymentStatus::{DisputeLost, DisputeWon, Disputed};
    if kind != "payment.dispute.state-change.closed" {
        return EVENT_TYPES.status(kind);
    }
    let outcome = scalar(payload.outcome.or(payload.state_context.outcome));
    match outcome.to_ascii_uppercase().as_str() {
        "WON" => DisputeWon,
        "LOST" => DisputeLost,
        _ => Disputed,
    }
}

/// The movements of an event.
fn movements(
    (kind, status): (&str, PaymentStatus),
    (request, transaction, dispute): (
        Option<&Identifier>,
        Option<&Identifier>,
        Option<&Identifier>,
    ),
    amount: Option<Amount>,
) -> Vec<Tell> {
    use MovementKind::{Authorisation, Capture, Dispute};
    use PaymentStatus::{Authorised, Captured, DisputeLost, DisputeWon, Disputed, Failed, Voided};
    let payment = request.or(transaction);
    let of = |kind, stage| Tell::of(kind, payment, stage).map(|t| t.under(payment));
    let stage = match status {
        Authorised => {
            let authorised = of(Authorisation, Stage::SUCCEEDED);
            return authorised.map(|t| t.own(amount)).into_iter().collect();
        }
        Captured => {
            let captured = Tell::of(Capture, transaction, Stage::SUCCEEDED);
            return captured.map(|t| t.own(amount)).into_iter().collect();
        }
        Failed => {
            let refused = of(Capture, Stage::REFUSED);
            return refused.map(|t| t.standing(amount)).into_iter().collect();
        }
        Voided => {
            // A request may end before it was authorised; its amount gives the currency.
            let never = of(Capture, Stage::VOIDED).filter(|_| kind.starts_with(REQUEST));
            let never = never.map(|t| t.standing(amount));
            let ended = of(Authorisation, Stage::VOIDED);
            return ended.into_iter().chain(never).collect();
        }
        Disputed => Stage::OPEN,
        DisputeLost => Stage::LOST,
        DisputeWon => Stage::WON,
        _ => return Vec::new(),
    };
    let dispute = Tell::of(Dispute, dispute, stage).map(|t| t.own(amount).under(dispute));
    dispute.into_iter().collect()
}

fn draft(body: &Body<'_>) -> Draft {
    let mut facts = Facts::default();
    let (metadata, payload) = (&body.metadata, &body.payload);
    let event_type = facts.event_type(metadata.event_type);
    let status = status(&event_type, payload);
    let dispute = &payload.dispute_details;
    let own = payload.amount.or(payload.payment_amount);
    let value = own.or(payload.dispute_amount).or(dispute.dispute_amount);
    let currency = payload.currency.or(dispute.currency);
    // No document says that a payload states an amount.
    let amount = facts.minor_if_stated(status, value, currency, &ISO_ONLY);
    let request = facts.id(payload.payment_request_id);
    let transaction = facts.id(payload.payment_transaction_id);
    let mut related = Related::new();
    related.extend(request.clone().map(|id| ("request", id)));
    related.extend(transaction.clone().map(|id| ("transaction", id)));
    let dispute = facts.id(payload.payment_dispute_id);
    related.extend(dispute.clone().map(|id| ("dispute", id)));
    let ids = (request.as_ref(), transaction.as_ref(), dispute.as_ref());
    let movements = movements((&event_type, status), ids, amount.clone());
    Draft {
        identity: Identity::Own(facts.event_id(metadata.event_id)),
        event_type,
        status,
        transaction_id: transaction.or(request).or(dispute),
        amount,
        merchant_account: facts.account(metadata.subject_account_id),
        event_time: facts.time(&[metadata.occurred_at]),
        dated: true,
        related,
        facts,
        movements,
    }
}

impl Provider for Klarna {
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
        match read_body::<Body<'_>>(webhook.body()) {
            Some(body) => Events::of(&INFO, webhook, vec![draft(&body)]),
            None => Events::unreadable(&INFO, webhook),
        }
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        SIGNATURE.sign("Klarna-Signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/klarna/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/klarna/tests.rs"]
mod tests;
