//! A part: records as one Parquet file, and back.
//!
//! Invariant: `decode(encode(records))` are the same records, to the last digit; bytes that are not a part are an error.
//! Source: <https://parquet.apache.org/docs/file-format/>, read 2026-11-24.

mod cells;

use bytes::Bytes;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use pipeline::stored::StoredTransaction;

use crate::columns::{COLUMNS, schema};
use crate::error::PartError;

/// Rows of a row group: what a reader holds at once.
const ROW_GROUP_ROWS: usize = 10_000;

/// Level 3 is zstd's default; the archive is written once and read seldom, but its writer has a third of a CPU.
const ZSTD_LEVEL: i32 = 3;

/// Writes records as a Parquet file.
///
/// # Errors
/// [`PartError::Unfit`] for a record that the columns cannot hold, [`PartError::Encode`] when the writer fails.
pub fn encode(records: &[StoredTransaction]) -> Result<Vec<u8>, PartError> {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(|_| PartError::Encode)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        // Without a version: the same records make the same bytes.
        .set_created_by("payhook".to_owned())
        .build();
    let schema = schema().ok_or(PartError::Encode)?;
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, properties.into())
        .map_err(|_| PartError::Encode)?;
    for rows in records.chunks(ROW_GROUP_ROWS) {
        let mut group = writer.next_row_group().map_err(|_| PartError::Encode)?;
        for column in &COLUMNS {
            let cells = cells::of(rows, column.name)?;
            let mut writer = group
                .next_column()
                .map_err(|_| PartError::Encode)?
                .ok_or(PartError::Encode)?;
            cells.write(&mut writer, column.optional)?;
            writer.close().map_err(|_| PartError::Encode)?;
        }
        group.close().map_err(|_| PartError::Encode)?;
    }
    writer.close().map_err(|_| PartError::Encode)?;
    Ok(file)
}

/// Reads the records of a Parquet file that [`encode`] wrote.
///
/// # Errors
/// A [`PartError`].
pub fn decode(file: Vec<u8>) -> Result<Vec<StoredTransaction>, PartError> {
    let reader = SerializedFileReader::new(Bytes::from(file)).map_err(|_| PartError::Unreadable)?;
    let found = reader.metadata().file_metadata().schema_descr().columns();
    for (place, column) in COLUMNS.iter().enumerate() {
        if found.get(place).is_none_or(|it| it.name() != column.name) {
            return Err(PartError::Column(column.name));
        }
    }
    let mut records = Vec::new();
    for group in 0..reader.num_row_groups() {
        let group = reader
            .get_row_group(group)
            .map_err(|_| PartError::Unreadable)?;
        let rows =
            usize::try_from(group.metadata().num_rows()).map_err(|_| PartError::Unreadable)?;
        let mut columns = Vec::with_capacity(COLUMNS.len());
        for (place, column) in COLUMNS.iter().enumerate() {
            let reader = group
                .get_column_reader(place)
                .map_err(|_| PartError::Unreadable)?;
            columns.push(cells::read(reader, rows, column)?);
        }
        records.extend(cells::records(columns, rows)?);
    }
    Ok(records)
}

#[cfg(test)]
mod tests;
