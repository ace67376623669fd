//! Decimal places of each currency, per provider.
//!
//! Invariant: a provider's own table comes first; ISO 4217's default only where the provider documents no exception. Providers do differ:
//! Adyen sends CLP with two decimals, Stripe with none.
//! Source: ISO 4217 list one, read 2026-11-23. A provider's own table is in its file, with its source.

use payment_event::{CurrencyCode, ExponentSource};
use serde::Serialize;

/// A provider's exceptions from ISO 4217.
#[derive(Debug, Serialize)]
pub struct ExponentTable {
    /// Who documents them.
    pub source: &'static str,
    /// Currencies by decimal places.
    pub exceptions: &'static [(u8, &'static [&'static str])],
}

const ISO: ExponentTable = ExponentTable {
    source: "ISO 4217",
    exceptions: &[
        (
            0,
            &[
                "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                "VND", "VUV", "XAF", "XOF", "XPF",
            ],
        ),
        (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
        (4, &["CLF", "UYW"]),
    ],
};

/// Decimal places of what is not a currency of ISO 4217. Providers write amounts of
/// cryptocurrencies as decimal text, so the places are ours: Bitcoin's eight hold every amount of
/// a stable coin exactly, and a sum of many still fits 64 bits.
const NO_ISO_PLACES: u8 = 8;

/// The codes of ISO 4217's list one and of the currencies that it lists as funds, and those that
/// it has withdrawn since 2012 and that providers may still send.
#[rustfmt::skip]
const ISO_CODES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
    "BIF", "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BYR", "BZD", "CAD", "CDF", "CHE",
    "CHF", "CHW", "CLF", "CLP", "CNH", "CNY", "COP", "COU", "CRC", "CUC", "CUP", "CVE", "CZK", "DJF", "DKK",
    "DOP", "DZD", "EEK", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF",
    "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD",
    "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL",
    "LTL", "LVL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRO", "MRU", "MUR", "MVR", "MWK",
    "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP",
    "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP",
    "SLE", "SLL", "SOS", "SRD", "SSP", "STD", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP",
    "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "USN", "UYI", "UYU", "UYW", "UZS", "VED", "VEF", "VES",
    "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG", "ZWL",
];

/// No exceptions documented.
pub const ISO_ONLY: ExponentTable = ExponentTable {
    source: "ISO 4217",
    exceptions: &[],
};

impl ExponentTable {
    fn find(&self, currency: &str) -> Option<u8> {
        self.exceptions
            .iter()
            .find(|(_, codes)| codes.contains(&currency))
            .map(|(places, _)| *places)
    }

    /// Decimal places of `currency`, and who says so.
    pub fn exponent(&self, currency: CurrencyCode) -> (u8, ExponentSource) {
        if let Some(places) = self.find(currency.as_str()) {
            return (places, ExponentSource::ProviderTable);
        }
        if ISO_CODES.binary_search(&currency.as_str()).is_err() {
            return (NO_ISO_PLACES, ExponentSource::NoIsoCurrency);
        }
        let places = ISO.find(currency.as_str()).unwrap_or(2);
        (places, ExponentSource::IsoDefault)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// One that differs from ISO 4217, as Adyen's does.
    const OWN: ExponentTable = ExponentTable {
        source: "here",
        exceptions: &[(0, &["IDR"]), (2, &["CLP"])],
    };

    #[test]
    fn a_providers_own_word_goes_first_and_is_named() {
        use ExponentSource::{IsoDefault, NoIsoCurrency, ProviderTable};
        for (table, currency, expected) in [
            (&OWN, "CLP", (2, ProviderTable)),
            (&OWN, "IDR", (0, ProviderTable)),
            (&OWN, "USD", (2, IsoDefault)),
            (&OWN, "KWD", (3, IsoDefault)),
            (&ISO_ONLY, "CLP", (0, IsoDefault)),
            (&ISO_ONLY, "CLF", (4, IsoDefault)),
            (&ISO_ONLY, "BTC", (8, NoIsoCurrency)),
            (&OWN, "USDC", (8, NoIsoCurrency)),
        ] {
            let currency = CurrencyCode::parse(currency).unwrap();
            assert_eq!(table.exponent(currency), expected, "{currency:?}");
        }
    }

    #[test]
    fn codes_can_be_searched_and_hold_the_table() {
        assert!(ISO_CODES.is_sorted());
        for (_, codes) in ISO.exceptions {
            assert!(codes.iter().all(|code| ISO_CODES.contains(code)));
        }
    }

    #[test]
    fn no_currency_stands_twice_in_a_table() {
        let own = crate::providers::ALL
            .iter()
            .map(|p| p.info().amounts.exponents);
        for table in own.chain([&ISO]) {
            let mut codes: Vec<_> = table
                .exceptions
                .iter()
                .flat_map(|(_, codes)| codes.iter())
                .collect();
            let all = codes.len();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), all, "{}", table.source);
        }
    }
}
