//! Verifies and parses the webhooks of each payment provider.
//!
//! Invariant: pure. No clock (the receipt time is an argument), no I/O, no logging. A [`VerifiedWebhook`] can only be made in
//! `signature.rs`, and only a verified webhook can be parsed. A missing or blank secret is a refusal, never a pass.

pub mod exponents;
mod json;
mod provider;
pub mod providers;
mod reject;
mod samples;
mod secrets;
pub mod sign;
mod signature;
mod webhook;

pub use provider::{
    Acknowledgement, EventTimeStability, Provider, ProviderInfo, SignatureCoverage,
};
pub use providers::{catalogue_json, detect};
pub use reject::{ParseError, Reject};
pub use samples::{SampleParams, sample};
pub use secrets::Secrets;
pub use signature::VerifiedWebhook;
pub use webhook::{Headers, RawWebhook};
