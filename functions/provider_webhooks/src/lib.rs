//! Verifies and parses the webhooks of each payment provider.
//!
//! Invariant: pure. No clock (the receipt time is an argument), no I/O, no logging. A [`VerifiedWebhook`] can only be made in
//! `signature.rs`, and only a verified webhook can be parsed. A missing or blank secret is a refusal, never a pass.

// So that `tests/common` can be shared with the providers' own tests, which are part of this crate.
#[cfg(test)]
extern crate self as provider_webhooks;

mod amounts;
mod body_hmac;
mod certificates;
mod encoding;
mod event_types;
mod events;
pub mod exponents;
mod facts;
pub mod form;
mod identity;
mod info;
mod json;
mod movements;
mod provider;
pub mod providers;
mod reject;
mod samples;
mod secrets;
pub mod sign;
mod signature;
mod statuses;
mod times;
mod webhook;
mod xml;

#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod testing;

pub use certificates::reads_as_certificate;
pub use event_types::{EventTypes, Says};
pub use events::{EVENTS_MAX, Events, UNREADABLE};
pub use info::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CertificateUrl, CustomHeader, Delivery,
    EventTimeStability, Handshake, KeyEncoding, KeyForm, ProviderInfo, Setting, SignatureCoverage,
};
pub use provider::Provider;
pub use providers::{catalogue_json, detect};
pub use reject::Reject;
pub use samples::{SampleParams, sample, sample_secrets};
pub use secrets::Secrets;
pub use signature::VerifiedWebhook;
pub use webhook::{Headers, RawWebhook};
