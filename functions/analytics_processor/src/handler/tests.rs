//! Events of the stream, counted in memory.

use pipeline::memory::Memory;
use serde_json::{Value, json};

use super::*;

const NOW_MS: i64 = 1_767_323_050_000;

fn record(sequence: &str, amount: &str) -> Value {
    json!({
        "eventName": "INSERT",
        "dynamodb": {
            "SequenceNumber": sequence,
            "NewImage": {
                "record_type": {"S": "movement"}, "provider": {"S": "stripe"},
                "movement_kind": {"S": "capture"}, "movement_state": {"S": "succeeded"},
                "amount_minor": {"N": amount}, "amount_exponent": {"N": "2"}, "currency": {"S": "EUR"},
                "received_at": {"S": "2026-01-02T03:04:06.100Z"},
            },
        },
    })
}

async fn run(memory: &Memory, event: &Value) -> Result<CountReport, StreamBatchError> {
    let deps = Deps {
        store: memory,
        dead_letters: memory,
        pause: memory,
        lane: 3,
    };
    let now = Timestamp::from_millisecond(NOW_MS).unwrap();
    handle(&event.to_string(), now, &deps).await
}

fn told(report: &CountReport) -> Value {
    let mut out = Vec::new();
    let metrics = Metrics::new("payhook", "analytics_processor_dev");
    tell(report, &metrics, NOW_MS, &mut out);
    serde_json::from_slice(&out).unwrap()
}

#[tokio::test]
async fn a_batch_is_counted_once_and_what_cannot_be_is_handed_on_by_itself() {
    let memory = Memory::new();
    let event =
        json!({"Records": [record("100", "1130"), record("101", "11.30"), record("102", "20")]});
    let report = run(&memory, &event).await.unwrap();
    assert_eq!(response(&report), BatchResponse::default());
    assert_eq!((report.applied.counted, report.unreadable.len()), (2, 1));
    assert_eq!(memory.dead_letters().len(), 1);
    let rows = memory.minute_rows().unwrap();
    assert_eq!(rows.len(), 1);
    assert!(
        rows.values()
            .all(|delta| (delta.movements, delta.amount_minor) == (2, 1150))
    );

    let line = told(&report);
    let numbers = [
        "Records",
        "FailedRecords",
        "Counted",
        "Repeated",
        "CountLag",
    ];
    assert_eq!(
        numbers.map(|name| line[name].as_u64().unwrap()),
        [3, 1, 2, 0, 3900]
    );

    let again = run(&memory, &event).await.unwrap();
    assert_eq!((again.applied.counted, again.applied.repeated), (0, 2));
    assert_eq!(memory.minute_rows().unwrap(), rows);
}

#[tokio::test]
async fn a_record_of_long_ago_is_handed_on_each_time_and_adds_nothing() {
    let memory = Memory::new();
    let mut old = record("101", "1130");
    old["dynamodb"]["NewImage"]["received_at"]["S"] = json!("2025-11-03T03:04:06.100Z");
    let event = json!({"Records": [record("100", "1130"), old, record("102", "20")]});
    for (time, counted, repeated) in [(1, 2, 0), (2, 0, 3)] {
        let report = run(&memory, &event).await.unwrap();
        assert_eq!(response(&report), BatchResponse::default());
        let applied = (report.applied.counted, report.applied.repeated);
        assert_eq!(applied, (counted, repeated));
        assert_eq!(
            report.unreadable[0].1.to_string(),
            "received too long ago to be counted: its minute may be gone"
        );
        assert_eq!(memory.dead_letters().len(), time);
    }
    let rows = memory.minute_rows().unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows.values().all(|delta| delta.amount_minor == 1150));
}

#[tokio::test]
async fn a_batch_that_cannot_be_counted_starts_again_from_its_first_record() {
    let memory = Memory::new();
    memory.fail_every(
        pipeline::memory::Call::AnalyticsApply,
        pipeline::memory::CallFault::RetryableBefore,
    );
    let event = json!({"Records": [record("100", "1130"), record("101", "11.30")]});
    let report = run(&memory, &event).await.unwrap();
    assert_eq!(response(&report), BatchResponse::new(["100"]));
    assert_eq!(told(&report)["FailedRecords"], 2);
    assert!(
        memory.dead_letters().is_empty(),
        "handed on only once counting is done"
    );

    memory.heal();
    memory.fail_every(
        pipeline::memory::Call::DeadLetterSend,
        pipeline::memory::CallFault::Final,
    );
    let report = run(&memory, &event).await.unwrap();
    assert_eq!(response(&report), BatchResponse::new(["100"]));
    assert!(
        report
            .failure
            .unwrap()
            .1
            .to_string()
            .contains("dead-letter")
    );
    assert_eq!(memory.minute_rows().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_batch_fails_as_a_whole() {
    let memory = Memory::new();
    for (event, expected) in [
        (json!({}), StreamBatchError::NotABatch),
        (
            json!({"Records": [{"eventName": "INSERT"}]}),
            StreamBatchError::NoSequenceNumber,
        ),
        (
            json!({"Records": [record("x", "1")]}),
            StreamBatchError::NoSequenceNumber,
        ),
    ] {
        assert_eq!(run(&memory, &event).await.unwrap_err(), expected);
    }
}
