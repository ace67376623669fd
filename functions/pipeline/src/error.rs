//! Why a message was not finished and has to be delivered again.
//!
//! Invariant: no variant repeats a body, a secret or a header; storage errors carry an API call and an error code only.

use crate::storage::StoreError;

/// What kept a message from being finished. The queue delivers it again; after its last delivery it lies in the DLQ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// Without the secrets nobody can say whether the message is genuine.
    #[error("secrets cannot be read: {0}")]
    SecretsUnreadable(StoreError),
    /// The line of the message could not be made.
    #[error("audit line cannot be made: {0}")]
    AuditLine(#[from] AuditError),
    /// Nothing of the batch was stored, because its audit object was not.
    #[error("audit object not written in {attempts} attempts: {cause}")]
    AuditUnwritten {
        /// Attempts that were made.
        attempts: u32,
        /// The last error.
        cause: StoreError,
    },
    /// A record that the store calls invalid. Repeating will not help; the DLQ keeps the message for a person to read.
    #[error("the store refused a record as invalid")]
    RecordRefused,
    /// A call that repeating does not mend.
    #[error("record not stored: {0}")]
    InsertFinal(StoreError),
    /// Every attempt ended in a throttle, a conflict or a time-out.
    #[error("record not stored in {attempts} attempts: {}", cause.as_ref().map_or_else(|| "throttled".to_owned(), ToString::to_string))]
    InsertUnfinished {
        /// Attempts that were made.
        attempts: u32,
        /// The last error of the whole call; `None` when only this statement was put off.
        cause: Option<StoreError>,
    },
    /// A rejected message that could not be handed to the rejected queue.
    #[error("rejected message not handed on in {attempts} attempts: {cause}")]
    RejectUnsent {
        /// Attempts that were made.
        attempts: u32,
        /// The last error.
        cause: StoreError,
    },
}

/// Why an audit line cannot be written or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// Longer than [`crate::audit::LINE_BYTES_MAX`].
    #[error("line has {bytes} bytes, at most {max} are kept", bytes = .0, max = crate::audit::LINE_BYTES_MAX)]
    TooLong(usize),
    /// The compressor or decompressor refused.
    #[error("not a whole zstd frame of lines")]
    Frame,
    /// The frame is whole, and none of its lines is the one that is looked for.
    #[error("the frame has no line of the message")]
    NotInFrame,
    /// Not JSON text.
    #[error("line is not JSON text")]
    Text,
}
