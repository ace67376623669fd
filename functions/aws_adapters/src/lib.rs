//! The pipeline's storage traits on AWS. The only crate that imports AWS SDKs, and it does so for the
//! archive (feature `sdk`) and the command line (feature `operator`) alone: what the other functions
//! call for every batch goes through `aws_wire`.
//!
//! Invariant: an adapter makes one call and translates its answer; what to do about it is the pipeline's business. Errors carry the call
//! and the service's error code, never what was sent.

#[cfg(feature = "operator")]
pub mod account;
mod analytics;
#[cfg(feature = "operator")]
pub mod api_keys;
mod audit;
mod certificates;
#[cfg(feature = "sdk")]
mod clients;
#[cfg(feature = "sdk")]
mod continuation;
#[cfg(feature = "sdk")]
mod counts;
mod dead_letters;
mod error;
mod item;
#[cfg(feature = "sdk")]
mod logs;
#[cfg(feature = "sdk")]
mod objects;
#[cfg(feature = "operator")]
pub mod operations;
#[cfg(all(test, feature = "operator"))]
mod oracle;
mod pause;
#[cfg(feature = "sdk")]
mod reader;
mod rejected;
#[cfg(feature = "sdk")]
mod sdk_item;
mod secrets;
#[cfg(feature = "operator")]
mod signed;
#[cfg(feature = "sdk")]
mod signer;
#[cfg(feature = "operator")]
pub mod standing;
#[cfg(feature = "operator")]
pub mod stream;
mod transactions;
#[cfg(feature = "operator")]
pub mod waiting;
#[cfg(feature = "operator")]
mod xml;

pub use analytics::DynamoAnalytics;
pub use audit::S3Audit;
pub use certificates::HttpsCertificates;
#[cfg(feature = "sdk")]
pub use clients::Clients;
#[cfg(feature = "sdk")]
pub use continuation::LambdaContinuation;
#[cfg(feature = "sdk")]
pub use counts::DynamoCounts;
pub use dead_letters::SqsDeadLetters;
#[cfg(feature = "sdk")]
pub use logs::CloudWatchLogs;
#[cfg(feature = "sdk")]
pub use objects::S3Objects;
pub use pause::Backoff;
#[cfg(feature = "sdk")]
pub use reader::DynamoReader;
pub use rejected::SqsRejected;
pub use secrets::SecretsManager;
#[cfg(feature = "sdk")]
pub use signer::KmsSigner;
pub use transactions::DynamoTransactions;

/// The client of the adapters that the functions use for every batch.
pub use aws_wire::Client as Wire;
