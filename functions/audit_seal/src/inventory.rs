//! An inventory: objects of one hour of the audit log, a JSON line each, zstd around it.

use pipeline::audit::ZSTD_LEVEL;
use serde::{Deserialize, Serialize};

use crate::digest::{InventoryReference, sha256};
use crate::error::SealError;

/// An hour has some ten thousand objects at the most; this bounds what a reader allocates.
const TEXT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// One object of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Object key.
    pub key: String,
    /// Version id.
    pub version_id: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

const PREFIX: &str = "seal/inventories/";

/// Where inventories of an hour stand. `hour` is the folder of its objects: `audit/dt=…/hh=…/`, or `logs/dt=…/log=…/` for the copies of a log.
fn prefix(hour: &str) -> String {
    format!("{PREFIX}{}", hour.trim_start_matches("audit/"))
}

/// The inventory of these objects, for the digest with this number. Named by its content too, so that writers cannot disturb each other.
pub(crate) fn encode(
    sequence: u64,
    hour: &str,
    entries: &[Entry],
) -> Result<(InventoryReference, Vec<u8>), SealError> {
    let mut text = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut text, entry).map_err(|_| SealError::Encode)?;
        text.push(b'\n');
    }
    let file = zstd::bulk::compress(&text, ZSTD_LEVEL).map_err(|_| SealError::Encode)?;
    let hash = hex::encode(sha256(&file));
    let reference = InventoryReference {
        key: format!("{}{sequence:08}-{}.jsonl.zst", prefix(hour), &hash[..16]),
        sha256: hash,
        objects: entries.len() as u64,
    };
    Ok((reference, file))
}

/// The entries of a file, when it is what the reference says.
pub(crate) fn decode(reference: &InventoryReference, file: &[u8]) -> Option<Vec<Entry>> {
    if hex::encode(sha256(file)) != reference.sha256 {
        return None;
    }
    let text = zstd::bulk::decompress(file, TEXT_BYTES_MAX).ok()?;
    let lines = text.split(|byte| *byte == b'\n').filter(|l| !l.is_empty());
    let entries: Result<Vec<Entry>, _> = lines.map(serde_json::from_slice).collect();
    let entries = entries.ok()?;
    (entries.len() as u64 == reference.objects).then_some(entries)
}

/// The folder of the objects that an inventory lists, see `prefix`; `None` when its key is not one of an inventory.
pub(crate) fn hour(reference: &InventoryReference) -> Option<String> {
    let (folder, _) = reference.key.strip_prefix(PREFIX)?.rsplit_once('/')?;
    Some(if folder.starts_with("logs/") {
        format!("{folder}/")
    } else {
        format!("audit/{folder}/")
    })
}
