//! The movements of the transactions table, read by their keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use payment_event::TransactionKey;
use pipeline::storage::{Item, MovementReader, StoreError};

use crate::Clients;
use crate::error::store_error;
use crate::sdk_item;

const BATCH_GET: &str = "dynamodb:BatchGetItem";
/// Calls for keys that were put off.
const CALLS_MAX: u32 = 8;

/// The movements in DynamoDB.
#[derive(Clone, Debug)]
pub struct DynamoMovements {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl DynamoMovements {
    /// Those of the table called `table`.
    pub fn new(clients: &Clients, table: impl Into<String>) -> Self {
        Self {
            client: clients.dynamodb.clone(),
            table: table.into(),
        }
    }
}

fn key(key: &TransactionKey) -> HashMap<String, AttributeValue> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    HashMap::from([
        ("transaction_id".to_owned(), text(&key.transaction_id)),
        ("timestamp".to_owned(), text(&key.timestamp)),
    ])
}

impl MovementReader for DynamoMovements {
    async fn movements(&self, keys: &[TransactionKey]) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        let mut rest: Vec<_> = keys.iter().map(key).collect();
        for _ in 0..CALLS_MAX {
            if rest.is_empty() {
                return Ok(found);
            }
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut rest)))
                .consistent_read(true)
                .build()
                .map_err(|_| StoreError::Final {
                    call: BATCH_GET,
                    cause: "the request could not be built".to_owned(),
                })?;
            let call = self.client.batch_get_item();
            let answer = call.request_items(&self.table, wanted).send().await;
            let answer = answer.map_err(|error| store_error(BATCH_GET, &error))?;
            let mut tables = answer.responses.unwrap_or_default();
            let items = tables.remove(&self.table).unwrap_or_default();
            found.extend(items.into_iter().map(sdk_item::neutral));
            let mut put_off = answer.unprocessed_keys.unwrap_or_default();
            rest = put_off
                .remove(&self.table)
                .map(|it| it.keys)
                .unwrap_or_default();
        }
        match rest.is_empty() {
            true => Ok(found),
            false => Err(StoreError::Retryable {
                call: BATCH_GET,
                cause: "keys were put off".to_owned(),
            }),
        }
    }
}
