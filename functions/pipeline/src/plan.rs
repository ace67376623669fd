//! From accepted events to the inserts of a batch; pure.
//!
//! Invariant: every event of every message belongs to exactly one planned record, and no two planned records share a dedupe key.
//! So a call never holds one key twice (DynamoDB refuses such a call whole), and an event that is in the batch twice has one fate.

use std::collections::HashMap;

use aws_lc_rs::digest;
use jiff::Timestamp;
use payment_event::{EventIdentity, PaymentEvent, TransactionKey};

use crate::storage::{AuditPointer, TransactionRecord};

const DAY_SECONDS: i64 = 86_400;

/// The longest time over which a guarded provider delivers one event again.
/// Source: Adyen, 30 days, <https://docs.adyen.com/development-resources/webhooks/>; a test compares it with the whole catalogue.
pub(crate) const RETRY_HORIZON_SECONDS: i64 = 30 * DAY_SECONDS;

/// How long a delivery may lie in our own queues before it is stored: a DLQ's age counts from the first enqueue.
const QUEUE_RETENTION_SECONDS: i64 = 14 * DAY_SECONDS;

/// How long a guard is kept after receipt. DynamoDB deletes expired items late, never early.
pub const DEDUPE_TTL_SECONDS: i64 = 45 * DAY_SECONDS;

// The last delivery that a provider makes, redriven from our DLQ on its last day, still has to find the guard of the first.
const _: () = assert!(DEDUPE_TTL_SECONDS > RETRY_HORIZON_SECONDS + QUEUE_RETENTION_SECONDS);

/// Parts of one day in the archive index, so that a busy day does not sit in one partition.
pub const ARCHIVE_SHARDS: u8 = 16;

// A byte modulo the number of shards is uniform only when it divides 256.
const _: () = assert!(256 % (ARCHIVE_SHARDS as u16) == 0);

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

/// Records and the messages whose fate hangs on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// What to insert.
    pub records: Vec<TransactionRecord>,
    /// For each record the messages that carry it, first the one it is made of. A message appears as often as it carries it.
    pub owners: Vec<Vec<usize>>,
}

/// The inserts of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Records whose own key is enough: inserted in batches.
    pub plain: Group,
    /// Records that need a guard: one transaction each.
    pub guarded: Group,
}

impl Group {
    fn push(&mut self, record: TransactionRecord, owner: usize) -> usize {
        self.records.push(record);
        self.owners.push(vec![owner]);
        self.owners.len() - 1
    }
}

/// Sorts the events of a batch into inserts.
pub fn plan(events: impl IntoIterator<Item = PlannedEvent>) -> Plan {
    let mut plan = Plan::default();
    let mut seen: HashMap<TransactionKey, (bool, usize)> = HashMap::new();
    for planned in events {
        let guarded = matches!(planned.event.identity, EventIdentity::Guard(_));
        let dedupe_key = planned.event.dedupe_key();
        let owner = planned.message;
        if let Some((guarded, position)) = seen.get(&dedupe_key) {
            let group = if *guarded {
                &mut plan.guarded
            } else {
                &mut plan.plain
            };
            if let Some(owners) = group.owners.get_mut(*position) {
                owners.push(owner);
            }
            continue;
        }
        let group = if guarded {
            &mut plan.guarded
        } else {
            &mut plan.plain
        };
        let position = group.push(record(planned, &dedupe_key.transaction_id), owner);
        seen.insert(dedupe_key, (guarded, position));
    }
    plan
}

fn record(planned: PlannedEvent, transaction_id: &str) -> TransactionRecord {
    TransactionRecord {
        archive_shard: archive_shard(transaction_id, planned.received_at_ms),
        guard_expires_at_s: planned
            .received_at_ms
            .div_euclid(1000)
            .saturating_add(DEDUPE_TTL_SECONDS),
        event: planned.event,
        received_at_ms: planned.received_at_ms,
        message_id: planned.message_id,
        audit: planned.audit,
    }
}

/// `{UTC day of receipt}#{00..15}`: the shard is the first byte of SHA-256 of the transaction id, modulo [`ARCHIVE_SHARDS`].
pub fn archive_shard(transaction_id: &str, received_at_ms: i64) -> String {
    let hash = digest::digest(&digest::SHA256, transaction_id.as_bytes());
    let shard = hash.as_ref().first().copied().unwrap_or_default() % ARCHIVE_SHARDS;
    format!(
        "{}#{shard:02}",
        instant(received_at_ms).strftime("%Y-%m-%d")
    )
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
