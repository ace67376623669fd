//! Amounts as providers write them: their text is kept as sent, and nothing is ever rounded.

use std::borrow::Cow;

use payment_event::{Amount, CurrencyCode, ExponentSource, MoneyError, PaymentStatus};
use serde_json::value::RawValue;

use crate::ParseError;
use crate::exponents::ExponentTable;
use crate::json::scalar;

/// Digits and sign of the longest 64-bit integer: longer text is refused before it is kept.
const MINOR_BYTES_MAX: usize = 20;
/// The same with a point and decimals behind it.
const MAJOR_BYTES_MAX: usize = 32;

type Reader = fn(&str, CurrencyCode, u8, ExponentSource) -> Result<Amount, MoneyError>;

/// An amount of integer minor units, a number or a text, with its currency; `None` when either is absent.
pub(crate) fn minor_amount(
    value: Option<&RawValue>,
    currency: Option<&RawValue>,
    exponents: &ExponentTable,
) -> Result<Option<Amount>, ParseError> {
    amount(
        scalars(value, currency)?,
        exponents,
        MINOR_BYTES_MAX,
        Amount::from_minor_text,
    )
}

/// An amount of major units, a decimal text (`"10.00"`) or a JSON number (`10.00`, whose zeros are kept), with its currency; `None` when
/// either is absent.
pub(crate) fn major_amount(
    value: Option<&RawValue>,
    currency: Option<&RawValue>,
    exponents: &ExponentTable,
) -> Result<Option<Amount>, ParseError> {
    amount(
        scalars(value, currency)?,
        exponents,
        MAJOR_BYTES_MAX,
        Amount::from_major_text,
    )
}

/// The same where value and currency are texts already; `None` when either is empty.
pub(crate) fn major_text_amount(
    value: &str,
    currency: &str,
    exponents: &ExponentTable,
) -> Result<Option<Amount>, ParseError> {
    amount(
        (Cow::Borrowed(value), Cow::Borrowed(currency)),
        exponents,
        MAJOR_BYTES_MAX,
        Amount::from_major_text,
    )
}

fn scalars<'a>(
    value: Option<&'a RawValue>,
    currency: Option<&'a RawValue>,
) -> Result<(Cow<'a, str>, Cow<'a, str>), ParseError> {
    let text = |raw| scalar(raw).map_err(|_| ParseError::AmountUnusable);
    Ok((text(value)?, text(currency)?))
}

fn amount(
    (text, currency): (Cow<'_, str>, Cow<'_, str>),
    exponents: &ExponentTable,
    bytes_max: usize,
    read: Reader,
) -> Result<Option<Amount>, ParseError> {
    if text.is_empty() || currency.is_empty() {
        return Ok(None);
    }
    if text.len() > bytes_max {
        return Err(ParseError::AmountUnusable);
    }
    let currency = CurrencyCode::parse(&currency).map_err(|_| ParseError::AmountUnusable)?;
    let (places, source) = exponents.exponent(currency);
    read(&text, currency, places, source)
        .map(Some)
        .map_err(|_| ParseError::AmountUnusable)
}

/// The amount where the event's status is known; where it is not, a field that merely looks like one must not cost us the event.
pub(crate) fn amount_if_known(
    status: PaymentStatus,
    amount: Result<Option<Amount>, ParseError>,
) -> Result<Option<Amount>, ParseError> {
    match amount {
        Err(_) if status == PaymentStatus::Unclassified => Ok(None),
        amount => amount,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::exponents::ISO_ONLY;

    const UNUSABLE: Result<Option<i64>, ParseError> = Err(ParseError::AmountUnusable);

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    fn minor(amount: Result<Option<Amount>, ParseError>) -> Result<Option<i64>, ParseError> {
        amount.map(|a| a.map(|a| a.minor.0))
    }

    #[test]
    fn absurd_numbers_are_refused_not_rounded() {
        for (json, expected) in [
            ("1130", Ok(Some(1130))),
            ("\"1130\"", Ok(Some(1130))),
            ("null", Ok(None)),
            ("1e400", UNUSABLE),
            ("10.0", UNUSABLE),
            ("99999999999999999999", UNUSABLE),
            ("\"000000000000000000001\"", UNUSABLE),
            ("{}", UNUSABLE),
        ] {
            let got = minor_amount(Some(&raw(json)), Some(&raw("\"EUR\"")), &ISO_ONLY);
            assert_eq!(minor(got), expected, "{json}");
        }
        for currency in ["\"4111\"", "{}"] {
            let unusable = minor_amount(Some(&raw("1")), Some(&raw(currency)), &ISO_ONLY);
            assert_eq!(unusable, Err(ParseError::AmountUnusable));
            let unknown = amount_if_known(PaymentStatus::Unclassified, unusable.clone());
            assert_eq!(unknown, Ok(None));
            assert!(amount_if_known(PaymentStatus::Captured, unusable).is_err());
        }
    }

    #[test]
    fn major_units_keep_their_text() {
        for (json, currency, expected) in [
            ("\"10.00\"", "\"EUR\"", Ok(Some(1000))),
            ("10.00", "\"eur\"", Ok(Some(1000))),
            ("10", "\"EUR\"", Ok(Some(1000))),
            ("\"500.00\"", "\"JPY\"", Ok(Some(500))),
            ("\"1.234\"", "\"KWD\"", Ok(Some(1234))),
            ("10.00", "null", Ok(None)),
            ("\"1.234\"", "\"EUR\"", UNUSABLE),
            ("1e2", "\"EUR\"", UNUSABLE),
            ("\"10,00\"", "\"EUR\"", UNUSABLE),
            (
                "\"0.00000000000000000000000000000000\"",
                "\"EUR\"",
                UNUSABLE,
            ),
            ("[]", "\"EUR\"", UNUSABLE),
        ] {
            let got = major_amount(Some(&raw(json)), Some(&raw(currency)), &ISO_ONLY);
            assert_eq!(minor(got.clone()), expected, "{json} {currency}");
            if let Ok(Some(amount)) = got {
                assert_eq!(amount.text, json.trim_matches('"'));
            }
        }
    }
}
