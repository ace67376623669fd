//! The event types of Coinbase's developer platform.
//!
//! Sources, read 2026-11-27: <https://docs.cdp.coinbase.com/webhooks/overview> and the pages below
//! it, as the enumeration `EventType` in `openapi.yaml` of coinbase/cdp-sdk (f9bbf41d, August 2026)
//! repeats them; <https://docs.cdp.coinbase.com/coinbase-business/checkout-apis/webhooks> and
//! <https://docs.cdp.coinbase.com/coinbase-business/payment-link-apis/webhooks>, whose types stand
//! nowhere else.

use payment_event::PaymentStatus;

use crate::event_types::{EventTypes, Says};

/// What an event type says about the payment. Wallets, activity on chains and purchases of coins by
/// end users are nothing of a merchant's payments.
#[rustfmt::skip]
pub(super) static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://docs.cdp.coinbase.com/webhooks/overview, read 2026-11-27",
        open: false,
        rows: &[
            ("acceptance.disbursement.failed", Status(Payout)),
            ("acceptance.disbursement.pending", Status(Payout)),
            ("acceptance.disbursement.succeeded", Status(Payout)),
            ("acceptance.payment_session.authorization_failed", Status(Failed)),
            ("acceptance.payment_session.authorization_pending", Status(Pending)),
            ("acceptance.payment_session.authorization_succeeded", Status(Authorised)),
            ("acceptance.payment_session.canceled", Status(Voided)),
            ("acceptance.payment_session.capture_failed", Status(Failed)),
            ("acceptance.payment_session.capture_pending", Status(Pending)),
            ("acceptance.payment_session.capture_succeeded", Status(Captured)),
            ("acceptance.payment_session.created", Status(Pending)),
            ("acceptance.payment_session.refund_failed", Status(RefundFailed)),
            ("acceptance.payment_session.refund_pending", Status(Pending)),
            ("acceptance.payment_session.refund_succeeded", Status(Refunded)),
            ("acceptance.payment_session.void_failed", Nothing),
            ("acceptance.payment_session.void_pending", Status(Pending)),
            ("acceptance.payment_session.void_succeeded", Status(Voided)),
            ("checkout.payment.expired", Status(Failed)),
            ("checkout.payment.failed", Status(Failed)),
            ("checkout.payment.success", Status(Captured)),
            ("checkout.refund.failed", Status(RefundFailed)),
            ("checkout.refund.success", Status(Refunded)),
            ("customers.capability.changed", Nothing),
            ("customers.customer.deleted", Nothing),
            ("offramp.transaction.created", Nothing),
            ("offramp.transaction.failed", Nothing),
            ("offramp.transaction.success", Nothing),
            ("offramp.transaction.updated", Nothing),
            ("onchain.activity.detected", Nothing),
            ("onramp.transaction.created", Nothing),
            ("onramp.transaction.failed", Nothing),
            ("onramp.transaction.success", Nothing),
            ("onramp.transaction.updated", Nothing),
            ("payment_link.payment.expired", Status(Failed)),
            ("payment_link.payment.failed", Status(Failed)),
            ("payment_link.payment.success", Status(Captured)),
            ("payments.transfers.completed", ByState),
            ("payments.transfers.expired", Nothing),
            ("payments.transfers.failed", ByState),
            ("payments.transfers.processing", ByState),
            ("payments.transfers.quoted", Nothing),
            ("payments.transfers.travel_rule_completed", Nothing),
            ("payments.transfers.travel_rule_incomplete", Nothing),
            ("wallet.activity.detected", Nothing),
            ("wallet.activity.multi", Nothing),
            ("wallet.delegation.created", Nothing),
            ("wallet.delegation.revoked", Nothing),
            ("wallet.hash.signed", Nothing),
            ("wallet.message.signed", Nothing),
            ("wallet.transaction.broadcast", Nothing),
            ("wallet.transaction.confirmed", Nothing),
            ("wallet.transaction.created", Nothing),
            ("wallet.transaction.failed", Nothing),
            ("wallet.transaction.pending", Nothing),
            ("wallet.transaction.replaced", Nothing),
            ("wallet.transaction.signed", Nothing),
            ("wallet.typed_data.signed", Nothing),
        ],
    }
};
