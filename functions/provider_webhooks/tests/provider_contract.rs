//! Walks every fixture of every provider: parses to what is expected, and refuses every attack within what the signature covers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{Span, Timestamp};
use payment_event::{EventIdentity, PaymentEvent};
use provider_webhooks::sign::{SignError, SignedRequest, sign};
use provider_webhooks::{
    Headers, ParseError, Provider, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    providers, sample,
};
use serde_json::{Value, json};

const URL: &str = "https://payments.example.com/webhook/square";

fn at() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn secret(provider: &str, n: u8) -> String {
    match provider {
        "adyen" => format!("{n:02x}").repeat(32),
        "standardwebhooks" => format!(
            "whsec_{}",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS".to_owned() + &n.to_string()
        ),
        _ => format!("whsec_example_{n}"),
    }
}

fn secrets(keys: &[String]) -> Secrets {
    Secrets::new(keys.to_vec(), Some(URL.to_owned()))
}

fn signed(provider: &str, body: &[u8], n: u8, at: Timestamp) -> SignedRequest {
    sign(
        provider,
        body,
        &secrets(&[secret(provider, n)]),
        at,
        "msg_fixture",
    )
    .unwrap()
}

fn verify(
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

fn fixtures(provider: &str) -> Vec<PathBuf> {
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

fn short(event: &PaymentEvent) -> Value {
    let mut value = json!({
        "event_id": event.event_id, "event_type": event.event_type, "status": event.status,
        "transaction_id": event.transaction_id, "event_time": event.event_time,
    });
    let map = value.as_object_mut().unwrap();
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
    if let EventIdentity::Guard(identity) = &event.identity {
        map.insert("guard".into(), json!(identity));
    }
    value
}

#[test]
fn every_fixture_parses_to_what_is_expected() {
    for provider in providers::ALL {
        let name = provider.info().name;
        for path in fixtures(name) {
            let request = signed(name, &fs::read(&path).unwrap(), 1, at());
            let events = verify(*provider, &request, &secrets(&[secret(name, 1)]), at()).unwrap();
            assert!(events.iter().all(|e| e.provider == name));
            let got: Vec<Value> = events.iter().map(short).collect();
            let expected: Vec<Value> =
                serde_json::from_slice(&fs::read(path.with_extension("expected.json")).unwrap())
                    .unwrap();
            assert_eq!(got, expected, "{}", path.display());
        }
    }
}

/// Bodies to attack: one fixture a provider is enough for the signature, all of them for the parser.
fn body(name: &str) -> Vec<u8> {
    fs::read(&fixtures(name)[0]).unwrap()
}

#[test]
fn every_attack_within_the_coverage_is_refused() {
    for provider in providers::ALL {
        let info = provider.info();
        let name = info.name;
        let good = signed(name, &body(name), 1, at());
        let known = secrets(&[secret(name, 1)]);
        let refusal = |request: &SignedRequest, s: &Secrets, t: Timestamp| {
            verify(*provider, request, s, t).unwrap_err()
        };

        assert!(verify(*provider, &good, &known, at()).is_ok());
        assert_eq!(
            refusal(&good, &secrets(&[]), at()),
            "secret_missing",
            "{name}"
        );
        assert_eq!(
            refusal(&good, &secrets(&["  ".into()]), at()),
            "secret_missing",
            "{name}"
        );
        assert_eq!(
            refusal(&good, &secrets(&[secret(name, 2)]), at()),
            "signature_mismatch",
            "{name}"
        );
        // Rotation: the good one may stand anywhere in the list.
        assert!(
            verify(
                *provider,
                &good,
                &secrets(&[secret(name, 2), secret(name, 1)]),
                at()
            )
            .is_ok()
        );

        if info.covers == SignatureCoverage::WholeBody {
            for i in (0..good.body.len()).step_by(7) {
                let mut flipped = good.clone();
                flipped.body[i] ^= 1;
                assert_eq!(
                    refusal(&flipped, &known, at()),
                    "signature_mismatch",
                    "{name} byte {i}"
                );
            }
            let bare = SignedRequest {
                headers: vec![],
                ..good.clone()
            };
            assert_eq!(refusal(&bare, &known, at()), "signature_missing", "{name}");
            for header in 0..good.headers.len() {
                let mut odd = good.clone();
                odd.headers[header].1 = "?".into();
                assert_ne!(refusal(&odd, &known, at()), "", "{name}");
            }
        }
        for (seconds, allowed, reason) in [
            (300, true, ""),
            (
                301,
                info.replay_window_past_seconds.is_none(),
                "timestamp_stale",
            ),
            (
                -301,
                info.replay_window_future_seconds.is_none(),
                "timestamp_future",
            ),
        ] {
            let received = at().checked_add(Span::new().seconds(seconds)).unwrap();
            match verify(*provider, &good, &known, received) {
                Ok(_) => assert!(allowed, "{name} {seconds}"),
                Err(got) => {
                    assert_eq!((got.as_str(), allowed), (reason, false), "{name} {seconds}")
                }
            }
        }
    }
}

#[test]
fn adyen_refuses_a_batch_with_one_bad_item_and_one_without_items() {
    let provider = providers::by_name("adyen").unwrap();
    let known = secrets(&[secret("adyen", 1)]);
    let path = fixtures("adyen")
        .into_iter()
        .find(|p| p.to_str().unwrap().contains("two_items"))
        .unwrap();
    let good = signed("adyen", &fs::read(path).unwrap(), 1, at());
    for field in [
        "pspReference",
        "originalReference",
        "merchantAccountCode",
        "merchantReference",
        "eventCode",
        "success",
    ] {
        for item in 0..2 {
            let mut value: Value = serde_json::from_slice(&good.body).unwrap();
            value["notificationItems"][item]["NotificationRequestItem"][field] = json!("other");
            let bad = SignedRequest {
                headers: vec![],
                body: serde_json::to_vec(&value).unwrap(),
            };
            assert_eq!(
                verify(provider, &bad, &known, at()),
                Err("signature_mismatch".into()),
                "{field} of item {item}"
            );
        }
    }
    for (change, reason) in [
        (json!({"notificationItems": []}), "signature_missing"),
        (
            json!({"notificationItems": [{"NotificationRequestItem": {}}]}),
            "signature_missing",
        ),
        (
            json!({"notificationItems": [{"NotificationRequestItem": {"additionalData": {"hmacSignature": "*"}}}]}),
            "signature_malformed",
        ),
        (
            json!({"notificationItems": [{"NotificationRequestItem": {"additionalData": {"hmacSignature": {}}}}]}),
            "signature_malformed",
        ),
        (
            json!({"notificationItems": [{"NotificationRequestItem": {"pspReference": [], "additionalData": {"hmacSignature": "AAAA"}}}]}),
            "body_unreadable",
        ),
        (json!([]), "body_unreadable"),
    ] {
        let request = SignedRequest {
            headers: vec![],
            body: serde_json::to_vec(&change).unwrap(),
        };
        assert_eq!(
            verify(provider, &request, &known, at()),
            Err(reason.to_owned())
        );
    }
}

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
                json!({"id": "e", "type": "a", "created": 1, "data": {"object": {"amount": 1e300, "currency": "usd"}}}),
            ),
            ParseError::AmountUnusable,
        ),
        (
            stripe(
                json!({"id": "e", "type": "a", "created": 1, "data": {"object": {"amount": 1, "currency": "4111"}}}),
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
                json!({"type": "a", "event_id": "e", "data": {"object": {"payment": {"status": {}}}}}),
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
    let deep = format!("{{\"id\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for provider in providers::ALL {
        let name = provider.info().name;
        let request = match sign(
            name,
            deep.as_bytes(),
            &secrets(&[secret(name, 1)]),
            at(),
            "msg_1",
        ) {
            Ok(request) => request,
            Err(SignError::Body) => SignedRequest {
                headers: vec![],
                body: deep.clone().into_bytes(),
            },
            Err(other) => panic!("{name}: {other}"),
        };
        assert!(
            verify(*provider, &request, &secrets(&[secret(name, 1)]), at()).is_err()
                || name == "standardwebhooks"
        );
    }
}

#[test]
fn samples_of_every_provider_sign_verify_and_differ() {
    let params = |sequence| SampleParams {
        sequence,
        amount_minor: 1234,
        currency: "EUR".into(),
        at: at(),
        note: Some("a note".into()),
    };
    for provider in providers::ALL {
        let name = provider.info().name;
        let event = |sequence| {
            let request = signed(name, &sample(name, &params(sequence)).unwrap(), 1, at());
            verify(*provider, &request, &secrets(&[secret(name, 1)]), at())
                .unwrap()
                .remove(0)
        };
        let (first, second) = (event(7), event(8));
        assert_eq!(first.amount.as_ref().unwrap().minor.0, 1234, "{name}");
        assert_ne!(first.dedupe_key(), second.dedupe_key(), "{name}");
        assert_eq!(first.key(), event(7).key(), "{name}");
    }
    assert_eq!(sample("nobody", &params(1)), None);
}

#[test]
fn signing_says_what_is_missing() {
    let keys = secrets(&["x".into()]);
    for (provider, body, s, expected) in [
        ("nobody", "{}", keys.clone(), SignError::UnknownProvider),
        ("stripe", "{}", secrets(&[]), SignError::Secret),
        ("adyen", "{}", keys.clone(), SignError::Secret),
        (
            "adyen",
            "{}",
            secrets(&[secret("adyen", 1)]),
            SignError::Body,
        ),
        (
            "square",
            "{}",
            Secrets::new(["k".into()], None),
            SignError::NotificationUrl,
        ),
        (
            "standardwebhooks",
            "{}",
            secrets(&["*".into()]),
            SignError::Secret,
        ),
        (
            "standardwebhooks",
            "{}",
            secrets(&["whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=".into()]),
            SignError::Secret,
        ),
    ] {
        assert_eq!(
            sign(provider, body.as_bytes(), &s, at(), "m"),
            Err(expected),
            "{provider}"
        );
    }
}

#[test]
fn ed25519_signs_and_verifies() {
    // RFC 8032, section 7.1, test 1: seed and public key.
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let bytes = hex::decode(format!("{seed}{public}")).unwrap();
    use base64::Engine;
    let encode = |b: &[u8]| base64::engine::general_purpose::STANDARD.encode(b);
    let private = secrets(&[format!("whsk_{}", encode(&bytes))]);
    let request = sign(
        "standardwebhooks",
        &body("standardwebhooks"),
        &private,
        at(),
        "msg_1",
    )
    .unwrap();
    assert!(request.headers[2].1.starts_with("v1a,"));
    let provider = providers::by_name("standardwebhooks").unwrap();
    let public = secrets(&[format!("whpk_{}", encode(&bytes[32..]))]);
    for known in [&private, &public] {
        assert!(verify(provider, &request, known, at()).is_ok());
    }
    let mut forged = request;
    forged.body[0] = b'[';
    assert_eq!(
        verify(provider, &forged, &public, at()),
        Err("signature_mismatch".into())
    );
}

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
}

#[test]
fn secrets_never_show_in_debug_output() {
    assert_eq!(
        format!("{:?}", secrets(&["whsec_1".into()])),
        "Secrets(1 keys, redacted)"
    );
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

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        for provider in providers::ALL {
            let name = provider.info().name;
            if let Ok(request) = sign(name, &bytes, &secrets(&[secret(name, 1)]), at(), "msg_1") {
                let _ = verify(*provider, &request, &secrets(&[secret(name, 1)]), at());
            }
        }
    }

    #[test]
    fn mutated_fixtures_never_panic(which in 0usize..40, at_byte in 0usize..4000, value in proptest::prelude::any::<u8>()) {
        for provider in providers::ALL {
            let name = provider.info().name;
            let files = fixtures(name);
            let mut bytes = fs::read(&files[which % files.len()]).unwrap();
            let i = at_byte % bytes.len();
            bytes[i] = value;
            if let Ok(request) = sign(name, &bytes, &secrets(&[secret(name, 1)]), at(), "msg_1") {
                let _ = verify(*provider, &request, &secrets(&[secret(name, 1)]), at());
            }
        }
    }
}
