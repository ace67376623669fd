//! What is missing from a stored event, is there and cannot be used, or contradicts what other events say.

use serde::{Deserialize, Serialize};

/// A fact that a genuine webhook lacks, states in a form that cannot be used, or tells otherwise than another one.
///
/// A problem never keeps an event from being stored: the record has what is known, and the masked
/// payload has the rest. No variant carries input, because a body may hold card data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// The body is not in the provider's format, so nothing is known but its hash.
    BodyUnreadable,
    /// The body has more events than are stored one by one. It is stored as one event.
    TooManyEvents,
    /// The provider documents an id of the event and this one has none.
    EventIdMissing,
    /// The id of the event cannot be part of a key. The hash of the signed content is used.
    EventIdUnusable,
    /// No event type is stated.
    TypeMissing,
    /// The event type is too long or not a text.
    TypeUnusable,
    /// A payment is told, but not which. The event stands for itself.
    ObjectMissing,
    /// An id cannot be part of a key as it is. A hash of the id is used.
    IdUnusable,
    /// The provider documents a time of the event and this one has none.
    TimeMissing,
    /// The time of the event is in none of the known forms.
    TimeUnusable,
    /// Money is told, but no amount.
    AmountMissing,
    /// The amount is no number, too precise, or outside the range of 64-bit minor units.
    AmountUnusable,
    /// An amount is stated without a currency.
    CurrencyMissing,
    /// The currency is not a code of three to eight letters and digits.
    CurrencyUnusable,
    /// Two events tell different amounts of one movement.
    AmountDiffers,
    /// A total that only grows was told again and smaller.
    TotalShrinks,
    /// The amounts of one payment are in several currencies.
    CurrencyDiffers,
    /// More was given back than was taken.
    RefundBeyondCapture,
    /// A dispute of a payment of which nothing else is known.
    DisputeWithoutPayment,
}

impl Problem {
    /// Every problem, for tables and tests.
    pub const ALL: [Self; 19] = [
        Self::BodyUnreadable,
        Self::TooManyEvents,
        Self::EventIdMissing,
        Self::EventIdUnusable,
        Self::TypeMissing,
        Self::TypeUnusable,
        Self::ObjectMissing,
        Self::IdUnusable,
        Self::TimeMissing,
        Self::TimeUnusable,
        Self::AmountMissing,
        Self::AmountUnusable,
        Self::CurrencyMissing,
        Self::CurrencyUnusable,
        Self::AmountDiffers,
        Self::TotalShrinks,
        Self::CurrencyDiffers,
        Self::RefundBeyondCapture,
        Self::DisputeWithoutPayment,
    ];

    /// The stored text, the same as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodyUnreadable => "body_unreadable",
            Self::TooManyEvents => "too_many_events",
            Self::EventIdMissing => "event_id_missing",
            Self::EventIdUnusable => "event_id_unusable",
            Self::TypeMissing => "type_missing",
            Self::TypeUnusable => "type_unusable",
            Self::ObjectMissing => "object_missing",
            Self::IdUnusable => "id_unusable",
            Self::TimeMissing => "time_missing",
            Self::TimeUnusable => "time_unusable",
            Self::AmountMissing => "amount_missing",
            Self::AmountUnusable => "amount_unusable",
            Self::CurrencyMissing => "currency_missing",
            Self::CurrencyUnusable => "currency_unusable",
            Self::AmountDiffers => "amount_differs",
            Self::TotalShrinks => "total_shrinks",
            Self::CurrencyDiffers => "currency_differs",
            Self::RefundBeyondCapture => "refund_beyond_capture",
            Self::DisputeWithoutPayment => "dispute_without_payment",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_text_and_json_agree() {
        for problem in Problem::ALL {
            let json = serde_json::to_string(&problem).expect("serialises");
            assert_eq!(json, format!("\"{}\"", problem.as_str()));
        }
    }
}
