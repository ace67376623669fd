//! From accepted events to the writes of a batch; pure.
//!
//! Invariant: every event of every message, and every movement that it tells, belongs to exactly one
//! write, and no two writes share a key. So a call never holds one key twice (DynamoDB refuses such a call whole), and
//! an event that is in the batch twice has one fate.

use std::collections::HashMap;

use jiff::Timestamp;
use payment_event::{PaymentEvent, TransactionKey};

use crate::storage::{AuditPointer, Over, TransactionRecord, Write};
use crate::stored::StoredTransaction;

/// Days of the record of a dated event in the table, from its receipt. `infra/limits.json` says the
/// same, as of every figure here that is a number of days.
pub const TABLE_DAYS: i64 = 90;

/// The same for the record of an event without a signed time: it must be there as long as the
/// secret is used that signed the event.
pub const UNDATED_TABLE_DAYS: i64 = 400;

/// The same for a movement, from the last telling that changed it.
pub const MOVEMENT_TABLE_DAYS: i64 = 400;

/// Days that every item stays longer than it is needed, so that an archive that stands still can be
/// set going again before anything expires.
pub const GRACE_DAYS: i64 = 14;

/// Days that a message may wait in our queues before it is stored: fourteen in the dead-letter queue
/// or the rejected queue, and as many in the webhook queue once it is sent through it again.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>,
/// a retention of at most 1,209,600 seconds, read 2026-11-27.
pub const WAITING_DAYS: i64 = 28;

/// How old the signed time of an event may be at receipt for the event to be believed new, in
/// seconds. An older event may be one whose record has left the table: it is not stored before the
/// archive was asked.
///
/// An event with time T is first received at R >= T and its record stays until R + [`TABLE_DAYS`].
/// A repetition received at T + limit is stored at the latest [`WAITING_DAYS`] later, so the record
/// of the first is still there when limit + [`WAITING_DAYS`] <= [`TABLE_DAYS`].
pub const TOO_OLD_SECONDS: i64 = 60 * 86_400;
const _: () = assert!(TOO_OLD_SECONDS / 86_400 + WAITING_DAYS <= TABLE_DAYS);

/// When an item may be deleted by the table, in seconds since the epoch: `table_days` and
/// [`GRACE_DAYS`] after the webhook queue took its message.
///
/// That is the time of receipt, but for a message that was sent through verification again: its
/// audit object stands under the day on which that was done. So an item never expires earlier than
/// this many days after the day under which the archive looks for it, however often a message was
/// sent again.
pub fn expires_at(queued_at_ms: i64, table_days: i64) -> i64 {
    queued_at_ms.div_euclid(1_000) + (table_days + GRACE_DAYS) * 86_400
}

impl TransactionRecord {
    /// When the table may delete the record of the event, in seconds since the epoch.
    pub fn expires_at(&self) -> i64 {
        let days = match self.event.key_time() {
            Some(_) => TABLE_DAYS,
            None => UNDATED_TABLE_DAYS,
        };
        expires_at(self.queued_at_ms, days)
    }
}

/// A verified and masked event on its way to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEvent {
    /// Position of its message in the batch.
    pub message: usize,
    /// The event.
    pub event: PaymentEvent,
    /// SQS message id.
    pub message_id: String,
    /// When a queue first took the message, milliseconds since the epoch.
    pub received_at_ms: i64,
    /// When the webhook queue took it, milliseconds since the epoch: later only for a message that
    /// was sent through verification again.
    pub queued_at_ms: i64,
    /// The message's line in the audit log.
    pub audit: AuditPointer,
    /// What its record says of who fetched it, where it was not sent as a webhook.
    pub fetched: Option<String>,
}

/// The writes of a batch, and the messages whose fate hangs on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What to write: events, and the movements that they tell.
    pub writes: Vec<Write>,
    /// For each write the messages that carry it, first the one it is made of. A message appears
    /// as often as it carries it.
    pub owners: Vec<Vec<usize>>,
}

/// Sorts the events of a batch into writes.
pub fn plan(events: impl IntoIterator<Item = PlannedEvent>) -> Plan {
    let mut plan = Plan::default();
    let mut seen: HashMap<TransactionKey, usize> = HashMap::new();
    for planned in events {
        let owner = planned.message;
        let key = planned.event.key();
        let record = record(planned);
        for movement in &record.event.movements {
            let telling = StoredTransaction::of_movement(&record, movement);
            plan.add_movement(telling, owner, &mut seen);
        }
        match seen.get(&key) {
            Some(position) => plan.own(*position, owner),
            None => plan.add(key, Write::Event(Box::new(record)), owner, &mut seen),
        }
    }
    plan
}

impl Plan {
    fn own(&mut self, position: usize, owner: usize) {
        if let Some(owners) = self.owners.get_mut(position) {
            owners.push(owner);
        }
    }

    fn add(
        &mut self,
        key: TransactionKey,
        write: Write,
        owner: usize,
        seen: &mut HashMap<TransactionKey, usize>,
    ) {
        seen.insert(key, self.writes.len());
        self.writes.push(write);
        self.owners.push(vec![owner]);
    }

    /// A movement that several events of a batch tell is one write that says what all of them do.
    fn add_movement(
        &mut self,
        telling: StoredTransaction,
        owner: usize,
        seen: &mut HashMap<TransactionKey, usize>,
    ) {
        let Some(position) = seen.get(&telling.key).copied() else {
            let key = telling.key.clone();
            let write = Write::Movement(Box::new(telling), Over::Nothing);
            return self.add(key, write, owner, seen);
        };
        if let Some(Write::Movement(item, _)) = self.writes.get_mut(position)
            && let Ok(Some(merged)) = item.merged(&telling)
        {
            **item = merged;
        }
        self.own(position, owner);
    }
}

fn record(planned: PlannedEvent) -> TransactionRecord {
    TransactionRecord {
        event: planned.event,
        received_at_ms: planned.received_at_ms,
        queued_at_ms: planned.queued_at_ms,
        message_id: planned.message_id,
        audit: planned.audit,
        fetched: planned.fetched,
    }
}

/// Milliseconds since the epoch as a time. Out of range becomes the nearest time there is: judging has refused such a message
/// already, and its audit line still needs some time.
pub(crate) fn instant(epoch_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(epoch_ms).unwrap_or(if epoch_ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
