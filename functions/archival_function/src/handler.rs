//! One invocation: a task in, its result and the tasks that are left out; then what it did, as log lines and metrics.

use std::collections::BTreeMap;
use std::io::Write;

use audit_seal::SealError;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use lambda_setup::{Metrics, log_contradictions};
use pipeline::Contradiction;
use pipeline::aggregate::sums::{CountStore, Report as SumReport, SumError};
use pipeline::logs::{self, Log};
use pipeline::storage::{
    Deadline, LogStore, ObjectStore, Pause, PaymentReader, Signer, StoreError, TransactionIndex,
};
use transaction_archive::ArchiveError;
use transaction_archive::contradictions::{self, Deps as PaymentDeps, contradictions};
use transaction_archive::run::{Days, Deps as ArchiveDeps, PART_ITEMS_MAX, Report, run};

use crate::sums;
use crate::task::Task;

/// A day's logs are copied when no event of it comes any more: the gateway and the firewall deliver theirs within minutes, and a day is plenty.
const LOGS_COPIED_AFTER_DAYS: i32 = 2;

/// So many earlier days are looked at again, should an invocation have failed: those that are there whole cost one listing each.
const LOGS_LOOKBACK_DAYS: i32 = 3;

/// The payments of a day are judged a whole day after it ended, so that webhooks that overtook each other are all there.
const PAYMENTS_JUDGED_AFTER_DAYS: i32 = 2;

/// What the handler works with.
pub(crate) struct Deps<'d, L, T, C, O, S, P, D> {
    /// CloudWatch Logs.
    pub(crate) cloudwatch: &'d L,
    /// The log groups that are copied.
    pub(crate) logs: &'d [Log],
    /// The transactions table.
    pub(crate) index: &'d T,
    /// The analytics table.
    pub(crate) counts: &'d C,
    /// The bucket.
    pub(crate) objects: &'d O,
    /// The sealing key.
    pub(crate) signer: &'d S,
    /// Waiting.
    pub(crate) pause: &'d P,
    /// When to stop.
    pub(crate) deadline: &'d D,
}

/// Which days are archived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ages {
    /// A day is archived when it is older than this many days.
    pub(crate) older_than_days: i32,
    /// The same for records whose events have no signed time.
    pub(crate) undated_older_than_days: i32,
    /// And looked at until it is this old: late arrivals.
    pub(crate) lookback_days: i32,
}

/// What an invocation did.
#[derive(Debug, Default)]
pub(crate) struct Handled {
    logs: Option<Result<logs::Report, StoreError>>,
    seal: Option<Result<audit_seal::seal::Report, SealError>>,
    archive: Option<Report>,
    payments: Option<Result<contradictions::Report, ArchiveError>>,
    sums: Option<Result<SumReport, SumError>>,
    /// What is left for other invocations.
    pub(crate) left: Vec<Task>,
}

/// Some of it failed. The invocation fails with this: the alarm counts it, and Lambda tries twice more.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} of the task's parts failed: see the log; nothing was deleted that has no verified copy"
)]
pub(crate) struct Failed(usize);

/// Does a task.
pub(crate) async fn handle<L, T, C, O, S, P, D>(
    task: &Task,
    now: Timestamp,
    ages: Ages,
    deps: &Deps<'_, L, T, C, O, S, P, D>,
) -> Handled
where
    L: LogStore,
    T: TransactionIndex + PaymentReader,
    C: CountStore,
    O: ObjectStore,
    S: Signer,
    P: Pause,
    D: Deadline,
{
    let today = Offset::UTC.to_datetime(now).date();
    let ago = |days: i32| today.checked_sub(days.days()).unwrap_or(Date::MIN);
    let old_enough = Days {
        first: Date::MIN,
        // Older than: the day itself must be over for that long.
        last: ago(ages.older_than_days.saturating_add(1)),
        undated_last: ago(ages.undated_older_than_days.saturating_add(1)),
    };
    let mut handled = Handled::default();
    let (copied, seal_day, archived) = match task {
        Task::Daily { from, .. } => {
            let logs = (
                ago(LOGS_COPIED_AFTER_DAYS + LOGS_LOOKBACK_DAYS),
                ago(LOGS_COPIED_AFTER_DAYS),
            );
            let days = Days {
                first: ago(ages.lookback_days),
                ..old_enough
            };
            (Some((logs, from)), Some(ago(1)), Some((days, None)))
        }
        Task::Logs {
            first, last, from, ..
        } => (Some(((*first, *last), from)), None, None),
        Task::Seal { day, .. } => (None, Some(*day), None),
        Task::Archive {
            first,
            last,
            young,
            from,
            ..
        } => {
            let until = |old_enough: Date| if *young { *last } else { old_enough.min(*last) };
            let days = Days {
                first: *first,
                last: until(old_enough.last),
                undated_last: until(old_enough.undated_last),
            };
            (None, None, Some((days, *from)))
        }
        Task::Payments { .. } | Task::Sums { .. } => (None, None, None),
    };
    let continued = task.continued() + 1;
    if let Some(((first, last), from)) = copied {
        let log_deps = logs::Deps {
            logs: deps.cloudwatch,
            objects: deps.objects,
            pause: deps.pause,
            deadline: deps.deadline,
        };
        let copied = logs::copy(first, last, from.as_ref(), deps.logs, &log_deps).await;
        let from = copied.as_ref().ok().and_then(|report| report.next.clone());
        handled.logs = Some(copied);
        if from.is_some() {
            // What is behind it in a daily task waits: a seal that is made now would lack what is not copied yet.
            handled.left.push(match task {
                Task::Daily { .. } => Task::Daily { from, continued },
                _ => Task::Logs {
                    first,
                    last,
                    from,
                    continued,
                },
            });
            return handled;
        }
    }
    if let Some(day) = seal_day {
        let seal_deps = audit_seal::seal::Deps {
            objects: deps.objects,
            signer: deps.signer,
            pause: deps.pause,
            deadline: deps.deadline,
        };
        let sealed = audit_seal::seal::seal(day, now, &seal_deps).await;
        if matches!(&sealed, Ok(report) if report.unfinished) {
            handled.left.push(Task::Seal { day, continued });
        }
        handled.seal = Some(sealed);
    }
    if let Some((days, from)) = archived {
        let archive_deps = ArchiveDeps {
            index: deps.index,
            objects: deps.objects,
            pause: deps.pause,
            deadline: deps.deadline,
            part_items_max: PART_ITEMS_MAX,
        };
        let report = run(days, from, &archive_deps).await;
        if let Some(from) = report.next {
            handled.left.push(Task::Archive {
                first: days.first,
                last: days.last,
                young: matches!(task, Task::Archive { young: true, .. }),
                from: Some(from),
                continued,
            });
        }
        handled.archive = Some(report);
    }
    match task {
        // Each in an invocation of its own: however long the others took, and whether or not they failed.
        Task::Daily { .. } => handled.left.extend([
            Task::Payments {
                day: ago(PAYMENTS_JUDGED_AFTER_DAYS),
                from: None,
                continued: 0,
            },
            sums::daily(today),
        ]),
        Task::Sums { day, since, .. } => {
            let (summed, left) = sums::run(*day, *since, continued, today, deps).await;
            handled.left.extend(left);
            handled.sums = Some(summed);
        }
        Task::Payments { day, from, .. } => {
            let payment_deps = PaymentDeps {
                table: deps.index,
                objects: deps.objects,
                pause: deps.pause,
                deadline: deps.deadline,
            };
            let judged = contradictions(*day, from.clone(), &payment_deps).await;
            if let Ok(Some(from)) = judged.as_ref().map(|report| report.next.clone()) {
                handled.left.push(Task::Payments {
                    day: *day,
                    from: Some(from),
                    continued,
                });
            }
            handled.payments = Some(judged);
        }
        _ => {}
    }
    handled
}

impl Handled {
    /// Whether everything that was tried succeeded.
    ///
    /// # Errors
    /// [`Failed`] with the number of parts that did not.
    pub(crate) fn result(&self) -> Result<(), Failed> {
        match self.failures() {
            0 => Ok(()),
            failures => Err(Failed(failures)),
        }
    }

    fn failures(&self) -> usize {
        let seal = match &self.seal {
            // Another invocation made the digest: that is what was wanted.
            Some(Err(SealError::Overtaken(_))) | Some(Ok(_)) | None => 0,
            Some(Err(_)) => 1,
        };
        let logs = usize::from(matches!(&self.logs, Some(Err(_))));
        let payments = usize::from(matches!(&self.payments, Some(Err(_))));
        let sums = usize::from(matches!(&self.sums, Some(Err(_))));
        logs + seal + payments + sums + self.archive.as_ref().map_or(0, |r| r.failures.len())
    }
}

/// Logs what was done and what failed; writes the metrics to `out`.
pub(crate) fn tell(handled: &Handled, metrics: &Metrics, now_ms: i64, out: &mut impl Write) {
    let (mut log_objects, mut log_events) = (0, 0);
    match &handled.logs {
        Some(Ok(report)) => {
            (log_objects, log_events) = (report.objects, report.events);
            tracing::info!(
                objects = log_objects,
                events = log_events,
                "copied {log_events} log events into {log_objects} objects"
            );
        }
        Some(Err(error)) => tracing::error!(%error, "logs not copied: {error}"),
        None => {}
    }
    let (mut objects, mut late) = (0, 0);
    match &handled.seal {
        Some(Ok(report)) => {
            (objects, late) = (report.objects, report.late);
            let digest = report.digest.as_deref().unwrap_or("none");
            tracing::info!(
                objects,
                late,
                digest,
                "sealed {objects} audit objects, {late} of them late; digest {digest}"
            );
        }
        Some(Err(error)) => tracing::error!(%error, "not sealed: {error}"),
        None => {}
    }
    let nothing = Report::default();
    let archive = handled.archive.as_ref().unwrap_or(&nothing);
    for (shard, error) in &archive.failures {
        tracing::error!(shard, %error, "shard {shard} is not archived: {error}");
    }
    if handled.archive.is_some() {
        tracing::info!(
            items = archive.items,
            parts = archive.parts,
            bytes = archive.bytes,
            deleted = archive.deleted,
            unreadable = archive.unreadable,
            shards = archive.shards,
            "archived {} records in {} parts",
            archive.items,
            archive.parts
        );
    }
    for task in &handled.left {
        let why = match task {
            Task::Payments { from: None, .. } => "payments are judged apart",
            Task::Sums { continued: 0, .. } => "minutes are added up apart",
            _ => "the deadline came first",
        };
        let task = task.event();
        tracing::info!(task, "{why}: another invocation goes on");
    }
    let none = contradictions::Report::default();
    let judged = match &handled.payments {
        Some(Ok(report)) => report,
        Some(Err(error)) => {
            tracing::error!(%error, "payments not judged: {error}");
            &none
        }
        None => &none,
    };
    log_contradictions(judged.found.iter().map(Contradiction::parts));
    let contradicted = judged.found.len() as u64;
    if let Some(Ok(report)) = &handled.payments {
        tracing::info!(
            events = report.events,
            contradicted,
            unreadable = report.unreadable,
            "looked at {} events: the events of {contradicted} payments contradict each other",
            report.events
        );
    }
    let sums_written = sums::tell(handled.sums.as_ref());
    let unreadable = archive.unreadable + judged.unreadable;
    let failed = handled.failures() as u64 + unreadable;
    let line = metrics.line(
        now_ms,
        None,
        &[
            (
                "Records",
                "Count",
                archive.items + judged.events + unreadable,
            ),
            ("FailedRecords", "Count", failed),
            ("ArchivedItems", "Count", archive.items),
            ("ArchivedParts", "Count", archive.parts),
            ("ArchivedBytes", "Bytes", archive.bytes),
            ("DeletedItems", "Count", archive.deleted),
            ("CopiedLogEvents", "Count", log_events),
            ("CopiedLogObjects", "Count", log_objects),
            ("SealedObjects", "Count", objects),
            ("LateObjects", "Count", late),
            ("Contradicted", "Count", contradicted),
            ("SumsWritten", "Count", sums_written),
        ],
    );
    let mut lines = vec![line];
    let mut by_provider: BTreeMap<&str, u64> = BTreeMap::new();
    for found in &judged.found {
        *by_provider.entry(&found.provider).or_default() += 1;
    }
    let by_provider = by_provider.into_iter();
    lines.extend(by_provider.map(|(provider, count)| {
        metrics.line(now_ms, Some(provider), &[("Contradicted", "Count", count)])
    }));
    for line in lines {
        // A closed standard output means that the environment is going away; the work is done all the same.
        let _ = writeln!(out, "{line}");
    }
}

#[cfg(test)]
mod sums_tests;
#[cfg(test)]
mod tests;
