//! One row for every reason to refuse a webhook and for every reason not to read one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{at, body, secret, secrets, signed, verify};
use provider_webhooks::sign::{SignError, SignedRequest, sign};
use provider_webhooks::{ParseError, Reject, Secrets, providers};
use serde_json::{Value, json};

#[test]
fn configuration_mistakes_are_named() {
    for (name, keys, url, expected) in [
        (
            "adyen",
            vec!["not hex".to_owned()],
            None,
            "secret_malformed",
        ),
        ("adyen", vec!["00".to_owned()], None, "secret_malformed"),
        (
            "standardwebhooks",
            vec!["whpk_AAAA".to_owned(), "*".into(), "whsk_AAAA".into()],
            None,
            "secret_malformed",
        ),
        (
            "square",
            vec!["key".to_owned()],
            None,
            "notification_url_missing",
        ),
        (
            "square",
            vec!["key".to_owned()],
            Some(" ".to_owned()),
            "notification_url_missing",
        ),
    ] {
        let good = signed(name, &body(name), 1, at());
        let provider = providers::by_name(name).unwrap();
        assert_eq!(
            verify(provider, &good, &Secrets::new(keys, url), at()),
            Err(expected.to_owned())
        );
    }
    // A malformed key beside a good one does not hide it.
    for name in ["adyen", "standardwebhooks"] {
        let good = signed(name, &body(name), 1, at());
        let both = secrets(&["*".to_owned(), secret(name, 1)]);
        assert!(verify(providers::by_name(name).unwrap(), &good, &both, at()).is_ok());
    }
}

#[test]
fn signature_headers_that_have_no_form_are_named() {
    for (name, headers, expected) in [
        (
            "stripe",
            vec![("stripe-signature", "v1=00")],
            "signature_malformed",
        ),
        (
            "stripe",
            vec![("stripe-signature", "t=x,v1=00")],
            "signature_malformed",
        ),
        (
            "stripe",
            vec![("stripe-signature", "t=1,v0=00,v1=zz")],
            "signature_malformed",
        ),
        (
            "square",
            vec![("x-square-hmacsha256-signature", "*")],
            "signature_malformed",
        ),
        (
            "standardwebhooks",
            vec![("webhook-id", "a"), ("webhook-timestamp", "1")],
            "signature_missing",
        ),
        (
            "standardwebhooks",
            vec![
                ("svix-id", "a"),
                ("svix-timestamp", "1"),
                ("svix-signature", "v2,AAAA v1"),
            ],
            "signature_malformed",
        ),
        (
            "standardwebhooks",
            vec![
                ("svix-id", "a"),
                ("svix-timestamp", "x"),
                ("svix-signature", "v1,AAAA"),
            ],
            "signature_malformed",
        ),
    ] {
        let headers = headers
            .into_iter()
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect();
        let request = SignedRequest {
            headers,
            body: body(name),
        };
        let provider = providers::by_name(name).unwrap();
        assert_eq!(
            verify(provider, &request, &secrets(&[secret(name, 1)]), at()),
            Err(expected.to_owned()),
            "{name}"
        );
    }
}

#[test]
fn every_parse_error_has_a_row() {
    let stripe = |change: Value| ("stripe", change);
    let long = "x".repeat(300);
    let rows = [
        (stripe(json!("text")), ParseError::Malformed),
        (
            stripe(json!({"type": "a", "created": 1})),
            ParseError::FieldMissing,
        ),
        (
            stripe(json!({"id": "e", "created": 1})),
            ParseError::FieldMissing,
        ),
        (
            stripe(json!({"id": "e", "type": "a"})),
            ParseError::FieldMissing,
        ),
        (
            stripe(json!({"id": "e e", "type": "a", "created": 1})),
            ParseError::IdentifierUnusable,
        ),
        (
            stripe(json!({"id": long, "type": "a", "created": 1})),
            ParseError::IdentifierUnusable,
        ),
        (
            stripe(json!({"id": "e", "type": long, "created": 1})),
            ParseError::Malformed,
        ),
        (
            stripe(json!({"id": "e", "type": "a", "created": 1.5})),
            ParseError::TimeUnusable,
        ),
        (
            stripe(json!({"id": "e", "type": "a", "created": "T"})),
            ParseError::TimeUnusable,
        ),
        (
            stripe(
                json!({"id": "e", "type": "charge.failed", "created": 1, "data": {"object": {"amount": 1e300, "currency": "usd"}}}),
            ),
            ParseError::AmountUnusable,
        ),
        (
            stripe(
                json!({"id": "e", "type": "charge.failed", "created": 1, "data": {"object": {"amount": 1, "currency": "4111"}}}),
            ),
            ParseError::AmountUnusable,
        ),
        (
            (
                "square",
                json!({"type": "a", "created_at": "x", "event_id": "e"}),
            ),
            ParseError::TimeUnusable,
        ),
        (
            (
                "square",
                json!({"type": "payment.updated", "event_id": "e", "data": {"object": {"payment": {"status": {}}}}}),
            ),
            ParseError::Malformed,
        ),
        (
            (
                "standardwebhooks",
                json!({"type": "a", "timestamp": "yesterday"}),
            ),
            ParseError::TimeUnusable,
        ),
    ];
    for ((name, value), expected) in rows {
        let request = signed(name, &serde_json::to_vec(&value).unwrap(), 1, at());
        let got = verify(
            providers::by_name(name).unwrap(),
            &request,
            &secrets(&[secret(name, 1)]),
            at(),
        );
        assert_eq!(got, Err(expected.as_str().to_owned()), "{value}");
    }
    let adyen = |item: Value, copies: usize| {
        let items = vec![json!({"NotificationRequestItem": item}); copies];
        let request = signed(
            "adyen",
            &serde_json::to_vec(&json!({"notificationItems": items})).unwrap(),
            1,
            at(),
        );
        verify(
            providers::by_name("adyen").unwrap(),
            &request,
            &secrets(&[secret("adyen", 1)]),
            at(),
        )
        .unwrap_err()
    };
    let item = json!({"pspReference": "P", "eventCode": "X", "eventDate": "2026-01-02T03:04:05Z"});
    assert_eq!(adyen(item.clone(), 101), "too_many_events");
    assert_eq!(
        adyen(json!({"pspReference": "P", "eventCode": "X"}), 1),
        "field_missing"
    );
    assert_eq!(adyen(json!({"eventCode": "X"}), 1), "field_missing");
    let mut huge = item;
    huge["merchantAccountCode"] = json!("x".repeat(1000));
    assert_eq!(adyen(huge, 1), "identifier_unusable");
}

#[test]
fn ten_thousand_levels_are_refused_without_a_crash() {
    let deep = format!("{{\"data\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for provider in providers::ALL {
        let name = provider.info().name;
        let known = secrets(&[secret(name, 1)]);
        let (request, expected) = match sign(name, deep.as_bytes(), &known, at(), "msg_1") {
            Ok(request) => (request, "malformed"),
            // Adyen's signature is inside what cannot be read.
            Err(error) => {
                assert_eq!((name, error), ("adyen", SignError::Body));
                let body = deep.clone().into_bytes();
                (
                    SignedRequest {
                        headers: vec![],
                        body,
                    },
                    "body_unreadable",
                )
            }
        };
        assert_eq!(
            verify(*provider, &request, &known, at()),
            Err(expected.to_owned()),
            "{name}"
        );
    }
}

#[test]
fn reasons_are_texts_of_their_own() {
    let rejects = [
        Reject::UnknownProvider,
        Reject::SecretMissing,
        Reject::SecretMalformed,
        Reject::NotificationUrlMissing,
        Reject::SignatureMissing,
        Reject::SignatureMalformed,
        Reject::SignatureMismatch,
        Reject::TimestampStale,
        Reject::TimestampFuture,
        Reject::BodyUnreadable,
    ];
    for reject in rejects {
        assert_eq!(
            serde_json::to_value(reject).unwrap(),
            json!(reject.as_str())
        );
        assert!(!reject.to_string().is_empty());
    }
}

#[test]
fn secrets_never_show_in_debug_output() {
    assert_eq!(
        format!("{:?}", secrets(&["whsec_1".into()])),
        "Secrets(1 keys, redacted)"
    );
}
