//! A run over days and shards, from where the last one stopped.

use futures::future::join_all;
use jiff::ToSpan;
use jiff::civil::Date;
use pipeline::plan::{ARCHIVE_SHARDS, DATED_SHARDS};
use pipeline::retry::retrying;
use pipeline::storage::{Deadline, ObjectStore, Pause, TransactionIndex};
use serde::{Deserialize, Serialize};

use crate::error::ArchiveError;
use crate::shard::Shard;

/// Records of a part: some megabytes as a file, some dozen in memory.
pub const PART_ITEMS_MAX: usize = 25_000;

/// Where the archive reads and writes.
pub struct Deps<'d, T, O, P, D> {
    /// The transactions table.
    pub index: &'d T,
    /// The bucket.
    pub objects: &'d O,
    /// Waiting between attempts.
    pub pause: &'d P,
    /// When to stop.
    pub deadline: &'d D,
    /// [`PART_ITEMS_MAX`]; less in tests.
    pub part_items_max: usize,
}

/// A (day, shard) to go on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cursor {
    /// UTC day of receipt.
    pub day: Date,
    /// Archive shard, 0 to 31.
    pub shard: u8,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Records that are in the archive now and were not before.
    pub items: u64,
    /// Parts written.
    pub parts: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Items deleted from the table.
    pub deleted: u64,
    /// Items that are no records: left in the table.
    pub unreadable: u64,
    /// Shards that held something.
    pub shards: u64,
    /// What could not be archived, by shard, and why.
    pub failures: Vec<(String, ArchiveError)>,
    /// Where to go on, when the deadline came first.
    pub next: Option<Cursor>,
}

/// The days that a run archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub first: Date,
    /// The last, included.
    pub last: Date,
    /// The last, included, for records whose events have no signed time: they stay longer in the
    /// table, where they are recognised when they are repeated.
    pub undated_last: Date,
}

/// Archives every shard of `days`, starting at `from` when a run before this one stopped there. A
/// shard that fails is reported, and the others go on.
pub async fn run<T: TransactionIndex, O: ObjectStore, P: Pause, D: Deadline>(
    days: Days,
    from: Option<Cursor>,
    deps: &Deps<'_, T, O, P, D>,
) -> Report {
    let mut report = Report::default();
    let Days { first, last, .. } = days;
    let from = from.unwrap_or(Cursor {
        day: first,
        shard: 0,
    });
    let mut day = from.day.max(first);
    while day <= last {
        let start = if day == from.day { from.shard } else { 0 };
        let shards = match day <= days.undated_last {
            true => ARCHIVE_SHARDS,
            false => DATED_SHARDS,
        };
        let found = join_all((start..shards).map(|shard| holds(day, shard, deps)));
        for (shard, held) in (start..).zip(found.await) {
            if deps.deadline.reached() {
                report.next = Some(Cursor { day, shard });
                return report;
            }
            let finished = match held {
                Ok(false) => continue,
                Ok(true) => {
                    report.shards += 1;
                    let mut shard = Shard {
                        day,
                        shard,
                        deps,
                        report: &mut report,
                    };
                    shard.archive().await
                }
                Err(error) => Err(error),
            };
            match finished {
                Ok(true) => {}
                Ok(false) => {
                    report.next = Some(Cursor { day, shard });
                    return report;
                }
                Err(error) => report.failures.push((format!("{day}#{shard:02}"), error)),
            }
        }
        match day.checked_add(1.day()) {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    report
}

/// Whether the table holds anything of a shard.
async fn holds<T: TransactionIndex, O, P: Pause, D>(
    day: Date,
    shard: u8,
    deps: &Deps<'_, T, O, P, D>,
) -> Result<bool, ArchiveError> {
    let name = format!("{day}#{shard:02}");
    let page = retrying(deps.pause, async || {
        deps.index.page(&name, None, Some(1)).await
    });
    let page = page.await?;
    Ok(!page.items.is_empty() || page.next.is_some())
}
