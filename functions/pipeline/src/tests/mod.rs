//! The steps of ingest together, with real providers and storage in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod audit_frames;
mod auditing;
mod certificates;
mod counting;
mod crashes;
mod faults;
mod fetching;
mod judging;
mod planning;
mod raising;
mod reading_secrets;
mod remembering;
mod summing;
mod support;
mod whatever;
