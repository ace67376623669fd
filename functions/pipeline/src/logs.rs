//! The logs of a day, copied from CloudWatch into the bucket, where the seal covers them and they stay as long as the audit log: CloudWatch keeps them
//! for thirty days, PCI DSS v4.0.1, 10.5.1 asks for twelve months.
//!
//! An object holds ten minutes of one log group: `logs/dt=YYYY-MM-DD/log=NAME/HHMM.jsonl.zst`, a JSON line an event, in the order of their times;
//! ten minutes without an event have none. `whole.json` beside them says that the day is there whole.
//!
//! Invariant: an object is written once and never over another, so that a copy which is sealed stays as it was sealed. What a crash leaves is a
//! prefix of the day's objects, each whole; the next run writes the others.

use std::io::Write;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::audit::ZSTD_LEVEL;
use crate::retry::retrying;
use crate::storage::{Deadline, LogEvent, LogStore, ObjectStore, Pause, StoreError};

/// Where the copies stand.
pub const PREFIX: &str = "logs/";

/// Minutes in an object.
const SLICE_MINUTES: i64 = 10;

/// One log group, and how its copies are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// `access`, `firewall` or a function's name.
    pub name: String,
    /// The log group.
    pub group: String,
}

impl Log {
    /// Reads `name=group,name=group`; `None` when it is not of that form.
    pub fn read_list(text: &str) -> Option<Vec<Self>> {
        let one = |part: &str| {
            let (name, group) = part.split_once('=')?;
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            let valid = !name.is_empty() && name.chars().all(plain) && !group.is_empty();
            valid.then(|| Self {
                name: name.to_owned(),
                group: group.to_owned(),
            })
        };
        text.split(',').map(one).collect()
    }

    /// The folder of its copies of a day.
    pub fn folder(&self, day: Date) -> String {
        format!("{PREFIX}dt={day}/log={}/", self.name)
    }

    /// The object that says that a day is there whole.
    pub fn whole_key(&self, day: Date) -> String {
        format!("{}whole.json", self.folder(day))
    }
}

/// A line of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When the event happened, milliseconds since 1970.
    pub timestamp: i64,
    /// Its log stream.
    pub stream: String,
    /// Its text, card data masked by CloudWatch where the functions missed any.
    pub message: String,
}

/// Why a copy cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the copy of a log is not readable: check it with `payhook audit verify`")]
pub struct CopyUnreadable;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Objects that were written.
    pub objects: u64,
    /// Events in them.
    pub events: u64,
    /// Where to go on; none when everything is copied.
    pub next: Option<Cursor>,
}

/// A place in the work: what is before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The day.
    pub day: Date,
    /// The log, by its name.
    pub log: String,
    /// Minutes of the day that are done.
    pub minutes: i64,
}

/// Where a run reads and writes.
pub struct Deps<'d, L, O, P, D> {
    /// CloudWatch Logs.
    pub logs: &'d L,
    /// The bucket.
    pub objects: &'d O,
    /// Waiting.
    pub pause: &'d P,
    /// When to stop.
    pub deadline: &'d D,
}

#[derive(Serialize)]
struct Whole<'a> {
    group: &'a str,
    day: Date,
    slice_minutes: i64,
}

/// Copies the days from `first` to `last`, both included, which must be over for long enough that no event of theirs comes any more. `from` is where
/// the run before stopped.
///
/// # Errors
/// A [`StoreError`]. What was written stays.
pub async fn copy<L: LogStore, O: ObjectStore, P: Pause, D: Deadline>(
    first: Date,
    last: Date,
    from: Option<&Cursor>,
    logs: &[Log],
    deps: &Deps<'_, L, O, P, D>,
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let mut day = from.map_or(first, |cursor| cursor.day);
    while day <= last {
        let resumed = from.filter(|cursor| cursor.day == day);
        let is_done = |log: &&Log| resumed.is_some_and(|cursor| cursor.log != log.name);
        for log in logs.iter().skip_while(is_done) {
            let done = resumed.filter(|cursor| cursor.log == log.name);
            let minutes = done.map_or(0, |cursor| cursor.minutes);
            copy_day(day, log, minutes, deps, &mut report).await?;
            if report.next.is_some() {
                return Ok(report);
            }
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    Ok(report)
}

async fn copy_day<L: LogStore, O: ObjectStore, P: Pause, D: Deadline>(
    day: Date,
    log: &Log,
    done_minutes: i64,
    deps: &Deps<'_, L, O, P, D>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let folder = log.folder(day);
    let there = retrying(deps.pause, async || deps.objects.keys(&folder).await).await?;
    let whole_key = log.whole_key(day);
    if there.contains(&whole_key) {
        return Ok(());
    }
    let midnight = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0));
    let Ok(midnight) = midnight else {
        return Ok(());
    };
    for slice in 0..24 * 60 / SLICE_MINUTES {
        let minutes = slice * SLICE_MINUTES;
        if minutes < done_minutes {
            continue;
        }
        let key = format!("{folder}{:02}{:02}.jsonl.zst", minutes / 60, minutes % 60);
        if there.contains(&key) {
            continue;
        }
        let from = midnight.checked_add(minutes.minutes());
        let to = midnight.checked_add((minutes + SLICE_MINUTES).minutes());
        let (Ok(from), Ok(to)) = (from, to) else {
            continue;
        };
        let Some((body, events)) = read_slice(from, to, &log.group, deps).await? else {
            report.next = Some(Cursor {
                day,
                log: log.name.clone(),
                minutes,
            });
            return Ok(());
        };
        if events > 0 {
            // One that is there by now is another run's, of the same events.
            retrying(deps.pause, async || {
                deps.objects.put_new(&key, body.clone()).await
            })
            .await?;
            report.objects += 1;
            report.events += events;
        }
    }
    let whole = Whole {
        group: &log.group,
        day,
        slice_minutes: SLICE_MINUTES,
    };
    let text = serde_json::to_vec(&whole).unwrap_or_default();
    retrying(deps.pause, async || {
        deps.objects.put_new(&whole_key, text.clone()).await
    })
    .await?;
    Ok(())
}

/// The events of a log group between two times, compressed, and how many; `None` when the deadline came first.
async fn read_slice<L: LogStore, O, P: Pause, D: Deadline>(
    from: Timestamp,
    to: Timestamp,
    group: &str,
    deps: &Deps<'_, L, O, P, D>,
) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
    let not_written = |_| StoreError::Final {
        call: "compress a log",
        cause: "the compressor refused".to_owned(),
    };
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), ZSTD_LEVEL).map_err(not_written)?;
    let mut events = 0;
    let mut next = None;
    loop {
        if deps.deadline.reached() {
            return Ok(None);
        }
        let page = retrying(deps.pause, async || {
            deps.logs.events(group, from, to, next.as_deref()).await
        });
        let page = page.await?;
        for LogEvent {
            at_ms,
            stream,
            message,
        } in page.events
        {
            let line = Line {
                timestamp: at_ms,
                stream,
                message,
            };
            let mut text = serde_json::to_vec(&line).unwrap_or_default();
            text.push(b'\n');
            encoder.write_all(&text).map_err(not_written)?;
            events += 1;
        }
        match page.next {
            Some(token) => next = Some(token),
            None => break,
        }
    }
    let body = encoder.finish().map_err(not_written)?;
    Ok(Some((body, events)))
}

/// The lines of a copy.
///
/// # Errors
/// [`CopyUnreadable`] when it is none.
pub fn read_copy(object: &[u8]) -> Result<Vec<Line>, CopyUnreadable> {
    let decoder = zstd::stream::Decoder::new(object).map_err(|_| CopyUnreadable)?;
    let lines = std::io::BufRead::lines(std::io::BufReader::new(decoder));
    lines
        .map(|line| {
            serde_json::from_str(&line.map_err(|_| CopyUnreadable)?).map_err(|_| CopyUnreadable)
        })
        .collect()
}
