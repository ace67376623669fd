//! The way back: from the cells of a row group's columns to records.

use std::collections::BTreeMap;
use std::vec::IntoIter;

use jiff::{SignedDuration, Timestamp};
use parquet::column::reader::{ColumnReader, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use payment_event::{MOVEMENT, TransactionKey, UNDATED};
use pipeline::stored::{EVENT, StoredMoney, StoredMovement, StoredTransaction};

use crate::columns::{COLUMNS, Column, Kind};
use crate::error::PartError;

fn read_typed<T: DataType>(
    reader: ColumnReader,
    rows: usize,
    column: &Column,
) -> Result<Vec<Option<T::T>>, PartError> {
    let mut reader = get_typed_column_reader::<T>(reader);
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    while levels.len() < rows || !column.optional {
        let wanted = rows
            - if column.optional {
                levels.len()
            } else {
                values.len()
            };
        if wanted == 0 {
            break;
        }
        let some = column.optional.then_some(&mut levels);
        let (read, ..) = reader
            .read_records(wanted, some, None, &mut values)
            .map_err(|_| PartError::Unreadable)?;
        if read == 0 {
            return Err(PartError::Unreadable);
        }
    }
    if !column.optional {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut values = values.into_iter();
    let cells = levels.iter().map(|level| match level {
        0 => Ok(None),
        _ => values.next().map(Some).ok_or(PartError::Unreadable),
    });
    cells.collect()
}

/// Reads the cells of a column.
pub(super) fn read(
    reader: ColumnReader,
    rows: usize,
    column: &Column,
) -> Result<IntoIter<Cell>, PartError> {
    let cells: Vec<Cell> = match (column.kind, &reader) {
        (Kind::Text, ColumnReader::ByteArrayColumnReader(_)) => {
            let cells = read_typed::<ByteArrayType>(reader, rows, column)?;
            cells.into_iter().map(Cell::Text).collect()
        }
        (Kind::Int, ColumnReader::Int32ColumnReader(_)) => {
            let cells = read_typed::<Int32Type>(reader, rows, column)?;
            let cells = cells.into_iter();
            cells.map(|cell| Cell::Long(cell.map(i64::from))).collect()
        }
        (Kind::Long | Kind::Time, ColumnReader::Int64ColumnReader(_)) => {
            let cells = read_typed::<Int64Type>(reader, rows, column)?;
            cells.into_iter().map(Cell::Long).collect()
        }
        _ => return Err(PartError::Column(column.name)),
    };
    Ok(cells.into_iter())
}

/// One cell as it was read.
pub(super) enum Cell {
    Text(Option<ByteArray>),
    Long(Option<i64>),
}

/// A row on its way through the columns of its row group; each next cell of a column belongs to the
/// next row.
struct Row<'c> {
    columns: std::slice::IterMut<'c, IntoIter<Cell>>,
    names: std::slice::Iter<'static, Column>,
}

impl Row<'_> {
    /// The cell of the next column, which must be the one with this name.
    fn next(&mut self, name: &'static str) -> Result<Cell, PartError> {
        let is_it = self.names.next().is_some_and(|column| column.name == name);
        let cells = self.columns.next().filter(|_| is_it);
        cells
            .and_then(Iterator::next)
            .ok_or(PartError::Column(name))
    }

    fn maybe_text(&mut self, name: &'static str) -> Result<Option<String>, PartError> {
        match self.next(name)? {
            Cell::Text(None) => Ok(None),
            Cell::Text(Some(bytes)) => match bytes.as_utf8() {
                Ok(text) => Ok(Some(text.to_owned())),
                Err(_) => Err(PartError::Value(name)),
            },
            Cell::Long(_) => Err(PartError::Column(name)),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<String, PartError> {
        self.maybe_text(name)?.ok_or(PartError::Value(name))
    }

    fn maybe_long(&mut self, name: &'static str) -> Result<Option<i64>, PartError> {
        match self.next(name)? {
            Cell::Long(long) => Ok(long),
            Cell::Text(_) => Err(PartError::Column(name)),
        }
    }

    fn number<N: TryFrom<i64>>(&mut self, name: &'static str) -> Result<N, PartError> {
        let long = self.maybe_long(name)?.ok_or(PartError::Value(name))?;
        N::try_from(long).map_err(|_| PartError::Value(name))
    }

    fn money(&mut self) -> Result<Option<StoredMoney>, PartError> {
        let minor = self.maybe_long("amount_minor")?;
        let currency = self.maybe_text("currency")?;
        let exponent = self.maybe_long("amount_exponent")?;
        let text = self.maybe_text("amount_text")?;
        let source = self.maybe_text("exponent_source")?;
        match (minor, currency, exponent, text, source) {
            (None, None, None, None, None) => Ok(None),
            (Some(minor), Some(currency), Some(exponent), Some(text), Some(exponent_source)) => {
                let exponent =
                    u8::try_from(exponent).map_err(|_| PartError::Value("amount_exponent"))?;
                Ok(Some(StoredMoney {
                    minor,
                    currency,
                    exponent,
                    text,
                    exponent_source,
                }))
            }
            _ => Err(PartError::Value("amount_minor")),
        }
    }

    fn related_ids(&mut self) -> Result<BTreeMap<String, String>, PartError> {
        match self.maybe_text("related_ids")? {
            None => Ok(BTreeMap::new()),
            Some(json) => serde_json::from_str(&json).map_err(|_| PartError::Value("related_ids")),
        }
    }

    fn texts(&mut self, name: &'static str, between: char) -> Result<Vec<String>, PartError> {
        let joined = self.maybe_text(name)?.unwrap_or_default();
        let texts = joined.split(between).filter(|text| !text.is_empty());
        Ok(texts.map(str::to_owned).collect())
    }

    fn maybe_time(&mut self, name: &'static str) -> Result<Option<Timestamp>, PartError> {
        let micros = self.maybe_long(name)?;
        let time = micros.map(Timestamp::from_microsecond).transpose();
        time.map_err(|_| PartError::Value(name))
    }

    fn time(&mut self, name: &'static str) -> Result<Timestamp, PartError> {
        self.maybe_time(name)?.ok_or(PartError::Value(name))
    }

    /// The event's time with the nanoseconds that a time of microseconds has not: the sort key has
    /// them, or a column of their own.
    fn event_time(&mut self, key: &TransactionKey) -> Result<Option<Timestamp>, PartError> {
        let time = self.maybe_time("event_time")?;
        let rest = self.maybe_long("event_time_nanoseconds")?.unwrap_or(0);
        let wrong = PartError::Value("event_time");
        let Some(time) = time else {
            return Ok(None);
        };
        let exact = match key.timestamp.split_once('#') {
            Some((UNDATED, _)) => time.checked_add(SignedDuration::from_nanos(rest)).ok(),
            Some((exact, _)) => exact.parse().ok(),
            None => None,
        };
        exact
            .filter(|exact: &Timestamp| exact.as_microsecond() == time.as_microsecond())
            .map(Some)
            .ok_or(wrong)
    }

    fn key(&mut self) -> Result<TransactionKey, PartError> {
        Ok(TransactionKey {
            transaction_id: self.text("transaction_id")?,
            timestamp: self.text("timestamp")?,
        })
    }

    /// What a movement has beside what events have; `None` for an event, which has none of it.
    fn movement(&mut self, record_type: &str) -> Result<Option<StoredMovement>, PartError> {
        let kind = self.maybe_text("movement_kind")?;
        let id = self.maybe_text("movement_id")?;
        let state = self.maybe_text("movement_state")?;
        let rank = self.maybe_long("movement_rank")?;
        let tells = self.maybe_text("amount_tells")?;
        let amount_rank = self.maybe_long("amount_rank")?;
        let at = self.maybe_time("amount_at")?;
        let rest = self.maybe_long("amount_at_nanoseconds")?.unwrap_or(0);
        let version = self.maybe_long("version")?;
        let changes = self.texts("changes", ',')?;
        let is_movement = record_type == MOVEMENT;
        match (kind, id, state, rank, version) {
            (None, None, None, None, None) if !is_movement => Ok(None),
            (Some(kind), Some(id), Some(state), Some(rank), Some(version)) if is_movement => {
                let exact = |at: Timestamp| at.checked_add(SignedDuration::from_nanos(rest));
                let amount_at = at.map(exact).transpose();
                Ok(Some(StoredMovement {
                    kind,
                    id,
                    state,
                    rank,
                    tells,
                    amount_rank,
                    amount_at: amount_at.map_err(|_| PartError::Value("amount_at"))?,
                    version: u64::try_from(version).map_err(|_| PartError::Value("version"))?,
                    changes,
                }))
            }
            _ => Err(PartError::Value("movement_kind")),
        }
    }

    fn record(&mut self) -> Result<StoredTransaction, PartError> {
        let key = self.key()?;
        let record_type = self.text("record_type")?;
        if ![EVENT, MOVEMENT].contains(&record_type.as_str()) {
            return Err(PartError::Value("record_type"));
        }
        let record = StoredTransaction {
            provider: self.text("provider")?,
            event_id: self.text("event_id")?,
            event_type: self.text("event_type")?,
            status: self.text("status")?,
            money: self.money()?,
            merchant_account: self.maybe_text("merchant_account")?,
            related_ids: self.related_ids()?,
            problems: self.texts("problems", ',')?,
            event_time: self.event_time(&key)?,
            received_at: self.time("received_at")?,
            message_id: self.text("message_id")?,
            audit_key: self.text("audit_key")?,
            audit_offset: self.number("audit_offset")?,
            audit_length: self.number("audit_length")?,
            expires_at: self.number("expires_at")?,
            tells: self.texts("tells", ' ')?,
            fetched: self.maybe_text("fetched")?,
            movement: self.movement(&record_type)?,
            key,
        };
        if record.agrees() {
            Ok(record)
        } else {
            Err(PartError::Value("event_time"))
        }
    }
}

fn each<V>(
    mut columns: Vec<IntoIter<Cell>>,
    rows: usize,
    read: impl Fn(&mut Row<'_>) -> Result<V, PartError>,
) -> Result<Vec<V>, PartError> {
    let mut row = || {
        read(&mut Row {
            columns: columns.iter_mut(),
            names: COLUMNS.iter(),
        })
    };
    (0..rows).map(|_| row()).collect()
}

/// The records of a row group, from its columns.
pub(super) fn records(
    columns: Vec<IntoIter<Cell>>,
    rows: usize,
) -> Result<Vec<StoredTransaction>, PartError> {
    each(columns, rows, |row| row.record())
}

/// The keys of a row group, from its first columns.
pub(super) fn keys(
    columns: Vec<IntoIter<Cell>>,
    rows: usize,
) -> Result<Vec<TransactionKey>, PartError> {
    each(columns, rows, |row| row.key())
}
