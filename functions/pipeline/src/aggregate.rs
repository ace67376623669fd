//! From the records of the transactions table's stream to the rows of the analytics table.
//!
//! Invariant: no clock, no AWS SDK, no float. A batch may be handed in again, whole or in part, and each record is counted once.

pub mod apply;
pub mod count;
mod fold;
mod sequence;
mod stream;

pub use fold::{Delta, Grain, LANES, MONEY, RowKey, fold};
pub use sequence::SequenceNumber;
pub use stream::{
    Adds, Counted, CountedEvent, CountedMovement, StreamRecordError, counted_event, read_record,
};
