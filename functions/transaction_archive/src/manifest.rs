//! A manifest: what makes a file part of the archive.
//!
//! Invariant: manifests of a shard are numbered without a gap and never replaced, so the next number is taken by one writer only. Readers of
//! `archive/transactions/` see a file only after its manifest exists, and its content follows from the manifest.

use aws_lc_rs::digest;
use jiff::civil::Date;
use payment_event::TransactionKey;
use pipeline::stored::StoredTransaction;
use serde::{Deserialize, Serialize};

use crate::error::ArchiveError;

/// The form of manifests that this version writes and reads.
const FORMAT: u32 = 1;

/// One part of a (day, shard).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: u32,
    /// UTC day of receipt.
    pub day: Date,
    /// Archive shard, 0 to 31.
    pub shard: u8,
    /// From 1.
    pub number: u32,
    /// Object key of the part.
    pub part: String,
    /// Records in it.
    pub items: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// The first record's key.
    pub first: TransactionKey,
    /// The last record's key.
    pub last: TransactionKey,
}

/// SHA-256, hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

/// Where manifests of a (day, shard) stand.
pub(crate) fn prefix(day: Date, shard: u8) -> String {
    format!("archive/manifests/dt={day}/shard-{shard:02}-")
}

/// A manifest's key.
pub(crate) fn key(day: Date, shard: u8, number: u32) -> String {
    format!("{}part-{number:05}.json", prefix(day, shard))
}

fn part_key(day: Date, shard: u8, number: u32) -> String {
    format!("archive/transactions/dt={day}/shard-{shard:02}-part-{number:05}.parquet")
}

/// Where a file waits until its manifest exists; the name is its content, so that writers cannot disturb each other.
pub(crate) fn pending_key(sha256: &str) -> String {
    format!("archive/pending/{sha256}.parquet")
}

impl Manifest {
    /// The manifest of these records, encoded as `file`. `None` for no records.
    pub(crate) fn new(
        day: Date,
        shard: u8,
        number: u32,
        records: &[StoredTransaction],
        file: &[u8],
    ) -> Option<Self> {
        Some(Self {
            format: FORMAT,
            day,
            shard,
            number,
            part: part_key(day, shard, number),
            items: records.len() as u64,
            bytes: file.len() as u64,
            sha256: sha256(file),
            first: records.first()?.key.clone(),
            last: records.last()?.key.clone(),
        })
    }

    /// Its key.
    pub(crate) fn key(&self) -> String {
        key(self.day, self.shard, self.number)
    }

    /// As it is written.
    pub(crate) fn json(&self) -> Vec<u8> {
        // Numbers, texts and dates: cannot fail; an empty object would be refused by whoever reads it.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// Reads the manifest that stands at the key of (day, shard, number).
    ///
    /// # Errors
    /// [`ArchiveError::Manifest`] when it is not one, or one of another place.
    pub(crate) fn read(
        day: Date,
        shard: u8,
        number: u32,
        json: &[u8],
    ) -> Result<Self, ArchiveError> {
        let wrong = || ArchiveError::Manifest(key(day, shard, number));
        let manifest: Self = serde_json::from_slice(json).map_err(|_| wrong())?;
        let place = (manifest.day, manifest.shard, manifest.number);
        let fits = manifest.format == FORMAT
            && place == (day, shard, number)
            && manifest.part == part_key(day, shard, number)
            && manifest.items > 0;
        if fits { Ok(manifest) } else { Err(wrong()) }
    }
}
