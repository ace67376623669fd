//! The steps of ingest over storage traits: decode → verify → parse → mask → audit → insert → report.
//!
//! Invariant: no clock and no AWS SDK. Times come in as arguments, storage through the traits of [`storage`].
//! A message that is neither stored, a duplicate nor in the rejected queue is always reported as failed: nothing is lost here.
//!
//! Source: the contracts in `ARCHITECTURE.md`. [`ingest()`] is the one entry point; [`memory`] runs it without AWS.

pub mod aggregate;
pub mod audit;
mod error;
pub mod fetched;
pub mod ingest;
mod insert;
pub mod items;
pub mod judge;
pub mod logs;
pub mod memory;
pub mod message;
pub mod plan;
pub mod reconcile;
mod reject;
mod remembered;
mod report;
pub mod retry;
pub mod storage;
pub mod stored;

pub use error::{AuditError, IngestError};
pub use fetched::Fetched;
pub use ingest::{Deps, Limits, ingest};
pub use judge::{Judge, Judgement};
pub use message::{IncomingMessage, Origin, Request};
pub use remembered::{REMEMBERED_MAX, Remembered};
pub use report::{Contradiction, FailedMessage, IngestReport, ProviderCounters, UNKNOWN_PROVIDER};

#[cfg(test)]
mod tests;
