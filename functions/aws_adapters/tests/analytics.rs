//! The analytics table, on the emulator and on DynamoDB Local.
#![cfg(all(feature = "endpoint_tests", feature = "operator"))]
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use aws_adapters::{Clients, DynamoAnalytics, DynamoCounts, SqsDeadLetters};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use jiff::civil::{Date, date};
use pipeline::aggregate::apply::{AnalyticsStore, ApplyOutcome, ITEMS_MAX, NUMBERS_MAX};
use pipeline::aggregate::count::DeadLetters;
use pipeline::aggregate::sums::{CountStore, minutes_of, sum_days};
use pipeline::aggregate::{
    Grain, ItemKey, Items, Numbers, SequenceNumber, StreamRecordError, rollup,
};
use pipeline::memory::Memory;
use pipeline::storage::{Deadline, StoreError};

use common::{config, dynamodb_endpoints, emulator, unique, unreachable};

/// A table, its name, and what counts in it and adds up.
async fn table(
    endpoint: &str,
) -> (
    aws_sdk_dynamodb::Client,
    String,
    DynamoAnalytics,
    DynamoCounts,
) {
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
    let clients = Clients::new(&config);
    let store = DynamoAnalytics::new(clients.wire(), &name);
    let counts = DynamoCounts::new(&clients, &name);
    (client, name, store, counts)
}

fn numbers(range: std::ops::Range<u64>) -> Vec<SequenceNumber> {
    range
        .map(|n| SequenceNumber::parse(&(100_000_000_000_000_000_000 + u128::from(n)).to_string()))
        .map(Option::unwrap)
        .collect()
}

const DAY: Date = date(2026, 1, 2);
const EVENTS: &str = "stripe#captured#n";
const MINOR: &str = "stripe#capture#a";

fn key(aggregate: &str, bucket: &str) -> ItemKey {
    ItemKey {
        aggregate: aggregate.to_owned(),
        bucket: bucket.to_owned(),
    }
}

fn numbers_of(named: &[(&str, i128)]) -> Numbers {
    let named = named.iter();
    named.map(|(name, it)| ((*name).to_owned(), *it)).collect()
}

/// Items of a lane: so many minutes with two events each, and one with more money than 64 bits hold.
fn items(lane: u8, count: usize) -> Items {
    let lane = ItemKey::lane(lane);
    let events = numbers_of(&[(EVENTS, 2), ("stripe#captured#e", -5)]);
    let minute = |n: usize| format!("2026-01-02T{:02}:{:02}Z#event", n / 60, n % 60);
    let minutes = (0..count - 1).map(|n| (key(&lane, &minute(n)), events.clone()));
    let mut items: Items = minutes.collect();
    let money = numbers_of(&[("stripe#capture#n", -1), (MINOR, i128::from(i64::MAX) * 3)]);
    items.insert(key(&lane, "2026-01-02T00:00Z#EUR.2"), money);
    items
}

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
        let (client, name, store, _) = table(&endpoint).await;
        let (first, counted) = (numbers(0..100), items(1, ITEMS_MAX));
        assert_eq!(store.marker(&first[0]).await.unwrap().len(), 0);
        assert!(store.markers_around(&first).await.unwrap().is_empty());
        assert_eq!(
            store.apply(&first, &counted).await,
            Ok(ApplyOutcome::Applied)
        );
        assert_eq!(
            store.apply(&first[..50], &counted).await,
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
            store.apply(&numbers(100..110), &counted).await,
            Ok(ApplyOutcome::Applied)
        );
        let minute = item(&client, &name, "minute#01", "2026-01-02T00:01Z#event").await;
        assert_eq!(minute[EVENTS], AttributeValue::N("4".into()));
        assert_eq!(minute["stripe#captured#e"], AttributeValue::N("-10".into()));
        // Seventy-five days after the minute, whenever it was counted.
        let expires_at = AttributeValue::N("1773792060".into());
        assert_eq!(minute["expires_at"], expires_at);
        let money = item(&client, &name, "minute#01", "2026-01-02T00:00Z#EUR.2").await;
        let sum = AttributeValue::N((i128::from(i64::MAX) * 6).to_string());
        assert_eq!(money[MINOR], sum);
        assert_eq!(money["stripe#capture#n"], AttributeValue::N("-2".into()));
    }
}

#[tokio::test]
async fn an_item_takes_as_many_numbers_at_once_as_the_limit_says() {
    for endpoint in dynamodb_endpoints() {
        let (client, name, store, _) = table(&endpoint).await;
        let many = (0..NUMBERS_MAX).map(|n| (format!("standardwebhooks#unclassified#{n}"), 1));
        let events = key("minute#01", "2026-01-02T00:01Z#event");
        let counted = Items::from([(events, many.collect())]);
        let outcome = store.apply(&numbers(0..1), &counted).await;
        assert_eq!(outcome, Ok(ApplyOutcome::Applied));
        let minute = item(&client, &name, "minute#01", "2026-01-02T00:01Z#event").await;
        // The key, and when it expires.
        assert_eq!(minute.len(), NUMBERS_MAX + 3);
    }
}

struct Never;

impl Deadline for Never {
    fn reached(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn minutes_are_added_up_over_lanes_and_written_in_the_place_of_what_stood_there() {
    let pause = Memory::new();
    for endpoint in dynamodb_endpoints() {
        let (_, _, store, counts) = table(&endpoint).await;
        let mut all = Items::new();
        for (place, lane) in [0, 7, 15].into_iter().enumerate() {
            let number = place as u64;
            let counted = items(lane, ITEMS_MAX);
            let outcome = store.apply(&numbers(number..number + 1), &counted).await;
            assert_eq!(outcome, Ok(ApplyOutcome::Applied));
            all.extend(counted);
        }
        let read = minutes_of(DAY, &counts, &pause).await;
        assert_eq!(read.as_ref(), Ok(&all));
        let tomorrow = DAY.tomorrow().unwrap();
        let none = minutes_of(tomorrow, &counts, &pause).await;
        assert_eq!(none, Ok(Items::new()));
        // A wrong day that stands there, with a number that is not in its minutes.
        let wrong = numbers_of(&[(EVENTS, 1), ("adyen#captured#n", 7)]);
        counts
            .put(&key("day", "2026-01-02#event"), &wrong)
            .await
            .unwrap();
        for written in [5, 0] {
            let report = sum_days(DAY, tomorrow, tomorrow, &counts, &pause, &Never).await;
            assert_eq!(report.unwrap().written, written);
        }
        let mut sums = counts.sums(Grain::Hour, DAY, DAY).await.unwrap();
        sums.extend(counts.sums(Grain::Day, DAY, tomorrow).await.unwrap());
        assert_eq!(sums, rollup(&all));
    }
}

#[tokio::test]
async fn a_marker_inside_the_batch_is_found() {
    for endpoint in dynamodb_endpoints() {
        let (_, _, store, _) = table(&endpoint).await;
        store.apply(&numbers(5..8), &items(1, 1)).await.unwrap();
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
            store.apply(&numbers(0..1), &items(1, 1)).await.unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Final { .. }), "{error}");
        }
        let counts = DynamoCounts::new(&clients, unique("none"));
        for error in [
            counts.minutes(0, DAY, None).await.unwrap_err(),
            counts.sums(Grain::Day, DAY, DAY).await.unwrap_err(),
            counts
                .put(&key("day", "2026-01-02#event"), &Numbers::new())
                .await
                .unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Final { .. }), "{error}");
        }
    }
    let store = DynamoAnalytics::new(unreachable().await.wire(), "none");
    let error = store.marker(&numbers(0..1)[0]).await.unwrap_err();
    assert!(matches!(error, StoreError::Retryable { .. }), "{error}");
    let error = store.apply(&[], &items(1, 1)).await.unwrap_err();
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
