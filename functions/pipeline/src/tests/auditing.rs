//! What stands in the audit log, and that it can be read again.

use aws_lc_rs::digest;
use provider_webhooks::providers;
use serde_json::json;

use super::support::*;
use crate::IngestReport;
use crate::audit::{EventKeys, Filed, read_keys, read_object_keys};

#[test]
fn the_key_is_day_and_hour_of_the_earliest_receipt() {
    let filed = Filed::of(RECEIVED_AT_MS, RECEIVED_AT_MS);
    assert_eq!(
        filed.object_key(RECEIVED_AT_MS, "i-1"),
        "audit/dt=2026-01-02/hh=04/i-1.jsonl.zst"
    );
    let memory = memory();
    let mut messages = stripe(3);
    messages[1].received_at_ms -= 2 * 3_600_000;
    messages[1].queued_at_ms -= 2 * 3_600_000;
    run(&memory, &messages, "i");
    assert_eq!(
        memory.objects().keys().collect::<Vec<_>>(),
        ["audit/dt=2026-01-02/hh=02/i.jsonl.zst"]
    );
}

#[test]
fn a_stored_line_has_everything_and_no_card_number() {
    let memory = memory();
    let mut message = genuine("stripe", 1, "m");
    message.receive_count = 3;
    let report = run(&memory, std::slice::from_ref(&message), "i");
    let record = memory.records().into_values().next().unwrap();
    let line = line_at(&memory, &record.audit, "m");
    let names: Vec<_> = line
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = vec![
        "message_id",
        "received_at",
        "processed_attempt",
        "provider",
        "source_ip",
        "request_id",
        "body_sha256",
        "body_bytes",
        "verdict",
        "keys",
        "events",
        "payload",
    ];
    let mut sorted = names.clone();
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(line["received_at"], "2026-01-02T04:04:05.250Z");
    assert_eq!(line["processed_attempt"], 3);
    assert_eq!(line["source_ip"], "192.0.2.7");
    assert_eq!(line["request_id"], "req-1");
    assert_eq!(line["body_bytes"], message.body.len());
    let hash = digest::digest(&digest::SHA256, message.body.as_bytes());
    assert_eq!(line["body_sha256"], hex::encode(hash));
    assert_eq!(line["events"], json!([record.event]));
    assert_eq!(line["keys"], json!([record.event.key()]));
    assert!(!line.to_string().contains(PLANTED_PAN));
    assert!(report.masked_pans >= 1);
    assert_eq!(
        report.audit_bytes,
        memory.objects().values().next().unwrap().len() as u64
    );
}

#[test]
fn a_rejected_line_repeats_nothing_of_the_body() {
    let memory = memory();
    let mut message = forged("stripe", 1, "m");
    message.body.push_str("unverified text");
    run(&memory, std::slice::from_ref(&message), "i");
    let line = audit_lines(&memory).remove(0);
    assert_eq!(
        (&line["verdict"], &line["reason"]),
        (&json!("rejected"), &json!("signature_mismatch"))
    );
    for absent in ["keys", "events", "payload"] {
        assert!(line.get(absent).is_none(), "{absent}");
    }
    assert!(!line.to_string().contains("unverified text"));
}

#[test]
fn what_a_sender_claims_is_bounded_and_checked() {
    for (ip, id, line_ip, line_id) in [
        ("2001:db8::1", "r", json!("2001:db8::1"), json!("r")),
        ("not an address", "", json!(null), json!(null)),
        ("", &*"x".repeat(500), json!(null), json!("x".repeat(128))),
    ] {
        let memory = memory();
        let mut message = forged("stripe", 1, "m");
        message.request = Some(format!("provider=&source_ip={ip}&request_id={id}"));
        run(&memory, &[message], "i");
        let line = audit_lines(&memory).remove(0);
        assert_eq!(
            (&line["source_ip"], &line["request_id"]),
            (&line_ip, &line_id),
            "{ip}"
        );
        assert_eq!(line["provider"], json!(null));
    }
    let memory = memory();
    let mut message = forged("stripe", 1, "m");
    message.request = Some(format!("provider=&request_id={PLANTED_PAN}"));
    run(&memory, &[message], "i");
    assert!(!audit_lines(&memory)[0].to_string().contains(PLANTED_PAN));
}

#[test]
fn a_pretty_printed_payload_stays_one_line() {
    let memory = memory();
    let messages = stripe(4);
    assert!(
        messages[0].body.contains('\n'),
        "the sample is pretty-printed"
    );
    run(&memory, &messages, "i");
    assert_eq!(
        audit_lines(&memory).len(),
        4,
        "the whole object decompresses to one line per message"
    );
}

#[test]
fn an_empty_batch_writes_nothing() {
    let memory = memory();
    assert_eq!(run(&memory, &[], "i"), IngestReport::default());
    assert_eq!(memory.calls(), []);
}

#[test]
fn an_object_holds_messages_of_one_day_of_receipt() {
    let memory = memory();
    let mut messages = stripe(5);
    let day_ms = 86_400_000;
    // Two waited over midnight; one was received six days ago and sent through verification again.
    for message in &mut messages[..2] {
        message.received_at_ms -= day_ms;
        message.queued_at_ms -= day_ms;
    }
    messages[2].received_at_ms -= 6 * day_ms;
    let report = run(&memory, &messages, "i");
    assert!(report.failures.is_empty());
    let objects = memory.objects();
    let keys = [
        ("audit/dt=2026-01-01/hh=04/i.jsonl.zst", 2),
        ("audit/dt=2026-01-02/hh=04/i.jsonl.zst", 2),
        (
            "audit/dt=2026-01-02/hh=again/received=2025-12-27-i.jsonl.zst",
            1,
        ),
    ];
    for (key, lines) in keys {
        assert_eq!(
            read_object_keys(&objects[key]).unwrap().len(),
            lines,
            "{key}"
        );
        assert_eq!(crate::audit::is_again(key), key.contains("again"), "{key}");
    }
    assert_eq!(objects.len(), keys.len());
    let sizes = objects.values().map(|object| object.len() as u64);
    assert_eq!(report.audit_bytes, sizes.sum::<u64>());
    for record in memory.records().into_values() {
        line_at(&memory, &record.audit, &record.message_id);
        let filed = Filed::of(record.queued_at_ms, record.received_at_ms);
        assert_eq!(
            filed.object_key(record.queued_at_ms, "i"),
            *record.audit.key
        );
    }
}

#[test]
fn a_line_names_every_item_that_its_message_brings() {
    let memory = memory();
    let messages: Vec<_> = providers::ALL
        .iter()
        .enumerate()
        .map(|(n, provider)| genuine(provider.info().name, 1, &format!("m{n}")))
        .collect();
    assert!(run(&memory, &messages, "i").failures.is_empty());
    let objects = memory.objects();
    let keys = objects
        .values()
        .map(|object| read_object_keys(object).unwrap());
    let keys: Vec<EventKeys> = keys.flatten().collect();
    let mut named: Vec<_> = keys.iter().map(|keys| keys.event.clone()).collect();
    named.extend(keys.into_iter().flat_map(|keys| keys.movements));
    named.sort();
    named.dedup();
    assert_eq!(named, memory.items().into_keys().collect::<Vec<_>>());
    assert!(!memory.movements().is_empty());
}

#[test]
fn what_is_no_line_has_no_keys_to_go_by() {
    let key = r#"{"transaction_id":"p:1","timestamp":"undated#e"}"#;
    for line in [
        "".to_owned(),
        "{}".to_owned(),
        r#"{"verdict":"unknown"}"#.to_owned(),
        format!(r#"{{"verdict":"stored","keys":[{key}]}}"#),
        format!(r#"{{"verdict":"stored","keys":[{key}],"events":[{{}}]}}"#),
    ] {
        assert!(read_keys(&line).is_err(), "{line}");
    }
    assert_eq!(
        read_keys(r#"{"verdict":"rejected","reason":"x"}"#),
        Ok(Vec::new())
    );
}
