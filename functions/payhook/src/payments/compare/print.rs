//! Writes a comparison for a person, as tables, or for a program, as one line of JSON.

use std::io::Write;

use payment_event::MovementKind;
use serde::Serialize;

use super::{Comparison, OpenItem, Sum, Totals};
use crate::analytics::money;
use crate::error::Error;
use crate::terminal::{cell, json_line};

/// A line of the sums, in JSON.
#[derive(Serialize)]
struct TotalsLine<'c> {
    /// The currency with its decimal places: `EUR.2`.
    currency: &'c str,
    kind: MovementKind,
    #[serde(flatten)]
    totals: Totals,
}

/// Writes the open items, each list by id, and then the sums.
///
/// # Errors
/// Output that cannot be written.
pub(crate) fn print(
    comparison: &Comparison,
    provider: &str,
    json: bool,
    output: &mut impl Write,
) -> Result<(), Error> {
    let text = match json {
        true => as_json(comparison, provider),
        false => as_text(comparison, provider),
    };
    output.write_all(text.as_bytes()).map_err(Error::Output)
}

fn as_json(comparison: &Comparison, provider: &str) -> String {
    let totals = comparison.totals.iter();
    let totals: Vec<_> = totals
        .map(|((currency, kind), totals)| TotalsLine {
            currency,
            kind: *kind,
            totals: *totals,
        })
        .collect();
    let whole = serde_json::json!({
        "provider": provider,
        "open": comparison.is_open(),
        "agree": comparison.agree,
        "agree_without_amount": comparison.agree_without_amount,
        "missing_here": comparison.missing_here,
        "missing_there": comparison.missing_there,
        "differs": comparison.differs,
        "totals": totals,
        "left_out": comparison.left_out,
    });
    format!("{}\n", json_line(&whole.to_string()))
}

fn amount(sum: &Sum) -> String {
    let currency = format!("{}.{}", sum.currency.as_str(), sum.exponent);
    money(&currency, sum.minor)
}

fn item(item: &OpenItem) -> String {
    let there: Vec<_> = item.there.iter().map(amount).collect();
    let lines: Vec<_> = item.lines.iter().map(usize::to_string).collect();
    let categories: Vec<_> = item.categories.iter().map(String::as_str).collect();
    let or_nothing = |text: String| match text.is_empty() {
        true => "-".to_owned(),
        false => text,
    };
    format!(
        "  {:<10}{:<44}{:>18}{:>18}  {}{}\n",
        item.kind.as_str(),
        cell(&item.id),
        item.here.as_ref().map_or_else(|| "-".to_owned(), amount),
        or_nothing(there.join(" + ")),
        item.reason.text(),
        match lines.is_empty() {
            true => String::new(),
            false => format!(
                ", row {} ({})",
                lines.join(" and "),
                cell(&categories.join(", "))
            ),
        },
    )
}

fn as_text(comparison: &Comparison, provider: &str) -> String {
    let lists = [
        ("missing here", &comparison.missing_here),
        ("missing there", &comparison.missing_there),
        ("differs", &comparison.differs),
    ];
    let mut text = format!("{provider}\n");
    text.push_str(&format!("  {:<24}{:>10}\n", "agree", comparison.agree));
    if comparison.agree_without_amount > 0 {
        let count = comparison.agree_without_amount;
        text.push_str(&format!("  {:<24}{count:>10}\n", "agree, amount not told"));
    }
    for (name, items) in lists {
        text.push_str(&format!("  {name:<24}{:>10}\n", items.len()));
    }
    for (name, items) in lists.into_iter().filter(|(_, items)| !items.is_empty()) {
        text.push_str(&format!(
            "{name}\n  {:<10}{:<44}{:>18}{:>18}  {}\n",
            "kind", "id", "here", "there", "why"
        ));
        items.iter().for_each(|open| text.push_str(&item(open)));
    }
    if !comparison.totals.is_empty() {
        text.push_str(&format!(
            "totals\n  {:<18}{:>20}{:>20}{:>20}\n",
            "kind", "here", "there", "agree"
        ));
    }
    for ((currency, kind), totals) in &comparison.totals {
        text.push_str(&format!(
            "  {:<18}{:>20}{:>20}{:>20}\n",
            kind.as_str(),
            money(currency, totals.here),
            money(currency, totals.there),
            money(currency, totals.agree),
        ));
    }
    if !comparison.left_out.is_empty() {
        text.push_str("left out of the report: no movement that a webhook tells\n");
    }
    for (category, rows) in &comparison.left_out {
        text.push_str(&format!("  {:<30}{rows:>10}\n", cell(category)));
    }
    text
}
