//! Stripe's reports: itemized balance change from activity, itemized payout reconciliation,
//! itemized payouts, and the export of balance transactions from the Dashboard. All are CSV.
//!
//! Sources, read 2026-11-28: <https://docs.stripe.com/reports/balance> (columns of
//! `balance_change_from_activity.itemized.3` and `payouts.itemized.3`; amounts are "expressed in
//! major units of the currency"; `…_utc` columns are in UTC, the others in a zone that the file
//! does not name; `currency` is that of `gross`, after conversion),
//! <https://docs.stripe.com/reports/reporting-categories> (a partial capture is two rows, a
//! `charge` of the whole and a `partial_capture_reversal` of the rest), Stripe's published query of
//! that report (what `source_id` is by category; refunds are negative), and public exports of
//! balance transactions (`id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),…`).
//!
//! The sign of `gross` says which way money went, so a reversal needs no category of its own here.
//! Webhooks state the currency that the customer paid in: where it is another one than the
//! balance's, `customer_facing_amount` is read.
//!
//! (unconfirmed) What `source_id` is of a `refund_failure` (taken for the refund); whether
//! `customer_facing_amount` of one of several captures is that capture's amount; that the
//! Dashboard's export, which has no reporting category, lists a partial capture as `charge` and
//! `refund`, so that its rest shows up as a refund that was never told.

use payment_event::{Amount, CurrencyCode, MovementKind};

use super::table::{Line, Names, Table};
use super::{Cell, Direction, Format, Reading, Report, ReportError, Row, ids, signed_amount};

const PROVIDER: &str = "stripe";

pub(super) const FORMAT: Format = Format {
    provider: PROVIDER,
    read,
    recognises: |text| Table::read(PROVIDER, text, &NEEDED).is_ok(),
};

const CATEGORY: Names = &["reporting_category", "Type"];
const SOURCE: Names = &["source_id", "Source", "payout_id"];
const GROSS: Names = &["gross", "Amount"];
const CURRENCY: Names = &["currency"];
const CREATED: Names = &["created_utc", "Created (UTC)", "effective_at_utc"];
const FACING: Names = &["customer_facing_amount"];
const FACING_CURRENCY: Names = &["customer_facing_currency"];
const INTENT: Names = &["payment_intent_id"];
const CHARGE: Names = &["charge_id"];

const NEEDED: [Names; 4] = [CATEGORY, SOURCE, GROSS, CURRENCY];

/// The kind of a row, by reporting category or, where there is none, by type and source.
fn kind(category: &str, source: &str) -> Option<MovementKind> {
    use MovementKind::{Capture, Dispute, Payout, Refund};
    let begins = |prefixes: [&str; 2]| prefixes.iter().any(|p| source.starts_with(p));
    Some(match category {
        "charge" | "partial_capture_reversal" | "charge_failure" => Capture,
        "payment" | "payment_failure_refund" => Capture,
        "refund" | "refund_failure" | "payment_refund" => Refund,
        "dispute" | "dispute_reversal" => Dispute,
        "payout" | "payout_reversal" | "payout_cancel" | "payout_failure" => Payout,
        "adjustment" if begins(["du_", "dp_"]) => Dispute,
        "adjustment" if begins(["re_", "pyr_"]) => Refund,
        _ => return None,
    })
}

fn read(text: &str, _: Option<CurrencyCode>) -> Result<Report, ReportError> {
    use MovementKind::{Capture, Dispute, Payout, Refund};
    let table = Table::read(PROVIDER, text, &NEEDED)?;
    let mut reading = Reading::of(PROVIDER, &[Capture, Refund, Dispute]);
    for line in table.lines() {
        let category = line.need(CATEGORY)?.text;
        let Some(kind) = kind(category, line.get(SOURCE).unwrap_or_default()) else {
            reading.leave_out(category);
            continue;
        };
        // A report of activity has no payouts, so none can be missing there.
        if kind == Payout {
            reading.report.kinds.insert(Payout);
        }
        reading.report.rows.push(row(&line, kind, category)?);
    }
    Ok(reading.report)
}

fn row(line: &Line<'_>, kind: MovementKind, category: &str) -> Result<Row, ReportError> {
    let source = line.get(SOURCE);
    let payment = [line.get(INTENT), line.get(CHARGE)];
    let is_charge = |id: &&str| id.starts_with("ch_") || id.starts_with("py_");
    let (own, payments) = match kind {
        // A capture is known by its payment intent, or by its charge where there is none.
        MovementKind::Capture => {
            let known = ids(payment.into_iter().chain([source.filter(is_charge)]));
            match known.is_empty() {
                true => (ids([source]), known),
                false => (known.clone(), known),
            }
        }
        _ => (ids([source]), ids(payment)),
    };
    if own.is_empty() {
        return Err(line.missing(SOURCE));
    }
    let (gross, balance) = amount(line, GROSS, CURRENCY)?;
    let elsewhere = line.cell(FACING_CURRENCY).filter(|facing| {
        kind != MovementKind::Payout && !facing.text.eq_ignore_ascii_case(balance.currency.as_str())
    });
    let amount = match elsewhere.and(line.cell(FACING)) {
        Some(_) => amount(line, FACING, FACING_CURRENCY)?.1,
        None => balance,
    };
    Ok(Row {
        line: line.number(),
        kind,
        ids: own,
        payments,
        amount,
        direction: Direction::of(kind, gross),
        at: line.get(CREATED).and_then(super::times::utc),
        category: super::named(category),
    })
}

/// An amount of major units. The Reporting API can be asked for a decimal comma
/// (`decimal_separator`).
fn amount(
    line: &Line<'_>,
    amount: Names,
    currency: Names,
) -> Result<(i64, super::ReportAmount), ReportError> {
    let cell = line.need(amount)?;
    let comma = !cell.text.contains('.') && cell.text.matches(',').count() == 1;
    let text = match comma {
        true => cell.text.replace(',', "."),
        false => cell.text.to_owned(),
    };
    let cell = Cell {
        text: &text,
        column: cell.column,
    };
    let currency = line.need(currency)?;
    signed_amount(
        PROVIDER,
        line.place(),
        cell,
        currency,
        Amount::from_major_text,
    )
}
