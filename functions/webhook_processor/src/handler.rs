//! One invocation: an SQS event in, the messages to deliver again out; then what it did, as log lines and metrics.
//!
//! Invariant: a record that cannot be read is reported by itself and the rest goes on. Nothing here repeats a body or a header.

use std::io::Write;

use lambda_setup::{
    BatchError, BatchResponse, Metrics, SqsMessage, log_contradictions, read_batch,
};
use pipeline::storage::{
    AuditStore, CertificateStore, Pause, RejectedQueue, SecretStore, TransactionStore,
};
use pipeline::{
    Contradiction, Deps, Fetched, IncomingMessage, IngestReport, Limits, Origin, ProviderCounters,
    ingest,
};

/// What an invocation did.
#[derive(Debug)]
pub(crate) struct Handled {
    /// For Lambda.
    pub(crate) response: BatchResponse,
    report: IngestReport,
    unreadable: Vec<String>,
}

/// Takes in the batch of `event`.
///
/// # Errors
/// [`BatchError`] when the event is no SQS batch: the whole invocation fails and is delivered again.
pub(crate) async fn handle<T, A, R, S, C, P>(
    event: &str,
    invocation_id: &str,
    deps: &Deps<'_, T, A, R, S, C, P>,
    limits: &Limits,
) -> Result<Handled, BatchError>
where
    T: TransactionStore,
    A: AuditStore,
    R: RejectedQueue,
    S: SecretStore,
    C: CertificateStore,
    P: Pause,
{
    let (messages, unreadable) = read_batch(event)?;
    // What a message was at first counts, unless it claims to be younger than it is.
    let origin = |m: &SqsMessage<'_>| {
        let origin = m.reject.as_deref().and_then(Origin::decode);
        origin.filter(|origin| origin.received_at_ms <= m.sent_at_ms)
    };
    let origins: Vec<Option<Origin>> = messages.iter().map(origin).collect();
    let fetched: Vec<Option<Fetched>> = messages
        .iter()
        .map(|m| m.fetched.as_deref().and_then(Fetched::decode))
        .collect();
    let batch: Vec<IncomingMessage<'_>> = messages
        .iter()
        .zip(origins.iter().zip(&fetched))
        .map(|(m, (origin, fetched))| IncomingMessage {
            message_id: &m.message_id,
            body: &m.body,
            request: m.request.as_deref(),
            received_at_ms: origin.as_ref().map_or(m.sent_at_ms, |o| o.received_at_ms),
            queued_at_ms: m.sent_at_ms,
            first_message_id: origin.as_ref().map(|o| o.message_id.as_str()),
            // Whoever fetches a body compares it with table and archive first.
            archive_asked: fetched.is_some() || origin.as_ref().is_some_and(|o| o.archive_asked),
            fetched: fetched.as_ref(),
            receive_count: m.receive_count,
        })
        .collect();
    let report = ingest(&batch, invocation_id, deps, limits).await;
    let failed = report
        .failed_message_ids()
        .map(str::to_owned)
        .chain(unreadable.iter().cloned());
    Ok(Handled {
        response: BatchResponse::new(failed),
        report,
        unreadable,
    })
}

/// Logs each failure and one summary; writes the metrics to `out`.
pub(crate) fn tell(handled: &Handled, metrics: &Metrics, now_ms: i64, out: &mut impl Write) {
    let report = &handled.report;
    for failure in &report.failures {
        tracing::error!(
            message_id = failure.message_id,
            cause = %failure.cause,
            "message {} is delivered again: {}", failure.message_id, failure.cause
        );
    }
    for id in &handled.unreadable {
        tracing::error!(
            message_id = id,
            "message {id} is not a readable SQS record and is delivered again"
        );
    }
    let found = report.contradictions.iter();
    log_contradictions(found.map(Contradiction::parts));
    let records = report.messages + handled.unreadable.len() as u64;
    let failed = (report.failures.len() + handled.unreadable.len()) as u64;
    let total = |counter: fn(&ProviderCounters) -> u64| -> u64 {
        report.providers.values().map(counter).sum()
    };
    let stored = total(|p| p.stored);
    let duplicates = total(|p| p.duplicates);
    let rejected: u64 = report
        .providers
        .values()
        .flat_map(|p| p.rejected.values())
        .sum();
    tracing::info!(
        records,
        failed,
        stored,
        duplicates,
        rejected,
        "batch of {records} taken in"
    );

    let mut lines = vec![metrics.line(
        now_ms,
        None,
        &[
            ("Records", "Count", records),
            ("FailedRecords", "Count", failed),
            ("Stored", "Count", stored),
            ("Duplicates", "Count", duplicates),
            ("Rejected", "Count", rejected),
            ("Incomplete", "Count", total(|p| p.incomplete)),
            ("UnknownType", "Count", total(|p| p.unknown_types)),
            ("Contradicted", "Count", total(|p| p.contradicted)),
            ("MaskedPans", "Count", report.masked_pans),
            ("AuditBytes", "Bytes", report.audit_bytes),
        ],
    )];
    for (provider, counters) in &report.providers {
        let rejected = counters.rejected.values().sum();
        lines.push(metrics.line(
            now_ms,
            Some(provider),
            &[
                ("Stored", "Count", counters.stored),
                ("Duplicates", "Count", counters.duplicates),
                ("Rejected", "Count", rejected),
                ("Incomplete", "Count", counters.incomplete),
                ("UnknownType", "Count", counters.unknown_types),
                ("Contradicted", "Count", counters.contradicted),
            ],
        ));
        for (reason, count) in &counters.rejected {
            tracing::warn!(
                provider,
                reason,
                count,
                "{count} webhooks of {provider} rejected: {reason}"
            );
        }
    }
    for line in lines {
        // A closed standard output means that the environment is going away; the batch is done all the same.
        let _ = writeln!(out, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use pipeline::Remembered;
    use pipeline::memory::Memory;
    use provider_webhooks::sign::sign;
    use provider_webhooks::{SampleParams, Secrets, sample};
    use serde_json::{Value, json};

    use super::*;

    const SENT_MS: i64 = 1_767_323_045_000;

    fn secrets() -> Secrets {
        Secrets::new(["whsec_test".to_owned()], None)
    }

    fn record(id: &str, sequence: u64, forged: bool) -> Value {
        let at = jiff::Timestamp::from_millisecond(SENT_MS).unwrap();
        let note = Some("card 4111 1111 1111 1111".to_owned());
        let params = SampleParams {
            sequence,
            amount_minor: 100,
            currency: "EUR".into(),
            at,
            note,
        };
        let body = sample("stripe", &params).unwrap();
        let signed = sign("stripe", &body, &secrets(), at, "m").unwrap();
        let signature = if forged {
            "t=1,v1=00".to_owned()
        } else {
            signed.headers[0].1.clone()
        };
        let request = format!(
            "provider=stripe&request_id=r&source_ip=203.0.113.9&h.stripe-signature={}",
            signature.replace(',', "%2C").replace('=', "%3D")
        );
        json!({
            "messageId": id, "body": String::from_utf8(signed.body).unwrap(),
            "attributes": {"SentTimestamp": SENT_MS.to_string(), "ApproximateReceiveCount": "1"},
            "messageAttributes": {"request": {"stringValue": request, "dataType": "String"}},
        })
    }

    fn run(memory: &Memory, event: &str) -> Result<Handled, BatchError> {
        let deps = Deps {
            transactions: memory,
            remembered: &Remembered::default(),
            audit: memory,
            rejected: memory,
            secrets: memory,
            certificates: memory,
            pause: memory,
        };
        block_on(handle(event, "invocation-1", &deps, &Limits::default()))
    }

    #[test]
    fn a_batch_is_stored_rejected_and_told() {
        let memory = Memory::default();
        memory.set_secrets("stripe", secrets());
        let event = json!({"Records": [record("a", 1, false), record("b", 1, false), record("c", 2, true), {"messageId": "d"}]});
        let handled = run(&memory, &event.to_string()).unwrap();
        assert_eq!(handled.response, BatchResponse::new(["d"]));
        assert_eq!(memory.records().len(), 1);
        assert_eq!(memory.rejected().len(), 1);

        let mut out = Vec::new();
        tell(
            &handled,
            &Metrics::new("payhook", "webhook_processor_dev"),
            7,
            &mut out,
        );
        let out = String::from_utf8(out).unwrap();
        let lines: Vec<Value> = out
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        let number = |name: &str| lines[0][name].as_u64().unwrap();
        assert_eq!(
            [
                "Records",
                "FailedRecords",
                "Stored",
                "Duplicates",
                "Rejected"
            ]
            .map(number),
            [4, 1, 1, 1, 1]
        );
        assert!(number("MaskedPans") >= 2 && number("AuditBytes") > 0);
        assert_eq!(
            (&lines[1]["provider"], &lines[1]["Rejected"]),
            (&json!("stripe"), &json!(1))
        );
    }

    #[test]
    fn a_total_that_shrinks_is_a_contradiction() {
        let memory = Memory::default();
        memory.set_secrets("stripe", secrets());
        let charge = |number: i64, amount: u64| {
            let mut record = record(&number.to_string(), 1, false);
            let at = jiff::Timestamp::from_millisecond(SENT_MS).unwrap();
            let body = json!({
                "id": format!("evt_{number}"), "object": "event", "type": "charge.succeeded", "created": at.as_second() - 60 + number,
                "data": {"object": {"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "status": "succeeded",
                    "captured": true, "paid": true, "amount": amount, "amount_captured": amount, "currency": "eur"}},
            });
            let signed = sign("stripe", body.to_string().as_bytes(), &secrets(), at, "m").unwrap();
            let signature = signed.headers[0].1.replace(',', "%2C").replace('=', "%3D");
            record["body"] = json!(String::from_utf8(signed.body).unwrap());
            record["messageAttributes"]["request"]["stringValue"] = json!(format!(
                "provider=stripe&request_id=r&source_ip=203.0.113.9&h.stripe-signature={signature}"
            ));
            json!({"Records": [record]}).to_string()
        };
        let contradicted = [charge(1, 100), charge(2, 99), charge(2, 99)].map(|event| {
            let handled = run(&memory, &event).unwrap();
            let (mut out, metrics) = (Vec::new(), Metrics::new("payhook", "processor"));
            tell(&handled, &metrics, 7, &mut out);
            let out = String::from_utf8(out).unwrap();
            let lines = out
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap());
            let counts: Vec<_> = lines
                .map(|line| line["Contradicted"].as_u64().unwrap())
                .collect();
            counts
        });
        // The total, and the provider's.
        assert_eq!(contradicted[0], [0, 0]);
        assert!(contradicted[1][0] > 0 && contradicted[1][0] == contradicted[1][1]);
        assert_eq!(contradicted[2], [0, 0]);
    }

    #[test]
    fn a_message_that_was_rejected_is_judged_by_its_first_receipt_and_stays_what_it_was() {
        const HOURS_MS: i64 = 5 * 3_600_000;
        let again = |reject: Option<&str>, forged| {
            let mut record = record("again", 1, forged);
            record["attributes"]["SentTimestamp"] = json!((SENT_MS + HOURS_MS).to_string());
            if let Some(reject) = reject {
                record["messageAttributes"]["reject"] =
                    json!({"stringValue": reject, "dataType": "String"});
            }
            let memory = Memory::default();
            memory.set_secrets("stripe", secrets());
            run(&memory, &json!({"Records": [record]}).to_string()).unwrap();
            memory
        };
        let origin =
            |at: i64| format!("reason=signature_mismatch&message_id=first&received_at={at}");
        // By the clock of now the signature is hours old.
        let stored = again(Some(&origin(SENT_MS)), false).records();
        assert_eq!(stored.len(), 1);
        assert!(
            stored
                .values()
                .all(|record| record.received_at_ms == SENT_MS)
        );
        for reject in [
            None,
            Some("received_at=1"),
            Some(origin(SENT_MS + HOURS_MS + 1).as_str()),
        ] {
            let memory = again(reject, false);
            assert!(memory.records().is_empty(), "{reject:?}");
            assert!(
                memory.rejected()[0]
                    .reject
                    .starts_with("reason=timestamp_stale")
            );
        }
        // Rejected once more it keeps its first id and receipt.
        let rejected = again(Some(&origin(SENT_MS)), true).rejected();
        assert_eq!(
            rejected[0].reject,
            format!("reason=signature_mismatch&message_id=first&received_at={SENT_MS}")
        );
    }

    #[test]
    fn what_is_no_batch_fails_as_a_whole() {
        assert!(run(&Memory::default(), "{}").is_err());
    }
}
