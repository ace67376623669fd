//! The built gate on a small pack: tables, JSON lines, exit codes, configuration.
#![allow(clippy::unwrap_used)]

mod common;

use common::{folder, gate, good_queue, graph, queue, topic, urn};
use serde_json::{Value, json};

const STACK: &str = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev";

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn bad_stack(name: &str) -> String {
    let mut protected = queue("returns", json!({"messageRetentionSeconds": 60}));
    protected["options"]["protect"] = true.into();
    graph(name, &json!([good_queue("orders"), protected]))
}

#[test]
fn a_good_stack_is_accepted() {
    let run = gate(
        &[
            &graph("good", &json!([good_queue("orders"), topic()])),
            "--pack",
            "shop",
        ],
        "",
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(
        run.stdout,
        "2 resources, 5 rules: 0 mandatory violations, 0 advisory.\n"
    );
}

#[test]
fn advice_alone_does_not_refuse() {
    let run = gate(
        &[
            &graph("advice", &json!([good_queue("orders")])),
            "--pack",
            "shop",
        ],
        "",
    );
    assert_eq!(run.code, 0);
    assert_eq!(
        run.stdout,
        "rule              resource   message            PCI DSS\n\
         ----------------  ---------  -----------------  -------\n\
         stack_warn_topic  the stack  there is no topic  10.7.2\n\
         \n\
         How to mend it:\n  stack_warn_topic: Somebody hears of it (shop/stack/dead_letters.rego). add a topic\n\n\
         1 resource, 5 rules: 0 mandatory violations, 1 advisory.\n"
    );
}

#[test]
fn a_bad_stack_is_refused_in_words() {
    let run = gate(&[&bad_stack("bad_table"), "--pack", "shop"], "");
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    assert_eq!(run.stdout, include_str!("fixtures/bad_stack.txt"));
}

#[test]
fn json_lines_are_sorted_by_level_rule_and_resource() {
    let run = gate(&[&bad_stack("bad_json"), "--pack", "shop", "--json"], "");
    assert_eq!(run.code, 1);
    let returns = urn("aws:sqs/queue:Queue", "returns");
    let finding = |rule: &str, resource: &str, level: &str, message: &str| json!({"rule": rule, "resource": resource, "level": level, "message": message});
    assert_eq!(
        lines(&run.stdout),
        [
            finding(
                "deny_queue_key",
                &returns,
                "mandatory",
                "returns: no key; give it one"
            ),
            finding(
                "stack_deny_dead_letters",
                STACK,
                "mandatory",
                "returns has no dead-letter queue"
            ),
            finding(
                "violation_protected",
                &returns,
                "mandatory",
                "returns is protected"
            ),
            finding("stack_warn_topic", STACK, "advisory", "there is no topic"),
            finding(
                "warn_retention",
                &returns,
                "advisory",
                "returns keeps messages for 60 s, not 86400"
            ),
        ]
    );
}

#[test]
fn configuration_reaches_its_rule() {
    let graph = graph("configured", &json!([good_queue("orders"), topic()]));
    let config = folder(
        "config",
        &[("config.json", r#"{"warn_retention": {"seconds": 172800}}"#)],
    );
    let run = gate(
        &[
            &graph,
            "--pack",
            "shop",
            "--json",
            "--config",
            &format!("{config}/config.json"),
        ],
        "",
    );
    assert_eq!(run.code, 0);
    assert_eq!(
        lines(&run.stdout)[0]["message"],
        "orders keeps messages for 86400 s, not 172800"
    );
}

#[test]
fn configuration_without_effect_is_refused() {
    let graph = graph("misconfigured", &json!([good_queue("orders")]));
    for (text, fault) in [
        ("{", "is not a configuration of rules: not JSON: "),
        (
            "[]",
            "is not a configuration of rules: it is not an object by rule",
        ),
        (
            r#"{"warn_retentoin": {}}"#,
            "is not a configuration of rules: warn_retentoin is no rule of the pack",
        ),
    ] {
        let file = format!(
            "{}/config.json",
            folder("misconfig", &[("config.json", text)])
        );
        let run = gate(&[&graph, "--pack", "shop", "--config", &file], "");
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        assert!(
            run.stderr
                .starts_with(&format!("policy_gate: {file} {fault}")),
            "{}",
            run.stderr
        );
    }
    let run = gate(&[&graph, "--pack", "shop", "--config", "nowhere.json"], "");
    assert_eq!(run.code, 2);
    assert!(
        run.stderr
            .starts_with("policy_gate: cannot read nowhere.json: "),
        "{}",
        run.stderr
    );
}

#[test]
fn the_rules_are_listed() {
    let run = gate(&["--pack", "shop", "--rules"], "");
    assert_eq!(run.code, 0);
    assert_eq!(run.stdout, include_str!("fixtures/rules.txt"));
    let run = gate(&["--pack", "shop", "--rules", "--json"], "");
    let rules = lines(&run.stdout);
    assert_eq!(rules.len(), 5);
    assert_eq!(
        rules[0],
        json!({
            "rule": "deny_queue_key", "level": "mandatory", "scope": "resource", "pci": ["3.5.1", "3.6.1"],
            "title": "A queue is encrypted", "description": "Orders wait in it",
            "fix": "set kms_master_key_id on the queue", "file": "shop/queues.rego",
        })
    );
    assert_eq!(rules[1]["scope"], "stack");
}
