//! Payments as they are stored: the events and movements of one payment, from any of its ids, and the payments of a day.
//!
//! A payment's events and movements stand under its transaction id. Some providers spread one payment over several ids; the others are named
//! by `related_ids` and by the movements that an event tells, and are followed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use futures::future::try_join_all;
use jiff::civil::Date;
use jiff::tz::Offset;
use payment_event::{
    Ledger, MOVEMENT, Movement, PAYMENT_ROLES, PaymentStatus, ToldPayment, TransactionKey,
};
use pipeline::storage::{ItemReader, ObjectStore, Pause, PaymentReader, StoreError};
use pipeline::stored::{StoredError, StoredTransaction};

use crate::day::{Stores, each_record};
use crate::error::ArchiveError;

/// Transaction ids that are followed: no payment has as many, and a constant reference would join all.
const IDS_FOLLOWED_MAX: usize = 64;

/// Payments that are read from the table at the same time.
pub(crate) const READ_TOGETHER: usize = 16;

/// What is stored of one payment.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The transaction ids under which anything stands: `{provider}:{provider's id}`.
    pub transaction_ids: BTreeSet<String>,
    /// The events, by key.
    pub events: BTreeMap<TransactionKey, StoredTransaction>,
    /// The movements' items, by key.
    pub movements: BTreeMap<TransactionKey, StoredTransaction>,
    /// Items that are neither.
    pub unreadable: u64,
}

impl Gathered {
    /// Takes in a record. Returns the other transaction ids under which something of the same payment may stand.
    pub fn add(&mut self, record: StoredTransaction) -> Vec<String> {
        self.transaction_ids
            .insert(record.key.transaction_id.clone());
        let next = others(&record);
        match record.movement {
            Some(_) => add_newest(&mut self.movements, record),
            None => {
                self.events.insert(record.key.clone(), record);
            }
        }
        next
    }

    /// Takes in those of the archive's movements that the events tell and the table has no more.
    pub fn add_expired(&mut self, archived: &Movements) {
        let told: BTreeSet<TransactionKey> = self.events.values().flat_map(told_by).collect();
        for key in told {
            if let Some(movement) = archived.0.get(&key) {
                self.add(movement.clone());
            }
        }
    }

    /// The days on which a webhook was received that changed a movement whose events are not among these: under another id, or archived.
    pub fn days_untold(&self) -> BTreeSet<Date> {
        let told: BTreeSet<TransactionKey> = self.events.values().flat_map(told_by).collect();
        let untold = self.movements.iter().filter(|(key, _)| !told.contains(key));
        let changed = |item: &StoredTransaction| {
            let movement = item.movement.iter();
            let changes = movement.flat_map(|it| it.changes.clone());
            let last = Offset::UTC.to_datetime(item.received_at).date();
            let days = changes.filter_map(|text| text.get(..10)?.parse().ok());
            days.chain([last]).collect::<Vec<Date>>()
        };
        untold.flat_map(|(_, item)| changed(item)).collect()
    }

    /// Returns true if an event tells one of the movements.
    pub fn is_told_by(&self, event: &StoredTransaction) -> bool {
        told_by(event).any(|key| self.movements.contains_key(&key))
    }

    /// Returns true if nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.transaction_ids.is_empty()
    }

    /// What the movements come to.
    ///
    /// # Errors
    /// A [`StoredError`] for an item that says it is a movement and is none.
    pub fn payment(&self) -> Result<ToldPayment, StoredError> {
        let movements: Result<Vec<Movement>, _> = self
            .movements
            .values()
            .map(StoredTransaction::movement)
            .collect();
        let first = self.transaction_ids.first();
        let provider = first.and_then(|id| id.split(':').next());
        let ids = self.transaction_ids.iter();
        let ids = ids.filter_map(|id| Some(id.split_once(':')?.1.to_owned()));
        Ok(Ledger::of_one(
            provider.unwrap_or_default(),
            ids,
            movements?,
        ))
    }

    /// Returns true if any of it is about a payment, and not all of it notices or what nobody could classify.
    pub fn is_payment(&self) -> bool {
        let silent = [PaymentStatus::Notice, PaymentStatus::Unclassified];
        let about = |record: &StoredTransaction| silent.iter().all(|s| s.as_str() != record.status);
        !self.movements.is_empty() || self.events.values().any(about)
    }
}

/// Movements of the archive, each in its highest version that was seen.
#[derive(Clone, Debug, Default)]
pub struct Movements(pub BTreeMap<TransactionKey, StoredTransaction>);

impl Movements {
    /// Takes in a movement as it was archived once.
    pub fn add(&mut self, record: StoredTransaction) {
        add_newest(&mut self.0, record);
    }
}

/// Adds a movement unless a higher version of it is there.
fn add_newest(to: &mut BTreeMap<TransactionKey, StoredTransaction>, record: StoredTransaction) {
    let version = |it: &StoredTransaction| it.movement.as_ref().map(|it| it.version);
    let present = to.get(&record.key).and_then(version);
    if version(&record) > present {
        to.insert(record.key.clone(), record);
    }
}

/// The keys of the movements that an event tells.
fn told_by(event: &StoredTransaction) -> impl Iterator<Item = TransactionKey> + '_ {
    event.tells.iter().map(|told| movement_key(event, told))
}

/// The key of a movement that a record names in `tells`: `{kind}#{id}`, and the payment behind it where it is another than the record's own.
pub(crate) fn movement_key(record: &StoredTransaction, told: &str) -> TransactionKey {
    let mut parts = told.splitn(3, '#');
    let mut part = || parts.next().unwrap_or_default();
    let (kind, id, payment) = (part(), part(), part());
    TransactionKey {
        transaction_id: match payment {
            "" => record.key.transaction_id.clone(),
            payment => format!("{}:{payment}", record.provider),
        },
        timestamp: format!("{MOVEMENT}#{kind}#{id}"),
    }
}

/// The other transaction ids under which something of the same payment may stand.
fn others(record: &StoredTransaction) -> Vec<String> {
    let related = record.related_ids.iter();
    let related = related.filter(|(role, _)| PAYMENT_ROLES.contains(&role.as_str()));
    let related = related.map(|(_, id)| format!("{}:{id}", record.provider));
    let told = told_by(record).map(|key| key.transaction_id);
    let own = &record.key.transaction_id;
    related.chain(told).filter(|id| id != own).collect()
}

/// Gathers what the table has under these ids and under all that they lead to.
///
/// # Errors
/// A [`StoreError`].
pub async fn gather(
    gathered: &mut Gathered,
    ids: impl IntoIterator<Item = String>,
    table: &impl PaymentReader,
) -> Result<(), StoreError> {
    let mut waiting: VecDeque<String> = ids.into_iter().collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut found = 0;
    while let Some(next) = waiting.pop_front() {
        if found >= IDS_FOLLOWED_MAX || !seen.insert(next.clone()) {
            continue;
        }
        let items = table.items_of(&next).await?;
        found += usize::from(!items.is_empty());
        for item in items {
            match StoredTransaction::from_item(item) {
                Ok(record) => waiting.extend(gathered.add(record)),
                Err(_) => gathered.unreadable += 1,
            }
        }
    }
    Ok(())
}

/// Groups of records that name each other: every id, and the group that it belongs to.
#[derive(Default)]
struct Groups {
    group_of: BTreeMap<String, usize>,
    groups: Vec<(Gathered, BTreeSet<String>)>,
}

impl Groups {
    fn add(&mut self, record: StoredTransaction) {
        let own = record.key.transaction_id.clone();
        let mut gathered = Gathered::default();
        let mut ids: BTreeSet<String> = gathered.add(record).into_iter().collect();
        ids.insert(own);
        let known: BTreeSet<usize> = ids
            .iter()
            .filter_map(|id| self.group_of.get(id).copied())
            .collect();
        let Some(into) = known.first().copied() else {
            let new = self.groups.len();
            let keys = ids.iter().map(|id| (id.clone(), new));
            self.group_of.extend(keys);
            self.groups.push((gathered, ids));
            return;
        };
        let merged = known.into_iter().skip(1);
        let mut joining = vec![(gathered, ids)];
        joining.extend(merged.map(|group| std::mem::take(&mut self.groups[group])));
        for (gathered, ids) in joining {
            let keys = ids.iter().map(|id| (id.clone(), into));
            self.group_of.extend(keys);
            let (whole, all) = &mut self.groups[into];
            whole.transaction_ids.extend(gathered.transaction_ids);
            whole.events.extend(gathered.events);
            all.extend(ids);
        }
    }
}

/// The payments of which an event was received on a day and for which `wanted` says yes to one of those events; each with everything
/// that the table has of it, and with its events and movements of that day from the archive.
///
/// # Errors
/// An [`ArchiveError`] when table or archive cannot be read whole.
pub async fn of_day<T: ItemReader + PaymentReader, O: ObjectStore, P: Pause>(
    day: Date,
    stores: &Stores<'_, T, O, P>,
    wanted: impl Fn(&StoredTransaction) -> bool,
) -> Result<Vec<Gathered>, ArchiveError> {
    let mut groups = Groups::default();
    let mut archived = Movements::default();
    let mut unreadable = 0;
    each_record(day, stores, |_, record| match record {
        Some(record) if record.movement.is_some() => archived.add(record),
        Some(record) if wanted(&record) => groups.add(record),
        Some(_) => {}
        None => unreadable += 1,
    })
    .await?;
    let mut found: Vec<Gathered> = Vec::with_capacity(groups.groups.len());
    let groups: Vec<_> = groups
        .groups
        .into_iter()
        .filter(|(gathered, _)| !gathered.is_empty())
        .collect();
    for together in groups.chunks(READ_TOGETHER) {
        let reading = together.iter().map(|(gathered, ids)| async {
            let mut gathered = gathered.clone();
            gather(&mut gathered, ids.iter().cloned(), stores.table).await?;
            gathered.add_expired(&archived);
            Ok::<_, StoreError>(gathered)
        });
        found.extend(try_join_all(reading).await?);
    }
    // Two groups of the day may be one payment by what another day's events say.
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut payments: Vec<Gathered> = Vec::with_capacity(found.len());
    for gathered in found {
        let known = gathered
            .transaction_ids
            .iter()
            .find_map(|id| seen.get(id).copied());
        let place = known.unwrap_or(payments.len());
        let ids = gathered.transaction_ids.iter();
        seen.extend(ids.map(|id| (id.clone(), place)));
        match payments.get_mut(place) {
            None => payments.push(gathered),
            Some(whole) => {
                whole.transaction_ids.extend(gathered.transaction_ids);
                whole.events.extend(gathered.events);
                whole.movements.extend(gathered.movements);
            }
        }
    }
    if let Some(first) = payments.first_mut() {
        first.unreadable += unreadable;
    }
    Ok(payments)
}
