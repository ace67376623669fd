//! The providers' published signatures: each must verify, and must not once a byte of what it covers changes.
//!
//! `fixtures/NAME/vectors.json` keeps with each vector where it was published. A vector is `{"name", "source", "headers", "body_base64", "secret", "now"?, "settings"?}`,
//! `secret` missing where the provider has no keys, `altered` naming a text in the body and what it becomes where only some fields are signed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::folder;
use jiff::Timestamp;
use provider_webhooks::{Headers, RawWebhook, Reject, Secrets, providers, sample_secrets};
use serde_json::Value;

struct Vector {
    name: String,
    provider: &'static str,
    body: Vec<u8>,
    altered: Vec<u8>,
    headers: Headers,
    secrets: Secrets,
    at: Timestamp,
}

fn read(provider: &'static str, v: &Value) -> Vector {
    let text = |key: &str| v[key].as_str().unwrap().to_owned();
    let body = STANDARD.decode(text("body_base64")).unwrap();
    let mut altered = body.clone();
    match v["altered"].as_array() {
        Some(pair) => {
            let [from, to] = [0, 1].map(|i| pair[i].as_str().unwrap());
            altered = String::from_utf8(altered)
                .unwrap()
                .replacen(from, to, 1)
                .into_bytes();
        }
        None => altered[2] ^= 1,
    }
    assert_ne!(altered, body);
    let keys = v["secret"].as_str().map(str::to_owned);
    let nothing = serde_json::Map::new();
    let settings = v["settings"].as_object().unwrap_or(&nothing);
    let secrets = settings
        .iter()
        .fold(Secrets::new(keys, None), |secrets, (name, value)| {
            secrets.with(name, value.as_str().unwrap())
        });
    Vector {
        name: format!("{provider} {}", text("name")),
        provider,
        body,
        altered,
        headers: Headers::new(
            v["headers"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(n, v)| (n, v.as_str().unwrap())),
        ),
        secrets,
        at: Timestamp::from_second(v["now"].as_i64().unwrap_or(1_700_000_000)).unwrap(),
    }
}

/// Not every provider publishes one.
fn vectors() -> Vec<Vector> {
    let names = providers::ALL.iter().map(|p| p.info().name);
    let of = |name| {
        let text = fs::read(folder(name).join("vectors.json")).unwrap_or_else(|_| b"[]".to_vec());
        let list: Vec<Value> = serde_json::from_slice(&text).unwrap();
        list.iter().map(|v| read(name, v)).collect::<Vec<_>>()
    };
    names.flat_map(of).collect()
}

fn verify(v: &Vector, body: &[u8], secrets: &Secrets) -> Result<(), Reject> {
    let provider = providers::by_name(v.provider).expect("the provider is in the catalogue");
    let raw = RawWebhook::new(body, v.headers.clone());
    provider.verify(raw, secrets, v.at).map(|_| ())
}

#[test]
fn every_published_vector_verifies() {
    let vectors = vectors();
    assert!(vectors.len() >= 12, "{}", vectors.len());
    for vector in &vectors {
        let verdict = verify(vector, &vector.body, &vector.secrets);
        assert_eq!(verdict, Ok(()), "{}", vector.name);
    }
}

#[test]
fn no_published_vector_survives_a_changed_byte() {
    for vector in vectors() {
        let verdict = verify(&vector, &vector.altered, &vector.secrets);
        assert_eq!(verdict, Err(Reject::SignatureMismatch), "{}", vector.name);
    }
}

#[test]
fn no_published_vector_verifies_with_another_secret() {
    for vector in vectors() {
        let info = providers::by_name(vector.provider).unwrap().info();
        let other = sample_secrets(info, 9);
        let secrets = match vector.secrets.keys() {
            // Without keys it is the settings that tell endpoints apart.
            [] => info
                .settings
                .iter()
                .filter(|s| s.sample.contains("{n}"))
                .fold(vector.secrets.clone(), |secrets, s| {
                    secrets.with(s.name, other.setting(s.name).unwrap())
                }),
            _ => vector.secrets.with_keys(other.keys().to_vec()),
        };
        let verdict = verify(&vector, &vector.body, &secrets);
        assert_eq!(verdict, Err(Reject::SignatureMismatch), "{}", vector.name);
    }
}
