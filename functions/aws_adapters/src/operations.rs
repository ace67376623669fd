//! What the command line reads and no function does: rows, the access log, the depth of queues.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
use jiff::Timestamp;
use pipeline::aggregate::{Delta, RowKey};
use pipeline::storage::StoreError;
use serde::Deserialize;

use crate::Clients;
use crate::error::store_error;

const SCAN: &str = "dynamodb:Scan";
const LOGS: &str = "logs:FilterLogEvents";
const ATTRIBUTES: &str = "sqs:GetQueueAttributes";

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
                let delta = Delta {
                    count: u64::try_from(number("event_count")?).ok()?,
                    amount_minor: number("amount_minor")?,
                    event_to_receipt_ms: number("event_to_receipt_ms")?,
                    receipt_to_count_ms: number("receipt_to_count_ms")?,
                };
                Some((key, delta))
            };
            match row() {
                Some(row) => rows.push(row),
                None if item.get("aggregate") == Some(&AttributeValue::S("marker".into())) => {}
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccessLine {
    request_id: String,
    method: String,
    status: String,
}

/// The ids of the webhooks between two times that the door answered with success, from its access log. A handshake is a GET and leaves nothing behind.
///
/// # Errors
/// A [`StoreError`].
pub async fn accepted_requests(
    clients: &Clients,
    log_group: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeSet<String>, StoreError> {
    let client = aws_sdk_cloudwatchlogs::Client::new(&clients.config);
    let call = client
        .filter_log_events()
        .log_group_name(log_group)
        .start_time(from.as_millisecond())
        .end_time(to.as_millisecond() - 1);
    let mut pages = call.into_paginator().send();
    let mut accepted = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| store_error(LOGS, &error))?;
        for event in page.events.unwrap_or_default() {
            let line = event.message.unwrap_or_default();
            let line: Option<AccessLine> = serde_json::from_str(&line).ok();
            accepted.extend(
                line.filter(|line| line.method == "POST" && line.status.starts_with('2'))
                    .map(|line| line.request_id),
            );
        }
    }
    Ok(accepted)
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
