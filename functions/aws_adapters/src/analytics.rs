//! The analytics table: markers and rows in one transaction.
//!
//! A marker is an item `aggregate` = `marker#{slice}`, `bucket` = the first sequence number padded to forty digits, `records` = every sequence
//! number that its transaction counted. Rows are named by `pipeline::aggregate::RowKey`.

use std::collections::BTreeMap;

use aws_wire::Service;
use aws_wire::dynamodb::{
    AttributeValue, Item, Names, Put, Query, TransactWrite, Update, batch_get_item,
    cancellation_codes, get_item, put_item, query, transact_write_items,
};
use futures::future::try_join_all;
use jiff::{Timestamp, ToSpan};
use pipeline::aggregate::apply::{AnalyticsStore, ApplyOutcome, Listed};
use pipeline::aggregate::{Delta, RowKey, SequenceNumber};
use pipeline::storage::StoreError;

use crate::Wire;
use crate::error::{passes, unbuilt, wire_error};

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
    client: Wire,
    table: String,
}

impl DynamoAnalytics {
    /// The table called `table`.
    pub fn new(client: &Wire, table: impl Into<String>) -> Self {
        Self {
            client: client.clone(),
            table: table.into(),
        }
    }

    /// Opens the connection of the first call. One that cannot be opened is found out by that call.
    pub async fn connect(&self) {
        let _ = self.client.open(Service::DynamoDb, None).await;
    }

    async fn markers_of(&self, records: &[SequenceNumber]) -> Result<Vec<Item>, StoreError> {
        let keys: Vec<Item> = records.iter().map(marker_key).collect();
        let found = batch_get_item(&self.client, &self.table, &keys).await;
        let found = found.map_err(|error| wire_error(BATCH_GET, &error))?;
        // A marker that was not looked for may be there: as good as a failed call.
        if found.put_off {
            return Err(StoreError::Retryable {
                call: BATCH_GET,
                cause: "keys were put off".to_owned(),
            });
        }
        Ok(found.items)
    }

    async fn markers_before(
        &self,
        slice: u32,
        first: &SequenceNumber,
    ) -> Result<Vec<Item>, StoreError> {
        let asked = Query {
            table_name: &self.table,
            limit: MARKERS_LOOKED_BACK,
            consistent_read: true,
            scan_index_forward: false,
            // Both names are reserved words.
            key_condition_expression: "#aggregate = :marker AND #bucket < :first",
            expression_attribute_names: Names::from([
                ("#aggregate", "aggregate"),
                ("#bucket", "bucket"),
            ]),
            expression_attribute_values: Item::from([
                (":marker".to_owned(), text(slice_key(slice))),
                (":first".to_owned(), text(first.sortable())),
            ]),
        };
        let found = query(&self.client, &asked).await;
        found.map_err(|error| wire_error(QUERY, &error))
    }

    fn put_marker(&self, records: &[SequenceNumber], now: Timestamp) -> Option<Put<'_>> {
        let listed = records.iter().map(|n| n.as_str().to_owned()).collect();
        let mut item = marker_key(records.first()?);
        item.insert("records".to_owned(), AttributeValue::Ss(listed));
        item.insert("expires_at".to_owned(), expiry(now, MARKER_KEPT_HOURS));
        Some(Put {
            table_name: &self.table,
            item,
            condition_expression: NO_MARKER,
            expression_attribute_names: Names::from([("#aggregate", "aggregate")]),
        })
    }

    fn row(&self, key: &RowKey, delta: &Delta, now: Timestamp) -> Update<'_> {
        const EVENTS: &str =
            "ADD event_count :count, event_to_receipt_ms :arrival, receipt_to_count_ms :lag";
        const MOVEMENTS: &str = "ADD movement_count :count, amount_minor :amount";
        let (add, values) = match key.is_money() {
            true => (
                MOVEMENTS,
                vec![
                    (":count", number(delta.movements)),
                    (":amount", number(delta.amount_minor)),
                ],
            ),
            false => (
                EVENTS,
                vec![
                    (":count", number(delta.count)),
                    (":arrival", number(delta.event_to_receipt_ms)),
                    (":lag", number(delta.receipt_to_count_ms)),
                ],
            ),
        };
        let values = values.into_iter();
        let mut values: Item = values.map(|(name, it)| (name.to_owned(), it)).collect();
        let mut update_expression = add.to_owned();
        if key.bucket.starts_with("minute#") {
            update_expression.push_str(" SET expires_at = :expires_at");
            let expires_at = expiry(now, MINUTE_ROWS_KEPT_HOURS);
            values.insert(":expires_at".to_owned(), expires_at);
        }
        Update {
            table_name: &self.table,
            key: Item::from([
                ("aggregate".to_owned(), text(&key.aggregate)),
                ("bucket".to_owned(), text(&key.bucket)),
            ]),
            update_expression,
            expression_attribute_values: values,
        }
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

fn marker_key(first: &SequenceNumber) -> Item {
    Item::from([
        ("aggregate".to_owned(), text(slice_key(slice(first)))),
        ("bucket".to_owned(), text(first.sortable())),
    ])
}

/// The sequence numbers that a marker lists.
fn listed(marker: &Item) -> Listed {
    let texts: &[String] = match marker.get("records") {
        Some(AttributeValue::Ss(texts)) => texts,
        _ => &[],
    };
    let texts = texts.iter();
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
        let item = get_item(&self.client, &self.table, &marker_key(first)).await;
        let item = item.map_err(|error| wire_error(GET, &error))?;
        Ok(item.as_ref().map(listed).unwrap_or_default())
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
        let put = self.put_marker(records, Timestamp::now());
        let put = put.ok_or_else(|| unbuilt(PUT))?;
        match put_item(&self.client, &put).await {
            Ok(()) => Ok(()),
            // It is there already, and lists what was counted.
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
            Err(error) => Err(wire_error(PUT, &error)),
        }
    }

    async fn apply(
        &self,
        records: &[SequenceNumber],
        rows: &BTreeMap<RowKey, Delta>,
    ) -> Result<ApplyOutcome, StoreError> {
        let now = Timestamp::now();
        let marker = self.put_marker(records, now);
        let marker = TransactWrite::Put(marker.ok_or_else(|| unbuilt(TRANSACT))?);
        let rows = rows.iter().map(|(key, delta)| self.row(key, delta, now));
        let rows = rows.map(TransactWrite::Update);
        let writes: Vec<_> = std::iter::once(marker).chain(rows).collect();
        match transact_write_items(&self.client, &writes).await {
            Ok(()) => Ok(ApplyOutcome::Applied),
            Err(error) => match cancellation_codes(&error) {
                Some(codes) => cancelled(codes.iter().map(String::as_str)),
                None => Err(wire_error(TRANSACT, &error)),
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
        let marker = Item::from([("records".to_owned(), records)]);
        let numbers: Vec<_> = listed(&marker).iter().map(ToString::to_string).collect();
        assert_eq!(numbers, ["9"]);
        assert_eq!(listed(&Item::new()).len(), 0);
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
