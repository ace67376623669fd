//! Asks the providers' APIs over HTTPS what they have.
//!
//! Invariant: a credential goes to the provider's host alone, over HTTPS (plain HTTP reaches this
//! machine alone), follows no redirect, and is part of no error. An answer is bounded in size and time.

mod client;
mod credential;
mod secret;
mod signed_token;
mod target;
mod token;

pub use client::ProviderApi;
pub use credential::too_powerful;
pub use secret::account;
pub use target::{ApiSetupError, Target};
