//! Records as the stream hands them out, and those that cannot be counted.
use serde_json::{Value, json};

use super::*;

fn event() -> Value {
    json!({
        "eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb",
        "dynamodb": {
            "SequenceNumber": "100000000000000000001",
            "NewImage": {
                "record_type": {"S": "event"},
                "transaction_id": {"S": "stripe:pi_1"},
                "provider": {"S": "stripe"},
                "status": {"S": "captured"},
                "amount_minor": {"N": "1130"},
                "event_time": {"S": "2026-01-02T03:04:05.600000000Z"},
                "received_at": {"S": "2026-01-02T03:04:06.100Z"},
                "related_ids": {"M": {"charge": {"S": "ch_1"}}},
            },
        },
    })
}

fn image(state: &str) -> Value {
    json!({
        "record_type": {"S": "movement"},
        "provider": {"S": "stripe"},
        "movement_kind": {"S": "refund"},
        "movement_state": {"S": state},
        "amount_minor": {"N": "-30"},
        "amount_exponent": {"N": "2"},
        "currency": {"S": "EUR"},
        "received_at": {"S": "2026-01-02T03:04:06.100Z"},
        "changes": {"L": [{"S": "2026-01-02T03:04:06.100Z EUR.2 -30"}]},
    })
}

fn movement(old: Option<&str>, new: &str) -> Value {
    let mut record = json!({"eventName": "INSERT", "dynamodb": {"NewImage": image(new)}});
    if let Some(old) = old {
        record["dynamodb"]["OldImage"] = image(old);
    }
    record
}

fn changed(record: &Value, name: &str, value: Option<Value>) -> String {
    let mut record = record.clone();
    let image = record["dynamodb"]["NewImage"].as_object_mut().unwrap();
    match value {
        Some(value) => image.insert(name.to_owned(), value),
        None => image.remove(name),
    };
    record.to_string()
}

#[test]
fn an_event_is_read() {
    let Ok(Counted::Event(read)) = read_record(&event().to_string()) else {
        panic!("no event");
    };
    assert_eq!(read.provider, "stripe");
    assert_eq!(read.status, PaymentStatus::Captured);
    assert_eq!(read.received_at.as_millisecond(), 1_767_323_046_100);
    // Without a time it is counted when it was received.
    let Ok(Counted::Event(read)) = read_record(&changed(&event(), "event_time", None)) else {
        panic!("no event");
    };
    assert_eq!(read.event_time, read.received_at);
}

#[test]
fn a_movement_is_read_from_its_two_images() {
    let money = Some(Adds::Money(
        CurrencyCode::parse("EUR").unwrap(),
        2,
        MinorUnits(-30),
    ));
    for (old, new, before, after) in [
        (None, "pending", None, None),
        (None, "succeeded", None, money),
        (Some("pending"), "succeeded", None, money),
        (Some("succeeded"), "failed", money, None),
        (Some("open"), "lost", money, money),
    ] {
        let read = read_record(&movement(old, new).to_string()).unwrap();
        let Counted::Movement(read) = read else {
            panic!("no movement");
        };
        assert_eq!((read.before, read.after), (before, after), "{old:?} {new}");
        assert_eq!(read.kind, MovementKind::Refund);
    }
    let mut untold = movement(None, "succeeded");
    let image = untold["dynamodb"]["NewImage"].as_object_mut().unwrap();
    for name in ["amount_minor", "amount_exponent", "currency"] {
        image.remove(name);
    }
    let Ok(Counted::Movement(read)) = read_record(&untold.to_string()) else {
        panic!("no movement");
    };
    assert_eq!(read.after, Some(Adds::Untold));
}

#[test]
fn every_refusal_has_a_row() {
    use StreamRecordError as E;
    let text = |value: &str| Some(json!({"S": value}));
    let number = |value: &str| Some(json!({"N": value}));
    for (name, value, expected) in [
        ("record_type", None, E::Attribute("record_type")),
        ("record_type", text("guard"), E::Attribute("record_type")),
        ("provider", None, E::Attribute("provider")),
        ("provider", number("1"), E::Attribute("provider")),
        ("status", None, E::Attribute("status")),
        ("status", text("lost"), E::Status),
        ("event_time", number("1"), E::Attribute("event_time")),
        ("event_time", text("yesterday"), E::Time("event_time")),
        ("received_at", text(""), E::Time("received_at")),
    ] {
        let json = changed(&event(), name, value.clone());
        assert_eq!(read_record(&json), Err(expected), "{name} {value:?}");
    }
    let over = |digits: &str| (number(digits), E::AmountOutOfRange);
    let rows = [
        ("movement_kind", None, E::Attribute("movement_kind")),
        ("movement_kind", text("gift"), E::Movement),
        ("movement_state", None, E::Attribute("movement_state")),
        ("movement_state", text("perhaps"), E::Movement),
        ("received_at", None, E::Attribute("received_at")),
        ("currency", None, E::Attribute("currency")),
        ("currency", text("4111"), E::Currency),
        ("currency", text("E R"), E::Currency),
        ("amount_exponent", None, E::Attribute("amount_exponent")),
        ("amount_exponent", number("9"), E::Currency),
        ("amount_exponent", number("-1"), E::Currency),
        ("amount_minor", None, E::Attribute("amount_minor")),
        ("amount_minor", text("1130"), E::Attribute("amount_minor")),
    ];
    let beyond = ["9223372036854775808", "-9223372036854775809", "11.30"].map(over);
    let beyond = beyond.map(|(value, error)| ("amount_minor", value, error));
    for (name, value, expected) in rows.into_iter().chain(beyond) {
        let json = changed(&movement(None, "succeeded"), name, value.clone());
        assert_eq!(read_record(&json), Err(expected), "{name} {value:?}");
    }
    // An event never changes.
    let mut twice = event();
    twice["dynamodb"]["OldImage"] = twice["dynamodb"]["NewImage"].clone();
    assert_eq!(
        read_record(&twice.to_string()),
        Err(E::Attribute("record_type"))
    );
    for json in [
        "",
        "{}",
        "[]",
        "{\"dynamodb\":{}}",
        "{\"dynamodb\":{\"Keys\":{}}}",
    ] {
        assert_eq!(read_record(json), Err(E::NotARecord), "{json}");
    }
}

#[test]
fn a_batch_is_read_at_once_where_each_of_its_records_can_be_counted() {
    let numbered = |record: &Value, number: usize| {
        let mut record = record.clone();
        record["dynamodb"]["SequenceNumber"] = json!(number.to_string());
        record
    };
    let batch = |records: &[Value]| json!({ "Records": records }).to_string();
    let good = [
        event(),
        movement(None, "succeeded"),
        movement(Some("pending"), "failed"),
    ];
    let records: Vec<Value> = good
        .iter()
        .zip(1..)
        .map(|(it, n)| numbered(it, n))
        .collect();
    let one_by_one: Vec<_> = records
        .iter()
        .map(|record| {
            let number = record["dynamodb"]["SequenceNumber"].as_str().unwrap();
            let counted = read_record(&record.to_string()).unwrap();
            (SequenceNumber::parse(number).unwrap(), counted)
        })
        .collect();
    assert_eq!(read_records(&batch(&records)), Some(one_by_one));
    assert_eq!(read_records(&batch(&[])), Some(Vec::new()));
    let wrong = serde_json::from_str(&changed(&records[0], "status", None)).unwrap();
    for bad in [
        wrong,
        event()["dynamodb"].clone(),
        numbered(&json!({"dynamodb": {}}), 4),
    ] {
        let mut records = records.clone();
        records.push(bad);
        assert_eq!(read_records(&batch(&records)), None);
    }
    let mut records = records;
    records[1]["dynamodb"]["SequenceNumber"] = json!("x");
    assert_eq!(read_records(&batch(&records)), None);
    assert_eq!(read_records("{}"), None);
}
