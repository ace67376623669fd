//! Every storage trait in memory, with a script of faults: for tests and the simulation.
//!
//! Invariant: refuses what AWS refuses (a call of more than 25 statements or with one key twice, a record without its guard), and
//! can fail before or after a call took effect, put off single statements, or stop the world as a crash does. No clock, no
//! randomness: a script is a pure function of call numbers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use payment_event::TransactionKey;
use provider_webhooks::Secrets;

use crate::storage::{
    AuditStore, INSERT_BATCH_RECORDS_MAX, InsertOutcome, Pause, RejectedMessage, RejectedQueue,
    SecretStore, StoreError, TransactionRecord, TransactionStore,
};

/// The kinds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// [`SecretStore::secrets`].
    Secrets,
    /// [`SecretStore::refreshed`].
    Refresh,
    /// [`AuditStore::put`].
    AuditPut,
    /// [`TransactionStore::insert_batch`].
    InsertBatch,
    /// [`TransactionStore::insert_guarded`].
    InsertGuarded,
    /// [`RejectedQueue::send`].
    RejectedSend,
}

/// What goes wrong with a whole call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallFault {
    /// Nothing happens, and the error says: try again.
    RetryableBefore,
    /// It takes effect, and the answer is lost.
    RetryableAfter,
    /// Nothing happens, and repeating does not help.
    Final,
    /// The process ends before the call takes effect: this call and all later ones never return.
    CrashBefore,
    /// The process ends when the call has taken effect.
    CrashAfter,
}

/// What goes wrong with one statement or one message inside a call that succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryFault {
    /// Without effect; to be tried again.
    ThrottleBefore,
    /// With effect, answered as if it had none.
    ThrottleAfter,
    /// Called invalid.
    Refuse,
}

/// All stores and the pause, over one state.
#[derive(Debug, Default)]
pub struct Memory(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    entries: u64,
    pauses: u32,
    crashed: bool,
    call_faults: BTreeMap<usize, CallFault>,
    kind_faults: BTreeMap<Call, CallFault>,
    entry_faults: BTreeMap<u64, EntryFault>,
    records: BTreeMap<TransactionKey, TransactionRecord>,
    guards: BTreeMap<TransactionKey, i64>,
    objects: BTreeMap<String, Vec<u8>>,
    rejected: Vec<RejectedMessage>,
    secrets: BTreeMap<String, Arc<Secrets>>,
    newer_secrets: BTreeMap<String, Arc<Secrets>>,
}

impl Memory {
    /// Empty stores, no faults.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the secret store holds and its cache answers.
    pub fn set_secrets(&self, provider: &str, secrets: Secrets) {
        self.state()
            .secrets
            .insert(provider.to_owned(), Arc::new(secrets));
    }

    /// What a renewed reading finds. Without it the cache is too young to be read again.
    pub fn set_newer_secrets(&self, provider: &str, secrets: Secrets) {
        self.state()
            .newer_secrets
            .insert(provider.to_owned(), Arc::new(secrets));
    }

    /// The call with this number (from 0, over all kinds) goes wrong.
    pub fn fail_call(&self, number: usize, fault: CallFault) {
        self.state().call_faults.insert(number, fault);
    }

    /// Every call of this kind goes wrong.
    pub fn fail_every(&self, call: Call, fault: CallFault) {
        self.state().kind_faults.insert(call, fault);
    }

    /// The statement or rejected message with this number (from 0, in the order they reach a store) goes wrong.
    pub fn fail_entry(&self, number: u64, fault: EntryFault) {
        self.state().entry_faults.insert(number, fault);
    }

    /// Ends every fault; what is stored stays. The next process starts here.
    pub fn heal(&self) {
        let mut state = self.state();
        state.call_faults.clear();
        state.kind_faults.clear();
        state.entry_faults.clear();
        state.crashed = false;
    }

    /// The calls that were made, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// How many statements and rejected messages reached a store.
    pub fn entries(&self) -> u64 {
        self.state().entries
    }

    /// How often the pipeline waited.
    pub fn pauses(&self) -> u32 {
        self.state().pauses
    }

    /// The records by their key.
    pub fn records(&self) -> BTreeMap<TransactionKey, TransactionRecord> {
        self.state().records.clone()
    }

    /// The guards and when they may expire.
    pub fn guards(&self) -> BTreeMap<TransactionKey, i64> {
        self.state().guards.clone()
    }

    /// The audit objects by their key.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.state().objects.clone()
    }

    /// The rejected queue.
    pub fn rejected(&self) -> Vec<RejectedMessage> {
        self.state().rejected.clone()
    }

    /// Runs `effect` as the script says. `None` is a crash: the caller must never go on.
    fn perform<V>(
        &self,
        call: Call,
        effect: impl FnOnce(&mut State) -> Result<V, StoreError>,
    ) -> Option<Result<V, StoreError>> {
        let mut state = self.state();
        if state.crashed {
            return None;
        }
        let number = state.calls.len();
        state.calls.push(call);
        let fault = state
            .call_faults
            .get(&number)
            .or_else(|| state.kind_faults.get(&call))
            .copied();
        match fault {
            None => Some(effect(&mut state)),
            Some(CallFault::RetryableBefore) => Some(Err(try_again("ServiceUnavailable"))),
            Some(CallFault::RetryableAfter) => {
                Some(effect(&mut state).and_then(|_| Err(try_again("RequestTimeout"))))
            }
            Some(CallFault::Final) => Some(Err(invalid("AccessDenied"))),
            Some(CallFault::CrashBefore) => {
                state.crashed = true;
                None
            }
            Some(CallFault::CrashAfter) => {
                let _ = effect(&mut state);
                state.crashed = true;
                None
            }
        }
    }

    async fn call<V>(
        &self,
        call: Call,
        effect: impl FnOnce(&mut State) -> Result<V, StoreError>,
    ) -> Result<V, StoreError> {
        match self.perform(call, effect) {
            Some(result) => result,
            None => std::future::pending().await,
        }
    }
}

fn try_again(cause: &str) -> StoreError {
    StoreError::Retryable {
        call: "memory",
        cause: cause.to_owned(),
    }
}

fn invalid(cause: &str) -> StoreError {
    StoreError::Final {
        call: "memory",
        cause: cause.to_owned(),
    }
}

impl State {
    fn entry_fault(&mut self) -> Option<EntryFault> {
        let number = self.entries;
        self.entries += 1;
        self.entry_faults.get(&number).copied()
    }

    fn insert(&mut self, record: &TransactionRecord) -> InsertOutcome {
        let fault = self.entry_fault();
        match fault {
            Some(EntryFault::ThrottleBefore) => return InsertOutcome::Retry,
            Some(EntryFault::Refuse) => return InsertOutcome::Refused,
            Some(EntryFault::ThrottleAfter) | None => {}
        }
        let guard_key = record.event.guard_key();
        let guarded = guard_key
            .as_ref()
            .is_some_and(|key| self.guards.contains_key(key));
        let key = record.event.key();
        if guarded || self.records.contains_key(&key) {
            return InsertOutcome::Duplicate;
        }
        self.records.insert(key, record.clone());
        if let Some(key) = guard_key {
            self.guards.insert(key, record.guard_expires_at_s);
        }
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
            let unguarded = records
                .iter()
                .all(|record| record.event.guard_key().is_none());
            if records.is_empty()
                || records.len() > INSERT_BATCH_RECORDS_MAX
                || keys.len() < records.len()
                || !unguarded
            {
                return Err(invalid("ValidationException"));
            }
            Ok(records.iter().map(|record| state.insert(record)).collect())
        })
        .await
    }

    async fn insert_guarded(
        &self,
        record: &TransactionRecord,
    ) -> Result<InsertOutcome, StoreError> {
        self.call(Call::InsertGuarded, |state| {
            match record.event.guard_key() {
                Some(_) => Ok(state.insert(record)),
                None => Err(invalid("ValidationException")),
            }
        })
        .await
    }
}

impl AuditStore for Memory {
    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), StoreError> {
        self.call(Call::AuditPut, |state| {
            state.objects.insert(key.to_owned(), body);
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

impl Pause for Memory {
    async fn before(&self, _attempt: u32) {
        self.state().pauses += 1;
    }
}
