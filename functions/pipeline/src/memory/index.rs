//! The index of the transactions table over its archive shards, in memory.

use std::collections::BTreeMap;

use payment_event::TransactionKey;

use super::{Call, EntryFault, Memory, invalid};
use crate::storage::{
    Attribute, DELETE_BATCH_KEYS_MAX, Item, MovementReader, Page, PaymentReader, StoreError,
    TransactionIndex,
};
use crate::stored::StoredTransaction;

/// Small, so that tests page.
const PAGE_ITEMS: usize = 7;

impl Memory {
    /// Puts an item into the table past the pipeline: one of an older time, or one that is damaged.
    pub fn put_item(&self, item: Item) {
        if let Some(key) = key_of(&item) {
            self.state().other_items.insert(key, item);
        }
    }

    /// Every item of the table that has an archive shard, by key.
    pub fn items(&self) -> BTreeMap<TransactionKey, Item> {
        self.state().items()
    }
}

fn key_of(item: &Item) -> Option<TransactionKey> {
    let text = |name: &str| match item.get(name) {
        Some(Attribute::Text(text)) => Some(text.clone()),
        _ => None,
    };
    Some(TransactionKey {
        transaction_id: text("transaction_id")?,
        timestamp: text("timestamp")?,
    })
}

impl super::State {
    fn items(&self) -> BTreeMap<TransactionKey, Item> {
        let records = self.records.iter();
        let mut items: BTreeMap<_, _> = records
            .map(|(key, record)| (key.clone(), StoredTransaction::from(record).item()))
            .collect();
        items.extend(self.other_items.clone());
        items
    }
}

impl MovementReader for Memory {
    async fn movements(&self, keys: &[TransactionKey]) -> Result<Vec<Item>, StoreError> {
        self.call(Call::MovementsRead, |state| {
            let found = keys.iter().filter_map(|key| state.movements.get(key));
            Ok(found.map(StoredTransaction::item).collect())
        })
        .await
    }
}

impl PaymentReader for Memory {
    async fn items_of(&self, transaction_id: &str) -> Result<Vec<Item>, StoreError> {
        self.call(Call::PaymentRead, |state| {
            let here = |key: &TransactionKey| key.transaction_id == transaction_id;
            let items = state.items().into_iter();
            let events = items.filter(|(key, _)| here(key)).map(|(_, item)| item);
            let movements = state.movements.iter().filter(|(key, _)| here(key));
            Ok(events
                .chain(movements.map(|(_, movement)| movement.item()))
                .collect())
        })
        .await
    }
}

impl TransactionIndex for Memory {
    async fn page(
        &self,
        archive_shard: &str,
        after: Option<&TransactionKey>,
        limit: Option<usize>,
    ) -> Result<Page, StoreError> {
        self.call(Call::IndexPage, |state| {
            let shard = Attribute::Text(archive_shard.to_owned());
            // The index is ordered by its sort key, the timestamp; then by the table's partition key.
            let order = |key: &TransactionKey| (key.timestamp.clone(), key.transaction_id.clone());
            let of_records = state
                .records
                .iter()
                .filter(|(_, record)| record.archive_shard == archive_shard)
                .map(|(key, record)| (key.clone(), StoredTransaction::from(record).item()));
            let others = state
                .other_items
                .iter()
                .filter(|(_, item)| item.get("archive_shard") == Some(&shard))
                .map(|(key, item)| (key.clone(), item.clone()));
            let mut found: Vec<(TransactionKey, Item)> = of_records
                .chain(others)
                .filter(|(key, _)| after.is_none_or(|after| order(key) > order(after)))
                .collect();
            found.sort_by_key(|(key, _)| order(key));
            let size = limit.unwrap_or(PAGE_ITEMS).min(PAGE_ITEMS);
            let more = found.len() > size;
            found.truncate(size);
            let next = found.last().filter(|_| more).map(|(key, _)| key.clone());
            let items = found.into_iter().map(|(_, item)| item).collect();
            Ok(Page { items, next })
        })
        .await
    }

    async fn delete(&self, keys: &[TransactionKey]) -> Result<Vec<TransactionKey>, StoreError> {
        self.call(Call::IndexDelete, |state| {
            if keys.is_empty() || keys.len() > DELETE_BATCH_KEYS_MAX {
                return Err(invalid("ValidationException"));
            }
            let mut put_off = Vec::new();
            for key in keys {
                let fault = state.entry_fault();
                if fault == Some(EntryFault::ThrottleBefore) {
                    put_off.push(key.clone());
                    continue;
                }
                state.records.remove(key);
                state.other_items.remove(key);
                state.deleted.push(key.clone());
                if fault.is_some() {
                    put_off.push(key.clone());
                }
            }
            Ok(put_off)
        })
        .await
    }
}
