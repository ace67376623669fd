//! Adyen's Settlement details report, CSV.
//!
//! Sources, read 2026-11-28:
//! <https://docs.adyen.com/reporting/settlement-reconciliation/transaction-level/settlement-details-report>
//! and its older page <https://docs.adyen.com/developers/reporting/settlement-detail-report/settlement-detail-report-structure>
//! (columns; `Psp Reference` is that of the authorisation; `Modification Reference` of Settled,
//! Refunded and Chargeback records is the reference of the modification; the types of records; a
//! sample row `…,2013-06-03 11:26:49,CET,Settled,1713702551795048,GBP,,5.00,…`). `TimeZone` is the
//! abbreviation of the account's zone.
//!
//! Webhooks know a capture, a refund and a dispute by that modification reference. The type alone
//! says what a row is: in Adyen's samples a Settled row has its gross amount in the credit column,
//! in others, as public readers report, in the debit column, so that the amount is what the two
//! differ by. Amounts are major units with the decimal places of Adyen's own table.
//!
//! (unconfirmed) That the modification reference of a Chargeback is the `pspReference` of the
//! dispute's webhooks, and that of a RefundedReversed and ChargebackReversed the reference of what
//! they reverse; which reference a PaidOut has; that gross amounts have Adyen's decimal places
//! (CLP and ISK two) and not ISO 4217's, which matters only to how many zeros may be written.

use payment_event::{Amount, CurrencyCode, MoneyError, MovementKind};

use super::table::{Line, Names, Table};
use super::{Direction, Format, Reading, Report, ReportAmount, ReportError, Row, ids};

const PROVIDER: &str = "adyen";

pub(super) const FORMAT: Format = Format {
    provider: PROVIDER,
    read,
    recognises: |text| Table::read(PROVIDER, text, &NEEDED).is_ok(),
};

const TYPE: Names = &["Type"];
const PSP: Names = &["Psp Reference"];
const MODIFICATION: Names = &["Modification Reference"];
const CURRENCY: Names = &["Gross Currency"];
const DEBIT: Names = &["Gross Debit (GC)"];
const CREDIT: Names = &["Gross Credit (GC)"];
const CREATED: Names = &["Creation Date"];
const ZONE: Names = &["TimeZone"];

const NEEDED: [Names; 6] = [TYPE, PSP, MODIFICATION, CURRENCY, DEBIT, CREDIT];

fn kind(category: &str) -> Option<(MovementKind, Direction)> {
    use Direction::{Moved, TakenBack};
    use MovementKind::{Capture, Dispute, Payout, Refund};
    Some(match category {
        "Settled" => (Capture, Moved),
        "SettledReversed" => (Capture, TakenBack),
        "Refunded" => (Refund, Moved),
        "RefundedReversed" => (Refund, TakenBack),
        "Chargeback" | "SecondChargeback" => (Dispute, Moved),
        "ChargebackReversed" => (Dispute, TakenBack),
        "PaidOut" => (Payout, Moved),
        "PaidOutReversed" => (Payout, TakenBack),
        _ => return None,
    })
}

fn read(text: &str, _: Option<CurrencyCode>) -> Result<Report, ReportError> {
    use MovementKind::{Capture, Dispute, Refund};
    let table = Table::read(PROVIDER, text, &NEEDED)?;
    let mut reading = Reading::of(PROVIDER, &[Capture, Refund, Dispute]);
    for line in table.lines() {
        let category = line.need(TYPE)?.text;
        let Some((kind, direction)) = kind(category) else {
            reading.leave_out(category);
            continue;
        };
        let own = match kind {
            MovementKind::Payout => ids([line.get(PSP), line.get(MODIFICATION)]),
            _ => ids([line.get(MODIFICATION).or_else(|| line.get(PSP))]),
        };
        if own.is_empty() {
            return Err(line.missing(MODIFICATION));
        }
        reading.report.rows.push(Row {
            line: line.number(),
            kind,
            ids: own,
            payments: ids([line.get(PSP)]),
            amount: amount(&line)?,
            direction,
            at: line.get(CREATED).and_then(|time| {
                let zone = line.get(ZONE)?;
                super::times::abbreviated(time, zone)
            }),
            category: super::named(category),
        });
    }
    Ok(reading.report)
}

/// What the two columns of the gross amount differ by: one of them is empty as a rule.
fn amount(line: &Line<'_>) -> Result<ReportAmount, ReportError> {
    let currency = line.need(CURRENCY)?;
    let read = |cell| {
        super::signed_amount(
            PROVIDER,
            line.place(),
            cell,
            currency,
            Amount::from_major_text,
        )
    };
    let debit = line.cell(DEBIT).map(read).transpose()?;
    let credit = line.cell(CREDIT).map(read).transpose()?;
    match (debit, credit) {
        (Some((_, one)), None) | (None, Some((_, one))) => Ok(one),
        (Some((debit, one)), Some((credit, _))) => {
            let difference = credit.checked_sub(debit).and_then(i64::checked_abs);
            let minor = difference.ok_or(ReportError::Amount {
                place: line.place(),
                column: "Gross Credit (GC)",
                source: MoneyError::OutOfRange,
            })?;
            Ok(ReportAmount { minor, ..one })
        }
        (None, None) => Err(line.missing(CREDIT)),
    }
}
