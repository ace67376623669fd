//! Which money a Braintree notification tells.
//!
//! Sources, read 2026-11-27:
//! <https://developer.paypal.com/braintree/docs/reference/general/webhooks/>, the guides to
//! disputes and to ACH beside it, and the sample notifications of braintree-python 4.48.0.
//!
//! A transaction is one capture, or one refund where it is a credit, under its id, whoever tells
//! it: its own settlement, its subscription, its disbursement. `transaction_settlement_declined`
//! undoes either, also after it was settled. A dispute is debited when it is opened; of a dispute
//! that is won in part the rest stays away. A retrieval moves nothing.
//!
//! Assumptions: a credit is a refund of `refunded-transaction-id`; what is disbursed was captured;
//! a transaction that is declined is not settled later under the same id; a disbursement that met
//! an exception did not arrive, and one of the type `debit` is no payout. A local payment is
//! captured by the transaction in it; reversed, it is given back under its own id.

use payment_event::{Amount, Identifier, MovementKind, MovementState, PaymentStatus, Stage};

use super::first;
use crate::amounts::{major_text_amount, minor_text_amount};
use crate::exponents::ISO_ONLY;
use crate::movements::Tell;
use crate::xml::Element;

/// The ids that a notification names.
pub(super) struct Ids<'i> {
    /// Of what it is about.
    pub(super) own: Option<&'i Identifier>,
    /// Of the transaction inside or behind it.
    pub(super) transaction: Option<&'i Identifier>,
}

/// Returns true for a transaction that gives back the money of another one.
pub(super) fn is_credit(transaction: &Element) -> bool {
    let credit = transaction.text(&["type"]).eq_ignore_ascii_case("credit");
    credit || !transaction.text(&["refunded-transaction-id"]).is_empty()
}

/// The currency of a notification, wherever it stands.
pub(super) fn currency<'e>(subject: &'e Element, charge: Option<&'e Element>) -> &'e str {
    first(&[
        charge.unwrap_or(subject).text(&["currency-iso-code"]),
        subject.text(&["currency-iso-code"]),
        subject.text(&["transaction", "currency-iso-code"]),
        subject.text(&["merchant-account", "currency-iso-code"]),
    ])
}

/// The movement of a notification with this meaning and amount.
pub(super) fn movement(
    kind: &str,
    status: PaymentStatus,
    subject: &Element,
    ids: &Ids<'_>,
    amount: Option<Amount>,
) -> Option<Tell> {
    use MovementKind::{Capture, Payout, Refund};
    let of = |kind, id, stage| Some(Tell::of(kind, id, stage)?.own(amount.clone()));
    let transaction = match is_credit(subject) {
        true => Refund,
        false => Capture,
    };
    let charged = ids.transaction.or(ids.own);
    match (subject.name.as_str(), kind) {
        ("transaction", "transaction_settled" | "transaction_disbursed") => {
            of(transaction, ids.own, Stage::SUCCEEDED)
        }
        ("transaction", "transaction_settlement_declined") => {
            of(transaction, ids.own, Stage::FAILED)
        }
        ("transaction", "transaction_retried") => of(transaction, ids.own, Stage::PENDING),
        ("transaction", "refund_failed") => of(Refund, ids.own, Stage::FAILED),
        ("subscription", "subscription_charged_successfully") => {
            of(Capture, ids.transaction, Stage::SUCCEEDED)
        }
        ("subscription", "subscription_charged_unsuccessfully") => {
            of(Capture, ids.transaction, Stage::REFUSED)
        }
        (_, "local_payment_completed") => of(Capture, charged, Stage::SUCCEEDED),
        (_, "local_payment_expired") => of(Capture, charged, Stage::VOIDED),
        (_, "local_payment_reversed") => of(Refund, ids.own, Stage::SUCCEEDED),
        ("disbursement", "disbursement" | "disbursement_exception") => {
            if subject.text(&["disbursement-type"]) == "debit" {
                return None;
            }
            let exception = kind == "disbursement_exception";
            let stage = match exception || subject.text(&["success"]) == "false" {
                true => Stage::FAILED,
                false => Stage::SUCCEEDED,
            };
            of(Payout, ids.own, stage)
        }
        ("dispute", _) => dispute(status, subject, ids.own, amount),
        _ => None,
    }
}

fn dispute(
    status: PaymentStatus,
    subject: &Element,
    id: Option<&Identifier>,
    amount: Option<Amount>,
) -> Option<Tell> {
    let (stage, amount) = match status {
        PaymentStatus::Disputed => (Stage::OPEN, amount),
        PaymentStatus::DisputeLost => (Stage::LOST, amount),
        PaymentStatus::DisputeWon => match kept(subject) {
            Some(kept) => (Stage::new(Stage::WON.rank, MovementState::Lost), Some(kept)),
            None => (Stage::WON, amount),
        },
        _ => return None,
    };
    Some(Tell::of(MovementKind::Dispute, id, stage)?.standing(amount))
}

/// What stays away of a dispute that was won in part.
fn kept(subject: &Element) -> Option<Amount> {
    let currency = currency(subject, None);
    let read = |text| major_text_amount(text, currency, &ISO_ONLY).ok().flatten();
    let disputed = read(first(&[
        subject.text(&["amount-disputed"]),
        subject.text(&["amount"]),
    ]))?;
    let won = read(subject.text(&["amount-won"]))?;
    let kept = disputed.minor.0.checked_sub(won.minor.0)?;
    // Nothing won is not told, rather than told to be nothing.
    if won.minor.0 <= 0 || kept <= 0 {
        return None;
    }
    minor_text_amount(&kept.to_string(), currency, &ISO_ONLY)
        .ok()
        .flatten()
}
