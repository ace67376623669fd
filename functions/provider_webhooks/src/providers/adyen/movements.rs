//! Which money an item of Adyen's standard webhooks tells.
//!
//! Sources, read 2026-11-27: <https://docs.adyen.com/online-payments/capture/failure-reasons> (a
//! capture that was accepted may fail later, and be captured again) and Adyen's pages on the
//! webhooks of disputes (what each deducts and gives back).
//!
//! A modification and a dispute have a `pspReference` of their own, the same in all their events;
//! an authorisation's is the payment's. `success` says that Adyen accepted it: what fails later
//! bears the same reference. Automatic capture, the default, sends no `CAPTURE` at all. What
//! cancels, releases or lets run out ends the authorisation and undoes no capture.
//!
//! Events of one dispute name the payment or do not, as the account is set up, so a dispute is a
//! partition of its own. The second chargeback deducts what the reversal gave back, once. A time is
//! not signed, so nothing here looks at it: of several adjustments of one authorisation the
//! greatest holds.
//!
//! Assumed: a capture that is told again with the (unsigned) reason "Transaction Recaptured" under
//! the reference of one that failed has succeeded; a lost pre-arbitration deducts again, one that
//! was won or withdrawn gives back, as arbitration by the scheme does; the events of a payout to a
//! third party name the request for it, or are that request's. `VOID_PENDING_REFUND` does not say
//! which refund it cancels, and what the opening of a pre-arbitration or arbitration withdraws is
//! not documented: they tell nothing. Nor does the end of the period of defence: what was deducted
//! stays so.

use payment_event::{Amount, Identifier, MovementKind, MovementState, Stage};

use crate::movements::Tell;

/// A new amount of an authorisation.
const ADJUSTED: Stage = Stage::new(31, MovementState::Succeeded);
/// A capture that failed for a technical reason and was made again.
const RECAPTURED: Stage = Stage::new(60, MovementState::Succeeded);
const RECAPTURED_REASON: &str = "Transaction Recaptured";
/// Given back after a second deduction.
const WON_AGAIN: Stage = Stage::new(55, MovementState::Won);
const ARBITRATION_WON: Stage = Stage::new(60, MovementState::Won);
const ARBITRATION_LOST: Stage = Stage::new(60, MovementState::Lost);

/// What an item says about money.
pub(super) struct Item<'i> {
    pub(super) code: &'i str,
    pub(super) success: bool,
    /// `modification.action`, which is not signed.
    pub(super) action: &'i str,
    /// `reason`, which is not signed.
    pub(super) reason: &'i str,
    pub(super) psp_reference: Option<&'i Identifier>,
    pub(super) original: Option<&'i Identifier>,
    pub(super) amount: Option<&'i Amount>,
}

impl Item<'_> {
    /// The movement that the item tells.
    pub(super) fn movement(&self) -> Option<Tell> {
        use MovementKind::{Authorisation, Capture, Payout, Refund};
        let own = self.psp_reference;
        let payment = self.original.or(own);
        let amount = self.amount.cloned();
        match (self.code, self.success) {
            ("AUTHORISATION", true) => {
                Tell::of(Authorisation, own, Stage::SUCCEEDED).map(|t| t.standing(amount))
            }
            // A refused capture, as whatever ends an authorisation says that there was one.
            ("AUTHORISATION", false) => {
                Tell::of(Capture, own, Stage::REFUSED).map(|t| t.standing(amount))
            }
            ("OFFER_CLOSED", true) => {
                Tell::of(Capture, payment, Stage::REFUSED).map(|t| t.standing(amount))
            }
            ("AUTHORISATION_ADJUSTMENT", true) => {
                Tell::of(Authorisation, self.original, ADJUSTED).map(|t| t.standing(amount))
            }
            ("CANCELLATION" | "TECHNICAL_CANCEL", true) => {
                Tell::of(Authorisation, self.original, Stage::VOIDED)
            }
            ("CANCEL_OR_REFUND", true) if self.action == "cancel" => {
                Tell::of(Authorisation, self.original, Stage::VOIDED)
            }
            ("EXPIRE", true) => Tell::of(Authorisation, payment, Stage::VOIDED),
            ("CAPTURE", true) if self.reason.eq_ignore_ascii_case(RECAPTURED_REASON) => {
                Tell::of(Capture, own, RECAPTURED).map(|t| t.own(amount))
            }
            ("CAPTURE", true) => Tell::of(Capture, own, Stage::SUCCEEDED).map(|t| t.own(amount)),
            ("CAPTURE", false) | ("CAPTURE_FAILED", _) => {
                Tell::of(Capture, own, Stage::FAILED).map(|t| t.own(amount))
            }
            ("CANCEL_OR_REFUND", success) if self.action == "refund" => {
                Tell::of(Refund, own, refund(success)).map(|t| t.own(amount))
            }
            ("REFUND" | "REFUND_WITH_DATA", success) => {
                Tell::of(Refund, own, refund(success)).map(|t| t.own(amount))
            }
            ("POSTPONED_REFUND", true) => {
                Tell::of(Refund, own, Stage::PENDING).map(|t| t.own(amount))
            }
            ("POSTPONED_REFUND", false) | ("REFUND_FAILED" | "REFUNDED_REVERSED", _) => {
                Tell::of(Refund, own, Stage::FAILED).map(|t| t.own(amount))
            }
            ("PAYOUT_THIRDPARTY", true) => {
                Tell::of(Payout, payment, Stage::SUCCEEDED).map(|t| t.own(amount))
            }
            ("PAYOUT_THIRDPARTY", false)
            | ("PAYOUT_DECLINE" | "PAYOUT_EXPIRE" | "PAIDOUT_REVERSED", _) => {
                Tell::of(Payout, payment, Stage::FAILED).map(|t| t.own(amount))
            }
            (code, success) => {
                let dispute = Tell::of(MovementKind::Dispute, own, dispute(code, success)?);
                dispute.map(|t| t.own(amount).under(own))
            }
        }
    }
}

fn refund(success: bool) -> Stage {
    if success {
        Stage::SUCCEEDED
    } else {
        Stage::FAILED
    }
}

/// How far a dispute is; what ended without success left it as it was.
fn dispute(code: &str, success: bool) -> Option<Stage> {
    Some(match code {
        "NOTIFICATION_OF_CHARGEBACK" | "REQUEST_FOR_INFORMATION" => Stage::ANNOUNCED,
        "CHARGEBACK" => Stage::OPEN,
        _ if !success => return None,
        "CHARGEBACK_REVERSED" | "ISSUER_RESPONSE_TIMEFRAME_EXPIRED" => Stage::WON,
        "SECOND_CHARGEBACK" | "PREARBITRATION_LOST" => Stage::LOST_AGAIN,
        "PREARBITRATION_WON" | "PREARBITRATION_ISSUER_WITHDRAWN" => WON_AGAIN,
        "SCHEME_ARBITRATION_WON" => ARBITRATION_WON,
        "SCHEME_ARBITRATION_LOST" => ARBITRATION_LOST,
        _ => return None,
    })
}

#[cfg(test)]
#[path = "../../../fixtures/adyen/movements.rs"]
mod tests;
