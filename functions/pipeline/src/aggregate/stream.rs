//! Reads one record of the stream.
//!
//! Source of the shape: <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>, read 2026-11-24; attributes as in `ARCHITECTURE.md`,
//! "Transaction record". An event is counted once; money is what a movement's item adds now and did not before, which its two images tell.

use std::borrow::Cow;

use jiff::Timestamp;
use payment_event::{
    CurrencyCode, MOVEMENT, MinorUnits, MovementKind, MovementState, PaymentStatus,
};
use serde::Deserialize;

use super::SequenceNumber;
use crate::stored::EVENT;

/// Decimal places that any amount has at most: those of what is no currency of ISO 4217.
const EXPONENT_MAX: u8 = 8;

/// What is counted of one stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedEvent {
    /// The provider's name.
    pub provider: String,
    /// The event's normalised meaning.
    pub status: PaymentStatus,
    /// When it happened, by the provider's clock; when the queue took its webhook, where the event
    /// does not say.
    pub event_time: Timestamp,
    /// When the queue took its webhook.
    pub received_at: Timestamp,
}

/// What a movement adds to the sums of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adds {
    /// It moved, and no amount was told.
    Untold,
    /// It moved: minor units of a currency at an exponent.
    Money(CurrencyCode, u8, MinorUnits),
}

/// What is counted of a movement that was inserted or raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedMovement {
    /// The provider's name.
    pub provider: String,
    /// Its kind.
    pub kind: MovementKind,
    /// What it added before; `None` when nothing had moved.
    pub before: Option<Adds>,
    /// What it adds now.
    pub after: Option<Adds>,
    /// When the queue took the webhook that changed it.
    pub received_at: Timestamp,
}

/// What is counted of a record of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// An event: once.
    Event(CountedEvent),
    /// A movement: by what it adds now and did not before.
    Movement(CountedMovement),
}

impl Counted {
    /// When the queue took the webhook.
    pub fn received_at(&self) -> Timestamp {
        match self {
            Self::Event(event) => event.received_at,
            Self::Movement(movement) => movement.received_at,
        }
    }
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
    /// A kind or state of a movement that is none of the known ones.
    #[error("attribute movement_kind or movement_state is none that is known")]
    Movement,
    /// A time that is none.
    #[error("attribute {0} is not a time")]
    Time(&'static str),
    /// A currency that is no code, or an exponent that no currency has.
    #[error("attribute currency or amount_exponent is none that exists")]
    Currency,
    /// An amount that does not fit 64 bits.
    #[error("attribute amount_minor is not an integer of 64 bits")]
    AmountOutOfRange,
    /// Received so long ago that its minute may be gone: see [`super::too_late`].
    #[error("received too long ago to be counted: its minute may be gone")]
    TooLate,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<Numbered<'a>>,
}

#[derive(Deserialize)]
struct Numbered<'a> {
    #[serde(borrow)]
    dynamodb: NumberedChange<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NumberedChange<'a> {
    #[serde(borrow)]
    sequence_number: Cow<'a, str>,
    #[serde(borrow)]
    new_image: Image<'a>,
    #[serde(borrow)]
    old_image: Option<Image<'a>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    dynamodb: Change<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change<'a> {
    #[serde(borrow)]
    new_image: Image<'a>,
    #[serde(borrow)]
    old_image: Option<Image<'a>>,
}

/// Of the item as it is, or was, what is counted. A third of its attributes: the others are passed over as they are read.
#[derive(Deserialize)]
struct Image<'a> {
    #[serde(borrow)]
    record_type: Option<Attribute<'a>>,
    #[serde(borrow)]
    provider: Option<Attribute<'a>>,
    #[serde(borrow)]
    status: Option<Attribute<'a>>,
    #[serde(borrow)]
    event_time: Option<Attribute<'a>>,
    #[serde(borrow)]
    received_at: Option<Attribute<'a>>,
    #[serde(borrow)]
    movement_kind: Option<Attribute<'a>>,
    #[serde(borrow)]
    movement_state: Option<Attribute<'a>>,
    #[serde(borrow)]
    amount_minor: Option<Attribute<'a>>,
    #[serde(borrow)]
    amount_exponent: Option<Attribute<'a>>,
    #[serde(borrow)]
    currency: Option<Attribute<'a>>,
}

/// An attribute value; the types that no counted attribute has are not looked into.
#[derive(Deserialize)]
struct Attribute<'a> {
    #[serde(borrow, rename = "S")]
    text: Option<Text<'a>>,
    #[serde(borrow, rename = "N")]
    number: Option<Text<'a>>,
}

/// A text of the event where it has no escapes: by itself serde copies what is in an `Option`.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The text of an attribute that has to be there.
fn text<'i>(
    attribute: &'i Option<Attribute<'_>>,
    name: &'static str,
) -> Result<&'i str, StreamRecordError> {
    let text = attribute.as_ref().and_then(|value| value.text.as_ref());
    text.map(|text| text.0.as_ref())
        .ok_or(StreamRecordError::Attribute(name))
}

/// The number of an attribute that has to be there, as it is written.
fn number<'i>(
    attribute: &'i Option<Attribute<'_>>,
    name: &'static str,
) -> Result<&'i str, StreamRecordError> {
    let number = attribute.as_ref().and_then(|value| value.number.as_ref());
    number
        .map(|text| text.0.as_ref())
        .ok_or(StreamRecordError::Attribute(name))
}

fn time(
    attribute: &Option<Attribute<'_>>,
    name: &'static str,
) -> Result<Timestamp, StreamRecordError> {
    let time = text(attribute, name)?.parse();
    time.map_err(|_| StreamRecordError::Time(name))
}

impl Image<'_> {
    fn provider(&self) -> Result<&str, StreamRecordError> {
        text(&self.provider, "provider")
    }

    fn event_time(&self) -> Result<Option<Timestamp>, StreamRecordError> {
        match self.event_time {
            Some(_) => time(&self.event_time, "event_time").map(Some),
            None => Ok(None),
        }
    }

    fn received_at(&self) -> Result<Timestamp, StreamRecordError> {
        time(&self.received_at, "received_at")
    }

    fn amount(&self) -> Result<Adds, StreamRecordError> {
        if self.amount_minor.is_none() && self.currency.is_none() {
            return Ok(Adds::Untold);
        }
        let currency = CurrencyCode::parse(text(&self.currency, "currency")?);
        let currency = currency.map_err(|_| StreamRecordError::Currency)?;
        let exponent = number(&self.amount_exponent, "amount_exponent")?.parse();
        let exponent = exponent.map_err(|_| StreamRecordError::Currency)?;
        if exponent > EXPONENT_MAX {
            return Err(StreamRecordError::Currency);
        }
        let minor = number(&self.amount_minor, "amount_minor")?.parse();
        let minor = minor.map_err(|_| StreamRecordError::AmountOutOfRange)?;
        Ok(Adds::Money(currency, exponent, MinorUnits(minor)))
    }

    fn kind(&self) -> Result<MovementKind, StreamRecordError> {
        let text = text(&self.movement_kind, "movement_kind")?;
        let mut known = MovementKind::ALL.into_iter();
        known
            .find(|kind| kind.as_str() == text)
            .ok_or(StreamRecordError::Movement)
    }

    fn adds(&self) -> Result<Option<Adds>, StreamRecordError> {
        let text = text(&self.movement_state, "movement_state")?;
        let mut known = MovementState::ALL.into_iter();
        let state = known.find(|state| state.as_str() == text);
        let counts = state
            .ok_or(StreamRecordError::Movement)?
            .counts(self.kind()?);
        counts.then(|| self.amount()).transpose()
    }
}

/// What is counted of an event with these attributes.
///
/// # Errors
/// A [`StreamRecordError`] that names what is wrong.
pub fn counted_event(
    provider: &str,
    status: &str,
    event_time: Option<Timestamp>,
    received_at: Timestamp,
) -> Result<CountedEvent, StreamRecordError> {
    let status = PaymentStatus::ALL
        .into_iter()
        .find(|known| known.as_str() == status)
        .ok_or(StreamRecordError::Status)?;
    Ok(CountedEvent {
        provider: provider.to_owned(),
        status,
        event_time: event_time.unwrap_or(received_at),
        received_at,
    })
}

/// Reads the record of an event that was inserted, or of a movement that was inserted or raised.
///
/// # Errors
/// A [`StreamRecordError`] that names what is wrong; repeating does not help.
pub fn read_record(json: &str) -> Result<Counted, StreamRecordError> {
    let record: Record<'_> =
        serde_json::from_str(json).map_err(|_| StreamRecordError::NotARecord)?;
    counted(
        &record.dynamodb.new_image,
        record.dynamodb.old_image.as_ref(),
    )
}

/// Reads a whole event of the stream in one pass, where each of its records can be counted; `None` where that is not so, and each has to be
/// read by itself.
pub fn read_records(event: &str) -> Option<Vec<(SequenceNumber, Counted)>> {
    let batch: Batch<'_> = serde_json::from_str(event).ok()?;
    let records = batch.records.into_iter().map(|record| {
        let change = record.dynamodb;
        let sequence = SequenceNumber::parse(&change.sequence_number)?;
        let counted = counted(&change.new_image, change.old_image.as_ref()).ok()?;
        Some((sequence, counted))
    });
    records.collect()
}

fn counted(new: &Image<'_>, old: Option<&Image<'_>>) -> Result<Counted, StreamRecordError> {
    match (text(&new.record_type, "record_type")?, old) {
        (EVENT, None) => Ok(Counted::Event(counted_event(
            new.provider()?,
            text(&new.status, "status")?,
            new.event_time()?,
            new.received_at()?,
        )?)),
        (MOVEMENT, _) => Ok(Counted::Movement(CountedMovement {
            provider: new.provider()?.to_owned(),
            kind: new.kind()?,
            before: old.map(Image::adds).transpose()?.flatten(),
            after: new.adds()?,
            received_at: new.received_at()?,
        })),
        _ => Err(StreamRecordError::Attribute("record_type")),
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
