//! What is no graph is never "no violations": an error that names the file, and exit code 2.
#![allow(clippy::unwrap_used)]

mod common;

use common::{folder, gate, good_queue, resource};
use serde_json::{Value, json};

fn without(key: &str) -> Value {
    let mut element = good_queue("orders");
    element.as_object_mut().unwrap().remove(key);
    json!([element])
}

fn with(key: &str, value: Value) -> Value {
    let mut element = good_queue("orders");
    element[key] = value;
    json!([element])
}

fn refuses(name: &str, text: &str, fault: &str) {
    let file = format!("{}/graph.json", folder(name, &[("graph.json", text)]));
    for more in [&[] as &[&str], &["--json"], &["--batch"]] {
        let run = gate(&[&[file.as_str(), "--pack", "shop"], more].concat(), "");
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{name}");
        let expected = format!("policy_gate: {file} is not a resource graph: {fault}");
        assert!(run.stderr.starts_with(&expected), "{name}: {}", run.stderr);
        assert!(
            run.stderr.ends_with("`make graph OUT=file` writes one\n"),
            "{name}: {}",
            run.stderr
        );
    }
}

#[test]
fn every_fault_of_a_graph_is_named() {
    let other_stack = {
        let mut element = good_queue("orders");
        element["urn"] = element["urn"]
            .as_str()
            .unwrap()
            .replace(":dev:", ":prod:")
            .into();
        element
    };
    let cases = [
        (
            "object",
            json!({"resources": []}),
            "it is an object, not a list",
        ),
        ("null", json!(null), "it is null, not a list"),
        ("true", json!(true), "it is a boolean, not a list"),
        (
            "empty",
            json!([]),
            "the list is empty, and nothing is not a stack",
        ),
        (
            "number_inside",
            json!([4]),
            "element 0 is a number, not an object",
        ),
        (
            "text_inside",
            json!(["a"]),
            "element 0 is a string, not an object",
        ),
        (
            "list_inside",
            json!([[]]),
            "element 0 is a list, not an object",
        ),
        ("no_type", without("type"), "element 0 has no type"),
        ("no_urn", without("urn"), "element 0 has no urn"),
        (
            "no_properties",
            without("properties"),
            "element 0 has no properties",
        ),
        (
            "type_number",
            with("type", json!(4)),
            "element 0 has a number as its type",
        ),
        (
            "urn_empty",
            with("urn", json!("")),
            "element 0 has an empty string as its urn",
        ),
        (
            "name_null",
            with("name", json!(null)),
            "element 0 has null as its name",
        ),
        (
            "properties_list",
            with("properties", json!([])),
            "element 0 has a list as its properties",
        ),
        (
            "options_text",
            with("options", json!("protect")),
            "element 0 has a string as its options",
        ),
        (
            "urn_no_name",
            with("urn", json!("urn:pulumi:dev::shop::aws:sqs/queue:Queue::")),
            "element 0 has the urn \"urn:pulumi:dev::shop::aws:sqs/queue:Queue::\", which is not of the form",
        ),
        (
            "urn_other_type",
            with(
                "urn",
                json!("urn:pulumi:dev::shop::aws:sns/topic:Topic::orders"),
            ),
            "element 0 has the urn \"urn:pulumi:dev::shop::aws:sns/topic:Topic::orders\", which is not of the form",
        ),
        (
            "two_stacks",
            json!([good_queue("orders"), other_stack]),
            "it is of two stacks, urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev and",
        ),
        (
            "duplicate",
            json!([good_queue("orders"), good_queue("orders")]),
            "element 1 has a urn that is in it twice: urn:pulumi:dev::shop::shop:index:Part$aws:sqs/queue:Queue::orders",
        ),
    ];
    for (name, graph, fault) in cases {
        refuses(name, &graph.to_string(), fault);
    }
    refuses("not_json", "[{]", "not JSON: ");
    refuses("nothing", "", "not JSON: ");
}

#[test]
fn a_type_is_a_type_token() {
    for token in [
        "queue",
        "aws:Queue",
        "aws:sqs/queue:",
        ":sqs:Queue",
        "aws:sqs queue:Queue",
        "a:b:c:d",
        "aws::Queue",
    ] {
        let element = resource(token, "orders", json!({}));
        let fault = format!(
            "element 0 has the type {token:?}, which is not of the form package:module/name:Type"
        );
        refuses("type_token", &json!([element]).to_string(), &fault);
    }
    // A component, a provider and a resource of another package are types as well, whatever the pack says of them.
    for token in [
        "shop:index:Part",
        "pulumi:providers:aws",
        "random:index/randomId:RandomId",
    ] {
        let graph = common::graph(
            "known_token",
            &json!([resource(token, "x", json!({})), good_queue("orders")]),
        );
        assert_eq!(gate(&[&graph, "--pack", "shop"], "").code, 0, "{token}");
    }
}

#[test]
fn a_graph_that_is_not_there_is_an_error() {
    let run = gate(&["nowhere.json", "--pack", "shop"], "");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr
            .starts_with("policy_gate: cannot read nowhere.json: "),
        "{}",
        run.stderr
    );
}

#[test]
fn a_name_is_the_last_part_of_the_urn_where_none_is_given() {
    let mut element = good_queue("orders");
    element.as_object_mut().unwrap().remove("name");
    element["options"]["protect"] = true.into();
    let graph = common::graph("no_name", &json!([element]));
    let run = gate(&[&graph, "--pack", "shop", "--json"], "");
    assert!(run.stdout.contains("orders is protected"), "{}", run.stdout);
}
