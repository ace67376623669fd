//! A batch of queue messages → audit object, records, rejected messages, and the list of what has to come again.
//!
//! Invariant: the audit object is written before any record or rejected message, so that every pointer in the table is valid from
//! the moment its record exists. When it cannot be written, nothing else is and every message fails.
//! Invariant: every message of the batch is stored, a duplicate, in the rejected queue, or among the failures. Stopping anywhere,
//! by an error or by the end of the process, loses nothing: the queue delivers again what was not acknowledged, and every step
//! may be repeated.
//!
//! Source: `ARCHITECTURE.md`, "One webhook, from arrival to archive" and "Why is the audit object written before the insert".

use std::sync::Arc;

use futures::future::join;
use payment_event::Problem;
use provider_webhooks::providers;

use crate::IngestError;
use crate::audit::{AuditObject, AuditWriter, Filed};
use crate::fetched::Fetched;
use crate::insert::{Fate, Rounds, write_all};
use crate::judge::{Decoded, Judge, Judgement, decoded};
use crate::message::IncomingMessage;
use crate::plan::{PlannedEvent, plan};
use crate::reject::{rejected_message, send_all};
use crate::remembered::Remembered;
use crate::report::{FailedMessage, IngestReport, UNKNOWN_PROVIDER};
use crate::storage::{
    AuditPointer, AuditStore, CertificateStore, INSERT_BATCH_RECORDS_MAX, Pause, RejectedQueue,
    SecretStore, StoreError, TransactionStore, Write,
};

/// The outside, by trait.
#[derive(Debug)]
pub struct Deps<'d, T, A, R, S, C, P> {
    /// The transactions table.
    pub transactions: &'d T,
    /// What this process remembers of the movements in it.
    pub remembered: &'d Remembered,
    /// The audit bucket.
    pub audit: &'d A,
    /// The rejected queue.
    pub rejected: &'d R,
    /// The providers' secrets.
    pub secrets: &'d S,
    /// The providers' certificates.
    pub certificates: &'d C,
    /// Waiting between attempts.
    pub pause: &'d P,
}

/// How often to repeat and how much to do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls for the audit object.
    pub audit_attempts_max: u32,
    /// Calls per record.
    pub insert_attempts_max: u32,
    /// Calls per rejected message.
    pub send_attempts_max: u32,
    /// Batch inserts at a time.
    pub insert_calls_concurrent_max: usize,
}

impl Default for Limits {
    /// Few attempts: what they do not mend, the queue's next delivery does, without a function being paid to wait.
    fn default() -> Self {
        Self {
            audit_attempts_max: 4,
            insert_attempts_max: 5,
            send_attempts_max: 4,
            insert_calls_concurrent_max: 8,
        }
    }
}

/// Takes in one batch. Never fails as a whole: what went wrong is in the report, by message. May be dropped at any await.
pub async fn ingest<T, A, R, S, C, P>(
    batch: &[IncomingMessage<'_>],
    invocation_id: &str,
    deps: &Deps<'_, T, A, R, S, C, P>,
    limits: &Limits,
) -> IngestReport
where
    T: TransactionStore,
    A: AuditStore,
    R: RejectedQueue,
    S: SecretStore,
    C: CertificateStore,
    P: Pause,
{
    let mut judge = Judge::new(deps.secrets, deps.certificates);
    let messages = decoded(batch);
    let judgements = judge.judge_decoded(&messages).await;
    store(batch, &messages, judgements, invocation_id, deps, limits).await
}

/// The second half of [`ingest`]: everything after judging. `messages` and `judgements` have one entry per message of `batch`.
async fn store<T, A, R, S, C, P>(
    batch: &[IncomingMessage<'_>],
    messages: &[Decoded<'_>],
    judgements: Vec<Judgement>,
    invocation_id: &str,
    deps: &Deps<'_, T, A, R, S, C, P>,
    limits: &Limits,
) -> IngestReport
where
    T: TransactionStore,
    A: AuditStore,
    R: RejectedQueue,
    P: Pause,
{
    let mut ledger = Ledger::new(batch);
    let audited = match write_audit(
        messages,
        &judgements,
        invocation_id,
        deps.audit,
        deps.pause,
        limits,
        &mut ledger,
    )
    .await
    {
        Ok(audited) => audited,
        Err(cause) => {
            (0..batch.len()).for_each(|message| ledger.fail(message, cause.clone()));
            return ledger.finish();
        }
    };

    let mut events = Vec::new();
    let mut rejects = Vec::new();
    let mut sends = Vec::new();
    for (position, ((message, judgement), pointer)) in
        batch.iter().zip(judgements).zip(audited).enumerate()
    {
        // Without a line in the audit log nothing may be stored; the message is among the failures already.
        let Some(audit) = pointer else { continue };
        match judgement {
            Judgement::Accepted(accepted) => {
                ledger.report.masked_pans += u64::from(accepted.masked_pans);
                ledger
                    .report
                    .providers
                    .entry(accepted.provider)
                    .or_default();
                ledger.set_provider(position, accepted.provider);
                events.extend(accepted.events.into_iter().map(|event| PlannedEvent {
                    message: position,
                    event,
                    message_id: message.message_id.to_owned(),
                    received_at_ms: message.received_at_ms,
                    queued_at_ms: message.queued_at_ms,
                    audit: audit.clone(),
                    fetched: message.fetched.map(Fetched::note),
                }));
            }
            Judgement::Rejected { reason, provider } => {
                ledger.set_provider(position, provider.unwrap_or(UNKNOWN_PROVIDER));
                rejects.push((position, reason));
                sends.push(rejected_message(message, reason));
            }
            Judgement::Retry(_) => {}
        }
    }

    let plan = plan(events);
    let remarks = plan.writes.iter().map(Remarks::of).collect();
    let rounds = Rounds {
        call_records_max: INSERT_BATCH_RECORDS_MAX,
        calls_concurrent_max: limits.insert_calls_concurrent_max,
        attempts_max: limits.insert_attempts_max,
    };
    let (fates, sent) = join(
        write_all(
            plan.writes,
            rounds,
            deps.remembered,
            deps.pause,
            async |writes| deps.transactions.write_batch(writes).await,
        ),
        send_all(sends, limits.send_attempts_max, deps.rejected, deps.pause),
    )
    .await;

    ledger.settle_writes(plan.owners, fates, remarks);
    for ((position, reason), result) in rejects.into_iter().zip(sent) {
        ledger.settle_reject(position, reason, result);
    }
    ledger.finish()
}

/// Writes the audit objects, one for each day of receipt in the batch, and returns each message's
/// line. No object where there is no line.
///
/// # Errors
/// An object was not written: nothing of the batch may be stored.
async fn write_audit(
    batch: &[Decoded<'_>],
    judgements: &[Judgement],
    invocation_id: &str,
    audit: &impl AuditStore,
    pause: &impl Pause,
    limits: &Limits,
    ledger: &mut Ledger<'_>,
) -> Result<Vec<Option<AuditPointer>>, IngestError> {
    let filed =
        |message: &IncomingMessage<'_>| Filed::of(message.queued_at_ms, message.received_at_ms);
    let mut places: Vec<(Filed, i64)> = Vec::new();
    for (message, _) in batch {
        let (filed, at_ms) = (filed(message), message.queued_at_ms);
        match places.iter_mut().find(|(place, _)| *place == filed) {
            Some((_, earliest)) => *earliest = at_ms.min(*earliest),
            None => places.push((filed, at_ms)),
        }
    }
    let mut pointers = vec![None; batch.len()];
    for (place, earliest_ms) in places {
        let mut writer = AuditWriter::new(place.object_key(earliest_ms, invocation_id))?;
        let mut numbers = Vec::with_capacity(batch.len());
        for (position, (message, judgement)) in batch.iter().zip(judgements).enumerate() {
            if filed(&message.0) != place {
                continue;
            }
            if let Judgement::Retry(error) = judgement {
                ledger.fail(position, IngestError::SecretsUnreadable(error.clone()));
            }
            let number = writer.push(message, judgement).unwrap_or_else(|error| {
                ledger.fail(position, IngestError::AuditLine(error));
                None
            });
            numbers.push((position, number));
        }
        let AuditObject { key, body, frames } = writer.finish()?;
        if body.is_empty() {
            continue;
        }
        let bytes = body.len() as u64;
        put(audit, pause, limits.audit_attempts_max, &key, body).await?;
        ledger.report.audit_bytes += bytes;
        for (position, number) in numbers {
            if let Some(pointer) = pointers.get_mut(position) {
                *pointer = number.and_then(|number| frames.get(number)).cloned();
            }
        }
    }
    Ok(pointers)
}

/// One object, tried several times. Repeating a write that had taken effect writes the same bytes under the same key.
async fn put(
    audit: &impl AuditStore,
    pause: &impl Pause,
    attempts_max: u32,
    key: &Arc<str>,
    body: Vec<u8>,
) -> Result<(), IngestError> {
    let mut attempts = 0;
    loop {
        if attempts > 0 {
            pause.before(attempts).await;
        }
        attempts += 1;
        // The store takes the bytes; a copy costs little beside the call, and the next attempt needs them.
        match audit.put(key, body.clone()).await {
            Ok(()) => return Ok(()),
            Err(StoreError::Retryable { .. }) if attempts < attempts_max => {}
            Err(cause) => return Err(IngestError::AuditUnwritten { attempts, cause }),
        }
    }
}

/// What is counted of a write beside its being stored; nothing of a movement's, whose event is counted.
struct Remarks {
    event: bool,
    incomplete: bool,
    type_unknown: bool,
}

impl Remarks {
    fn of(write: &Write) -> Self {
        let Write::Event(record) = write else {
            return Self {
                event: false,
                incomplete: false,
                type_unknown: false,
            };
        };
        let event = &record.event;
        let types = providers::by_name(&event.provider).map(|p| p.info().event_types);
        let readable = !event.problems.contains(&Problem::BodyUnreadable);
        Self {
            event: true,
            incomplete: !event.problems.is_empty(),
            type_unknown: readable && types.is_some_and(|types| !types.knows(&event.event_type)),
        }
    }
}

/// Who failed and what to count.
struct Ledger<'b> {
    batch: &'b [IncomingMessage<'b>],
    providers: Vec<&'static str>,
    causes: Vec<Option<IngestError>>,
    report: IngestReport,
}

impl<'b> Ledger<'b> {
    fn new(batch: &'b [IncomingMessage<'b>]) -> Self {
        Self {
            batch,
            providers: vec![UNKNOWN_PROVIDER; batch.len()],
            causes: vec![None; batch.len()],
            report: IngestReport {
                messages: batch.len() as u64,
                ..IngestReport::default()
            },
        }
    }

    fn set_provider(&mut self, message: usize, provider: &'static str) {
        if let Some(slot) = self.providers.get_mut(message) {
            *slot = provider;
        }
    }

    /// Marks a message as failed; the first cause stays.
    fn fail(&mut self, message: usize, cause: IngestError) {
        if let Some(slot) = self.causes.get_mut(message) {
            slot.get_or_insert(cause);
        }
    }

    fn counters(&mut self, message: usize) -> &mut crate::ProviderCounters {
        let provider = self
            .providers
            .get(message)
            .copied()
            .unwrap_or(UNKNOWN_PROVIDER);
        self.report.providers.entry(provider).or_default()
    }

    /// The first owner brought what is written, the others repeated it; when it failed, all of them
    /// come again.
    fn settle_writes(&mut self, owners: Vec<Vec<usize>>, fates: Vec<Fate>, remarks: Vec<Remarks>) {
        for ((owners, fate), remarks) in owners.into_iter().zip(fates).zip(remarks) {
            for (nth, message) in owners.into_iter().enumerate() {
                match &fate {
                    Fate::Failed(cause) => self.fail(message, cause.clone()),
                    Fate::Contradicted(found) if nth == 0 => {
                        self.counters(message).contradicted += 1;
                        self.report.contradictions.push((**found).clone());
                    }
                    _ if !remarks.event => {}
                    Fate::Stored if nth == 0 => {
                        let counters = self.counters(message);
                        counters.stored += 1;
                        counters.incomplete += u64::from(remarks.incomplete);
                        counters.unknown_types += u64::from(remarks.type_unknown);
                    }
                    Fate::Stored | Fate::Contradicted(_) | Fate::Duplicate => {
                        self.counters(message).duplicates += 1
                    }
                }
            }
        }
    }

    fn settle_reject(
        &mut self,
        message: usize,
        reason: &'static str,
        result: Result<(), IngestError>,
    ) {
        match result {
            Ok(()) => *self.counters(message).rejected.entry(reason).or_default() += 1,
            Err(cause) => self.fail(message, cause),
        }
    }

    fn finish(mut self) -> IngestReport {
        self.report.failures = self
            .batch
            .iter()
            .zip(self.causes)
            .filter_map(|(message, cause)| {
                Some(FailedMessage {
                    message_id: message.message_id.to_owned(),
                    cause: cause?,
                })
            })
            .collect();
        self.report
    }
}
