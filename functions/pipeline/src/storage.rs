//! What the pipeline needs from the outside, as traits. `aws_adapters` implements them on AWS; tests and the simulation in memory.
//!
//! Invariant: every call may fail after it took effect (a time-out after the commit), so every caller must be able to repeat it.

mod items;
mod logs;
mod objects;

use std::collections::BTreeMap;
use std::sync::Arc;

use payment_event::{PaymentEvent, TransactionKey};
use provider_webhooks::Secrets;

use crate::stored::StoredTransaction;

pub use items::{
    Attribute, Expiry, Item, ItemBatch, ItemReader, PaymentReader, READ_BATCH_KEYS_MAX,
};
pub use logs::{LogEvent, LogPage, LogStore};
pub use objects::{Deadline, ObjectStore, ObjectVersion, PutNew, Signer};

/// Statements in one BatchExecuteStatement call.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html>.
pub const INSERT_BATCH_RECORDS_MAX: usize = 25;

/// Where the line of a message stands in the audit log: one ranged GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPointer {
    /// Object key in the audit bucket.
    pub key: Arc<str>,
    /// First byte of the line's zstd frame.
    pub offset_bytes: u64,
    /// Length of the frame in bytes.
    pub length_bytes: u64,
}

/// A record to insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRecord {
    /// The event. Its text fields are masked already.
    pub event: PaymentEvent,
    /// When a queue first took the message, milliseconds since the epoch.
    pub received_at_ms: i64,
    /// When the webhook queue took it, milliseconds since the epoch: see
    /// [`crate::plan::expires_at`].
    pub queued_at_ms: i64,
    /// The queue message that brought it.
    pub message_id: String,
    /// Its line in the audit log.
    pub audit: AuditPointer,
    /// Who fetched it from the provider's API, from where and when, where it was not sent as a
    /// webhook: see [`crate::Fetched::note`].
    pub fetched: Option<String>,
}

/// What must stand at the key of a movement's item for it to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing: it is inserted.
    Nothing,
    /// The item of this version: it is raised.
    Version(u64),
    /// Something that is not known: nothing is written, and what stands there is answered.
    Unseen,
}

/// One item to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// An event: inserted, if there is none with its key.
    Event(Box<TransactionRecord>),
    /// A movement.
    Movement(Box<StoredTransaction>, Over),
}

impl Write {
    /// The key that is written to.
    pub fn key(&self) -> TransactionKey {
        match self {
            Self::Event(record) => record.event.key(),
            Self::Movement(item, _) => item.key.clone(),
        }
    }
}

/// What became of a write, and what stood at its key where that kept it from being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// What became of it.
    pub outcome: InsertOutcome,
    /// What stands there, where the store says it.
    pub present: Option<Item>,
}

impl From<InsertOutcome> for Written {
    fn from(outcome: InsertOutcome) -> Self {
        Self {
            outcome,
            present: None,
        }
    }
}

/// What became of one write that the store answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertOutcome {
    /// Stored now.
    Stored,
    /// The key existed, or had another version than was expected: an earlier delivery, or this very call repeated.
    Duplicate,
    /// Not stored; worth repeating (throttled, conflict, internal error).
    Retry,
    /// Not stored and never will be as it is (the store calls it invalid). The message goes to the DLQ for a person to read.
    Refused,
}

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Worth repeating: time-out, throttle, 5xx, connection.
    #[error("{call} did not succeed, try again: {cause}")]
    Retryable {
        /// The API call.
        call: &'static str,
        /// The error code or kind; never request content.
        cause: String,
    },
    /// Repeating does not help: access denied, missing table.
    #[error("{call} was refused: {cause}")]
    Final {
        /// The API call.
        call: &'static str,
        /// The error code or kind; never request content.
        cause: String,
    },
}

/// A message for the rejected queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedMessage {
    /// The raw body, byte for byte.
    pub body: String,
    /// The `request` attribute as it came.
    pub request: String,
    /// The `reject` attribute: `reason=…&message_id=…&received_at={epoch ms}`.
    pub reject: String,
}

/// The transactions table.
pub trait TransactionStore {
    /// Writes up to [`INSERT_BATCH_RECORDS_MAX`] items with different keys. One answer per item, in order.
    fn write_batch(
        &self,
        writes: &[Write],
    ) -> impl Future<Output = Result<Vec<Written>, StoreError>>;
}

/// The audit bucket.
pub trait AuditStore {
    /// Writes one object under a key that no other invocation uses.
    fn put(&self, key: &str, body: Vec<u8>) -> impl Future<Output = Result<(), StoreError>>;
}

/// The rejected queue.
pub trait RejectedQueue {
    /// Sends messages; one result per message, in order. Packs them into as few calls as the queue's limits allow.
    fn send(
        &self,
        messages: &[RejectedMessage],
    ) -> impl Future<Output = Vec<Result<(), StoreError>>>;
}

/// The secrets of the providers.
pub trait SecretStore {
    /// Whether a provider of the catalogue is one of this stack's. A webhook of another one is of an
    /// unknown provider: its secrets may not be read, and no other day changes that.
    fn serves(&self, _provider: &'static str) -> bool {
        true
    }

    /// The secrets of a provider of the catalogue; empty [`Secrets`] when none are configured. May answer from a cache.
    fn secrets(
        &self,
        provider: &'static str,
    ) -> impl Future<Output = Result<Arc<Secrets>, StoreError>>;

    /// Reads them again unless that was done moments ago; called when a signature does not match, so that a rotated secret is found
    /// without waiting for the cache to age. Returns `None` when the cache is still too young to be read again.
    fn refreshed(
        &self,
        provider: &'static str,
    ) -> impl Future<Output = Result<Option<Arc<Secrets>>, StoreError>>;
}

/// The certificates that providers sign with (PayPal). Only URLs that the provider's own
/// `certificate_url` let pass reach it.
///
/// Invariant: there is no error to report. A certificate that cannot be fetched now is not there,
/// so a failure stays with the messages that name this URL. How long a fetch may take is limited
/// by the store, because the pipeline has no clock; how many fetches a batch may cause, by the
/// judge.
pub trait CertificateStore {
    /// What is remembered of `url` without asking anybody: the certificate as it was sent (PEM), or
    /// that it was not there moments ago. `None` when nothing is remembered.
    fn remembered(&self, url: &str) -> Option<Option<Arc<[u8]>>>;

    /// Forgets the certificate of `url`, with which a webhook could not be verified, unless it was
    /// fetched moments ago: the answer may have been a page of another server's. Returns true if it
    /// may be fetched again.
    fn forget(&self, url: &str) -> bool;

    /// Fetches what is at each of `urls`, all at once and within one time budget for all of them.
    /// Returns the certificates that arrived; a URL is missing from the answer when nothing did,
    /// whatever the cause, and that is remembered for a short while.
    fn fetch(&self, urls: &[String]) -> impl Future<Output = BTreeMap<String, Arc<[u8]>>>;
}

/// Waiting between attempts. The pipeline itself has no clock.
pub trait Pause {
    /// Waits before attempt `attempt` (1 = first repetition), longer each time, with jitter.
    fn before(&self, attempt: u32) -> impl Future<Output = ()>;
}
