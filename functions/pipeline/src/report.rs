//! What became of a batch, in numbers.
//!
//! Invariant: a message is counted only once it is finished, so that a delivery that fails and comes again is not counted twice.
//! One exception, by necessity: a record that was stored by an attempt whose answer was lost counts as a duplicate, since the
//! store cannot tell our own earlier write from an earlier delivery's.
//! A contradiction is counted when it is written, whatever becomes of its message: the next delivery finds it there.

use std::collections::BTreeMap;

use crate::IngestError;

/// The provider under which messages are counted that name none of the catalogue.
pub const UNKNOWN_PROVIDER: &str = "unknown";

/// A message to be delivered again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedMessage {
    /// SQS message id.
    pub message_id: String,
    /// The first cause.
    pub cause: IngestError,
}

/// Events that contradict each other about the money of one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The provider's name.
    pub provider: String,
    /// The payment: `{provider}:{provider's id}`.
    pub transaction_id: String,
    /// The names of the problems; no amount is among them.
    pub problems: Vec<String>,
}

impl Contradiction {
    /// Provider, payment and problems, for a log line.
    pub fn parts(&self) -> (&str, &str, &[String]) {
        (&self.provider, &self.transaction_id, &self.problems)
    }
}

/// Counters of one provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderCounters {
    /// Records that were inserted.
    pub stored: u64,
    /// Records that existed, in the table or earlier in the batch.
    pub duplicates: u64,
    /// Inserted records with at least one problem: a fact was missing or unusable.
    pub incomplete: u64,
    /// Inserted records of an event type that the provider's list does not have.
    pub unknown_types: u64,
    /// Movements of which events of this batch told something that contradicts what was told before.
    pub contradicted: u64,
    /// Rejected messages that the rejected queue holds, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

/// What [`crate::ingest()`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngestReport {
    /// Messages in the batch.
    pub messages: u64,
    /// Messages to be delivered again, in batch order, each once.
    pub failures: Vec<FailedMessage>,
    /// Counters by the provider's name in the catalogue, or [`UNKNOWN_PROVIDER`].
    pub providers: BTreeMap<&'static str, ProviderCounters>,
    /// The movements that contradict themselves since this batch, by the payments they belong to.
    pub contradictions: Vec<Contradiction>,
    /// Card numbers that were masked in what was written to the audit log.
    pub masked_pans: u64,
    /// Size of the audit object that was written.
    pub audit_bytes: u64,
}

impl IngestReport {
    /// The ids for `batchItemFailures`.
    pub fn failed_message_ids(&self) -> impl Iterator<Item = &str> {
        self.failures
            .iter()
            .map(|failure| failure.message_id.as_str())
    }
}
