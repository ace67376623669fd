//! `payhook payments reconcile`: a provider's own books beside what its webhooks told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use aws_adapters::{Backoff, DynamoReader, S3Objects};
use clap::Args;
use futures::future::try_join_all;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use payment_event::{CurrencyCode, PAYMENT_ROLES, TransactionKey};
use pipeline::stored::{StoredError, StoredTransaction};
use transaction_archive::day::Stores;
use transaction_archive::payments::{Gathered, gather, of_day};

use super::compare::{Known, Window, compare, print};
use super::report::{Report, read};
use crate::error::Error;
use crate::stack::{StackArguments, wait};

/// Webhooks of a day that are received later than on the next day are late beyond what a report is waited for.
const LATE_DAYS: i32 = 2;

/// Ids of rows that are looked up at the same time.
const LOOKED_UP_TOGETHER: usize = 16;

/// What `payhook payments reconcile` takes.
#[derive(Args)]
pub(crate) struct ReconcileArguments {
    /// The provider that exported the report: stripe, adyen, paypal, gocardless or square.
    #[arg(long, value_name = "NAME")]
    provider: String,
    /// The report as the provider exports it.
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
    /// The UTC day that the report is of. Default: from its first to its last dated row.
    #[arg(long, value_name = "DAY")]
    day: Option<Date>,
    /// The currency of a report that states none.
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stack: StackArguments,
}

/// The first and the last day that a report is of.
fn days(report: &Report, given: Option<Date>) -> Result<(Date, Date), Error> {
    let day = |time: Timestamp| Offset::UTC.to_datetime(time).date();
    let span = report.span().map(|(first, last)| (day(first), day(last)));
    given.map(|day| (day, day)).or(span).ok_or(Error::ReportDay)
}

fn midnight(day: Date) -> Timestamp {
    Offset::UTC
        .to_timestamp(day.at(0, 0, 0, 0))
        .unwrap_or(Timestamp::MAX)
}

/// The movements of a payment and when each began to count: by the provider's clock, where the webhook that brought it says so.
///
/// # Errors
/// A [`StoredError`] for an item that says it is a movement and is none.
fn known_of(gathered: &Gathered) -> Result<BTreeMap<TransactionKey, Known>, StoredError> {
    let own = gathered.transaction_ids.iter();
    let own = own.filter_map(|id| Some(id.split_once(':')?.1.to_owned()));
    let related = gathered.events.values().flat_map(|event| {
        let roles = event.related_ids.iter();
        roles.filter(|(role, _)| PAYMENT_ROLES.contains(&role.as_str()))
    });
    let payments: BTreeSet<String> = own.chain(related.map(|(_, id)| id.clone())).collect();
    let told_at = |item: &StoredTransaction| {
        let changes = item.movement.as_ref()?.changes.first()?;
        let received_at: Timestamp = changes.split(' ').next()?.parse().ok()?;
        let brought = gathered.events.values();
        let mut brought = brought.filter(|event| event.received_at == received_at);
        let event_time = brought.find_map(|event| event.event_time);
        Some(event_time.unwrap_or(received_at))
    };
    let movements = gathered.movements.iter();
    movements
        .map(|(key, item)| {
            let known = Known {
                movement: item.movement()?,
                payments: payments.clone(),
                told_at: told_at(item),
            };
            Ok((key.clone(), known))
        })
        .collect()
}

/// Everything that webhooks told of the days and of the ids in the report.
async fn told(
    report: &Report,
    (first, last): (Date, Date),
    stores: &Stores<'_, DynamoReader, S3Objects, Backoff>,
) -> Result<Vec<Known>, Error> {
    let today = Offset::UTC.to_datetime(Timestamp::now()).date();
    let until = last.saturating_add(LATE_DAYS.days()).min(today);
    let mut payments = Vec::new();
    let mut day = first;
    while day <= until {
        let of_provider = |record: &StoredTransaction| record.provider == report.provider;
        payments.extend(of_day(day, stores, of_provider).await?);
        match day.tomorrow() {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    let seen = payments.iter().flat_map(|it| it.transaction_ids.clone());
    let seen: BTreeSet<String> = seen.collect();
    let stated = report
        .rows
        .iter()
        .flat_map(|row| row.ids.iter().chain(&row.payments));
    let stated = stated.map(|id| format!("{}:{id}", report.provider));
    let others: BTreeSet<String> = stated.filter(|id| !seen.contains(id)).collect();
    let others: Vec<String> = others.into_iter().collect();
    for together in others.chunks(LOOKED_UP_TOGETHER) {
        let reading = together.iter().map(|id| async {
            let mut gathered = Gathered::default();
            gather(&mut gathered, [id.clone()], stores.table).await?;
            Ok::<_, Error>(gathered)
        });
        payments.extend(try_join_all(reading).await?);
    }
    let mut known = BTreeMap::new();
    for payment in &payments {
        known.extend(known_of(payment).map_err(Error::Movement)?);
    }
    Ok(known.into_values().collect())
}

/// Runs the command.
///
/// # Errors
/// [`Error::ReportOpen`] when anything is open; others when report, table or archive cannot be read.
pub(super) fn run(arguments: &ReconcileArguments, output: &mut impl Write) -> Result<(), Error> {
    let path = &arguments.report;
    let bytes = fs::read(path).map_err(|source| Error::File {
        path: path.clone(),
        source,
    })?;
    let currency = arguments.currency.as_deref().map(CurrencyCode::parse);
    let currency = currency.transpose().map_err(|_| Error::Currency)?;
    let report = read(&arguments.provider, &bytes, currency).map_err(|source| Error::Report {
        path: path.clone(),
        source,
    })?;
    let (first, last) = days(&report, arguments.day)?;
    let known = wait(async {
        let clients = arguments.stack.clients().await;
        let stores = Stores {
            table: &DynamoReader::new(&clients, arguments.stack.name("transactions")),
            objects: &S3Objects::new(&clients, arguments.stack.bucket()),
            pause: &Backoff,
        };
        told(&report, (first, last), &stores).await
    })?;
    let window = Window {
        from: midnight(first),
        to: last.tomorrow().map_or(Timestamp::MAX, midnight),
    };
    let comparison = compare(&report, &known, window);
    print(&comparison, report.provider, arguments.json, output)?;
    match comparison.is_open() {
        true => Err(Error::ReportOpen),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_are_those_of_the_rows_or_the_one_that_is_given() {
        let csv =
            b"balance_transaction_id,created_utc,currency,gross,reporting_category,source_id\n\
            txn_1,2026-03-02 23:59:59,eur,1.00,charge,ch_1\n\
            txn_2,2026-03-05 00:00:00,eur,1.00,charge,ch_2\n";
        let report = read("stripe", csv, None).unwrap();
        let day = |text: &str| text.parse::<Date>().unwrap();
        let found = days(&report, None).unwrap();
        assert_eq!(found, (day("2026-03-02"), day("2026-03-05")));
        let given = Some(day("2026-03-04"));
        assert_eq!(
            days(&report, given).unwrap(),
            (day("2026-03-04"), day("2026-03-04"))
        );
        let items = br#"{"payouts":{"id":"PO1","currency":"GBP"},"payout_items":[]}"#;
        let undated = read("gocardless", items, None).unwrap();
        assert!(matches!(days(&undated, None), Err(Error::ReportDay)));
    }
}
