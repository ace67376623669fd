//! `payhook analytics`: what was counted, and whether counting again gives the same.

mod kept;

use std::collections::BTreeMap;
use std::io::Write;

use aws_adapters::{Backoff, DynamoReader, S3Objects};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use pipeline::aggregate::sums::first_summed;
use pipeline::aggregate::{Delta, MONEY, RowKey};
use transaction_archive::day::Stores;
use transaction_archive::recount::{Difference, Recount, compare, recount};

use crate::error::Error;
use crate::stack::{StackArguments, wait};

/// What `payhook analytics` can do.
#[derive(Subcommand)]
pub(crate) enum AnalyticsCommand {
    /// Print what was counted: events by day, provider and status, money by day, provider, currency and kind of movement.
    Show(RangeArguments),
    /// Count the records of table and archive again and compare to the unit; 1 when anything differs.
    Recount(RangeArguments),
}

/// Some days of a stack.
#[derive(Args)]
pub(crate) struct RangeArguments {
    /// The first UTC day of receipt, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    from: Date,
    /// The last UTC day.
    #[arg(long, value_name = "DAY")]
    to: Date,
    #[command(flatten)]
    stack: StackArguments,
}

/// Runs the command.
///
/// # Errors
/// [`Error::RecountDiffers`] when it does; others when nothing could be counted.
pub(crate) fn run(command: &AnalyticsCommand, output: &mut impl Write) -> Result<(), Error> {
    let today = Offset::UTC.to_datetime(Timestamp::now()).date();
    match command {
        AnalyticsCommand::Show(range) => {
            let kept = wait(kept::read(&range.stack, (range.from, range.to), today))?;
            show(range.from, range.to, kept.rows, output)
        }
        AnalyticsCommand::Recount(range) => {
            let days = (range.from, range.to);
            let (said, kept) = wait(async {
                let clients = range.stack.clients().await;
                let stores = Stores {
                    table: &DynamoReader::new(&clients, range.stack.name("transactions")),
                    objects: &S3Objects::new(&clients, range.stack.bucket()),
                    pause: &Backoff,
                };
                let said = recount(range.from, range.to, &stores).await?;
                Ok((said, kept::read(&range.stack, days, today).await?))
            })?;
            let minutes_from = first_summed(today);
            let differences = compare(range.from, range.to, minutes_from, &said, kept.rows);
            tell(&said, &differences, kept.behind, output)
        }
    }
}

/// Minor units with their decimal point: `1130` at 2 is `11.30`.
fn decimal(minor: i128, exponent: usize) -> String {
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len() - exponent);
    let sign = if minor < 0 { "-" } else { "" };
    match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// `EUR 11.30`, or nothing where no amount was told.
pub(crate) fn money(currency: &str, minor: i128) -> String {
    match currency.split_once('.') {
        Some((code, exponent)) => {
            let exponent = exponent.parse().unwrap_or_default();
            format!("{code} {}", decimal(minor, exponent))
        }
        None => "-".to_owned(),
    }
}

/// A time in the unit in which a person would say it: `534 ms`, `75 s`, `100 days`. Negative where clocks are apart.
fn duration(ms: i128) -> String {
    const UNITS: [(i128, &str); 5] = [
        (86_400_000, "days"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1_000, "s"),
        (1, "ms"),
    ];
    // Of at least ten seconds, two minutes, hours or days: two figures say enough.
    let large = |(unit, name): &&(i128, &str)| {
        let least = if *name == "s" { 10 } else { 2 };
        *unit > 1 && ms.abs() >= least * unit
    };
    let (unit, name) = UNITS.iter().find(large).unwrap_or(&(1, "ms"));
    format!("{} {name}", ms / unit)
}

fn show(
    from: Date,
    to: Date,
    rows: BTreeMap<RowKey, Delta>,
    output: &mut impl Write,
) -> Result<(), Error> {
    let mut days: BTreeMap<(String, String), Delta> = BTreeMap::new();
    for (key, delta) in rows {
        let Some(day) = key.bucket.strip_prefix("day#") else {
            continue;
        };
        let within = day.parse::<Date>().is_ok_and(|d| d >= from && d <= to);
        if within {
            days.insert((day.to_owned(), key.aggregate), delta);
        }
    }
    writeln!(
        output,
        "{:<12}{:<18}{:<18}{:>10}  {:>22}  {:>12}  {:>12}",
        "day", "provider", "what", "number", "money", "event→door", "door→count"
    )
    .map_err(Error::Output)?;
    for ((day, name), delta) in days {
        let mut parts = name.split('#');
        let mut part = || parts.next().unwrap_or_default();
        let (provider, currency, status) = (part(), part(), part());
        if let Some(kind) = status.strip_prefix(MONEY) {
            let money = money(currency, delta.amount_minor);
            writeln!(
                output,
                "{day:<12}{provider:<18}{kind:<18}{:>10}  {money:>22}  {:>12}  {:>12}",
                delta.movements, "", ""
            )
            .map_err(Error::Output)?;
            continue;
        }
        let count = i128::from(delta.count.max(1));
        let event = format!("event {status}");
        writeln!(
            output,
            "{day:<12}{provider:<18}{event:<18}{:>10}  {:>22}  {:>12}  {:>12}",
            delta.count,
            "",
            duration(delta.event_to_receipt_ms / count),
            duration(delta.receipt_to_count_ms / count),
        )
        .map_err(Error::Output)?;
    }
    Ok(())
}

fn tell(
    said: &Recount,
    differences: &[Difference],
    behind: usize,
    output: &mut impl Write,
) -> Result<(), Error> {
    for difference in differences {
        writeln!(
            output,
            "{} {}: kept {} events, {} movements and {} minor units, recounted {}, {} and {}",
            difference.row.bucket,
            difference.row.aggregate,
            difference.kept.count,
            difference.kept.movements,
            difference.kept.amount_minor,
            difference.recounted.count,
            difference.recounted.movements,
            difference.recounted.amount_minor,
        )
        .map_err(Error::Output)?;
    }
    writeln!(
        output,
        "{} records in the table, {} in the archive, {} movements, {} uncountable; {} rows compared, {} differ",
        said.in_table,
        said.in_archive,
        said.in_movements,
        said.uncountable,
        said.rows.len(),
        differences.len()
    )
    .map_err(Error::Output)?;
    if behind > 0 {
        writeln!(
            output,
            "{behind} items of hours and days are behind their minutes until the next daily run of \
             archival_function, or its task \"sums\""
        )
        .map_err(Error::Output)?;
    }
    match differences.len() {
        0 => Ok(()),
        differ => Err(Error::RecountDiffers(differ)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_their_decimal_point() {
        for (currency, minor, expected) in [
            ("EUR.2", 1130, "EUR 11.30"),
            ("EUR.2", 5, "EUR 0.05"),
            ("JPY.0", 500, "JPY 500"),
            ("KWD.3", -1, "KWD -0.001"),
            ("-", 0, "-"),
        ] {
            assert_eq!(money(currency, minor), expected);
        }
    }

    fn row(aggregate: &str, bucket: &str, count: u64) -> (RowKey, Delta) {
        let key = RowKey {
            aggregate: aggregate.into(),
            bucket: bucket.into(),
        };
        let delta = match key.is_money() {
            true => Delta {
                movements: 1,
                amount_minor: 100 * i128::from(count),
                ..Delta::default()
            },
            false => Delta {
                count,
                ..Delta::default()
            },
        };
        (key, delta)
    }

    #[test]
    fn days_are_shown_and_other_days_left_out() {
        let rows = BTreeMap::from([
            row("stripe#-#captured", "day#2026-01-02", 5),
            row("stripe#-#captured", "hour#2026-01-02T03Z", 3),
            row("stripe#-#captured", "day#2026-01-04", 9),
            row("stripe#EUR.2#movement:capture", "day#2026-01-02", 5),
            row("stripe#EUR.2#movement:capture", "day#2026-01-04", 3),
        ]);
        let (from, to) = ("2026-01-01".parse().unwrap(), "2026-01-03".parse().unwrap());
        let mut out = Vec::new();
        show(from, to, rows, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<_> = out.lines().skip(1).map(words).collect();
        let expected = [
            "2026-01-02 stripe event captured 5 0 ms 0 ms",
            "2026-01-02 stripe capture 1 EUR 5.00",
        ];
        assert_eq!(lines, expected, "{out}");
    }

    #[test]
    fn a_difference_is_printed_and_is_an_error() {
        let said = Recount::default();
        let mut out = Vec::new();
        assert!(tell(&said, &[], 2, &mut out).is_ok());
        let (row, kept) = row("stripe#EUR.2#movement:capture", "day#2026-01-02", 2);
        let difference = Difference {
            row,
            kept,
            recounted: Delta::default(),
        };
        let error = tell(&said, &[difference], 0, &mut out).unwrap_err();
        assert!(matches!(error, Error::RecountDiffers(1)));
        let out = String::from_utf8(out).unwrap();
        assert_eq!(
            out.matches("2 items of hours and days are behind").count(),
            1
        );
        assert!(
            out.contains("kept 0 events, 1 movements and 200 minor units, recounted 0, 0 and 0"),
            "{out}"
        );
    }

    #[test]
    fn a_duration_is_said_in_the_unit_of_a_person() {
        for (ms, said) in [
            (0, "0 ms"),
            (9_999, "9999 ms"),
            (10_000, "10 s"),
            (119_999, "119 s"),
            (120_000, "2 min"),
            (7_200_000, "2 h"),
            (172_799_999, "47 h"),
            (8_640_018_732, "100 days"),
            (-61_000, "-61 s"),
            (-5, "-5 ms"),
        ] {
            assert_eq!(duration(ms), said, "{ms}");
        }
    }
}
