//! From the records of the transactions table's stream to the rows of the analytics table.
//!
//! Invariant: no clock, no storage, no float. Everything here may run again on the same records and gives the same deltas.

mod fold;
mod stream;

pub use fold::{Delta, Grain, RowKey, fold};
pub use stream::{CountedEvent, StreamRecordError, read_record};
