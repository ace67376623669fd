//! A webhook that was sent, what became of it, and what that means. Nothing here asks anybody.

use pipeline::stored::StoredTransaction;
use serde::Deserialize;

use super::webhook::Purpose;
use crate::doctor::finding::Finding;
use crate::doctor::steps::{
    FORGED_IN_REJECTED_QUEUE, FORGED_REJECTED, GENUINE_ACCEPTED, GENUINE_AUDITED, GENUINE_COUNTED,
    GENUINE_STORED, HEADER_NAMES_ANY_CASE, QUEUE_TAKES_1MIB, REQUEST_ID_IS_THE_GATEWAYS,
};

/// What a sender claims for its request id.
pub(super) const CLAIMED_REQUEST_ID: &str = "payhook-doctor-claims-this";

/// A line of the audit log, as far as it is looked at.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(super) struct AuditLine {
    pub(super) message_id: String,
    pub(super) request_id: Option<String>,
    pub(super) body_sha256: String,
    pub(super) verdict: String,
    pub(super) reason: Option<String>,
}

/// What is known of a webhook so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    pub(super) record: Option<StoredTransaction>,
    /// The line that the record points to.
    pub(super) line: Option<AuditLine>,
    pub(super) counted: bool,
    /// Why it was rejected, by the audit log or by the rejected queue.
    pub(super) rejected: Option<String>,
    pub(super) in_rejected_queue: bool,
}

/// Why a place could not be looked into; `None` while it can.
#[derive(Clone, Debug, Default)]
pub(super) struct Troubles {
    pub(super) table: Option<String>,
    pub(super) audit: Option<String>,
    pub(super) analytics: Option<String>,
    pub(super) queue: Option<String>,
}

/// One webhook.
pub(super) struct Sent {
    pub(super) provider: &'static str,
    pub(super) purpose: Purpose,
    pub(super) body: Vec<u8>,
    /// Of the body as it was sent, in hexadecimal digits.
    pub(super) sha256: String,
    pub(super) transaction_id: Option<String>,
    /// The status, or why there was no answer.
    pub(super) answer: Result<u16, String>,
    pub(super) trace: Trace,
}

impl Sent {
    pub(super) fn accepted(&self) -> bool {
        matches!(self.answer, Ok(status) if (200..300).contains(&status))
    }

    pub(super) fn genuine(&self) -> bool {
        self.purpose != Purpose::Forged
    }

    /// Whether waiting can still change what is known.
    pub(super) fn is_open(&self, troubles: &Troubles) -> bool {
        let trace = &self.trace;
        if !self.accepted() {
            return false;
        }
        if !self.genuine() || trace.rejected.is_some() {
            let reason = trace.rejected.is_none() && troubles.audit.is_none();
            let queued = !trace.in_rejected_queue && troubles.queue.is_none();
            return trace.record.is_none() && (reason || queued);
        }
        if trace.record.is_none() {
            return troubles.table.is_none() || troubles.audit.is_none();
        }
        let line = trace.line.is_none() && troubles.audit.is_none();
        let counted = !trace.counted && troubles.analytics.is_none();
        line || counted
    }

    /// What became of it.
    pub(super) fn findings(
        &self,
        troubles: &Troubles,
        wait_seconds: u64,
        suffix: &str,
    ) -> Vec<Finding> {
        let how = Told {
            sent: self,
            troubles,
            wait_seconds,
            suffix,
        };
        let findings = match self.purpose {
            Purpose::Genuine => vec![how.accepted(), how.stored(), how.audited(), how.counted()],
            Purpose::Forged => vec![how.rejected(), how.queued()],
            Purpose::TitleCase => vec![as_step(how.stored(), HEADER_NAMES_ANY_CASE.id)],
            Purpose::Large => vec![as_step(how.stored(), QUEUE_TAKES_1MIB.id)],
            Purpose::OwnRequestId => vec![how.request_id()],
        };
        let about = |finding: Finding| finding.about(self.provider);
        findings.into_iter().map(about).collect()
    }
}

fn as_step(finding: Finding, step: &'static str) -> Finding {
    Finding { step, ..finding }
}

/// A webhook and how long it was looked for.
struct Told<'t> {
    sent: &'t Sent,
    troubles: &'t Troubles,
    wait_seconds: u64,
    suffix: &'t str,
}

const NOT_ACCEPTED: &str = "it was not accepted";

impl Told<'_> {
    fn accepted(&self) -> Finding {
        let fail = |says: String| Finding::fail(&GENUINE_ACCEPTED, says);
        match &self.sent.answer {
            Ok(status) if self.sent.accepted() => {
                Finding::pass(&GENUINE_ACCEPTED, format!("{status}"))
            }
            Ok(403) => fail(format!(
                "403: the key is not one of the stack's that live (payhook keys list), or the \
                 firewall blocks this address (log group aws-waf-logs-webhook_firewall_{})",
                self.suffix
            )),
            Ok(404) => fail("404: give --endpoint as the stack's URL with /webhook".to_owned()),
            Ok(429) => Finding::unknown(
                &GENUINE_ACCEPTED,
                "the gateway is throttling (429): try again later",
            ),
            Ok(status) => fail(format!(
                "{status}: see the gateway's execution log; pulumi up brings its routes up to date"
            )),
            Err(why) => fail(format!(
                "no answer: {why}; see DNS, certificate and --endpoint"
            )),
        }
    }

    /// Where a genuine webhook must be, unless something else is known of it first.
    fn unless_known(&self, step: &crate::doctor::steps::Step) -> Option<Finding> {
        if !self.sent.accepted() {
            let why = match &self.sent.answer {
                Ok(status) => format!("{NOT_ACCEPTED}: {status}"),
                Err(why) => format!("{NOT_ACCEPTED}: {why}"),
            };
            return Some(Finding::unknown(step, why));
        }
        None
    }

    fn stored(&self) -> Finding {
        let step = &GENUINE_STORED;
        if let Some(finding) = self.unless_known(step) {
            return match self.sent.answer {
                // These two ask whether the gateway takes it at all.
                Ok(status @ (400..=428 | 430..=599))
                    if matches!(self.sent.purpose, Purpose::Large | Purpose::TitleCase) =>
                {
                    Finding::fail(
                        step,
                        format!(
                            "the gateway answers {status} to it and takes a plain one: see its \
                             execution log; pulumi up"
                        ),
                    )
                }
                _ => finding,
            };
        }
        let trace = &self.sent.trace;
        if let Some(record) = &trace.record {
            return Finding::pass(step, format!("message {}", record.message_id));
        }
        if let Some(reason) = &trace.rejected {
            return Finding::fail(step, self.rejection(reason));
        }
        if self.sent.transaction_id.is_none() {
            return Finding::unknown(
                step,
                "under which id it is stored, only the function can tell",
            );
        }
        if let Some(why) = &self.troubles.table {
            return Finding::unknown(step, why.as_str());
        }
        Finding::fail(
            step,
            format!(
                "it was accepted and is neither stored nor rejected after {} s: see \
                 event_sources_enabled, the log /aws/lambda/webhook_processor_{} and payhook dlq \
                 list",
                self.wait_seconds, self.suffix
            ),
        )
    }

    fn rejection(&self, reason: &str) -> String {
        let secret = format!("webhook_secret_{}_{}", self.sent.provider, self.suffix);
        match reason {
            "signature_mismatch" => format!(
                "it was rejected as {reason}: {secret} has another secret than it was signed \
                 with; put that one into it, and the function reads it within five minutes"
            ),
            "secret_missing" => format!(
                "it was rejected as {reason}: aws secretsmanager put-secret-value --secret-id \
                 {secret} --secret-string …"
            ),
            "timestamp_stale" | "timestamp_future" => {
                format!("it was rejected as {reason}: see that this machine's clock is right")
            }
            reason => format!(
                "it was rejected as {reason}: see \"Reasons for a rejection\" in the README"
            ),
        }
    }

    /// `Some` unless the webhook has a record to go by.
    fn without_record(&self, step: &crate::doctor::steps::Step) -> Option<Finding> {
        match &self.sent.trace.record {
            Some(_) => None,
            None => Some(
                self.unless_known(step)
                    .unwrap_or_else(|| Finding::unknown(step, "it is not stored")),
            ),
        }
    }

    fn audited(&self) -> Finding {
        let step = &GENUINE_AUDITED;
        if let Some(finding) = self.without_record(step) {
            return finding;
        }
        let record = self.sent.trace.record.as_ref();
        let message = record
            .map(|record| record.message_id.as_str())
            .unwrap_or_default();
        match (&self.sent.trace.line, &self.troubles.audit) {
            (Some(line), _) if line.message_id == message && line.verdict == "stored" => {
                Finding::pass(step, "its record points to it")
            }
            (Some(_), _) => Finding::fail(
                step,
                "the record points to another line: payhook audit verify says what of the log is \
                 not as it was written",
            ),
            (None, Some(why)) => Finding::unknown(step, why.as_str()),
            (None, None) => Finding::fail(
                step,
                "the object that the record points to is missing or damaged: payhook audit \
                 verify says which are",
            ),
        }
    }

    fn counted(&self) -> Finding {
        let step = &GENUINE_COUNTED;
        if let Some(finding) = self.without_record(step) {
            return finding;
        }
        match &self.troubles.analytics {
            _ if self.sent.trace.counted => Finding::pass(step, "in its minute's row"),
            Some(why) => Finding::unknown(step, why.as_str()),
            None => Finding::fail(
                step,
                format!(
                    "it is stored and not counted after {} s: see event_sources_enabled, the log \
                     /aws/lambda/analytics_processor_{} and payhook dlq list --queue \
                     analytics_processor",
                    self.wait_seconds, self.suffix
                ),
            ),
        }
    }

    fn rejected(&self) -> Finding {
        let step = &FORGED_REJECTED;
        if let Some(finding) = self.unless_known(step) {
            return finding;
        }
        match (&self.sent.trace.rejected, &self.troubles.audit) {
            (Some(reason), _) => Finding::pass(step, reason.as_str()),
            (None, Some(why)) => Finding::unknown(step, why.as_str()),
            (None, None) => Finding::fail(
                step,
                format!(
                    "no line of the audit log says so after {} s: see that it is not stored \
                     (payhook analytics show, currency {}), and the log \
                     /aws/lambda/webhook_processor_{}",
                    self.wait_seconds,
                    super::webhook::CURRENCY,
                    self.suffix
                ),
            ),
        }
    }

    fn queued(&self) -> Finding {
        let step = &FORGED_IN_REJECTED_QUEUE;
        if let Some(finding) = self.unless_known(step) {
            return finding;
        }
        match &self.troubles.queue {
            _ if self.sent.trace.in_rejected_queue => {
                Finding::pass(step, "found, and taken out again")
            }
            Some(why) => Finding::unknown(step, why.as_str()),
            None => Finding::fail(
                step,
                format!(
                    "it is not there after {} s: see who else takes messages out of \
                     rejected_queue_{}",
                    self.wait_seconds, self.suffix
                ),
            ),
        }
    }

    fn request_id(&self) -> Finding {
        let step = &REQUEST_ID_IS_THE_GATEWAYS;
        if let Some(finding) = self.without_record(step) {
            return finding;
        }
        let Some(line) = &self.sent.trace.line else {
            let why = self.troubles.audit.as_deref();
            return Finding::unknown(step, why.unwrap_or("its audit line was not found"));
        };
        match line.request_id.as_deref() {
            Some(id) if id.contains(CLAIMED_REQUEST_ID) => Finding::fail(
                step,
                "the audit log has the id that the sender claimed, so two webhooks may share one \
                 and payhook reconcile would miss a loss: the gateway must hand on \
                 $context.extendedRequestId",
            ),
            Some(id) => Finding::pass(step, id),
            None => Finding::fail(
                step,
                "the audit line has no request id: pulumi up brings the gateway's template up to \
                 date",
            ),
        }
    }
}
