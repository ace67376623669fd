//! The records of a day of receipt, wherever they are: in the table, in the archive, or in both.
//!
//! The audit objects of the day name the keys. They stand in a folder for each hour; what was
//! received on the day and sent through verification again stands under later days. A record
//! belongs to the object that its `audit_key` names, so that each is seen once however many lines
//! name it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use payment_event::TransactionKey;
use pipeline::audit::{EventKeys, again_prefix, day_prefix, is_again, read_object_keys};
use pipeline::items::read_items;
use pipeline::retry::retrying;
use pipeline::storage::{ItemReader, ObjectStore, Pause, StoreError};
use pipeline::stored::StoredTransaction;

use crate::error::ArchiveError;
use crate::manifest::MANIFESTS;
use crate::range::belongs;
use crate::read::{manifests, verified};

/// Days that are listed at once.
const AT_ONCE: usize = 16;

/// Keys that are read together, at least.
const KEYS_TOGETHER_MIN: usize = 2_000;

/// Where records are read.
pub struct Stores<'d, T, O, P> {
    /// The transactions table.
    pub table: &'d T,
    /// The bucket.
    pub objects: &'d O,
    /// Waiting between attempts.
    pub pause: &'d P,
}

/// Where a record of a day was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the table only.
    Table,
    /// In the archive.
    Archive,
    /// In the table, and in the archive where it was seen already.
    Both,
}

/// Some of a day: audit objects of one folder, and the inventories of the archive that list them.
struct Source {
    /// The UTC day in their keys.
    filed: Date,
    /// What the keys of the audit objects begin with.
    audit: String,
    /// What the names of the inventories begin with.
    inventories: String,
    /// The audit objects.
    objects: Vec<String>,
}

/// The days of the folders `dt=…` behind a prefix, in order.
pub(crate) async fn days_of(
    prefix: &str,
    objects: &impl ObjectStore,
) -> Result<Vec<Date>, StoreError> {
    let folders = objects.folders(prefix).await?;
    let day = |folder: &String| {
        let name = folder.strip_prefix(prefix)?.strip_prefix("dt=")?;
        name.trim_end_matches('/').parse().ok()
    };
    Ok(folders.iter().filter_map(day).collect())
}

/// Everywhere that something of a day may be.
async fn sources(
    day: Date,
    objects: &impl ObjectStore,
    pause: &impl Pause,
) -> Result<Vec<Source>, ArchiveError> {
    let list = async |prefix: &str| retrying(pause, async || objects.keys(prefix).await).await;
    let mut hours: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let prefix = day_prefix(day);
    for key in list(&prefix).await? {
        let hour = key
            .strip_prefix(&prefix)
            .and_then(|name| name.split_once('/'));
        if let Some((hour, _)) = hour
            && !is_again(&key)
        {
            hours.entry(hour.to_owned()).or_default().push(key);
        }
    }
    // The audit log ends before the archive does.
    let archived = format!("{MANIFESTS}dt={day}/");
    for key in list(&archived).await? {
        let hour = key
            .strip_prefix(&archived)
            .and_then(|name| name.split_once('-'));
        if let Some((hour, _)) = hour.filter(|(hour, _)| *hour != "again") {
            hours.entry(format!("hh={hour}")).or_default();
        }
    }
    let of_hour = |(hour, objects): (String, Vec<String>)| Source {
        filed: day,
        audit: format!("{prefix}{hour}/"),
        inventories: format!("{}-", hour.trim_start_matches("hh=")),
        objects,
    };
    let mut found: Vec<Source> = hours.into_iter().map(of_hour).collect();
    let mut later = BTreeSet::new();
    for root in ["audit/", MANIFESTS] {
        later.extend(retrying(pause, async || days_of(root, objects).await).await?);
    }
    let later = later.into_iter().filter(|filed| *filed > day);
    let list = &list;
    let again: Vec<_> = later
        .map(|filed| async move {
            let audit = again_prefix(filed, day);
            let objects = list(&audit).await?;
            Ok::<_, StoreError>(Source {
                filed,
                audit,
                inventories: "again-".to_owned(),
                objects,
            })
        })
        .collect();
    let again: Vec<Source> = stream::iter(again).buffered(AT_ONCE).try_collect().await?;
    found.extend(again);
    Ok(found)
}

/// The keys of the audit objects that hold messages which were received on a day, in order.
///
/// # Errors
/// An [`ArchiveError`] when they cannot be listed.
pub async fn audit_objects(
    day: Date,
    objects: &impl ObjectStore,
    pause: &impl Pause,
) -> Result<Vec<String>, ArchiveError> {
    let found = sources(day, objects, pause).await?;
    let mut keys: Vec<String> = found.into_iter().flat_map(|it| it.objects).collect();
    keys.sort();
    Ok(keys)
}

/// The keys that an audit object names.
///
/// # Errors
/// [`ArchiveError::AuditObject`] when any of it cannot be read; [`ArchiveError::Store`].
pub(crate) async fn object_keys(
    key: &str,
    objects: &impl ObjectStore,
    pause: &impl Pause,
) -> Result<Vec<EventKeys>, ArchiveError> {
    let object = retrying(pause, async || objects.get(key).await).await?;
    let keys = object.and_then(|object| read_object_keys(&object).ok());
    keys.ok_or_else(|| ArchiveError::AuditObject(key.to_owned()))
}

/// Shows the record of every event that was received on a day to `look`, and every movement that
/// the archive has from its messages, once for each version that is there. `None` stands for an
/// item of the table that is no record.
///
/// # Errors
/// An [`ArchiveError`] when audit log, table or archive cannot be read whole.
pub async fn each_record<T: ItemReader, O: ObjectStore, P: Pause>(
    day: Date,
    stores: &Stores<'_, T, O, P>,
    mut look: impl FnMut(Place, Option<StoredTransaction>),
) -> Result<(), ArchiveError> {
    for source in sources(day, stores.objects, stores.pause).await? {
        let mut archived: HashSet<TransactionKey> = HashSet::new();
        for manifest in manifests(source.filed, &source.inventories, stores.objects).await? {
            for record in verified(&manifest, stores.objects).await? {
                if !record.audit_key.starts_with(&source.audit) {
                    continue;
                }
                if record.movement.is_none() {
                    archived.insert(record.key.clone());
                }
                look(Place::Archive, Some(record));
            }
        }
        let mut objects = BTreeSet::new();
        let mut keys: BTreeSet<TransactionKey> = BTreeSet::new();
        let mut rest = source.objects.iter().peekable();
        while let Some(key) = rest.next() {
            let named = object_keys(key, stores.objects, stores.pause).await?;
            keys.extend(named.into_iter().map(|named| named.event));
            objects.insert(key.clone());
            if keys.len() < KEYS_TOGETHER_MIN && rest.peek().is_some() {
                continue;
            }
            let wanted: Vec<_> = std::mem::take(&mut keys).into_iter().collect();
            let items = read_items(&wanted, stores.table, stores.pause).await?;
            for item in items.into_iter().filter(|item| belongs(item, &objects)) {
                let record = StoredTransaction::from_item(item).ok();
                let both = record.as_ref().is_some_and(|r| archived.contains(&r.key));
                look(if both { Place::Both } else { Place::Table }, record);
            }
            objects.clear();
        }
    }
    Ok(())
}
