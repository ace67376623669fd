//! GoCardless: the payout items of its interface (JSON), and the dashboard's export "Payout
//! breakdown: Transactions", which its automated payout reporting sends as well (CSV).
//!
//! Sources, read 2026-11-28: <https://developer.gocardless.com/payouts/reconciling-payouts>,
//! gocardless-pro-java `PayoutItem` (types and their signs; `amount` is "the positive (credit) or
//! negative (debit) value of the item, in fractional currency; the lowest denomination for the
//! currency, to one decimal place", as text: `"45.0"`; `links.payment`, `links.mandate`, and
//! `links.refund` where there is one), and
//! <https://support.gocardless.com/hc/en-us/articles/17144251867548-Payout-breakdown-reports-Transactions>
//! (columns of the export).
//!
//! A payment and its chargeback are known by the payment's id, a refund by its own. Items state no
//! currency: it is that of the payout, which may stand in the same document under `payouts`, or is
//! given. Webhooks of GoCardless state no amounts, so that rows and movements are compared by
//! their ids alone. The payout itself is no item of its own.
//!
//! (unconfirmed) That the export's `gross_amount` is in major units and negative for what is taken
//! back; which `resources.type` and `resources.status` a failed and a charged back payment have
//! there; that every refund's item links the refund: where none does, it is compared by payment.

use payment_event::{Amount, CurrencyCode, MovementKind};
use serde::Deserialize;
use serde_json::{Number, Value};

use super::json::pages;
use super::table::{Line, Names, Table};
use super::{Cell, Direction, Format, Place, Reading, Report, ReportError, Row, ids};

const PROVIDER: &str = "gocardless";

pub(super) const FORMAT: Format = Format {
    provider: PROVIDER,
    read,
    recognises: |text| match super::is_json(text) {
        true => pages::<Page>(PROVIDER, text)
            .is_ok_and(|pages| pages.iter().any(|page| page.payout_items.is_some())),
        false => Table::read(PROVIDER, text, &NEEDED).is_ok(),
    },
};

#[derive(Deserialize)]
struct Page {
    payout_items: Option<Vec<Item>>,
    /// The payout, as `GET /payouts/PO…` or the list of payouts answers.
    payouts: Option<Value>,
}

#[derive(Deserialize)]
struct Item {
    r#type: Option<String>,
    amount: Option<Text>,
    #[serde(default)]
    links: Links,
}

#[derive(Deserialize, Default)]
struct Links {
    payment: Option<String>,
    refund: Option<String>,
    mandate: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Number(Number),
}

const TYPE: Names = &["resources.type"];
const STATUS: Names = &["resources.status"];
const CREATED: Names = &["resources.created_at"];
const GROSS: Names = &["gross_amount"];
const CURRENCY: Names = &["currency"];
const PAYMENT: Names = &["payments.id"];
const REFUND: Names = &["refunds.id"];

const NEEDED: [Names; 4] = [TYPE, GROSS, CURRENCY, PAYMENT];

const KINDS: [MovementKind; 3] = [
    MovementKind::Capture,
    MovementKind::Refund,
    MovementKind::Dispute,
];

fn read(text: &str, currency: Option<CurrencyCode>) -> Result<Report, ReportError> {
    match super::is_json(text) {
        true => items(text, currency),
        false => export(text),
    }
}

/// The currency of the payouts of a page, if there is one and all have it.
fn stated(payouts: &Value) -> Option<&str> {
    match payouts {
        Value::Array(payouts) => {
            let mut all = payouts.iter().map(stated);
            let first = all.next()?;
            all.all(|other| other == first).then_some(first)?
        }
        payout => payout.get("currency")?.as_str(),
    }
}

fn items(text: &str, given: Option<CurrencyCode>) -> Result<Report, ReportError> {
    let pages: Vec<Page> = pages(PROVIDER, text)?;
    if !pages.iter().any(|page| page.payout_items.is_some()) {
        return Err(super::table::no_header(PROVIDER, &[&["payout_items"]]));
    }
    let mut reading = Reading::of(PROVIDER, &KINDS);
    let mut entry = 0;
    let mut currency = given.map(|given| given.as_str().to_owned());
    for page in &pages {
        let payouts = page.payouts.as_ref().and_then(stated);
        currency = payouts.map(str::to_owned).or(currency);
        for item in page.payout_items.iter().flatten() {
            entry += 1;
            take(item, entry, currency.as_deref(), &mut reading)?;
        }
    }
    Ok(reading.report)
}

fn take(
    item: &Item,
    entry: usize,
    currency: Option<&str>,
    reading: &mut Reading,
) -> Result<(), ReportError> {
    use MovementKind::{Capture, Dispute, Refund};
    let place = Place::Entry(entry);
    let missing = |column| ReportError::Missing { place, column };
    let category = item.r#type.as_deref().ok_or_else(|| missing("type"))?;
    let kind = match category {
        "payment_paid_out" | "payment_failed" => Capture,
        "payment_charged_back" => Dispute,
        "payment_refunded" | "refund" | "refund_funds_returned" => Refund,
        _ => {
            reading.leave_out(category);
            return Ok(());
        }
    };
    let links = &item.links;
    let (own, payments) = match kind {
        Refund => (
            ids([links.refund.as_deref()]),
            ids([links.payment.as_deref(), links.mandate.as_deref()]),
        ),
        _ => {
            let payment = ids([links.payment.as_deref()]);
            (payment.clone(), payment)
        }
    };
    if own.is_empty() && payments.is_empty() {
        return Err(missing("links.payment"));
    }
    let text = match item.amount.as_ref().ok_or_else(|| missing("amount"))? {
        Text::Text(text) => text.clone(),
        Text::Number(number) => number.to_string(),
    };
    let amount = Cell {
        text: &text,
        column: "amount",
    };
    let currency = Cell {
        text: currency.ok_or(ReportError::NoCurrency)?,
        column: "payouts.currency",
    };
    // Minor units with a decimal behind them, which is a zero for everything but fees.
    let (signed, amount) = super::signed_amount(
        PROVIDER,
        place,
        amount,
        currency,
        |text, code, _, source| Amount::from_major_text(text, code, 0, source),
    )?;
    reading.report.rows.push(Row {
        line: entry,
        kind,
        ids: own,
        payments,
        amount,
        direction: Direction::of(kind, signed),
        at: None,
        category: super::named(category),
    });
    Ok(())
}

fn export(text: &str) -> Result<Report, ReportError> {
    let table = Table::read(PROVIDER, text, &NEEDED)?;
    let mut reading = Reading::of(PROVIDER, &KINDS);
    for line in table.lines() {
        exported(&line, &mut reading)?;
    }
    Ok(reading.report)
}

fn exported(line: &Line<'_>, reading: &mut Reading) -> Result<(), ReportError> {
    let category = line.need(TYPE)?.text;
    if !matches!(category, "payment" | "refund") {
        reading.leave_out(category);
        return Ok(());
    }
    let (signed, amount) = super::signed_amount(
        PROVIDER,
        line.place(),
        line.need(GROSS)?,
        line.need(CURRENCY)?,
        Amount::from_major_text,
    )?;
    let taken = signed < 0;
    let charged_back = line.get(STATUS) == Some("charged_back");
    let (kind, direction) = match category {
        "refund" => (MovementKind::Refund, Direction::Moved),
        _ if taken && charged_back => (MovementKind::Dispute, Direction::Moved),
        _ if taken => (MovementKind::Capture, Direction::TakenBack),
        _ => (MovementKind::Capture, Direction::Moved),
    };
    let payments = ids([line.get(PAYMENT)]);
    let own = match kind {
        MovementKind::Refund => ids([line.get(REFUND)]),
        _ => payments.clone(),
    };
    if own.is_empty() && payments.is_empty() {
        return Err(line.missing(PAYMENT));
    }
    reading.report.rows.push(Row {
        line: line.number(),
        kind,
        ids: own,
        payments,
        amount,
        direction,
        at: line.get(CREATED).and_then(super::times::rfc3339),
        category: super::named(category),
    });
    Ok(())
}
