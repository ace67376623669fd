//! Paystack: `x-paystack-signature`, HMAC-SHA512 over the body, hex, under the account's secret
//! key.
//!
//! Sources: the samples of every event in <https://github.com/PaystackOSS/doc-code-snippets>
//! (Paystack's own documents, read 2026-11-27), and for the scheme a third party's description
//! after Paystack's page, <https://asyncapi.apis.io/asyncapis/paystack/paystack-webhooks-asyncapi/>
//! (read 2026-11-25). No vector is published; a third party's library agrees on the scheme.
//!
//! No body has an id or a time of the event itself: the identity is the hash of the body, and the
//! times are those of the object. Of the documented refund bodies most have neither an id nor a
//! time. Money is filed under the transaction's reference, by which refunds and disputes name it.
//! `data` of `subscription.expiring_cards` is a list of cards.
//!
//! Invoices and payment requests say nothing here, because `charge.success` tells their money.
//!
//! Movements: see [`movements`].
//!
//! Assumptions: `charge.dispute.resolve` ends for the merchant when its resolution is `declined`,
//! for the payer when it is `merchant-accepted` or `auto-accepted`. `charge.failed` is sent for
//! direct debits \[M\]: no sample was at hand. A rejected bank transfer is a failed payment.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::PaymentStatus;

use crate::body_hmac::{BodyHmac, Written};
use crate::event_types::{EventTypes, Says};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ExponentTable;
use crate::facts::{Facts, Related};
use crate::json::{json_document, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod movements;

use movements::movements;

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
    source: "https://github.com/PaystackOSS/doc-code-snippets, read 2026-11-27",
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
    event_time: EventTimeStability::Unstable,
    event_id: "hash of the body: no id is sent",
    volatile: &[],
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

/// Amounts are hundredths of every currency, of those without decimals too: Paystack's own plugin
/// multiplies each total by 100, XOF and RWF included.
#[rustfmt::skip]
static EXPONENTS: ExponentTable = ExponentTable {
    source: "https://github.com/PaystackOSS/woo-paystack, read 2026-11-27",
    exceptions: &[(2, &[
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
        "VUV", "XAF", "XOF", "XPF",
        "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND", "CLF", "UYW",
    ])],
};

/// What an event type says about the payment. How a dispute was resolved is decided in [`status`].
#[rustfmt::skip]
static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://github.com/PaystackOSS/doc-code-snippets, read 2026-11-27",
        open: false,
        rows: &[
            ("bank.transfer.rejected", Status(Failed)),
            ("charge.dispute.create", Status(Disputed)),
            ("charge.dispute.remind", Status(Disputed)),
            ("charge.dispute.resolve", ByState),
            ("charge.failed", Status(Failed)),
            ("charge.success", Status(Captured)),
            ("customeridentification.failed", Nothing),
            ("customeridentification.success", Nothing),
            ("dedicatedaccount.assign.failed", Nothing),
            ("dedicatedaccount.assign.success", Nothing),
            ("direct_debit.authorization.active", Nothing),
            ("direct_debit.authorization.created", Nothing),
            ("invoice.create", Nothing),
            ("invoice.payment_failed", Nothing),
            ("invoice.update", Nothing),
            ("paymentrequest.pending", Nothing),
            ("paymentrequest.success", Nothing),
            ("preauthorization.capture.failed", Status(Failed)),
            ("preauthorization.capture.success", Status(Captured)),
            ("preauthorization.release.failed", Nothing),
            ("preauthorization.release.success", Status(Voided)),
            ("preauthorization.reserve.success", Status(Authorised)),
            ("refund.failed", Status(RefundFailed)),
            ("refund.needs-attention", Status(Pending)),
            ("refund.pending", Status(Pending)),
            ("refund.processed", Status(Refunded)),
            ("refund.processing", Status(Pending)),
            ("subscription.create", Nothing),
            ("subscription.disable", Nothing),
            ("subscription.expiring_cards", Nothing),
            ("subscription.not_renew", Nothing),
            ("transfer.failed", Status(Payout)),
            ("transfer.reversed", Status(Payout)),
            ("transfer.success", Status(Payout)),
        ],
    }
};

/// The card but brand and last four, the customer, the address of the payer's machine.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "bin", "exp_month", "exp_year", "authorization_code", "signature", "identification",
        "email_token", "customer/email", "customer/first_name", "customer/last_name",
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
    Data {
        id, reference, transaction_reference, refund_reference, refund_amount, captured_amount,
        amount, currency,
        resolution, integration, merchant_id, paid_at, #[serde(rename = "paidAt")] paid,
        captured_at, resolved_at,
        #[serde(rename = "resolvedAt")] resolved, transferred_at, expired_at, updated_at,
        #[serde(rename = "updatedAt")] updated, created_at, #[serde(rename = "createdAt")] created;
        transaction: Transaction, bank_transfer: BankTransfer,
    }
}

raw_fields! { Transaction { id, reference, currency } }

raw_fields! { BankTransfer { transaction_id } }

fn status(kind: &str, data: &Data<'_>) -> PaymentStatus {
    use PaymentStatus::{DisputeLost, DisputeWon, Disputed};
    match (kind, scalar(data.resolution).as_ref()) {
        ("charge.dispute.resolve", "declined") => DisputeWon,
        ("charge.dispute.resolve", "merchant-accepted" | "auto-accepted") => DisputeLost,
        ("charge.dispute.resolve", _) => Disputed,
        _ => EVENT_TYPES.status(kind),
    }
}

/// The best of the times of the object. Charges, disputes and transfers are documented with one.
fn time(facts: &mut Facts, kind: &str, data: &Data<'_>) -> Option<Timestamp> {
    let stated = [
        data.paid_at,
        data.paid,
        data.captured_at,
        data.resolved_at,
        data.resolved,
        data.transferred_at,
        data.expired_at,
        data.updated_at,
        data.updated,
        data.created_at,
        data.created,
    ];
    let documented = ["charge.", "transfer."];
    match documented.iter().any(|start| kind.starts_with(start)) {
        true => facts.time(&stated),
        false => facts.time_if_stated(&stated),
    }
}

/// The ids of what the event is about, by their roles.
fn related(facts: &mut Facts, kind: &str, data: &Data<'_>) -> Related {
    let mut related = Related::new();
    let (role, id) = match kind.split('.').next().unwrap_or_default() {
        "charge" if kind.starts_with("charge.dispute.") => ("dispute", data.id),
        "charge" => ("transaction", data.id),
        "preauthorization" => ("preauthorization", data.id),
        "refund" => ("refund", data.id.or(data.refund_reference)),
        "transfer" => ("transfer", data.id),
        _ => ("object", data.id),
    };
    related.extend(facts.id(id).map(|id| (role, id)));
    let transaction = data.transaction.id.or(data.bank_transfer.transaction_id);
    related.extend(facts.id(transaction).map(|id| ("transaction", id)));
    related
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

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let data = &event.data;
        let event_type = facts.event_type(event.event);
        let status = status(&event_type, data);
        let money = data.refund_amount.or(data.captured_amount).or(data.amount);
        let currency = data.currency.or(data.transaction.currency);
        let mut related = related(&mut facts, &event_type, data);
        let of_transaction = data.transaction_reference.or(data.transaction.reference);
        let reference = facts.chosen_id(of_transaction.or(data.reference));
        related.extend(reference.clone().map(|id| ("reference", id)));
        let own = facts.id(data.id.or(data.bank_transfer.transaction_id));
        let amount = facts.minor(status, money, currency, &EXPONENTS);
        let transaction_id = reference.or(own);
        let movements = movements(&event_type, data, transaction_id.as_ref(), amount.as_ref());
        let draft = Draft {
            identity: Identity::Body,
            status,
            transaction_id,
            amount,
            merchant_account: facts.account(data.integration.or(data.merchant_id)),
            event_time: time(&mut facts, &event_type, data),
            dated: false,
            related,
            event_type,
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
        SIGNATURE.sign("x-paystack-signature", unsigned, secrets)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/paystack/sample.template");
        compact(&fill(template, params, &EXPONENTS, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/paystack/tests.rs"]
mod tests;
