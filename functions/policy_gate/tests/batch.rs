//! Changes of one graph, judged in one run: JSON lines in, JSON lines out.
#![allow(clippy::unwrap_used)]

mod common;

use common::{gate, good_queue, graph, queue, resource, topic, urn};
use serde_json::{Value, json};

const QUEUE: &str = "aws:sqs/queue:Queue";

fn base(name: &str) -> String {
    graph(name, &json!([good_queue("orders"), topic()]))
}

fn rules(judgement: &Value) -> Vec<&str> {
    judgement["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["rule"].as_str().unwrap())
        .collect()
}

#[test]
fn each_line_is_a_graph_of_its_own() {
    let orders = urn(QUEUE, "orders");
    let alarms = urn("aws:sns/topic:Topic", "alarms");
    let bare = queue(
        "orders",
        json!({"redrivePolicy": "{\"maxReceiveCount\": 5}"}),
    );
    let lost = queue("returns", json!({}));
    let changes = [
        json!({"id": "nothing"}),
        json!({"id": "no key", "put": [bare]}),
        json!({"id": "no topic", "remove": [alarms]}),
        json!({"id": "another queue", "put": [lost]}),
        json!({"id": "another queue, in short", "put": [lost], "until_refused": true}),
        json!({"id": "another queue, one rule", "put": [lost], "stack": ["stack_warn_topic"]}),
        json!({"id": "no topic, another rule", "remove": [alarms], "stack": ["stack_deny_dead_letters"]}),
        json!({"id": "good again, in short", "put": [good_queue("returns")], "until_refused": true}),
        json!({"id": "other queue", "remove": [orders], "put": [resource(QUEUE, "other", json!({"kmsMasterKeyId": "k"}))], "until_refused": true}),
    ];
    let input: String = changes.iter().map(|change| format!("{change}\n")).collect();
    let run = gate(&[&base("batch"), "--pack", "shop", "--batch"], &input);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let judgements: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: Vec<&Value> = judgements
        .iter()
        .map(|judgement| &judgement["id"])
        .collect();
    assert_eq!(
        ids,
        changes
            .iter()
            .map(|change| &change["id"])
            .collect::<Vec<_>>()
    );
    let expected: [&[&str]; 9] = [
        &[],
        &["deny_queue_key"],
        &["stack_warn_topic"],
        &["deny_queue_key", "stack_deny_dead_letters"],
        &["deny_queue_key"],
        &["deny_queue_key"],
        &[],
        &[],
        &["stack_deny_dead_letters"],
    ];
    for (judgement, expected) in judgements.iter().zip(expected) {
        assert_eq!(rules(judgement), expected, "{}", judgement["id"]);
    }
    assert_eq!(
        judgements[1]["findings"][0],
        json!({"rule": "deny_queue_key", "resource": orders, "level": "mandatory", "message": "orders: no key; give it one"})
    );
}

#[test]
fn a_change_is_judged_like_the_changed_graph() {
    let lost = queue("returns", json!({"messageRetentionSeconds": 60}));
    let whole = graph("batch_whole", &json!([good_queue("orders"), topic(), lost]));
    let whole = gate(&[&whole, "--pack", "shop", "--json"], "");
    let input = json!({"id": "x", "put": [lost]}).to_string();
    let batch = gate(&[&base("batch_same"), "--pack", "shop", "--batch"], &input);
    let judgement: Value = serde_json::from_str(&batch.stdout).unwrap();
    let lines: Vec<Value> = whole
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(judgement["findings"], Value::Array(lines));
}

#[test]
fn a_line_that_is_no_change_ends_the_run() {
    let orders = urn(QUEUE, "orders");
    let alarms = urn("aws:sns/topic:Topic", "alarms");
    for (line, fault) in [
        ("{".to_owned(), "EOF while parsing an object"),
        (json!({"put": []}).to_string(), "missing field `id`"),
        (
            json!({"id": "x", "drop": []}).to_string(),
            "unknown field `drop`",
        ),
        (
            json!({"id": "x", "stack": ["stack_deny_x"]}).to_string(),
            "stack_deny_x is no rule of the pack",
        ),
        (
            json!({"id": "x", "remove": ["urn:x"]}).to_string(),
            "urn:x is not in the graph",
        ),
        (
            json!({"id": "x", "put": [{"type": "a:b:C"}]}).to_string(),
            "a put element has no urn",
        ),
        (
            json!({"id": "x", "remove": [orders, alarms]}).to_string(),
            "it leaves nothing of the graph",
        ),
    ] {
        let run = gate(
            &[&base("batch_bad"), "--pack", "shop", "--batch"],
            &format!("{{\"id\": \"first\"}}\n{line}\n"),
        );
        assert_eq!(run.code, 2);
        let expected =
            format!("policy_gate: line 2 of standard input is no change of the graph: {fault}");
        assert!(run.stderr.starts_with(&expected), "{}", run.stderr);
    }
    let run = gate(
        &[&base("batch_bad"), "--pack", "shop", "--batch", "--json"],
        "",
    );
    assert_eq!(run.code, 2);
}
