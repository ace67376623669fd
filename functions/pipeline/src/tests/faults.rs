//! One thing goes wrong at a time: what is repeated, what fails, and what is left alone.

use std::collections::BTreeSet;

use super::support::*;
use crate::IngestError;
use crate::memory::{Call, CallFault, EntryFault, Memory};
use crate::storage::StoreError;

fn count(memory: &Memory, call: Call) -> usize {
    memory
        .calls()
        .into_iter()
        .filter(|made| *made == call)
        .count()
}

fn expected(messages: &[Queued], provider: &str) -> BTreeSet<payment_event::TransactionKey> {
    messages
        .iter()
        .flat_map(|message| message.keys(provider))
        .collect()
}

#[test]
fn sixty_messages_are_five_calls_and_one_object() {
    let memory = memory();
    let messages = stripe(60);
    let report = run(&memory, &messages, "i");
    assert_eq!(failed(&report), [""; 0]);
    assert_eq!(
        (report.messages, report.providers["stripe"].stored),
        (60, 60)
    );
    assert_eq!(
        (
            count(&memory, Call::InsertBatch),
            count(&memory, Call::AuditPut),
            memory.pauses()
        ),
        // An event and a movement each: a hundred and twenty statements.
        (5, 1, 0)
    );
    assert_eq!(memory.movements().len(), 60);
    assert_consistent(&memory, &expected(&messages, "stripe"), "");
}

#[test]
fn a_throttled_statement_is_repeated_without_its_neighbours() {
    let memory = memory();
    let messages = stripe(30);
    for entry in [3, 7, 28] {
        memory.fail_entry(entry, EntryFault::ThrottleBefore);
    }
    let report = run(&memory, &messages, "i");
    assert_eq!(failed(&report), [""; 0]);
    assert_eq!(report.providers["stripe"].stored, 30);
    assert_eq!(
        report.providers["stripe"].duplicates, 0,
        "no neighbour was asked for twice"
    );
    assert_eq!(
        count(&memory, Call::InsertBatch),
        4,
        "three calls, and one that gathers the three statements"
    );
    assert_eq!(memory.pauses(), 1);
    assert_consistent(&memory, &expected(&messages, "stripe"), "");
}

#[test]
fn a_lost_answer_after_the_commit_makes_no_second_record() {
    for provider in ["stripe", "adyen"] {
        let memory = memory();
        let messages = [genuine(provider, 1, "a"), genuine(provider, 2, "b")];
        // Calls: secrets, audit, insert.
        memory.fail_call(2, CallFault::RetryableAfter);
        let report = run(&memory, &messages, "i");
        assert_eq!(memory.calls()[2], Call::InsertBatch);
        assert_eq!(failed(&report), [""; 0]);
        let counters = &report.providers[provider];
        assert_eq!(
            counters.stored + counters.duplicates,
            2,
            "our own earlier write counts as a duplicate"
        );
        assert!(counters.duplicates >= 1);
        assert_consistent(&memory, &expected(&messages, provider), provider);
    }
    let memory = memory();
    // A movement comes before the event that tells it.
    memory.fail_entry(1, EntryFault::ThrottleAfter);
    let report = run(&memory, &stripe(1), "i");
    assert_eq!(
        (
            report.providers["stripe"].duplicates,
            memory.records().len(),
            report.failures.len()
        ),
        (1, 1, 0)
    );
}

#[test]
fn attempts_end_and_only_the_unfinished_message_fails() {
    let memory = memory();
    // Entry 3 is the event of message m1 in the first call; after it, the repetitions are entries 6, 7, ….
    memory.fail_entry(3, EntryFault::ThrottleBefore);
    (6..20).for_each(|entry| memory.fail_entry(entry, EntryFault::ThrottleBefore));
    let report = run(&memory, &stripe(3), "i");
    assert_eq!(failed(&report), ["m1"]);
    assert_eq!(
        report.failures[0].cause,
        IngestError::InsertUnfinished {
            attempts: 5,
            cause: None
        }
    );
    assert_eq!(
        (count(&memory, Call::InsertBatch), memory.records().len()),
        (5, 2)
    );
}

#[test]
fn a_refused_record_fails_its_message_without_repetition() {
    let memory = memory();
    memory.fail_entry(3, EntryFault::Refuse);
    let report = run(&memory, &stripe(3), "i");
    assert_eq!(failed(&report), ["m1"]);
    assert_eq!(report.failures[0].cause, IngestError::RecordRefused);
    assert_eq!((memory.calls().len(), memory.pauses()), (3, 0));
}

#[test]
fn a_final_error_fails_the_messages_of_its_call_only() {
    let memory = memory();
    memory.fail_call(2, CallFault::Final);
    let report = run(&memory, &stripe(30), "i");
    // Twenty-five statements: twelve messages, and the movement of the thirteenth.
    assert_eq!(failed(&report).len(), 13);
    assert!(matches!(
        report.failures[0].cause,
        IngestError::InsertFinal(StoreError::Final { .. })
    ));
    assert_eq!(
        (report.providers["stripe"].stored, memory.pauses()),
        (18, 0)
    );
}

#[test]
fn without_the_audit_object_nothing_is_stored_and_everything_fails() {
    for (fault, calls) in [
        (CallFault::RetryableBefore, 4),
        (CallFault::RetryableAfter, 4),
        (CallFault::Final, 1),
    ] {
        let memory = memory();
        memory.fail_every(Call::AuditPut, fault);
        let messages = [
            genuine("stripe", 1, "a"),
            genuine("adyen", 2, "b"),
            forged("square", 3, "c"),
        ];
        let report = run(&memory, &messages, "i");
        assert_eq!(failed(&report), ["a", "b", "c"], "{fault:?}");
        assert!(
            matches!(report.failures[0].cause, IngestError::AuditUnwritten { attempts, .. } if attempts == calls)
        );
        assert_eq!(count(&memory, Call::AuditPut), calls as usize);
        assert!(
            memory.records().is_empty()
                && memory.rejected().is_empty()
                && report.providers.is_empty()
        );
        assert_eq!((report.audit_bytes, report.masked_pans), (0, 0));
    }
}

#[test]
fn an_audit_object_is_repeated_until_it_is_written() {
    let memory = memory();
    memory.fail_call(1, CallFault::RetryableAfter);
    memory.fail_call(2, CallFault::RetryableBefore);
    let messages = stripe(2);
    assert_eq!(failed(&run(&memory, &messages, "i")), [""; 0]);
    assert_eq!(
        (
            count(&memory, Call::AuditPut),
            memory.objects().len(),
            memory.pauses()
        ),
        (3, 1, 2)
    );
    assert_consistent(&memory, &expected(&messages, "stripe"), "");
}

#[test]
fn a_failing_rejected_queue_fails_only_the_rejected_messages() {
    for (fault, calls) in [(CallFault::RetryableBefore, 4), (CallFault::Final, 1)] {
        let memory = memory();
        memory.fail_every(Call::RejectedSend, fault);
        let messages = [
            genuine("stripe", 1, "a"),
            forged("stripe", 2, "b"),
            genuine("adyen", 3, "c"),
            forged("adyen", 4, "d"),
        ];
        let report = run(&memory, &messages, "i");
        assert_eq!(failed(&report), ["b", "d"], "{fault:?}");
        assert!(
            matches!(report.failures[0].cause, IngestError::RejectUnsent { attempts, .. } if attempts == calls)
        );
        assert_eq!(
            (memory.records().len(), count(&memory, Call::RejectedSend)),
            (2, calls as usize)
        );
        assert!(
            report
                .providers
                .values()
                .all(|counters| counters.rejected.is_empty()),
            "not counted until handed on"
        );
    }
}

#[test]
fn a_single_unsent_rejected_message_is_repeated_alone() {
    let memory = memory();
    memory.fail_entry(1, EntryFault::ThrottleBefore);
    let messages: Vec<_> = (0..3)
        .map(|n| forged("stripe", n, &format!("m{n}")))
        .collect();
    let report = run(&memory, &messages, "i");
    assert_eq!(failed(&report), [""; 0]);
    assert_eq!(report.providers["stripe"].rejected["signature_mismatch"], 3);
    assert_eq!(memory.rejected().len(), 3);
    let sent = &memory.rejected()[2];
    assert_eq!(
        (sent.body.as_str(), Some(&sent.request)),
        (messages[1].body.as_str(), messages[1].request.as_ref())
    );
    assert_eq!(
        sent.reject,
        format!("reason=signature_mismatch&message_id=m1&received_at={RECEIVED_AT_MS}")
    );
}

#[test]
fn a_message_without_a_request_reaches_the_rejected_queue() {
    let memory = memory();
    let mut message = genuine("stripe", 1, "m");
    message.request = None;
    let report = run(&memory, &[message], "i");
    assert_eq!(
        report.providers[crate::UNKNOWN_PROVIDER].rejected["request_unreadable"],
        1
    );
    assert_eq!(memory.rejected()[0].request, "");
}

#[test]
fn unreadable_secrets_fail_their_provider_and_no_other() {
    let memory = memory();
    // The providers of a batch are read by name: Square before Stripe.
    memory.fail_call(1, CallFault::RetryableBefore);
    let messages = [
        genuine("stripe", 1, "a"),
        genuine("stripe", 2, "b"),
        genuine("square", 3, "c"),
    ];
    let report = run(&memory, &messages, "i");
    assert_eq!(failed(&report), ["a", "b"]);
    assert!(matches!(
        report.failures[0].cause,
        IngestError::SecretsUnreadable(_)
    ));
    assert_eq!((audit_lines(&memory).len(), memory.records().len()), (1, 1));
}

#[test]
fn nothing_judged_writes_no_object() {
    let memory = memory();
    memory.fail_every(Call::Secrets, CallFault::Final);
    assert_eq!(failed(&run(&memory, &stripe(2), "i")), ["m0", "m1"]);
    assert_eq!(memory.calls(), [Call::Secrets]);
}

#[test]
fn a_duplicate_within_the_batch_shares_the_fate_of_the_first() {
    let messages = [
        genuine("stripe", 1, "a"),
        genuine("stripe", 2, "b"),
        genuine("stripe", 1, "c"),
    ];
    let good = memory();
    let report = run(&good, &messages, "i");
    assert_eq!(
        (
            report.providers["stripe"].stored,
            report.providers["stripe"].duplicates
        ),
        (2, 1)
    );
    assert_eq!((failed(&report), audit_lines(&good).len()), (vec![], 3));

    let bad = memory();
    bad.fail_entry(1, EntryFault::Refuse);
    let report = run(&bad, &messages, "i");
    assert_eq!(failed(&report), ["a", "c"]);
    assert_eq!(
        (
            report.providers["stripe"].stored,
            report.providers["stripe"].duplicates
        ),
        (1, 0)
    );
}

#[test]
fn a_duplicate_across_batches_keeps_the_first_record() {
    for provider in provider_webhooks::providers::ALL {
        let provider = provider.info().name;
        let memory = memory();
        run(&memory, &[genuine(provider, 1, "a")], "i1");
        let before = memory.records();
        let report = run(&memory, &[genuine(provider, 1, "b")], "i2");
        assert_eq!(
            (
                report.providers[provider].stored,
                report.providers[provider].duplicates
            ),
            (0, 1),
            "{provider}"
        );
        assert_eq!(
            (memory.records(), memory.objects().len()),
            (before, 2),
            "{provider}"
        );
    }
}

#[test]
fn an_event_is_recognised_though_its_unsigned_time_changed() {
    let memory = memory();
    let first = genuine_at("adyen", 1, "a", 0);
    let again = genuine_at("adyen", 1, "b", 17);
    assert_ne!(first.body, again.body, "another eventDate");
    run(&memory, std::slice::from_ref(&first), "i1");
    let report = run(&memory, &[again, genuine_at("adyen", 1, "c", 99)], "i2");
    assert_eq!(
        (
            report.providers["adyen"].stored,
            report.providers["adyen"].duplicates
        ),
        (0, 2)
    );
    assert_consistent(&memory, &expected(&[first], "adyen"), "");
}

#[test]
fn a_cause_names_the_call_and_nothing_of_the_message() {
    let memory = memory();
    memory.fail_every(Call::InsertBatch, CallFault::RetryableBefore);
    let text = run(&memory, &stripe(1), "i").failures[0].cause.to_string();
    assert_eq!(
        text,
        "record not stored in 5 attempts: memory did not succeed, try again: ServiceUnavailable"
    );
}
