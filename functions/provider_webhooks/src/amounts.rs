//! Amounts as providers write them: their text is kept as sent, and nothing is ever rounded.

use payment_event::{Amount, CurrencyCode, ExponentSource, MoneyError, Problem};

use crate::exponents::ExponentTable;

/// Digits and sign of the longest 64-bit integer: longer text is refused before it is kept.
const MINOR_BYTES_MAX: usize = 20;
/// The same with a point and decimals behind it.
const MAJOR_BYTES_MAX: usize = 32;

type Reader = fn(&str, CurrencyCode, u8, ExponentSource) -> Result<Amount, MoneyError>;

/// An amount of integer minor units with its currency; `None` when no value is stated.
///
/// # Errors
/// What is wrong with value or currency.
pub(crate) fn minor_text_amount(
    value: &str,
    currency: &str,
    exponents: &ExponentTable,
) -> Result<Option<Amount>, Problem> {
    amount(
        value,
        currency,
        exponents,
        MINOR_BYTES_MAX,
        Amount::from_minor_text,
    )
}

/// An amount of major units, decimal text, with its currency; `None` when no value is stated.
///
/// # Errors
/// What is wrong with value or currency.
pub(crate) fn major_text_amount(
    value: &str,
    currency: &str,
    exponents: &ExponentTable,
) -> Result<Option<Amount>, Problem> {
    amount(
        value,
        currency,
        exponents,
        MAJOR_BYTES_MAX,
        Amount::from_major_text,
    )
}

fn amount(
    text: &str,
    currency: &str,
    exponents: &ExponentTable,
    bytes_max: usize,
    read: Reader,
) -> Result<Option<Amount>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    if currency.is_empty() {
        return Err(Problem::CurrencyMissing);
    }
    let currency = CurrencyCode::parse(currency).map_err(|_| Problem::CurrencyUnusable)?;
    if text.len() > bytes_max {
        return Err(Problem::AmountUnusable);
    }
    let (places, source) = exponents.exponent(currency);
    read(text, currency, places, source)
        .map(Some)
        .map_err(|_| Problem::AmountUnusable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exponents::ISO_ONLY;
    use Problem::{AmountUnusable, CurrencyMissing, CurrencyUnusable};

    fn minor(amount: Result<Option<Amount>, Problem>) -> Result<Option<i64>, Problem> {
        amount.map(|amount| amount.map(|amount| amount.minor.0))
    }

    #[test]
    fn absurd_numbers_are_noted_not_rounded() {
        for (value, currency, expected) in [
            ("1130", "EUR", Ok(Some(1130))),
            ("-5", "EUR", Ok(Some(-5))),
            ("", "EUR", Ok(None)),
            ("", "", Ok(None)),
            ("1e400", "EUR", Err(AmountUnusable)),
            ("10.5", "EUR", Err(AmountUnusable)),
            ("99999999999999999999", "EUR", Err(AmountUnusable)),
            ("000000000000000000001", "EUR", Err(AmountUnusable)),
            ("1", "", Err(CurrencyMissing)),
            ("1", "4111", Err(CurrencyUnusable)),
        ] {
            let got = minor_text_amount(value, currency, &ISO_ONLY);
            assert_eq!(minor(got), expected, "{value} {currency}");
        }
    }

    #[test]
    fn major_units_keep_their_text() {
        for (value, currency, expected) in [
            ("10.00", "eur", Ok(Some(1000))),
            ("10", "EUR", Ok(Some(1000))),
            ("500.00", "JPY", Ok(Some(500))),
            ("1.234", "KWD", Ok(Some(1234))),
            ("1.00", "USDC", Ok(Some(100_000_000))),
            ("0.00000001", "BTC", Ok(Some(1))),
            ("1.234", "EUR", Err(AmountUnusable)),
            ("1e2", "EUR", Err(AmountUnusable)),
            ("10,00", "EUR", Err(AmountUnusable)),
            (
                "0.00000000000000000000000000000000",
                "EUR",
                Err(AmountUnusable),
            ),
            ("10.00", "", Err(CurrencyMissing)),
        ] {
            let got = major_text_amount(value, currency, &ISO_ONLY);
            assert_eq!(minor(got.clone()), expected, "{value} {currency}");
            if let Ok(Some(amount)) = got {
                assert_eq!(amount.text, value);
            }
        }
    }
}
