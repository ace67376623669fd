//! The analytics table, its dead-letter queue, and the stream of the transactions table, in memory.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Call, Change, Memory, State};
use crate::aggregate::apply::{AnalyticsStore, ApplyOutcome, ITEMS_MAX, Listed};
use crate::aggregate::count::DeadLetters;
use crate::aggregate::sums::{CountStore, MinutePage};
use crate::aggregate::{
    Delta, Grain, ItemKey, Items, NotCounts, Numbers, RowKey, SequenceNumber, StreamRecordError,
    marker, packed, unpack_all,
};
use crate::storage::StoreError;

/// Small, so that a day has several.
const PAGE_ITEMS: usize = 3;

impl Memory {
    /// The items of counts in the analytics table.
    pub fn counts(&self) -> Items {
        self.state().counts.clone()
    }

    /// The rows of minutes, lanes added up.
    ///
    /// # Errors
    /// [`NotCounts`] when an item is of no known form.
    pub fn minute_rows(&self) -> Result<BTreeMap<RowKey, Delta>, NotCounts> {
        let state = self.state();
        unpack_all(state.counts.iter().filter(|(key, _)| is_minute(key)))
    }

    /// The rows of hours and days that stand there.
    ///
    /// # Errors
    /// [`NotCounts`] when an item is of no known form.
    pub fn sum_rows(&self) -> Result<BTreeMap<RowKey, Delta>, NotCounts> {
        let state = self.state();
        unpack_all(state.counts.iter().filter(|(key, _)| !is_minute(key)))
    }

    /// The records that were handed to the dead-letter queue, and why.
    pub fn dead_letters(&self) -> Vec<(String, StreamRecordError)> {
        self.state().dead_letters.clone()
    }

    /// What the table's stream holds from a place on: a record per write, in their order.
    pub fn stream(&self, from: usize) -> Vec<Change> {
        let state = self.state();
        state.stream.get(from..).unwrap_or_default().to_vec()
    }
}

fn is_minute(key: &ItemKey) -> bool {
    key.grain() == Some(Grain::Minute)
}

fn listed(bytes: &[u8]) -> Result<Listed, StoreError> {
    marker::decode(bytes).map_err(|_| super::invalid("marker"))
}

impl State {
    fn leave(&mut self, records: &[SequenceNumber]) -> Result<bool, StoreError> {
        let first = records
            .first()
            .ok_or_else(|| super::invalid("ValidationException"))?;
        if self.markers.contains_key(first) {
            return Ok(false);
        }
        self.markers.insert(first.clone(), marker::encode(records));
        Ok(true)
    }
}

impl AnalyticsStore for Memory {
    async fn marker(&self, first: &SequenceNumber) -> Result<Listed, StoreError> {
        self.call(Call::AnalyticsMarker, |state| {
            let marker = state.markers.get(first);
            marker.map_or(Ok(Listed::new()), |bytes| listed(bytes))
        })
        .await
    }

    async fn markers_around(&self, records: &[SequenceNumber]) -> Result<Vec<Listed>, StoreError> {
        self.call(Call::AnalyticsMarkersAround, |state| {
            let asked: BTreeSet<_> = records.iter().collect();
            let all = state.markers.values().map(|bytes| listed(bytes));
            let mut all = all.collect::<Result<Vec<_>, _>>()?;
            all.retain(|listed| listed.iter().any(|n| asked.contains(n)));
            Ok(all)
        })
        .await
    }

    async fn leave(&self, records: &[SequenceNumber]) -> Result<(), StoreError> {
        self.call(Call::AnalyticsLeave, |state| {
            state.leave(records).map(|_| ())
        })
        .await
    }

    async fn apply(
        &self,
        records: &[SequenceNumber],
        items: &Items,
    ) -> Result<ApplyOutcome, StoreError> {
        self.call(Call::AnalyticsApply, |state| {
            if items.len() > ITEMS_MAX {
                return Err(super::invalid("ValidationException"));
            }
            if state.conflicts > 0 {
                state.conflicts -= 1;
                return Ok(ApplyOutcome::Conflict);
            }
            if !state.leave(records)? {
                return Ok(ApplyOutcome::MarkerExists);
            }
            for (key, numbers) in items {
                packed::add(state.counts.entry(key.clone()).or_default(), numbers);
            }
            Ok(ApplyOutcome::Applied)
        })
        .await
    }
}

impl CountStore for Memory {
    async fn minutes(
        &self,
        lane: u8,
        day: Date,
        after: Option<&ItemKey>,
    ) -> Result<MinutePage, StoreError> {
        self.call(Call::CountsMinutes, |state| {
            let (lane, day) = (ItemKey::lane(lane), format!("{day}T"));
            let found = state.counts.iter().filter(|(key, _)| {
                key.aggregate == lane
                    && key.bucket.starts_with(&day)
                    && after.is_none_or(|after| *key > after)
            });
            let found: Vec<_> = found.take(PAGE_ITEMS).collect();
            let full = found.len() == PAGE_ITEMS;
            let next = found.last().filter(|_| full).map(|(key, _)| (*key).clone());
            let items = found.into_iter();
            Ok(MinutePage {
                items: items.map(|(key, it)| (key.clone(), it.clone())).collect(),
                next,
            })
        })
        .await
    }

    async fn sums(&self, grain: Grain, first: Date, last: Date) -> Result<Items, StoreError> {
        self.call(Call::CountsSums, |state| {
            let within = |key: &ItemKey| {
                let day = key.bucket.get(..10).and_then(|day| day.parse().ok());
                key.aggregate == grain.as_str()
                    && day.is_some_and(|day: Date| day >= first && day <= last)
            };
            let found = state.counts.iter().filter(|(key, _)| within(key));
            Ok(found.map(|(key, it)| (key.clone(), it.clone())).collect())
        })
        .await
    }

    async fn put(&self, key: &ItemKey, numbers: &Numbers) -> Result<(), StoreError> {
        self.call(Call::CountsPut, |state| {
            if is_minute(key) {
                return Err(super::invalid("AccessDenied"));
            }
            state.counts.insert(key.clone(), numbers.clone());
            Ok(())
        })
        .await
    }
}

impl DeadLetters for Memory {
    async fn send(&self, record: &str, reason: StreamRecordError) -> Result<(), StoreError> {
        self.call(Call::DeadLetterSend, |state| {
            state.dead_letters.push((record.to_owned(), reason));
            Ok(())
        })
        .await
    }
}
