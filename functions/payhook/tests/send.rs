//! `payhook send`, as an operator runs it, against an endpoint that records what arrives.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;

use card_masking::mask_json;
use common::{
    Endpoint, KEY, Received, URL, payhook, secret, secrets, secrets_file, send, stderr, stdout,
};
use jiff::Timestamp;
use provider_webhooks::{Headers, RawWebhook, Reject, providers};
use serde_json::{Value, json};

/// What the functions would make of a request that was received now: its transactions, and whether a card number was masked.
fn judged(request: &Received) -> Result<(Vec<String>, bool), Reject> {
    let name = request.path.rsplit('/').next().unwrap();
    let (provider, secrets) = (providers::by_name(name).unwrap(), secrets(name));
    let raw = RawWebhook::new(&request.body, Headers::new(request.headers.clone()));
    let verified = provider.verify(raw, &secrets, Timestamp::now())?;
    let events = provider.parse(&verified).into_vec();
    let document = provider.document(&verified);
    let masked = mask_json(&document, provider.masking()).unwrap();
    let ids = events.iter().map(|e| e.key().transaction_id);
    Ok((ids.collect(), masked.masked_pans > 0))
}

fn signed_part(request: &Received) -> (Vec<(String, String)>, Vec<u8>) {
    (request.headers.clone(), request.body.clone())
}

#[test]
fn a_mixed_run_arrives_as_it_was_ordered() {
    let endpoint = Endpoint::start(|_| 200);
    let secrets = secrets_file("mixed.json");
    let output = send(
        &(endpoint.url.clone() + "/"),
        &[
            "--provider",
            "all",
            "--secrets-file",
            &secrets,
            "--count",
            "80",
            "--forged",
            "8",
            "--duplicates",
            "12",
            "--stale",
            "4",
            "--with-pan",
            "10",
            "--seed",
            "5",
            "--json",
            "--concurrency",
            "4",
            "--amount",
            "-250",
            "--currency",
            "usd",
        ],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["sent"], 104);
    assert_eq!(summary["accepted"], 104);
    assert_eq!(summary["statuses"], json!({"200": 104}));
    assert!(summary["latency_us"]["max"].as_u64() >= summary["latency_us"]["p50"].as_u64());
    let total = |what: &str| -> u64 {
        let all = summary["by_provider"].as_object().unwrap();
        all.values()
            .map(|counts| counts[what].as_u64().unwrap())
            .sum()
    };
    for (what, expected) in [
        ("sent", 104),
        ("accepted", 104),
        ("genuine", 80),
        ("forged", 8),
        ("duplicates", 12),
        ("stale", 4),
        ("planted_pan", 10),
    ] {
        assert_eq!(total(what), expected, "{what}");
    }
    let share = 80 / providers::ALL.len() as u64;
    let genuine = summary["by_provider"]["stripe"]["genuine"].as_u64();
    assert!(genuine.is_some_and(|n| n == share || n == share + 1));

    let received = endpoint.received();
    assert_eq!(received.len(), 104);
    let mut verdicts: BTreeMap<String, u32> = BTreeMap::new();
    let mut genuine = BTreeSet::new();
    let mut different = BTreeSet::new();
    let mut with_pan = BTreeSet::new();
    for request in &received {
        assert_eq!(request.header("x-api-key"), Some(KEY));
        let name = request.path.rsplit('/').next().unwrap();
        let expected = providers::by_name(name).unwrap().info().content_types[0];
        assert_eq!(request.header("content-type"), Some(expected));
        assert!(request.path.starts_with("/v1/webhook/"), "{}", request.path);
        match judged(request) {
            Ok((ids, masked)) => {
                *verdicts.entry("genuine".to_owned()).or_default() += 1;
                genuine.extend(ids);
                different.insert(signed_part(request));
                if masked {
                    with_pan.insert(request.body.clone());
                }
            }
            Err(reject) => *verdicts.entry(reject.as_str().to_owned()).or_default() += 1,
        }
    }
    assert_eq!(verdicts["genuine"], 92);
    assert_eq!(verdicts["signature_mismatch"], 8);
    assert_eq!(verdicts["timestamp_stale"], 4);
    assert_eq!(genuine.len(), 80);
    assert_eq!(different.len(), 80, "duplicates are the same bytes");
    assert_eq!(with_pan.len(), 10);
    let connections: BTreeSet<_> = received.iter().map(|r| r.connection).collect();
    assert!(connections.len() <= 8, "{} connections", connections.len());
}

#[test]
fn a_rate_is_kept_and_progress_is_told() {
    let endpoint = Endpoint::start(|_| 202);
    let key = secret("square");
    let output = send(
        &endpoint.url,
        &[
            "--provider",
            "square",
            "--secret",
            &key,
            "--notification-url",
            URL,
            "--count",
            "45",
            "--rate",
            "40",
            "--progress",
        ],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("45 sent in 1"),
        "{}",
        stdout(&output)
    );
    assert!(stdout(&output).contains("45 × 202"), "{}", stdout(&output));
    let progress = stderr(&output);
    assert!(progress.lines().count() >= 2, "{progress}");
    assert!(progress.ends_with("sent 45 of 45\n"), "{progress}");
    assert!(endpoint.received().iter().all(|r| judged(r).is_ok()));
}

#[test]
fn refusals_and_broken_connections_are_counted_and_explained() {
    let endpoint = Endpoint::start(|n| [200, 403, 429][n % 3]);
    let key = secret("stripe");
    let stripe = [
        "--provider",
        "stripe",
        "--secret",
        key.as_str(),
        "--count",
        "9",
    ];
    let output = send(
        &endpoint.url,
        &[&stripe[..], &["--json", "--concurrency", "1"]].concat(),
    );
    assert_eq!(output.status.code(), Some(1));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["statuses"], json!({"200": 3, "403": 3, "429": 3}));
    assert_eq!(summary["accepted"], 3);
    let told = stderr(&output);
    assert!(
        told.contains("6 of 9") && told.contains("API key") && told.contains("--rate"),
        "{told}"
    );
    assert!(!told.contains(KEY) && !told.contains(&key));

    let endpoint = Endpoint::start(|_| 0);
    let output = send(&endpoint.url, &stripe);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("9 × error"), "{}", stdout(&output));

    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = unused.local_addr().unwrap();
    drop(unused);
    for scheme in ["http", "https"] {
        let output = send(&format!("{scheme}://{address}/webhook"), &stripe);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(
            stderr(&output).contains("is the endpoint up?"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn the_key_goes_where_a_provider_would_have_it() {
    let endpoint = Endpoint::start(|_| 200);
    let secrets = secrets_file("key_places.json");
    let order = [
        "--provider",
        "stripe",
        "--secrets-file",
        &secrets,
        "--count",
        "1",
    ];
    let places = ["header", "path", "query"];
    for place in places {
        let output = send(
            &endpoint.url,
            &[order.as_slice(), &["--key-in", place]].concat(),
        );
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(!stdout(&output).contains(KEY));
    }
    let received = endpoint.received();
    let got: Vec<_> = received
        .iter()
        .map(|request| (request.path.clone(), request.header("x-api-key")))
        .collect();
    assert_eq!(
        got,
        [
            ("/v1/webhook/stripe".to_owned(), Some(KEY)),
            (format!("/v1/webhook/stripe/{KEY}"), None),
            (format!("/v1/webhook/stripe?key={KEY}"), None),
        ]
    );
    for key in ["with/slash-and-more", "with?mark", "with space"] {
        let refused = payhook(
            &[
                ["send", "--endpoint", &endpoint.url, "--api-key", key].as_slice(),
                &order,
                &["--key-in", "path"],
            ]
            .concat(),
            b"",
        );
        assert!(!refused.status.success());
        assert!(!stderr(&refused).contains(key));
    }
    assert_eq!(endpoint.received().len(), places.len());
}
