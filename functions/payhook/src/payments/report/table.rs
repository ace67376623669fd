//! Reads tables: comma- or tab-separated values below a header row.
//!
//! Source: RFC 4180 (quoted fields, quotation marks doubled, separators and line feeds in quotes).
//! The header row is searched for, because some exports have a title above it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use csv::{ReaderBuilder, StringRecord};

use super::{Cell, Place, ReportError};

/// Rows above the header at most.
const HEADER_ROW_MAX: usize = 50;

/// One column under the names that it has in the forms of a report.
pub(super) type Names = &'static [&'static str];

/// A row of a table.
pub(super) struct Record {
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    cells: StringRecord,
}

impl Record {
    /// A cell by its position, without the blanks around it; empty where the row is shorter.
    pub(super) fn at(&self, position: usize) -> &str {
        self.cells.get(position).unwrap_or_default().trim()
    }

    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Reads all rows that are not blank.
///
/// # Errors
/// [`ReportError::OpenQuote`].
pub(super) fn records(text: &str, separator: u8) -> Result<Vec<Record>, ReportError> {
    let mut reader = ReaderBuilder::new();
    let reader = reader.has_headers(false).flexible(true);
    let reader = reader.delimiter(separator).from_reader(text.as_bytes());
    let mut records = Vec::new();
    let (mut line, mut counted) = (1, 0);
    // The text is in memory and is UTF-8, and rows may have any length: nothing is left to fail.
    for cells in reader.into_records().map_while(Result::ok) {
        // Before a row may stand the end of the last one and lines that are empty.
        let begin = cells.position().map_or(0, |position| position.byte());
        let begin = usize::try_from(begin).unwrap_or(usize::MAX);
        let rest = text.as_bytes().get(begin..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| b"\r\n".contains(byte));
        let begin = begin + blank.count();
        let before = text.as_bytes().get(counted..begin).unwrap_or_default();
        line += before.iter().filter(|byte| **byte == b'\n').count();
        counted = begin;
        records.push(Record { line, cells });
    }
    if text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
        let last = records.last().map_or(1, |record| record.line);
        return Err(ReportError::OpenQuote(last));
    }
    records.retain(|record| !record.is_blank());
    Ok(records)
}

/// A name of a column in the form in which names are compared: letters, digits and brackets in
/// lower case. Providers write one name with blanks, underscores or neither.
fn normal(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, ' ' | '_' | '\u{a0}'));
    kept.flat_map(char::to_lowercase).collect()
}

/// The columns of a table.
pub(super) struct Columns {
    positions: BTreeMap<String, usize>,
}

impl Columns {
    /// The columns of a header row; `None` unless it names each of those that are needed.
    ///
    /// # Errors
    /// [`ReportError::TwoColumns`] when it names one of them twice.
    pub(super) fn of(record: &Record, needed: &[Names]) -> Result<Option<Self>, ReportError> {
        let mut positions = BTreeMap::new();
        let mut twice = Vec::new();
        for (position, name) in record.cells.iter().enumerate() {
            match positions.entry(normal(name.trim())) {
                Entry::Occupied(taken) => twice.push(taken.key().clone()),
                Entry::Vacant(free) => {
                    free.insert(position);
                }
            }
        }
        let columns = Self { positions };
        if !needed.iter().all(|names| columns.has(names)) {
            return Ok(None);
        }
        let doubled = needed.iter().copied().flatten();
        let mut doubled = doubled.filter(|name| twice.contains(&normal(name)));
        match doubled.next() {
            Some(column) => Err(ReportError::TwoColumns {
                line: record.line,
                column,
            }),
            None => Ok(Some(columns)),
        }
    }

    fn has(&self, names: Names) -> bool {
        names
            .iter()
            .any(|name| self.positions.contains_key(&normal(name)))
    }

    /// A row of these columns.
    pub(super) fn line<'t>(&'t self, record: &'t Record) -> Line<'t> {
        Line {
            columns: self,
            record,
        }
    }
}

/// A row whose cells are found by name.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    columns: &'t Columns,
    record: &'t Record,
}

impl<'t> Line<'t> {
    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        Place::Line(self.record.line)
    }

    /// Its line, from 1.
    pub(super) fn number(&self) -> usize {
        self.record.line
    }

    /// The first of these columns that is there and not empty.
    pub(super) fn get(&self, names: Names) -> Option<&'t str> {
        self.cell(names).map(|cell| cell.text)
    }

    /// The same with its name.
    pub(super) fn cell(&self, names: Names) -> Option<Cell<'t>> {
        names.iter().find_map(|column| {
            let position = self.columns.positions.get(&normal(column))?;
            let text = self.record.at(*position);
            (!text.is_empty()).then_some(Cell { text, column })
        })
    }

    /// The same, where the row means nothing without it.
    ///
    /// # Errors
    /// [`ReportError::Missing`].
    pub(super) fn need(&self, names: Names) -> Result<Cell<'t>, ReportError> {
        self.cell(names).ok_or_else(|| self.missing(names))
    }

    /// That a cell of these columns is empty or unusable.
    pub(super) fn missing(&self, names: Names) -> ReportError {
        ReportError::Missing {
            place: self.place(),
            column: names.first().copied().unwrap_or_default(),
        }
    }
}

/// A table below its header.
pub(super) struct Table {
    columns: Columns,
    records: Vec<Record>,
}

impl Table {
    /// Finds the header among the first rows.
    ///
    /// # Errors
    /// [`ReportError::NoHeader`] when there is none, and those of [`records`].
    pub(super) fn read(
        provider: &'static str,
        text: &str,
        needed: &[Names],
    ) -> Result<Self, ReportError> {
        let mut records = records(text, b',')?;
        for position in 0..records.len().min(HEADER_ROW_MAX) {
            let Some(record) = records.get(position) else {
                break;
            };
            if let Some(columns) = Columns::of(record, needed)? {
                records.drain(..=position);
                return Ok(Self { columns, records });
            }
        }
        Err(no_header(provider, needed))
    }

    /// The rows below the header.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.records.iter().map(|record| self.columns.line(record))
    }
}

/// That no row names these columns.
pub(super) fn no_header(provider: &'static str, needed: &[Names]) -> ReportError {
    let columns = needed.iter().map(|names| names.join(" or "));
    let columns: Vec<_> = columns.collect();
    ReportError::NoHeader {
        provider,
        columns: columns.join(", "),
    }
}
