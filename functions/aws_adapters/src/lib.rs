//! The pipeline's storage traits on AWS. The only crate that imports AWS SDKs.
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
mod clients;
mod continuation;
mod dead_letters;
mod error;
mod index;
mod item;
#[cfg(feature = "logs")]
mod logs;
mod movements;
mod objects;
#[cfg(feature = "operator")]
pub mod operations;
mod pause;
mod rejected;
mod secrets;
#[cfg(feature = "operator")]
mod signed;
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
pub use clients::Clients;
pub use continuation::LambdaContinuation;
pub use dead_letters::SqsDeadLetters;
pub use index::DynamoIndex;
#[cfg(feature = "logs")]
pub use logs::CloudWatchLogs;
pub use movements::DynamoMovements;
pub use objects::S3Objects;
pub use pause::Backoff;
pub use rejected::SqsRejected;
pub use secrets::SecretsManager;
pub use signer::KmsSigner;
pub use transactions::DynamoTransactions;
