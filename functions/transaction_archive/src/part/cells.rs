//! The way from records to the cells of one column of a row group.

use bytes::Bytes;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::file::writer::SerializedColumnWriter;
use payment_event::{MOVEMENT, UNDATED};
use pipeline::stored::{EVENT, StoredMovement, StoredTransaction};

use crate::error::PartError;

/// One column of some rows.
pub(super) enum Cells {
    Texts(Vec<Option<ByteArray>>),
    Ints(Vec<Option<i32>>),
    Longs(Vec<Option<i64>>),
}

fn write<T: DataType>(
    cells: Vec<Option<T::T>>,
    writer: &mut SerializedColumnWriter<'_>,
    optional: bool,
) -> Result<(), PartError> {
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    let levels = optional.then_some(levels.as_slice());
    writer
        .typed::<T>()
        .write_batch(&values, levels, None)
        .map_err(|_| PartError::Encode)?;
    Ok(())
}

impl Cells {
    pub(super) fn write(
        self,
        writer: &mut SerializedColumnWriter<'_>,
        optional: bool,
    ) -> Result<(), PartError> {
        match self {
            Self::Texts(cells) => write::<ByteArrayType>(cells, writer, optional),
            Self::Ints(cells) => write::<Int32Type>(cells, writer, optional),
            Self::Longs(cells) => write::<Int64Type>(cells, writer, optional),
        }
    }
}

/// The texts of a column, behind each other in one buffer: an allocation a cell takes longer than all the rest. `append` says whether a row has one.
fn texts(
    rows: &[StoredTransaction],
    append: impl Fn(&StoredTransaction, &mut Vec<u8>) -> Result<bool, PartError>,
) -> Result<Cells, PartError> {
    let (mut buffer, mut ends) = (Vec::new(), Vec::with_capacity(rows.len()));
    for row in rows {
        let there = append(row, &mut buffer)?;
        ends.push(there.then_some(buffer.len()));
    }
    let (buffer, mut start) = (Bytes::from(buffer), 0);
    let cells = ends.into_iter().map(|end| {
        let end = end?;
        Some(buffer.slice(std::mem::replace(&mut start, end)..end).into())
    });
    Ok(Cells::Texts(cells.collect()))
}

/// The cells of a column.
pub(super) fn of(rows: &[StoredTransaction], column: &'static str) -> Result<Cells, PartError> {
    let strings = |text: &dyn Fn(&StoredTransaction) -> Option<&str>| {
        texts(rows, |row, buffer| {
            let text = text(row);
            buffer.extend_from_slice(text.unwrap_or_default().as_bytes());
            Ok(text.is_some())
        })
    };
    let longs = |long: &dyn Fn(&StoredTransaction) -> Option<i64>| {
        Cells::Longs(rows.iter().map(long).collect())
    };
    let offsets = |offset: &dyn Fn(&StoredTransaction) -> u64| {
        let cell = |row| i64::try_from(offset(row)).map(Some);
        let cells: Result<Vec<_>, _> = rows.iter().map(cell).collect();
        cells
            .map(Cells::Longs)
            .map_err(|_| PartError::Unfit(column))
    };
    Ok(match column {
        "transaction_id" => strings(&|row| Some(&row.key.transaction_id))?,
        "timestamp" => strings(&|row| Some(&row.key.timestamp))?,
        "record_type" => strings(&|row| {
            Some(match row.movement {
                None => EVENT,
                Some(_) => MOVEMENT,
            })
        })?,
        "provider" => strings(&|row| Some(&row.provider))?,
        "event_id" => strings(&|row| Some(&row.event_id))?,
        "event_type" => strings(&|row| Some(&row.event_type))?,
        "status" => strings(&|row| Some(&row.status))?,
        "amount_minor" => longs(&|row| row.money.as_ref().map(|money| money.minor)),
        "currency" => strings(&|row| row.money.as_ref().map(|money| money.currency.as_str()))?,
        "amount_exponent" => {
            let exponent =
                |row: &StoredTransaction| row.money.as_ref().map(|m| i32::from(m.exponent));
            Cells::Ints(rows.iter().map(exponent).collect())
        }
        "amount_text" => strings(&|row| row.money.as_ref().map(|money| money.text.as_str()))?,
        "exponent_source" => strings(&|row| {
            row.money
                .as_ref()
                .map(|money| money.exponent_source.as_str())
        })?,
        "fetched" => strings(&|row| row.fetched.as_deref())?,
        "merchant_account" => strings(&|row| row.merchant_account.as_deref())?,
        "related_ids" => {
            let append = |row: &StoredTransaction, buffer: &mut Vec<u8>| {
                if row.related_ids.is_empty() {
                    return Ok(false);
                }
                let json = serde_json::to_writer(buffer, &row.related_ids);
                json.map(|()| true).map_err(|_| PartError::Unfit(column))
            };
            texts(rows, append)?
        }
        "problems" => {
            let append = |row: &StoredTransaction, buffer: &mut Vec<u8>| {
                buffer.extend_from_slice(row.problems.join(",").as_bytes());
                Ok(!row.problems.is_empty())
            };
            texts(rows, append)?
        }
        "event_time" => longs(&|row| Some(row.event_time?.as_microsecond())),
        "event_time_nanoseconds" => {
            let rest = |row: &StoredTransaction| {
                let undated = row.key.timestamp.starts_with(UNDATED);
                let rest = row.event_time?.subsec_nanosecond().rem_euclid(1_000);
                (undated && rest > 0).then_some(rest)
            };
            Cells::Ints(rows.iter().map(rest).collect())
        }
        "received_at" => longs(&|row| Some(row.received_at.as_microsecond())),
        "message_id" => strings(&|row| Some(&row.message_id))?,
        "audit_key" => strings(&|row| Some(&row.audit_key))?,
        "audit_offset" => offsets(&|row| row.audit_offset)?,
        "audit_length" => offsets(&|row| row.audit_length)?,
        "expires_at" => longs(&|row| Some(row.expires_at)),
        "tells" => {
            let append = |row: &StoredTransaction, buffer: &mut Vec<u8>| {
                buffer.extend_from_slice(row.tells.join(" ").as_bytes());
                Ok(!row.tells.is_empty())
            };
            texts(rows, append)?
        }
        _ => return of_movements(rows, column),
    })
}

/// The cells of a column that only movements have.
fn of_movements(rows: &[StoredTransaction], column: &'static str) -> Result<Cells, PartError> {
    let movements = || rows.iter().map(|row| row.movement.as_ref());
    let strings = |text: &dyn Fn(&StoredMovement) -> Option<&str>| {
        texts(rows, |row, buffer| {
            let text = row.movement.as_ref().and_then(text);
            buffer.extend_from_slice(text.unwrap_or_default().as_bytes());
            Ok(text.is_some())
        })
    };
    let longs = |long: &dyn Fn(&StoredMovement) -> Option<i64>| {
        Cells::Longs(movements().map(|movement| long(movement?)).collect())
    };
    Ok(match column {
        "movement_kind" => strings(&|it| Some(&it.kind))?,
        "movement_id" => strings(&|it| Some(&it.id))?,
        "movement_state" => strings(&|it| Some(&it.state))?,
        "movement_rank" => longs(&|it| Some(it.rank)),
        "amount_tells" => strings(&|it| it.tells.as_deref())?,
        "amount_rank" => longs(&|it| it.amount_rank),
        "amount_at" => longs(&|it| Some(it.amount_at?.as_microsecond())),
        "amount_at_nanoseconds" => {
            let rest = |movement: Option<&StoredMovement>| {
                let rest = movement?.amount_at?.subsec_nanosecond().rem_euclid(1_000);
                (rest > 0).then_some(rest)
            };
            Cells::Ints(movements().map(rest).collect())
        }
        "version" => {
            let cell = |movement: Option<&StoredMovement>| {
                let version = movement.map(|it| i64::try_from(it.version));
                version.transpose().map_err(|_| PartError::Unfit(column))
            };
            Cells::Longs(movements().map(cell).collect::<Result<_, _>>()?)
        }
        "changes" => texts(rows, |row, buffer| {
            let changes = row.movement.as_ref().map(|it| it.changes.join(","));
            buffer.extend_from_slice(changes.unwrap_or_default().as_bytes());
            Ok(row
                .movement
                .as_ref()
                .is_some_and(|it| !it.changes.is_empty()))
        })?,
        _ => return Err(PartError::Column(column)),
    })
}
