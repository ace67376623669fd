//! A pack that would sleep, or that cannot judge, is an error: never "no violations".
#![allow(clippy::unwrap_used)]

mod common;

use common::{folder, gate, good_queue, graph};
use serde_json::json;

const MANIFEST: &str = "version: 1.0.0\nruntime: opa\n";
const HEAD: &str = "package shop\n\nimport rego.v1\n\n";
const METADATA: &str = "# METADATA\n# title: t\n# custom: {fix: f, pci: ['1.1']}\n";

/// Names and texts.
type Files<'a> = &'a [(&'a str, &'a str)];

/// Runs a pack of these files on a good graph; the error, with `PACK` for the pack's folder.
fn error_of(name: &str, files: Files) -> String {
    let pack = folder(name, files);
    let graph = graph(&format!("{name}_graph"), &json!([good_queue("orders")]));
    let run = gate(&[&graph, "--pack", &pack], "");
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (2, ""),
        "{name}: {}",
        run.stderr
    );
    run.stderr.replace(&pack, "PACK")
}

/// The error of a pack of one file.
fn error_in(name: &str, rego: &str) -> String {
    error_of(
        name,
        &[
            ("PulumiPolicy.yaml", MANIFEST),
            ("a.rego", &format!("{HEAD}{rego}")),
        ],
    )
}

#[test]
fn a_folder_that_is_no_pack() {
    let policy = format!("{HEAD}{METADATA}deny_a contains \"no\" if input.__name == \"x\"\n");
    let cases: [(&str, Files, &str); 7] = [
        (
            "no_manifest",
            &[("a.rego", &policy)],
            "policy_gate: cannot read PACK/PulumiPolicy.yaml: ",
        ),
        (
            "manifest_no_yaml",
            &[("PulumiPolicy.yaml", "a: [")],
            "policy_gate: PACK/PulumiPolicy.yaml is not a policy pack: not YAML: ",
        ),
        (
            "other_runtime",
            &[
                ("PulumiPolicy.yaml", "runtime: nodejs\n"),
                ("a.rego", &policy),
            ],
            "policy_gate: PACK/PulumiPolicy.yaml is not a policy pack: runtime is nodejs, it must be opa\n",
        ),
        (
            "no_runtime",
            &[
                ("PulumiPolicy.yaml", "version: 1.0.0\n"),
                ("a.rego", &policy),
            ],
            "policy_gate: PACK/PulumiPolicy.yaml is not a policy pack: runtime is not set, it must be opa\n",
        ),
        (
            "no_rego",
            &[("PulumiPolicy.yaml", MANIFEST)],
            "policy_gate: PACK is not a policy pack: there is no .rego file in it\n",
        ),
        (
            "helpers_only",
            &[
                ("PulumiPolicy.yaml", MANIFEST),
                ("a.rego", &format!("{HEAD}helper := 1\n")),
            ],
            "policy_gate: PACK is not a policy pack: none of its rules is a policy: name one deny_…, warn_… or stack_deny_…\n",
        ),
        (
            "two_packages",
            &[
                ("PulumiPolicy.yaml", MANIFEST),
                ("a.rego", &policy),
                ("b.rego", "package other\n\nimport rego.v1\n\nhelper := 1\n"),
            ],
            "policy_gate: PACK is not a policy pack: PACK/b.rego is in data.other and others in data.shop: give all files one package\n",
        ),
    ];
    for (name, files, expected) in cases {
        let error = error_of(name, files);
        assert!(error.starts_with(expected), "{name}: {error}");
    }
    assert!(
        gate(&["--pack", "nowhere", "--rules"], "")
            .stderr
            .starts_with("policy_gate: cannot read nowhere/PulumiPolicy.yaml: ")
    );
}

#[test]
fn a_policy_that_does_not_compile() {
    for (name, rego, expected) in [
        (
            "syntax",
            format!("{METADATA}deny_a contains m if {{\n"),
            "PACK/a.rego does not compile: --> PACK/a.rego:",
        ),
        (
            "unsafe_elsewhere",
            format!("{METADATA}deny_a contains \"m\" if false\n\nhelper if y == 2\n"),
            "PACK does not compile: --> PACK/a.rego:10:11",
        ),
        // The wrong name stands where no resource leads.
        (
            "no_function",
            format!(
                "{METADATA}deny_a contains \"m\" if {{\n\tfalse\n\tends_with(input.a, \"b\")\n}}\n"
            ),
            "PACK/a.rego does not compile: line 10 calls ends_with, which neither the pack nor the gate defines",
        ),
        (
            "no_clock",
            format!("{METADATA}deny_a contains \"m\" if time.now_ns() > 1\n"),
            "PACK/a.rego does not compile: line 8 calls time.now_ns, which neither the pack nor the gate defines",
        ),
    ] {
        let error = error_in(name, &rego);
        assert!(
            error.starts_with(&format!("policy_gate: {expected}")),
            "{name}: {error}"
        );
    }
    let old = "package shop\n\nimport future.keywords\n\nhelper := 1\n";
    let error = error_of(
        "old_rego",
        &[("PulumiPolicy.yaml", MANIFEST), ("a.rego", old)],
    );
    assert!(
        error.starts_with(
            "policy_gate: PACK/a.rego does not compile: it does not say `import rego.v1`"
        ),
        "{error}"
    );
}

#[test]
fn a_rule_that_would_be_skipped_or_is_not_described() {
    let skipped = "looks like a policy and would be skipped in silence: use deny, violation or warn, then an underscore and letters only";
    let form = "a policy is a set of messages: write it as `name contains message if { … }`";
    for (name, rego, line, rule, fault) in [
        (
            "digit",
            format!("{METADATA}deny_s3_open contains \"m\" if true\n"),
            8,
            "deny_s3_open",
            skipped,
        ),
        (
            "camel",
            "denyOpen contains \"m\" if true\n".to_owned(),
            5,
            "denyOpen",
            skipped,
        ),
        (
            "complete",
            format!("{METADATA}deny_a := \"m\" if true\n"),
            8,
            "deny_a",
            form,
        ),
        (
            "boolean",
            format!("{METADATA}deny_a if true\n"),
            8,
            "deny_a",
            form,
        ),
        (
            "object",
            format!("{METADATA}deny_a[\"x\"] := \"m\" if true\n"),
            8,
            "deny_a",
            form,
        ),
        (
            "dotted",
            format!("{METADATA}deny.a contains \"m\" if true\n"),
            8,
            "deny",
            form,
        ),
        (
            "default",
            "default deny_a := false\n".to_owned(),
            5,
            "deny_a",
            form,
        ),
        (
            "function",
            "deny_a(x) := x\n".to_owned(),
            5,
            "deny_a",
            "a function is no policy, and the runtime would take its name for one: rename it",
        ),
        (
            "no_metadata",
            "deny_a contains \"m\" if true\n".to_owned(),
            5,
            "deny_a",
            "it has no METADATA: write title, custom.fix and custom.pci above it",
        ),
        (
            "no_pci",
            "# METADATA\n# title: t\n# custom: {fix: f}\ndeny_a contains \"m\" if true\n"
                .to_owned(),
            8,
            "deny_a",
            "its METADATA has no custom.pci",
        ),
        (
            "twice",
            format!(
                "{METADATA}deny_a contains \"m\" if true\n\n{METADATA}deny_a contains \"n\" if true\n"
            ),
            13,
            "deny_a",
            "a second METADATA block: a rule of this name is above, give each its own",
        ),
    ] {
        assert_eq!(
            error_in(name, &rego),
            format!("policy_gate: PACK/a.rego, line {line}: {rule}: {fault}\n")
        );
    }
    let policy = format!("{HEAD}{METADATA}deny_a contains \"m\" if input.__name == \"x\"\n");
    let error = error_of(
        "two_files",
        &[
            ("PulumiPolicy.yaml", MANIFEST),
            ("a.rego", &policy),
            ("b.rego", &policy),
        ],
    );
    assert_eq!(
        error,
        "policy_gate: PACK/b.rego, line 8: deny_a: PACK/a.rego has a rule of this name: give each its own\n"
    );
}

#[test]
fn a_rule_that_fails_while_it_judges() {
    let resource = "urn:pulumi:dev::shop::shop:index:Part$aws:sqs/queue:Queue::orders";
    let stack = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev";
    for (name, rego, rule, urn, fault) in [
        (
            "conflict",
            "f(x) := 1 if x\n\nf(x) := 2 if x\n\nMETA deny_a contains \"m\" if f(input.__name) == 3\n",
            "deny_a",
            resource,
            "--> PACK/a.rego:",
        ),
        (
            "stack_conflict",
            "f := 1 if input\n\nf := 2 if input\n\nMETA stack_deny_a contains \"m\" if f == 3\n",
            "stack_deny_a",
            stack,
            "--> PACK/a.rego:",
        ),
        (
            "arithmetic",
            "META deny_a contains \"m\" if input.__name + 1 == 2\n",
            "deny_a",
            resource,
            "--> PACK/a.rego:",
        ),
        (
            "unsafe_head",
            "META deny_a contains m if input.__name\n",
            "deny_a",
            resource,
            "--> PACK/a.rego:",
        ),
        (
            "message_object",
            "META deny_a contains {\"msg\": \"m\"} if true\n",
            "deny_a",
            resource,
            "its message {\"msg\":\"m\"} is not a text",
        ),
        (
            "message_number",
            "META warn_a contains 4 if true\n",
            "warn_a",
            resource,
            "its message 4 is not a text",
        ),
    ] {
        let error = error_in(name, &rego.replace("META ", METADATA));
        let expected = format!("policy_gate: PACK/a.rego: {rule} cannot judge {urn}: {fault}");
        assert!(error.starts_with(&expected), "{name}: {error}");
    }
}

#[test]
fn what_a_built_in_function_cannot_take_is_undefined_as_in_opa() {
    let rego = format!(
        "{HEAD}{METADATA}deny_a contains \"unreadable\" if not json.unmarshal(input.__name)\n"
    );
    let pack = folder(
        "lenient",
        &[("PulumiPolicy.yaml", MANIFEST), ("a.rego", &rego)],
    );
    let graph = graph("lenient_graph", &json!([good_queue("orders")]));
    let run = gate(&[&graph, "--pack", &pack, "--json"], "");
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stdout.contains("\"unreadable\""));
}
