//! One row per reason and path of the judge.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use provider_webhooks::sign::sign;
use provider_webhooks::{Secrets, providers};
use serde_json::value::RawValue;

use super::support::*;
use crate::judge::{Judge, Judgement};
use crate::memory::to_the_end;
use crate::memory::{Call, CallFault, Memory};
use crate::message::IncomingMessage;
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

/// The problems of a message's one event, and its stored payload.
fn stored(message: &Queued) -> (Vec<&'static str>, String) {
    let Judgement::Accepted(accepted) = judge(&memory(), message) else {
        panic!("verified means stored: {message:?}")
    };
    assert_eq!(accepted.events.len(), 1);
    let problems = accepted.events[0].problems.iter();
    // Numbers may be beyond any type: it is JSON all the same.
    let payload: &RawValue = serde_json::from_str(accepted.payload.as_str()).unwrap();
    let payload = payload.get().to_owned();
    (problems.map(|problem| problem.as_str()).collect(), payload)
}

#[test]
fn verified_means_stored() {
    // Deeper than the masker and the parser go, in a field that the parser skips.
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let with = |field: &str, value: &str| {
        let fields = [
            ("id", "\"evt_1\""),
            ("type", "\"charge.succeeded\""),
            ("created", "1767326600"),
            (
                "data",
                r#"{"object":{"id":"ch_1","amount":1,"currency":"eur"}}"#,
            ),
            ("extra", "0"),
        ];
        let text = |(name, stated): (&str, &str)| {
            format!("\"{name}\":{}", if name == field { value } else { stated })
        };
        signed("stripe", &format!("{{{}}}", fields.map(text).join(",")))
    };
    let unusable = r#"{"object":{"id":"ch_1","amount":1e400,"currency":"eur"}}"#;
    for (message, expected, is_json) in [
        (with("", ""), &[][..], true),
        (signed("stripe", "not JSON"), &["body_unreadable"], false),
        (with("id", "null"), &["event_id_missing"], true),
        (with("id", "\"a b\""), &["event_id_unusable"], true),
        (with("created", "\"x\""), &["time_unusable"], true),
        (with("data", unusable), &["amount_unusable"], true),
        (with("extra", &deep), &["body_unreadable"], false),
        // Half of a surrogate pair, which cutting a text leaves.
        (with("extra", "\"\\ud800\""), &[], true),
    ] {
        let (problems, payload) = stored(&message);
        assert_eq!(problems, expected, "{message:?}");
        let first = if is_json { '{' } else { '"' };
        assert!(payload.starts_with(first), "{message:?}");
    }
}

#[test]
fn what_states_to_be_older_than_the_table_waits_until_the_archive_was_asked() {
    let event = |days: i64| {
        let body = serde_json::json!({
            "id": "evt_1", "type": "charge.succeeded",
            "created": genuine("stripe", 1, "m").received_at_ms / 1000 - days * 86_400,
        });
        signed("stripe", &body.to_string())
    };
    for (days, expected) in [(0, "accepted"), (59, "accepted"), (61, "too_old")] {
        let message = event(days);
        assert_eq!(verdict(&judge(&memory(), &message)).0, expected, "{days}");
        let asked = IncomingMessage {
            archive_asked: true,
            ..message.incoming()
        };
        let memory = memory();
        let mut judge = Judge::new(&memory, &memory);
        let judgements = to_the_end(judge.judge_all(&[asked])).unwrap();
        assert_eq!(verdict(&judgements[0]).0, "accepted", "{days}");
    }
}

#[test]
fn a_body_with_a_character_that_no_queue_takes_is_judged_as_it_was_sent() {
    let mut message = signed("stripe", "{\"id\":\"evt_1\",\"note\":\"\u{ffff}\"}");
    assert_eq!(verdict(&judge(&memory(), &message)).0, "accepted");
    message.body = STANDARD.encode(&message.body);
    assert_eq!(verdict(&judge(&memory(), &message)).0, "signature_mismatch");
    let request = message.request.take().unwrap();
    message.request = Some(format!("{request}&encoding=base64"));
    let (_, payload) = stored(&message);
    assert!(payload.contains('\u{ffff}'));
    message.body.push('*');
    assert_eq!(verdict(&judge(&memory(), &message)).0, "request_unreadable");
}

#[test]
fn a_replacement_character_is_believed_where_it_was_signed() {
    let mut message = signed("stripe", "{\"id\":\"evt_1\",\"note\":\"caf\u{fffd}\"}");
    assert_eq!(verdict(&judge(&memory(), &message)).0, "accepted");
    message.body = message.body.replace("caf", "cafe");
    assert_eq!(verdict(&judge(&memory(), &message)).0, "body_damaged");
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
fn free_texts_of_events_are_masked_and_no_id_is_a_card_number() {
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
    // An id that a sender chose is a key, and keys are not masked: a hash stands for it.
    assert!(event.transaction_id.as_str().starts_with("sha256:"));
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
