//! Adyen's event codes, each with what it says about a payment.
//!
//! An inquiry (`REQUEST_FOR_INFORMATION`) and an alert (`NOTIFICATION_OF_FRAUD`) withdraw nothing
//! and are no dispute. `NOTIFICATION_OF_CHARGEBACK` opens a dispute before the money is deducted.
//! Who accepted or declined in `PREARBITRATION_ACCEPTED` and `PREARBITRATION_DECLINED` is not
//! documented, so they say nothing. `VOID_PENDING_REFUND` cancels a refund, not a payment.

use payment_event::PaymentStatus;

use crate::event_types::{EventTypes, Says};

#[rustfmt::skip]
pub(super) static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://docs.adyen.com/api-explorer/Webhooks/1/overview (json/Webhooks-v1.json of Adyen/adyen-openapi) and the constants of adyen-java-api-library, read 2026-11-27",
        open: false,
        rows: &[
            ("ACH_NOTIFICATION_OF_CHANGE", Nothing),
            ("AUTHENTICATION", Nothing),
            ("AUTHORISATION", ByState),
            ("AUTHORISATION_ADJUSTMENT", ByState),
            ("AUTORESCUE", Nothing),
            ("CANCELLATION", ByState),
            ("CANCEL_AUTORESCUE", Nothing),
            ("CANCEL_OR_REFUND", ByState),
            ("CAPTURE", ByState),
            ("CAPTURE_FAILED", Status(Failed)),
            ("CHARGEBACK", Status(Disputed)),
            ("CHARGEBACK_REVERSED", ByState),
            ("DIRECT_DEBIT_NOTICE_OF_CHANGE_NOTIFICATION", Nothing),
            ("DISPUTE_DEFENSE_PERIOD_ENDED", ByState),
            ("EXPIRE", ByState),
            ("HANDLED_EXTERNALLY", Nothing),
            ("INFORMATION_SUPPLIED", Nothing),
            ("ISSUER_COMMENTS", Nothing),
            ("ISSUER_RESPONSE_TIMEFRAME_EXPIRED", Status(DisputeWon)),
            ("MANUAL_REVIEW_ACCEPT", Nothing),
            ("MANUAL_REVIEW_REJECT", Nothing),
            ("NOTIFICATION_OF_CHARGEBACK", Status(Disputed)),
            ("NOTIFICATION_OF_FRAUD", Nothing),
            ("OFFER_CLOSED", ByState),
            ("ORDER_CLOSED", Nothing),
            ("ORDER_OPENED", Nothing),
            ("PAIDOUT_REVERSED", Status(Payout)),
            ("PAYOUT_DECLINE", Status(Payout)),
            ("PAYOUT_EXPIRE", Status(Payout)),
            ("PAYOUT_THIRDPARTY", Status(Payout)),
            ("PENDING", Status(Pending)),
            ("POSTPONED_REFUND", ByState),
            ("PREARBITRATION_ACCEPTED", Nothing),
            ("PREARBITRATION_DECLINED", Nothing),
            ("PREARBITRATION_ISSUER_WITHDRAWN", Status(DisputeWon)),
            ("PREARBITRATION_LOST", ByState),
            ("PREARBITRATION_OPEN", Status(Disputed)),
            ("PREARBITRATION_WON", ByState),
            ("PROCESS_RETRY", Nothing),
            ("RECURRING_CONTRACT", Nothing),
            ("REFUND", ByState),
            ("REFUNDED_REVERSED", Status(RefundFailed)),
            ("REFUND_FAILED", Status(RefundFailed)),
            ("REFUND_WITH_DATA", ByState),
            ("REPORT_AVAILABLE", Nothing),
            ("REQUEST_FOR_INFORMATION", Nothing),
            ("SCHEME_ARBITRATION", Status(Disputed)),
            ("SCHEME_ARBITRATION_LOST", Status(DisputeLost)),
            ("SCHEME_ARBITRATION_WON", Status(DisputeWon)),
            ("SECOND_CHARGEBACK", ByState),
            ("TECHNICAL_CANCEL", ByState),
            ("VOID_PENDING_REFUND", ByState),
        ],
    }
};

/// What an event code says when `success` is true, and when it is false.
#[rustfmt::skip]
const BY_SUCCESS: &[(&str, PaymentStatus, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("AUTHORISATION", Authorised, Failed),
        ("AUTHORISATION_ADJUSTMENT", Authorised, Unclassified),
        ("CANCELLATION", Voided, Unclassified),
        ("CAPTURE", Captured, Failed),
        ("CHARGEBACK_REVERSED", DisputeWon, Disputed),
        ("EXPIRE", Voided, Unclassified),
        ("OFFER_CLOSED", Failed, Unclassified),
        ("POSTPONED_REFUND", Pending, RefundFailed),
        ("PREARBITRATION_LOST", DisputeLost, Disputed),
        ("PREARBITRATION_WON", DisputeWon, Disputed),
        ("REFUND", Refunded, RefundFailed),
        ("REFUND_WITH_DATA", Refunded, RefundFailed),
        ("SECOND_CHARGEBACK", DisputeLost, Disputed),
        ("TECHNICAL_CANCEL", Voided, Unclassified),
        ("VOID_PENDING_REFUND", RefundFailed, Unclassified),
    ]
};

/// The status of an event code. `action` and `dispute` are what `additionalData` says, which is not
/// signed: it only tells apart what one code may mean.
pub(super) fn status(code: &str, success: bool, action: &str, dispute: &str) -> PaymentStatus {
    use PaymentStatus::{DisputeLost, RefundFailed, Refunded, Unclassified, Voided};
    match (code, action) {
        ("CANCEL_OR_REFUND", "refund") if success => return Refunded,
        ("CANCEL_OR_REFUND", "refund") => return RefundFailed,
        ("CANCEL_OR_REFUND", "cancel") if success => return Voided,
        // Not defending a chargeback loses it; not answering an inquiry does not.
        ("DISPUTE_DEFENSE_PERIOD_ENDED", _) => {
            let lost = dispute.is_empty() || dispute.eq_ignore_ascii_case("lost");
            return if lost { DisputeLost } else { Unclassified };
        }
        _ => {}
    }
    let row = BY_SUCCESS.iter().find(|(name, ..)| *name == code);
    row.map_or_else(
        || EVENT_TYPES.status(code),
        |(_, yes, no)| if success { *yes } else { *no },
    )
}
