//! Reads the archive, part by part, each checked against its manifest; and the records of a day, wherever they are.

use std::collections::HashSet;

use jiff::civil::Date;
use payment_event::{TransactionKey, UNDATED};
use pipeline::plan::{ARCHIVE_SHARDS, shard_number};
use pipeline::storage::{ObjectStore, TransactionIndex};
use pipeline::stored::StoredTransaction;

use crate::error::{ArchiveError, PartError};
use crate::manifest::{self, Manifest, pending_key};
use crate::part::{self, decode};

/// The manifests of a (day, shard), in the order of their numbers.
///
/// # Errors
/// [`ArchiveError::Manifest`] for one that is unreadable, or for a gap; [`ArchiveError::Store`].
pub async fn manifests(
    day: Date,
    shard: u8,
    objects: &impl ObjectStore,
) -> Result<Vec<Manifest>, ArchiveError> {
    let found = objects.keys(&manifest::prefix(day, shard)).await?;
    let mut manifests = Vec::with_capacity(found.len());
    for (number, found) in (1..).zip(found) {
        let key = manifest::key(day, shard, number);
        if found != key {
            return Err(ArchiveError::Manifest(key));
        }
        let json = objects.get(&key).await?;
        let json = json.ok_or(ArchiveError::Manifest(key))?;
        manifests.push(Manifest::read(day, shard, number, &json)?);
    }
    Ok(manifests)
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

/// Compares count and ends of what a part holds with its manifest.
fn agrees(
    manifest: &Manifest,
    items: u64,
    ends: Option<(&TransactionKey, &TransactionKey)>,
) -> Result<(), ArchiveError> {
    match items == manifest.items && ends == Some((&manifest.first, &manifest.last)) {
        true => Ok(()),
        false => Err(ArchiveError::Disagrees(manifest.part.clone())),
    }
}

/// Sees that a part is what its manifest says: hash, count, first and last key, and in order; makes it visible when a crash came between
/// manifest and part.
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
    let (items, ends) = part::outline(file).map_err(|source| of_part(manifest, source))?;
    agrees(
        manifest,
        items,
        ends.as_ref().map(|(first, last)| (first, last)),
    )
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
    let ends = records.first().zip(records.last());
    let ends = ends.map(|(first, last)| (&first.key, &last.key));
    agrees(manifest, records.len() as u64, ends)?;
    Ok(records)
}

/// Returns true if the archive has a record with this key that was received on one of the days from
/// `first` to `last`, both included.
///
/// # Errors
/// An [`ArchiveError`] when a part in question cannot be read.
pub async fn has_record(
    key: &TransactionKey,
    (first, last): (Date, Date),
    objects: &impl ObjectStore,
) -> Result<bool, ArchiveError> {
    let dated = !key.timestamp.starts_with(UNDATED);
    let shard = shard_number(&key.transaction_id, dated);
    let mut day = first;
    while day <= last {
        for manifest in manifests(day, shard, objects).await? {
            // Parts are in the order of the sort key.
            let ends = &manifest.first.timestamp..=&manifest.last.timestamp;
            if !ends.contains(&&key.timestamp) {
                continue;
            }
            let records = verified(&manifest, objects).await?;
            if records.iter().any(|record| record.key == *key) {
                return Ok(true);
            }
        }
        match day.tomorrow() {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    Ok(false)
}

/// Where a record of a day was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the table only.
    Table,
    /// In the archive.
    Archive,
    /// In the table, and in the archive where it was seen already: as between a copy and its delete.
    Both,
}

/// Shows every record that was received on a day to `look`; `None` for an item of the table that is no record.
///
/// # Errors
/// An [`ArchiveError`] when table or archive cannot be read whole.
pub async fn each_record(
    day: Date,
    index: &impl TransactionIndex,
    objects: &impl ObjectStore,
    mut look: impl FnMut(Place, Option<StoredTransaction>),
) -> Result<(), ArchiveError> {
    for shard in 0..ARCHIVE_SHARDS {
        let mut archived: HashSet<TransactionKey> = HashSet::new();
        for manifest in manifests(day, shard, objects).await? {
            for record in verified(&manifest, objects).await? {
                archived.insert(record.key.clone());
                look(Place::Archive, Some(record));
            }
        }
        let (name, mut after) = (format!("{day}#{shard:02}"), None);
        loop {
            let page = index.page(&name, after.as_ref(), None).await?;
            for item in page.items {
                let record = StoredTransaction::from_item(item).ok();
                let both = record.as_ref().is_some_and(|r| archived.contains(&r.key));
                look(if both { Place::Both } else { Place::Table }, record);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(())
}
