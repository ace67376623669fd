//! Every finding of `payhook doctor after` about a webhook that was sent: what is known of it, and
//! what that means.

use std::collections::BTreeMap;

use jiff::Timestamp;
use payment_event::TransactionKey;
use pipeline::stored::StoredTransaction;

use super::sent::{AuditLine, CLAIMED_REQUEST_ID, Sent, Trace, Troubles};
use super::webhook::Purpose;
use crate::doctor::finding::Outcome;

fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

fn record() -> StoredTransaction {
    StoredTransaction {
        key: TransactionKey {
            transaction_id: "stripe:pi_1".to_owned(),
            timestamp: "2026-11-27T12:00:00.000000000Z#evt_1".to_owned(),
        },
        provider: "stripe".to_owned(),
        event_id: "evt_1".to_owned(),
        event_type: "payment".to_owned(),
        status: "captured".to_owned(),
        money: None,
        merchant_account: None,
        related_ids: BTreeMap::new(),
        problems: Vec::new(),
        event_time: Some(now()),
        received_at: now(),
        message_id: "m-1".to_owned(),
        audit_key: "audit/1".to_owned(),
        audit_offset: 0,
        audit_length: 9,
        expires_at: 1_788_000_000,
        tells: Vec::new(),
        fetched: None,
        movement: None,
    }
}

fn line(message_id: &str, request_id: Option<&str>) -> AuditLine {
    AuditLine {
        message_id: message_id.to_owned(),
        request_id: request_id.map(str::to_owned),
        body_sha256: String::new(),
        verdict: "stored".to_owned(),
        reason: None,
    }
}

/// A genuine webhook that went the whole way.
fn done() -> Trace {
    Trace {
        record: Some(record()),
        line: Some(line("m-1", Some("r-1"))),
        counted: true,
        ..Trace::default()
    }
}

fn rejected(reason: &str) -> Trace {
    Trace {
        rejected: Some(reason.to_owned()),
        in_rejected_queue: true,
        ..Trace::default()
    }
}

fn sent(purpose: Purpose, answer: Result<u16, &str>, trace: Trace) -> Sent {
    Sent {
        provider: "stripe",
        purpose,
        body: b"{}".to_vec(),
        sha256: String::new(),
        transaction_id: Some("stripe:pi_1".to_owned()),
        answer: answer.map_err(str::to_owned),
        trace,
    }
}

fn trouble(which: fn(&mut Troubles) -> &mut Option<String>) -> Troubles {
    let mut troubles = Troubles::default();
    *which(&mut troubles) = Some("denied".to_owned());
    troubles
}

fn check(one: &Sent, troubles: &Troubles, step: &str, outcome: Outcome, words: &str) {
    let found = one.findings(troubles, 120, "dev");
    let finding = found.iter().find(|finding| finding.step == step);
    let finding = finding.unwrap_or_else(|| unreachable!("no {step}: {found:?}"));
    assert_eq!(finding.outcome, outcome, "{finding:?}");
    assert!(finding.says.contains(words), "{finding:?}");
    assert_eq!(finding.subject, "stripe");
}

#[test]
fn a_genuine_webhook_goes_the_whole_way() {
    use Outcome::{CouldNotTell, Fail, Pass};
    let all = Troubles::default();
    let good = sent(Purpose::Genuine, Ok(200), done());
    for (step, words) in [
        ("genuine_accepted", "200"),
        ("genuine_stored", "message m-1"),
        ("genuine_audited", "points to it"),
        ("genuine_counted", "row"),
    ] {
        check(&good, &all, step, Pass, words);
    }
    for (answer, outcome, words) in [
        (Ok(403), Fail, "payhook keys list"),
        (Ok(404), Fail, "--endpoint"),
        (Ok(429), CouldNotTell, "throttling"),
        (Ok(503), Fail, "execution log"),
        (Err("dns"), Fail, "no answer: dns"),
    ] {
        let one = sent(Purpose::Genuine, answer, Trace::default());
        check(&one, &all, "genuine_accepted", outcome, words);
        for step in ["genuine_stored", "genuine_audited", "genuine_counted"] {
            check(&one, &all, step, CouldNotTell, "not accepted");
        }
    }
    for (reason, words) in [
        (
            "signature_mismatch",
            "webhook_secret_stripe_dev has another secret",
        ),
        ("secret_missing", "put-secret-value"),
        ("timestamp_stale", "clock"),
        ("body_malformed", "Reasons for a rejection"),
    ] {
        let one = sent(Purpose::Genuine, Ok(200), rejected(reason));
        check(&one, &all, "genuine_stored", Fail, words);
        check(&one, &all, "genuine_counted", CouldNotTell, "not stored");
    }
    let lost = sent(Purpose::Genuine, Ok(200), Trace::default());
    check(
        &lost,
        &all,
        "genuine_stored",
        Fail,
        "neither stored nor rejected after 120 s",
    );
    check(
        &lost,
        &trouble(|t| &mut t.table),
        "genuine_stored",
        CouldNotTell,
        "denied",
    );
    let mut unknown = sent(Purpose::Genuine, Ok(200), Trace::default());
    unknown.transaction_id = None;
    check(
        &unknown,
        &all,
        "genuine_stored",
        CouldNotTell,
        "only the function",
    );
}

#[test]
fn what_is_stored_is_audited_and_counted() {
    use Outcome::{CouldNotTell, Fail};
    let all = Troubles::default();
    let with = |change: fn(&mut Trace)| {
        let mut trace = done();
        change(&mut trace);
        sent(Purpose::Genuine, Ok(200), trace)
    };
    let no_line = with(|trace| trace.line = None);
    check(
        &no_line,
        &all,
        "genuine_audited",
        Fail,
        "missing or damaged",
    );
    check(
        &no_line,
        &trouble(|t| &mut t.audit),
        "genuine_audited",
        CouldNotTell,
        "denied",
    );
    let other = with(|trace| trace.line = Some(line("m-2", None)));
    check(&other, &all, "genuine_audited", Fail, "another line");
    let uncounted = with(|trace| trace.counted = false);
    check(
        &uncounted,
        &all,
        "genuine_counted",
        Fail,
        "not counted after 120 s",
    );
    let kept_out = trouble(|t| &mut t.analytics);
    check(
        &uncounted,
        &kept_out,
        "genuine_counted",
        CouldNotTell,
        "denied",
    );
}

#[test]
fn a_forged_webhook_ends_in_the_rejected_queue() {
    use Outcome::{CouldNotTell, Fail, Pass};
    let all = Troubles::default();
    let good = sent(Purpose::Forged, Ok(200), rejected("signature_mismatch"));
    check(&good, &all, "forged_rejected", Pass, "signature_mismatch");
    check(&good, &all, "forged_in_rejected_queue", Pass, "found");
    let lost = sent(Purpose::Forged, Ok(200), Trace::default());
    check(
        &lost,
        &all,
        "forged_rejected",
        Fail,
        "no line of the audit log",
    );
    check(
        &lost,
        &trouble(|t| &mut t.audit),
        "forged_rejected",
        CouldNotTell,
        "denied",
    );
    check(
        &lost,
        &all,
        "forged_in_rejected_queue",
        Fail,
        "not there after 120 s",
    );
    let kept_out = trouble(|t| &mut t.queue);
    check(
        &lost,
        &kept_out,
        "forged_in_rejected_queue",
        CouldNotTell,
        "denied",
    );
    let refused = sent(Purpose::Forged, Ok(403), Trace::default());
    check(
        &refused,
        &all,
        "forged_rejected",
        CouldNotTell,
        "not accepted: 403",
    );
    check(
        &refused,
        &all,
        "forged_in_rejected_queue",
        CouldNotTell,
        "not accepted: 403",
    );
}

#[test]
fn probes_prove_one_thing_more() {
    use Outcome::{CouldNotTell, Fail, Pass};
    let all = Troubles::default();
    for (purpose, step) in [
        (Purpose::Large, "queue_takes_1mib"),
        (Purpose::TitleCase, "header_names_any_case"),
    ] {
        check(&sent(purpose, Ok(200), done()), &all, step, Pass, "message");
        let refused = sent(purpose, Ok(413), Trace::default());
        check(&refused, &all, step, Fail, "answers 413 to it");
        let throttled = sent(purpose, Ok(429), Trace::default());
        check(&throttled, &all, step, CouldNotTell, "not accepted: 429");
        let lost = sent(purpose, Ok(200), rejected("signature_missing"));
        check(&lost, &all, step, Fail, "signature_missing");
    }
    let step = "request_id_is_the_gateways";
    let with = |line: Option<AuditLine>| {
        let trace = Trace { line, ..done() };
        sent(Purpose::OwnRequestId, Ok(200), trace)
    };
    check(
        &with(Some(line("m-1", Some("r-1")))),
        &all,
        step,
        Pass,
        "r-1",
    );
    let claimed = with(Some(line("m-1", Some(CLAIMED_REQUEST_ID))));
    check(&claimed, &all, step, Fail, "extendedRequestId");
    check(
        &with(Some(line("m-1", None))),
        &all,
        step,
        Fail,
        "no request id",
    );
    check(&with(None), &all, step, CouldNotTell, "not found");
    check(
        &with(None),
        &trouble(|t| &mut t.audit),
        step,
        CouldNotTell,
        "denied",
    );
    let lost = sent(Purpose::OwnRequestId, Ok(200), Trace::default());
    check(&lost, &all, step, CouldNotTell, "not stored");
}

#[test]
fn waiting_ends_when_it_can_change_nothing() {
    let all = Troubles::default();
    let open = |purpose, answer, trace, troubles: &Troubles| {
        sent(purpose, answer, trace).is_open(troubles)
    };
    assert!(!open(Purpose::Genuine, Ok(403), Trace::default(), &all));
    assert!(!open(Purpose::Genuine, Ok(200), done(), &all));
    assert!(open(Purpose::Genuine, Ok(200), Trace::default(), &all));
    let uncounted = || Trace {
        counted: false,
        ..done()
    };
    assert!(open(Purpose::Genuine, Ok(200), uncounted(), &all));
    let kept_out = trouble(|t| &mut t.analytics);
    assert!(!open(Purpose::Genuine, Ok(200), uncounted(), &kept_out));
    assert!(open(Purpose::Forged, Ok(200), Trace::default(), &all));
    assert!(!open(Purpose::Forged, Ok(200), rejected("x"), &all));
    let not_queued = Trace {
        in_rejected_queue: false,
        ..rejected("x")
    };
    assert!(open(Purpose::Forged, Ok(200), not_queued.clone(), &all));
    let kept_out = trouble(|t| &mut t.queue);
    assert!(!open(Purpose::Forged, Ok(200), not_queued, &kept_out));
}
