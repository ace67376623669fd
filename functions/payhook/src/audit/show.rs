//! `payhook audit show`: from an id to the lines of the audit log.

use std::io::Write;

use aws_adapters::{Backoff, DynamoReader, S3Objects};
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use pipeline::audit::{read_frames, read_line};
use pipeline::storage::ObjectStore;
use pipeline::stored::StoredTransaction;
use transaction_archive::day::{Stores, audit_objects, each_record};

use crate::error::Error;
use crate::stack::{StackArguments, wait};
use crate::terminal::json_line;

/// What `payhook audit show` takes.
#[derive(Args)]
pub(crate) struct ShowArguments {
    /// A transaction id (stripe:pi_…) or an SQS message id.
    id: String,
    /// The UTC day of receipt, for a message id or an archived transaction. Default: today.
    #[arg(long, value_name = "DAY")]
    day: Option<Date>,
    #[command(flatten)]
    stack: StackArguments,
}

/// Runs the command.
///
/// # Errors
/// [`Error::NoRecord`] when nothing has this id.
pub(super) fn run(arguments: &ShowArguments, output: &mut impl Write) -> Result<(), Error> {
    let (lines, damaged) = wait(async {
        let clients = arguments.stack.clients().await;
        let table = DynamoReader::new(&clients, arguments.stack.name("transactions"));
        let objects = S3Objects::new(&clients, arguments.stack.bucket());
        let today = Offset::UTC.to_datetime(Timestamp::now()).date();
        let day = arguments.day.unwrap_or(today);
        // A provider's name and a colon stand before every transaction id, and in no message id.
        let in_table = match arguments.id.contains(':') {
            true => table.records_of(&arguments.id).await?,
            false => Vec::new(),
        };
        let records = in_table.into_iter().map(StoredTransaction::from_item);
        let mut found: Vec<_> = records.filter_map(Result::ok).collect();
        if found.is_empty() {
            let stores = Stores {
                table: &table,
                objects: &objects,
                pause: &Backoff,
            };
            found = of_day(&arguments.id, day, &stores).await?;
        }
        let mut lines = Vec::new();
        let mut damaged = None;
        for record in &found {
            match line_of(record, &objects).await {
                Ok(line) => lines.push(line),
                Err(Error::AuditObject(key)) => damaged = damaged.or(Some(key)),
                Err(error) => return Err(error),
            }
        }
        lines.dedup();
        if found.is_empty() {
            (lines, damaged) = rejected_lines(&arguments.id, day, &objects).await?;
        }
        Ok((lines, damaged))
    })?;
    for line in &lines {
        // Senders chose some of its texts.
        writeln!(output, "{}", json_line(line)).map_err(Error::Output)?;
    }
    // What can be read is shown first: a damaged frame hides only its own lines.
    match damaged {
        Some(key) => Err(Error::AuditObject(key)),
        None if lines.is_empty() => Err(Error::NoRecord),
        None => Ok(()),
    }
}

/// The records of a day with this id, in the table or in the archive.
async fn of_day(
    id: &str,
    day: Date,
    stores: &Stores<'_, DynamoReader, S3Objects, Backoff>,
) -> Result<Vec<StoredTransaction>, Error> {
    let mut found = Vec::new();
    each_record(day, stores, |_, record| {
        let events = record.filter(|record| record.movement.is_none());
        found.extend(events.filter(|r| r.message_id == id || r.key.transaction_id == id));
    })
    .await?;
    Ok(found)
}

/// The line of the audit log that a record points to.
///
/// # Errors
/// [`Error::AuditObject`] when it is not there, or not in a frame that is whole.
pub(crate) async fn line_of(
    record: &StoredTransaction,
    objects: &S3Objects,
) -> Result<String, Error> {
    let (offset, length) = (record.audit_offset, record.audit_length);
    let frame = objects.range(&record.audit_key, offset, length).await?;
    let frame = frame.ok_or_else(|| Error::AuditObject(record.audit_key.clone()))?;
    read_line(&frame, &record.message_id).map_err(|_| Error::AuditObject(record.audit_key.clone()))
}

/// Only what was stored has a pointer: a rejected message is looked for in the day's objects. Returns its lines, and the first object in
/// which there may be more, because a part of it cannot be read.
async fn rejected_lines(
    id: &str,
    day: Date,
    objects: &impl ObjectStore,
) -> Result<(Vec<String>, Option<String>), Error> {
    let (mut found, mut damaged) = (Vec::new(), None);
    let message = format!("\"message_id\":\"{id}\"");
    for key in audit_objects(day, objects, &Backoff).await? {
        let object = objects.get(&key).await?.unwrap_or_default();
        let read = read_frames(&object);
        let lines = read.lines.into_iter();
        found.extend(lines.filter(|line| line.contains(&message)));
        if !read.damaged.is_empty() {
            damaged = damaged.or(Some(key));
        }
    }
    Ok((found, damaged))
}
