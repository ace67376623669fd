//! The built command line, as an operator runs it: lines on standard input, a table or JSON on standard output.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{payhook, stderr, stdout};
use provider_webhooks::providers;
use serde_json::{Value, json};

#[test]
fn verify_answers_line_by_line_while_the_input_is_open() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_payhook"))
        .arg("verify")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let line = json!({"provider": "stripe", "headers": {}, "body_base64": STANDARD.encode("{}"),
        "secrets": ["whsec_x"], "received_at": 1_767_323_045, "webhook_id": null, "cert_pem": "…"});
    for (line, verdict, reason) in [
        (b"{malformed".to_vec(), "error", "line is not JSON"),
        (b"\xff".to_vec(), "error", "line is not UTF-8"),
        (
            line.to_string().into_bytes(),
            "invalid",
            "signature_missing",
        ),
    ] {
        input.write_all(&line).unwrap();
        input.write_all(b"\n").unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            answer,
            json!({"verdict": verdict, "reason": reason, "events": []})
        );
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn mask_keeps_json_lines_json() {
    let output = payhook(
        &["mask", "--provider", "stripe"],
        b"{\"a\": 4111111111111111}\nplain 4111 1111 1111 1111\n",
    );
    assert!(output.status.success());
    assert_eq!(
        stdout(&output),
        "{\"a\": \"411111******1111\"}\nplain 4111 11** **** 1111\n"
    );
    let output = payhook(&["mask", "--provider", "nobody"], b"4111111111111111\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).contains("no provider is called nobody"));
}

#[test]
fn providers_are_listed_for_people_and_for_programs() {
    let overview = stdout(&payhook(&["providers"], b""));
    let blocks: Vec<&str> = overview.split("\n\n").collect();
    assert_eq!(blocks.len(), providers::ALL.len());
    for (provider, block) in providers::ALL.iter().zip(blocks) {
        let info = provider.info();
        assert!(block.starts_with(&format!("{} (", info.name)), "{block}");
        for told in [
            info.scheme,
            info.rotation,
            info.event_id,
            info.acknowledgement.body,
            info.custom_header.source,
        ] {
            assert!(block.contains(told), "{block}");
        }
    }
    let block_of = |name: &str| {
        let mut blocks = overview.split("\n\n");
        blocks.find(|block| block.starts_with(name)).unwrap()
    };
    let adyen = block_of("adyen (");
    for told in ["200 [accepted]", "own table", "(none)\n  rotation"] {
        assert!(adyen.contains(told), "{adyen}");
    }
    assert!(overview.contains("part of the key when stated"));
    let json = stdout(&payhook(&["providers", "--json"], b""));
    assert_eq!(json, provider_webhooks::catalogue_json());
    for provider in providers::ALL {
        let info = provider.info();
        let all = stdout(&payhook(&["providers", info.name], b""));
        for told in [
            info.scheme,
            info.rotation,
            info.event_id,
            info.delivery.retries,
        ] {
            assert!(all.contains(told), "{all}");
        }
        assert!(info.settings.iter().all(|s| all.contains(s.name)), "{all}");
        let entry: Value =
            serde_json::from_str(&stdout(&payhook(&["providers", info.name, "--json"], b"")))
                .unwrap();
        assert_eq!(entry["name"], info.name);
    }
    let output = payhook(&["providers", "nobody"], b"");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_payhook"))
        .arg("mask")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    // It may be gone before it has read everything.
    let _ = input.write_all(&b"a line\n".repeat(10_000));
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(stderr(&output), "");
}

/// A key whose private half nobody kept.
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEN2i9+jfJpZnMo/iOVGs00BRT1oZk
FRKTRZtV4EWYC3qF9L3ZvpNdcGYiShavlIi5N/cpfqAwy7Aei7Rg1WILKQ==
-----END PUBLIC KEY-----
";

#[test]
fn a_copy_of_the_audit_log_is_verified_without_naming_a_stack() {
    let folder = std::env::temp_dir().join(format!("payhook-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let key = folder.join("seal.pem");
    std::fs::write(&key, PUBLIC_KEY).unwrap();
    let verify = |offline: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_payhook"));
        command.env_clear().args(["audit", "verify"]);
        command.args(["--from", "2026-01-02", "--to", "2026-01-02"]);
        if offline {
            command.arg("--folder").arg(&folder);
            command.arg("--public-key").arg(&key);
        }
        command.output().unwrap()
    };
    let output = verify(true);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("day not sealed         2026-01-02"));
    let output = verify(false);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("which audit log?"));
    std::fs::remove_dir_all(folder).unwrap();
}
