//! The normalised event and the key it is stored under.
//!
//! Invariant: [`TransactionKey`] is made only of what does not change between deliveries of one
//! event, and differs for any two events. So an insert that refuses an existing key is the whole of
//! deduplication.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Amount, Identifier, Movement, PaymentStatus, Problem};

/// What stands in a key in place of the time of an event that has none.
pub const UNDATED: &str = "undated";

/// One thing that happened to one payment, as a provider told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentEvent {
    /// The provider's name in the catalogue (`stripe`).
    pub provider: String,
    /// The provider's signed id of the event, or a hash of the signed content.
    pub event_id: Identifier,
    /// The provider's event type as sent; unknown ones too.
    pub event_type: String,
    /// Its normalised meaning.
    pub status: PaymentStatus,
    /// The provider's id of the payment that the event is about; the event's own where it is about
    /// none.
    pub transaction_id: Identifier,
    /// The money, when the event states any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amount: Option<Amount>,
    /// The merchant account at the provider, when the event names one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub merchant_account: Option<String>,
    /// When it happened, by the provider's clock, when the event says so. UTC, the precision sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub event_time: Option<Timestamp>,
    /// Returns true if `event_time` is the event's own, signed, and the same in every delivery.
    /// Then it is part of the key. The time of an object that the event is about is not.
    pub dated: bool,
    /// What is missing or unusable.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub problems: BTreeSet<Problem>,
    /// Other ids by their role (`charge`, `refund`, `dispute`, `order`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub related_ids: BTreeMap<String, Identifier>,
    /// The money that it says has moved, or will, or has not.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub movements: Vec<Movement>,
}

/// The primary key of a transaction record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransactionKey {
    /// `{provider}:{provider's id of the payment}`.
    pub transaction_id: String,
    /// `{event time, RFC 3339 UTC, nine decimals}#{event id}`, or `undated#{event id}`.
    pub timestamp: String,
}

impl PaymentEvent {
    /// The key of the record.
    pub fn key(&self) -> TransactionKey {
        TransactionKey {
            transaction_id: [&self.provider, ":", self.transaction_id.as_str()].concat(),
            timestamp: sort_key(self.key_time(), self.event_id.as_str()),
        }
    }

    /// The time that is part of the key; `None` for an event without a signed time of its own.
    pub fn key_time(&self) -> Option<Timestamp> {
        self.event_time.filter(|_| self.dated)
    }
}

/// Returns the sort key of an event: its time, where it has one of its own, and its id.
pub fn sort_key(key_time: Option<Timestamp>, event_id: &str) -> String {
    match key_time {
        Some(time) => format!("{time:.9}#{event_id}"),
        None => [UNDATED, "#", event_id].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(time: Option<&str>, dated: bool) -> PaymentEvent {
        PaymentEvent {
            provider: "stripe".into(),
            event_id: Identifier::new("evt_1").expect("id"),
            event_type: "charge.succeeded".into(),
            status: PaymentStatus::Captured,
            transaction_id: Identifier::new("pi_1").expect("id"),
            amount: None,
            merchant_account: None,
            event_time: time.map(|time| time.parse().expect("a time")),
            dated,
            problems: BTreeSet::new(),
            related_ids: BTreeMap::new(),
            movements: Vec::new(),
        }
    }

    #[test]
    fn key_has_a_fixed_width_time_or_none() {
        let plain = "2026-01-02T03:04:05Z";
        for (time, dated, expected) in [
            (Some(plain), true, "2026-01-02T03:04:05.000000000Z#evt_1"),
            (
                Some("2026-01-02T03:04:05.1234567+02:00"),
                true,
                "2026-01-02T01:04:05.123456700Z#evt_1",
            ),
            (Some(plain), false, "undated#evt_1"),
            (None, true, "undated#evt_1"),
            (None, false, "undated#evt_1"),
        ] {
            let key = event(time, dated).key();
            assert_eq!(key.transaction_id, "stripe:pi_1");
            assert_eq!(key.timestamp, expected);
        }
    }

    #[test]
    fn json_round_trips() {
        let mut event = event(Some("2026-01-02T03:04:05.5Z"), false);
        event.problems.insert(Problem::AmountMissing);
        let text = serde_json::to_string(&event).expect("serialises");
        assert!(text.contains("\"problems\":[\"amount_missing\"]"));
        let back: PaymentEvent = serde_json::from_str(&text).expect("parses");
        assert_eq!(back, event);
    }
}
