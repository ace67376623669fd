//! The steps of ingest over storage traits: decode → verify → parse → mask → audit → insert → report.
//!
//! Invariant: no clock and no AWS SDK. Times come in as arguments, storage through the traits of [`storage`].

pub mod storage;
