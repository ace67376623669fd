//! From the records of the transactions table's stream to the counts of the analytics table.
//!
//! Invariant: no clock, no AWS SDK, no float. A batch may be handed in again, whole or in part, and each record is counted once.

pub mod apply;
pub mod count;
mod fold;
pub mod marker;
pub mod packed;
mod rollup;
mod sequence;
mod stream;
pub mod sums;

pub use fold::{
    COUNTED_DAYS, Delta, Grain, MINUTES_KEPT_DAYS, MONEY, RowKey, SUMMED_DAYS, fold, too_late,
};
pub use packed::{ItemKey, Items, LANES, NotCounts, Numbers, pack, unpack, unpack_all};
pub use rollup::rollup;
pub use sequence::SequenceNumber;
pub use stream::{
    Adds, Counted, CountedEvent, CountedMovement, StreamRecordError, counted_event, read_record,
    read_records,
};
