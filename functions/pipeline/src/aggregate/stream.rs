//! Reads one record of the stream.
//!
//! Source of the shape: <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>, read 2026-11-24; attributes as in `ARCHITECTURE.md`,
//! "Transaction record". An amount may be negative and is added with its sign: a credit on an invoice is sent so
//! (<https://docs.stripe.com/api/invoiceitems/create>, read 2026-11-25), and an event that was stored must be counted.

use std::collections::HashMap;

use jiff::Timestamp;
use payment_event::{CurrencyCode, MinorUnits, PaymentStatus};
use serde::Deserialize;

/// Decimal places that any amount has at most: those of what is no currency of ISO 4217.
const EXPONENT_MAX: u8 = 8;

/// What is counted of one stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedEvent {
    /// The provider's name.
    pub provider: String,
    /// The event's normalised meaning.
    pub status: PaymentStatus,
    /// The money with its exponent, when the event states any.
    pub amount: Option<(CurrencyCode, u8, MinorUnits)>,
    /// When it happened, by the provider's clock; when the queue took its webhook, where the event
    /// does not say.
    pub event_time: Timestamp,
    /// When the queue took its webhook.
    pub received_at: Timestamp,
}

/// Why a record cannot be counted. Names an attribute, never its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamRecordError {
    /// Not the shape of a stream record with a new image.
    #[error("not a stream record with a new image")]
    NotARecord,
    /// An attribute that every event record has is missing, or has another type.
    #[error("attribute {0} is missing or of another type")]
    Attribute(&'static str),
    /// A status that is none of the normalised ones.
    #[error("attribute status is none that is known")]
    Status,
    /// A time that is none.
    #[error("attribute {0} is not a time")]
    Time(&'static str),
    /// A currency that is no code, or an exponent that no currency has.
    #[error("attribute currency or amount_exponent is none that exists")]
    Currency,
    /// An amount that does not fit 64 bits.
    #[error("attribute amount_minor is not an integer of 64 bits")]
    AmountOutOfRange,
}

#[derive(Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "NewImage")]
    new_image: HashMap<String, Attribute>,
}

/// An attribute value; the types that no counted attribute has are not looked into.
#[derive(Deserialize)]
struct Attribute {
    #[serde(rename = "S")]
    text: Option<String>,
    #[serde(rename = "N")]
    number: Option<String>,
}

impl Change {
    fn text(&self, name: &'static str) -> Result<&str, StreamRecordError> {
        self.new_image
            .get(name)
            .and_then(|value| value.text.as_deref())
            .ok_or(StreamRecordError::Attribute(name))
    }

    fn number(&self, name: &'static str) -> Result<&str, StreamRecordError> {
        self.new_image
            .get(name)
            .and_then(|value| value.number.as_deref())
            .ok_or(StreamRecordError::Attribute(name))
    }

    fn time(&self, name: &'static str) -> Result<Timestamp, StreamRecordError> {
        self.text(name)?
            .parse()
            .map_err(|_| StreamRecordError::Time(name))
    }

    fn maybe_time(&self, name: &'static str) -> Result<Option<Timestamp>, StreamRecordError> {
        match self.new_image.contains_key(name) {
            true => self.time(name).map(Some),
            false => Ok(None),
        }
    }

    fn amount(&self) -> Result<Option<(&str, u8, i64)>, StreamRecordError> {
        if !self.new_image.contains_key("amount_minor") && !self.new_image.contains_key("currency")
        {
            return Ok(None);
        }
        let currency = self.text("currency")?;
        let exponent = self
            .number("amount_exponent")?
            .parse()
            .map_err(|_| StreamRecordError::Currency)?;
        let minor = self
            .number("amount_minor")?
            .parse()
            .map_err(|_| StreamRecordError::AmountOutOfRange)?;
        Ok(Some((currency, exponent, minor)))
    }
}

/// What is counted of a record with these attributes; `amount` is currency, exponent and minor units.
///
/// # Errors
/// A [`StreamRecordError`] that names what is wrong.
pub fn counted_event(
    provider: &str,
    status: &str,
    amount: Option<(&str, u8, i64)>,
    event_time: Option<Timestamp>,
    received_at: Timestamp,
) -> Result<CountedEvent, StreamRecordError> {
    let status = PaymentStatus::ALL
        .into_iter()
        .find(|known| known.as_str() == status)
        .ok_or(StreamRecordError::Status)?;
    let amount = match amount {
        None => None,
        Some((currency, exponent, minor)) => {
            let currency =
                CurrencyCode::parse(currency).map_err(|_| StreamRecordError::Currency)?;
            if exponent > EXPONENT_MAX {
                return Err(StreamRecordError::Currency);
            }
            Some((currency, exponent, MinorUnits(minor)))
        }
    };
    Ok(CountedEvent {
        provider: provider.to_owned(),
        status,
        amount,
        event_time: event_time.unwrap_or(received_at),
        received_at,
    })
}

/// Reads the record of one inserted event.
///
/// # Errors
/// A [`StreamRecordError`] that names what is wrong; repeating does not help.
pub fn read_record(json: &str) -> Result<CountedEvent, StreamRecordError> {
    let record: Record = serde_json::from_str(json).map_err(|_| StreamRecordError::NotARecord)?;
    let change = record.dynamodb;
    counted_event(
        change.text("provider")?,
        change.text("status")?,
        change.amount()?,
        change.maybe_time("event_time")?,
        change.time("received_at")?,
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record() -> Value {
        json!({
            "eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb",
            "dynamodb": {
                "SequenceNumber": "100000000000000000001",
                "NewImage": {
                    "transaction_id": {"S": "stripe:pi_1"},
                    "provider": {"S": "stripe"},
                    "status": {"S": "captured"},
                    "amount_minor": {"N": "1130"},
                    "amount_exponent": {"N": "2"},
                    "currency": {"S": "EUR"},
                    "event_time": {"S": "2026-01-02T03:04:05.600000000Z"},
                    "received_at": {"S": "2026-01-02T03:04:06.100Z"},
                    "related_ids": {"M": {"charge": {"S": "ch_1"}}},
                },
            },
        })
    }

    fn changed(name: &str, value: Option<Value>) -> String {
        let mut record = record();
        let image = record["dynamodb"]["NewImage"].as_object_mut().unwrap();
        match value {
            Some(value) => image.insert(name.to_owned(), value),
            None => image.remove(name),
        };
        record.to_string()
    }

    #[test]
    fn a_record_is_read() {
        let event = read_record(&record().to_string()).unwrap();
        let currency = CurrencyCode::parse("EUR").unwrap();
        assert_eq!(event.provider, "stripe");
        assert_eq!(event.status, PaymentStatus::Captured);
        assert_eq!(event.amount, Some((currency, 2, MinorUnits(1130))));
        assert_eq!(event.received_at.as_millisecond(), 1_767_323_046_100);
    }

    #[test]
    fn an_amount_keeps_its_sign() {
        let json = changed("amount_minor", Some(json!({"N": "-500"})));
        let amount = read_record(&json).unwrap().amount;
        assert_eq!(amount.unwrap().2, MinorUnits(-500));
    }

    #[test]
    fn an_event_without_money_has_no_amount() {
        let mut record = record();
        let image = record["dynamodb"]["NewImage"].as_object_mut().unwrap();
        for name in ["amount_minor", "currency", "amount_exponent"] {
            image.remove(name);
        }
        assert_eq!(read_record(&record.to_string()).unwrap().amount, None);
    }

    #[test]
    fn an_event_without_a_time_is_counted_when_it_was_received() {
        let event = read_record(&changed("event_time", None)).unwrap();
        assert_eq!(event.event_time, event.received_at);
    }

    #[test]
    fn every_refusal_has_a_row() {
        use StreamRecordError as E;
        let text = |value: &str| Some(json!({"S": value}));
        let number = |value: &str| Some(json!({"N": value}));
        for (name, value, expected) in [
            ("provider", None, E::Attribute("provider")),
            ("provider", number("1"), E::Attribute("provider")),
            ("status", None, E::Attribute("status")),
            ("status", text("lost"), E::Status),
            ("event_time", number("1"), E::Attribute("event_time")),
            ("event_time", text("yesterday"), E::Time("event_time")),
            ("received_at", text(""), E::Time("received_at")),
            ("currency", None, E::Attribute("currency")),
            ("currency", text("4111"), E::Currency),
            ("currency", text("E R"), E::Currency),
            ("amount_exponent", None, E::Attribute("amount_exponent")),
            ("amount_exponent", number("9"), E::Currency),
            ("amount_exponent", number("-1"), E::Currency),
            ("amount_minor", None, E::Attribute("amount_minor")),
            ("amount_minor", text("1130"), E::Attribute("amount_minor")),
            (
                "amount_minor",
                number("9223372036854775808"),
                E::AmountOutOfRange,
            ),
            (
                "amount_minor",
                number("-9223372036854775809"),
                E::AmountOutOfRange,
            ),
            ("amount_minor", number("11.30"), E::AmountOutOfRange),
        ] {
            let json = changed(name, value.clone());
            assert_eq!(read_record(&json), Err(expected), "{name} {value:?}");
        }
        for json in [
            "",
            "{}",
            "[]",
            "{\"dynamodb\":{}}",
            "{\"dynamodb\":{\"Keys\":{}}}",
        ] {
            assert_eq!(read_record(json), Err(E::NotARecord), "{json}");
        }
    }
}
