//! One (day, shard): read → part → manifest → publish → read back → delete.
//!
//! Every step may be the last one before a crash. What a later run finds: a pending file that no manifest names (ignored; the bucket's lifecycle
//! removes it), a manifest without its part (published from the pending file), a part whose items are still in the table (deleted now).

use std::collections::HashSet;

use aws_lc_rs::digest;
use futures::{StreamExt, stream};
use jiff::civil::Date;
use payment_event::TransactionKey;
use pipeline::retry::retrying;
use pipeline::storage::{
    DELETE_BATCH_KEYS_MAX, Deadline, ObjectStore, Page, Pause, PutNew, StoreError, TransactionIndex,
};
use pipeline::stored::StoredTransaction;

use crate::error::ArchiveError;
use crate::manifest::{Manifest, pending_key};
use crate::part::encode;
use crate::read::{check, holds, manifests, publish, verified};
use crate::run::{Deps, Report};

/// Calls that delete at the same time: two hundred items, a fifth of what a partition of the table takes in a second.
const DELETES_AT_ONCE: usize = 8;

/// Attempts at deletes that are put off.
const ATTEMPTS_MAX: u32 = 5;

/// How often a shard is planned anew because another invocation took the number.
const PLANS_MAX: u32 = 5;

/// How a pass over a shard ended.
enum Pass {
    Finished,
    /// The deadline came.
    Stopped,
    /// Another invocation wrote a part: what is archived has to be read again.
    Overtaken,
}

/// Half of a SHA-256 over the whole record: what is in the archive already, in 16 bytes a record.
fn fingerprint(record: &StoredTransaction) -> [u8; 16] {
    let json = record.typed_json().to_string();
    let hash = digest::digest(&digest::SHA256, json.as_bytes());
    let mut half = [0; 16];
    half.iter_mut()
        .zip(hash.as_ref())
        .for_each(|(to, from)| *to = *from);
    half
}

/// The parts of a shard, and what those of them hold that reach into the page at hand.
///
/// A part is in the order of the index, so that what an item of a page may be a copy of is in the parts whose keys enclose the page's. The
/// memory this takes does not grow with the number of parts.
struct Archived(Vec<(Manifest, Option<HashSet<[u8; 16]>>)>);

impl Archived {
    fn number(&self) -> u32 {
        self.0.last().map_or(0, |(manifest, _)| manifest.number)
    }

    /// Reads the parts that reach into a page and lets go of the others.
    async fn turn_to(
        &mut self,
        page: &[StoredTransaction],
        objects: &impl ObjectStore,
    ) -> Result<(), ArchiveError> {
        let times = || page.iter().map(|record| &record.key.timestamp);
        let (Some(low), Some(high)) = (times().min(), times().max()) else {
            return Ok(());
        };
        for (manifest, held) in &mut self.0 {
            if manifest.last.timestamp < *low || *high < manifest.first.timestamp {
                *held = None;
                continue;
            }
            if held.is_some() {
                continue;
            }
            let records = verified(manifest, objects).await?;
            let mut archived = HashSet::with_capacity(records.len());
            archived.extend(records.iter().map(fingerprint));
            *held = Some(archived);
        }
        Ok(())
    }

    fn holds(&self, record: &StoredTransaction) -> bool {
        let mut held = self.0.iter().filter_map(|(_, held)| held.as_ref());
        // Mostly there is none to ask.
        let Some(first) = held.next() else {
            return false;
        };
        let fingerprint = fingerprint(record);
        first.contains(&fingerprint) || held.any(|held| held.contains(&fingerprint))
    }
}

/// One shard on its way.
pub(crate) struct Shard<'r, 'd, T, O, P, D> {
    pub(crate) day: Date,
    pub(crate) shard: u8,
    pub(crate) deps: &'r Deps<'d, T, O, P, D>,
    pub(crate) report: &'r mut Report,
}

impl<T: TransactionIndex, O: ObjectStore, P: Pause, D: Deadline> Shard<'_, '_, T, O, P, D> {
    /// Archives what there is; whether all of it was done before the deadline.
    pub(crate) async fn archive(&mut self) -> Result<bool, ArchiveError> {
        for _ in 0..PLANS_MAX {
            match self.pass().await? {
                Pass::Finished => return Ok(true),
                Pass::Stopped => return Ok(false),
                Pass::Overtaken => {}
            }
        }
        Err(ArchiveError::Contended(self.name()))
    }

    fn name(&self) -> String {
        format!("{}#{:02}", self.day, self.shard)
    }

    async fn page(&self, after: Option<&TransactionKey>) -> Result<Page, StoreError> {
        let (index, name) = (self.deps.index, self.name());
        retrying(self.deps.pause, async || {
            index.page(&name, after, None).await
        })
        .await
    }

    async fn pass(&mut self) -> Result<Pass, ArchiveError> {
        let mut page = self.page(None).await?;
        if page.items.is_empty() && page.next.is_none() {
            return Ok(Pass::Finished);
        }
        let mut archived = self.archived().await?;
        let mut number = archived.number();
        let (mut records, mut copied) = (Vec::new(), Vec::new());
        let mut unreadable = 0;
        loop {
            let mut found = Vec::with_capacity(page.items.len());
            for item in std::mem::take(&mut page.items) {
                match StoredTransaction::from_item(item) {
                    Err(_) => unreadable += 1,
                    Ok(record) => found.push(record),
                }
            }
            archived.turn_to(&found, self.deps.objects).await?;
            for record in found {
                match archived.holds(&record) {
                    true => copied.push(record.key),
                    false => records.push(record),
                }
            }
            self.delete(&copied).await?;
            copied.clear();
            while records.len() >= self.deps.part_items_max {
                let rest = records.split_off(self.deps.part_items_max);
                let part = std::mem::replace(&mut records, rest);
                number += 1;
                if !self.write(number, part).await? {
                    return Ok(Pass::Overtaken);
                }
            }
            if self.deps.deadline.reached() {
                return Ok(Pass::Stopped);
            }
            match page.next {
                Some(last) => page = self.page(Some(&last)).await?,
                None => break,
            }
        }
        if !records.is_empty() && !self.write(number + 1, records).await? {
            return Ok(Pass::Overtaken);
        }
        self.report.unreadable += unreadable;
        Ok(Pass::Finished)
    }

    /// The parts there are, each compared with its manifest's hash: a shard with a damaged one is left alone.
    async fn archived(&self) -> Result<Archived, ArchiveError> {
        let manifests = manifests(self.day, self.shard, self.deps.objects).await?;
        for manifest in &manifests {
            check(manifest, self.deps.objects).await?;
        }
        let none_held = manifests.into_iter().map(|manifest| (manifest, None));
        Ok(Archived(none_held.collect()))
    }

    /// Makes a part of records and deletes their items; `false` when another invocation took the number.
    async fn write(
        &mut self,
        number: u32,
        mut records: Vec<StoredTransaction>,
    ) -> Result<bool, ArchiveError> {
        let (objects, pause) = (self.deps.objects, self.deps.pause);
        // As the index hands them out; that first and last key enclose the others must not depend on it.
        records.sort_by(|a, b| a.key.timestamp.cmp(&b.key.timestamp));
        let file = encode(&records).map_err(|source| ArchiveError::Part {
            key: format!("{} of shard {}", number, self.name()),
            source,
        })?;
        let Some(manifest) = Manifest::new(self.day, self.shard, number, &records, &file) else {
            return Ok(true);
        };
        let pending = pending_key(&manifest.sha256);
        retrying(pause, async || objects.put(&pending, file.clone()).await).await?;
        drop(file);
        let (key, json) = (manifest.key(), manifest.json());
        let put = retrying(pause, async || objects.put_new(&key, json.clone()).await).await?;
        if put == PutNew::Exists {
            // Ours, when the first answer was lost.
            let there = retrying(pause, async || objects.get(&key).await).await?;
            if there.as_deref() != Some(&json) {
                return Ok(false);
            }
        }
        publish(&manifest, objects).await?;
        let copied = holds(&manifest, &records, objects).await?;
        if !copied {
            return Err(ArchiveError::Disagrees(manifest.part));
        }
        let keys: Vec<_> = records.into_iter().map(|record| record.key).collect();
        self.report.items += manifest.items;
        self.report.parts += 1;
        self.report.bytes += manifest.bytes;
        self.delete(&keys).await?;
        Ok(true)
    }

    /// Deletes items whose copy was read back, some calls at a time: one after another they took most of a night.
    async fn delete(&mut self, keys: &[TransactionKey]) -> Result<(), ArchiveError> {
        let chunks = stream::iter(keys.chunks(DELETE_BATCH_KEYS_MAX));
        let deletes = chunks.map(|some| self.delete_some(some));
        let mut ended = deletes.buffer_unordered(DELETES_AT_ONCE);
        let (mut deleted, mut failed) = (0, None);
        while let Some(result) = ended.next().await {
            match result {
                Ok(number) => deleted += number,
                Err(error) => failed = Some(error),
            }
        }
        drop(ended);
        self.report.deleted += deleted;
        failed.map_or(Ok(()), Err)
    }

    /// Deletes the items of one call, as often as some are put off; their number.
    async fn delete_some(&self, keys: &[TransactionKey]) -> Result<u64, ArchiveError> {
        let (index, pause) = (self.deps.index, self.deps.pause);
        let mut rest = keys.to_vec();
        let mut attempt = 1;
        while !rest.is_empty() {
            rest = retrying(pause, async || index.delete(&rest).await).await?;
            if rest.is_empty() {
                break;
            }
            if attempt == ATTEMPTS_MAX {
                return Err(ArchiveError::PutOff(self.name()));
            }
            pause.before(attempt).await;
            attempt += 1;
        }
        Ok(keys.len() as u64)
    }
}
