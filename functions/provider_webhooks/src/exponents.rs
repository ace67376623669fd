//! Decimal places of each currency, per provider.
//!
//! Invariant: a provider's own table comes first; ISO 4217's default only where the provider documents no exception. Providers do differ:
//! Adyen sends CLP with two decimals, Stripe with none.
//! Sources, read 2026-11-23: Stripe <https://docs.stripe.com/currencies>, Adyen <https://docs.adyen.com/development-resources/currency-codes>,
//! ISO 4217 list one. Stripe's special cases for ISK and UGX (two decimals, `.00`) are from its documentation's table of special cases
//! and were not confirmed by an executed vector.

use payment_event::{CurrencyCode, ExponentSource};

/// A provider's exceptions from ISO 4217: currencies by decimal places.
#[derive(Debug)]
pub struct ExponentTable {
    exceptions: &'static [(u8, &'static [&'static str])],
}

const ISO: ExponentTable = ExponentTable {
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

/// Stripe: zero-decimal and three-decimal currencies; ISK and UGX are sent with two decimals for compatibility.
pub const STRIPE: ExponentTable = ExponentTable {
    exceptions: &[
        (
            0,
            &[
                "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV",
                "XAF", "XOF", "XPF",
            ],
        ),
        (2, &["ISK", "UGX"]),
        (3, &["BHD", "JOD", "KWD", "OMR", "TND"]),
    ],
};

/// Adyen: CLP and ISK have two decimals, CVE and IDR none.
pub const ADYEN: ExponentTable = ExponentTable {
    exceptions: &[
        (
            0,
            &[
                "BYR", "CVE", "DJF", "GHC", "GNF", "IDR", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX",
                "VND", "VUV", "XAF", "XOF", "XPF",
            ],
        ),
        (1, &["MRO"]),
        (2, &["CLP", "ISK"]),
        (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    ],
};

/// No exceptions documented: Square and Standard Webhooks senders.
pub const ISO_ONLY: ExponentTable = ExponentTable { exceptions: &[] };

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
        (
            ISO.find(currency.as_str()).unwrap_or(2),
            ExponentSource::IsoDefault,
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn providers_differ_and_say_who_said_so() {
        use ExponentSource::{IsoDefault, ProviderTable};
        for (table, currency, expected) in [
            (&STRIPE, "USD", (2, IsoDefault)),
            (&STRIPE, "JPY", (0, ProviderTable)),
            (&STRIPE, "CLP", (0, ProviderTable)),
            (&STRIPE, "UGX", (2, ProviderTable)),
            (&STRIPE, "KWD", (3, ProviderTable)),
            (&STRIPE, "IQD", (3, IsoDefault)),
            (&ADYEN, "CLP", (2, ProviderTable)),
            (&ADYEN, "IDR", (0, ProviderTable)),
            (&ADYEN, "MRO", (1, ProviderTable)),
            (&ISO_ONLY, "CLP", (0, IsoDefault)),
            (&ISO_ONLY, "CLF", (4, IsoDefault)),
        ] {
            assert_eq!(
                table.exponent(CurrencyCode::parse(currency).unwrap()),
                expected,
                "{currency}"
            );
        }
    }

    #[test]
    fn no_currency_stands_twice_in_a_table() {
        for table in [&ISO, &STRIPE, &ADYEN] {
            let mut codes: Vec<_> = table
                .exceptions
                .iter()
                .flat_map(|(_, codes)| codes.iter())
                .collect();
            let all = codes.len();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), all);
        }
    }
}
