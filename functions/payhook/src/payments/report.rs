//! Reads the settlement and balance reports that providers export, for `payhook payments reconcile`.
//!
//! Invariant: pure, and total: whatever the bytes are, the answer is a [`Report`] or a
//! [`ReportError`], never a panic. An error names the place and the column and never what stands
//! there, which may be card data. Columns are found by name, never by position. Amounts are read
//! from their text exactly, with the provider's own decimal places.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use payment_event::{Amount, CurrencyCode, ExponentSource, Identifier, MoneyError, MovementKind};
use provider_webhooks::providers;
use serde::Serialize;

mod adyen;
mod gocardless;
mod json;
mod paypal;
mod square;
mod stripe;
mod table;
mod times;

/// The longest category that is kept as it is written, in bytes.
const CATEGORY_BYTES_MAX: usize = 48;
/// The most digits of a category that is kept: those of `T0006`.
const CATEGORY_DIGITS_MAX: usize = 4;
/// What stands for a category that reads like no name of one.
const CATEGORY_UNREADABLE: &str = "(unreadable)";

/// The rows of a report that are movements of money, and what else is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// The provider's name, as in the catalogue.
    pub(crate) provider: &'static str,
    /// The movements, in the order of the file.
    pub(crate) rows: Vec<Row>,
    /// The rows that are no movement of a webhook (fees, transfers, reserves), by category.
    pub(crate) left_out: BTreeMap<String, u64>,
    /// The kinds that a report of this form states in full: of these alone can one be missing.
    pub(crate) kinds: BTreeSet<MovementKind>,
}

impl Report {
    /// The times of its first and its last row; `None` where no row is dated.
    pub(crate) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let times = || self.rows.iter().filter_map(|row| row.at);
        times().min().zip(times().max())
    }
}

/// A row that moves money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where it begins: the line of a table, the number of the entry in a JSON document; from 1.
    pub(crate) line: usize,
    /// The kind of the movement that it is part of: never a total.
    pub(crate) kind: MovementKind,
    /// The ids by which webhooks may know the movement, the most likely first; none where the
    /// report states only the payment.
    pub(crate) ids: Vec<String>,
    /// The ids of the payment that the row states, for looking it up.
    pub(crate) payments: Vec<String>,
    /// How much: never negative.
    pub(crate) amount: ReportAmount,
    /// Which way.
    pub(crate) direction: Direction,
    /// When, where the report says so with its zone.
    pub(crate) at: Option<Timestamp>,
    /// The provider's name for what the row is.
    pub(crate) category: String,
}

impl Row {
    /// The amount, negative where the row takes back what another one moved.
    pub(crate) fn signed(&self) -> i128 {
        match self.direction {
            Direction::Moved => i128::from(self.amount.minor),
            Direction::TakenBack => -i128::from(self.amount.minor),
        }
    }
}

/// Whether a row is the movement or undoes it. The sign of the provider's amount says something
/// else: whether the merchant's balance grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// A capture, a refund that was given, a dispute that withdrew money, a payout that left.
    Moved,
    /// A capture or refund that failed, a dispute that was reversed, a payout that came back.
    TakenBack,
}

impl Direction {
    /// What the sign of a balance says: a capture adds to it; refunds, disputes and payouts take
    /// from it.
    fn of(kind: MovementKind, signed: i64) -> Self {
        let adds = kind == MovementKind::Capture;
        match signed == 0 || (signed > 0) == adds {
            true => Self::Moved,
            false => Self::TakenBack,
        }
    }
}

/// An amount of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ReportAmount {
    /// Minor units, 0 or more.
    pub(crate) minor: i64,
    /// The currency.
    pub(crate) currency: CurrencyCode,
    /// Decimal places of the minor unit, as the provider's webhooks have them.
    pub(crate) exponent: u8,
}

/// Where in a report something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A line of a table, from 1.
    Line(usize),
    /// An entry of a JSON document, from 1.
    Entry(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Entry(entry) => write!(f, "entry {entry}"),
        }
    }
}

/// Why a report cannot be read. Says where, and never what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReportError {
    /// No format of this provider is known.
    #[error("no report of {0} can be read: stripe, adyen, paypal, gocardless and square have one")]
    Provider(String),
    /// No bytes, or blanks alone.
    #[error("the report is empty")]
    Empty,
    /// Another encoding, or no text.
    #[error("the report is not UTF-8 text: see line {0}")]
    NotUtf8(usize),
    /// No row has the names of the columns.
    #[error("the report of {provider} has no header row with the columns {columns}")]
    NoHeader {
        /// Whose report it should be.
        provider: &'static str,
        /// What the header has to name.
        columns: String,
    },
    /// The file is another provider's.
    #[error("this is a report of {found}, not of {asked}")]
    OtherProvider {
        /// Whose it should be.
        asked: &'static str,
        /// Whose it is.
        found: &'static str,
    },
    /// One of two columns of a name would be read, and nobody knows which.
    #[error("line {line}: the header names the column {column} twice")]
    TwoColumns {
        /// The line of the header.
        line: usize,
        /// Its name.
        column: &'static str,
    },
    /// A quotation mark without its other one, so that rows may be swallowed.
    #[error("a quoted field is never closed: see line {0} and those above it")]
    OpenQuote(usize),
    /// A document that is no JSON, or has other types than it should.
    #[error("the report is not the JSON that {provider} sends: see line {line}, column {column}")]
    Json {
        /// Whose report it should be.
        provider: &'static str,
        /// Line of the first fault.
        line: usize,
        /// Column of the first fault.
        column: usize,
    },
    /// A cell that is needed is empty, or holds no id where an id should stand.
    #[error("{place}: {column} is empty or not usable")]
    Missing {
        /// Where.
        place: Place,
        /// Which column.
        column: &'static str,
    },
    /// An amount that is none.
    #[error("{place}: {column}: {source}")]
    Amount {
        /// Where.
        place: Place,
        /// Which column.
        column: &'static str,
        /// What is wrong with it.
        source: MoneyError,
    },
    /// A currency that ISO 4217 does not have.
    #[error("{place}: {column} is not a currency code of ISO 4217")]
    Currency {
        /// Where.
        place: Place,
        /// Which column.
        column: &'static str,
    },
    /// The report states none and none was given.
    #[error("the report states no currency: give it with --currency")]
    NoCurrency,
}

/// A provider's format.
struct Format {
    provider: &'static str,
    read: fn(&str, Option<CurrencyCode>) -> Result<Report, ReportError>,
    /// Returns true if the text is a report of this provider, readable or not.
    recognises: fn(&str) -> bool,
}

const FORMATS: [Format; 5] = [
    stripe::FORMAT,
    adyen::FORMAT,
    paypal::FORMAT,
    gocardless::FORMAT,
    square::FORMAT,
];

/// Reads the report of a provider. `currency` is for reports that state none (GoCardless's JSON).
///
/// # Errors
/// As [`ReportError`] says.
pub(crate) fn read(
    provider: &str,
    bytes: &[u8],
    currency: Option<CurrencyCode>,
) -> Result<Report, ReportError> {
    let format = FORMATS.iter().find(|format| format.provider == provider);
    let format = format.ok_or_else(|| ReportError::Provider(provider.to_owned()))?;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        ReportError::NotUtf8(valid.iter().filter(|byte| **byte == b'\n').count() + 1)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(ReportError::Empty);
    }
    (format.read)(text, currency).map_err(|error| match error {
        ReportError::NoHeader { .. } | ReportError::Json { .. } => FORMATS
            .iter()
            .find(|other| other.provider != format.provider && (other.recognises)(text))
            .map_or(error, |other| ReportError::OtherProvider {
                asked: format.provider,
                found: other.provider,
            }),
        error => error,
    })
}

/// Returns true if the text begins like a JSON document.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Collects the rows of a report.
struct Reading {
    report: Report,
}

impl Reading {
    fn of(provider: &'static str, kinds: &[MovementKind]) -> Self {
        let kinds = kinds.iter().copied().collect();
        Self {
            report: Report {
                provider,
                rows: Vec::new(),
                left_out: BTreeMap::new(),
                kinds,
            },
        }
    }

    /// Counts a row that is no movement.
    fn leave_out(&mut self, category: &str) {
        *self.report.left_out.entry(named(category)).or_default() += 1;
    }
}

/// A category that can be shown: a name, and no cell of another column that slipped here.
fn named(category: &str) -> String {
    let digits = category.bytes().filter(u8::is_ascii_digit).count();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_- ".contains(&b);
    let begins = |b: u8| b.is_ascii_alphabetic();
    match category.len() <= CATEGORY_BYTES_MAX
        && digits <= CATEGORY_DIGITS_MAX
        && category.bytes().next().is_some_and(begins)
        && category.bytes().all(plain)
    {
        true => category.to_owned(),
        false => CATEGORY_UNREADABLE.to_owned(),
    }
}

/// The ids among some cells, each once and in their order; what is no id is left away.
fn ids<'c>(cells: impl IntoIterator<Item = Option<&'c str>>) -> Vec<String> {
    let mut found = Vec::new();
    for cell in cells.into_iter().flatten() {
        let usable = Identifier::new(cell).is_ok();
        if usable && !found.iter().any(|known| known == cell) {
            found.push(cell.to_owned());
        }
    }
    found
}

/// How an amount is written: minor or major units.
type Written = fn(&str, CurrencyCode, u8, ExponentSource) -> Result<Amount, MoneyError>;

/// A cell and what its column is called.
#[derive(Clone, Copy)]
struct Cell<'t> {
    text: &'t str,
    column: &'static str,
}

/// Reads a currency.
///
/// # Errors
/// [`ReportError::Currency`] for a code that ISO 4217 does not have: its decimal places are
/// unknown.
fn currency(
    provider: &str,
    place: Place,
    cell: Cell<'_>,
) -> Result<(CurrencyCode, u8, ExponentSource), ReportError> {
    let Cell { text, column } = cell;
    let unknown = ReportError::Currency { place, column };
    let code = CurrencyCode::parse(text).map_err(|_| unknown.clone())?;
    let table = providers::by_name(provider).map(|known| known.info().amounts.exponents);
    match table.map(|table| table.exponent(code)) {
        Some((exponent, source)) if source != ExponentSource::NoIsoCurrency => {
            Ok((code, exponent, source))
        }
        _ => Err(unknown),
    }
}

/// Reads an amount in the provider's decimal places, with the sign that it has.
///
/// # Errors
/// What is wrong with the amount or its currency.
fn signed_amount(
    provider: &str,
    place: Place,
    amount: Cell<'_>,
    currency_cell: Cell<'_>,
    written: Written,
) -> Result<(i64, ReportAmount), ReportError> {
    let (currency, exponent, source) = currency(provider, place, currency_cell)?;
    let refused = |source| ReportError::Amount {
        place,
        column: amount.column,
        source,
    };
    let read = written(amount.text, currency, exponent, source).map_err(refused)?;
    let signed = read.minor.0;
    let minor = signed.checked_abs();
    let minor = minor.ok_or_else(|| refused(MoneyError::OutOfRange))?;
    let amount = ReportAmount {
        minor,
        currency,
        exponent,
    };
    Ok((signed, amount))
}

#[cfg(test)]
#[path = "report_tests.rs"]
pub(crate) mod tests;

#[cfg(test)]
#[path = "report_refusals_tests.rs"]
mod refusals_tests;
