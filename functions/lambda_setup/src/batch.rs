//! The SQS event a function is given, and the answer that names the messages to deliver again.
//!
//! Invariant: one record that cannot be read does not take the others with it: it is named as failed and the rest goes on.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>, read 2026-11-23.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Why an event is no batch. Such an invocation fails as a whole and is delivered again.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Not the form of an SQS event.
    #[error("the event is not an SQS batch: check the event source mapping of the function")]
    NotABatch,
    /// A record without even a message id cannot be reported by itself.
    #[error("a record of the batch has no message id")]
    NoMessageId,
}

/// What the function needs of one SQS record.
#[derive(Debug)]
pub struct SqsMessage<'a> {
    /// SQS message id.
    pub message_id: Cow<'a, str>,
    /// Message body: the raw webhook.
    pub body: Cow<'a, str>,
    /// The string value of the `request` attribute.
    pub request: Option<Cow<'a, str>>,
    /// The string value of the `reject` attribute, which only a message has that was rejected before.
    pub reject: Option<Cow<'a, str>>,
    /// `SentTimestamp`, milliseconds since the epoch.
    pub sent_at_ms: i64,
    /// `ApproximateReceiveCount`.
    pub receive_count: u32,
}

/// `{"batchItemFailures":[{"itemIdentifier":…}]}`.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl BatchResponse {
    /// Names the messages to deliver again.
    pub fn new<I: Into<String>>(failed: impl IntoIterator<Item = I>) -> Self {
        let batch_item_failures = failed
            .into_iter()
            .map(|id| Failure {
                item_identifier: id.into(),
            })
            .collect();
        Self {
            batch_item_failures,
        }
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow)]
    message_id: Cow<'a, str>,
    #[serde(borrow)]
    body: Cow<'a, str>,
    #[serde(borrow)]
    attributes: Attributes<'a>,
    #[serde(borrow, default)]
    message_attributes: MessageAttributes<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes<'a> {
    #[serde(borrow)]
    sent_timestamp: Cow<'a, str>,
    #[serde(borrow)]
    approximate_receive_count: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
struct MessageAttributes<'a> {
    #[serde(borrow)]
    request: Option<Attribute<'a>>,
    #[serde(borrow)]
    reject: Option<Attribute<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribute<'a> {
    #[serde(borrow)]
    string_value: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdOnly {
    message_id: String,
}

/// Reads the messages of an event, and the ids of those that cannot be read.
///
/// # Errors
/// [`BatchError`] when the event is no batch at all.
pub fn read_batch(event: &str) -> Result<(Vec<SqsMessage<'_>>, Vec<String>), BatchError> {
    let event: Event<'_> = serde_json::from_str(event).map_err(|_| BatchError::NotABatch)?;
    let (mut messages, mut unreadable) = (Vec::with_capacity(event.records.len()), Vec::new());
    for raw in event.records {
        match message(raw) {
            Some(message) => messages.push(message),
            None => {
                let id: IdOnly =
                    serde_json::from_str(raw.get()).map_err(|_| BatchError::NoMessageId)?;
                unreadable.push(id.message_id);
            }
        }
    }
    Ok((messages, unreadable))
}

fn message(raw: &RawValue) -> Option<SqsMessage<'_>> {
    let record: Record<'_> = serde_json::from_str(raw.get()).ok()?;
    Some(SqsMessage {
        sent_at_ms: record.attributes.sent_timestamp.parse().ok()?,
        receive_count: record.attributes.approximate_receive_count.parse().ok()?,
        message_id: record.message_id,
        body: record.body,
        request: record
            .message_attributes
            .request
            .and_then(|r| r.string_value),
        reject: record
            .message_attributes
            .reject
            .and_then(|r| r.string_value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(id: &str) -> serde_json::Value {
        json!({
            "messageId": id, "body": "{\"a\":\"\u{e9}\"}",
            "attributes": {"SentTimestamp": "1767323045000", "ApproximateReceiveCount": "2", "SenderId": "x"},
            "messageAttributes": {"request": {"stringValue": "provider=stripe", "dataType": "String"}},
        })
    }

    #[test]
    fn good_records_are_read_and_bad_ones_named() {
        let mut bad = record("b");
        bad["attributes"]["SentTimestamp"] = json!("yesterday");
        let mut bare = record("c");
        bare["messageAttributes"] = json!({});
        let event = json!({"Records": [record("a"), bad, bare]}).to_string();
        let (messages, unreadable) = read_batch(&event).unwrap();
        assert_eq!(unreadable, ["b"]);
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0].message_id, "a");
        assert_eq!(messages[0].body, "{\"a\":\"\u{e9}\"}");
        assert_eq!(messages[0].request.as_deref(), Some("provider=stripe"));
        assert_eq!(
            (messages[0].sent_at_ms, messages[0].receive_count),
            (1_767_323_045_000, 2)
        );
        assert!(messages[1].request.is_none());
    }

    #[test]
    fn what_is_no_batch_is_an_error() {
        assert!(matches!(read_batch("{}"), Err(BatchError::NotABatch)));
        assert!(matches!(
            read_batch("{\"Records\":[{}]}"),
            Err(BatchError::NoMessageId)
        ));
    }

    #[test]
    fn the_answer_names_the_failures() {
        let json = serde_json::to_value(BatchResponse::new(["a"])).unwrap();
        assert_eq!(
            json,
            json!({"batchItemFailures": [{"itemIdentifier": "a"}]})
        );
        assert_eq!(
            serde_json::to_string(&BatchResponse::default()).unwrap(),
            "{\"batchItemFailures\":[]}"
        );
    }
}
