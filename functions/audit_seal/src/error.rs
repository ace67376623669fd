//! Why a digest was not made. Nothing of the audit log is changed then; the next run covers what this one left.

use pipeline::storage::StoreError;

/// Why a digest was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A call failed.
    #[error("seal: {0}")]
    Store(#[from] StoreError),
    /// The chain's last digest is of a day or a time that has not come: a wrong clock, or a forgery.
    #[error("digest {0} is from the future: check the clock, then `payhook audit verify`")]
    Future(String),
    /// A digest of the chain cannot be read, or its number is missing.
    #[error("digest {0} is missing or unreadable: see what `payhook audit verify` says")]
    Digest(String),
    /// An inventory that a digest names is not what the digest says.
    #[error(
        "inventory {0} is missing or not what its digest says: see what `payhook audit verify` says"
    )]
    Inventory(String),
    /// An object went away between listing and hashing.
    #[error("object {0} went away while it was sealed: see what `payhook audit verify` says")]
    ObjectGone(String),
    /// Another invocation made this digest.
    #[error("digest {0} was made by another invocation: nothing to do")]
    Overtaken(String),
    /// The inventory could not be written.
    #[error("an inventory could not be encoded")]
    Encode,
}
