//! What the tests of this crate share, the providers' own among them: a receipt time, secrets in each provider's form, fixtures, and the way through
//! `sign`, `verify` and `parse`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    unreachable_pub,
    missing_docs
)]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use payment_event::{Movement, PaymentEvent, Stage};
use provider_webhooks::sign::{SignedRequest, sign};
use provider_webhooks::{
    Headers, Provider, ProviderInfo, RawWebhook, Secrets, detect, providers, sample_secrets,
};
use serde_json::{Value, json};

pub const MESSAGE_ID: &str = "msg_fixture";

pub fn at() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

pub fn provider(name: &str) -> &'static dyn Provider {
    providers::by_name(name).unwrap()
}

pub fn info(name: &str) -> &'static ProviderInfo {
    provider(name).info()
}

/// Key number `n` of a provider that has keys.
pub fn secret(name: &str, n: u8) -> String {
    sample_secrets(info(name), n).keys()[0].clone()
}

/// These keys, with the settings that the provider needs.
pub fn secrets(name: &str, keys: &[String]) -> Secrets {
    known(name).with_keys(keys.to_vec())
}

/// Secrets number 1, with which everything here is signed unless another number is asked for.
pub fn known(name: &str) -> Secrets {
    sample_secrets(info(name), 1)
}

pub fn signed(name: &str, body: &[u8], n: u8, at: Timestamp) -> SignedRequest {
    sign(name, body, &sample_secrets(info(name), n), at, MESSAGE_ID)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A fixture, signed, with the headers that stand beside it.
pub fn signed_fixture(name: &str, path: &Path) -> SignedRequest {
    let mut request = signed(name, &fs::read(path).unwrap(), 1, at());
    if let Ok(text) = fs::read(path.with_extension("headers.json")) {
        set_headers(&mut request, &serde_json::from_slice(&text).unwrap());
    }
    request
}

/// Puts headers in the place of those of the same name.
pub fn set_headers(request: &mut SignedRequest, headers: &Value) {
    for (name, value) in headers.as_object().unwrap() {
        request
            .headers
            .retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        let value = value.as_str().unwrap().to_owned();
        request.headers.push((name.clone(), value));
    }
}

pub fn raw(request: &SignedRequest) -> RawWebhook<'_> {
    RawWebhook::new(&request.body, Headers::new(request.headers.clone()))
}

pub fn verify(
    provider: &dyn Provider,
    request: &SignedRequest,
    secrets: &Secrets,
    at: Timestamp,
) -> Result<Vec<PaymentEvent>, String> {
    let verified = provider
        .verify(raw(request), secrets, at)
        .map_err(|r| r.as_str().to_owned())?;
    Ok(provider.parse(&verified).into_vec())
}

/// Verifies and parses with secrets number 1, at the time of signing.
pub fn believed(name: &str, request: &SignedRequest) -> Result<Vec<PaymentEvent>, String> {
    verify(provider(name), request, &known(name), at())
}

/// The events of a JSON body, signed.
pub fn events(name: &str, body: &Value) -> Result<Vec<PaymentEvent>, String> {
    believed(
        name,
        &signed(name, &serde_json::to_vec(body).unwrap(), 1, at()),
    )
}

pub fn event(name: &str, body: &Value) -> PaymentEvent {
    events(name, body).unwrap().remove(0)
}

/// The first event of a body of any form, signed.
pub fn event_of(name: &str, body: &[u8]) -> PaymentEvent {
    let request = signed(name, body, 1, at());
    believed(name, &request).unwrap().remove(0)
}

/// Sets fields of an object to those of another.
pub fn set_fields(object: &mut Value, fields: &Value) {
    for (key, value) in fields.as_object().unwrap() {
        object[key] = value.clone();
    }
}

/// The provider that these headers alone tell.
pub fn detected(pairs: &[(&str, &str)]) -> Option<&'static str> {
    detect(&Headers::new(pairs.to_vec())).map(|provider| provider.info().name)
}

pub fn problem_names(event: &PaymentEvent) -> Vec<&'static str> {
    event.problems.iter().map(|p| p.as_str()).collect()
}

pub fn minor(event: &PaymentEvent) -> Option<i64> {
    event.amount.as_ref().map(|amount| amount.minor.0)
}

/// The movements that an event tells: kind, id, state, rank and minor units of each (`-` without an
/// amount), then the payment where its id is not the movement's own, then the event's payment where
/// it is another still.
pub fn told(event: &PaymentEvent) -> String {
    let row = |m: &Movement| {
        let minor = m.amount().map_or("-".into(), |a| a.minor.0.to_string());
        let (kind, id, Stage { rank, state }) = (m.kind.as_str(), &m.id, m.stage);
        let mut row = format!("{kind} {id} {} {rank} {minor}", state.as_str());
        if m.payment != m.id {
            row += &format!(" of {}", m.payment);
        }
        if m.payment != event.transaction_id {
            row += &format!(" (event of {})", event.transaction_id);
        }
        row
    };
    let rows: Vec<_> = event.movements.iter().map(row).collect();
    rows.join(", ")
}

/// An event in the short form of `*.expected.json`.
pub fn short(event: &PaymentEvent) -> Value {
    let mut value = json!({
        "event_id": event.event_id, "event_type": event.event_type, "status": event.status,
        "transaction_id": event.transaction_id,
    });
    let map = value.as_object_mut().unwrap();
    if let Some(time) = event.event_time {
        map.insert("event_time".into(), json!(time));
    }
    if !event.dated {
        map.insert("dated".into(), json!(false));
    }
    if !event.problems.is_empty() {
        map.insert("problems".into(), json!(event.problems));
    }
    if let Some(amount) = &event.amount {
        map.insert("minor".into(), json!(amount.minor));
        map.insert("currency".into(), json!(amount.currency));
        map.insert("exponent".into(), json!(amount.exponent));
    }
    if let Some(account) = &event.merchant_account {
        map.insert("merchant_account".into(), json!(account));
    }
    if !event.related_ids.is_empty() {
        map.insert("related_ids".into(), json!(event.related_ids));
    }
    value
}

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// The bodies of a provider's folder.
pub fn fixtures(name: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder(name))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.retain(|p| {
        let file = p.file_name().unwrap().to_str().unwrap();
        let extension = p.extension().and_then(|e| e.to_str());
        matches!(extension, Some("json" | "form" | "xml"))
            && !file.ends_with(".expected.json")
            && !file.ends_with(".headers.json")
            && !matches!(file, "vectors.json" | "meanings.json" | "masked.json")
    });
    files.sort();
    assert!(files.len() > 3, "{name} has fixtures");
    files
}

/// A file of rows in a provider's folder.
pub fn data(name: &str, file: &str) -> Value {
    let path = folder(name).join(file);
    let text = fs::read(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A request to attack: one fixture a provider is enough for the signature, all of them for the parser.
pub fn request(name: &str) -> SignedRequest {
    signed_fixture(name, &fixtures(name)[0])
}

/// Asserts each row's reason: headers that stand for all the provider's own, over one of its fixtures.
pub fn assert_header_refusals(name: &str, rows: &[(&[(&str, &str)], &str)]) {
    for (headers, expected) in rows {
        let headers = headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let request = SignedRequest {
            headers: headers.collect(),
            body: request(name).body,
        };
        assert_eq!(
            believed(name, &request),
            Err((*expected).to_owned()),
            "{expected}"
        );
    }
}

/// Asserts the problems of each row's one event: a signed JSON body that lacks something is stored
/// all the same.
pub fn assert_problems(name: &str, rows: &[(Value, &[&str])]) {
    for (body, expected) in rows {
        let events = events(name, body).unwrap();
        let problems = problem_names(&events[0]);
        assert_eq!((events.len(), &problems[..]), (1, *expected), "{body}");
    }
}

/// Asserts that a body with half a character in the payment's id is a captured payment all the
/// same, under a hash of that id.
pub fn assert_captured_under_a_hash(name: &str, body: &[u8], expected_minor: Option<i64>) {
    let event = event_of(name, body);
    assert_eq!(event.status.as_str(), "captured");
    assert_eq!(minor(&event), expected_minor);
    assert_eq!(problem_names(&event), ["id_unusable"]);
    assert!(event.transaction_id.as_str().starts_with("sha256:"));
}

/// The types of a provider's published list, `event_types.txt`: a line each, `#` before a remark.
pub fn listed_types(name: &str) -> Vec<String> {
    let path = folder(name).join("event_types.txt");
    let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()));
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}
