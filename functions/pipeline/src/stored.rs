//! A record as it is read back from the transactions table: for counting again, and for the archive.
//!
//! Invariant: nothing is dropped silently. An item with an attribute that is missing, of another
//! type or unknown here is an error, so that the archive never takes for copied what it copied in
//! part.

mod item;
mod movement;

use std::collections::BTreeMap;

use jiff::Timestamp;
use payment_event::{MOVEMENT, TransactionKey, sort_key};

use crate::aggregate::{CountedEvent, StreamRecordError, counted_event};
use crate::storage::{Attribute, Item};

/// The `record_type` of an event; a movement's is [`MOVEMENT`].
pub const EVENT: &str = "event";

/// The money of a record, as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMoney {
    /// Integer minor units.
    pub minor: i64,
    /// Currency code.
    pub currency: String,
    /// Decimal places.
    pub exponent: u8,
    /// The amount as sent.
    pub text: String,
    /// Who says what the exponent is.
    pub exponent_source: String,
}

/// A record of the table, every attribute of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTransaction {
    /// Partition and sort key.
    pub key: TransactionKey,
    /// The provider's name.
    pub provider: String,
    /// The provider's id of the event.
    pub event_id: String,
    /// The event type as sent.
    pub event_type: String,
    /// Its normalised meaning.
    pub status: String,
    /// The money, when the event states any.
    pub money: Option<StoredMoney>,
    /// The merchant account, when the event names one.
    pub merchant_account: Option<String>,
    /// Other ids by role; empty when there are none.
    pub related_ids: BTreeMap<String, String>,
    /// What is missing or unusable, in the order of the texts; empty when nothing is.
    pub problems: Vec<String>,
    /// When it happened, by the provider's clock, when the event says so.
    pub event_time: Option<Timestamp>,
    /// When the queue took its webhook; milliseconds.
    pub received_at: Timestamp,
    /// The queue message that brought it.
    pub message_id: String,
    /// Object key of its audit line.
    pub audit_key: String,
    /// First byte of the line's frame.
    pub audit_offset: u64,
    /// Bytes of the frame.
    pub audit_length: u64,
    /// When the table may delete the item, in seconds since the epoch.
    pub expires_at: i64,
    /// The movements that an event tells: `{kind}#{id}`, and `#{payment}` behind it where it is another's.
    pub tells: Vec<String>,
    /// Who fetched what it is made of from the provider's API, from where and when, where that was
    /// not sent as a webhook.
    pub fetched: Option<String>,
    /// What a movement's item has beside what the event has that changed it last; `None` for an event.
    pub movement: Option<StoredMovement>,
}

pub use item::{exponent_source, tells};
pub use movement::StoredMovement;

/// Why an item is not a record that can be copied. Names an attribute, never its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// An attribute is missing, of another type, or out of range.
    #[error("attribute {0} of the item is missing, of another type or out of range")]
    Attribute(&'static str),
    /// The item has one that no record has: it was written by something else or by a newer version.
    #[error("the item has {0} attributes that no record has")]
    Unknown(usize),
    /// Sort key, event time and event id say different things.
    #[error("attributes timestamp, event_time and event_id of the item disagree")]
    Disagree,
}

/// Takes the attributes out of an item one by one; what is left in the end is unknown.
struct Taken(Item);

impl Taken {
    fn maybe_text(&mut self, name: &'static str) -> Result<Option<String>, StoredError> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Attribute::Text(text)) => Ok(Some(text)),
            Some(_) => Err(StoredError::Attribute(name)),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<String, StoredError> {
        self.maybe_text(name)?.ok_or(StoredError::Attribute(name))
    }

    fn number<N: std::str::FromStr>(&mut self, name: &'static str) -> Result<N, StoredError> {
        match self.0.remove(name) {
            Some(Attribute::Number(text)) => text.parse().map_err(|_| StoredError::Attribute(name)),
            _ => Err(StoredError::Attribute(name)),
        }
    }

    fn maybe_time(&mut self, name: &'static str) -> Result<Option<Timestamp>, StoredError> {
        let text = self.maybe_text(name)?;
        text.map(|text| text.parse().map_err(|_| StoredError::Attribute(name)))
            .transpose()
    }

    fn time(&mut self, name: &'static str) -> Result<Timestamp, StoredError> {
        self.maybe_time(name)?.ok_or(StoredError::Attribute(name))
    }

    fn money(&mut self) -> Result<Option<StoredMoney>, StoredError> {
        if !self.0.contains_key("amount_minor") && !self.0.contains_key("currency") {
            return Ok(None);
        }
        Ok(Some(StoredMoney {
            minor: self.number("amount_minor")?,
            currency: self.text("currency")?,
            exponent: self.number("amount_exponent")?,
            text: self.text("amount_text")?,
            exponent_source: self.text("exponent_source")?,
        }))
    }

    fn texts(&mut self, name: &'static str) -> Result<Vec<String>, StoredError> {
        match self.0.remove(name) {
            None => Ok(Vec::new()),
            Some(Attribute::List(texts)) => Ok(texts),
            Some(_) => Err(StoredError::Attribute(name)),
        }
    }

    fn maybe_number<N: std::str::FromStr>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<N>, StoredError> {
        match self.0.contains_key(name) {
            true => self.number(name).map(Some),
            false => Ok(None),
        }
    }

    fn related_ids(&mut self) -> Result<BTreeMap<String, String>, StoredError> {
        match self.0.remove("related_ids") {
            None => Ok(BTreeMap::new()),
            Some(Attribute::Texts(texts)) => Ok(texts),
            Some(_) => Err(StoredError::Attribute("related_ids")),
        }
    }
}

impl StoredTransaction {
    /// Reads an item of the table.
    ///
    /// # Errors
    /// A [`StoredError`]; the item must be left where it is.
    pub fn from_item(item: Item) -> Result<Self, StoredError> {
        let mut item = Taken(item);
        let movement = match item.text("record_type")?.as_str() {
            EVENT => None,
            MOVEMENT => Some(StoredMovement::taken(&mut item)?),
            _ => return Err(StoredError::Attribute("record_type")),
        };
        let stored = Self {
            movement,
            key: TransactionKey {
                transaction_id: item.text("transaction_id")?,
                timestamp: item.text("timestamp")?,
            },
            provider: item.text("provider")?,
            event_id: item.text("event_id")?,
            event_type: item.text("event_type")?,
            status: item.text("status")?,
            money: item.money()?,
            merchant_account: item.maybe_text("merchant_account")?,
            related_ids: item.related_ids()?,
            problems: item.texts("problems")?,
            event_time: item.maybe_time("event_time")?,
            received_at: item.time("received_at")?,
            message_id: item.text("message_id")?,
            audit_key: item.text("audit_key")?,
            audit_offset: item.number("audit_offset")?,
            audit_length: item.number("audit_length")?,
            expires_at: item.number("expires_at")?,
            tells: item.texts("tells")?,
            fetched: item.maybe_text("fetched")?,
        };
        if !item.0.is_empty() {
            return Err(StoredError::Unknown(item.0.len()));
        }
        if !stored.agrees() {
            return Err(StoredError::Disagree);
        }
        Ok(stored)
    }

    /// Returns true if the sort key says what the event's time and id say. An event may have a time
    /// that is no part of its key.
    pub fn agrees(&self) -> bool {
        if let Some(movement) = &self.movement {
            return self.key.timestamp == movement.sort_key();
        }
        let key = |time| sort_key(time, &self.event_id);
        self.key.timestamp == key(self.event_time) || self.key.timestamp == key(None)
    }

    /// What is counted of it as an event.
    ///
    /// # Errors
    /// The same [`StreamRecordError`] that keeps its stream record from being counted.
    pub fn counted(&self) -> Result<CountedEvent, StreamRecordError> {
        counted_event(
            &self.provider,
            &self.status,
            self.event_time,
            self.received_at,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Attribute {
        Attribute::Text(value.to_owned())
    }

    fn number(value: &str) -> Attribute {
        Attribute::Number(value.to_owned())
    }

    fn item() -> Item {
        let related = BTreeMap::from([("charge".to_owned(), "ch_1".to_owned())]);
        [
            ("record_type", text("event")),
            ("transaction_id", text("stripe:pi_1")),
            ("timestamp", text("2026-01-02T03:04:05.600000000Z#evt_1")),
            ("provider", text("stripe")),
            ("event_id", text("evt_1")),
            ("event_type", text("charge.succeeded")),
            ("status", text("captured")),
            ("amount_minor", number("1130")),
            ("currency", text("EUR")),
            ("amount_exponent", number("2")),
            ("amount_text", text("1130")),
            ("exponent_source", text("iso_default")),
            ("merchant_account", text("acct_1")),
            ("related_ids", Attribute::Texts(related)),
            (
                "problems",
                Attribute::List(vec!["amount_missing".to_owned()]),
            ),
            ("event_time", text("2026-01-02T03:04:05.600000000Z")),
            ("received_at", text("2026-01-02T03:04:06.100Z")),
            ("message_id", text("m-1")),
            ("audit_key", text("audit/dt=2026-01-02/hh=03/i.jsonl.zst")),
            ("audit_offset", number("0")),
            ("audit_length", number("345")),
            ("expires_at", number("1776308645")),
            (
                "fetched",
                text("2026-01-02T03:04:06.000Z api.stripe.com me"),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    #[test]
    fn an_item_is_read_whole_and_counts_as_its_stream_record_does() {
        let stored = StoredTransaction::from_item(item()).unwrap();
        assert_eq!(stored.money.as_ref().unwrap().minor, 1130);
        assert_eq!(stored.related_ids["charge"], "ch_1");
        let counted = stored.counted().unwrap();
        assert_eq!(
            (counted.provider.as_str(), counted.status.as_str()),
            ("stripe", "captured")
        );
    }

    #[test]
    fn an_item_goes_round() {
        let stored = StoredTransaction::from_item(item()).unwrap();
        assert_eq!(stored.item(), item());
    }

    #[test]
    fn what_an_event_does_not_state_may_be_missing() {
        let mut item = item();
        for name in [
            "amount_minor",
            "currency",
            "amount_exponent",
            "amount_text",
            "exponent_source",
            "merchant_account",
            "related_ids",
            "problems",
            "fetched",
        ] {
            item.remove(name);
        }
        let stored = StoredTransaction::from_item(item).unwrap();
        assert_eq!((&stored.money, &stored.merchant_account), (&None, &None));
        assert!(stored.counted().is_ok());
    }

    #[test]
    fn every_other_missing_or_wrong_attribute_is_named() {
        for name in item().keys() {
            for wrong in [None, Some(Attribute::Other)] {
                let optional = ["merchant_account", "related_ids", "problems", "fetched"];
                let optional = optional.contains(&name.as_str());
                if wrong.is_none() && optional {
                    continue;
                }
                let mut changed = item();
                changed.remove(name);
                changed.extend(wrong.map(|value| (name.clone(), value)));
                let error = StoredTransaction::from_item(changed).unwrap_err();
                assert!(error.to_string().contains(name.as_str()), "{name}: {error}");
            }
        }
    }

    #[test]
    fn what_is_unknown_or_disagrees_is_not_copied() {
        let mut more = item();
        more.insert("colour".to_owned(), text("red"));
        assert_eq!(
            StoredTransaction::from_item(more),
            Err(StoredError::Unknown(1))
        );
        let mut other = item();
        other.insert("event_id".to_owned(), text("evt_2"));
        assert_eq!(
            StoredTransaction::from_item(other),
            Err(StoredError::Disagree)
        );
        let mut without = item();
        without.remove("event_time");
        assert_eq!(
            StoredTransaction::from_item(without),
            Err(StoredError::Disagree)
        );
        let mut movement = item();
        movement.insert("record_type".to_owned(), text("movement"));
        assert_eq!(
            StoredTransaction::from_item(movement.clone()),
            Err(StoredError::Attribute("movement_kind"))
        );
        movement.insert("record_type".to_owned(), text("guard"));
        assert_eq!(
            StoredTransaction::from_item(movement),
            Err(StoredError::Attribute("record_type"))
        );
    }

    #[test]
    fn an_undated_record_may_have_a_time_or_none() {
        let mut item = item();
        item.insert("timestamp".to_owned(), text("undated#evt_1"));
        let stored = StoredTransaction::from_item(item.clone()).unwrap();
        assert!(stored.event_time.is_some());
        item.remove("event_time");
        let stored = StoredTransaction::from_item(item.clone()).unwrap();
        assert_eq!(stored.event_time, None);
        assert_eq!(stored.item(), item);
        // Counted by the time of receipt, then.
        assert_eq!(stored.counted().unwrap().event_time, stored.received_at);
    }
}
