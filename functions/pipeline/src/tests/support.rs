//! Messages as the gateway writes them, and running a batch to its end or to its crash.

use std::collections::BTreeSet;

use jiff::Timestamp;
use payment_event::TransactionKey;
use provider_webhooks::{
    Authenticity, Headers, RawWebhook, SampleParams, Secrets, providers, sample, sample_secrets,
    sign::sign,
};
use serde_json::Value;

use crate::audit::read_line;
use crate::memory::{Memory, to_the_end};
use crate::storage::AuditPointer;
use crate::{Deps, IncomingMessage, IngestReport, Limits, Remembered, ingest};

pub(super) const RECEIVED_AT_MS: i64 = 1_767_326_645_250; // 2026-01-02T04:04:05.250Z
/// Luhn-valid test number that no field rule knows of.
pub(super) const PLANTED_PAN: &str = "4111111111111111";

pub(super) fn secrets(provider: &str) -> Secrets {
    sample_secrets(providers::by_name(provider).unwrap().info(), 1)
}

/// A message in the queue.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    pub(super) message_id: String,
    pub(super) body: String,
    pub(super) request: Option<String>,
    pub(super) received_at_ms: i64,
    pub(super) queued_at_ms: i64,
    pub(super) receive_count: u32,
}

impl Queued {
    pub(super) fn incoming(&self) -> IncomingMessage<'_> {
        IncomingMessage {
            message_id: &self.message_id,
            body: &self.body,
            request: self.request.as_deref(),
            received_at_ms: self.received_at_ms,
            queued_at_ms: self.queued_at_ms,
            first_message_id: None,
            archive_asked: false,
            fetched: None,
            receive_count: self.receive_count,
        }
    }

    /// The keys of its events, read without the pipeline.
    pub(super) fn keys(&self, provider: &str) -> Vec<TransactionKey> {
        let request = crate::message::Request::decode(self.request.as_deref()).unwrap();
        let provider = providers::by_name(provider).unwrap();
        let secrets = secrets(provider.info().name);
        let raw = RawWebhook::new(self.body.as_bytes(), request.headers);
        let at = Timestamp::from_millisecond(self.received_at_ms).unwrap();
        let webhook = provider.verify(raw, &secrets, at).unwrap();
        provider
            .parse(&webhook)
            .as_slice()
            .iter()
            .map(payment_event::PaymentEvent::key)
            .collect()
    }
}

pub(super) fn form(provider: &str, headers: &[(String, String)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("provider", provider)
        .append_pair("request_id", "req-1")
        .append_pair("source_ip", "192.0.2.7");
    for (name, value) in headers {
        form.append_pair(&format!("h.{}", name.to_ascii_lowercase()), value);
    }
    form.finish()
}

/// A genuine message. `at_offset_s` moves the event time: another delivery may state another one.
pub(super) fn genuine_at(
    provider: &str,
    sequence: u64,
    message_id: &str,
    at_offset_s: i64,
) -> Queued {
    let secrets = secrets(provider);
    signed_by(&secrets, provider, sequence, message_id, at_offset_s)
}

fn signed_by(
    secrets: &Secrets,
    provider: &str,
    sequence: u64,
    message_id: &str,
    at_offset_s: i64,
) -> Queued {
    let signed_at = Timestamp::from_millisecond(RECEIVED_AT_MS).unwrap();
    let at = Timestamp::from_second(signed_at.as_second() - 60 + at_offset_s).unwrap();
    let note = Some(format!("card {PLANTED_PAN}"));
    let params = SampleParams {
        sequence,
        amount_minor: 1130,
        currency: "EUR".into(),
        at,
        note,
    };
    let body = sample(provider, &params).unwrap();
    let webhook_id = format!("msg_{sequence}");
    signed_body(secrets, provider, &body, &webhook_id, message_id)
}

/// A genuine message with this body.
pub(super) fn signed(provider: &str, body: &[u8], message_id: &str) -> Queued {
    signed_body(&secrets(provider), provider, body, "msg_1", message_id)
}

fn signed_body(
    secrets: &Secrets,
    provider: &str,
    body: &[u8],
    webhook_id: &str,
    message_id: &str,
) -> Queued {
    let at = Timestamp::from_millisecond(RECEIVED_AT_MS).unwrap();
    let signed = sign(provider, body, secrets, at, webhook_id).unwrap();
    Queued {
        message_id: message_id.to_owned(),
        body: String::from_utf8(signed.body).unwrap(),
        request: Some(form(provider, &signed.headers)),
        received_at_ms: RECEIVED_AT_MS,
        queued_at_ms: RECEIVED_AT_MS,
        receive_count: 1,
    }
}

pub(super) fn genuine(provider: &str, sequence: u64, message_id: &str) -> Queued {
    genuine_at(provider, sequence, message_id, 0)
}

/// One whose signature is well-formed and made with another secret.
pub(super) fn forged(provider: &str, sequence: u64, message_id: &str) -> Queued {
    let info = providers::by_name(provider).unwrap().info();
    signed_by(&sample_secrets(info, 2), provider, sequence, message_id, 0)
}

/// The providers by name, those aside whose webhooks nobody can forge because nobody signs them.
pub(super) fn signing_providers() -> Vec<&'static str> {
    let infos = providers::ALL.iter().map(|provider| provider.info());
    infos
        .filter(|info| info.authenticity != Authenticity::Unsigned)
        .map(|info| info.name)
        .collect()
}

/// `count` genuine Stripe messages `m0`, `m1`, ….
pub(super) fn stripe(count: u64) -> Vec<Queued> {
    (0..count)
        .map(|n| genuine("stripe", n, &format!("m{n}")))
        .collect()
}

pub(super) fn memory() -> Memory {
    let memory = Memory::new();
    for provider in providers::ALL {
        let name = provider.info().name;
        memory.set_secrets(name, secrets(name));
    }
    memory
}

/// One invocation of a process that was just started.
pub(super) fn run_or_crash(
    memory: &Memory,
    messages: &[Queued],
    invocation_id: &str,
) -> Option<IngestReport> {
    let remembered = Remembered::default();
    let limits = Limits::default();
    run_warm(memory, &remembered, messages, invocation_id, limits)
}

/// One invocation of a process that remembers movements.
pub(super) fn run_warm(
    memory: &Memory,
    remembered: &Remembered,
    messages: &[Queued],
    invocation_id: &str,
    limits: Limits,
) -> Option<IngestReport> {
    let batch: Vec<_> = messages.iter().map(Queued::incoming).collect();
    let deps = Deps {
        transactions: memory,
        remembered,
        audit: memory,
        rejected: memory,
        secrets: memory,
        certificates: memory,
        pause: memory,
    };
    to_the_end(ingest(&batch, invocation_id, &deps, &limits))
}

pub(super) fn run(memory: &Memory, messages: &[Queued], invocation_id: &str) -> IngestReport {
    run_or_crash(memory, messages, invocation_id).expect("no crash in the script")
}

pub(super) fn failed(report: &IngestReport) -> Vec<&str> {
    report.failed_message_ids().collect()
}

pub(super) fn line_at(memory: &Memory, pointer: &AuditPointer, message_id: &str) -> Value {
    let objects = memory.objects();
    let object = objects
        .get(&*pointer.key)
        .expect("the object of a pointer exists");
    let start = usize::try_from(pointer.offset_bytes).unwrap();
    let end = start + usize::try_from(pointer.length_bytes).unwrap();
    serde_json::from_str(&read_line(&object[start..end], message_id).unwrap()).unwrap()
}

/// Every line of every object, by decompressing the objects whole.
pub(super) fn audit_lines(memory: &Memory) -> Vec<Value> {
    let texts = memory
        .objects()
        .into_values()
        .map(|object| zstd::decode_all(object.as_slice()).unwrap());
    let lines = texts.flat_map(|text| {
        String::from_utf8(text)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    lines
        .map(|line| serde_json::from_str(&line).unwrap())
        .collect()
}

/// What must hold whatever happened: each expected event once and no other, and every pointer
/// leads to the line of its message.
pub(super) fn assert_consistent(memory: &Memory, expected: &BTreeSet<TransactionKey>, hint: &str) {
    let records = memory.records();
    let found: BTreeSet<_> = records.keys().cloned().collect();
    assert_eq!(&found, expected, "{hint}");
    assert_eq!(
        records.len(),
        expected.len(),
        "one record per event, {hint}"
    );
    for (key, record) in &records {
        let line = line_at(memory, &record.audit, &record.message_id);
        assert_eq!(line["message_id"], record.message_id.as_str(), "{hint}");
        assert_eq!(line["verdict"], "stored", "{hint}");
        let keys = line["keys"].as_array().unwrap();
        assert!(keys.contains(&serde_json::to_value(key).unwrap()), "{hint}");
    }
}

pub(super) fn headers_of(message: &Queued) -> Headers {
    crate::message::Request::decode(message.request.as_deref())
        .unwrap()
        .headers
}
