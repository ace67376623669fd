//! One inventory of the seal: audit objects → keys → items → part → manifest → publish → read back.
//!
//! An inventory is cut into ranges of whole objects that name at least so many keys. Where a range
//! ends follows from the sealed objects alone, so every invocation cuts alike.
//! A record belongs to the object that its `audit_key` names. So it is archived once for each time
//! that it was written, whichever lines of other objects name it too; a movement that rose since is
//! archived with the object that raised it.
//!
//! Every step may be the last one before a crash. What a later run finds: a pending file that no
//! manifest names (ignored; the bucket's lifecycle removes it), or a last manifest without its part
//! (published from the pending file). A part before the last one was checked by whoever wrote the
//! next.

use std::collections::BTreeSet;

use audit_seal::{Entry, SealedInventory};
use futures::{StreamExt, stream};
use payment_event::TransactionKey;
use pipeline::audit::{EventKeys, read_object_keys};
use pipeline::items::read_items;
use pipeline::retry::retrying;
use pipeline::storage::{Attribute, Deadline, Item, ItemReader, ObjectStore, Pause, PutNew};
use pipeline::stored::StoredTransaction;

use crate::error::ArchiveError;
use crate::manifest::{self, Manifest, Range, pending_key};
use crate::part::encode;
use crate::read::{check, holds, publish};
use crate::run::{Deps, Report};

/// Audit objects that are read at once.
const OBJECTS_AT_ONCE: usize = 8;

/// How an inventory was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Everything of it is archived.
    Whole,
    /// The deadline came.
    Stopped,
    /// Some of it is not archived, and nothing was tried.
    Open,
}

/// Objects of an inventory that make one part.
struct Cut {
    objects: BTreeSet<String>,
    keys: BTreeSet<TransactionKey>,
}

/// One inventory on its way.
pub(crate) struct Inventory<'r, 'd, T, O, P, D> {
    pub(crate) sealed: &'r SealedInventory,
    pub(crate) id: &'r str,
    pub(crate) deps: &'r Deps<'d, T, O, P, D>,
    pub(crate) report: &'r mut Report,
}

/// Returns true if an item belongs to one of these audit objects, or does not say to which it does.
pub(crate) fn belongs(item: &Item, objects: &BTreeSet<String>) -> bool {
    match item.get("audit_key") {
        Some(Attribute::Text(key)) => objects.contains(key),
        _ => true,
    }
}

impl<T: ItemReader, O: ObjectStore, P: Pause, D: Deadline> Inventory<'_, '_, T, O, P, D> {
    /// Archives what is not archived yet, part by part; only looks where `tried` says that an
    /// invocation before this one tried already.
    pub(crate) async fn archive(&mut self, tried: bool) -> Result<Left, ArchiveError> {
        let last = self.last().await?;
        let objects = self.sealed.reference.objects;
        let (mut number, mut covered) = (0, 0);
        if let Some(last) = &last {
            (number, covered) = (last.number, last.covered());
            check(last, self.deps.objects).await?;
        }
        if covered == objects {
            return Ok(Left::Whole);
        }
        if tried {
            return Ok(Left::Open);
        }
        let entries = self.sealed.entries(self.deps.objects, self.deps.pause);
        let entries = entries.await?;
        loop {
            let start = usize::try_from(covered).unwrap_or(usize::MAX);
            // A manifest that covers more than there is belongs to no inventory of ours.
            let rest = entries.get(start..).ok_or_else(|| {
                ArchiveError::Manifest(manifest::key(self.sealed.day, self.id, number))
            })?;
            if rest.is_empty() {
                return Ok(Left::Whole);
            }
            if self.deps.deadline.reached() {
                return Ok(Left::Stopped);
            }
            let cut = self.cut(rest).await?;
            let records = self.records(&cut).await?;
            number += 1;
            let range = Range {
                day: self.sealed.day,
                inventory: self.id.to_owned(),
                number,
                first_object: covered,
                objects: cut.objects.len() as u64,
            };
            covered += range.objects;
            self.write(range, records).await?;
        }
    }

    /// The last manifest; `None` before the first.
    async fn last(&self) -> Result<Option<Manifest>, ArchiveError> {
        let (day, objects, pause) = (self.sealed.day, self.deps.objects, self.deps.pause);
        let prefix = manifest::prefix(day, self.id);
        let keys = retrying(pause, async || objects.keys(&prefix).await).await?;
        let Some(found) = keys.last() else {
            return Ok(None);
        };
        let number = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        let key = manifest::key(day, self.id, number);
        if *found != key {
            return Err(ArchiveError::Manifest(key));
        }
        let json = retrying(pause, async || objects.get(&key).await).await?;
        let json = json.ok_or(ArchiveError::Manifest(key))?;
        Manifest::read(day, self.id, number, &json).map(Some)
    }

    /// The first objects of `entries` that name enough keys for a part, and those keys.
    async fn cut(&self, entries: &[Entry]) -> Result<Cut, ArchiveError> {
        let mut cut = Cut {
            objects: BTreeSet::new(),
            keys: BTreeSet::new(),
        };
        let reading = stream::iter(entries).map(|entry| async move {
            let keys = self.keys(entry).await;
            keys.map(|keys| (entry.key.clone(), keys))
        });
        let mut reading = std::pin::pin!(reading.buffered(OBJECTS_AT_ONCE));
        while let Some(read) = reading.next().await {
            let (object, keys) = read?;
            cut.objects.insert(object);
            for EventKeys { event, movements } in keys {
                cut.keys.insert(event);
                cut.keys.extend(movements);
            }
            if cut.keys.len() >= self.deps.part_keys_min {
                break;
            }
        }
        Ok(cut)
    }

    /// The keys that an audit object names, if it is what was sealed.
    async fn keys(&self, entry: &Entry) -> Result<Vec<EventKeys>, ArchiveError> {
        let objects = self.deps.objects;
        let wrong = || ArchiveError::AuditObject(entry.key.clone());
        let get = retrying(self.deps.pause, async || objects.get(&entry.key).await);
        let object = get.await?.ok_or_else(wrong)?;
        if manifest::sha256(&object) != entry.sha256 {
            return Err(wrong());
        }
        read_object_keys(&object).map_err(|_| wrong())
    }

    /// The records that belong to the objects of a cut, in the order of their sort keys. What was
    /// never inserted, because its message comes again in another object, is not there.
    async fn records(&mut self, cut: &Cut) -> Result<Vec<StoredTransaction>, ArchiveError> {
        let keys: Vec<_> = cut.keys.iter().cloned().collect();
        let items = read_items(&keys, self.deps.table, self.deps.pause).await?;
        let items = items.into_iter().filter(|item| belongs(item, &cut.objects));
        let (mut records, mut unreadable) = (Vec::new(), 0);
        for item in items {
            match StoredTransaction::from_item(item) {
                Ok(record) => records.push(record),
                Err(_) => unreadable += 1,
            }
        }
        if unreadable > 0 {
            self.report.unreadable += unreadable;
            return Err(ArchiveError::Unreadable {
                items: unreadable,
                first: cut.objects.first().cloned().unwrap_or_default(),
                objects: cut.objects.len() as u64,
            });
        }
        records.sort_by(|a, b| {
            let order =
                |it: &StoredTransaction| (it.key.timestamp.clone(), it.key.transaction_id.clone());
            order(a).cmp(&order(b))
        });
        Ok(records)
    }

    /// Makes a part of records and reads it back.
    async fn write(
        &mut self,
        range: Range,
        records: Vec<StoredTransaction>,
    ) -> Result<(), ArchiveError> {
        let (objects, pause) = (self.deps.objects, self.deps.pause);
        let file = encode(&records).map_err(|source| ArchiveError::Part {
            key: manifest::key(range.day, &range.inventory, range.number),
            source,
        })?;
        let manifest = Manifest::new(range, &records, &file);
        let pending = pending_key(&manifest.sha256);
        retrying(pause, async || objects.put(&pending, file.clone()).await).await?;
        drop(file);
        let (key, json) = (manifest.key(), manifest.json());
        let put = retrying(pause, async || objects.put_new(&key, json.clone()).await).await?;
        if put == PutNew::Exists {
            // Ours, when the first answer was lost; or of an invocation that was faster.
            let there = retrying(pause, async || objects.get(&key).await).await?;
            let there = there.ok_or_else(|| ArchiveError::Manifest(key.clone()))?;
            if there != json {
                return self.overtaken(&manifest, &there).await;
            }
        }
        publish(&manifest, objects).await?;
        if !holds(&manifest, &records, objects).await? {
            return Err(ArchiveError::Disagrees(manifest.part));
        }
        self.report.items += manifest.holds.items();
        self.report.parts += 1;
        self.report.bytes += manifest.bytes;
        Ok(())
    }

    /// Another invocation made the part, from the same objects: what it read of the table may
    /// differ in what has risen since.
    async fn overtaken(&self, ours: &Manifest, there: &[u8]) -> Result<(), ArchiveError> {
        let theirs = Manifest::read(ours.day, &ours.inventory, ours.number, there)?;
        if (theirs.first_object, theirs.objects) != (ours.first_object, ours.objects) {
            return Err(ArchiveError::Manifest(theirs.key()));
        }
        check(&theirs, self.deps.objects).await
    }
}
