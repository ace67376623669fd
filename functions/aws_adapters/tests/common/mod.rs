//! Endpoints, names and records for the endpoint tests.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_adapters::Clients;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use payment_event::{
    Amount, CurrencyCode, ExponentSource, Identifier, PaymentEvent, PaymentStatus,
};
use pipeline::storage::{AuditPointer, TransactionRecord};

const HOW: &str = "is not set: run these tests with `make test-rust`, which starts the emulator and DynamoDB Local";

pub(crate) fn emulator() -> String {
    env::var("PAYHOOK_TEST_ENDPOINT").unwrap_or_else(|_| panic!("PAYHOOK_TEST_ENDPOINT {HOW}"))
}

/// Every DynamoDB that judges: the emulator's and Amazon's own DynamoDB Local.
pub(crate) fn dynamodb_endpoints() -> Vec<String> {
    let endpoints = env::var("PAYHOOK_TEST_DYNAMODB_ENDPOINTS")
        .unwrap_or_else(|_| panic!("PAYHOOK_TEST_DYNAMODB_ENDPOINTS {HOW}"));
    let endpoints: Vec<String> = endpoints.split(',').map(str::to_owned).collect();
    assert!(endpoints.len() > 1, "one endpoint is one opinion");
    endpoints
}

pub(crate) async fn config_as(endpoint: &str, key: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-2"))
        .credentials_provider(Credentials::new(key, key, None, None, "endpoint tests"))
        .load()
        .await
}

pub(crate) async fn config(endpoint: &str) -> SdkConfig {
    config_as(endpoint, "test").await
}

/// Clients that reach nobody.
pub(crate) async fn unreachable() -> Clients {
    Clients::new(&config("http://127.0.0.1:9").await)
}

/// A name that no other test uses.
pub(crate) fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    format!("{prefix}-{nanos}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn record(number: usize) -> TransactionRecord {
    let currency = CurrencyCode::parse("EUR").unwrap();
    TransactionRecord {
        event: PaymentEvent {
            provider: "stripe".into(),
            event_id: Identifier::new(format!("evt_{number}")).unwrap(),
            event_type: "charge.refunded".into(),
            status: PaymentStatus::Captured,
            transaction_id: Identifier::new(format!("pi_{number}")).unwrap(),
            amount: Some(
                Amount::from_minor_text("1130", currency, 2, ExponentSource::IsoDefault).unwrap(),
            ),
            merchant_account: Some("acct_é".into()),
            event_time: Some("2026-01-02T03:04:05.6Z".parse().unwrap()),
            dated: true,
            problems: BTreeSet::new(),
            related_ids: BTreeMap::from([("charge".into(), Identifier::new("ch_1").unwrap())]),
            movements: Vec::new(),
        },
        received_at_ms: 1_767_323_045_678,
        queued_at_ms: 1_767_323_045_678,
        message_id: "message-1".into(),
        fetched: None,
        audit: AuditPointer {
            key: "audit/dt=2026-01-02/hh=03/i.jsonl.zst".into(),
            offset_bytes: 12,
            length_bytes: 345,
        },
    }
}
