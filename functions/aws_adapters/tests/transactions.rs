//! The transactions table, judged by two implementations: the emulator's and Amazon's own.
#![cfg(all(feature = "endpoint_tests", feature = "operator"))]
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::{BTreeSet, HashMap};

use aws_adapters::{Clients, DynamoTransactions};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType,
};
use payment_event::{
    Amount, CurrencyCode, ExponentSource, Identifier, Movement, MovementKind, Problem, Stage,
    Tells, Told,
};
use pipeline::storage::{
    INSERT_BATCH_RECORDS_MAX, InsertOutcome, Over, StoreError, TransactionRecord, TransactionStore,
    Write,
};
use pipeline::stored::StoredTransaction;

use common::{config, config_as, dynamodb_endpoints, emulator, record, unique, unreachable};

struct Table {
    client: Client,
    name: String,
    store: DynamoTransactions,
}

impl Table {
    async fn new(endpoint: &str) -> Self {
        let config = config(endpoint).await;
        let client = Client::new(&config);
        let name = unique("transactions");
        let mut call = client
            .create_table()
            .table_name(&name)
            .billing_mode(BillingMode::PayPerRequest);
        for (attribute, key) in [
            ("transaction_id", KeyType::Hash),
            ("timestamp", KeyType::Range),
        ] {
            call = call
                .attribute_definitions(
                    AttributeDefinition::builder()
                        .attribute_name(attribute)
                        .attribute_type(ScalarAttributeType::S)
                        .build()
                        .unwrap(),
                )
                .key_schema(
                    KeySchemaElement::builder()
                        .attribute_name(attribute)
                        .key_type(key)
                        .build()
                        .unwrap(),
                );
        }
        call.send().await.unwrap();
        let store = DynamoTransactions::new(Clients::new(&config).wire(), &name);
        Self {
            client,
            name,
            store,
        }
    }

    async fn items(&self) -> Vec<HashMap<String, AttributeValue>> {
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true)
            .send()
            .await
            .unwrap();
        answer.items().to_vec()
    }
}

async fn insert(
    store: &DynamoTransactions,
    records: &[TransactionRecord],
) -> Result<Vec<InsertOutcome>, StoreError> {
    let event = |record: &TransactionRecord| Write::Event(Box::new(record.clone()));
    let writes: Vec<_> = records.iter().map(event).collect();
    let written = store.write_batch(&writes).await?;
    Ok(written.into_iter().map(|it| it.outcome).collect())
}

fn plain(numbers: impl IntoIterator<Item = usize>) -> Vec<TransactionRecord> {
    numbers.into_iter().map(record).collect()
}

#[tokio::test]
async fn a_full_batch_is_stored_once_and_seen_as_duplicate_after() {
    for endpoint in dynamodb_endpoints() {
        let table = Table::new(&endpoint).await;
        let records = plain(0..INSERT_BATCH_RECORDS_MAX);
        let first = insert(&table.store, &records).await.unwrap();
        assert_eq!(
            first,
            vec![InsertOutcome::Stored; records.len()],
            "{endpoint}"
        );

        // The same again with three new ones among them, and other facts about the old ones: the old ones stay as they are.
        let mut again = plain(3..INSERT_BATCH_RECORDS_MAX);
        for record in &mut again {
            record.message_id = "another".into();
        }
        again.extend(plain(100..103));
        let outcomes = insert(&table.store, &again).await.unwrap();
        assert_eq!(outcomes[..22], [InsertOutcome::Duplicate; 22], "{endpoint}");
        assert_eq!(outcomes[22..], [InsertOutcome::Stored; 3], "{endpoint}");
        let items = table.items().await;
        assert_eq!(items.len(), 28, "{endpoint}");
        let message = AttributeValue::S("message-1".into());
        assert!(items.iter().all(|item| item["message_id"] == message));
    }
}

#[tokio::test]
async fn an_item_has_the_attributes_of_the_contract() {
    for endpoint in dynamodb_endpoints() {
        let table = Table::new(&endpoint).await;
        insert(&table.store, &plain([1])).await.unwrap();
        let text = |value: &str| AttributeValue::S(value.into());
        let number = |value: &str| AttributeValue::N(value.into());
        let expected = HashMap::from(
            [
                ("transaction_id", text("stripe:pi_1")),
                ("timestamp", text("2026-01-02T03:04:05.600000000Z#evt_1")),
                ("record_type", text("event")),
                ("provider", text("stripe")),
                ("event_id", text("evt_1")),
                ("event_type", text("charge.refunded")),
                ("status", text("captured")),
                ("event_time", text("2026-01-02T03:04:05.600000000Z")),
                ("received_at", text("2026-01-02T03:04:05.678Z")),
                ("message_id", text("message-1")),
                ("audit_key", text("audit/dt=2026-01-02/hh=03/i.jsonl.zst")),
                ("audit_offset", number("12")),
                ("audit_length", number("345")),
                // 104 days after its receipt.
                ("expires_at", number("1776308645")),
                ("amount_minor", number("1130")),
                ("currency", text("EUR")),
                ("amount_text", text("1130")),
                ("amount_exponent", number("2")),
                ("exponent_source", text("iso_default")),
                ("merchant_account", text("acct_é")),
                (
                    "related_ids",
                    AttributeValue::M(HashMap::from([("charge".to_owned(), text("ch_1"))])),
                ),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        assert_eq!(table.items().await, [expected], "{endpoint}");
    }
}

#[tokio::test]
async fn an_undated_event_is_stored_once_whatever_time_it_states() {
    for endpoint in dynamodb_endpoints() {
        let table = Table::new(&endpoint).await;
        let mut delivery = record(1);
        delivery.event.dated = false;
        delivery.event.problems = [Problem::AmountMissing, Problem::TimeMissing].into();
        let insert = async |delivery: &TransactionRecord| {
            let outcomes = insert(&table.store, std::slice::from_ref(delivery)).await;
            outcomes.unwrap()
        };
        assert_eq!(
            insert(&delivery).await,
            [InsertOutcome::Stored],
            "{endpoint}"
        );
        for time in [Some("2026-01-02T04:00:00Z"), None] {
            delivery.event.event_time = time.map(|time| time.parse().unwrap());
            let outcome = insert(&delivery).await;
            assert_eq!(outcome, [InsertOutcome::Duplicate], "{endpoint}");
        }
        let items = table.items().await;
        assert_eq!(items.len(), 1, "{endpoint}");
        let text = |text: &str| AttributeValue::S(text.to_owned());
        assert_eq!(items[0]["timestamp"], text("undated#evt_1"));
        let problems = vec![text("time_missing"), text("amount_missing")];
        assert_eq!(items[0]["problems"], AttributeValue::L(problems));
    }
}

#[tokio::test]
async fn an_item_that_is_too_large_is_refused_and_the_rest_is_stored() {
    let endpoint = dynamodb_endpoints().pop().unwrap();
    let table = Table::new(&endpoint).await;
    let mut records = plain(0..3);
    records[1].event.event_type = "x".repeat(500 * 1024);
    let outcomes = insert(&table.store, &records).await.unwrap();
    assert_eq!(
        outcomes,
        [
            InsertOutcome::Stored,
            InsertOutcome::Refused,
            InsertOutcome::Stored
        ]
    );
}

#[tokio::test]
async fn a_missing_table_is_final() {
    for endpoint in dynamodb_endpoints() {
        let clients = Clients::new(&config(&endpoint).await);
        let store = DynamoTransactions::new(clients.wire(), "none");
        let error = insert(&store, &plain([1])).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Final { .. }),
            "{endpoint}: {error}"
        );
    }
}

#[tokio::test]
async fn unknown_credentials_are_final() {
    let clients = Clients::new(&config_as(&emulator(), "AKIAUNKNOWN").await);
    let store = DynamoTransactions::new(clients.wire(), "none");
    let error = insert(&store, &plain([1])).await.unwrap_err();
    assert!(matches!(error, StoreError::Final { .. }), "{error}");
}

#[tokio::test]
async fn nobody_there_is_retryable() {
    let store = DynamoTransactions::new(unreachable().await.wire(), "none");
    let error = insert(&store, &plain([1])).await.unwrap_err();
    assert!(matches!(error, StoreError::Retryable { .. }), "{error}");
}

fn refund(event: usize, stage: Stage, minor: Option<&str>) -> StoredTransaction {
    let currency = CurrencyCode::parse("EUR").unwrap();
    let movement = Movement {
        kind: MovementKind::Refund,
        id: Identifier::new("re_1").unwrap(),
        payment: Identifier::new("pi_1").unwrap(),
        stage,
        money: minor.map(|minor| Told {
            tells: Tells::Own,
            rank: stage.rank,
            amount: Amount::from_minor_text(minor, currency, 2, ExponentSource::IsoDefault)
                .unwrap(),
            at: Some("2026-01-02T03:04:05.6Z".parse().unwrap()),
        }),
        problems: BTreeSet::new(),
    };
    let mut record = record(event);
    record.event.movements = vec![movement.clone()];
    StoredTransaction::of_movement(&record, &movement)
}

/// What DynamoDB itself answers: whoever is refused is told what stands there, and a version is raised once.
#[tokio::test]
async fn a_movement_is_inserted_once_and_raised_over_the_version_that_was_read() {
    for endpoint in dynamodb_endpoints() {
        let table = Table::new(&endpoint).await;
        let write = async |item: &StoredTransaction, over| {
            let write = Write::Movement(Box::new(item.clone()), over);
            table.store.write_batch(&[write]).await.unwrap().remove(0)
        };
        let pending = refund(1, Stage::PENDING, None);
        let first = write(&pending, Over::Nothing).await;
        assert_eq!(first.outcome, InsertOutcome::Stored, "{endpoint}");
        let succeeded = refund(2, Stage::SUCCEEDED, Some("30"));
        let refused = write(&succeeded, Over::Nothing).await;
        assert_eq!(refused.outcome, InsertOutcome::Duplicate, "{endpoint}");
        // An insert that is refused is answered without the item, here at least: hence the next call.
        let told = refused
            .present
            .map(|item| StoredTransaction::from_item(item).unwrap());
        assert!(told.is_none_or(|told| told == pending), "{endpoint}");
        let unseen = write(&succeeded, Over::Unseen).await;
        assert_eq!(unseen.outcome, InsertOutcome::Duplicate, "{endpoint}");
        let there = StoredTransaction::from_item(unseen.present.unwrap()).unwrap();
        assert_eq!(there, pending, "{endpoint}");

        let raised = there.raised(&succeeded).unwrap().unwrap();
        let done = write(&raised, Over::Version(1)).await;
        assert_eq!(done.outcome, InsertOutcome::Stored, "{endpoint}");
        // The answer was lost, or another had raised it: told what is there, by the same call.
        let again = write(&raised, Over::Version(1)).await;
        assert_eq!(again.outcome, InsertOutcome::Duplicate, "{endpoint}");
        let there = StoredTransaction::from_item(again.present.unwrap()).unwrap();
        assert_eq!(there, raised, "{endpoint}");
        let items = table.items().await;
        assert_eq!(items.len(), 1, "{endpoint}");
        assert_eq!(
            items[0]["version"],
            AttributeValue::N("2".into()),
            "{endpoint}"
        );
        // Events and movements share a call.
        let both = [
            Write::Event(Box::new(record(7))),
            Write::Movement(Box::new(refund(3, Stage::FAILED, None)), Over::Nothing),
        ];
        let written = table.store.write_batch(&both).await.unwrap();
        let outcomes: Vec<_> = written.iter().map(|it| it.outcome).collect();
        assert_eq!(
            outcomes,
            [InsertOutcome::Stored, InsertOutcome::Duplicate],
            "{endpoint}"
        );
    }
}
