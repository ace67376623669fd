//! What an audit line says of the table: the keys of the items that its message brought.
//!
//! Invariant: a line names every item whose `audit_key` can be its object, because the object is
//! written before any item. So the archive needs no index: it asks the sealed audit log for the
//! keys.

use payment_event::{MOVEMENT, TransactionKey};
use serde::Deserialize;

use super::read_lines;
use crate::error::AuditError;

/// The keys of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventKeys {
    /// The event's own.
    pub event: TransactionKey,
    /// Those of the movements that it tells.
    pub movements: Vec<TransactionKey>,
}

#[derive(Deserialize)]
struct Line {
    verdict: String,
    #[serde(default)]
    keys: Vec<TransactionKey>,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    provider: String,
    #[serde(default)]
    movements: Vec<Movement>,
}

#[derive(Deserialize)]
struct Movement {
    kind: String,
    id: String,
    payment: String,
}

/// Reads the keys of a line's events, in their order; none for a rejected message.
///
/// # Errors
/// [`AuditError::Text`] for a text that is no audit line, or one whose keys and events disagree.
pub fn read_keys(line: &str) -> Result<Vec<EventKeys>, AuditError> {
    let line: Line = serde_json::from_str(line).map_err(|_| AuditError::Text)?;
    let known = ["stored", "rejected"].contains(&line.verdict.as_str());
    if !known || line.keys.len() != line.events.len() {
        return Err(AuditError::Text);
    }
    let pairs = line.keys.into_iter().zip(line.events);
    let keys = pairs.map(
        |(
            event,
            Event {
                provider,
                movements,
            },
        )| EventKeys {
            event,
            movements: movements
                .into_iter()
                .map(|movement| TransactionKey {
                    transaction_id: format!("{provider}:{}", movement.payment),
                    timestamp: format!("{MOVEMENT}#{}#{}", movement.kind, movement.id),
                })
                .collect(),
        },
    );
    Ok(keys.collect())
}

/// Reads the keys of every line of an object, in their order.
///
/// # Errors
/// An [`AuditError`] when any of it cannot be read: then its keys are not known.
pub fn read_object_keys(object: &[u8]) -> Result<Vec<EventKeys>, AuditError> {
    let lines = read_lines(object)?;
    let keys = lines.iter().map(|line| read_keys(line));
    let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
    Ok(keys.into_iter().flatten().collect())
}
