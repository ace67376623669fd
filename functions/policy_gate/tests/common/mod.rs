//! The built gate, and folders to run it on.
#![allow(dead_code, clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What a run left.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the gate in the folder of the fixtures, with an output 100 characters wide.
pub(crate) fn gate(arguments: &[&str], input: &str) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_policy_gate"))
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A gate that ends before it reads leaves nobody to write to.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A new folder of this name with these files.
pub(crate) fn folder(name: &str, files: &[(&str, &str)]) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("policy_gate")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (file, text) in files {
        fs::write(folder.join(file), text).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

/// A graph in a file of its own.
pub(crate) fn graph(name: &str, elements: &Value) -> String {
    format!(
        "{}/graph.json",
        folder(name, &[("graph.json", &elements.to_string())])
    )
}

pub(crate) fn urn(type_token: &str, name: &str) -> String {
    format!("urn:pulumi:dev::shop::shop:index:Part${type_token}::{name}")
}

pub(crate) fn resource(type_token: &str, name: &str, properties: Value) -> Value {
    json!({
        "type": type_token, "name": name, "urn": urn(type_token, name), "properties": properties,
        "options": {"protect": false, "dependencies": []}, "provider": "",
    })
}

pub(crate) fn queue(name: &str, properties: Value) -> Value {
    resource("aws:sqs/queue:Queue", name, properties)
}

/// A queue that no rule of the shop minds.
pub(crate) fn good_queue(name: &str) -> Value {
    queue(
        name,
        json!({"kmsMasterKeyId": "key", "redrivePolicy": "{\"maxReceiveCount\": 5}", "messageRetentionSeconds": 86_400}),
    )
}

pub(crate) fn topic() -> Value {
    resource("aws:sns/topic:Topic", "alarms", json!({}))
}
