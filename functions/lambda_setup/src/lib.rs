//! What the Lambda functions share around their work: configuration, logging, metrics, and the form of their events.
//!
//! Invariant: no AWS SDK here, and nothing that could carry a body: what is logged or measured is names, ids and numbers.

mod batch;
mod config;
mod events;
mod failure;
mod logging;
mod metrics;

pub use batch::{BatchError, BatchResponse, SqsMessage, read_batch};
pub use config::{Config, ConfigError};
pub use events::serve;
pub use failure::failure;
pub use logging::{log_contradictions, start_logging};
pub use metrics::Metrics;
