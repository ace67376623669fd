//! A small AWS client: the calls that `webhook_processor` and `analytics_processor` make for every
//! batch, signed by `aws-sigv4` and sent over HTTP/1.1.
//!
//! The SDK spends more instructions on a call than the call's content takes, and most of a cold
//! start. This client has the SDK's behaviour for these calls and nothing else: what is sent, which
//! failures are tried again and how often, how a wrong clock and expiring credentials are dealt
//! with. The tests in `aws_adapters/src/oracle` send every call and every failure through both and
//! compare.
//!
//! Invariant: an error and a log line carry a status and the service's code, never what was sent or
//! answered.
//!
//! What is absent: profiles, roles and metadata services (a caller that has them hands over a
//! credentials provider), FIPS, dual-stack and account endpoints, China and isolated partitions,
//! HTTP/2, presigned URLs, streaming bodies.

mod client;
mod clock;
mod config;
mod credentials;
pub mod dynamodb;
mod error;
mod json;
mod pool;
mod retry;
mod roots;
pub mod s3;
pub mod secrets_manager;
mod signing;
pub mod sqs;

pub use client::Client;
pub use config::{Address, Config, Endpoints, MissingVariable, Service, Timeouts};
pub use error::Error;
pub use retry::ATTEMPTS_MAX;
