//! Walks every fixture of every provider: parses to what is expected, and refuses every attack within what the signature covers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{at, body, fixtures, secret, secrets, signed, verify};
use jiff::{Span, Timestamp};
use payment_event::{EventIdentity, PaymentEvent};
use provider_webhooks::sign::SignedRequest;
use provider_webhooks::{Secrets, SignatureCoverage, providers};
use serde_json::{Value, json};

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
            // A forged copy of the header in front is what counts; one behind changes nothing.
            for (front, ok) in [(true, false), (false, true)] {
                let mut twice = good.clone();
                let (header, value) = good.headers[good.headers.len() - 1].clone();
                let forged = (
                    header,
                    value.replace(['a', 'b', 'c', 'd', 'e', 'f', 'A'], "0"),
                );
                twice
                    .headers
                    .insert(if front { 0 } else { good.headers.len() }, forged);
                assert_eq!(
                    verify(*provider, &twice, &known, at()).is_ok(),
                    ok,
                    "{name}"
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
