//! The bucket of audit log, archive and seals, as the archive and the seal use it.

use super::StoreError;

/// One version of an object, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectVersion {
    /// Object key.
    pub key: String,
    /// The version's id; `null` in a bucket that was not versioned when it was written.
    pub version_id: String,
    /// Size in bytes; 0 for a delete marker.
    pub size_bytes: u64,
    /// Whether a reader without a version id gets this one.
    pub current: bool,
    /// Whether it is a delete marker.
    pub deleted: bool,
}

/// What became of a put that must not replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutNew {
    /// It is there now.
    Written,
    /// There was one before: another writer's, or this call's own when its first answer was lost.
    Exists,
}

/// Objects by key.
pub trait ObjectStore {
    /// The current version's bytes; `None` when there is none.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>>;

    /// Writes an object, over another if there is one. For keys whose content follows from the key.
    fn put(&self, key: &str, body: Vec<u8>) -> impl Future<Output = Result<(), StoreError>>;

    /// Writes an object unless there is one.
    fn put_new(&self, key: &str, body: Vec<u8>)
    -> impl Future<Output = Result<PutNew, StoreError>>;

    /// The keys with this prefix that have a current version, in order.
    fn keys(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>, StoreError>>;

    /// What stands between this prefix and the next slash, in order.
    fn folders(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>, StoreError>>;

    /// Every version and delete marker with this prefix, by key.
    fn versions(
        &self,
        prefix: &str,
    ) -> impl Future<Output = Result<Vec<ObjectVersion>, StoreError>>;

    /// SHA-256 of a version's bytes; `None` when there is no such version.
    fn sha256(
        &self,
        key: &str,
        version_id: &str,
    ) -> impl Future<Output = Result<Option<[u8; 32]>, StoreError>>;
}

/// Signs with a key that never leaves its service.
pub trait Signer {
    /// ECDSA P-256 signature (ASN.1) over a SHA-256 digest.
    fn sign(&self, digest: &[u8; 32]) -> impl Future<Output = Result<Vec<u8>, StoreError>>;
}

/// Says when to stop: a function has an end that it must not run into.
pub trait Deadline {
    /// Whether it is time to stop and leave the rest to the next run.
    fn reached(&self) -> bool;
}
