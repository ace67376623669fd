//! `payhook payments list`: the payments of which a webhook was received on a day, as they are now.

use std::collections::BTreeMap;
use std::io::Write;

use aws_adapters::{Backoff, DynamoReader, S3Objects};
use clap::Args;
use jiff::civil::Date;
use payment_event::{Amount, CurrencyCode, ExponentSource, Payment, PaymentState, ToldPayment};
use transaction_archive::day::Stores;
use transaction_archive::payments::{Gathered, of_day};

use super::fold::Line;
use crate::analytics::money;
use crate::error::Error;
use crate::send::secrets::chosen;
use crate::stack::{StackArguments, wait};
use crate::terminal::cell;

/// What `payhook payments list` takes.
#[derive(Args)]
pub(crate) struct ListArguments {
    /// The UTC day of receipt, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    day: Date,
    /// Only payments of this provider; may be repeated.
    #[arg(long = "provider", value_name = "NAME")]
    providers: Vec<String>,
    /// Only payments in this state, such as captured or partially_refunded; may be repeated.
    #[arg(long = "state", value_name = "STATE", value_parser = state)]
    states: Vec<PaymentState>,
    /// Only payments in this currency.
    #[arg(long, value_name = "CODE", value_parser = currency)]
    currency: Option<CurrencyCode>,
    /// Only payments of at least this amount, in major units of their currency: 10.50.
    #[arg(long, value_name = "AMOUNT", value_parser = bound, allow_negative_numbers = true)]
    min: Option<Bound>,
    /// Only payments of at most this amount, in major units of their currency.
    #[arg(long, value_name = "AMOUNT", value_parser = bound, allow_negative_numbers = true)]
    max: Option<Bound>,
    /// Print one JSON line a payment.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stack: StackArguments,
}

fn state(text: &str) -> Result<PaymentState, String> {
    let known = |state: &PaymentState| state.as_str() == text;
    PaymentState::ALL.into_iter().find(known).ok_or_else(|| {
        let names: Vec<&str> = PaymentState::ALL.iter().map(|s| s.as_str()).collect();
        format!("one of {}", names.join(", "))
    })
}

fn currency(text: &str) -> Result<CurrencyCode, String> {
    CurrencyCode::parse(text).map_err(|_| "a currency code such as EUR".to_owned())
}

/// The most decimal places that a bound may have: as many as any currency has.
const PLACES_MAX: u8 = 18;

/// An amount in units of 10^-18 of a major unit: compared with amounts of any exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bound(i128);

impl Bound {
    /// `None` where it does not fit: larger than any bound.
    fn of(minor: i128, exponent: u8) -> Option<Self> {
        let places = u32::from(PLACES_MAX.checked_sub(exponent)?);
        10_i128.pow(places).checked_mul(minor).map(Self)
    }
}

/// Reads a bound: digits, and decimal places behind a full stop.
fn bound(text: &str) -> Result<Bound, String> {
    let wrong = || "an amount in major units, such as 10.50".to_owned();
    let places = text.split_once('.').map_or(0, |(_, places)| places.len());
    let exponent = u8::try_from(places).map_err(|_| wrong())?;
    // The currency says nothing here: the exponent is the text's own.
    let any = CurrencyCode::parse("XXX").map_err(|_| wrong())?;
    let amount = Amount::from_major_text(text, any, exponent, ExponentSource::NoIsoCurrency);
    let minor = amount.map_err(|_| wrong())?.minor.0;
    Bound::of(i128::from(minor), exponent).ok_or_else(wrong)
}

/// The amount that a payment is known by: what was taken of it, before that what was reserved, or what was paid out.
fn size(payment: &Payment) -> Option<i128> {
    let captured = payment.captured.filter(|minor| *minor != 0);
    captured.or(payment.authorised).or(payment.paid_out)
}

impl ListArguments {
    fn wants(&self, told: &ToldPayment) -> bool {
        let payment = &told.payment;
        let size = size(payment).zip(payment.exponent);
        let size = size.map(|(minor, exponent)| Bound::of(minor, exponent).ok_or(()));
        let (from, to) = (self.min, self.max);
        let fits = match size {
            None => from.is_none() && to.is_none(),
            Some(Err(())) => to.is_none(),
            Some(Ok(size)) => {
                from.is_none_or(|from| size >= from) && to.is_none_or(|to| size <= to)
            }
        };
        fits && (self.states.is_empty() || self.states.contains(&payment.state))
            && (self.currency.is_none() || self.currency == payment.currency)
    }
}

/// Runs the command.
///
/// # Errors
/// [`Error::UnknownProvider`]; others when table or archive cannot be read.
pub(super) fn run(arguments: &ListArguments, output: &mut impl Write) -> Result<(), Error> {
    let infos = chosen(&arguments.providers)?;
    let names: Vec<&str> = infos.iter().map(|info| info.name).collect();
    let of_day = wait(async {
        let clients = arguments.stack.clients().await;
        let stores = Stores {
            table: &DynamoReader::new(&clients, arguments.stack.name("transactions")),
            objects: &S3Objects::new(&clients, arguments.stack.bucket()),
            pause: &Backoff,
        };
        Ok(of_day(arguments.day, &stores, |record| {
            names.is_empty() || names.contains(&record.provider.as_str())
        })
        .await?)
    })?;
    let unreadable = of_day.iter().map(|gathered| gathered.unreadable).sum();
    let payments = of_day.iter().filter(|gathered| gathered.is_payment());
    let payments: Result<Vec<_>, _> = payments.map(Gathered::payment).collect();
    let mut payments = payments.map_err(Error::Movement)?;
    payments.retain(|told| arguments.wants(told));
    payments
        .sort_by(|a, b| (&a.provider, &a.transaction_id).cmp(&(&b.provider, &b.transaction_id)));
    match arguments.json {
        true => as_json(&payments, output),
        false => as_text(&payments, unreadable, output),
    }
}

fn as_json(payments: &[ToldPayment], output: &mut impl Write) -> Result<(), Error> {
    for payment in payments {
        serde_json::to_writer(&mut *output, &Line::of(payment))
            .map_err(std::io::Error::from)
            .and_then(|()| output.write_all(b"\n"))
            .map_err(Error::Output)?;
    }
    Ok(())
}

/// Sums of one provider and currency.
#[derive(Default)]
struct Sums {
    payments: u64,
    captured: i128,
    refunded: i128,
    disputed: i128,
    untold: bool,
}

fn as_text(
    payments: &[ToldPayment],
    unreadable: u64,
    output: &mut impl Write,
) -> Result<(), Error> {
    let mut sums: BTreeMap<(&str, String), Sums> = BTreeMap::new();
    let mut text = String::new();
    for told in payments {
        let payment = &told.payment;
        let currency = match (payment.currency, payment.exponent) {
            (Some(currency), Some(exponent)) => format!("{}.{exponent}", currency.as_str()),
            _ => "-".to_owned(),
        };
        let shown = |minor: Option<i128>| match minor {
            Some(0) => String::new(),
            Some(minor) => money(&currency, minor),
            None => "not told".to_owned(),
        };
        let mut line = format!(
            "{:<20}{:>20}{:>20}{:>20}  {}:{}",
            payment.state.as_str(),
            shown(size(payment).or(payment.captured)),
            shown(payment.refunded),
            shown(payment.disputed),
            told.provider,
            cell(&told.transaction_id),
        );
        for problem in &payment.problems {
            line.push_str("  ");
            line.push_str(problem.as_str());
        }
        text.push_str(&line);
        text.push('\n');
        let sum = sums.entry((&told.provider, currency)).or_default();
        sum.payments += 1;
        for (into, minor) in [
            (&mut sum.captured, payment.captured),
            (&mut sum.refunded, payment.refunded),
            (&mut sum.disputed, payment.disputed),
        ] {
            sum.untold |= minor.is_none();
            *into += minor.unwrap_or_default();
        }
    }
    let title = format!(
        "{:<20}{:>20}{:>20}{:>20}  payment\n",
        "state", "amount", "refunded", "disputed"
    );
    let mut whole = if payments.is_empty() {
        String::new()
    } else {
        title
    };
    whole.push_str(&text);
    whole.push_str(&format!("{} payments\n", payments.len()));
    for ((provider, currency), sum) in &sums {
        let not_told = if sum.untold { ", where told" } else { "" };
        whole.push_str(&format!(
            "{provider}: {} payments, captured {}, refunded {}, disputed {}{not_told}\n",
            sum.payments,
            money(currency, sum.captured),
            money(currency, sum.refunded),
            money(currency, sum.disputed),
        ));
    }
    if unreadable > 0 {
        whole.push_str(&format!("{unreadable} items of the table cannot be read\n"));
    }
    output.write_all(whole.as_bytes()).map_err(Error::Output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_compared_exactly_and_nonsense_is_refused() {
        for (text, minor, exponent) in [
            ("10.50", 1050, 2),
            ("10.5", 1050, 2),
            ("0.00000001", 1, 8),
            ("-3", -3, 0),
            ("7", 7000, 3),
        ] {
            assert_eq!(bound(text).ok(), Bound::of(minor, exponent), "{text}");
        }
        for text in ["", "1,5", "ten", "1.", "1e3", "99999999999999999999", ".5"] {
            assert!(bound(text).is_err(), "{text}");
        }
        assert_eq!(Bound::of(i128::MAX, 2), None);
    }

    #[test]
    fn states_are_named_as_they_are_printed() {
        for known in PaymentState::ALL {
            assert_eq!(state(known.as_str()), Ok(known));
        }
        assert!(state("paid").unwrap_err().contains("captured"));
        assert!(currency("eur €").is_err());
    }
}
