//! The analytics table, its dead-letter queue, and the stream of the transactions table, in memory.

use std::collections::{BTreeMap, BTreeSet};

use super::{Call, Memory};
use crate::aggregate::apply::{AnalyticsStore, ApplyOutcome, Listed, ROWS_MAX};
use crate::aggregate::count::DeadLetters;
use crate::aggregate::{Delta, RowKey, SequenceNumber, StreamRecordError};
use crate::storage::StoreError;

impl Memory {
    /// The rows of the analytics table.
    pub fn rows(&self) -> BTreeMap<RowKey, Delta> {
        self.state().rows.clone()
    }

    /// The records that were handed to the dead-letter queue, and why.
    pub fn dead_letters(&self) -> Vec<(String, StreamRecordError)> {
        self.state().dead_letters.clone()
    }

    /// What the table's stream holds: a record per write, in their order, each with its sequence number.
    pub fn stream(&self) -> Vec<(SequenceNumber, String)> {
        let state = self.state();
        let numbered = state.stream.iter().enumerate();
        numbered
            .filter_map(|(place, change)| {
                // As wide as the real ones, and with gaps.
                let number = 700_000_000_000_000_000_000_u128 + 7 * place as u128;
                let sequence = SequenceNumber::parse(&number.to_string())?;
                let mut json = serde_json::json!({
                    "eventName": "INSERT",
                    "dynamodb": {"SequenceNumber": sequence.as_str(), "NewImage": change.new},
                });
                if let Some(old) = &change.old {
                    json["eventName"] = "MODIFY".into();
                    json["dynamodb"]["OldImage"] = old.clone();
                }
                Some((sequence, json.to_string()))
            })
            .collect()
    }
}

impl AnalyticsStore for Memory {
    async fn marker(&self, first: &SequenceNumber) -> Result<Listed, StoreError> {
        self.call(Call::AnalyticsMarker, |state| {
            let listed = state.markers.get(first).into_iter().flatten();
            Ok(listed.cloned().collect())
        })
        .await
    }

    async fn markers_around(&self, records: &[SequenceNumber]) -> Result<Vec<Listed>, StoreError> {
        self.call(Call::AnalyticsMarkersAround, |state| {
            let asked: BTreeSet<_> = records.iter().collect();
            let all = state.markers.values();
            let around = all.filter(|listed| listed.iter().any(|n| asked.contains(n)));
            Ok(around
                .map(|listed| listed.iter().cloned().collect())
                .collect())
        })
        .await
    }

    async fn leave(&self, records: &[SequenceNumber]) -> Result<(), StoreError> {
        self.call(Call::AnalyticsLeave, |state| {
            let first = records
                .first()
                .ok_or_else(|| super::invalid("ValidationException"))?;
            let marker = state.markers.entry(first.clone());
            marker.or_insert_with(|| records.to_vec());
            Ok(())
        })
        .await
    }

    async fn apply(
        &self,
        records: &[SequenceNumber],
        rows: &BTreeMap<RowKey, Delta>,
    ) -> Result<ApplyOutcome, StoreError> {
        self.call(Call::AnalyticsApply, |state| {
            let first = records
                .first()
                .ok_or_else(|| super::invalid("ValidationException"))?;
            if rows.len() > ROWS_MAX {
                return Err(super::invalid("ValidationException"));
            }
            if state.conflicts > 0 {
                state.conflicts -= 1;
                return Ok(ApplyOutcome::Conflict);
            }
            if state.markers.contains_key(first) {
                return Ok(ApplyOutcome::MarkerExists);
            }
            state.markers.insert(first.clone(), records.to_vec());
            for (key, delta) in rows {
                state.rows.entry(key.clone()).or_default().merge(delta);
            }
            Ok(ApplyOutcome::Applied)
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
