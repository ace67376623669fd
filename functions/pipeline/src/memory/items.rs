//! The transactions table as it is read and as it lets items expire, in memory.

use std::collections::BTreeMap;

use payment_event::TransactionKey;

use super::{Call, EntryFault, Memory, invalid};
use crate::audit::ZSTD_LEVEL;
use crate::storage::{
    Attribute, Expiry, Item, ItemBatch, ItemReader, PaymentReader, READ_BATCH_KEYS_MAX, StoreError,
};
use crate::stored::StoredTransaction;

impl Memory {
    /// Puts an item into the table past the pipeline: one of an older time, or one that is damaged.
    pub fn put_item(&self, item: Item) {
        if let Some(key) = key_of(&item) {
            self.state().other_items.insert(key, item);
        }
    }

    /// Puts records into the table past the pipeline, and writes the audit objects that their
    /// `audit_key` names, with a line for each event. A movement must be told by an event of its
    /// object.
    pub fn put_audited(&self, records: &[StoredTransaction]) {
        let mut objects: BTreeMap<&str, String> = BTreeMap::new();
        for record in records {
            self.put_item(record.item());
            let text = objects.entry(&record.audit_key).or_default();
            if record.movement.is_none() {
                text.push_str(&line(record));
                text.push('\n');
            }
        }
        for (key, text) in objects {
            // What compresses in memory does not fail.
            let object = zstd::bulk::compress(text.as_bytes(), ZSTD_LEVEL).unwrap_or_default();
            self.write_object(key, object);
        }
    }

    /// Every item of the table, by key.
    pub fn items(&self) -> BTreeMap<TransactionKey, Item> {
        self.state().items()
    }

    /// Whether an item stands at a key.
    pub fn has_item(&self, key: &TransactionKey) -> bool {
        let state = self.state();
        state.records.contains_key(key)
            || state.movements.contains_key(key)
            || state.other_items.contains_key(key)
    }

    /// The records of the messages whose audit object is one of these: their keys, and the versions
    /// of movements.
    pub fn filed(&self, wanted: impl Fn(&str) -> bool) -> Vec<(TransactionKey, Option<u64>)> {
        let state = self.state();
        let others = state.other_items.values().cloned();
        let others: Vec<_> = others
            .filter_map(|item| StoredTransaction::from_item(item).ok())
            .collect();
        let records = state.records.iter();
        let records = records.filter(|(_, record)| wanted(&record.audit.key));
        let stored = state.movements.values().chain(&others);
        let stored = stored.filter(|stored| wanted(&stored.audit_key));
        let version = |it: &StoredTransaction| it.movement.as_ref().map(|it| it.version);
        records
            .map(|(key, _)| (key.clone(), None))
            .chain(stored.map(|it| (it.key.clone(), version(it))))
            .collect()
    }

    /// Deletes the items whose `expires_at` is before `now_s` (seconds since the epoch) and for
    /// which `chosen` says yes, unless the expiry is stopped. DynamoDB deletes an item some days
    /// after it expired, and shows it until then. Returns the items that are gone.
    pub fn expire(&self, now_s: i64, mut chosen: impl FnMut(&TransactionKey) -> bool) -> Vec<Item> {
        let mut state = self.state();
        if state.expiry_stopped {
            return Vec::new();
        }
        let stated = |item: &Item| match item.get("expires_at") {
            Some(Attribute::Number(text)) => text.parse().ok(),
            _ => None,
        };
        let records = state.records.iter();
        let records = records.map(|(key, record)| (key, Some(record.expires_at())));
        let movements = state.movements.iter();
        let movements = movements.map(|(key, movement)| (key, Some(movement.expires_at)));
        let others = state.other_items.iter();
        let others = others.map(|(key, item)| (key, stated(item)));
        let over = |at: Option<i64>| at.is_some_and(|at| at < now_s);
        let all = records.chain(movements).chain(others);
        let due = all.filter(|(_, at)| over(*at)).map(|(key, _)| key.clone());
        let mut due: Vec<TransactionKey> = due.collect();
        due.sort();
        due.retain(|key| chosen(key));
        let expired = due.iter().filter_map(|key| state.item(key)).collect();
        for key in &due {
            state.records.remove(key);
            state.movements.remove(key);
            state.other_items.remove(key);
        }
        expired
    }

    /// Whether the expiry of the table is off.
    pub fn expiry_stopped(&self) -> bool {
        self.state().expiry_stopped
    }

    /// Switches the expiry on again, as a person does.
    pub fn start_expiry(&self) {
        self.state().expiry_stopped = false;
    }
}

/// The audit line of an event, as far as readers of keys need it.
fn line(event: &StoredTransaction) -> String {
    let movements = event.tells.iter().map(|told| {
        let mut parts = told.splitn(3, '#');
        let mut part = || parts.next().unwrap_or_default();
        let (kind, id, payment) = (part(), part(), part());
        let own = event.key.transaction_id.split_once(':');
        let own = own.map_or("", |(_, payment)| payment);
        let payment = if payment.is_empty() { own } else { payment };
        serde_json::json!({"kind": kind, "id": id, "payment": payment})
    });
    let line = serde_json::json!({
        "message_id": event.message_id,
        "verdict": "stored",
        "keys": [event.key],
        "events": [{"provider": event.provider, "movements": movements.collect::<Vec<_>>()}],
    });
    line.to_string()
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
    fn item(&self, key: &TransactionKey) -> Option<Item> {
        let other = self.other_items.get(key).cloned();
        let event = || Some(StoredTransaction::from(self.records.get(key)?).item());
        let movement = || Some(self.movements.get(key)?.item());
        other.or_else(event).or_else(movement)
    }

    fn items(&self) -> BTreeMap<TransactionKey, Item> {
        let keys = self.records.keys().chain(self.movements.keys());
        let keys = keys.chain(self.other_items.keys());
        keys.filter_map(|key| Some((key.clone(), self.item(key)?)))
            .collect()
    }
}

impl ItemReader for Memory {
    async fn read_batch(&self, keys: &[TransactionKey]) -> Result<ItemBatch, StoreError> {
        self.call(Call::ItemsRead, |state| {
            let mut different = keys.to_vec();
            different.sort();
            different.dedup();
            let fits = (1..=READ_BATCH_KEYS_MAX).contains(&keys.len());
            if !fits || different.len() < keys.len() {
                return Err(invalid("ValidationException"));
            }
            let mut batch = ItemBatch::default();
            for key in keys {
                match state.entry_fault() {
                    Some(EntryFault::ThrottleBefore | EntryFault::ThrottleAfter) => {
                        batch.put_off.push(key.clone());
                    }
                    _ => batch.items.extend(state.item(key)),
                }
            }
            Ok(batch)
        })
        .await
    }
}

impl PaymentReader for Memory {
    async fn items_of(&self, transaction_id: &str) -> Result<Vec<Item>, StoreError> {
        self.call(Call::PaymentRead, |state| {
            let items = state.items().into_iter();
            let here = items.filter(|(key, _)| key.transaction_id == transaction_id);
            Ok(here.map(|(_, item)| item).collect())
        })
        .await
    }
}

impl Expiry for Memory {
    async fn is_stopped(&self) -> Result<bool, StoreError> {
        self.call(Call::ExpiryRead, |state| Ok(state.expiry_stopped))
            .await
    }

    async fn stop(&self) -> Result<(), StoreError> {
        self.call(Call::ExpiryStop, |state| {
            // As DynamoDB does when it is off already.
            if state.expiry_stopped {
                return Err(invalid("ValidationException"));
            }
            state.expiry_stopped = true;
            Ok(())
        })
        .await
    }
}
