//! A part: records as one Parquet file, and back.
//!
//! Invariant: `decode(encode(records))` are the same records, to the last digit; bytes that are not a part are an error.
//! Source: <https://parquet.apache.org/docs/file-format/>, read 2026-11-24.

mod cells;
mod rows;

use std::vec::IntoIter;

use bytes::Bytes;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use pipeline::audit::ZSTD_LEVEL;
use pipeline::stored::StoredTransaction;

use crate::columns::{COLUMNS, Column, schema};
use crate::error::PartError;
use crate::manifest::Outline;

/// Rows of a row group: what a reader holds at once.
const ROW_GROUP_ROWS: usize = 10_000;

/// Files with fewer rows are not compressed. A compressor and a decompressor would be made for each
/// column to save a few hundred bytes, and cost more than all the rest of writing and reading.
const COMPRESSED_FROM_ROWS: usize = 64;

fn compression(rows: usize) -> Result<Compression, PartError> {
    if rows < COMPRESSED_FROM_ROWS {
        return Ok(Compression::UNCOMPRESSED);
    }
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(|_| PartError::Encode)?;
    Ok(Compression::ZSTD(level))
}

/// Writes records as a Parquet file.
///
/// # Errors
/// [`PartError::Unfit`] for a record that the columns cannot hold, [`PartError::Encode`] when the writer fails.
pub fn encode(records: &[StoredTransaction]) -> Result<Vec<u8>, PartError> {
    let mut properties = WriterProperties::builder()
        .set_compression(compression(records.len())?)
        // Of a column chunk: it has few pages, so that statistics of a page tell a reader nothing more.
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // Without a version: the same records make the same bytes.
        .set_created_by("payhook".to_owned());
    for column in COLUMNS.iter().filter(|column| column.distinct) {
        let path = ColumnPath::from(column.name);
        properties = properties.set_column_dictionary_enabled(path, false);
    }
    let schema = schema().ok_or(PartError::Encode)?;
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, properties.build().into())
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
    let mut records = Vec::new();
    each_group(file, |rows| records.extend(rows))?;
    Ok(records)
}

/// Whether a file holds these records in this order and nothing else. Of what it reads it holds a row group at a time.
///
/// # Errors
/// A [`PartError`] for a file that [`encode`] did not write.
pub(crate) fn holds(file: Vec<u8>, records: &[StoredTransaction]) -> Result<bool, PartError> {
    let mut rest = Some(records);
    each_group(file, |rows| {
        let pair = rest.and_then(|rest| rest.split_at_checked(rows.len()));
        rest = pair.and_then(|(some, others)| (some == rows).then_some(others));
    })?;
    Ok(rest.is_some_and(<[_]>::is_empty))
}

/// What a file holds; it reads the two columns of the key alone.
///
/// # Errors
/// A [`PartError`].
pub(crate) fn outline(file: Vec<u8>) -> Result<Outline, PartError> {
    let reader = open(file)?;
    let mut outline = Outline::default();
    for group in 0..reader.num_row_groups() {
        let (rows, columns) = columns(&reader, group, &COLUMNS[..2])?;
        for key in rows::keys(columns, rows)? {
            outline.add(&key);
        }
    }
    Ok(outline)
}

/// A file, when it has the columns of a part.
fn open(file: Vec<u8>) -> Result<SerializedFileReader<Bytes>, PartError> {
    let reader = SerializedFileReader::new(Bytes::from(file)).map_err(|_| PartError::Unreadable)?;
    let found = reader.metadata().file_metadata().schema_descr().columns();
    for (place, column) in COLUMNS.iter().enumerate() {
        if found.get(place).is_none_or(|it| it.name() != column.name) {
            return Err(PartError::Column(column.name));
        }
    }
    Ok(reader)
}

/// The cells of the first columns of a row group, and how many rows it has.
fn columns(
    reader: &SerializedFileReader<Bytes>,
    group: usize,
    wanted: &[Column],
) -> Result<(usize, Vec<IntoIter<rows::Cell>>), PartError> {
    let group = reader
        .get_row_group(group)
        .map_err(|_| PartError::Unreadable)?;
    let rows = usize::try_from(group.metadata().num_rows()).map_err(|_| PartError::Unreadable)?;
    let read = |(place, column)| {
        let reader = group.get_column_reader(place);
        let reader = reader.map_err(|_| PartError::Unreadable)?;
        rows::read(reader, rows, column)
    };
    let columns: Result<Vec<_>, _> = wanted.iter().enumerate().map(read).collect();
    Ok((rows, columns?))
}

/// Shows the records of a file, row group by row group.
fn each_group(
    file: Vec<u8>,
    mut look: impl FnMut(Vec<StoredTransaction>),
) -> Result<(), PartError> {
    let reader = open(file)?;
    for group in 0..reader.num_row_groups() {
        let (rows, columns) = columns(&reader, group, &COLUMNS)?;
        look(rows::records(columns, rows)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
