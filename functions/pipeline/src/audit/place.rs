//! Where the audit object of a message stands.
//!
//! Invariant: the lines of an object are of messages that were received on one UTC day, and the key
//! says which. So the records of a day are those that the objects of the day name. `dt=` is the day
//! on which the webhook queue took the messages. It is the day of receipt, but for a message that
//! was sent through verification again: the objects of its own day may be sealed for good. Such
//! objects stand in a folder of their own, `hh=again`, under the day on which that was done, and
//! their names begin with the day of receipt.

use jiff::civil::Date;
use jiff::tz::Offset;

use crate::plan::instant;

/// The folder of a day for messages that were received on an earlier one.
const AGAIN: &str = "hh=again/";

/// What the messages of one audit object have in common, but for the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filed {
    /// UTC day on which the webhook queue took them.
    pub queued: Date,
    /// UTC day on which they were received.
    pub received: Date,
}

/// Where the audit objects of a day of queueing stand, in folders by hour.
pub fn day_prefix(queued: Date) -> String {
    format!("audit/dt={queued}/")
}

/// What the keys begin with of the objects for messages that were received on `received` and taken
/// by the webhook queue on the later day `queued`.
pub fn again_prefix(queued: Date, received: Date) -> String {
    format!("{}{AGAIN}received={received}-", day_prefix(queued))
}

/// Returns true if an audit object holds messages that were received on an earlier day than that
/// under which it stands.
pub fn is_again(key: &str) -> bool {
    key.split_once("/hh=")
        .is_some_and(|(_, rest)| format!("hh={rest}").starts_with(AGAIN))
}

impl Filed {
    /// Where a message belongs; times in milliseconds since the epoch.
    pub fn of(queued_at_ms: i64, received_at_ms: i64) -> Self {
        let day = |at_ms| Offset::UTC.to_datetime(instant(at_ms)).date();
        Self {
            queued: day(queued_at_ms),
            received: day(received_at_ms),
        }
    }

    /// The key of the object. `earliest_ms` is the earliest of its messages' times in the webhook
    /// queue, in milliseconds since the epoch.
    pub fn object_key(self, earliest_ms: i64, invocation_id: &str) -> String {
        if self.queued != self.received {
            let prefix = again_prefix(self.queued, self.received);
            return format!("{prefix}{invocation_id}.jsonl.zst");
        }
        let hour = Offset::UTC.to_datetime(instant(earliest_ms)).hour();
        format!(
            "{}hh={hour:02}/{invocation_id}.jsonl.zst",
            day_prefix(self.queued)
        )
    }
}
