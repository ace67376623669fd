//! What the command line reads and no function does: rows, the access log, the depth of queues.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
use pipeline::aggregate::{Delta, RowKey};
use pipeline::storage::StoreError;

use crate::Clients;
use crate::analytics::MARKER;
use crate::error::store_error;

const SCAN: &str = "dynamodb:Scan";
const ATTRIBUTES: &str = "sqs:GetQueueAttributes";

fn is_marker(item: &HashMap<String, AttributeValue>) -> bool {
    matches!(item.get("aggregate"), Some(AttributeValue::S(key)) if key.starts_with(MARKER))
}

/// The rows of the analytics table, markers left out.
///
/// # Errors
/// A [`StoreError`].
pub async fn analytics_rows(
    clients: &Clients,
    table: &str,
) -> Result<Vec<(RowKey, Delta)>, StoreError> {
    let scan = clients.dynamodb.scan().table_name(table);
    let mut pages = scan.consistent_read(true).into_paginator().send();
    let mut rows = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| store_error(SCAN, &error))?;
        for item in page.items.unwrap_or_default() {
            let text = |name: &str| item.get(name)?.as_s().ok().cloned();
            let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<i128>().ok();
            let row = || {
                let key = RowKey {
                    aggregate: text("aggregate")?,
                    bucket: text("bucket")?,
                };
                // A row of money counts movements, a row of events counts events.
                let delta = match number("movement_count") {
                    Some(movements) => Delta {
                        movements: i64::try_from(movements).ok()?,
                        amount_minor: number("amount_minor")?,
                        ..Delta::default()
                    },
                    None => Delta {
                        count: u64::try_from(number("event_count")?).ok()?,
                        event_to_receipt_ms: number("event_to_receipt_ms")?,
                        receipt_to_count_ms: number("receipt_to_count_ms")?,
                        ..Delta::default()
                    },
                };
                Some((key, delta))
            };
            match row() {
                Some(row) => rows.push(row),
                None if is_marker(&item) => {}
                None => {
                    return Err(StoreError::Final {
                        call: SCAN,
                        cause: "an item of the analytics table is no row".to_owned(),
                    });
                }
            }
        }
    }
    Ok(rows)
}

/// Messages in a queue, waiting or with a function; SQS calls the number approximate.
///
/// # Errors
/// A [`StoreError`].
pub async fn queue_depth(clients: &Clients, queue: &str) -> Result<u64, StoreError> {
    let url = clients.sqs.get_queue_url().queue_name(queue).send().await;
    let url = url.map_err(|error| store_error("sqs:GetQueueUrl", &error))?;
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    let mut call = clients
        .sqs
        .get_queue_attributes()
        .queue_url(url.queue_url().unwrap_or_default());
    for name in &names {
        call = call.attribute_names(name.clone());
    }
    let answer = call.send().await;
    let answer = answer.map_err(|error| store_error(ATTRIBUTES, &error))?;
    let attributes = answer.attributes.unwrap_or_default();
    let number = |name| attributes.get(name)?.parse::<u64>().ok();
    Ok(names.iter().filter_map(number).sum())
}
