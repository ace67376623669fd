//! One row per reason and path of the judge.

use jiff::Timestamp;
use provider_webhooks::sign::sign;
use provider_webhooks::{Secrets, providers};

use super::support::*;
use crate::judge::{Judge, Judgement};
use crate::memory::to_the_end;
use crate::memory::{Call, CallFault, Memory};
use crate::storage::StoreError;

fn judge(memory: &Memory, message: &Queued) -> Judgement {
    judge_next(&mut Judge::new(memory, memory), message)
}

/// Judges one more message with a judge that may have judged others.
fn judge_next(judge: &mut Judge<'_, Memory, Memory>, message: &Queued) -> Judgement {
    let judged = to_the_end(judge.judge_all(&[message.incoming()])).unwrap();
    judged.into_iter().next().unwrap()
}

fn verdict(judgement: &Judgement) -> (&'static str, Option<&'static str>) {
    match judgement {
        Judgement::Accepted(accepted) => ("accepted", Some(accepted.provider)),
        Judgement::Rejected { reason, provider } => (reason, *provider),
        Judgement::Retry(_) => ("retry", None),
    }
}

/// A genuine Stripe message with something changed.
fn altered(change: impl FnOnce(&mut Queued)) -> Queued {
    let mut message = genuine("stripe", 1, "m");
    change(&mut message);
    message
}

/// A correctly signed body of our choice.
fn signed(provider: &str, body: &str) -> Queued {
    let mut message = genuine(provider, 1, "m");
    let at = Timestamp::from_millisecond(RECEIVED_AT_MS).unwrap();
    let signed = sign(provider, body.as_bytes(), &secrets(provider), at, "msg_1").unwrap();
    message.body = String::from_utf8(signed.body).unwrap();
    message.request = Some(form(provider, &signed.headers));
    message
}

fn stripe_header(value: &str) -> Option<String> {
    Some(form(
        "stripe",
        &[("stripe-signature".to_owned(), value.to_owned())],
    ))
}

#[test]
fn every_reason_has_a_row() {
    let stripe = Some("stripe");
    for (message, expected) in [
        (altered(|m| m.request = None), ("request_unreadable", None)),
        (
            altered(|m| m.request = Some("x=1".into())),
            ("request_unreadable", None),
        ),
        (
            altered(|m| m.received_at_ms = i64::MAX),
            ("request_unreadable", None),
        ),
        (
            altered(|m| m.received_at_ms = i64::MIN),
            ("request_unreadable", None),
        ),
        (
            altered(|m| m.request = Some(form("nobody", &[]))),
            ("unknown_provider", None),
        ),
        (
            altered(|m| m.request = Some(form("", &[]))),
            ("unknown_provider", None),
        ),
        (
            altered(|m| m.request = Some(form("stripe", &[]))),
            ("signature_missing", stripe),
        ),
        (
            altered(|m| m.request = stripe_header("nonsense")),
            ("signature_malformed", stripe),
        ),
        (
            altered(|m| m.body.push(' ')),
            ("signature_mismatch", stripe),
        ),
        (
            altered(|m| m.received_at_ms += 3_600_000),
            ("timestamp_stale", stripe),
        ),
        (altered(|_| {}), ("accepted", stripe)),
    ] {
        assert_eq!(
            verdict(&judge(&memory(), &message)),
            expected,
            "{message:?}"
        );
    }
    let mut future = genuine("standardwebhooks", 1, "m");
    future.received_at_ms -= 3_600_000;
    assert_eq!(verdict(&judge(&memory(), &future)).0, "timestamp_future");
    let mut unreadable = genuine("adyen", 1, "m");
    unreadable.body = "x".into();
    assert_eq!(verdict(&judge(&memory(), &unreadable)).0, "body_unreadable");
}

#[test]
fn every_unreadable_body_has_a_row() {
    // Deep enough for the masker to give up, in a field that the parser skips.
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let with = |field: &str, value: &str| {
        let fields = [
            ("id", "\"evt_1\""),
            ("type", "\"charge.succeeded\""),
            ("created", "1767326600"),
            ("data", "{}"),
            ("extra", "0"),
        ];
        let text = |(name, stated): (&str, &str)| {
            format!("\"{name}\":{}", if name == field { value } else { stated })
        };
        signed("stripe", &format!("{{{}}}", fields.map(text).join(",")))
    };
    for (message, expected) in [
        (with("", ""), "accepted"),
        (signed("stripe", "not JSON"), "malformed"),
        (with("id", "null"), "field_missing"),
        (with("id", "\"a b\""), "identifier_unusable"),
        (with("created", "\"x\""), "time_unusable"),
        (
            with("data", r#"{"object":{"amount":1e400,"currency":"eur"}}"#),
            "amount_unusable",
        ),
        (with("extra", &deep), "malformed"),
        // A lone surrogate in a field that no provider reads: the parser skips it, masking does not.
        (with("extra", "\"\\ud800\""), "payload_unmaskable"),
    ] {
        assert_eq!(
            verdict(&judge(&memory(), &message)),
            (expected, Some("stripe")),
            "{message:?}"
        );
    }
    let mut many: serde_json::Value = serde_json::from_str(&genuine("adyen", 1, "m").body).unwrap();
    let item = many["notificationItems"][0].clone();
    many["notificationItems"] = vec![item; 101].into();
    assert_eq!(
        verdict(&judge(&memory(), &signed("adyen", &many.to_string()))).0,
        "too_many_events"
    );
}

#[test]
fn reasons_of_our_own_configuration() {
    for (provider, secrets, reason) in [
        ("stripe", Secrets::default(), "secret_missing"),
        (
            "adyen",
            Secrets::new(["not hex".to_owned()], None),
            "secret_malformed",
        ),
        (
            "square",
            Secrets::new(["key".to_owned()], None),
            "notification_url_missing",
        ),
    ] {
        let memory = Memory::new();
        memory.set_secrets(provider, secrets);
        assert_eq!(
            verdict(&judge(&memory, &genuine(provider, 1, "m"))),
            (reason, Some(provider))
        );
        assert_eq!(
            memory.calls(),
            [Call::Secrets, Call::Refresh],
            "a repaired secret would have been found"
        );
    }
}

#[test]
fn every_provider_is_accepted_and_masked() {
    for provider in providers::ALL {
        let info = provider.info();
        let name = info.name;
        let Judgement::Accepted(accepted) = judge(&memory(), &genuine(name, 7, "m")) else {
            panic!("{name}")
        };
        assert_eq!(accepted.provider, name);
        assert_eq!(accepted.events.len(), 1);
        assert_eq!(accepted.masked_pans >= 1, info.free_text, "{name}");
        assert!(!accepted.payload.as_str().contains(PLANTED_PAN), "{name}");
    }
}

#[test]
fn without_a_path_the_signature_header_tells() {
    for provider in providers::ALL {
        let info = provider.info();
        let mut message = genuine(info.name, 1, "m");
        let headers: Vec<_> = headers_of(&message)
            .iter()
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .collect();
        message.request = Some(form("", &headers));
        let expected = match info.signature_headers {
            [] => "unknown_provider",
            _ => "accepted",
        };
        assert_eq!(
            verdict(&judge(&memory(), &message)).0,
            expected,
            "{}",
            info.name
        );
    }
    let mut message = genuine("square", 1, "m");
    let mut headers: Vec<_> = headers_of(&message)
        .iter()
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect();
    headers.push(("stripe-signature".into(), "t=1".into()));
    message.request = Some(form("", &headers));
    let got = verdict(&judge(&memory(), &message)).0;
    assert_eq!(got, "unknown_provider", "two providers' headers");
}

#[test]
fn free_texts_of_events_are_masked_and_ids_stay() {
    let body = serde_json::json!({
        "type": format!("x {PLANTED_PAN}"), "timestamp": "2026-01-02T03:04:05Z",
        "data": { "id": PLANTED_PAN, "merchant_id": PLANTED_PAN, "amount": 1, "currency": "EUR" }
    });
    let message = signed("standardwebhooks", &body.to_string());
    let Judgement::Accepted(accepted) = judge(&memory(), &message) else {
        panic!("a genuine message")
    };
    let event = &accepted.events[0];
    assert!(!event.event_type.contains(PLANTED_PAN));
    assert!(
        !event
            .merchant_account
            .as_deref()
            .unwrap_or_default()
            .contains(PLANTED_PAN)
    );
    assert_eq!(event.transaction_id.as_str(), PLANTED_PAN);
}

#[test]
fn a_rotated_secret_is_found_by_one_renewed_reading_per_batch() {
    let memory = Memory::new();
    memory.set_secrets("stripe", Secrets::new(["the old one".to_owned()], None));
    memory.set_newer_secrets("stripe", secrets("stripe"));
    let mut judge = Judge::new(&memory, &memory);
    let messages = [
        genuine("stripe", 1, "a"),
        forged("stripe", 2, "b"),
        genuine("stripe", 3, "c"),
        forged("stripe", 4, "d"),
    ];
    let verdicts: Vec<_> = messages
        .iter()
        .map(|m| verdict(&judge_next(&mut judge, m)).0)
        .collect();
    assert_eq!(
        verdicts,
        [
            "accepted",
            "signature_mismatch",
            "accepted",
            "signature_mismatch"
        ]
    );
    assert_eq!(memory.calls(), [Call::Secrets, Call::Refresh]);
}

#[test]
fn our_own_trouble_is_never_a_rejection() {
    for fault in [
        CallFault::RetryableBefore,
        CallFault::RetryableAfter,
        CallFault::Final,
    ] {
        let unreachable = memory();
        unreachable.fail_every(Call::Secrets, fault);
        assert_eq!(
            verdict(&judge(&unreachable, &genuine("stripe", 1, "m"))).0,
            "retry",
            "{fault:?}"
        );

        let stale = memory();
        stale.fail_every(Call::Refresh, fault);
        let mut judge = Judge::new(&stale, &stale);
        let messages = [
            forged("stripe", 1, "a"),
            forged("stripe", 2, "b"),
            genuine("stripe", 3, "c"),
        ];
        let verdicts: Vec<_> = messages
            .iter()
            .map(|m| verdict(&judge_next(&mut judge, m)).0)
            .collect();
        assert_eq!(verdicts, ["retry", "retry", "accepted"], "{fault:?}");
        assert_eq!(
            stale.calls(),
            [Call::Secrets, Call::Refresh],
            "an outage costs one call per batch"
        );
    }
}

#[test]
fn retry_carries_the_cause() {
    let memory = memory();
    memory.fail_every(Call::Secrets, CallFault::Final);
    let Judgement::Retry(error) = judge(&memory, &genuine("stripe", 1, "m")) else {
        panic!("not judged")
    };
    assert!(matches!(error, StoreError::Final { .. }));
}
