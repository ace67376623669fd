//! Decimal places of each currency, per provider.
