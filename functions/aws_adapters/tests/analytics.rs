//! The analytics table, on the emulator and on DynamoDB Local.
#![cfg(all(feature = "endpoint_tests", feature = "operator"))]
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;

use aws_adapters::{Clients, DynamoAnalytics, SqsDeadLetters};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use pipeline::aggregate::apply::{AnalyticsStore, ApplyOutcome};
use pipeline::aggregate::count::DeadLetters;
use pipeline::aggregate::{Delta, RowKey, SequenceNumber, StreamRecordError};
use pipeline::storage::StoreError;

use common::{config, dynamodb_endpoints, emulator, unique, unreachable};

async fn table(endpoint: &str) -> (aws_sdk_dynamodb::Client, String, DynamoAnalytics) {
    let config = config(endpoint).await;
    let client = aws_sdk_dynamodb::Client::new(&config);
    let name = unique("analytics");
    let key = |attribute: &str, kind: KeyType| {
        let element = KeySchemaElement::builder().attribute_name(attribute);
        element.key_type(kind).build().unwrap()
    };
    let defined = |attribute: &str| {
        let definition = AttributeDefinition::builder().attribute_name(attribute);
        definition
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("aggregate", KeyType::Hash))
        .key_schema(key("bucket", KeyType::Range))
        .attribute_definitions(defined("aggregate"))
        .attribute_definitions(defined("bucket"))
        .send()
        .await
        .unwrap();
    let store = DynamoAnalytics::new(Clients::new(&config).wire(), &name);
    (client, name, store)
}

fn numbers(range: std::ops::Range<u64>) -> Vec<SequenceNumber> {
    range
        .map(|n| SequenceNumber::parse(&(100_000_000_000_000_000_000 + u128::from(n)).to_string()))
        .map(Option::unwrap)
        .collect()
}

fn rows(count: usize) -> BTreeMap<RowKey, Delta> {
    let delta = Delta {
        count: 2,
        event_to_receipt_ms: -5,
        receipt_to_count_ms: 7,
        ..Delta::default()
    };
    let key = |n: usize| RowKey {
        aggregate: EVENTS.to_owned(),
        bucket: match n {
            0 => "day#2026-01-02".to_owned(),
            n => format!("minute#2026-01-02T{:02}:{:02}Z", n / 60, n % 60),
        },
    };
    let mut rows: BTreeMap<_, _> = (0..count - 1).map(|n| (key(n), delta)).collect();
    let money = RowKey {
        aggregate: MONEY.to_owned(),
        bucket: "day#2026-01-02".to_owned(),
    };
    let delta = Delta {
        movements: -1,
        amount_minor: i128::from(i64::MAX) * 3,
        ..Delta::default()
    };
    rows.insert(money, delta);
    rows
}

const EVENTS: &str = "stripe#-#captured#01";
const MONEY: &str = "stripe#EUR.2#movement:capture#01";

async fn item(
    client: &aws_sdk_dynamodb::Client,
    table: &str,
    aggregate: &str,
    bucket: &str,
) -> std::collections::HashMap<String, AttributeValue> {
    let key = |text: &str| AttributeValue::S(text.to_owned());
    let call = client.get_item().table_name(table).consistent_read(true);
    call.key("aggregate", key(aggregate))
        .key("bucket", key(bucket))
        .send()
        .await
        .unwrap()
        .item
        .unwrap()
}

#[tokio::test]
async fn a_transaction_counts_its_records_once() {
    for endpoint in dynamodb_endpoints() {
        let (client, name, store) = table(&endpoint).await;
        let (first, rows) = (numbers(0..100), rows(99));
        assert_eq!(store.marker(&first[0]).await.unwrap().len(), 0);
        assert!(store.markers_around(&first).await.unwrap().is_empty());
        assert_eq!(store.apply(&first, &rows).await, Ok(ApplyOutcome::Applied));
        assert_eq!(
            store.apply(&first[..50], &rows).await,
            Ok(ApplyOutcome::MarkerExists)
        );
        let listed = store.marker(&first[0]).await.unwrap();
        assert!(listed.iter().eq(&first));
        // Behind the first of them: the marker stands before the batch.
        assert!(store.marker(&first[60]).await.unwrap().is_empty());
        let around = store.markers_around(&numbers(60..120)).await.unwrap();
        assert_eq!(around, [listed]);
        // A marker for the rest, left where the next batch starts; one that is there stays.
        for left in [numbers(60..100), numbers(60..70)] {
            store.leave(&left).await.unwrap();
        }
        let left = store.marker(&first[60]).await.unwrap();
        assert!(left.iter().eq(&numbers(60..100)));

        assert_eq!(
            store.apply(&numbers(100..110), &rows).await,
            Ok(ApplyOutcome::Applied)
        );
        let day = item(&client, &name, EVENTS, "day#2026-01-02").await;
        let number = |name: &str| day[name].as_n().unwrap().clone();
        assert_eq!(number("event_count"), "4");
        let money = item(&client, &name, MONEY, "day#2026-01-02").await;
        let sum = AttributeValue::N((i128::from(i64::MAX) * 6).to_string());
        assert_eq!(money["amount_minor"], sum);
        assert_eq!(money["movement_count"], AttributeValue::N("-2".into()));
        assert!(!money.contains_key("event_count") && !day.contains_key("amount_minor"));
        assert_eq!(number("event_to_receipt_ms"), "-10");
        assert_eq!(number("receipt_to_count_ms"), "14");
        assert!(!day.contains_key("expires_at"), "days stay");
        let minute = item(&client, &name, EVENTS, "minute#2026-01-02T00:01Z").await;
        assert!(minute.contains_key("expires_at"), "minutes do not");
    }
}

#[tokio::test]
async fn a_marker_inside_the_batch_is_found() {
    for endpoint in dynamodb_endpoints() {
        let (_, _, store) = table(&endpoint).await;
        store.apply(&numbers(5..8), &rows(1)).await.unwrap();
        let around = store.markers_around(&numbers(0..10)).await.unwrap();
        assert_eq!(around.len(), 1);
        assert!(around[0].iter().eq(&numbers(5..8)));
        assert!(store.markers_around(&[]).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_missing_table_is_final_and_nobody_there_is_retryable() {
    for endpoint in dynamodb_endpoints() {
        let clients = Clients::new(&config(&endpoint).await);
        let store = DynamoAnalytics::new(clients.wire(), unique("none"));
        for error in [
            store.marker(&numbers(0..1)[0]).await.unwrap_err(),
            store.markers_around(&numbers(0..1)).await.unwrap_err(),
            store.leave(&numbers(0..1)).await.unwrap_err(),
            store.apply(&numbers(0..1), &rows(1)).await.unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Final { .. }), "{error}");
        }
    }
    let store = DynamoAnalytics::new(unreachable().await.wire(), "none");
    let error = store.marker(&numbers(0..1)[0]).await.unwrap_err();
    assert!(matches!(error, StoreError::Retryable { .. }), "{error}");
    let error = store.apply(&[], &rows(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Final { .. }), "{error}");
}

#[tokio::test]
async fn an_unreadable_record_is_handed_on_with_its_reason() {
    let config = config(&emulator()).await;
    let sqs = aws_sdk_sqs::Client::new(&config);
    let made = sqs.create_queue().queue_name(unique("dlq")).send().await;
    let url = made.unwrap().queue_url.unwrap();
    let queue = SqsDeadLetters::new(Clients::new(&config).wire(), &url);
    queue
        .send("{\"a\":1}", StreamRecordError::AmountOutOfRange)
        .await
        .unwrap();
    let received = sqs
        .receive_message()
        .queue_url(&url)
        .message_attribute_names("All")
        .send()
        .await
        .unwrap();
    let message = &received.messages()[0];
    assert_eq!(message.body(), Some("{\"a\":1}"));
    let reason = &message.message_attributes().unwrap()["reason"];
    assert_eq!(
        reason.string_value(),
        Some("attribute amount_minor is not an integer of 64 bits")
    );
    let queue = SqsDeadLetters::new(unreachable().await.wire(), "http://127.0.0.1:9/none");
    assert!(
        queue
            .send("{}", StreamRecordError::NotARecord)
            .await
            .is_err()
    );
}
