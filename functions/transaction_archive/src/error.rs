//! Why something was not archived. Names objects and columns, never their content.

use audit_seal::SealError;
use pipeline::storage::StoreError;

/// Why bytes are not a part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// Not Parquet, or cut short.
    #[error("not a Parquet file, or cut short")]
    Unreadable,
    /// A column is missing or of another type.
    #[error("column {0} is missing or of another type")]
    Column(&'static str),
    /// A value that no record has.
    #[error("column {0} has a value that no record has")]
    Value(&'static str),
    /// A value that does not fit its column.
    #[error("a record's {0} does not fit its column")]
    Unfit(&'static str),
    /// The writer failed; nothing was written.
    #[error("the part could not be encoded")]
    Encode,
}

/// Why an inventory, or its rest, is not archived. What it names stays in the table until it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// A call failed.
    #[error("archive: {0}")]
    Store(#[from] StoreError),
    /// It is not known what is sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An audit object is gone, or is not what was sealed, or cannot be read: its keys are not
    /// known.
    #[error(
        "audit object {0} is missing or not as it was written: see what `payhook audit verify` says, and restore its earlier version"
    )]
    AuditObject(String),
    /// Items of the table are no records: a newer version wrote them, or a person.
    #[error(
        "{items} items named by {objects} audit objects from {first} on are no records: see 'Operate' in the README"
    )]
    Unreadable {
        /// How many.
        items: u64,
        /// The first audit object of those that may name them.
        first: String,
        /// How many audit objects may name them.
        objects: u64,
    },
    /// A manifest is not one, or its numbers have a gap.
    #[error(
        "manifest {0} is unreadable or out of sequence: restore its earlier version, see 'Operate' in the README"
    )]
    Manifest(String),
    /// A part is not what its manifest says.
    #[error(
        "part {0} is not what its manifest says: restore its earlier version, see 'Operate' in the README"
    )]
    Disagrees(String),
    /// A part is gone.
    #[error(
        "part {0} is missing and there is no pending copy: restore it, see 'Operate' in the README"
    )]
    Missing(String),
    /// A part cannot be made or read.
    #[error("part {key}: {source}")]
    Part {
        /// Its object key.
        key: String,
        /// Why.
        source: PartError,
    },
}
