//! What ingest writes to, in memory: the transactions table, the audit bucket, the rejected queue, the secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use provider_webhooks::Secrets;

use super::{Call, EntryFault, Memory, invalid, try_again};
use crate::storage::{
    AuditStore, CertificateStore, INSERT_BATCH_RECORDS_MAX, InsertOutcome, RejectedMessage,
    RejectedQueue, SecretStore, StoreError, TransactionRecord, TransactionStore,
};
use crate::stored::StoredTransaction;

impl super::State {
    fn insert(&mut self, record: &TransactionRecord) -> InsertOutcome {
        let fault = self.entry_fault();
        match fault {
            Some(EntryFault::ThrottleBefore) => return InsertOutcome::Retry,
            Some(EntryFault::Refuse) => return InsertOutcome::Refused,
            Some(EntryFault::ThrottleAfter) | None => {}
        }
        let key = record.event.key();
        if self.records.contains_key(&key) {
            return InsertOutcome::Duplicate;
        }
        self.records.insert(key, record.clone());
        let image = StoredTransaction::from(record).typed_json();
        self.stream.push(image);
        if fault.is_some() {
            InsertOutcome::Retry
        } else {
            InsertOutcome::Stored
        }
    }
}

impl TransactionStore for Memory {
    async fn insert_batch(
        &self,
        records: &[TransactionRecord],
    ) -> Result<Vec<InsertOutcome>, StoreError> {
        self.call(Call::InsertBatch, |state| {
            let mut keys: Vec<_> = records.iter().map(|record| record.event.key()).collect();
            keys.sort();
            keys.dedup();
            if records.is_empty()
                || records.len() > INSERT_BATCH_RECORDS_MAX
                || keys.len() < records.len()
            {
                return Err(invalid("ValidationException"));
            }
            Ok(records.iter().map(|record| state.insert(record)).collect())
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
