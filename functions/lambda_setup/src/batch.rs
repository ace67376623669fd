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
    /// The string value of the `fetched` attribute, which only a message has whose body was fetched from the provider's API.
    pub fetched: Option<Cow<'a, str>>,
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
    records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
struct RawEvent<'a> {
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
    #[serde(borrow)]
    fetched: Option<Attribute<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribute<'a> {
    #[serde(borrow)]
    string_value: Option<Text<'a>>,
}

/// A text of the event where it has no escapes: by itself serde copies what is in an `Option`.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

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
    // All records of nearly every event have the form of one, and then the text is passed over once.
    match serde_json::from_str::<Event<'_>>(event) {
        Ok(event) => Ok(sorted(event.records.into_iter().map(message))),
        Err(_) => read_each(event),
    }
}

/// Reads the records of an event one by one.
fn read_each(event: &str) -> Result<(Vec<SqsMessage<'_>>, Vec<String>), BatchError> {
    let event: RawEvent<'_> = serde_json::from_str(event).map_err(|_| BatchError::NotABatch)?;
    let records = event.records.into_iter().map(read_one);
    Ok(sorted(records.collect::<Result<Vec<_>, _>>()?))
}

/// One record of an event, or its id where it has no form of one.
fn read_one(raw: &RawValue) -> Result<Result<SqsMessage<'_>, String>, BatchError> {
    match serde_json::from_str(raw.get()) {
        Ok(record) => Ok(message(record)),
        Err(_) => match serde_json::from_str::<IdOnly>(raw.get()) {
            Ok(id) => Ok(Err(id.message_id)),
            Err(_) => Err(BatchError::NoMessageId),
        },
    }
}

/// The messages, and the ids of what is none.
fn sorted<'a>(
    records: impl IntoIterator<Item = Result<SqsMessage<'a>, String>>,
) -> (Vec<SqsMessage<'a>>, Vec<String>) {
    let records = records.into_iter();
    let (mut messages, mut unreadable) = (Vec::with_capacity(records.size_hint().0), Vec::new());
    for record in records {
        match record {
            Ok(message) => messages.push(message),
            Err(id) => unreadable.push(id),
        }
    }
    (messages, unreadable)
}

/// The message of a record, or its id where a number of it is none.
fn message(record: Record<'_>) -> Result<SqsMessage<'_>, String> {
    let attributes = record.attributes;
    let sent_at_ms = attributes.sent_timestamp.parse();
    let receive_count = attributes.approximate_receive_count.parse();
    let (Ok(sent_at_ms), Ok(receive_count)) = (sent_at_ms, receive_count) else {
        return Err(record.message_id.into_owned());
    };
    Ok(SqsMessage {
        sent_at_ms,
        receive_count,
        message_id: record.message_id,
        body: record.body,
        request: string(record.message_attributes.request),
        reject: string(record.message_attributes.reject),
        fetched: string(record.message_attributes.fetched),
    })
}

fn string(attribute: Option<Attribute<'_>>) -> Option<Cow<'_, str>> {
    attribute?.string_value.map(|text| text.0)
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

    /// A record as it is, or with one part changed to something that it never is.
    fn damaged(id: &str, part: usize) -> serde_json::Value {
        let mut record = record(id);
        match part {
            0 => record["attributes"]["SentTimestamp"] = json!("yesterday"),
            1 => record["attributes"]["ApproximateReceiveCount"] = json!("-1"),
            2 => record["attributes"]["SentTimestamp"] = json!(1_767_323_045_000_i64),
            3 => record["body"] = json!(null),
            4 => record["attributes"] = json!({}),
            5 => record["messageAttributes"] = json!([]),
            6 => record["messageAttributes"]["request"]["stringValue"] = json!(7),
            7 => record["messageAttributes"] = json!({"reject": {"stringValue": "a\"b"}}),
            8 => record["more"] = json!({"a": [1, {"b": "\\"}]}),
            9 => record["messageAttributes"]["request"] = json!({"dataType": "Binary"}),
            _ => {}
        }
        record
    }

    #[test]
    fn a_batch_is_read_at_once_as_it_is_read_one_by_one() {
        let parts = 0..=10;
        let pairs = parts
            .clone()
            .flat_map(|one| parts.clone().map(move |other| (one, other)));
        for (one, other) in pairs {
            let records = [damaged("a", one), record("b"), damaged("c", other)];
            let event = json!({ "Records": records }).to_string();
            let at_once = read_batch(&event).unwrap();
            assert_eq!(
                format!("{at_once:?}"),
                format!("{:?}", read_each(&event).unwrap()),
                "{one} and {other}"
            );
            let unreadable = |part: &usize| *part < 7;
            let expected = [("a", one), ("c", other)];
            let expected: Vec<&str> = expected
                .iter()
                .filter(|(_, part)| unreadable(part))
                .map(|(id, _)| *id)
                .collect();
            assert_eq!(at_once.1, expected);
        }
    }

    #[test]
    fn what_needs_no_unescaping_is_not_copied() {
        let event = json!({"Records": [record("a")]}).to_string();
        let (messages, _) = read_batch(&event).unwrap();
        assert!(matches!(messages[0].request, Some(Cow::Borrowed(_))));
        assert!(matches!(messages[0].message_id, Cow::Borrowed(_)));
        assert!(matches!(messages[0].body, Cow::Owned(_)));
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
