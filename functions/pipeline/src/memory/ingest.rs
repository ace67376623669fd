//! What ingest writes to, in memory: the transactions table, the audit bucket, the rejected queue, the secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use payment_event::TransactionKey;
use provider_webhooks::Secrets;

use super::{Call, Change, EntryFault, Memory, invalid, try_again};
use crate::aggregate::SequenceNumber;
use crate::storage::{
    AuditStore, CertificateStore, INSERT_BATCH_RECORDS_MAX, InsertOutcome, Over, RejectedMessage,
    RejectedQueue, SecretStore, StoreError, TransactionRecord, TransactionStore, Write, Written,
};
use crate::stored::StoredTransaction;

impl Memory {
    /// The items of movements, by key.
    pub fn movements(&self) -> BTreeMap<TransactionKey, StoredTransaction> {
        self.state().movements.clone()
    }

    /// Makes every movement's item one that cannot be read.
    pub fn damage_movements(&self) {
        for item in self.state().movements.values_mut() {
            if let Some(movement) = &mut item.movement {
                movement.state = "no such state".to_owned();
            }
        }
    }

    /// From now on a refused insert is answered without what stands at its key.
    pub fn tell_nothing_of_what_is_present(&self) {
        self.state().untold = true;
    }
}

impl super::State {
    fn note_change(&mut self, old: Option<serde_json::Value>, new: &StoredTransaction) {
        // As wide as the real ones, and with gaps.
        let number = 700_000_000_000_000_000_000_u128 + 7 * self.stream.len() as u128;
        let Some(sequence) = SequenceNumber::parse(&number.to_string()) else {
            return;
        };
        let mut json = serde_json::json!({
            "eventName": "INSERT",
            "dynamodb": {"SequenceNumber": sequence.as_str(), "NewImage": new.typed_json()},
        });
        if let Some(old) = old {
            json["eventName"] = "MODIFY".into();
            json["dynamodb"]["OldImage"] = old;
        }
        self.stream.push(Change {
            key: new.key.clone(),
            version: new.movement.as_ref().map_or(0, |it| it.version),
            sequence,
            json: json.to_string().into(),
        });
    }

    fn write_item(&mut self, write: &Write) -> Written {
        let fault = self.entry_fault();
        match fault {
            Some(EntryFault::ThrottleBefore) => return InsertOutcome::Retry.into(),
            Some(EntryFault::Refuse) => return InsertOutcome::Refused.into(),
            Some(EntryFault::ThrottleAfter) | None => {}
        }
        let written = match write {
            Write::Event(record) => self.insert(record),
            Write::Movement(item, over) => self.write_movement(item, *over),
        };
        match fault {
            Some(_) if written.outcome == InsertOutcome::Stored => InsertOutcome::Retry.into(),
            _ => written,
        }
    }

    fn insert(&mut self, record: &TransactionRecord) -> Written {
        let key = record.event.key();
        if self.records.contains_key(&key) {
            return InsertOutcome::Duplicate.into();
        }
        self.records.insert(key, record.clone());
        self.note_change(None, &StoredTransaction::from(record));
        InsertOutcome::Stored.into()
    }

    fn write_movement(&mut self, item: &StoredTransaction, over: Over) -> Written {
        let present = self.movements.get(&item.key);
        let version = present
            .and_then(|it| it.movement.as_ref())
            .map(|it| it.version);
        let may = match over {
            Over::Nothing => present.is_none(),
            Over::Version(expected) => version == Some(expected),
            Over::Unseen => false,
        };
        if may {
            let old = present.map(StoredTransaction::typed_json);
            self.note_change(old, item);
            self.movements.insert(item.key.clone(), item.clone());
            return InsertOutcome::Stored.into();
        }
        let told = over != Over::Nothing || !self.untold;
        Written {
            outcome: InsertOutcome::Duplicate,
            present: present.filter(|_| told).map(StoredTransaction::item),
        }
    }
}

impl TransactionStore for Memory {
    async fn write_batch(&self, writes: &[Write]) -> Result<Vec<Written>, StoreError> {
        self.call(Call::InsertBatch, |state| {
            let mut keys: Vec<_> = writes.iter().map(Write::key).collect();
            keys.sort();
            keys.dedup();
            if writes.is_empty()
                || writes.len() > INSERT_BATCH_RECORDS_MAX
                || keys.len() < writes.len()
            {
                return Err(invalid("ValidationException"));
            }
            Ok(writes.iter().map(|write| state.write_item(write)).collect())
        })
        .await
    }
}

impl AuditStore for Memory {
    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), StoreError> {
        self.call(Call::AuditPut, |state| {
            // As S3 with If-None-Match: what is there is this invocation's own, and stays the one version.
            if !state.objects.contains_key(key) {
                state.write(key, body);
            }
            Ok(())
        })
        .await
    }
}

impl RejectedQueue for Memory {
    async fn send(&self, messages: &[RejectedMessage]) -> Vec<Result<(), StoreError>> {
        if messages.is_empty() {
            return Vec::new();
        }
        let sent = self.call(Call::RejectedSend, |state| {
            let one = |message: &RejectedMessage| {
                let fault = state.entry_fault();
                if matches!(fault, None | Some(EntryFault::ThrottleAfter)) {
                    state.rejected.push(message.clone());
                }
                match fault {
                    None => Ok(()),
                    Some(EntryFault::Refuse) => Err(invalid("InvalidMessageContents")),
                    Some(_) => Err(try_again("ThrottlingException")),
                }
            };
            Ok(messages.iter().map(one).collect::<Vec<_>>())
        });
        sent.await
            .unwrap_or_else(|error| vec![Err(error); messages.len()])
    }
}

impl SecretStore for Memory {
    async fn secrets(&self, provider: &'static str) -> Result<Arc<Secrets>, StoreError> {
        self.call(Call::Secrets, |state| {
            Ok(state.secrets.get(provider).cloned().unwrap_or_default())
        })
        .await
    }

    async fn refreshed(&self, provider: &'static str) -> Result<Option<Arc<Secrets>>, StoreError> {
        self.call(Call::Refresh, |state| {
            let newer = state.newer_secrets.get(provider).cloned();
            if let Some(secrets) = &newer {
                state
                    .secrets
                    .insert(provider.to_owned(), Arc::clone(secrets));
            }
            Ok(newer)
        })
        .await
    }
}

impl CertificateStore for Memory {
    fn remembered(&self, url: &str) -> Option<Option<Arc<[u8]>>> {
        self.state().remembered_certificates.get(url).cloned()
    }

    fn forget(&self, url: &str) -> bool {
        let mut state = self.state();
        let known = matches!(state.remembered_certificates.get(url), Some(Some(_)));
        if known {
            state.remembered_certificates.remove(url);
        }
        known
    }

    async fn fetch(&self, urls: &[String]) -> BTreeMap<String, Arc<[u8]>> {
        let call = Call::CertificateFetch;
        self.state().fetched_urls.push(urls.to_vec());
        let found = self.call(call, |state| {
            let there = |url: &String| Some((url.clone(), state.certificates.get(url).cloned()?));
            Ok(urls.iter().filter_map(there).collect::<BTreeMap<_, _>>())
        });
        let found = found.await.unwrap_or_default();
        let mut state = self.state();
        for url in urls {
            let pem = found.get(url).cloned();
            state.remembered_certificates.insert(url.clone(), pem);
        }
        found
    }
}
