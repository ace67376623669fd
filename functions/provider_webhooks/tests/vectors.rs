//! The providers' published signatures: each must verify, and must not once a byte of what it covers changes.
//!
//! `fixtures/vectors.json` keeps with each vector where it was published.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use provider_webhooks::{Headers, RawWebhook, Secrets, providers};
use serde_json::Value;

struct Vector {
    name: String,
    provider: String,
    body: Vec<u8>,
    headers: Headers,
    secrets: Secrets,
    at: Timestamp,
}

fn vectors() -> Vec<Vector> {
    let list: Vec<Value> = serde_json::from_str(include_str!("../fixtures/vectors.json")).unwrap();
    list.iter()
        .map(|v| {
            let text = |key: &str| v[key].as_str().unwrap().to_owned();
            let headers = v["headers"].as_object().unwrap();
            Vector {
                name: format!("{} {}", text("provider"), text("name")),
                provider: text("provider").replace("_v1a", ""),
                body: STANDARD.decode(text("body_base64")).unwrap(),
                headers: Headers::new(headers.iter().map(|(n, v)| (n, v.as_str().unwrap()))),
                secrets: Secrets::new([text("secret")], v["url"].as_str().map(str::to_owned)),
                at: Timestamp::from_second(v["now"].as_i64().unwrap_or(1_700_000_000)).unwrap(),
            }
        })
        .collect()
}

fn verify(v: &Vector, body: &[u8]) -> Result<(), provider_webhooks::Reject> {
    let provider = providers::by_name(&v.provider).expect("the provider is in the catalogue");
    provider
        .verify(
            RawWebhook {
                body,
                headers: v.headers.clone(),
            },
            &v.secrets,
            v.at,
        )
        .map(|_| ())
}

#[test]
fn every_published_vector_verifies() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 12);
    for vector in &vectors {
        assert_eq!(verify(vector, &vector.body), Ok(()), "{}", vector.name);
    }
}

#[test]
fn no_published_vector_survives_a_changed_byte() {
    for vector in vectors() {
        let changed = if vector.provider == "adyen" {
            // Adyen signs eight fields: change one of those.
            let text = String::from_utf8(vector.body.clone()).unwrap();
            text.replacen("\"eventCode\": \"", "\"eventCode\": \"X", 1)
                .into_bytes()
        } else {
            let mut body = vector.body.clone();
            body[2] ^= 1;
            body
        };
        assert_ne!(changed, vector.body);
        assert_eq!(
            verify(&vector, &changed),
            Err(provider_webhooks::Reject::SignatureMismatch),
            "{}",
            vector.name
        );
    }
}

#[test]
fn no_published_vector_verifies_with_another_secret() {
    for mut vector in vectors() {
        let other = match vector.provider.as_str() {
            "adyen" => "00".repeat(32),
            _ => "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned(),
        };
        vector.secrets = Secrets::new(
            [other],
            vector.secrets.notification_url().map(str::to_owned),
        );
        assert_eq!(
            verify(&vector, &vector.body),
            Err(provider_webhooks::Reject::SignatureMismatch),
            "{}",
            vector.name
        );
    }
}
