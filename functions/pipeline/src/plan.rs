//! From accepted events to the writes of a batch; pure.
//!
//! Invariant: every event of every message, and every movement that it tells, belongs to exactly one
//! write, and no two writes share a key. So a call never holds one key twice (DynamoDB refuses such a call whole), and
//! an event that is in the batch twice has one fate.

use std::collections::HashMap;

use aws_lc_rs::digest;
use jiff::Timestamp;
use payment_event::{PaymentEvent, TransactionKey};

use crate::storage::{AuditPointer, Over, TransactionRecord, Write};
use crate::stored::StoredTransaction;

/// Days of a record in the table, from its receipt. `infra/limits.json` says the same.
const TABLE_DAYS: i64 = 90;

/// Days that a message may wait in our queues before it is stored: fourteen in the dead-letter queue
/// or the rejected queue, and as many in the webhook queue once it is sent through it again.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>,
/// a retention of at most 1,209,600 seconds, read 2026-11-27.
pub(crate) const WAITING_DAYS: i64 = 28;

/// How old the signed time of an event may be at receipt for the event to be believed new, in
/// seconds. An older event may be one whose record has left the table: it is not stored before the
/// archive was asked.
///
/// An event with time T is first received at R >= T and its record stays until R + [`TABLE_DAYS`].
/// A repetition received at T + limit is stored at the latest [`WAITING_DAYS`] later, so the record
/// of the first is still there when limit + [`WAITING_DAYS`] <= [`TABLE_DAYS`].
pub const TOO_OLD_SECONDS: i64 = 60 * 86_400;
const _: () = assert!(TOO_OLD_SECONDS / 86_400 + WAITING_DAYS <= TABLE_DAYS);

/// Parts of one day in the archive index for records whose key has a signed time, so that a busy
/// day does not sit in one partition.
pub const DATED_SHARDS: u8 = 16;

/// Parts of one day: behind those of [`DATED_SHARDS`] come as many for records whose events have no
/// signed time, which stay longer in the table.
pub const ARCHIVE_SHARDS: u8 = 2 * DATED_SHARDS;

// A byte modulo the number of shards is uniform only when it divides 256.
const _: () = assert!(256 % (DATED_SHARDS as u16) == 0);

/// A verified and masked event on its way to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEvent {
    /// Position of its message in the batch.
    pub message: usize,
    /// The event.
    pub event: PaymentEvent,
    /// SQS message id.
    pub message_id: String,
    /// When the queue took the message, milliseconds since the epoch.
    pub received_at_ms: i64,
    /// The message's line in the audit log.
    pub audit: AuditPointer,
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
        let record = record(planned, &key.transaction_id);
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

fn record(planned: PlannedEvent, transaction_id: &str) -> TransactionRecord {
    let dated = planned.event.key_time().is_some();
    TransactionRecord {
        archive_shard: archive_shard(transaction_id, planned.received_at_ms, dated),
        event: planned.event,
        received_at_ms: planned.received_at_ms,
        message_id: planned.message_id,
        audit: planned.audit,
    }
}

/// `{UTC day of receipt}#{00..31}`: the shard is the first byte of SHA-256 of the transaction id,
/// modulo [`DATED_SHARDS`], and as many more for an event without a signed time.
pub fn archive_shard(transaction_id: &str, received_at_ms: i64, dated: bool) -> String {
    let hash = digest::digest(&digest::SHA256, transaction_id.as_bytes());
    let first = hash.as_ref().first().copied().unwrap_or_default();
    let shard = first % DATED_SHARDS + if dated { 0 } else { DATED_SHARDS };
    let day = instant(received_at_ms).strftime("%Y-%m-%d");
    format!("{day}#{shard:02}")
}

/// The shard's number in what [`archive_shard`] gives for a transaction id.
pub fn shard_number(transaction_id: &str, dated: bool) -> u8 {
    let shard = archive_shard(transaction_id, 0, dated);
    let number = shard.rsplit('#').next().and_then(|text| text.parse().ok());
    number.unwrap_or_default()
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
