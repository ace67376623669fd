//! What an event says about a payment, in the field's own terms.

use serde::{Deserialize, Serialize};

/// The normalised meaning of a provider's event type. The event type as sent is kept beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Under way: created, processing, waiting for the payer or for approval.
    Pending,
    /// The issuer reserved the money.
    Authorised,
    /// The money was taken.
    Captured,
    /// The payment or its capture was refused or did not go through.
    Failed,
    /// An authorisation was released before capture.
    Voided,
    /// Money went back to the payer, in part or in whole.
    Refunded,
    /// A refund did not go through or was undone.
    RefundFailed,
    /// The payer disputes the payment, or a chargeback was booked.
    Disputed,
    /// The dispute ended for the merchant.
    DisputeWon,
    /// The dispute ended for the payer.
    DisputeLost,
    /// Money left for or came back from the merchant's bank account.
    Payout,
    /// Says only that something happened; the amount has to be fetched.
    Notice,
    /// A type that payhook does not know; stored all the same.
    Unclassified,
}

impl PaymentStatus {
    /// Every status, for tables and tests.
    pub const ALL: [Self; 13] = [
        Self::Pending,
        Self::Authorised,
        Self::Captured,
        Self::Failed,
        Self::Voided,
        Self::Refunded,
        Self::RefundFailed,
        Self::Disputed,
        Self::DisputeWon,
        Self::DisputeLost,
        Self::Payout,
        Self::Notice,
        Self::Unclassified,
    ];

    /// The stored text, the same as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Authorised => "authorised",
            Self::Captured => "captured",
            Self::Failed => "failed",
            Self::Voided => "voided",
            Self::Refunded => "refunded",
            Self::RefundFailed => "refund_failed",
            Self::Disputed => "disputed",
            Self::DisputeWon => "dispute_won",
            Self::DisputeLost => "dispute_lost",
            Self::Payout => "payout",
            Self::Notice => "notice",
            Self::Unclassified => "unclassified",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_text_and_json_agree() {
        for status in PaymentStatus::ALL {
            let json = serde_json::to_string(&status).expect("serialises");
            assert_eq!(json, format!("\"{}\"", status.as_str()));
        }
    }
}
