//! What no provider may accept or stumble over, and the texts of the reasons. What is a provider's own is in `fixtures/NAME/tests.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::collections::BTreeSet;

use common::{at, known, request, secret, secrets, verify};
use payment_event::PaymentStatus;
use provider_webhooks::sign::{SignError, SignedRequest, sign};
use provider_webhooks::{KeyEncoding, Reject, providers};
use serde_json::json;

#[test]
fn a_malformed_key_is_named_and_hides_no_good_one() {
    for provider in providers::ALL {
        let (info, name) = (provider.info(), provider.info().name);
        let good = request(name);
        if matches!(info.key.encoding, KeyEncoding::Hex | KeyEncoding::Base64) {
            for key in ["*", "not a key", "\u{e9}"] {
                let malformed = secrets(name, &[key.to_owned()]);
                let verdict = verify(*provider, &good, &malformed, at());
                assert_eq!(verdict, Err("secret_malformed".to_owned()), "{name} {key}");
                assert_eq!(
                    sign(name, &good.body, &malformed, at(), "m"),
                    Err(SignError::Secret)
                );
            }
        }
        if info.key.encoding != KeyEncoding::None {
            let both = secrets(name, &["*".to_owned(), secret(name, 1)]);
            assert!(verify(*provider, &good, &both, at()).is_ok(), "{name}");
            assert_eq!(
                sign(name, &good.body, &secrets(name, &[]), at(), "m"),
                Err(SignError::Secret)
            );
        }
    }
    assert_eq!(
        sign("nobody", b"{}", &known("stripe"), at(), "m"),
        Err(SignError::UnknownProvider)
    );
}

#[test]
fn ten_thousand_levels_are_stored_without_a_crash() {
    let deep = format!("{{\"data\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for provider in providers::ALL {
        let name = provider.info().name;
        match sign(name, deep.as_bytes(), &known(name), at(), "msg_1") {
            Ok(request) => {
                let events = verify(*provider, &request, &known(name), at());
                // A provider that signs fields of the body cannot vouch for this one.
                let Ok(events) = events else {
                    assert_eq!(events, Err("body_unreadable".to_owned()), "{name}");
                    continue;
                };
                let unknown = [PaymentStatus::Unclassified, PaymentStatus::Notice];
                assert!(unknown.contains(&events[0].status), "{name}");
            }
            // The signature is inside what cannot be read.
            Err(error) => {
                assert_eq!(error, SignError::Body, "{name}");
                let body = deep.clone().into_bytes();
                let headers = vec![];
                let request = SignedRequest { headers, body };
                let verdict = verify(*provider, &request, &known(name), at());
                let named = ["body_unreadable", "signature_missing"];
                assert!(named.contains(&verdict.unwrap_err().as_str()), "{name}");
            }
        }
    }
}

#[test]
fn reasons_are_texts_of_their_own() {
    for reject in Reject::ALL {
        assert_eq!(
            serde_json::to_value(reject).unwrap(),
            json!(reject.as_str())
        );
        assert!(!reject.to_string().is_empty());
    }
    let texts: BTreeSet<_> = Reject::ALL.iter().map(|reject| reject.as_str()).collect();
    assert_eq!(texts.len(), Reject::ALL.len());
}

#[test]
fn nothing_is_ever_taken_without_its_headers() {
    for provider in providers::ALL {
        let info = provider.info();
        let mut bare = request(info.name);
        bare.headers.clear();
        let verdict = verify(*provider, &bare, &known(info.name), at());
        assert!(
            verdict.is_err() || info.signature_headers.is_empty(),
            "{}",
            info.name
        );
    }
}
