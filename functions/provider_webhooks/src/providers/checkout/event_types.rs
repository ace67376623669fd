//! Checkout.com's event types, each with what it says about a payment.
//!
//! The page of all types could be read in part alone, so the list is put together from it, from the
//! page of each type that was found, from the older platform's page and from the types that an
//! account's workflows name. A request for information is an inquiry: it withdraws nothing. Events
//! of issued cards and of standalone authentications are not about a payment that the merchant
//! takes.

use payment_event::PaymentStatus;

use crate::event_types::{EventTypes, Says};

#[rustfmt::skip]
pub(super) static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://www.checkout.com/docs/developer-resources/event-notifications/event-types and its pages per type, as far as they were at hand, read 2026-11-27",
        open: false,
        rows: &[
            ("3ds_card_enrolled", Nothing),
            ("action_required", Nothing),
            ("authentication_approved", Nothing),
            ("authentication_attempted", Nothing),
            ("authentication_expired", Nothing),
            ("authentication_failed", Nothing),
            ("authentication_started", Nothing),
            ("authorization_advice_received", Nothing),
            ("authorization_approved", Nothing),
            ("authorization_declined", Nothing),
            ("bank_account_updated", Nothing),
            ("batch_successful", Nothing),
            ("batch_unsuccessful", Nothing),
            ("card_updated", Nothing),
            ("card_verification_declined", Nothing),
            ("card_verified", Nothing),
            ("dispute_accepted", Status(DisputeLost)),
            ("dispute_arbitration_evidence_submitted", Status(Disputed)),
            ("dispute_arbitration_lost", Status(DisputeLost)),
            ("dispute_arbitration_sent_to_scheme", Status(Disputed)),
            ("dispute_arbitration_won", Status(DisputeWon)),
            ("dispute_canceled", Status(DisputeWon)),
            ("dispute_evidence_acknowledged_by_scheme", Status(Disputed)),
            ("dispute_evidence_required", Status(Disputed)),
            ("dispute_evidence_submitted", Status(Disputed)),
            ("dispute_expired", Status(DisputeLost)),
            ("dispute_lost", Status(DisputeLost)),
            ("dispute_received", Status(Disputed)),
            ("dispute_resolved", Status(DisputeWon)),
            ("dispute_won", Status(DisputeWon)),
            ("error_details", Nothing),
            ("fraud_reported", Nothing),
            ("full_dd_failed", Nothing),
            ("full_dd_passed", Nothing),
            ("identity_verification_capture_completed", Nothing),
            ("identity_verification_checks_completed", Nothing),
            ("identity_verification_created", Nothing),
            ("identity_verification_opened", Nothing),
            ("identity_verification_reset", Nothing),
            ("identity_verification_started", Nothing),
            ("issuing_chargeback_processed", Nothing),
            ("issuing_dispute_closed", Nothing),
            ("issuing_prearbitration_processed", Nothing),
            ("issuing_representment_received", Nothing),
            ("match_failed", Nothing),
            ("match_passed", Nothing),
            ("payment_approved", ByState),
            ("payment_authentication_failed", Status(Failed)),
            ("payment_authorization_increment_declined", Nothing),
            ("payment_authorization_incremented", Status(Authorised)),
            ("payment_authorized", Status(Authorised)),
            ("payment_canceled", Status(Voided)),
            ("payment_capture_declined", Status(Failed)),
            ("payment_capture_pending", Status(Pending)),
            ("payment_captured", Status(Captured)),
            ("payment_chargeback", Status(Disputed)),
            ("payment_compliance_review", Status(Pending)),
            ("payment_declined", ByState),
            ("payment_expired", Status(Voided)),
            ("payment_instrument_created", Nothing),
            ("payment_instrument_error", Nothing),
            ("payment_instrument_rejected", Nothing),
            ("payment_instrument_verification_failed", Nothing),
            ("payment_instrument_verification_passed", Nothing),
            ("payment_instrument_verified", Nothing),
            ("payment_optimized", Nothing),
            ("payment_paid", Status(Payout)),
            ("payment_pending", Status(Pending)),
            ("payment_refund_declined", Status(RefundFailed)),
            ("payment_refund_pending", Status(Pending)),
            ("payment_refunded", Status(Refunded)),
            ("payment_retrieval", Nothing),
            ("payment_retry_scheduled", Status(Pending)),
            ("payment_returned", ByState),
            ("payment_risk_matched", Nothing),
            ("payment_void_declined", Nothing),
            ("payment_void_pending", Nothing),
            ("payment_voided", Status(Voided)),
            ("payments_disabled", Nothing),
            ("payments_enabled", Nothing),
            ("payout_declined", Status(Payout)),
            ("payout_paid", Status(Payout)),
            ("payouts_disabled", Nothing),
            ("payouts_enabled", Nothing),
            ("presentment_received", Nothing),
            ("request_for_information_received", Nothing),
            ("reversal_approved", Nothing),
            ("reversal_declined", Nothing),
            ("source_updated", Nothing),
            ("status_changed", Nothing),
            ("sub_account_low_balance_threshold_exceeded", Nothing),
            ("sub_account_top_up_received", Nothing),
            ("sub_entity_created", Nothing),
            ("transfer_status_changed", Nothing),
            ("vmss_failed", Nothing),
            ("vmss_passed", Nothing),
        ],
    }
};

/// The status of a type. What goes to a destination is a payout, which is told by the types of a
/// payment; a payment that is returned had succeeded before.
pub(super) fn status(kind: &str, to_destination: bool) -> PaymentStatus {
    use PaymentStatus::{Authorised, Failed, Payout};
    match kind {
        "payment_approved" | "payment_declined" | "payment_returned" if to_destination => Payout,
        "payment_approved" => Authorised,
        "payment_declined" | "payment_returned" => Failed,
        _ => EVENT_TYPES.status(kind),
    }
}
