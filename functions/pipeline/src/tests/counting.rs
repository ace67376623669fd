//! Records of a stream are counted exactly once, whatever happens to calls, batches and invocations.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use payment_event::{CurrencyCode, MinorUnits, MovementKind, PaymentStatus};

use crate::aggregate::apply::{
    AnalyticsStore, Applied, ApplyError, ApplyOutcome, LOOKED_BACK_FOR_MS, Listed, apply,
};
use crate::aggregate::{
    Adds, Counted, CountedEvent, CountedMovement, Items, SequenceNumber, fold, marker, pack, packed,
};
use crate::memory::to_the_end;
use crate::storage::{Pause, StoreError};

const ATTEMPTS_MAX: u32 = 4;
const SEEDS: u64 = 300;

type Records = Vec<(SequenceNumber, Counted)>;
type Transaction = (Vec<SequenceNumber>, Items);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Before,
    After,
    Conflict,
    /// The answer is lost and the transaction commits only when something else has happened.
    Late,
    Unreadable,
}

#[derive(Default)]
struct Table {
    items: Items,
    markers: BTreeMap<SequenceNumber, Vec<u8>>,
}

impl Table {
    fn commit(&mut self, (records, items): &Transaction) -> ApplyOutcome {
        if self.markers.contains_key(&records[0]) {
            return ApplyOutcome::MarkerExists;
        }
        assert!(items.len() <= 99, "a transaction holds a hundred actions");
        self.markers
            .insert(records[0].clone(), marker::encode(records));
        for (key, numbers) in items {
            packed::add(self.items.entry(key.clone()).or_default(), numbers);
        }
        ApplyOutcome::Applied
    }

    /// Without what came to nothing.
    fn without_zeros(&self) -> Items {
        let mut items = self.items.clone();
        items.retain(|_, numbers| !numbers.is_empty());
        items
    }
}

#[derive(Default)]
struct Store {
    table: RefCell<Table>,
    late: RefCell<Vec<Transaction>>,
    faults: RefCell<Vec<Fault>>,
    looked_around: Cell<u32>,
}

impl Store {
    fn next_fault(&self) -> Fault {
        self.faults.borrow_mut().pop().unwrap_or(Fault::None)
    }

    fn settle_late(&self) {
        for transaction in self.late.borrow_mut().drain(..) {
            self.table.borrow_mut().commit(&transaction);
        }
    }
}

fn lost() -> StoreError {
    StoreError::Retryable {
        call: "dynamodb:TransactWriteItems",
        cause: "time-out".into(),
    }
}

impl AnalyticsStore for Store {
    async fn marker(&self, first: &SequenceNumber) -> Result<Listed, StoreError> {
        if self.next_fault() == Fault::Unreadable {
            return Err(lost());
        }
        let table = self.table.borrow();
        let listed = table.markers.get(first);
        Ok(listed.map_or(Listed::new(), |bytes| marker::decode(bytes).unwrap()))
    }

    async fn markers_around(&self, records: &[SequenceNumber]) -> Result<Vec<Listed>, StoreError> {
        if self.next_fault() == Fault::Unreadable {
            return Err(lost());
        }
        self.looked_around.set(self.looked_around.get() + 1);
        let asked: BTreeSet<_> = records.iter().collect();
        let table = self.table.borrow();
        let all = table.markers.values();
        let all = all.map(|bytes| marker::decode(bytes).unwrap());
        let around = all.filter(|listed| listed.iter().any(|n| asked.contains(n)));
        Ok(around.collect())
    }

    async fn leave(&self, records: &[SequenceNumber]) -> Result<(), StoreError> {
        if self.next_fault() == Fault::Unreadable {
            return Err(lost());
        }
        let mut table = self.table.borrow_mut();
        let marker = table.markers.entry(records[0].clone());
        marker.or_insert_with(|| marker::encode(records));
        Ok(())
    }

    async fn apply(
        &self,
        records: &[SequenceNumber],
        items: &Items,
    ) -> Result<ApplyOutcome, StoreError> {
        let transaction = (records.to_vec(), items.clone());
        match self.next_fault() {
            Fault::None | Fault::Unreadable => Ok(self.table.borrow_mut().commit(&transaction)),
            Fault::Before => Err(lost()),
            Fault::After => {
                self.table.borrow_mut().commit(&transaction);
                Err(lost())
            }
            Fault::Conflict => Ok(ApplyOutcome::Conflict),
            Fault::Late => {
                self.late.borrow_mut().push(transaction);
                Err(lost())
            }
        }
    }
}

/// While one invocation waits, what another one sent arrives.
impl Pause for Store {
    async fn before(&self, _attempt: u32) {
        self.settle_late();
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// Records whose receipt is minutes apart, so that a batch touches more rows than a transaction holds.
fn records(count: u64, random: &mut Random) -> Records {
    let mut number = 700_000_000_000_000_000_000_u128;
    (0..count)
        .map(|index| {
            number += 1 + u128::from(random.below(5));
            let received = 1_767_000_000_000 + i64::try_from(index * 61_000).unwrap();
            let currency = CurrencyCode::parse(["EUR", "USD"][usize::from(random.below(2) == 1)]);
            let minor = MinorUnits(i64::try_from(random.below(10_000)).unwrap());
            let money = Some(Adds::Money(currency.unwrap(), 2, minor));
            let event = match random.below(3) {
                0 => Counted::Event(CountedEvent {
                    provider: "stripe".into(),
                    status: PaymentStatus::ALL[usize::try_from(random.below(3)).unwrap()],
                    event_time: at(received - 500),
                    received_at: at(received),
                }),
                // Succeeded, or failed after it had.
                turn => Counted::Movement(CountedMovement {
                    provider: "stripe".into(),
                    kind: MovementKind::ALL[usize::try_from(random.below(3)).unwrap()],
                    before: money.filter(|_| turn == 2),
                    after: money.filter(|_| turn == 1),
                    received_at: at(received),
                }),
            };
            (SequenceNumber::parse(&number.to_string()).unwrap(), event)
        })
        .collect()
}

/// Long after the last of them was received.
const LONG_AFTER_MS: i64 = 1_767_900_000_000;
/// Before the first of them was received, by a clock that is behind: as fresh as can be.
const AT_ONCE_MS: i64 = 1_767_000_000_000 + LOOKED_BACK_FOR_MS;

fn count_at(now_ms: i64, store: &Store, batch: &Records) -> Result<Applied, ApplyError> {
    to_the_end(apply(batch, at(now_ms), 3, store, store, ATTEMPTS_MAX)).unwrap()
}

fn count(store: &Store, batch: &Records) -> Result<Applied, ApplyError> {
    count_at(LONG_AFTER_MS, store, batch)
}

fn expected_at(now_ms: i64, records: &Records) -> Items {
    pack(&fold(records.iter().map(|(_, e)| e), at(now_ms)), 3)
}

fn expected(records: &Records) -> Items {
    expected_at(LONG_AFTER_MS, records)
}

#[test]
fn a_batch_is_counted_and_its_repetition_is_not() {
    let batch = records(100, &mut Random(1));
    let store = Store::default();
    let first = count(&store, &batch).unwrap();
    assert_eq!((first.counted, first.repeated), (100, 0));
    assert!(
        first.transactions > 1,
        "a hundred minutes do not fit into one transaction"
    );
    let again = count(&store, &batch).unwrap();
    assert_eq!(
        (again.counted, again.repeated, again.transactions),
        (0, 100, 0)
    );
    assert_eq!(store.table.borrow().without_zeros(), expected(&batch));
}

#[test]
fn a_shorter_retry_leaves_the_rest_of_the_marker_to_be_found() {
    let all = records(30, &mut Random(2));
    for now_ms in [AT_ONCE_MS, LONG_AFTER_MS] {
        let store = Store::default();
        count_at(now_ms, &store, &all[..20].to_vec()).unwrap();
        // The answer was lost; the stream hands out twelve first, then the other eight with more behind them.
        let shorter = count_at(now_ms, &store, &all[..12].to_vec()).unwrap();
        assert_eq!((shorter.counted, shorter.repeated), (0, 12));
        let rest = count_at(now_ms, &store, &all[12..].to_vec()).unwrap();
        assert_eq!((rest.counted, rest.repeated), (10, 8));
        assert_eq!(
            store.table.borrow().without_zeros(),
            expected_at(now_ms, &all)
        );
        assert_eq!(store.looked_around.get() > 0, now_ms == LONG_AFTER_MS);
    }
}

#[test]
fn a_batch_that_starts_anywhere_passes_what_was_given_up() {
    let all = records(30, &mut Random(6));
    let store = Store::default();
    count(&store, &all[..10].to_vec()).unwrap();
    // The ten behind them were given up.
    count(&store, &all[20..].to_vec()).unwrap();
    let replayed = count(&store, &all[5..].to_vec()).unwrap();
    assert_eq!((replayed.counted, replayed.repeated), (10, 15));
    assert_eq!(store.table.borrow().without_zeros(), expected(&all));
}

#[test]
fn a_transaction_that_commits_late_is_counted_once() {
    let batch = records(10, &mut Random(3));
    let store = Store::default();
    store.faults.replace(vec![Fault::Late, Fault::None]);
    assert!(matches!(count(&store, &batch), Err(ApplyError::Store(_))));
    // The retry reads no marker, meets a conflict, and by then the late one has committed.
    store.faults.replace(vec![Fault::Conflict, Fault::None]);
    let retry = count(&store, &batch).unwrap();
    assert_eq!((retry.counted, retry.repeated), (0, 10));
    assert_eq!(store.table.borrow().without_zeros(), expected(&batch));
}

#[test]
fn conflicts_without_end_are_given_up_and_said() {
    let batch = records(3, &mut Random(4));
    let store = Store::default();
    store.faults.replace(vec![Fault::Conflict; 20]);
    assert_eq!(
        count(&store, &batch),
        Err(ApplyError::Contended(ATTEMPTS_MAX))
    );
    assert!(store.table.borrow().without_zeros().is_empty());
}

#[test]
fn what_is_too_late_is_listed_with_the_others_and_adds_nothing() {
    let batch = records(10, &mut Random(7));
    let store = Store::default();
    // Sixty days after the fifth of them was received.
    let now_ms = batch[4].1.received_at().as_millisecond() + 60 * 86_400_000;
    let first = count_at(now_ms, &store, &batch).unwrap();
    assert_eq!((first.counted, first.repeated), (6, 0));
    assert_eq!(
        store.table.borrow().without_zeros(),
        expected_at(now_ms, &batch[4..].to_vec())
    );
    // Tried again when all of them are too late: the marker at the first of them lists them all.
    let again = count_at(now_ms + 86_400_000, &store, &batch).unwrap();
    assert_eq!((again.counted, again.repeated), (0, 10));
}

#[test]
fn markers_that_cannot_be_read_stop_the_batch() {
    let batch = records(3, &mut Random(5));
    let store = Store::default();
    store.faults.replace(vec![Fault::Unreadable]);
    assert!(matches!(count(&store, &batch), Err(ApplyError::Store(_))));
    assert!(store.table.borrow().without_zeros().is_empty());
}

#[test]
fn an_empty_batch_asks_and_changes_nothing() {
    let store = Store::default();
    assert_eq!(count(&store, &Vec::new()), Ok(Applied::default()));
}

/// One life of a stream: batches of any size, every fault, retries that are shorter or longer, until all of it is acknowledged. What is counted at
/// once is handed out without a gap and is never looked around for.
fn live(now_ms: i64, seed: u64) {
    let mut random = Random(seed);
    let all = records(60 + random.below(200), &mut random);
    let store = Store::default();
    let mut checkpoint = 0;
    while checkpoint < all.len() {
        let end = (checkpoint + 1 + usize::try_from(random.below(100)).unwrap()).min(all.len());
        let faults = [
            Fault::None,
            Fault::None,
            Fault::Before,
            Fault::After,
            Fault::Conflict,
            Fault::Late,
            Fault::Unreadable,
        ];
        let script = (0..6).map(|_| faults[usize::try_from(random.below(7)).unwrap()]);
        store.faults.replace(script.collect());
        if count_at(now_ms, &store, &all[checkpoint..end].to_vec()).is_ok() {
            checkpoint = end;
        } else if now_ms == LONG_AFTER_MS && random.below(4) == 0 {
            // A replay from an earlier checkpoint, as when an event source is made anew.
            store.settle_late();
            checkpoint = usize::try_from(random.below(checkpoint as u64 + 1)).unwrap();
        }
    }
    store.settle_late();
    let (items, wanted) = (
        store.table.borrow().without_zeros(),
        expected_at(now_ms, &all),
    );
    assert_eq!(items, wanted, "seed {seed}, counted at {now_ms}");
    assert_eq!(store.looked_around.get() > 0, now_ms == LONG_AFTER_MS);
}

#[test]
fn after_any_faults_the_table_is_the_fold_of_the_stream() {
    for seed in 0..SEEDS {
        live(LONG_AFTER_MS, seed);
        live(AT_ONCE_MS, seed);
    }
}
