//! Accounts for every accepted message: stored, a duplicate, rejected, or still on its way. Pure.
//!
//! The door's access log says what was accepted; the audit log what was judged; the table what was stored, and by which message. What is
//! accepted and neither of these must wait in a queue: the caller compares [`Account::open`] with the depth of the queues.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// An audit line, as far as it is needed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedMessage {
    /// The door's id of the request.
    pub request_id: String,
    /// SQS message id.
    pub message_id: String,
    /// Why it was rejected; `None` when it was verified.
    pub rejected: Option<String>,
    /// For a verified one: transaction id and event id of each event.
    pub events: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Line {
    message_id: String,
    request_id: Option<String>,
    verdict: String,
    reason: Option<String>,
    #[serde(default)]
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    transaction_id: String,
    timestamp: String,
}

/// Reads an audit line; `None` when it is none, or has no request id to account it by.
pub fn read_audited(line: &str) -> Option<AuditedMessage> {
    let line: Line = serde_json::from_str(line).ok()?;
    let event = |key: Key| {
        let (_, event_id) = key.timestamp.split_once('#')?;
        Some((key.transaction_id, event_id.to_owned()))
    };
    let rejected = match line.verdict.as_str() {
        "stored" => None,
        _ => Some(line.reason.unwrap_or_else(|| "unknown".to_owned())),
    };
    Some(AuditedMessage {
        request_id: line.request_id?,
        message_id: line.message_id,
        rejected,
        events: line.keys.into_iter().filter_map(event).collect(),
    })
}

/// What became of the accepted messages of a day. The parts add up to `accepted`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Requests that the door answered with success.
    pub accepted: u64,
    /// Messages that brought at least one record.
    pub stored: u64,
    /// Messages whose every event another message had brought.
    pub duplicate: u64,
    /// Messages that were rejected, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Requests that are none of these: not judged yet, or judged and not stored yet.
    pub open: BTreeSet<String>,
    /// Audited requests that the door does not know: lines of another day, or a log that is not whole.
    pub unknown: BTreeSet<String>,
}

impl Account {
    /// Rejected messages, over all reasons.
    pub fn rejected_in_all(&self) -> u64 {
        self.rejected.values().sum()
    }
}

/// Accounts for `accepted` request ids. `brought_by` says which message brought an event's record; `None` when there is no record.
pub fn account(
    accepted: &BTreeSet<String>,
    audited: &[AuditedMessage],
    brought_by: impl Fn(&str, &str) -> Option<String>,
) -> Account {
    let mut account = Account {
        accepted: accepted.len() as u64,
        open: accepted.clone(),
        ..Account::default()
    };
    for message in audited {
        let id = &message.request_id;
        if !accepted.contains(id) {
            account.unknown.insert(id.clone());
            continue;
        }
        if !account.open.contains(id) {
            // Judged again after a failed attempt: it has its place already.
            continue;
        }
        if let Some(reason) = &message.rejected {
            *account.rejected.entry(reason.clone()).or_default() += 1;
            account.open.remove(id);
            continue;
        }
        let brought: Option<Vec<String>> = message
            .events
            .iter()
            .map(|(transaction, event)| brought_by(transaction, event))
            .collect();
        // With one record missing the message has not got through yet.
        let Some(brought) = brought else { continue };
        account.open.remove(id);
        if brought.contains(&message.message_id) {
            account.stored += 1;
        } else {
            account.duplicate += 1;
        }
    }
    account
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(request: &str, message: &str, verdict: &str, events: &[&str]) -> AuditedMessage {
        let keys: Vec<_> = events
            .iter()
            .map(|e| serde_json::json!({"transaction_id": "stripe:pi", "timestamp": format!("t#{e}")}))
            .collect();
        let reason = (verdict == "rejected").then_some("signature_mismatch");
        let line = serde_json::json!({
            "message_id": message, "request_id": request, "verdict": verdict, "reason": reason, "keys": keys,
        });
        read_audited(&line.to_string()).unwrap()
    }

    fn brought_by(_transaction: &str, event: &str) -> Option<String> {
        match event {
            "e1" => Some("m1".to_owned()),
            "e2" => Some("m2".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn every_accepted_request_has_one_place() {
        let accepted = ["r1", "r2", "r3", "r4", "r5", "r6"].map(str::to_owned);
        let audited = [
            line("r1", "m1", "stored", &["e1"]),
            line("r1", "m1", "stored", &["e1"]),
            line("r2", "m9", "stored", &["e1", "e2"]),
            line("r3", "m2", "stored", &["e1", "e2"]),
            line("r4", "m4", "rejected", &[]),
            line("r5", "m5", "stored", &["e1", "e3"]),
            line("r0", "m0", "stored", &["e1"]),
        ];
        let account = account(&accepted.into(), &audited, brought_by);
        assert_eq!((account.stored, account.duplicate), (2, 1));
        assert_eq!(account.rejected["signature_mismatch"], 1);
        assert_eq!(account.open, ["r5", "r6"].map(str::to_owned).into());
        assert_eq!(account.unknown, ["r0".to_owned()].into());
        let parts = account.stored + account.duplicate + account.rejected_in_all();
        assert_eq!(parts + account.open.len() as u64, account.accepted);
    }

    #[test]
    fn what_is_no_audit_line_is_none() {
        for text in ["", "{}", "{\"message_id\":\"m\",\"verdict\":\"stored\"}"] {
            assert_eq!(read_audited(text), None, "{text}");
        }
    }
}
