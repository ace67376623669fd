//! `payhook doctor` as far as it goes without a cloud: the list of its steps, and files that are not what they should be.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::{payhook, stderr, stdout};

const STACK: [&str; 4] = ["--suffix", "dev", "--account", "123456789012"];

#[test]
fn steps_are_listed_with_mode_id_and_what_they_prove() {
    let output = payhook(&["doctor", "steps"], b"");
    assert!(output.status.success());
    let text = stdout(&output);
    let clock = text
        .lines()
        .find(|line| line.contains("  clock  "))
        .unwrap();
    assert!(clock.starts_with("before  clock "), "{clock}");
    assert!(clock.contains("this machine's clock agrees"), "{clock}");
    assert!(text.contains("after   queue_takes_1mib "), "{text}");
}

#[test]
fn a_file_of_another_form_is_named_with_the_command_that_writes_it() {
    let path = std::env::temp_dir().join(format!("{}-not-a-state.json", std::process::id()));
    fs::write(&path, "{\"deployment\": 3}").unwrap();
    let file = path.to_str().unwrap();
    for (option, command) in [
        ("--state", "pulumi stack export"),
        ("--config", "pulumi config --json"),
    ] {
        let before = ["doctor", "before", option, file];
        let output = payhook(&[&before[..], &STACK].concat(), b"");
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(said.contains(command) && said.contains("line 1"), "{said}");
        assert!(!said.contains("deployment"), "{said}");
    }
    fs::remove_file(path).unwrap();
}

#[test]
fn an_edge_is_named_with_its_certificate() {
    let before = ["doctor", "before", "--edge-domain", "hooks.example.com"];
    let output = payhook(&[&before[..], &STACK].concat(), b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--edge-certificate"));
}
