//! A run over days and the inventories of the seal, from where the last one stopped.

use std::collections::BTreeMap;

use audit_seal::SealedInventory;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use pipeline::storage::{Deadline, ItemReader, ObjectStore, Pause};
use serde::{Deserialize, Serialize};

use crate::error::ArchiveError;
use crate::range::{Inventory, Left};
use crate::whole::{Scan, days_left};

/// Keys of a part, at least: some megabytes as a file, some dozen in memory.
pub const PART_KEYS_MIN: usize = 20_000;

/// Where the archive reads and writes.
pub struct Deps<'d, T, O, P, D> {
    /// The transactions table.
    pub table: &'d T,
    /// The bucket.
    pub objects: &'d O,
    /// Waiting between attempts.
    pub pause: &'d P,
    /// When to stop.
    pub deadline: &'d D,
    /// [`PART_KEYS_MIN`]; less in tests. Two runs over one inventory must have the same.
    pub part_keys_min: usize,
}

/// An inventory to go on from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cursor {
    /// The UTC day in the keys of its objects.
    pub day: Date,
    /// Its name, see [`SealedInventory::id`].
    pub inventory: String,
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
    /// Items that are no records: they keep their part from being made.
    pub unreadable: u64,
    /// Days that were marked as whole.
    pub days: u64,
    /// What could not be archived, by inventory, and why.
    pub failures: Vec<(String, ArchiveError)>,
    /// Where to go on, when the deadline came first.
    pub next: Option<Cursor>,
    /// Days until something that is not archived may expire, at least; `None` when that is not
    /// known.
    pub days_left: Option<i64>,
}

/// What a run archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The first day of the audit log.
    pub first: Date,
    /// The last, included.
    pub last: Date,
    /// Only what a digest seals whose making began before this time. An item is inserted seconds
    /// after its audit object was written, and that may be while the object is sealed.
    pub sealed_before: Timestamp,
    /// The time.
    pub now: Timestamp,
}

/// Archives what is sealed of some days and not archived yet, starting at `from` when a run before
/// this one stopped there. An inventory that fails is reported, and the others go on.
pub async fn run<T: ItemReader, O: ObjectStore, P: Pause, D: Deadline>(
    scope: &Scope,
    from: Option<&Cursor>,
    deps: &Deps<'_, T, O, P, D>,
) -> Report {
    let mut report = Report::default();
    match Scan::new(scope.now, deps.objects, deps.pause).await {
        Ok(mut scan) => {
            archive(scope, from, deps, &mut scan, &mut report).await;
            let today = Offset::UTC.to_datetime(scope.now).date();
            report.days_left = Some(days_left(scan.oldest_open(today), today));
        }
        Err(error) => report.failures.push(("every day".to_owned(), error)),
    }
    report
}

async fn archive<T: ItemReader, O: ObjectStore, P: Pause, D: Deadline>(
    scope: &Scope,
    from: Option<&Cursor>,
    deps: &Deps<'_, T, O, P, D>,
    scan: &mut Scan,
    report: &mut Report,
) {
    for (day, inventories) in scan.open() {
        if day < scope.first || day > scope.last {
            continue;
        }
        // Numbers of digests of which something is not archived.
        let mut open = Vec::new();
        for (id, sealed) in &inventories {
            if sealed.made_at >= scope.sealed_before {
                open.push(sealed.sequence);
                continue;
            }
            let at = Cursor {
                day,
                inventory: id.clone(),
            };
            let tried = from.is_some_and(|from| at < *from);
            if !tried && deps.deadline.reached() {
                report.next = Some(at);
                return;
            }
            let mut inventory = Inventory {
                sealed,
                id,
                deps,
                report: &mut *report,
            };
            match inventory.archive(tried).await {
                Ok(Left::Whole) => {}
                Ok(Left::Open) => open.push(sealed.sequence),
                Ok(Left::Stopped) => {
                    report.next = Some(at);
                    return;
                }
                Err(error) => {
                    report.failures.push((format!("{day} {id}"), error));
                    open.push(sealed.sequence);
                }
            }
        }
        if let Some(number) = whole_up_to(&inventories, &open) {
            match scan.mark(day, number, deps.objects, deps.pause).await {
                Ok(()) => report.days += u64::from(open.is_empty()),
                Err(error) => report.failures.push((day.to_string(), error)),
            }
        }
    }
}

/// The number of the last digest of which, as of every one before it, everything is archived.
fn whole_up_to(inventories: &BTreeMap<String, SealedInventory>, open: &[u64]) -> Option<u64> {
    let first_open = open.iter().min();
    let numbers = inventories.values().map(|inventory| inventory.sequence);
    numbers
        .filter(|number| first_open.is_none_or(|first| number < first))
        .max()
}
