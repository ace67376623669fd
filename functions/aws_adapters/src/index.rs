//! The transactions table by archive shard: pages of the index, and deletes.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use payment_event::{MOVEMENT, TransactionKey};
use pipeline::storage::{Attribute, Item, Page, PaymentReader, StoreError, TransactionIndex};

use crate::Clients;
use crate::error::store_error;
use crate::sdk_item::neutral;

const QUERY: &str = "dynamodb:Query";
const DELETE: &str = "dynamodb:BatchWriteItem";

/// The index's name in the stack: `infra/lib/tables.py`.
const INDEX: &str = "archive_index";

/// The table and its index in DynamoDB.
#[derive(Clone, Debug)]
pub struct DynamoIndex {
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

impl DynamoIndex {
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

impl PaymentReader for DynamoIndex {
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

impl TransactionIndex for DynamoIndex {
    async fn page(
        &self,
        archive_shard: &str,
        after: Option<&TransactionKey>,
        limit: Option<usize>,
    ) -> Result<Page, StoreError> {
        let start = after.map(|key| {
            let mut start = primary_key(key);
            start.insert("archive_shard".to_owned(), text(archive_shard));
            start
        });
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("archive_shard = :shard")
            .expression_attribute_values(":shard", text(archive_shard))
            .set_exclusive_start_key(start)
            .set_limit(limit.and_then(|limit| i32::try_from(limit).ok()))
            .send()
            .await
            .map_err(|error| store_error(QUERY, &error))?;
        let next = answer.last_evaluated_key().and_then(read_key);
        let items = answer.items.unwrap_or_default();
        Ok(Page {
            items: items.into_iter().map(neutral).collect(),
            next,
        })
    }

    async fn delete(&self, keys: &[TransactionKey]) -> Result<Vec<TransactionKey>, StoreError> {
        let request = |key: &TransactionKey| {
            let delete = DeleteRequest::builder()
                .set_key(Some(primary_key(key)))
                .build();
            delete.map(|delete| WriteRequest::builder().delete_request(delete).build())
        };
        let requests: Result<Vec<_>, _> = keys.iter().map(request).collect();
        let requests = requests.map_err(|_| StoreError::Final {
            call: DELETE,
            cause: "the request could not be built".to_owned(),
        })?;
        let answer = self
            .client
            .batch_write_item()
            .request_items(&self.table, requests)
            .send()
            .await
            .map_err(|error| store_error(DELETE, &error))?;
        let put_off = answer.unprocessed_items.unwrap_or_default();
        Ok(put_off
            .values()
            .flatten()
            .filter_map(|request| read_key(request.delete_request()?.key()))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use pipeline::storage::Attribute;

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
}
