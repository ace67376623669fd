//! Old transactions out of the table and into Parquet files that any engine reads.
//!
//! Invariant: no clock, no AWS SDK. An item is deleted only after the file that holds it was read back and compared, and a file is visible to
//! readers only once a manifest names it; so every item is in the table, in the archive, or for a moment in both, and never in two files.
//!
//! Source: `ARCHITECTURE.md`, "Archive". [`run::run`] is the one entry point; [`read`] is for whoever reads the archive again.

mod columns;
pub mod contradictions;
mod error;
mod manifest;
mod part;
pub mod payments;
pub mod read;
pub mod recount;
pub mod run;
mod shard;

pub use columns::schema_json;
pub use error::{ArchiveError, PartError};
pub use manifest::Manifest;
pub use part::{decode, encode};
