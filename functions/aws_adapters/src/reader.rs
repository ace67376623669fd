//! The transactions table as the archive and the command line read it, and the switch of its
//! expiry.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, TimeToLiveSpecification, TimeToLiveStatus,
};
use payment_event::{MOVEMENT, TransactionKey};
use pipeline::storage::{
    Attribute, Expiry, Item, ItemBatch, ItemReader, PaymentReader, StoreError,
};

use crate::Clients;
use crate::error::store_error;
use crate::sdk_item::neutral;

const QUERY: &str = "dynamodb:Query";
const BATCH_GET: &str = "dynamodb:BatchGetItem";
const DESCRIBE_EXPIRY: &str = "dynamodb:DescribeTimeToLive";
const UPDATE_EXPIRY: &str = "dynamodb:UpdateTimeToLive";

/// The attribute that the table's time to live goes by: `infra/lib/tables.py`.
const EXPIRES_AT: &str = "expires_at";

/// The table in DynamoDB.
#[derive(Clone, Debug)]
pub struct DynamoReader {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn primary_key(key: &TransactionKey) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("transaction_id".to_owned(), text(&key.transaction_id)),
        ("timestamp".to_owned(), text(&key.timestamp)),
    ])
}

fn read_key(item: &HashMap<String, AttributeValue>) -> Option<TransactionKey> {
    let part = |name: &str| item.get(name)?.as_s().ok().cloned();
    Some(TransactionKey {
        transaction_id: part("transaction_id")?,
        timestamp: part("timestamp")?,
    })
}

fn unbuilt(call: &'static str) -> StoreError {
    StoreError::Final {
        call,
        cause: "the request could not be built".to_owned(),
    }
}

impl DynamoReader {
    /// The table called `table`.
    pub fn new(clients: &Clients, table: impl Into<String>) -> Self {
        Self {
            client: clients.dynamodb.clone(),
            table: table.into(),
        }
    }

    /// The records of the events of one payment: `{provider}:{provider's id}`.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn records_of(&self, transaction_id: &str) -> Result<Vec<Item>, StoreError> {
        let movement = Attribute::Text(MOVEMENT.to_owned());
        let mut items = self.items_of(transaction_id).await?;
        items.retain(|item| item.get("record_type") != Some(&movement));
        Ok(items)
    }
}

impl ItemReader for DynamoReader {
    /// Keys that do not fit into an answer of 16 MB, or are throttled, come back as put off.
    /// Source:
    /// <https://aws-amplify.github.io/aws-sdk-android/docs/reference/com/amazonaws/services/dynamodbv2/model/BatchGetItemRequest.html>,
    /// read 2026-11-28.
    async fn read_batch(&self, keys: &[TransactionKey]) -> Result<ItemBatch, StoreError> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(primary_key).collect()))
            .consistent_read(true)
            .build()
            .map_err(|_| unbuilt(BATCH_GET))?;
        let call = self.client.batch_get_item();
        let answer = call.request_items(&self.table, wanted).send().await;
        let answer = answer.map_err(|error| store_error(BATCH_GET, &error))?;
        let mut tables = answer.responses.unwrap_or_default();
        let items = tables.remove(&self.table).unwrap_or_default();
        let mut put_off = answer.unprocessed_keys.unwrap_or_default();
        let put_off = put_off.remove(&self.table).map(|it| it.keys);
        let put_off: Option<Vec<_>> = put_off.iter().flatten().map(read_key).collect();
        Ok(ItemBatch {
            items: items.into_iter().map(neutral).collect(),
            // A key that cannot be read back must not pass for one at which nothing stands.
            put_off: put_off.unwrap_or_else(|| keys.to_vec()),
        })
    }
}

impl PaymentReader for DynamoReader {
    async fn items_of(&self, transaction_id: &str) -> Result<Vec<Item>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("transaction_id = :id")
            .expression_attribute_values(":id", text(transaction_id))
            .consistent_read(true)
            .into_paginator()
            .send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| store_error(QUERY, &error))?;
            items.extend(page.items.unwrap_or_default().into_iter().map(neutral));
        }
        Ok(items)
    }
}

impl Expiry for DynamoReader {
    async fn is_stopped(&self) -> Result<bool, StoreError> {
        let call = self.client.describe_time_to_live();
        let answer = call.table_name(&self.table).send().await;
        let answer = answer.map_err(|error| store_error(DESCRIBE_EXPIRY, &error))?;
        let status = answer.time_to_live_description;
        let status = status.and_then(|it| it.time_to_live_status);
        Ok(matches!(
            status,
            Some(TimeToLiveStatus::Disabled | TimeToLiveStatus::Disabling)
        ))
    }

    /// A change may take an hour, and no other is accepted until it is done.
    /// Source:
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html>,
    /// read 2026-11-28.
    async fn stop(&self) -> Result<(), StoreError> {
        let off = TimeToLiveSpecification::builder()
            .enabled(false)
            .attribute_name(EXPIRES_AT)
            .build()
            .map_err(|_| unbuilt(UPDATE_EXPIRY))?;
        let call = self.client.update_time_to_live().table_name(&self.table);
        let call = call.time_to_live_specification(off).send().await;
        call.map(|_| ())
            .map_err(|error| store_error(UPDATE_EXPIRY, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_becomes_neutral_with_its_types() {
        let map = |value| AttributeValue::M(HashMap::from([("charge".to_owned(), value)]));
        let item = HashMap::from([
            ("a".to_owned(), text("x")),
            ("n".to_owned(), AttributeValue::N("1".to_owned())),
            ("m".to_owned(), map(text("ch_1"))),
            ("odd".to_owned(), map(AttributeValue::Bool(true))),
            ("b".to_owned(), AttributeValue::Bool(true)),
        ]);
        let item = neutral(item);
        assert_eq!(item["a"], Attribute::Text("x".to_owned()));
        assert_eq!(item["n"], Attribute::Number("1".to_owned()));
        assert!(matches!(&item["m"], Attribute::Texts(texts) if texts["charge"] == "ch_1"));
        assert_eq!(
            (&item["odd"], &item["b"]),
            (&Attribute::Other, &Attribute::Other)
        );
    }

    #[test]
    fn a_key_goes_round() {
        let key = TransactionKey {
            transaction_id: "stripe:pi_1".into(),
            timestamp: "undated#evt_1".into(),
        };
        assert_eq!(read_key(&primary_key(&key)), Some(key));
        assert_eq!(read_key(&HashMap::new()), None);
    }
}
