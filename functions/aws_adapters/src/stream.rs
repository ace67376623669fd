//! Records of the table's stream, as Lambda hands them to a function.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html> and
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html> (the event's form), read 2026-11-25.

use std::collections::HashMap;

use aws_sdk_dynamodbstreams::types::{AttributeValue, OperationType, Record, ShardIteratorType};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use payment_event::MOVEMENT;
use pipeline::storage::StoreError;
use pipeline::stored::EVENT;
use serde_json::{Map, Value, json};

use crate::Clients;
use crate::error::store_error;

const ITERATOR: &str = "dynamodb:GetShardIterator";
const RECORDS: &str = "dynamodb:GetRecords";
/// Answers in a row without a record, after which the end is taken for reached: a closed shard ends by itself, an open one does not.
const EMPTY_MAX: u32 = 3;

/// Records of a shard by their sequence numbers, both included.
#[derive(Clone, Copy, Debug)]
pub struct Range<'a> {
    /// The shard.
    pub shard: &'a str,
    /// The first sequence number.
    pub first: &'a str,
    /// The last sequence number.
    pub last: &'a str,
}

fn value(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(text) => json!({ "N": text }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::Null(flag) => json!({ "NULL": flag }),
        AttributeValue::B(bytes) => json!({ "B": STANDARD.encode(bytes.as_ref()) }),
        AttributeValue::M(members) => json!({ "M": image(members) }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(value).collect::<Vec<_>>() }),
        AttributeValue::Ss(list) => json!({ "SS": list }),
        AttributeValue::Ns(list) => json!({ "NS": list }),
        // The table has none; the function says of what it cannot read that it cannot.
        _ => Value::Null,
    }
}

fn image(members: &HashMap<String, AttributeValue>) -> Map<String, Value> {
    members
        .iter()
        .map(|(name, attribute)| (name.clone(), value(attribute)))
        .collect()
}

/// The record, where it is what the function is started for: an event that was inserted, a movement that was inserted or raised.
fn wanted(record: &Record) -> Option<String> {
    let change = record.dynamodb.as_ref()?;
    let new = change.new_image.as_ref()?;
    let kind = new.get("record_type")?.as_s().ok()?;
    let name = match (record.event_name.as_ref()?, kind.as_str()) {
        (OperationType::Insert, EVENT | MOVEMENT) => "INSERT",
        (OperationType::Modify, MOVEMENT) => "MODIFY",
        _ => return None,
    };
    let created = change
        .approximate_creation_date_time
        .map(|at| at.as_secs_f64());
    let mut record = json!({
        "eventID": record.event_id,
        "eventName": name,
        "eventSource": "aws:dynamodb",
        "eventVersion": record.event_version,
        "awsRegion": record.aws_region,
        "dynamodb": {
            "ApproximateCreationDateTime": created,
            "Keys": change.keys.as_ref().map(image),
            "NewImage": image(new),
            "SequenceNumber": change.sequence_number,
            "SizeBytes": change.size_bytes,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    });
    if let (Some(old), Some(change)) = (&change.old_image, record["dynamodb"].as_object_mut()) {
        change.insert("OldImage".to_owned(), image(old).into());
    }
    Some(record.to_string())
}

/// Sequence numbers are decimal numbers of up to forty digits.
fn beyond(number: &str, last: &str) -> bool {
    (number.len(), number) > (last.len(), last)
}

/// The records of a part of the stream `arn` that are counted, each as JSON: events that were inserted, movements that were inserted or raised.
///
/// # Errors
/// A [`StoreError`]; [`StoreError::Final`] when the stream has them no more.
pub async fn counted_records(
    clients: &Clients,
    arn: &str,
    range: Range<'_>,
) -> Result<Vec<String>, StoreError> {
    let client = aws_sdk_dynamodbstreams::Client::new(&clients.config);
    let call = client
        .get_shard_iterator()
        .stream_arn(arn)
        .shard_id(range.shard)
        .shard_iterator_type(ShardIteratorType::AtSequenceNumber)
        .sequence_number(range.first);
    let answer = call
        .send()
        .await
        .map_err(|error| store_error(ITERATOR, &error))?;
    let mut iterator = answer.shard_iterator;
    let (mut found, mut empty) = (Vec::new(), 0);
    while let Some(next) = iterator.filter(|_| empty < EMPTY_MAX) {
        let answer = client.get_records().shard_iterator(next).send().await;
        let answer = answer.map_err(|error| store_error(RECORDS, &error))?;
        let records = answer.records.unwrap_or_default();
        empty = if records.is_empty() { empty + 1 } else { 0 };
        for record in &records {
            let number = record
                .dynamodb
                .as_ref()
                .and_then(|d| d.sequence_number.as_deref());
            if number.is_some_and(|number| beyond(number, range.last)) {
                return Ok(found);
            }
            found.extend(wanted(record));
        }
        iterator = answer.next_shard_iterator;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodbstreams::types::StreamRecord;

    use super::*;

    fn record(kind: &str, operation: OperationType) -> Record {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let members = HashMap::from([
            ("record_type".to_owned(), text(kind)),
            ("amount_minor".to_owned(), AttributeValue::N("5".to_owned())),
            (
                "related_ids".to_owned(),
                AttributeValue::M(HashMap::from([("payment".to_owned(), text("p"))])),
            ),
        ]);
        let change = StreamRecord::builder()
            .set_new_image(Some(members))
            .sequence_number("7")
            .build();
        Record::builder()
            .event_name(operation)
            .dynamodb(change)
            .build()
    }

    #[test]
    fn what_is_counted_and_nothing_else() {
        let found = wanted(&record("event", OperationType::Insert)).unwrap();
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(found["dynamodb"]["SequenceNumber"], "7");
        assert_eq!(
            found["dynamodb"]["NewImage"]["amount_minor"],
            json!({"N": "5"})
        );
        assert_eq!(
            found["dynamodb"]["NewImage"]["related_ids"],
            json!({"M": {"payment": {"S": "p"}}})
        );
        assert_eq!(found["dynamodb"].get("OldImage"), None);
        let raised = wanted(&record("movement", OperationType::Modify)).unwrap();
        assert!(raised.contains("\"MODIFY\""));
        assert!(wanted(&record("movement", OperationType::Insert)).is_some());
        assert_eq!(wanted(&record("guard", OperationType::Insert)), None);
        assert_eq!(wanted(&record("event", OperationType::Modify)), None);
        assert_eq!(wanted(&record("event", OperationType::Remove)), None);
        assert_eq!(wanted(&record("movement", OperationType::Remove)), None);
        assert_eq!(wanted(&Record::builder().build()), None);
    }

    #[test]
    fn sequence_numbers_are_compared_as_numbers() {
        assert!(beyond("10", "9") && beyond("2", "1"));
        assert!(!beyond("9", "10") && !beyond("9", "9"));
    }
}
