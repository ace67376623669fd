//! The types of Adyen's platform, tokenisation and management webhooks, and of the classic
//! platform's, each with what it says about a payment. A transfer decides by its category, type and
//! state. Disputes are those of cards that the platform issues, and transactions and accounting
//! events tell a transfer again.

use payment_event::PaymentStatus;

use crate::event_types::{EventTypes, Says};

#[rustfmt::skip]
pub(super) static EVENT_TYPES: EventTypes = {
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://github.com/Adyen/adyen-openapi, json/*Notification*.json and Webhooks-v1.json (commit aa014f0), and https://docs.adyen.com/api-explorer/balanceplatform-webhooks/2, read 2026-11-27",
        open: false,
        rows: &[
            ("ACCOUNT_CLOSED", Nothing),
            ("ACCOUNT_CREATED", Nothing),
            ("ACCOUNT_FUNDS_BELOW_THRESHOLD", Nothing),
            ("ACCOUNT_HOLDER_CREATED", Nothing),
            ("ACCOUNT_HOLDER_PAYOUT", Status(PaymentStatus::Payout)),
            ("ACCOUNT_HOLDER_STATUS_CHANGE", Nothing),
            ("ACCOUNT_HOLDER_STORE_STATUS_CHANGE", Nothing),
            ("ACCOUNT_HOLDER_UPCOMING_DEADLINE", Nothing),
            ("ACCOUNT_HOLDER_UPDATED", Nothing),
            ("ACCOUNT_HOLDER_VERIFICATION", Nothing),
            ("ACCOUNT_UPDATED", Nothing),
            ("BENEFICIARY_SETUP", Nothing),
            ("COMPENSATE_NEGATIVE_BALANCE", Nothing),
            ("DIRECT_DEBIT_INITIATED", Nothing),
            ("PAYMENT_FAILURE", Nothing),
            ("REFUND_FUNDS_TRANSFER", Nothing),
            ("REPORT_AVAILABLE", Nothing),
            ("SCHEDULED_REFUNDS", Nothing),
            ("TRANSFER_FUNDS", Nothing),
            ("ach.notificationOfChange", Nothing),
            ("balancePlatform.accountHolder.created", Nothing),
            ("balancePlatform.accountHolder.updated", Nothing),
            ("balancePlatform.authentication.created", Nothing),
            ("balancePlatform.authentication.relayed", Nothing),
            ("balancePlatform.authorisation.relayed", Nothing),
            ("balancePlatform.balanceAccount.balance.block.released", Nothing),
            ("balancePlatform.balanceAccount.balance.updated", Nothing),
            ("balancePlatform.balanceAccount.created", Nothing),
            ("balancePlatform.balanceAccount.recurringTopUp.created", Nothing),
            ("balancePlatform.balanceAccount.recurringTopUp.deleted", Nothing),
            ("balancePlatform.balanceAccount.recurringTopUp.updated", Nothing),
            ("balancePlatform.balanceAccount.updated", Nothing),
            ("balancePlatform.balanceAccountHolder.capitalOffer.created", Nothing),
            ("balancePlatform.balanceAccountPayoutSchedule.created", Nothing),
            ("balancePlatform.balanceAccountPayoutSchedule.deleted", Nothing),
            ("balancePlatform.balanceAccountPayoutSchedule.updated", Nothing),
            ("balancePlatform.balanceAccountPayoutScheduleAutoApplication.failed", Nothing),
            ("balancePlatform.balanceAccountPayoutScheduleExecution.failed", Nothing),
            ("balancePlatform.balanceAccountPayoutScheduleExecution.skipped", Nothing),
            ("balancePlatform.balanceAccountPayoutScheduleExecution.succeeded", Nothing),
            ("balancePlatform.balanceAccountSweep.created", Nothing),
            ("balancePlatform.balanceAccountSweep.deleted", Nothing),
            ("balancePlatform.balanceAccountSweep.updated", Nothing),
            ("balancePlatform.balancePlatformPayoutSchedule.created", Nothing),
            ("balancePlatform.balancePlatformPayoutSchedule.deleted", Nothing),
            ("balancePlatform.balancePlatformPayoutSchedule.updated", Nothing),
            ("balancePlatform.capital.dynamicOffer.created", Nothing),
            ("balancePlatform.cardorder.created", Nothing),
            ("balancePlatform.cardorder.updated", Nothing),
            ("balancePlatform.dispute.created", Nothing),
            ("balancePlatform.dispute.updated", Nothing),
            ("balancePlatform.grants.created", Nothing),
            ("balancePlatform.grants.updated", Nothing),
            ("balancePlatform.incomingTransfer.created", Nothing),
            ("balancePlatform.incomingTransfer.updated", Nothing),
            ("balancePlatform.mandate.created", Nothing),
            ("balancePlatform.mandate.updated", Nothing),
            ("balancePlatform.negativeBalanceCompensationWarning.scheduled", Nothing),
            ("balancePlatform.networkToken.created", Nothing),
            ("balancePlatform.networkToken.updated", Nothing),
            ("balancePlatform.outgoingTransfer.created", Nothing),
            ("balancePlatform.outgoingTransfer.updated", Nothing),
            ("balancePlatform.payment.created", Nothing),
            ("balancePlatform.payment.updated", Nothing),
            ("balancePlatform.paymentInstrument.created", Nothing),
            ("balancePlatform.paymentInstrument.updated", Nothing),
            ("balancePlatform.report.created", Nothing),
            ("balancePlatform.score.triggered", Nothing),
            ("balancePlatform.transaction.created", Nothing),
            ("balancePlatform.transfer.created", ByState),
            ("balancePlatform.transfer.updated", ByState),
            ("eft.notificationOfChange", Nothing),
            ("merchant.created", Nothing),
            ("merchant.updated", Nothing),
            ("paymentMethod.created", Nothing),
            ("paymentMethodRequest.removed", Nothing),
            ("paymentMethodRequest.scheduledForRemoval", Nothing),
            ("recurring.token.alreadyExisting", Nothing),
            ("recurring.token.created", Nothing),
            ("recurring.token.disabled", Nothing),
            ("recurring.token.updated", Nothing),
            ("terminalAssignment.completed", Nothing),
            ("terminalBoarding.triggered", Nothing),
            ("terminalSettings.modified", Nothing),
        ],
    }
};

/// By category, type and state of a transfer. Before version 4 a transfer had no type, and its
/// state told as much.
#[rustfmt::skip]
const TRANSFERS: &[(&str, &str, &str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("platformPayment", "capture", "booked", Captured),
        ("platformPayment", "payment", "booked", Captured),
        ("platformPayment", "payment", "authorised", Authorised),
        ("platformPayment", "payment", "refused", Failed),
        ("platformPayment", "refund", "booked", Refunded),
        ("platformPayment", "captureReversal", "booked", Voided),
        ("platformPayment", "refundReversal", "booked", RefundFailed),
        ("platformPayment", "chargeback", "booked", Disputed),
        ("platformPayment", "secondChargeback", "booked", DisputeLost),
        ("platformPayment", "chargebackReversal", "booked", DisputeWon),
        ("platformPayment", "", "authorised", Authorised),
        ("platformPayment", "", "refused", Failed),
        ("platformPayment", "", "captured", Captured),
        ("platformPayment", "", "refunded", Refunded),
        ("platformPayment", "", "captureReversed", Voided),
        ("platformPayment", "", "refundReversed", RefundFailed),
        ("platformPayment", "", "chargeback", Disputed),
        ("platformPayment", "", "secondChargeback", DisputeLost),
        ("platformPayment", "", "chargebackReversed", DisputeWon),
        ("bank", "bankTransfer", "booked", Payout),
        ("bank", "bankTransfer", "failed", Payout),
        ("bank", "bankTransfer", "returned", Payout),
        ("bank", "payout", "booked", Payout),
        ("bank", "payout", "failed", Payout),
        ("bank", "payout", "returned", Payout),
    ]
};

/// The status of a transfer. Money that a bank sends in is no payout.
pub(super) fn transfer(category: &str, kind: &str, state: &str, direction: &str) -> PaymentStatus {
    let row = TRANSFERS
        .iter()
        .find(|(c, t, s, _)| *c == category && *t == kind && *s == state);
    match row {
        Some((.., PaymentStatus::Payout)) if direction == "incoming" => PaymentStatus::Unclassified,
        Some((.., status)) => *status,
        None => PaymentStatus::Unclassified,
    }
}
