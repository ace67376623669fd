//! Reads the archive, part by part, each checked against its manifest.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use payment_event::TransactionKey;
use pipeline::storage::ObjectStore;
use pipeline::stored::StoredTransaction;

use crate::day::days_of;
use crate::error::{ArchiveError, PartError};
use crate::manifest::{self, MANIFESTS, Manifest, Outline, pending_key};
use crate::part::{self, decode};

/// Manifests that are read at once.
const AT_ONCE: usize = 16;

/// The manifests of a day whose names begin with `inventories`, by inventory and number. An empty
/// text gives all of them; `again-` those of messages that were sent through verification again.
///
/// # Errors
/// [`ArchiveError::Manifest`] for one that is unreadable, or for a gap; [`ArchiveError::Store`].
pub async fn manifests(
    day: Date,
    inventories: &str,
    objects: &impl ObjectStore,
) -> Result<Vec<Manifest>, ArchiveError> {
    let prefix = format!("{}{inventories}", manifest::day_prefix(day));
    let keys = objects.keys(&prefix).await?;
    let mut wanted = Vec::with_capacity(keys.len());
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    for key in keys {
        let read = manifest::read_key(day, &key);
        let (inventory, number) = read.ok_or_else(|| ArchiveError::Manifest(key.clone()))?;
        let last = numbers.entry(inventory.clone()).or_default();
        *last += 1;
        if *last != number {
            return Err(ArchiveError::Manifest(manifest::key(
                day, &inventory, *last,
            )));
        }
        wanted.push((key, inventory, number));
    }
    let reading: Vec<_> = wanted
        .iter()
        .map(|(key, inventory, number)| async move {
            let json = objects.get(key).await?;
            let json = json.ok_or_else(|| ArchiveError::Manifest(key.clone()))?;
            Manifest::read(day, inventory, *number, &json)
        })
        .collect();
    stream::iter(reading).buffered(AT_ONCE).try_collect().await
}

/// Makes the part visible when a crash came between manifest and part.
///
/// # Errors
/// [`ArchiveError::Missing`] when there is no pending copy of it either; [`ArchiveError::Store`].
pub(crate) async fn publish(
    manifest: &Manifest,
    objects: &impl ObjectStore,
) -> Result<(), ArchiveError> {
    if objects.get(&manifest.part).await?.is_some() {
        return Ok(());
    }
    let pending = objects.get(&pending_key(&manifest.sha256)).await?;
    match pending {
        Some(file) if manifest::sha256(&file) == manifest.sha256 => {
            Ok(objects.put(&manifest.part, file).await?)
        }
        _ => Err(ArchiveError::Missing(manifest.part.clone())),
    }
}

/// The bytes of a part, compared with its manifest's hash.
async fn file(manifest: &Manifest, objects: &impl ObjectStore) -> Result<Vec<u8>, ArchiveError> {
    let file = objects.get(&manifest.part).await?;
    let file = file.ok_or_else(|| ArchiveError::Missing(manifest.part.clone()))?;
    if manifest::sha256(&file) != manifest.sha256 {
        return Err(ArchiveError::Disagrees(manifest.part.clone()));
    }
    Ok(file)
}

fn of_part(manifest: &Manifest, source: PartError) -> ArchiveError {
    ArchiveError::Part {
        key: manifest.part.clone(),
        source,
    }
}

/// Compares what the keys of a part tell with its manifest.
fn agrees(manifest: &Manifest, found: &Outline) -> Result<(), ArchiveError> {
    match *found == manifest.holds {
        true => Ok(()),
        false => Err(ArchiveError::Disagrees(manifest.part.clone())),
    }
}

/// Sees that a part is what its manifest says: its hash, and what it holds as far as its keys tell.
/// Makes it visible when a crash came between manifest and part.
///
/// # Errors
/// [`ArchiveError::Missing`], [`ArchiveError::Disagrees`], [`ArchiveError::Part`], [`ArchiveError::Store`].
pub(crate) async fn check(
    manifest: &Manifest,
    objects: &impl ObjectStore,
) -> Result<(), ArchiveError> {
    let file = match file(manifest, objects).await {
        Err(ArchiveError::Missing(_)) => {
            publish(manifest, objects).await?;
            file(manifest, objects).await?
        }
        there => there?,
    };
    let found = part::outline(file).map_err(|source| of_part(manifest, source))?;
    agrees(manifest, &found)
}

/// Whether a part, as it is read now, holds these records in this order and nothing else.
///
/// # Errors
/// [`ArchiveError::Missing`], [`ArchiveError::Disagrees`], [`ArchiveError::Part`], [`ArchiveError::Store`].
pub(crate) async fn holds(
    manifest: &Manifest,
    records: &[StoredTransaction],
    objects: &impl ObjectStore,
) -> Result<bool, ArchiveError> {
    let file = file(manifest, objects).await?;
    part::holds(file, records).map_err(|source| of_part(manifest, source))
}

/// The records of a part, compared with what its manifest says.
///
/// # Errors
/// [`ArchiveError::Missing`], [`ArchiveError::Disagrees`], [`ArchiveError::Part`], [`ArchiveError::Store`].
pub async fn verified(
    manifest: &Manifest,
    objects: &impl ObjectStore,
) -> Result<Vec<StoredTransaction>, ArchiveError> {
    let file = file(manifest, objects).await?;
    let records = decode(file).map_err(|source| of_part(manifest, source))?;
    agrees(manifest, &Outline::of(&records))?;
    Ok(records)
}

/// Returns true if the archive has the record of an event with this key that was received on one of
/// the days from `first` to `last`, both included. A later day is asked only for messages that were
/// sent through verification again: their records are under the day on which that was done.
///
/// # Errors
/// An [`ArchiveError`] when a part in question cannot be read.
pub async fn has_record(
    key: &TransactionKey,
    (first, last): (Date, Date),
    objects: &impl ObjectStore,
) -> Result<bool, ArchiveError> {
    for day in days_of(MANIFESTS, objects).await? {
        if day < first {
            continue;
        }
        let inventories = if day > last { "again-" } else { "" };
        for manifest in manifests(day, inventories, objects).await? {
            if !manifest.holds.may_hold(key) {
                continue;
            }
            let records = verified(&manifest, objects).await?;
            if records.iter().any(|record| record.key == *key) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
