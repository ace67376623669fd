//! What must hold of table and archive between any two steps.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use payment_event::{MOVEMENT, TransactionKey};
use pipeline::memory::{Memory, to_the_end};
use pipeline::storage::Item;
use pipeline::stored::StoredTransaction;
use transaction_archive::decode;

use super::{Checked, check};

/// The records of a part.
type Part = Rc<[Rc<StoredTransaction>]>;

/// The parts that were read already. A part is written once and read after every step; what its
/// bytes mean does not change.
#[derive(Default)]
pub(crate) struct PartsRead(RefCell<BTreeMap<Vec<u8>, Part>>);

/// What is archived, by key.
#[derive(Default)]
pub(crate) struct Archived {
    /// Events.
    pub(super) events: BTreeMap<TransactionKey, Rc<StoredTransaction>>,
    /// Movements, in every version.
    movements: BTreeMap<(TransactionKey, u64), Rc<StoredTransaction>>,
}

fn version(record: &StoredTransaction) -> u64 {
    record.movement.as_ref().map_or(0, |it| it.version)
}

impl Archived {
    /// Whether an event, or this version of a movement, is there.
    fn has(&self, key: &TransactionKey, version: Option<u64>) -> bool {
        match version {
            None => self.events.contains_key(key),
            Some(version) => self.movements.contains_key(&(key.clone(), version)),
        }
    }

    /// The copy of a record of the table as it is now.
    fn copy_of(&self, record: &StoredTransaction) -> Option<&StoredTransaction> {
        match record.movement {
            None => self.events.get(&record.key),
            Some(_) => self.movements.get(&(record.key.clone(), version(record))),
        }
        .map(Rc::as_ref)
    }
}

impl PartsRead {
    /// What readers of the archive see, by the whole content of the parts that are visible now.
    pub(crate) fn visible(&self, memory: &Memory) -> Result<Vec<Rc<StoredTransaction>>, String> {
        let mut records = Vec::new();
        for (key, file) in memory.objects() {
            if key.starts_with("archive/transactions/") {
                let bytes = file.as_slice();
                let known = self.0.borrow().get(bytes).cloned();
                let part = match known {
                    Some(part) => part,
                    None => {
                        let read =
                            decode(file.clone()).map_err(|error| format!("{key}: {error}"))?;
                        let part: Part = read.into_iter().map(Rc::new).collect();
                        self.0.borrow_mut().insert(bytes.to_vec(), Rc::clone(&part));
                        part
                    }
                };
                records.extend(part.iter().cloned());
            }
        }
        Ok(records)
    }

    /// The same by key: no event and no version of a movement is there twice.
    pub(super) fn archived(&self, memory: &Memory) -> Result<Archived, String> {
        let mut archived = Archived::default();
        for record in self.visible(memory)? {
            let key = record.key.clone();
            let twice = match record.movement {
                None => archived.events.insert(key, record),
                Some(_) => archived.movements.insert((key, version(&record)), record),
            };
            check(twice.is_none(), || format!("archived twice: {twice:?}"))?;
        }
        Ok(archived)
    }
}

/// Items of the table as records.
fn records(items: impl IntoIterator<Item = Item>) -> Result<Vec<StoredTransaction>, String> {
    let items = items.into_iter();
    let records = items.map(|item| StoredTransaction::from_item(item).map_err(|e| e.to_string()));
    records.collect()
}

/// Between any two steps: the latest of everything that was ever written is in table or archive.
pub(crate) fn nothing_vanished(parts: &PartsRead, memory: &Memory) -> Checked {
    let archived = parts.archived(memory)?;
    let written: BTreeMap<TransactionKey, u64> = memory
        .stream(0)
        .into_iter()
        .map(|change| (change.key, change.version))
        .collect();
    for (key, version) in written {
        let version = key.timestamp.starts_with(MOVEMENT).then_some(version);
        let copied = archived.has(&key, version);
        check(copied || memory.has_item(&key), || {
            format!("{key:?} is in neither table nor archive")
        })?;
    }
    Ok(())
}

/// Every record of the table has a copy that is equal to it.
pub(crate) fn everything_is_archived(parts: &PartsRead, memory: &Memory) -> Checked {
    let archived = parts.archived(memory)?;
    for record in records(memory.items().into_values())? {
        check(archived.copy_of(&record) == Some(&record), || {
            format!("{:?} is not archived, or otherwise than it is", record.key)
        })?;
    }
    Ok(())
}

/// What a mark says is archived: every record of the table that belongs to an object which a digest
/// up to the mark's seals.
pub(crate) fn whole_days_are_whole(parts: &PartsRead, memory: &Memory, now: Timestamp) -> Checked {
    let mut marks: BTreeMap<String, u64> = BTreeMap::new();
    for key in memory.objects().keys() {
        let mark = key.strip_prefix("archive/whole/dt=");
        if let Some((day, number)) = mark.and_then(|mark| mark.split_once('/')) {
            let number: u64 = number.trim_end_matches(".json").parse().unwrap_or_default();
            let last = marks.entry(day.to_owned()).or_default();
            *last = number.max(*last);
        }
    }
    if marks.is_empty() {
        return Ok(());
    }
    memory.spare(true);
    let mut objects = BTreeSet::new();
    let sealed = to_the_end(audit_seal::sealed(now, memory, memory));
    let sealed = sealed.ok_or("the chain never ends")?;
    for inventory in sealed.map_err(|error| error.to_string())?.inventories {
        let mark = marks.get(&inventory.day.to_string());
        if mark.is_some_and(|mark| inventory.sequence <= *mark) {
            let entries = to_the_end(inventory.entries(memory, memory));
            let entries = entries.ok_or("the inventory never ends")?;
            let entries = entries.map_err(|error| error.to_string())?;
            objects.extend(entries.into_iter().map(|entry| entry.key));
        }
    }
    memory.spare(false);
    let archived = parts.archived(memory)?;
    for (key, version) in memory.filed(|key| objects.contains(key)) {
        check(archived.has(&key, version), || {
            format!("{key:?} of a whole day is not archived")
        })?;
    }
    Ok(())
}
