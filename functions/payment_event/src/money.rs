//! Money as integer minor units, with the text as sent and the exponent that was used.
//!
//! Invariant: no float anywhere. The exponent is the provider's, not ISO 4217's, because providers differ
//! (Adyen sends CLP with two decimals, Stripe with none); who said so is kept in [`ExponentSource`].

use serde::{Deserialize, Serialize};

/// An amount in the currency's minor unit (cents for EUR at exponent 2). May be negative: reversals and adjustments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MinorUnits(pub i64);

/// The longest currency code, in bytes.
pub const CURRENCY_BYTES_MAX: usize = 8;
/// The shortest one: ISO 4217's codes have three letters, and so have `BTC` and `ETH`.
const CURRENCY_BYTES_MIN: usize = 3;

/// Three to eight upper-case ASCII letters and digits, at least one of them a letter: the codes of
/// ISO 4217 and the longer ones of cryptocurrencies (`USDC`, `MATIC`, `1INCH`). Anything else is
/// refused, so that no free text and no number can pass as a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CurrencyCode {
    /// Zeros behind the code.
    bytes: [u8; CURRENCY_BYTES_MAX],
    length: u8,
}

/// Where the exponent of an [`Amount`] comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExponentSource {
    /// The provider's documented table of exponents.
    ProviderTable,
    /// ISO 4217's default, because the provider documents no exception for this currency.
    IsoDefault,
    /// Ours: eight decimals, because the code is not one of ISO 4217.
    NoIsoCurrency,
}

/// An amount of money as an event states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Integer minor units.
    pub minor: MinorUnits,
    /// ISO 4217 code, or the code of a cryptocurrency.
    pub currency: CurrencyCode,
    /// Decimal places of the minor unit: 0 to 8.
    pub exponent: u8,
    /// Who says so.
    pub exponent_source: ExponentSource,
    /// The amount exactly as sent (`"1130"`, `"10.00"`).
    pub text: String,
}

/// Why an amount is not one. Carries no input text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not an optional sign and decimal digits.
    #[error("amount is not a decimal number")]
    NotANumber,
    /// More decimals than the currency has.
    #[error("amount has more decimal places than its currency")]
    TooPrecise,
    /// Outside the range of a 64-bit integer of minor units.
    #[error("amount is outside the range of 64-bit minor units")]
    OutOfRange,
    /// Not three to eight ASCII letters and digits.
    #[error("currency is not a code of three to eight letters and digits")]
    Currency,
}

impl CurrencyCode {
    /// Reads a code in either case (`eur`, `EUR`).
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
        let lettered = text.bytes().any(|b| b.is_ascii_alphabetic());
        if !plain || !lettered || text.len() < CURRENCY_BYTES_MIN {
            return Err(MoneyError::Currency);
        }
        let mut bytes = [0; CURRENCY_BYTES_MAX];
        let used = bytes.get_mut(..text.len()).ok_or(MoneyError::Currency)?;
        used.copy_from_slice(text.as_bytes());
        used.make_ascii_uppercase();
        let length = u8::try_from(text.len()).map_err(|_| MoneyError::Currency)?;
        Ok(Self { bytes, length })
    }

    /// The code in upper case.
    pub fn as_str(&self) -> &str {
        // Always ASCII by construction; the fallback keeps this total without a panic.
        let used = self.bytes.get(..usize::from(self.length));
        used.and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or("XXX")
    }
}

impl TryFrom<String> for CurrencyCode {
    type Error = MoneyError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CurrencyCode> for String {
    fn from(code: CurrencyCode) -> Self {
        code.as_str().to_owned()
    }
}

impl Amount {
    /// An amount sent as an integer of minor units (`1130`, `-5`), as Stripe, Adyen and Square do.
    pub fn from_minor_text(
        text: &str,
        currency: CurrencyCode,
        exponent: u8,
        exponent_source: ExponentSource,
    ) -> Result<Self, MoneyError> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(MoneyError::NotANumber);
        }
        let minor = text.parse::<i64>().map_err(|_| MoneyError::OutOfRange)?;
        Ok(Self {
            minor: MinorUnits(minor),
            currency,
            exponent,
            exponent_source,
            text: text.to_owned(),
        })
    }

    /// An amount sent as decimal text of major units (`"10.00"`), as PayPal and Mollie do. Never rounds.
    pub fn from_major_text(
        text: &str,
        currency: CurrencyCode,
        exponent: u8,
        exponent_source: ExponentSource,
    ) -> Result<Self, MoneyError> {
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits_only = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || !digits_only(whole)
            || !digits_only(fraction)
            || unsigned.ends_with('.')
        {
            return Err(MoneyError::NotANumber);
        }
        let places = usize::from(exponent);
        // Trailing zeros beyond the exponent say nothing: "5.000" is 5 yen.
        let significant = fraction.trim_end_matches('0');
        if significant.len() > places {
            return Err(MoneyError::TooPrecise);
        }
        let digits = format!(
            "{}{whole}{significant:0<places$}",
            if negative { "-" } else { "" }
        );
        let minor = digits.parse::<i64>().map_err(|_| MoneyError::OutOfRange)?;
        Ok(Self {
            minor: MinorUnits(minor),
            currency,
            exponent,
            exponent_source,
            text: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> CurrencyCode {
        CurrencyCode::parse(text).expect("a currency")
    }

    #[test]
    fn minor_text_table() {
        for (text, expected) in [
            ("1130", Ok(1130)),
            ("-5", Ok(-5)),
            ("0", Ok(0)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("9223372036854775808", Err(MoneyError::OutOfRange)),
            ("1e400", Err(MoneyError::NotANumber)),
            ("10.0", Err(MoneyError::NotANumber)),
            ("", Err(MoneyError::NotANumber)),
            ("-", Err(MoneyError::NotANumber)),
            ("+1", Err(MoneyError::NotANumber)),
        ] {
            let got = Amount::from_minor_text(text, code("EUR"), 2, ExponentSource::IsoDefault);
            assert_eq!(got.map(|a| a.minor.0), expected, "{text}");
        }
    }

    #[test]
    fn major_text_table() {
        for (text, exponent, expected) in [
            ("10.00", 2, Ok(1000)),
            ("10", 2, Ok(1000)),
            ("-0.5", 2, Ok(-50)),
            ("5.000", 0, Ok(5)),
            ("1.234", 3, Ok(1234)),
            ("1.234", 2, Err(MoneyError::TooPrecise)),
            ("1.", 2, Err(MoneyError::NotANumber)),
            (".5", 2, Err(MoneyError::NotANumber)),
            ("1,5", 2, Err(MoneyError::NotANumber)),
            ("99999999999999999999", 2, Err(MoneyError::OutOfRange)),
        ] {
            let got =
                Amount::from_major_text(text, code("eur"), exponent, ExponentSource::ProviderTable);
            assert_eq!(got.map(|a| a.minor.0), expected, "{text}");
        }
    }

    #[test]
    fn a_currency_is_a_short_code_and_nothing_else() {
        for (text, expected) in [
            ("eur", "EUR"),
            ("USDC", "USDC"),
            ("matic", "MATIC"),
            ("1INCH", "1INCH"),
            ("ABCDEFGH", "ABCDEFGH"),
        ] {
            assert_eq!(code(text).as_str(), expected);
        }
        for bad in [
            "",
            "EU",
            "E R",
            "\u{20ac}",
            "EU\u{20ac}",
            "4111",
            "ABCDEFGHI",
        ] {
            assert_eq!(CurrencyCode::parse(bad), Err(MoneyError::Currency), "{bad}");
        }
        assert!(serde_json::from_str::<CurrencyCode>("\"4111\"").is_err());
    }
}
