//! What the tests of this crate share: a receipt time, secrets in each provider's form, and the way through `sign`, `verify` and `parse`.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use payment_event::PaymentEvent;
use provider_webhooks::sign::{SignedRequest, sign};
use provider_webhooks::{Headers, Provider, RawWebhook, Secrets};

pub const URL: &str = "https://payments.example.com/webhook/square";

pub fn at() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

pub fn secret(provider: &str, n: u8) -> String {
    match provider {
        "adyen" => format!("{n:02x}").repeat(32),
        "standardwebhooks" => format!(
            "whsec_{}",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS".to_owned() + &n.to_string()
        ),
        _ => format!("whsec_example_{n}"),
    }
}

pub fn secrets(keys: &[String]) -> Secrets {
    Secrets::new(keys.to_vec(), Some(URL.to_owned()))
}

pub fn signed(provider: &str, body: &[u8], n: u8, at: Timestamp) -> SignedRequest {
    sign(
        provider,
        body,
        &secrets(&[secret(provider, n)]),
        at,
        "msg_fixture",
    )
    .unwrap()
}

pub fn verify(
    provider: &dyn Provider,
    request: &SignedRequest,
    secrets: &Secrets,
    at: Timestamp,
) -> Result<Vec<PaymentEvent>, String> {
    let raw = RawWebhook {
        body: &request.body,
        headers: Headers::new(request.headers.clone()),
    };
    let verified = provider
        .verify(raw, secrets, at)
        .map_err(|r| r.as_str().to_owned())?;
    provider.parse(&verified).map_err(|e| e.as_str().to_owned())
}

pub fn fixtures(provider: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(provider);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.retain(|p| {
        p.extension().is_some_and(|e| e == "json")
            && !p.to_str().unwrap().ends_with(".expected.json")
    });
    files.sort();
    assert!(files.len() > 3, "{provider} has fixtures");
    files
}

/// Bodies to attack: one fixture a provider is enough for the signature, all of them for the parser.
pub fn body(name: &str) -> Vec<u8> {
    fs::read(&fixtures(name)[0]).unwrap()
}
