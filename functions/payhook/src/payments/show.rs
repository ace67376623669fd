//! `payhook payments show`: a payment's state, its movements, and the events that told them.

use std::io::Write;

use aws_adapters::{Backoff, DynamoReader, S3Objects};
use clap::Args;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, Unit};
use payment_event::{Movement, ToldPayment};
use pipeline::stored::StoredTransaction;
use serde::Serialize;
use serde_json::Value;
use transaction_archive::day::Stores;

use super::fold::Line;
use super::gather::everything;
use crate::analytics::money;
use crate::audit::line_of;
use crate::error::Error;
use crate::stack::{StackArguments, wait};
use crate::terminal::{cell, json_line};

/// What `payhook payments show` takes.
#[derive(Args)]
pub(crate) struct ShowArguments {
    /// An id of the payment, an event, a charge, a refund or a dispute: `stripe:pi_…` or the id alone.
    id: String,
    /// The UTC day of receipt of one of its events, for an id under which nothing is stored. Default: today.
    #[arg(long, value_name = "DAY")]
    day: Option<Date>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stack: StackArguments,
}

/// A line of the time line.
#[derive(Serialize)]
struct Shown<'r> {
    received_at: Timestamp,
    event_time: Option<Timestamp>,
    /// Receipt less event time, milliseconds.
    lag_ms: Option<i64>,
    /// Deliveries from the queue until it was stored.
    attempts: Option<u64>,
    event_type: &'r str,
    status: &'r str,
    event_id: &'r str,
    transaction_id: &'r str,
    tells: &'r [String],
    problems: &'r [String],
    audit_key: &'r str,
    audit_offset: u64,
    audit_length: u64,
}

impl<'r> Shown<'r> {
    fn of(record: &'r StoredTransaction, line: Option<&Value>) -> Self {
        let lag = record.event_time.and_then(|time| {
            let span = record.received_at.since(time).ok()?;
            span.total(Unit::Millisecond).ok()
        });
        Self {
            received_at: record.received_at,
            event_time: record.event_time,
            #[allow(clippy::cast_possible_truncation)] // Milliseconds between two times fit many times over.
            lag_ms: lag.map(|lag| lag as i64),
            attempts: line.and_then(|line| line["processed_attempt"].as_u64()),
            event_type: &record.event_type,
            status: &record.status,
            event_id: &record.event_id,
            transaction_id: &record.key.transaction_id,
            tells: &record.tells,
            problems: &record.problems,
            audit_key: &record.audit_key,
            audit_offset: record.audit_offset,
            audit_length: record.audit_length,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Error::NoRecord`] when nothing has this id.
pub(super) fn run(arguments: &ShowArguments, output: &mut impl Write) -> Result<(), Error> {
    let (payment, records, lines) = wait(async {
        let clients = arguments.stack.clients().await;
        let table = DynamoReader::new(&clients, arguments.stack.name("transactions"));
        let objects = S3Objects::new(&clients, arguments.stack.bucket());
        let today = Offset::UTC.to_datetime(Timestamp::now()).date();
        let day = arguments.day.unwrap_or(today);
        let stores = Stores {
            table: &table,
            objects: &objects,
            pause: &Backoff,
        };
        let gathered = everything(&arguments.id, day, &stores).await?;
        let mut records: Vec<StoredTransaction> = gathered.events.values().cloned().collect();
        records.sort_by(|a, b| (a.received_at, &a.key).cmp(&(b.received_at, &b.key)));
        let mut lines = Vec::with_capacity(records.len());
        for record in &records {
            let line = line_of(record, &objects).await?;
            lines.push(serde_json::from_str::<Value>(&line).ok());
        }
        let payment = gathered.payment().map_err(Error::Movement)?;
        Ok((payment, records, lines))
    })?;
    let events: Vec<_> = records
        .iter()
        .zip(&lines)
        .map(|(record, line)| Shown::of(record, line.as_ref()))
        .collect();
    match arguments.json {
        true => as_json(&payment, &events, output),
        false => as_text(&payment, &events, output),
    }
}

fn as_json(
    payment: &ToldPayment,
    events: &[Shown<'_>],
    output: &mut impl Write,
) -> Result<(), Error> {
    let whole = serde_json::json!({
        "payment": Line::of(payment),
        "movements": payment.movements,
        "events": events,
    });
    writeln!(output, "{}", json_line(&whole.to_string())).map_err(Error::Output)
}

fn amount_of(movement: &Movement) -> String {
    movement.amount().map_or_else(
        || "no amount".to_owned(),
        |amount| {
            let currency = format!("{}.{}", amount.currency.as_str(), amount.exponent);
            money(&currency, i128::from(amount.minor.0))
        },
    )
}

fn as_text(
    payment: &ToldPayment,
    events: &[Shown<'_>],
    output: &mut impl Write,
) -> Result<(), Error> {
    let sums = &payment.payment;
    let currency = match (sums.currency, sums.exponent) {
        (Some(currency), Some(exponent)) => format!("{}.{exponent}", currency.as_str()),
        _ => "-".to_owned(),
    };
    let sum = |minor: Option<i128>| {
        minor.map_or_else(|| "not told".to_owned(), |minor| money(&currency, minor))
    };
    let mut text = format!(
        "{}:{}  {}\n",
        payment.provider,
        cell(&payment.transaction_id),
        sums.state.as_str()
    );
    for (name, minor) in [
        ("authorised", sums.authorised),
        ("captured", sums.captured),
        ("refunded", sums.refunded),
        ("disputed", sums.disputed),
        ("net", sums.net),
    ] {
        text.push_str(&format!("  {name:<12}{:>20}\n", sum(minor)));
    }
    if sums.paid_out.is_some() {
        text.push_str(&format!("  {:<12}{:>20}\n", "paid out", sum(sums.paid_out)));
    }
    for problem in &sums.problems {
        text.push_str(&format!("  problem: {}\n", problem.as_str()));
    }
    text.push_str("movements\n");
    for movement in &payment.movements {
        text.push_str(&format!(
            "  {:<18}{:<12}{:>20}  {}\n",
            movement.kind.as_str(),
            movement.stage.state.as_str(),
            amount_of(movement),
            cell(movement.id.as_str()),
        ));
    }
    text.push_str("events, by receipt\n");
    for event in events {
        let lag = event
            .lag_ms
            .map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
        let attempts = event
            .attempts
            .map_or_else(|| "-".to_owned(), |n| n.to_string());
        text.push_str(&format!(
            "  {:.3}  {:<34}{:<14}lag {lag}, attempt {attempts}  {}  {}+{}\n",
            event.received_at,
            cell(event.event_type),
            event.status,
            cell(event.event_id),
            event.audit_key,
            event.audit_offset,
        ));
    }
    output.write_all(text.as_bytes()).map_err(Error::Output)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use payment_event::{
        Amount, CurrencyCode, ExponentSource, Identifier, Ledger, MinorUnits, MovementKind, Stage,
        Tells, Told,
    };

    use super::*;

    fn movement(kind: MovementKind, id: &str, stage: Stage, minor: i64) -> Movement {
        Movement {
            kind,
            id: Identifier::new(id).unwrap(),
            payment: Identifier::new("pi_1").unwrap(),
            stage,
            money: Some(Told {
                tells: Tells::Own,
                rank: stage.rank,
                amount: Amount {
                    minor: MinorUnits(minor),
                    currency: CurrencyCode::parse("EUR").unwrap(),
                    exponent: 2,
                    exponent_source: ExponentSource::IsoDefault,
                    text: minor.to_string(),
                },
                at: None,
            }),
            problems: BTreeSet::new(),
        }
    }

    fn shown() -> Shown<'static> {
        Shown {
            received_at: "2026-11-27T12:00:00.250Z".parse().unwrap(),
            event_time: None,
            lag_ms: Some(250),
            attempts: Some(2),
            event_type: "charge\u{1b}[31m",
            status: "captured",
            event_id: "evt_1",
            transaction_id: "stripe:pi_1",
            tells: &[],
            problems: &[],
            audit_key: "audit/dt=2026-11-27/hh=12/i.jsonl.zst",
            audit_offset: 7,
            audit_length: 9,
        }
    }

    #[test]
    fn a_person_sees_money_with_its_decimals_and_no_control_character() {
        let movements = vec![
            movement(MovementKind::Capture, "pi_1", Stage::SUCCEEDED, 10_000),
            movement(MovementKind::Refund, "re_1", Stage::SUCCEEDED, 3_000),
        ];
        let payment = Ledger::of_one("stripe", ["pi_1".to_owned()].into_iter(), movements);
        let mut text = Vec::new();
        as_text(&payment, &[shown()], &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        for part in [
            "stripe:pi_1  partially_refunded",
            "EUR 100.00",
            "EUR 70.00",
            "not told",
            "re_1",
            "lag 250 ms, attempt 2",
            "i.jsonl.zst+7",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains('\u{1b}'));
        let mut json = Vec::new();
        as_json(&payment, &[shown()], &mut json).unwrap();
        let json: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["payment"]["refunded"], 3000);
        assert_eq!(json["movements"][1]["id"], "re_1");
        assert_eq!(json["events"][0]["attempts"], 2);
    }
}
