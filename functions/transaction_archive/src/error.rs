//! Why something was not archived. Names objects and columns, never their content.

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

/// Why a shard, or its rest, is left as it is. Nothing was deleted that has no verified copy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// A call failed.
    #[error("archive: {0}")]
    Store(#[from] StoreError),
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
    /// Other invocations were always faster.
    #[error("shard {0}: another invocation archives it, try again")]
    Contended(String),
    /// Deletes were put off again and again.
    #[error("shard {0}: deletes were put off, try again")]
    PutOff(String),
}
