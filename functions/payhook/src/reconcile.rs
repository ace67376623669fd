//! `payhook reconcile`: accounts for every webhook that the door accepted on a day.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use aws_adapters::operations::queue_depth;
use aws_adapters::{Backoff, Clients, CloudWatchLogs, DynamoReader, S3Objects};
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use pipeline::audit::read_lines;
use pipeline::logs::{Log, read_copy};
use pipeline::reconcile::{Account, AuditedMessage, account, read_audited};
use pipeline::storage::{LogStore, ObjectStore};
use pipeline::stored::StoredTransaction;
use serde::Deserialize;
use transaction_archive::day::{Stores, audit_objects, each_record};

use crate::error::Error;
use crate::stack::{StackArguments, wait};

/// Open requests that are printed by name.
const PRINTED_MAX: usize = 20;

/// What `payhook reconcile` takes.
#[derive(Args)]
pub(crate) struct ReconcileArguments {
    /// The UTC day, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    day: Date,
    #[command(flatten)]
    stack: StackArguments,
}

/// Which message brought an event, by transaction id and event id.
type Brought = BTreeMap<(String, String), String>;

/// Runs the command.
///
/// # Errors
/// [`Error::NotAccounted`] when accepted webhooks are neither in the system nor in its queues.
pub(crate) fn run(arguments: &ReconcileArguments, output: &mut impl Write) -> Result<(), Error> {
    let (account, waiting, dead) = wait(async {
        let (stack, day) = (&arguments.stack, arguments.day);
        let clients = stack.clients().await;
        let midnight = |day: Date| Offset::UTC.to_timestamp(day.at(0, 0, 0, 0));
        let from = midnight(day).unwrap_or(Timestamp::MIN);
        let to = day.tomorrow().and_then(midnight).unwrap_or(Timestamp::MAX);
        let accepted = accepted(&clients, stack, day, from, to).await?;
        let account = reconciled(&accepted, &clients, arguments).await?;
        let waiting = queue_depth(&clients, &stack.name("webhook_queue")).await?;
        let dead = queue_depth(&clients, &stack.name("webhook_processor_dlq")).await?;
        Ok((account, waiting, dead))
    })?;
    tell(&account, waiting, dead, output)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccessLine {
    request_id: String,
    method: String,
    status: String,
}

/// The id of the request that a line of the access log tells of, if the door answered it with success. A handshake is a GET and leaves nothing
/// behind.
fn accepted_request(line: &str) -> Option<String> {
    let line: AccessLine = serde_json::from_str(line).ok()?;
    (line.method == "POST" && line.status.starts_with('2')).then_some(line.request_id)
}

/// The ids of the webhooks between two times that the door accepted: from the copy of its access log, or, while the day is not copied yet, from
/// CloudWatch, which keeps a log for thirty days.
async fn accepted(
    clients: &Clients,
    stack: &StackArguments,
    day: Date,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeSet<String>, Error> {
    let objects = S3Objects::new(clients, stack.bucket());
    let log = Log {
        name: "access".to_owned(),
        group: stack.access_log(),
    };
    let keys = objects.keys(&log.folder(day)).await?;
    let mut accepted = BTreeSet::new();
    let whole = log.whole_key(day);
    if keys.contains(&whole) {
        for key in keys.into_iter().filter(|key| *key != whole) {
            let object = objects.get(&key).await?.unwrap_or_default();
            let lines = read_copy(&object).map_err(|_| Error::CopyUnreadable(key))?;
            accepted.extend(
                lines
                    .iter()
                    .filter_map(|line| accepted_request(&line.message)),
            );
        }
        return Ok(accepted);
    }
    let cloudwatch = CloudWatchLogs::new(clients);
    let mut next = None;
    loop {
        let page = cloudwatch
            .events(&log.group, from, to, next.as_deref())
            .await?;
        let ids = page
            .events
            .iter()
            .filter_map(|event| accepted_request(&event.message));
        accepted.extend(ids);
        next = page.next;
        if next.is_none() {
            return Ok(accepted);
        }
    }
}

async fn reconciled(
    accepted: &BTreeSet<String>,
    clients: &Clients,
    arguments: &ReconcileArguments,
) -> Result<Account, Error> {
    let (stack, day) = (&arguments.stack, arguments.day);
    let objects = S3Objects::new(clients, stack.bucket());
    let table = DynamoReader::new(clients, stack.name("transactions"));
    let audited = audited(accepted, day, &objects).await?;

    let mut brought = Brought::new();
    let stores = Stores {
        table: &table,
        objects: &objects,
        pause: &Backoff,
    };
    each_record(day, &stores, |_, record| {
        let event = record.filter(|record| record.movement.is_none());
        brought.extend(event.map(|record| {
            let event = (record.key.transaction_id, record.event_id);
            (event, record.message_id)
        }));
    })
    .await?;
    // Duplicates of what came on another day: asked for one by one.
    let events: BTreeSet<_> = audited.iter().flat_map(|m| &m.events).collect();
    let elsewhere: BTreeSet<&String> = events
        .into_iter()
        .filter(|event| !brought.contains_key(*event))
        .map(|(transaction, _)| transaction)
        .collect();
    for transaction in elsewhere {
        let items = table.records_of(transaction).await?;
        let records = items.into_iter().map(StoredTransaction::from_item);
        brought.extend(records.filter_map(Result::ok).map(|record| {
            let event = (record.key.transaction_id, record.event_id);
            (event, record.message_id)
        }));
    }
    Ok(account(accepted, &audited, |transaction, event| {
        brought
            .get(&(transaction.to_owned(), event.to_owned()))
            .cloned()
    }))
}

/// The audit lines of the accepted requests: those of the day and, for what the gateway accepted in
/// its last second and the queue took in the next one, those of the next day if some are missing.
async fn audited(
    accepted: &BTreeSet<String>,
    day: Date,
    objects: &impl ObjectStore,
) -> Result<Vec<AuditedMessage>, Error> {
    let mut found = Vec::new();
    let mut missing = accepted.clone();
    for day in std::iter::once(day).chain(day.tomorrow()) {
        for key in audit_objects(day, objects, &Backoff).await? {
            let object = objects.get(&key).await?.unwrap_or_default();
            let lines = read_lines(&object).map_err(|_| Error::AuditObject(key))?;
            for message in lines.iter().filter_map(|line| read_audited(line)) {
                missing.remove(&message.request_id);
                found.push(message);
            }
        }
        if missing.is_empty() {
            break;
        }
    }
    // Lines of what other days accepted.
    found.retain(|message| accepted.contains(&message.request_id));
    Ok(found)
}

fn tell(account: &Account, waiting: u64, dead: u64, output: &mut impl Write) -> Result<(), Error> {
    let mut rows = vec![
        ("accepted at the door".to_owned(), account.accepted),
        ("stored".to_owned(), account.stored),
        ("duplicate".to_owned(), account.duplicate),
    ];
    let rejected = account.rejected.iter();
    rows.extend(rejected.map(|(reason, count)| (format!("rejected: {reason}"), *count)));
    let open = account.open.len() as u64;
    rows.push(("not settled".to_owned(), open));
    rows.push(("  in the webhook queue".to_owned(), waiting));
    rows.push(("  in the dead-letter queue".to_owned(), dead));
    for (name, count) in rows {
        writeln!(output, "{name:<40}{count:>10}").map_err(Error::Output)?;
    }
    // The queues may hold messages of other days too, so they may hold more than is open, never less.
    if open <= waiting + dead {
        return writeln!(output, "every accepted webhook is accounted for").map_err(Error::Output);
    }
    for request in account.open.iter().take(PRINTED_MAX) {
        writeln!(output, "open: request {request}").map_err(Error::Output)?;
    }
    Err(Error::NotAccounted(open - waiting - dead))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(open: usize, waiting: u64, dead: u64) -> (Result<(), Error>, String) {
        let account = Account {
            accepted: 10,
            stored: 10 - open as u64,
            rejected: [("timestamp_stale".to_owned(), 0)].into(),
            open: (0..open).map(|n| format!("r{n}")).collect(),
            ..Account::default()
        };
        let mut out = Vec::new();
        let result = tell(&account, waiting, dead, &mut out);
        (result, String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_open_must_wait_in_a_queue() {
        let (result, text) = told(0, 0, 0);
        assert!(
            result.is_ok() && text.contains("every accepted webhook"),
            "{text}"
        );
        assert!(text.contains("rejected: timestamp_stale"));
        assert!(told(3, 2, 1).0.is_ok());
        let (result, text) = told(3, 1, 1);
        assert!(matches!(result, Err(Error::NotAccounted(1))));
        assert!(text.contains("open: request r2"), "{text}");
    }
}
