//! The list of providers: one line each.
//!
//! To add one: a file `providers/NAME.rs` that fulfils [`Provider`], a folder `fixtures/NAME/`, and its line in the list below. Nothing else names it.
//! NAME is lower-case letters and digits, and is `ProviderInfo::name`. The folder holds
//! - `SOURCE.md`: where the shapes come from, with the date they were read;
//! - bodies as sent, named by behaviour (at least four; `.json`, `.form` or `.xml`), beside each `*.expected.json`, what parsing it gives, and where the provider
//!   sends facts in headers `*.headers.json`, which go out instead of those that `sign` makes;
//! - `sample.template` for [`Provider::sample`] (see `samples.rs`);
//! - `meanings.json`: event types and states with the status and amount they must be read as, written from the provider's documents;
//! - `masked.json`: documents before and after masking;
//! - `event_types.txt`, the provider's published list of event types, each of which has a row in the
//!   file;
//! - `vectors.json`, where signatures are published; `tests.rs`, the last module of the provider's file, for what is its own.
//!
//! Then `UPDATE_SNAPSHOTS=1 cargo test -p provider_webhooks`, and read the diff of `catalogue.json`.

use crate::{Headers, Provider, ProviderInfo};

mod adyen;
mod adyenplatform;
mod airwallex;
mod authorizenet;
mod braintree;
mod chargebee;
mod checkout;
mod coinbase;
mod coinbasebusiness;
mod cybersource;
mod flutterwave;
mod flutterwavev4;
mod gocardless;
mod klarna;
mod mollie;
mod mollieclassic;
mod paddle;
mod paypal;
mod paystack;
mod razorpay;
mod recurly;
mod shopify;
mod square;
mod standardwebhooks;
mod stripe;
mod worldpay;

/// Every provider, by name.
pub static ALL: &[&dyn Provider] = &[
    &adyen::Adyen,
    &adyenplatform::AdyenPlatform,
    &airwallex::Airwallex,
    &authorizenet::AuthorizeNet,
    &braintree::Braintree,
    &chargebee::Chargebee,
    &checkout::Checkout,
    &coinbase::Coinbase,
    &coinbasebusiness::CoinbaseBusiness,
    &cybersource::Cybersource,
    &flutterwave::Flutterwave,
    &flutterwavev4::FlutterwaveV4,
    &gocardless::GoCardless,
    &klarna::Klarna,
    &mollie::Mollie,
    &mollieclassic::MollieClassic,
    &paddle::Paddle,
    &paypal::PayPal,
    &paystack::Paystack,
    &razorpay::Razorpay,
    &recurly::Recurly,
    &shopify::Shopify,
    &square::Square,
    &standardwebhooks::StandardWebhooks,
    &stripe::Stripe,
    &worldpay::Worldpay,
];

/// The provider called `name` in the catalogue.
pub fn by_name(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter().copied().find(|p| p.info().name == name)
}

/// The one provider that has a signature header among `headers`; `None` when none has, or several have. Where names are shared (GoCardless has one of Standard
/// Webhooks'), the one with more of them is meant, and of two with the same ones the one that has all of its own.
pub fn detect(headers: &Headers) -> Option<&'static dyn Provider> {
    let present = |provider: &'static dyn Provider| -> Vec<&'static str> {
        let names = provider.info().signature_headers.iter().copied();
        names.filter(|name| headers.get(name).is_some()).collect()
    };
    let candidates: Vec<_> = ALL
        .iter()
        .map(|provider| (*provider, present(*provider)))
        .filter(|(_, names)| !names.is_empty())
        .collect();
    let complete = |(provider, names): &(&'static dyn Provider, Vec<&str>)| {
        names.len() == provider.info().signature_headers.len()
    };
    let mut meant = candidates.iter().filter(|one| {
        !candidates.iter().any(|other| {
            let covered = one.1.iter().all(|name| other.1.contains(name));
            covered && (other.1.len() > one.1.len() || (complete(other) && !complete(one)))
        })
    });
    meant
        .next()
        .filter(|_| meant.next().is_none())
        .map(|(provider, _)| *provider)
}

/// The catalogue as JSON: what `catalogue.json` holds and the gateway's templates are made from.
pub fn catalogue_json() -> String {
    let infos: Vec<_> = ALL.iter().map(|p| p.info()).collect();
    pretty(&infos)
}

/// One provider's entry of the catalogue as JSON.
pub fn entry_json(info: &ProviderInfo) -> String {
    pretty(info)
}

fn pretty(value: &impl serde::Serialize) -> String {
    // Plain data without maps: serialising it cannot fail, and an empty text would fail the snapshot test.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
