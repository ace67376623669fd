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

    /// One that differs from ISO 4217, as Adyen's does.
    const OWN: ExponentTable = ExponentTable {
        source: "here",
        exceptions: &[(0, &["IDR"]), (2, &["CLP"])],
    };

    #[test]
    fn a_providers_own_word_goes_first_and_is_named() {
        use ExponentSource::{IsoDefault, ProviderTable};
        for (table, currency, expected) in [
            (&OWN, "CLP", (2, ProviderTable)),
            (&OWN, "IDR", (0, ProviderTable)),
            (&OWN, "USD", (2, IsoDefault)),
            (&OWN, "KWD", (3, IsoDefault)),
            (&ISO_ONLY, "CLP", (0, IsoDefault)),
            (&ISO_ONLY, "CLF", (4, IsoDefault)),
        ] {
            let currency = CurrencyCode::parse(currency).unwrap();
            assert_eq!(table.exponent(currency), expected, "{currency:?}");
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
