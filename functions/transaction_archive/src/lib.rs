//! Copies what the sealed audit log names from the table into Parquet files that any engine reads.
//!
//! Invariant: no clock, no AWS SDK. The archive deletes nothing: items leave the table by their
//! expiry, long after the file that holds them was read back and compared. A file is visible to
//! readers only once a manifest names it, and an event is in one file only.
//!
//! Source: `ARCHITECTURE.md`, "Archive". [`run::run`] is the one entry point; [`read`] and [`day`]
//! are for whoever reads the archive again.

mod columns;
pub mod contradictions;
pub mod day;
mod error;
pub mod expiry;
pub mod gaps;
mod manifest;
mod part;
pub mod payments;
mod range;
pub mod read;
pub mod recount;
pub mod run;
mod whole;

pub use columns::schema_json;
pub use error::{ArchiveError, PartError};
pub use manifest::{Manifest, Outline};
pub use part::{decode, encode};
pub use whole::days_left;
