//! The analytics table: a marker and the counts of some minutes in one transaction.
//!
//! A marker is an item `aggregate` = `marker#{slice}`, `bucket` = the first sequence number padded to forty digits, `records` = every sequence
//! number that its transaction counted, in the bytes of `pipeline::aggregate::marker`. Items of counts have the form of
//! `pipeline::aggregate::packed`.

use std::collections::BTreeMap;

use aws_wire::Service;
use aws_wire::dynamodb::{
    AttributeValue, Item, Names, Put, Query, TransactWrite, Update, batch_get_item,
    cancellation_codes, get_item, put_item, query, transact_write_items,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::try_join_all;
use jiff::{Timestamp, ToSpan};
use pipeline::aggregate::apply::{AnalyticsStore, ApplyOutcome, Listed};
use pipeline::aggregate::{ItemKey, Items, Numbers, SequenceNumber, marker};
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
const MARKER: &str = "marker#";

/// Markers are spread over so many partition keys, by their first record: one takes a thousand write units a second, and a marker of a hundred
/// records costs two.
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
        let listed = STANDARD.encode(marker::encode(records));
        let mut item = marker_key(records.first()?);
        item.insert("records".to_owned(), AttributeValue::B(listed));
        let expires_at = now.checked_add(MARKER_KEPT_HOURS.hours());
        let expires_at = expires_at.unwrap_or(Timestamp::MAX);
        item.insert("expires_at".to_owned(), number(expires_at.as_second()));
        Some(Put {
            table_name: &self.table,
            item,
            condition_expression: NO_MARKER,
            expression_attribute_names: Names::from([("#aggregate", "aggregate")]),
        })
    }
}

/// Adds the numbers to those of an item; it expires when its minute does, whoever writes it last.
fn counts<'t>(table: &'t str, key: &ItemKey, numbers: &Numbers) -> Update<'t> {
    let mut names = BTreeMap::new();
    let mut values = Item::new();
    let mut added = Vec::with_capacity(numbers.len());
    for (place, (name, sum)) in numbers.iter().enumerate() {
        added.push(format!("#{place} :{place}"));
        names.insert(format!("#{place}"), name.clone());
        values.insert(format!(":{place}"), number(sum));
    }
    let mut update_expression = format!("ADD {}", added.join(","));
    if let Some(expires_at) = key.expires_at() {
        update_expression.push_str(" SET expires_at = :expires_at");
        values.insert(":expires_at".to_owned(), number(expires_at.as_second()));
    }
    Update {
        table_name: table,
        key: Item::from([
            ("aggregate".to_owned(), text(&key.aggregate)),
            ("bucket".to_owned(), text(&key.bucket)),
        ]),
        update_expression,
        expression_attribute_names: names,
        expression_attribute_values: values,
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
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

/// The records that a marker lists. One that cannot be read may list any: nothing may be counted then.
fn listed(item: &Item) -> Result<Listed, StoreError> {
    let bytes = match item.get("records") {
        Some(AttributeValue::B(text)) => STANDARD.decode(text).ok(),
        _ => None,
    };
    let listed = bytes.and_then(|bytes| marker::decode(&bytes).ok());
    listed.ok_or_else(|| StoreError::Final {
        call: GET,
        cause: marker::Unreadable.to_string(),
    })
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
        item.as_ref().map_or(Ok(Listed::new()), listed)
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
        markers.iter().map(listed).collect()
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
        items: &Items,
    ) -> Result<ApplyOutcome, StoreError> {
        let now = Timestamp::now();
        let marker = self.put_marker(records, now);
        let marker = TransactWrite::Put(marker.ok_or_else(|| unbuilt(TRANSACT))?);
        let counts = items.iter().filter(|(_, numbers)| !numbers.is_empty());
        let updates = counts.map(|(key, numbers)| self::counts(&self.table, key, numbers));
        let updates = updates.map(TransactWrite::Update);
        let writes: Vec<_> = std::iter::once(marker).chain(updates).collect();
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
    fn a_marker_lists_what_it_says_and_is_never_taken_for_none() {
        let records = ["9", "2000001584047545833909"].map(SequenceNumber::parse);
        let records = records.map(Option::unwrap);
        let good = AttributeValue::B(STANDARD.encode(marker::encode(&records)));
        let found = listed(&Item::from([("records".to_owned(), good)]));
        assert_eq!(found, Ok(records.into_iter().collect()));
        for wrong in [
            Item::new(),
            Item::from([("records".to_owned(), AttributeValue::B("AQ".to_owned()))]),
            Item::from([(
                "records".to_owned(),
                AttributeValue::Ss(vec!["9".to_owned()]),
            )]),
        ] {
            let error = listed(&wrong).unwrap_err();
            assert!(matches!(error, StoreError::Final { .. }), "{wrong:?}");
        }
    }

    #[test]
    fn an_update_adds_each_number_by_a_name_that_stands_for_it() {
        let key = ItemKey {
            aggregate: "minute#03".to_owned(),
            bucket: "2026-01-02T03:04Z#event".to_owned(),
        };
        let numbers = Numbers::from([
            ("stripe#captured#e".to_owned(), -5),
            ("stripe#captured#n".to_owned(), 2),
        ]);
        let update = counts("analytics_dev", &key, &numbers);
        assert_eq!(
            update.update_expression,
            "ADD #0 :0,#1 :1 SET expires_at = :expires_at"
        );
        assert_eq!(update.expression_attribute_names["#0"], "stripe#captured#e");
        assert_eq!(update.expression_attribute_values[":0"], number(-5));
        // As long as the limit allows: an expression may have four kilobytes.
        let many = 0..pipeline::aggregate::apply::NUMBERS_MAX;
        let many = many.map(|n| (format!("{n}"), 1)).collect();
        assert!(counts("analytics_dev", &key, &many).update_expression.len() < 4096);
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
