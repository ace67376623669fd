//! `payhook send` with a body of one's own, and what it refuses to send.
#![allow(clippy::unwrap_used)]

mod common;

use std::process::Command;

use common::{Endpoint, KEY, URL, file, payhook, secrets_file, send, stderr, stdout};
use serde_json::{Value, json};

#[test]
fn a_body_of_ones_own_goes_out_as_it_is() {
    let endpoint = Endpoint::start(|n| if n < 3 { 200 } else { 400 });
    let body = file("body.bin", b"\x00\xff{not json\n");
    let more = [
        "--body-file",
        body.as_str(),
        "--header",
        "X-Test: a:b",
        "--count",
        "2",
    ];
    let output = send(&endpoint.url, &more);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stdout(&output), "200 {\"accepted\":true}\n".repeat(2));
    let output = send(
        &endpoint.url,
        &[
            "--body-file",
            &body,
            "--provider",
            "stripe",
            "--json",
            "--content-type",
            "text/plain",
        ],
    );
    assert!(output.status.success());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        answer,
        json!({"status": 200, "body": "{\"accepted\":true}"})
    );
    let output = send(&endpoint.url, &["--body-file", &body]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("400 "));

    let received = endpoint.received();
    assert!(received.iter().all(|r| r.body == b"\x00\xff{not json\n"));
    assert_eq!(received[0].path, "/v1/webhook");
    assert_eq!(received[0].header("x-test"), Some("a:b"));
    assert_eq!(received[0].header("content-type"), Some("application/json"));
    assert_eq!(received[2].path, "/v1/webhook/stripe");
    assert_eq!(received[2].header("content-type"), Some("text/plain"));

    let silent = Endpoint::start(|_| 0);
    for (more, expected) in [
        (&[][..], "error\n"),
        (&["--json"][..], "{\"status\":\"error\"}\n"),
    ] {
        let output = send(
            &silent.url,
            &[&["--body-file", body.as_str()], more].concat(),
        );
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(stdout(&output), expected);
    }
}

#[test]
fn what_cannot_be_sent_says_why_without_the_secret() {
    let good = secrets_file("good.json");
    let hidden = "whsec_hidden_away";
    let bad = file(
        "bad.json",
        format!("{{\"stripe\":\n\"{hidden}\"}}").as_bytes(),
    );
    let square = file("only_square.json", b"{\"square\":{\"keys\":[\"k\"]}}");
    let here = "http://127.0.0.1:9/webhook";
    let cases: &[(&str, &[&str], &str)] = &[
        (
            here,
            &["--provider", "nobody", "--secrets-file", &good],
            "payhook providers",
        ),
        (
            here,
            &["--provider", "stripe", "--secrets-file", &bad],
            "line 2, column",
        ),
        (
            here,
            &["--provider", "stripe", "--secrets-file", "/no/such/file"],
            "/no/such/file",
        ),
        (
            here,
            &["--provider", "stripe", "--secrets-file", &square],
            "no entry for stripe",
        ),
        (
            here,
            &["--provider", "square", "--secrets-file", &square],
            "notification URL",
        ),
        (
            here,
            &["--provider", "all", "--secret", hidden],
            "are chosen",
        ),
        (here, &["--secret", hidden], "give --provider"),
        (here, &["--secrets-file", &good], "give --provider"),
        (here, &["--provider", "stripe"], "--secrets-file"),
        (
            here,
            &["--provider", "adyen", "--secret", hidden],
            "cannot sign for adyen",
        ),
        (
            here,
            &[
                "--provider",
                "stripe",
                "--secret",
                hidden,
                "--currency",
                "EU",
            ],
            "three to eight letters",
        ),
        (
            here,
            &["--provider", "stripe", "--secret", hidden, "--rate", "0"],
            "0.001",
        ),
        (
            here,
            &[
                "--provider",
                "square",
                "--secret",
                hidden,
                "--notification-url",
                URL,
                "--stale",
                "1",
            ],
            "signs a time",
        ),
        (
            here,
            &[
                "--provider",
                "stripe",
                "--secret",
                hidden,
                "--with-pan",
                "2",
            ],
            "at most 1",
        ),
        (
            "ftp://host/webhook",
            &["--provider", "stripe", "--secret", hidden],
            "--endpoint",
        ),
        (
            "not a url",
            &["--provider", "stripe", "--secret", hidden],
            "--endpoint",
        ),
        (here, &["--body-file", "/no/such/file"], "/no/such/file"),
        (
            here,
            &["--body-file", &good, "--provider", "all"],
            "goes to one provider",
        ),
        (
            here,
            &["--body-file", &good, "--header", hidden],
            "Name: value",
        ),
        (
            here,
            &["--body-file", &good, "--header", "a b: c"],
            "Name: value",
        ),
        (
            here,
            &["--body-file", &good, "--secret", hidden],
            "cannot be used with",
        ),
    ];
    for (endpoint, arguments, expected) in cases {
        let output = send(endpoint, arguments);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(expected), "{arguments:?}: {told}");
        assert!(!told.contains(hidden) && !told.contains(KEY), "{told}");
    }
    for key in ["", "a\nb"] {
        let arguments = [
            "send",
            "--endpoint",
            here,
            "--api-key",
            key,
            "--body-file",
            &good,
        ];
        let output = payhook(&arguments, b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("API key"), "{}", stderr(&output));
    }
}

#[test]
fn the_api_key_may_come_from_the_environment() {
    let endpoint = Endpoint::start(|_| 200);
    let body = file("body.json", b"{}");
    let output = Command::new(env!("CARGO_BIN_EXE_payhook"))
        .args(["send", "--endpoint", &endpoint.url, "--body-file", &body])
        .env("PAYHOOK_API_KEY", KEY)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(endpoint.received()[0].header("x-api-key"), Some(KEY));
    let help = Command::new(env!("CARGO_BIN_EXE_payhook"))
        .args(["send", "--help"])
        .env("PAYHOOK_API_KEY", KEY)
        .output()
        .unwrap();
    assert!(!stdout(&help).contains(KEY));
}
