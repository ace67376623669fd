//! The analytics table: markers and rows in one transaction.
//!
//! A marker is an item `aggregate` = `marker#{slice}`, `bucket` = the first sequence number padded to forty digits, `records` = every sequence
//! number that its transaction counted. Rows are named by `pipeline::aggregate::RowKey`.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, Put, TransactWriteItem, Update, builders::UpdateBuilder,
};
use futures::future::try_join_all;
use jiff::{Timestamp, ToSpan};
use pipeline::aggregate::apply::{AnalyticsStore, ApplyOutcome, Listed};
use pipeline::aggregate::{Delta, RowKey, SequenceNumber};
use pipeline::storage::StoreError;

use crate::Clients;
use crate::error::{passes, store_error};

const NO_MARKER: &str = "attribute_not_exists(#aggregate)";
const TRANSACT: &str = "dynamodb:TransactWriteItems";
const BATCH_GET: &str = "dynamodb:BatchGetItem";
const QUERY: &str = "dynamodb:Query";
const GET: &str = "dynamodb:GetItem";
const PUT: &str = "dynamodb:PutItem";
/// What the partition key of a marker starts with.
pub(crate) const MARKER: &str = "marker#";

/// Markers are spread over so many partition keys, by their first record: one takes a thousand write units a second, and a marker of a hundred
/// records costs six.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>, read 2026-11-27.
const SLICES: u32 = 16;

/// Keys in one BatchGetItem call.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>, read 2026-11-24.
const GET_KEYS_MAX: usize = 100;

/// A batch of an event source that is made anew may start inside what a marker covers. That marker is the last one of its shard; between it and the
/// batch stand at most the markers that other shards made in the meantime. So many are read of each slice.
const MARKERS_LOOKED_BACK: i32 = 50;

/// The stream keeps records for a day, so none can come again later.
const MARKER_KEPT_HOURS: i64 = 72;

/// Minutes are looked at on the day and the days after; hours and days stay.
pub(crate) const MINUTE_ROWS_KEPT_HOURS: i64 = 14 * 24;

/// The table in DynamoDB.
#[derive(Clone, Debug)]
pub struct DynamoAnalytics {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl DynamoAnalytics {
    /// The table called `table`.
    pub fn new(clients: &Clients, table: impl Into<String>) -> Self {
        Self {
            client: clients.dynamodb.clone(),
            table: table.into(),
        }
    }

    async fn markers_of(
        &self,
        records: &[SequenceNumber],
    ) -> Result<Vec<HashMap<String, AttributeValue>>, StoreError> {
        let keys = records.iter().map(marker_key).collect();
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build()
            .map_err(|_| not_built(BATCH_GET))?;
        let answer = self
            .client
            .batch_get_item()
            .request_items(&self.table, wanted)
            .send()
            .await
            .map_err(|error| store_error(BATCH_GET, &error))?;
        // A marker that was not looked for may be there: as good as a failed call.
        if answer
            .unprocessed_keys()
            .is_some_and(|keys| !keys.is_empty())
        {
            return Err(StoreError::Retryable {
                call: BATCH_GET,
                cause: "keys were put off".to_owned(),
            });
        }
        let mut tables = answer.responses.unwrap_or_default();
        Ok(tables.remove(&self.table).unwrap_or_default())
    }

    async fn markers_before(
        &self,
        slice: u32,
        first: &SequenceNumber,
    ) -> Result<Vec<HashMap<String, AttributeValue>>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            // Both names are reserved words.
            .key_condition_expression("#aggregate = :marker AND #bucket < :first")
            .expression_attribute_names("#aggregate", "aggregate")
            .expression_attribute_names("#bucket", "bucket")
            .expression_attribute_values(":marker", text(slice_key(slice)))
            .expression_attribute_values(":first", text(first.sortable()))
            .scan_index_forward(false)
            .limit(MARKERS_LOOKED_BACK)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| store_error(QUERY, &error))?;
        Ok(answer.items.unwrap_or_default())
    }

    fn new_marker(
        &self,
        records: &[SequenceNumber],
        now: Timestamp,
    ) -> Option<HashMap<String, AttributeValue>> {
        let listed = records.iter().map(|n| n.as_str().to_owned()).collect();
        let mut item = marker_key(records.first()?);
        item.insert("records".to_owned(), AttributeValue::Ss(listed));
        item.insert("expires_at".to_owned(), expiry(now, MARKER_KEPT_HOURS));
        Some(item)
    }

    fn put_marker(
        &self,
        records: &[SequenceNumber],
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = self.new_marker(records, now);
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item.ok_or_else(|| not_built(TRANSACT))?))
            .condition_expression(NO_MARKER)
            .expression_attribute_names("#aggregate", "aggregate")
            .build()
            .map_err(|_| not_built(TRANSACT))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn row(
        &self,
        key: &RowKey,
        delta: &Delta,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        const EVENTS: &str =
            "ADD event_count :count, event_to_receipt_ms :arrival, receipt_to_count_ms :lag";
        const MOVEMENTS: &str = "ADD movement_count :count, amount_minor :amount";
        let update: UpdateBuilder = Update::builder()
            .table_name(&self.table)
            .key("aggregate", text(&key.aggregate))
            .key("bucket", text(&key.bucket));
        let (add, update) = match key.is_money() {
            true => (
                MOVEMENTS,
                update
                    .expression_attribute_values(":count", number(delta.movements))
                    .expression_attribute_values(":amount", number(delta.amount_minor)),
            ),
            false => (
                EVENTS,
                update
                    .expression_attribute_values(":count", number(delta.count))
                    .expression_attribute_values(":arrival", number(delta.event_to_receipt_ms))
                    .expression_attribute_values(":lag", number(delta.receipt_to_count_ms)),
            ),
        };
        let update = if key.bucket.starts_with("minute#") {
            update
                .update_expression(format!("{add} SET expires_at = :expires_at"))
                .expression_attribute_values(":expires_at", expiry(now, MINUTE_ROWS_KEPT_HOURS))
        } else {
            update.update_expression(add)
        };
        let update = update.build().map_err(|_| not_built(TRANSACT))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn expiry(now: Timestamp, hours: i64) -> AttributeValue {
    let at = now.checked_add(hours.hours()).unwrap_or(Timestamp::MAX);
    number(at.as_second())
}

fn not_built(call: &'static str) -> StoreError {
    StoreError::Final {
        call,
        cause: "the request could not be built".to_owned(),
    }
}

/// The slice of a marker: the same for the same record in every version, hence a hash of our own (FNV-1a).
fn slice(first: &SequenceNumber) -> u32 {
    let hash = first.as_str().bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash >> 16) % SLICES
}

fn slice_key(slice: u32) -> String {
    format!("{MARKER}{slice:02}")
}

fn marker_key(first: &SequenceNumber) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("aggregate".to_owned(), text(slice_key(slice(first)))),
        ("bucket".to_owned(), text(first.sortable())),
    ])
}

/// The sequence numbers that a marker lists.
fn listed(marker: &HashMap<String, AttributeValue>) -> Listed {
    let records = marker.get("records").and_then(|value| value.as_ss().ok());
    let texts = records.into_iter().flatten();
    texts
        .filter_map(|text| SequenceNumber::parse(text))
        .collect()
}

/// What the reasons of a cancelled transaction say; the marker is the first of its items.
fn cancelled<'c>(codes: impl IntoIterator<Item = &'c str>) -> Result<ApplyOutcome, StoreError> {
    let mut codes = codes.into_iter();
    if codes.next() == Some("ConditionalCheckFailed") {
        return Ok(ApplyOutcome::MarkerExists);
    }
    match codes.find(|code| *code != "None" && !passes(code)) {
        None => Ok(ApplyOutcome::Conflict),
        Some(code) => Err(StoreError::Final {
            call: TRANSACT,
            cause: code.to_owned(),
        }),
    }
}

impl AnalyticsStore for DynamoAnalytics {
    async fn marker(&self, first: &SequenceNumber) -> Result<Listed, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(marker_key(first)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| store_error(GET, &error))?;
        Ok(answer.item.as_ref().map(listed).unwrap_or_default())
    }

    async fn markers_around(&self, records: &[SequenceNumber]) -> Result<Vec<Listed>, StoreError> {
        let Some(first) = records.iter().min() else {
            return Ok(Vec::new());
        };
        let slices = (0..SLICES).map(|slice| self.markers_before(slice, first));
        let mut markers = try_join_all(slices).await?.concat();
        for some in records.chunks(GET_KEYS_MAX) {
            markers.extend(self.markers_of(some).await?);
        }
        Ok(markers.iter().map(listed).collect())
    }

    async fn leave(&self, records: &[SequenceNumber]) -> Result<(), StoreError> {
        let item = self.new_marker(records, Timestamp::now());
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item.ok_or_else(|| not_built(PUT))?))
            .condition_expression(NO_MARKER)
            .expression_attribute_names("#aggregate", "aggregate")
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            // It is there already, and lists what was counted.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(store_error(PUT, &error)),
        }
    }

    async fn apply(
        &self,
        records: &[SequenceNumber],
        rows: &BTreeMap<RowKey, Delta>,
    ) -> Result<ApplyOutcome, StoreError> {
        let now = Timestamp::now();
        let mut call = self
            .client
            .transact_write_items()
            .transact_items(self.put_marker(records, now)?);
        for (key, delta) in rows {
            call = call.transact_items(self.row(key, delta, now)?);
        }
        match call.send().await {
            Ok(_) => Ok(ApplyOutcome::Applied),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(reasons)) => cancelled(
                    reasons
                        .cancellation_reasons()
                        .iter()
                        .map(|reason| reason.code().unwrap_or("None")),
                ),
                _ => Err(store_error(TRANSACT, &error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cancellation_has_a_row() {
        for (codes, expected) in [
            (
                vec!["ConditionalCheckFailed", "None"],
                Ok(ApplyOutcome::MarkerExists),
            ),
            (
                vec!["None", "TransactionConflict"],
                Ok(ApplyOutcome::Conflict),
            ),
            (
                vec!["TransactionConflict", "None"],
                Ok(ApplyOutcome::Conflict),
            ),
            (
                vec!["None", "ThrottlingError", "None"],
                Ok(ApplyOutcome::Conflict),
            ),
            (vec![], Ok(ApplyOutcome::Conflict)),
            (
                vec!["None", "ValidationError"],
                Err(StoreError::Final {
                    call: TRANSACT,
                    cause: "ValidationError".to_owned(),
                }),
            ),
        ] {
            assert_eq!(cancelled(codes.clone()), expected, "{codes:?}");
        }
    }

    #[test]
    fn a_marker_lists_what_it_says_and_nothing_else() {
        let records = AttributeValue::Ss(vec!["9".into(), "x".into()]);
        let marker = HashMap::from([("records".to_owned(), records)]);
        let numbers: Vec<_> = listed(&marker).iter().map(ToString::to_string).collect();
        assert_eq!(numbers, ["9"]);
        assert_eq!(listed(&HashMap::new()).len(), 0);
    }

    #[test]
    fn markers_are_spread_evenly() {
        let mut slices = [0_u32; SLICES as usize];
        for n in 0..16_000_u128 {
            let number = (700_000_000_000_000_000_000 + 7 * n).to_string();
            slices[slice(&SequenceNumber::parse(&number).unwrap()) as usize] += 1;
        }
        assert!(
            slices.iter().all(|markers| (500..1500).contains(markers)),
            "{slices:?}"
        );
    }
}
