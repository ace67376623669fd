//! Square: the entries of a payout, as `ListPayoutEntries` answers (JSON).
//!
//! Sources, read 2026-11-28: <https://developer.squareup.com/docs/payouts-api/list-payout-entries>,
//! <https://developer.squareup.com/reference/square/objects/PayoutEntry>,
//! <https://developer.squareup.com/reference/square/enums/ActivityType> (`CHARGE` "a credit card
//! payment capture", `REFUND`, `DISPUTE` "the balance change due to a dispute event",
//! `OPEN_DISPUTE`), and the published sample (a refund of -50, a charge of 100; amounts are
//! integers of minor units; the samples write `currency_code`, the reference `currency`).
//!
//! The sign says which way money went. Fees, holds, releases, savings, taxes and whatever else has
//! no webhook of its own is left out; so is the payout, which is no entry of its own.
//!
//! (unconfirmed) The signs of `OPEN_DISPUTE` and `DISPUTE` (negative is taken for withdrawn);
//! whether a dispute is an `OPEN_DISPUTE` and then a `DISPUTE` of the same amount. The CSV of the
//! Square Dashboard is not documented with its columns and is not read.

use payment_event::{Amount, CurrencyCode, MovementKind};
use serde::Deserialize;

use super::json::pages;
use super::{Cell, Direction, Format, Place, Reading, Report, ReportError, Row, ids};

const PROVIDER: &str = "square";

pub(super) const FORMAT: Format = Format {
    provider: PROVIDER,
    read,
    recognises: |text| {
        pages::<Page>(PROVIDER, text)
            .is_ok_and(|pages| pages.iter().any(|page| page.payout_entries.is_some()))
    },
};

#[derive(Deserialize)]
struct Page {
    payout_entries: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    r#type: Option<String>,
    effective_at: Option<String>,
    gross_amount_money: Option<Money>,
    type_charge_details: Option<Details>,
    type_refund_details: Option<Details>,
    type_dispute_details: Option<Details>,
    type_open_dispute_details: Option<Details>,
}

#[derive(Deserialize)]
struct Money {
    amount: Option<i64>,
    currency: Option<String>,
    currency_code: Option<String>,
}

#[derive(Deserialize, Default)]
struct Details {
    payment_id: Option<String>,
    refund_id: Option<String>,
    dispute_id: Option<String>,
}

fn read(text: &str, _: Option<CurrencyCode>) -> Result<Report, ReportError> {
    use MovementKind::{Capture, Dispute, Refund};
    if !super::is_json(text) {
        return Err(super::table::no_header(PROVIDER, &[&["payout_entries"]]));
    }
    let pages: Vec<Page> = pages(PROVIDER, text)?;
    if !pages.iter().any(|page| page.payout_entries.is_some()) {
        return Err(super::table::no_header(PROVIDER, &[&["payout_entries"]]));
    }
    let mut reading = Reading::of(PROVIDER, &[Capture, Refund, Dispute]);
    let entries = pages.iter().flat_map(|page| &page.payout_entries).flatten();
    for (position, entry) in entries.enumerate() {
        take(entry, position + 1, &mut reading)?;
    }
    Ok(reading.report)
}

fn take(entry: &Entry, number: usize, reading: &mut Reading) -> Result<(), ReportError> {
    use MovementKind::{Capture, Dispute, Refund};
    let place = Place::Entry(number);
    let missing = |column| ReportError::Missing { place, column };
    let category = entry.r#type.as_deref().ok_or_else(|| missing("type"))?;
    let (kind, details, column) = match category {
        "CHARGE" => (Capture, &entry.type_charge_details, "payment_id"),
        "REFUND" => (Refund, &entry.type_refund_details, "refund_id"),
        "DISPUTE" => (Dispute, &entry.type_dispute_details, "dispute_id"),
        "OPEN_DISPUTE" => (Dispute, &entry.type_open_dispute_details, "dispute_id"),
        _ => {
            reading.leave_out(category);
            return Ok(());
        }
    };
    let details = details.as_ref().ok_or_else(|| missing(column))?;
    let payment = details.payment_id.as_deref();
    let own = ids([match kind {
        Refund => details.refund_id.as_deref(),
        Dispute => details.dispute_id.as_deref(),
        _ => payment,
    }]);
    if own.is_empty() {
        return Err(missing(column));
    }
    let money = entry.gross_amount_money.as_ref();
    let stated = money.and_then(|money| money.amount);
    let text = stated.ok_or_else(|| missing("gross_amount_money.amount"))?;
    let text = text.to_string();
    let amount = Cell {
        text: &text,
        column: "gross_amount_money.amount",
    };
    let currency =
        money.and_then(|money| money.currency.as_deref().or(money.currency_code.as_deref()));
    let currency = Cell {
        text: currency.ok_or_else(|| missing("gross_amount_money.currency"))?,
        column: "gross_amount_money.currency",
    };
    let (signed, amount) =
        super::signed_amount(PROVIDER, place, amount, currency, Amount::from_minor_text)?;
    reading.report.rows.push(Row {
        line: number,
        kind,
        ids: own,
        payments: ids([payment]),
        amount,
        direction: Direction::of(kind, signed),
        at: entry
            .effective_at
            .as_deref()
            .and_then(super::times::rfc3339),
        category: super::named(category),
    });
    Ok(())
}
