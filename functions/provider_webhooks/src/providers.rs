//! The list of providers: one line each.

use crate::{Headers, Provider};

mod adyen;
mod square;
mod standardwebhooks;
mod stripe;

/// Every provider, by name.
pub static ALL: &[&dyn Provider] = &[
    &adyen::Adyen,
    &square::Square,
    &standardwebhooks::StandardWebhooks,
    &stripe::Stripe,
];

/// The provider called `name` in the catalogue.
pub fn by_name(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|p| p.info().name == name)
}

/// The one provider that has a signature header among `headers`; `None` when none has, or several have.
pub fn detect(headers: &Headers) -> Option<&'static dyn Provider> {
    let mut present = ALL.iter().copied().filter(|p| {
        p.info()
            .signature_headers
            .iter()
            .any(|name| headers.get(name).is_some())
    });
    present.next().filter(|_| present.next().is_none())
}

/// The catalogue as JSON: what `catalogue.json` holds and the gateway's templates are made from.
pub fn catalogue_json() -> String {
    let infos: Vec<_> = ALL.iter().map(|p| p.info()).collect();
    // Plain data without maps: serialising it cannot fail, and an empty text would fail the snapshot test.
    let mut text = serde_json::to_string_pretty(&infos).unwrap_or_default();
    text.push('\n');
    text
}

/// Adyen's signing of every item in a body, for `sign`.
pub(crate) use adyen::sign_items as adyen_sign_items;
/// The key bytes of Standard Webhooks secrets, for `sign`.
pub(crate) use standardwebhooks::Key as StandardWebhooksKey;
