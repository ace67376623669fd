//! Braintree's kinds of notifications: those of braintree-python 4.48.0, which are those of the
//! published pages, and three that older versions know. `local_payment_funded` tells a completed
//! payment again.

use payment_event::PaymentStatus;

use crate::event_types::{EventTypes, Says};

#[rustfmt::skip]
pub(super) static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://developer.paypal.com/braintree/docs/reference/general/webhooks/, read 2026-11-27",
        open: false,
        rows: &[
            ("account_updater_daily_report", Nothing),
            ("check", Nothing),
            ("connected_merchant_paypal_status_changed", Nothing),
            ("connected_merchant_status_transitioned", Nothing),
            ("disbursement", Status(Payout)),
            ("disbursement_exception", Status(Payout)),
            ("dispute_accepted", ByState),
            ("dispute_auto_accepted", ByState),
            ("dispute_disputed", ByState),
            ("dispute_expired", ByState),
            ("dispute_lost", ByState),
            ("dispute_opened", ByState),
            ("dispute_under_review", ByState),
            ("dispute_won", ByState),
            ("granted_payment_instrument_revoked", Nothing),
            ("granted_payment_method_revoked", Nothing),
            ("grantor_updated_granted_payment_method", Nothing),
            ("local_payment_completed", Status(Captured)),
            ("local_payment_expired", Status(Voided)),
            ("local_payment_funded", Nothing),
            ("local_payment_reversed", Status(Refunded)),
            ("oauth_access_revoked", Nothing),
            ("partner_merchant_connected", Nothing),
            ("partner_merchant_declined", Nothing),
            ("partner_merchant_disconnected", Nothing),
            ("payment_method_customer_data_updated", Nothing),
            ("payment_method_revoked_by_customer", Nothing),
            ("recipient_updated_granted_payment_method", Nothing),
            ("refund_failed", Status(RefundFailed)),
            ("sub_merchant_account_approved", Nothing),
            ("sub_merchant_account_declined", Nothing),
            ("subscription_billing_skipped", Nothing),
            ("subscription_canceled", Nothing),
            ("subscription_charged_successfully", Status(Captured)),
            ("subscription_charged_unsuccessfully", Status(Failed)),
            ("subscription_expired", Nothing),
            ("subscription_trial_ended", Nothing),
            ("subscription_went_active", Nothing),
            ("subscription_went_past_due", Nothing),
            ("transaction_disbursed", Status(Payout)),
            ("transaction_retried", Status(Pending)),
            ("transaction_reviewed", Nothing),
            ("transaction_settled", ByState),
            ("transaction_settlement_declined", ByState),
        ],
    }
};
