//! The normalised event and the key it is stored under.
//!
//! Invariant: [`TransactionKey`] is made only of what does not change between deliveries of one event, so that an insert
//! which refuses an existing key is the whole of deduplication.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Amount, Identifier, PaymentStatus};

/// How repeated deliveries of an event are recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum EventIdentity {
    /// Event time and event id are the same in every delivery: the record's own key is enough.
    Key,
    /// The event time is missing or may change: a guard item under this text is written with the record.
    Guard(String),
}

/// One thing that happened to one payment, as a provider told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentEvent {
    /// The provider's name in the catalogue (`stripe`).
    pub provider: String,
    /// The provider's id of the event, or one composed of fields that never change.
    pub event_id: Identifier,
    /// The provider's event type as sent; unknown ones too.
    pub event_type: String,
    /// Its normalised meaning.
    pub status: PaymentStatus,
    /// The provider's id of the payment that the event is about.
    pub transaction_id: Identifier,
    /// The money, when the event states any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amount: Option<Amount>,
    /// The merchant account at the provider, when the event names one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub merchant_account: Option<String>,
    /// When it happened, by the provider's clock. UTC, the precision sent.
    pub event_time: Timestamp,
    /// How repeated deliveries are recognised.
    pub identity: EventIdentity,
    /// Other ids by their role (`charge`, `refund`, `dispute`, `order`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub related_ids: BTreeMap<String, Identifier>,
}

/// The primary key of a transaction record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransactionKey {
    /// `{provider}:{provider's id of the payment}`.
    pub transaction_id: String,
    /// `{event time, RFC 3339 UTC, nine decimals}#{event id}`, or `dedupe#{identity}` for a guard.
    pub timestamp: String,
}

impl PaymentEvent {
    /// The key of the record.
    pub fn key(&self) -> TransactionKey {
        TransactionKey {
            transaction_id: format!("{}:{}", self.provider, self.transaction_id),
            timestamp: format!("{:.9}#{}", self.event_time, self.event_id),
        }
    }

    /// The key of the guard item, for events whose own key is not stable.
    pub fn guard_key(&self) -> Option<TransactionKey> {
        match &self.identity {
            EventIdentity::Key => None,
            EventIdentity::Guard(identity) => Some(TransactionKey {
                transaction_id: format!("{}:{}", self.provider, self.transaction_id),
                timestamp: format!("dedupe#{identity}"),
            }),
        }
    }

    /// What makes two deliveries the same event, as one text: the guard's key where there is one, else the record's.
    pub fn dedupe_key(&self) -> TransactionKey {
        self.guard_key().unwrap_or_else(|| self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(identity: EventIdentity, time: &str) -> PaymentEvent {
        PaymentEvent {
            provider: "stripe".into(),
            event_id: Identifier::new("evt_1").expect("id"),
            event_type: "charge.succeeded".into(),
            status: PaymentStatus::Captured,
            transaction_id: Identifier::new("pi_1").expect("id"),
            amount: None,
            merchant_account: None,
            event_time: time.parse().expect("a time"),
            identity,
            related_ids: BTreeMap::new(),
        }
    }

    #[test]
    fn key_has_a_fixed_width_time() {
        for (time, expected) in [
            (
                "2026-01-02T03:04:05Z",
                "2026-01-02T03:04:05.000000000Z#evt_1",
            ),
            (
                "2026-01-02T03:04:05.1234567+02:00",
                "2026-01-02T01:04:05.123456700Z#evt_1",
            ),
        ] {
            let key = event(EventIdentity::Key, time).key();
            assert_eq!(key.transaction_id, "stripe:pi_1");
            assert_eq!(key.timestamp, expected);
        }
    }

    #[test]
    fn a_guard_replaces_the_time() {
        let first = event(EventIdentity::Guard("a:b".into()), "2026-01-02T03:04:05Z");
        let again = event(EventIdentity::Guard("a:b".into()), "2026-01-02T03:09:00Z");
        assert_ne!(first.key(), again.key());
        assert_eq!(first.dedupe_key(), again.dedupe_key());
        assert_eq!(first.guard_key().expect("a guard").timestamp, "dedupe#a:b");
    }

    #[test]
    fn json_round_trips() {
        let event = event(EventIdentity::Guard("x".into()), "2026-01-02T03:04:05.5Z");
        let text = serde_json::to_string(&event).expect("serialises");
        let back: PaymentEvent = serde_json::from_str(&text).expect("parses");
        assert_eq!(back, event);
    }
}
