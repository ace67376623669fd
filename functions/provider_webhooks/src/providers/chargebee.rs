//! Chargebee: nothing is signed. A webhook is protected by HTTP basic authentication, whose
//! password is the secret, or by a key in its URL, which payhook's addresses have anyway.
//!
//! Sources, read 2026-11-27: <https://www.chargebee.com/docs/webhook_settings.html> (basic
//! authentication), <https://apidocs.chargebee.com/docs/api/events> (ids, retries),
//! <https://apidocs.chargebee.com/docs/api/transactions>,
//! <https://apidocs.chargebee.com/docs/api/currencies>; chargebee-node at 31f906a (types,
//! `basicAuthValidator`). No document knows of a signature.
//!
//! Many senders use basic authentication, so its header tells no provider: Chargebee's webhooks
//! need the path with its name. The body is as believable as whoever knows the password.
//!
//! `id` is documented as the event's and the same in every attempt; `webhook_status` and `webhooks`
//! change with the attempts. `occurred_at` is the event's own, but nothing vouches for it: it is no
//! part of the key.
//!
//! Money is told by `content.transaction`. `payment_*` and `transaction_*` tell one movement, whose
//! id is the transaction's: see [`movements`]. A refund is filed under the payment that it names. A refund whose
//! payment method is `chargeback` is a chargeback. A reversal says that a payment failed after it
//! had succeeded.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::PaymentStatus;
use serde_json::value::RawValue;

use crate::encoding::{base64_lenient, base64_text};
use crate::event_types::EventTypes;
use crate::events::{Draft, Events, Identity};
use crate::exponents::ExponentTable;
use crate::facts::{Facts, Related};
use crate::json::{field, json_document, list, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::shared_secret;
use crate::statuses::by_state;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, Setting,
    SignatureCoverage, VerifiedWebhook,
};

mod event_types;
mod movements;

use movements::movements;

pub(super) struct Chargebee;

const HEADER: &str = "authorization";
const USERNAME: &str = "username";
/// Values of the header that are looked at.
const VALUES_MAX: usize = 2;

/// Currencies with decimals have two of them, also those that have three by ISO 4217. Which ones
/// have none is listed for four (JPY, KRW, XAF, XOF); for the others ISO 4217's list is an
/// assumption [M].
static EXPONENTS: ExponentTable = ExponentTable {
    source: "https://apidocs.chargebee.com/docs/api/currencies, read 2026-11-27",
    exceptions: &[
        (0, &["JPY", "KRW", "XAF", "XOF"]),
        (2, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    ],
};

static INFO: ProviderInfo = ProviderInfo {
    name: "chargebee",
    title: "Chargebee",
    source: "https://www.chargebee.com/docs/webhook_settings.html, read 2026-11-27",
    // The header is handed on and tells no provider: others use basic authentication, too.
    signature_headers: &[],
    unsigned_headers: &[HEADER],
    content_types: &["application/json"],
    authenticity: Authenticity::SharedSecret,
    scheme: "the password of HTTP basic authentication, compared; the body is not signed",
    covers: SignatureCoverage::Nothing,
    rotation: "one password: keep both while it is changed, and the name as it is",
    key: KeyForm::TEXT,
    settings: &[Setting {
        name: USERNAME,
        required: true,
        meaning: "the name of the basic authentication; its passwords are the keys",
        sample: "payhook",
    }],
    event_time: EventTimeStability::Unstable,
    event_id: "id",
    volatile: &["webhook_status", "webhook_failure_reason", "webhooks"],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &EXPONENTS,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "chargebee-node, WebhookEndpoint: a URL, a name and a password, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(3 * 86_400 + 7 * 3600),
        retries: "with growing gaps, the last three days and seven hours after the event; 2xx",
    },
};

static EVENT_TYPES: EventTypes = EventTypes {
    source: "https://github.com/chargebee/chargebee-node eventType.ts, read 2026-11-27",
    open: false,
    rows: event_types::ROWS,
};

/// Of a transaction, by its type and its state.
#[rustfmt::skip]
const TRANSACTIONS: &[(&str, &str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("authorization", "in_progress", Pending),
        ("authorization", "needs_attention", Pending),
        ("authorization", "success", Authorised),
        ("authorization", "voided", Voided),
        ("authorization", "failure", Failed),
        ("authorization", "timeout", Failed),
        ("payment", "in_progress", Pending),
        ("payment", "needs_attention", Pending),
        ("payment", "success", Captured),
        ("payment", "voided", Voided),
        ("payment", "failure", Failed),
        ("payment", "timeout", Failed),
        ("payment", "late_failure", Failed),
        ("refund", "in_progress", Pending),
        ("refund", "needs_attention", Pending),
        ("refund", "success", Refunded),
        ("refund", "voided", RefundFailed),
        ("refund", "failure", RefundFailed),
        ("refund", "timeout", RefundFailed),
        ("refund", "late_failure", RefundFailed),
        ("payment_reversal", "success", Failed),
    ]
};

/// The customer, addresses, the card but brand and last four, who did it.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "first_name", "last_name", "email", "phone", "company", "billing_address",
        "shipping_address", "masked_number", "masked_card_number", "iin", "expiry_month",
        "expiry_year", "billing_addr1", "billing_addr2", "billing_city", "billing_state",
        "billing_zip", "ip_address", "vat_number", "user", "payment_method_details",
        "bank_account", "billing_contact", "contacts", "upi", "vpa", "account_number", "payer_id",
        "tax_providers_fields",
    ],
    ids: &[
        ("id", has_a_letter), ("txn_id", has_a_letter), ("customer_id", has_a_letter),
        ("subscription_id", has_a_letter), ("invoice_id", has_a_letter), ("cn_id", has_a_letter),
        ("gateway_account_id", has_a_letter), ("payment_source_id", has_a_letter),
        ("id_at_gateway", has_a_letter), ("refunded_txn_id", has_a_letter),
        ("reference_transaction_id", has_a_letter), ("reference_authorization_id", has_a_letter),
        ("business_entity_id", has_a_letter),
    ],
}
.rules();

raw_fields! { Event { id, event_type, occurred_at; content: Content } }

raw_fields! {
    Content {;
        transaction: Transaction, invoice: Object, subscription: Object, credit_note: Object,
    }
}

raw_fields! { Object { id } }

raw_fields! {
    Transaction {
        id, #[serde(rename = "type")] kind, status, payment_method, amount, currency_code,
        gateway_account_id, refunded_txn_id, reference_transaction_id, reference_authorization_id,
        linked_payments,
    }
}

fn status(kind: &str, transaction: &Transaction<'_>) -> PaymentStatus {
    if !matches!(
        kind,
        "payment_refunded" | "transaction_created" | "transaction_updated"
    ) {
        return EVENT_TYPES.status(kind);
    }
    let of = scalar(transaction.kind);
    let state = scalar(transaction.status);
    match (of.as_ref(), scalar(transaction.payment_method).as_ref()) {
        ("refund", "chargeback") if state == "success" => PaymentStatus::Disputed,
        ("refund", "chargeback") => PaymentStatus::Unclassified,
        // The type says it where the transaction does not.
        ("", _) if kind == "payment_refunded" => PaymentStatus::Refunded,
        (of, _) => by_state(TRANSACTIONS, of, &state),
    }
}

/// The payment that a refund or a reversal undoes.
fn undone<'a>(transaction: &Transaction<'a>) -> Option<&'a RawValue> {
    if !matches!(
        scalar(transaction.kind).as_ref(),
        "refund" | "payment_reversal"
    ) {
        return None;
    }
    let linked = list(transaction.linked_payments);
    let linked = linked.first().and_then(|payment| field(payment, "id"));
    let ids = [
        transaction.refunded_txn_id,
        linked,
        transaction.reference_transaction_id,
    ];
    ids.into_iter().flatten().next()
}

/// `name:password` of a header of basic authentication.
fn credentials(header: &str) -> Option<String> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded =
        base64_lenient(encoded.trim()).filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    String::from_utf8(decoded).ok()
}

impl Provider for Chargebee {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        _received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        let passwords = secrets.some_keys()?;
        let name = secrets.required(USERNAME)?;
        let known = passwords
            .iter()
            .map(|password| format!("{name}:{}", password.trim()));
        let known: Vec<String> = known.collect();
        let mut sent = raw.headers.all(HEADER).take(VALUES_MAX).peekable();
        if sent.peek().is_none() {
            return Err(Reject::SignatureMissing);
        }
        let mut matched = Err(Reject::SignatureMalformed);
        for credentials in sent.filter_map(credentials) {
            matched = shared_secret(&known, &credentials);
            if matched.is_ok() {
                break;
            }
        }
        Ok(matched?.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let content = &event.content;
        let transaction = &content.transaction;
        let event_type = facts.event_type(event.event_type);
        let status = status(&event_type, transaction);
        let currency = transaction.currency_code;
        let amount = facts.minor(status, transaction.amount, currency, &EXPONENTS);
        let id = facts.id(transaction.id);
        let payment = facts.id(undone(transaction));
        let role = match scalar(transaction.kind).as_ref() {
            "payment" => "payment",
            "refund" => "refund",
            "authorization" => "authorization",
            "payment_reversal" => "reversal",
            _ => "transaction",
        };
        let mut related = Related::new();
        related.extend(id.clone().map(|id| (role, id)));
        related.extend(payment.clone().map(|id| ("payment", id)));
        for (role, raw) in [
            ("authorization", transaction.reference_authorization_id),
            ("invoice", content.invoice.id),
            ("credit_note", content.credit_note.id),
            ("subscription", content.subscription.id),
        ] {
            related.extend(facts.chosen_id(raw).map(|id| (role, id)));
        }
        let ids = (id.as_ref(), payment.as_ref());
        let movements = movements(&event_type, status, transaction, ids, amount.as_ref());
        let draft = Draft {
            identity: Identity::Own(facts.event_id(event.id)),
            event_type,
            status,
            transaction_id: payment.or(id),
            amount,
            merchant_account: facts.account(transaction.gateway_account_id),
            event_time: facts.time(&[event.occurred_at]),
            dated: false,
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
        let password = first_key(secrets)?.trim();
        let name = secrets.setting(USERNAME).ok_or(SignError::Setting)?;
        let header = format!("Basic {}", base64_text(format!("{name}:{password}")));
        Ok(unsigned.with_headers([("Authorization", header)]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/chargebee/sample.template");
        compact(&fill(template, params, &EXPONENTS, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/chargebee/tests.rs"]
mod tests;
