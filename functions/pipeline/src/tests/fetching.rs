//! Bodies that payhook fetched from a provider's API: stored like webhooks, and never called signed.

use super::support::*;
use crate::memory::{Memory, to_the_end};
use crate::{Deps, Fetched, IncomingMessage, IngestReport, Limits, Remembered, ingest};

fn by_the_operator() -> Fetched {
    Fetched {
        by: "arn:aws:sts::123456789012:assumed-role/operator/night".to_owned(),
        from: "api.stripe.com".to_owned(),
        at: "2026-01-02T04:00:00Z".parse().unwrap(),
        happened_at: None,
    }
}

fn take_in(memory: &Memory, batch: &[IncomingMessage<'_>], invocation: &str) -> IngestReport {
    let deps = Deps {
        transactions: memory,
        remembered: &Remembered::default(),
        audit: memory,
        rejected: memory,
        secrets: memory,
        certificates: memory,
        pause: memory,
    };
    to_the_end(ingest(batch, invocation, &deps, &Limits::default())).unwrap()
}

/// A webhook as it came, and the same body as it was fetched: without a signature.
fn both_ways() -> (Queued, Queued) {
    let signed = genuine("stripe", 1, "signed");
    let fetched = Queued {
        message_id: "fetched".to_owned(),
        request: Some(form("stripe", &[])),
        ..signed.clone()
    };
    (signed, fetched)
}

#[test]
fn what_was_fetched_is_stored_masked_and_says_who_fetched_it() {
    let memory = memory();
    let (signed, fetched) = both_ways();
    let by = by_the_operator();
    let message = IncomingMessage {
        fetched: Some(&by),
        ..fetched.incoming()
    };
    let report = take_in(&memory, &[message], "i");
    assert_eq!(report.providers["stripe"].stored, 1);
    let record = memory.records().into_values().next().unwrap();
    assert_eq!(record.fetched, Some(by.note()));
    assert_eq!(vec![record.event.key()], signed.keys("stripe"));
    let line = line_at(&memory, &record.audit, "fetched");
    assert_eq!(line["fetched"]["by"], by.by);
    assert_eq!(line["fetched"]["from"], "api.stripe.com");
    assert_eq!(line["fetched"]["at"], "2026-01-02T04:00:00Z");
    assert!(!line.to_string().contains(PLANTED_PAN));
    let movement = memory.movements().into_values().next().unwrap();
    assert_eq!(movement.fetched, Some(by.note()));
}

#[test]
fn the_same_body_without_the_attribute_is_believed_by_nobody() {
    let memory = memory();
    let (_, fetched) = both_ways();
    let report = take_in(&memory, &[fetched.incoming()], "i");
    assert_eq!(report.providers["stripe"].stored, 0);
    assert_eq!(memory.records().len(), 0);
    assert_eq!(memory.rejected().len(), 1);
}

#[test]
fn a_signed_record_and_a_fetched_one_never_replace_each_other() {
    let (signed, fetched) = both_ways();
    let by = by_the_operator();
    let fetched = IncomingMessage {
        fetched: Some(&by),
        ..fetched.incoming()
    };
    for (first, second, says) in [
        (signed.incoming(), fetched, None),
        (fetched, signed.incoming(), Some(by.note())),
    ] {
        let memory = memory();
        take_in(&memory, &[first], "i-1");
        let report = take_in(&memory, &[second], "i-2");
        assert_eq!(report.providers["stripe"].duplicates, 1);
        let records = memory.records();
        assert_eq!(records.len(), 1);
        assert_eq!(records.into_values().next().unwrap().fetched, says);
        assert_eq!(memory.movements().len(), 1);
    }
}
