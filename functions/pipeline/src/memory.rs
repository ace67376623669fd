//! Every storage trait in memory, with a script of faults: for tests and the simulation.
//!
//! Invariant: refuses what AWS refuses (a call of more than 25 statements or with one key twice), and
//! can fail before or after a call took effect, put off single statements, or stop the world as a crash does. No clock, no
//! randomness: a script is a pure function of call numbers.

mod analytics;
mod ingest;
mod items;
mod logs;
mod objects;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use aws_lc_rs::signature::EcdsaKeyPair;
use payment_event::TransactionKey;
use provider_webhooks::Secrets;

pub use objects::signing_key;

use crate::aggregate::{Items, SequenceNumber, StreamRecordError};
use crate::storage::{Item, LogEvent, Pause, RejectedMessage, StoreError, TransactionRecord};
use crate::stored::StoredTransaction;

/// The kinds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `SecretStore::secrets`.
    Secrets,
    /// `SecretStore::refreshed`.
    Refresh,
    /// `CertificateStore::fetch`.
    CertificateFetch,
    /// `AuditStore::put`.
    AuditPut,
    /// `TransactionStore::write_batch`.
    InsertBatch,
    /// `RejectedQueue::send`.
    RejectedSend,
    /// `AnalyticsStore::marker`.
    AnalyticsMarker,
    /// `AnalyticsStore::markers_around`.
    AnalyticsMarkersAround,
    /// `AnalyticsStore::leave`.
    AnalyticsLeave,
    /// `AnalyticsStore::apply`.
    AnalyticsApply,
    /// `DeadLetters::send`.
    DeadLetterSend,
    /// `CountStore::minutes`.
    CountsMinutes,
    /// `CountStore::sums`.
    CountsSums,
    /// `CountStore::put`.
    CountsPut,
    /// `ItemReader::read_batch`.
    ItemsRead,
    /// `PaymentReader::items_of`.
    PaymentRead,
    /// `Expiry::is_stopped`.
    ExpiryRead,
    /// `Expiry::stop`.
    ExpiryStop,
    /// `ObjectStore::get`.
    ObjectGet,
    /// `ObjectStore::put`.
    ObjectPut,
    /// `ObjectStore::put_new`.
    ObjectPutNew,
    /// The listings of `ObjectStore`.
    ObjectList,
    /// `ObjectStore::sha256`.
    ObjectHash,
    /// `Signer::sign`.
    Sign,
    /// `LogStore::events`.
    LogEvents,
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

/// A record of the table's stream.
#[derive(Clone, Debug)]
pub struct Change {
    /// The item that was written.
    pub key: TransactionKey,
    /// Its version, for a movement; else 0.
    pub version: u64,
    /// Its place in the stream.
    pub sequence: SequenceNumber,
    /// The record as a function is given it.
    pub json: Arc<str>,
}

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    entries: u64,
    pauses: u32,
    crashed: bool,
    interleaved: bool,
    spared: bool,
    call_faults: BTreeMap<usize, CallFault>,
    kind_faults: BTreeMap<Call, CallFault>,
    entry_faults: BTreeMap<u64, EntryFault>,
    records: BTreeMap<TransactionKey, TransactionRecord>,
    movements: BTreeMap<TransactionKey, StoredTransaction>,
    untold: bool,
    objects: BTreeMap<String, objects::Versions>,
    versions_made: u64,
    signing_key: Option<EcdsaKeyPair>,
    logs: BTreeMap<String, Vec<LogEvent>>,
    other_items: BTreeMap<TransactionKey, Item>,
    expiry_stopped: bool,
    stream: Vec<Change>,
    counts: Items,
    markers: BTreeMap<SequenceNumber, Vec<u8>>,
    conflicts: u32,
    dead_letters: Vec<(String, StreamRecordError)>,
    rejected: Vec<RejectedMessage>,
    secrets: BTreeMap<String, Arc<Secrets>>,
    newer_secrets: BTreeMap<String, Arc<Secrets>>,
    certificates: BTreeMap<String, Arc<[u8]>>,
    remembered_certificates: BTreeMap<String, Option<Arc<[u8]>>>,
    fetched_urls: Vec<Vec<String>>,
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

    /// Puts a certificate at a URL, where a fetch finds it.
    pub fn set_certificate(&self, url: &str, pem: &[u8]) {
        self.state().certificates.insert(url.to_owned(), pem.into());
    }

    /// Makes the store remember what is at a URL; `None` stands for a fetch that failed.
    pub fn remember_certificate(&self, url: &str, pem: Option<&[u8]>) {
        self.state()
            .remembered_certificates
            .insert(url.to_owned(), pem.map(Arc::from));
    }

    /// The URLs of each call that fetched certificates, in order.
    pub fn fetched_urls(&self) -> Vec<Vec<String>> {
        self.state().fetched_urls.clone()
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

    /// From now on every call waits once before it is made, so that a caller can run several futures in any order of their calls.
    pub fn interleave(&self) {
        self.state().interleaved = true;
    }

    /// While set, calls neither meet faults nor count towards the numbers of the script.
    pub fn spare(&self, spared: bool) {
        self.state().spared = spared;
    }

    /// Whether a crash came and was not healed.
    pub fn crashed(&self) -> bool {
        self.state().crashed
    }

    /// Ends every fault; what is stored stays. The next process starts here.
    pub fn heal(&self) {
        let mut state = self.state();
        state.call_faults.clear();
        state.kind_faults.clear();
        state.entry_faults.clear();
        state.conflicts = 0;
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

    /// The next so many transactions of the analytics table meet another one.
    pub fn set_conflicts(&self, count: u32) {
        self.state().conflicts = count;
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
        if state.spared {
            return Some(effect(&mut state));
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
        if self.state().interleaved {
            // Another future may run between any two calls.
            let mut yielded = false;
            std::future::poll_fn(|context| {
                if std::mem::replace(&mut yielded, true) {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
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
        if self.spared {
            return None;
        }
        let number = self.entries;
        self.entries += 1;
        self.entry_faults.get(&number).copied()
    }
}

impl Pause for Memory {
    async fn before(&self, _attempt: u32) {
        self.state().pauses += 1;
    }
}

/// Polls to the end. `None` is a crash: everything in memory answers at once, so what still waits waits forever.
pub fn to_the_end<V>(future: impl Future<Output = V>) -> Option<V> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..10_000).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    })
}
