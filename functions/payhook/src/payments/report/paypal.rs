//! PayPal's Settlement report (STL) and Transaction detail report (TRR), comma- or tab-separated.
//!
//! Sources, read 2026-11-28: <https://developer.paypal.com/docs/reports/sftp-reports/settlement-report/>
//! (rows: RH and FH head report and file, SH a section, CH names its columns, SB is its body, SF,
//! SC, RF, RC and FF end them; the report may be delimited by commas or tabs; "money amount fields
//! are unsigned, with no currency symbol, decimal separator, or other punctuation", "10000" being
//! $100.00 and 10,000 yen: integers of minor units, whose direction `Transaction Debit or Credit`
//! says), PayPal's Settlement Report Specification 9.0.5 of April 2019, and
//! <https://developer.paypal.com/docs/transaction-search/transaction-event-codes/> (event codes:
//! T00nn payments, T1106 "payment reversal, initiated by PayPal. Completion of a chargeback",
//! T1107 "payment refund, initiated by merchant", T1201 chargeback, T1202 its reversal, T1207
//! re-presentment rejected, T1208 cancelled, T1110 and T1111 a hold for a dispute and its end).
//! Names of columns differ by version in their blanks (`Transaction  Debit or Credit`).
//!
//! A capture and a refund have their transaction id here as in webhooks. A dispute's id is not in
//! these reports: such a row states the payment, by its reference id, and nothing more. Holds move
//! nothing, currency conversions and withdrawals are no webhook's.
//!
//! (unconfirmed) Whether HUF and TWD, which PayPal takes without decimals, are written so here,
//! too; that the transaction id of T1106 is the id of `PAYMENT.CAPTURE.REVERSED`; what T1205
//! (reimbursement of a chargeback) gives back: it is left out.

use payment_event::{Amount, CurrencyCode, MovementKind};

use super::table::{Columns, Line, Names, no_header, records};
use super::{Direction, Format, Reading, Report, ReportError, Row, ids, signed_amount};

const PROVIDER: &str = "paypal";

pub(super) const FORMAT: Format = Format {
    provider: PROVIDER,
    read,
    recognises: |text| {
        records(text, separator(text)).is_ok_and(|records| {
            let mut headers = records.iter().filter(|record| record.at(0) == HEADER);
            headers.any(|header| matches!(Columns::of(header, &NEEDED), Ok(Some(_))))
        })
    },
};

/// The first cell of a row that names the columns of a section, and of a row of its body.
const HEADER: &str = "CH";
const BODY: &str = "SB";

const CODE: Names = &["Transaction Event Code"];
const TRANSACTION: Names = &["Transaction ID"];
const REFERENCE: Names = &["PayPal Reference ID"];
const DIRECTION: Names = &["Transaction Debit or Credit"];
const GROSS: Names = &["Gross Transaction Amount"];
const CURRENCY: Names = &["Gross Transaction Currency"];
const INITIATED: Names = &["Transaction Initiation Date"];
/// Of the Transaction detail report alone: `S` success, `P` pending, `D` denied, `V` reversed.
const STATUS: Names = &["Transactional Status"];

const NEEDED: [Names; 5] = [CODE, TRANSACTION, DIRECTION, GROSS, CURRENCY];

fn separator(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty());
    match first.is_some_and(|line| line.contains('\t')) {
        true => b'\t',
        false => b',',
    }
}

/// The kind of an event, and whether it is a credit that moves money of this kind.
fn kind(code: &str) -> Option<(MovementKind, bool)> {
    use MovementKind::{Capture, Dispute, Refund};
    Some(match code {
        "T0000" | "T0002" | "T0003" | "T0004" | "T0005" | "T0006" | "T0007" | "T0009" | "T0010"
        | "T0011" | "T0012" | "T0013" | "T0018" | "T0019" => (Capture, true),
        "T1106" | "T1107" => (Refund, false),
        "T1201" | "T1202" | "T1207" | "T1208" => (Dispute, false),
        _ => return None,
    })
}

fn read(text: &str, _: Option<CurrencyCode>) -> Result<Report, ReportError> {
    // What a dispute holds is no row until it is lost, so that none can be missing.
    let mut reading = Reading::of(PROVIDER, &[MovementKind::Capture, MovementKind::Refund]);
    let mut columns = None;
    for record in &records(text, separator(text))? {
        match record.at(0) {
            HEADER => columns = Columns::of(record, &NEEDED)?,
            BODY => {
                let columns = columns.as_ref();
                let columns = columns.ok_or_else(|| no_header(PROVIDER, &NEEDED))?;
                body(&columns.line(record), &mut reading)?;
            }
            _ => {}
        }
    }
    match columns {
        Some(_) => Ok(reading.report),
        None => Err(no_header(PROVIDER, &NEEDED)),
    }
}

fn body(line: &Line<'_>, reading: &mut Reading) -> Result<(), ReportError> {
    let code = line.need(CODE)?.text;
    let credit = match line.need(DIRECTION)?.text {
        "CR" => true,
        "DR" => false,
        _ => return Err(line.missing(DIRECTION)),
    };
    let Some((kind, as_credit)) = kind(code) else {
        reading.leave_out(code);
        return Ok(());
    };
    // What did not happen, or not yet; and what the merchant pays as somebody's customer.
    let status = line.get(STATUS).unwrap_or("S");
    if matches!(status, "P" | "D") || (kind == MovementKind::Capture && !credit) {
        reading.leave_out(match status {
            "P" => "pending",
            "D" => "denied",
            _ => "payment made",
        });
        return Ok(());
    }
    let own = match kind {
        MovementKind::Dispute => Vec::new(),
        _ => ids([line.get(TRANSACTION)]),
    };
    let payments = ids([line.get(REFERENCE)]);
    if own.is_empty() && kind != MovementKind::Dispute {
        return Err(line.missing(TRANSACTION));
    }
    if own.is_empty() && payments.is_empty() {
        return Err(line.missing(REFERENCE));
    }
    let (_, amount) = signed_amount(
        PROVIDER,
        line.place(),
        line.need(GROSS)?,
        line.need(CURRENCY)?,
        Amount::from_minor_text,
    )?;
    reading.report.rows.push(Row {
        line: line.number(),
        kind,
        ids: own,
        payments,
        amount,
        direction: match credit == as_credit {
            true => Direction::Moved,
            false => Direction::TakenBack,
        },
        at: line.get(INITIATED).and_then(super::times::slashed),
        category: super::named(code),
    });
    Ok(())
}
