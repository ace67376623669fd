//! The catalogue file is what the code says, and a provider is found by its name or its headers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use provider_webhooks::{Headers, providers};

#[test]
fn the_provider_is_detected_by_its_header_alone() {
    let name = |pairs: &[(&str, &str)]| {
        providers::detect(&Headers::new(pairs.to_vec())).map(|p| p.info().name)
    };
    assert_eq!(name(&[("Stripe-Signature", "x")]), Some("stripe"));
    assert_eq!(
        name(&[("svix-id", "x"), ("svix-signature", "y")]),
        Some("standardwebhooks")
    );
    assert_eq!(name(&[("stripe-signature", " ")]), None);
    assert_eq!(
        name(&[("stripe-signature", "x"), ("webhook-id", "y")]),
        None
    );
    assert_eq!(name(&[]), None);
    assert!(providers::by_name("nobody").is_none());
    // Adyen signs in the body: its webhooks need the path.
    assert!(
        providers::by_name("adyen")
            .unwrap()
            .info()
            .signature_headers
            .is_empty()
    );
}

#[test]
fn the_catalogue_file_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue.json");
    let now = providers::catalogue_json();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &now).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        now,
        "run `make snapshots` and read the diff"
    );
}
