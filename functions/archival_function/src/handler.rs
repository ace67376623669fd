//! One invocation: a task in, its result and the tasks that are left out; then what it did, as log lines and metrics.

use std::collections::BTreeMap;
use std::io::Write;

use audit_seal::SealError;
use jiff::civil::{Date, date};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use lambda_setup::{Metrics, log_contradictions};
use pipeline::Contradiction;
use pipeline::aggregate::sums::{CountStore, Report as SumReport, SumError};
use pipeline::logs::{self, Log};
use pipeline::storage::{
    Deadline, Expiry, ItemReader, LogStore, ObjectStore, Pause, PaymentReader, Signer, StoreError,
};
use transaction_archive::ArchiveError;
use transaction_archive::contradictions::{self, Deps as PaymentDeps, contradictions};
use transaction_archive::expiry::{Guarded, guard};
use transaction_archive::run::{Deps as ArchiveDeps, PART_KEYS_MIN, Report, Scope, run};

use crate::gaps::{self, Apis, Checked};
use crate::task::Task;
use crate::{expiry, sums};

/// A day's logs are copied when no event of it comes any more: the gateway and the firewall deliver theirs within minutes, and a day is plenty.
const LOGS_COPIED_AFTER_DAYS: i32 = 2;

/// So many earlier days are looked at again, should an invocation have failed: those that are there whole cost one listing each.
const LOGS_LOOKBACK_DAYS: i32 = 3;

/// The payments of a day are judged a whole day after it ended, so that webhooks that overtook each other are all there.
const PAYMENTS_JUDGED_AFTER_DAYS: i32 = 2;

/// A day is archived by the daily task when it ended so many days ago: its late objects are mostly
/// there, and so are the later tellings of its movements, which make another copy.
const ARCHIVED_AFTER_DAYS: i32 = 3;

/// A day before any webhook.
const FIRST_DAY: Date = date(2000, 1, 1);

/// What was sealed less than so many seconds ago waits: an item is inserted within the fifteen
/// seconds of an invocation after its audit object, and a digest takes up to ten minutes to make.
const SETTLED_SECONDS: i64 = 3_600;

/// What the handler works with.
pub(crate) struct Deps<'d, L, T, C, O, S, P, D, A> {
    /// CloudWatch Logs.
    pub(crate) cloudwatch: &'d L,
    /// The log groups that are copied.
    pub(crate) logs: &'d [Log],
    /// The transactions table.
    pub(crate) table: &'d T,
    /// The analytics table.
    pub(crate) counts: &'d C,
    /// The bucket.
    pub(crate) objects: &'d O,
    /// The sealing key.
    pub(crate) signer: &'d S,
    /// The APIs of the providers whose records are compared.
    pub(crate) apis: &'d A,
    /// Waiting.
    pub(crate) pause: &'d P,
    /// When to stop.
    pub(crate) deadline: &'d D,
}

/// What an invocation did.
#[derive(Debug, Default)]
pub(crate) struct Handled {
    logs: Option<Result<logs::Report, StoreError>>,
    seal: Option<Result<audit_seal::seal::Report, SealError>>,
    archive: Option<Report>,
    expiry: Option<Guarded>,
    payments: Option<Result<contradictions::Report, ArchiveError>>,
    sums: Option<Result<SumReport, SumError>>,
    gaps: Option<Checked>,
    /// What is left for other invocations.
    pub(crate) left: Vec<Task>,
}

/// Some of it failed. The invocation fails with this: the alarm counts it, and Lambda tries twice more.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} of the task's parts failed: see the log; the archive deletes nothing, and what it did not copy stays in the table"
)]
pub(crate) struct Failed(usize);

/// Does a task.
pub(crate) async fn handle<L, T, C, O, S, P, D, A>(
    task: &Task,
    now: Timestamp,
    deps: &Deps<'_, L, T, C, O, S, P, D, A>,
) -> Handled
where
    L: LogStore,
    T: ItemReader + PaymentReader + Expiry,
    C: CountStore,
    O: ObjectStore,
    S: Signer,
    P: Pause,
    D: Deadline,
    A: Apis,
{
    let today = Offset::UTC.to_datetime(now).date();
    let ago = |days: i32| today.checked_sub(days.days()).unwrap_or(Date::MIN);
    let settled = now
        .checked_sub(SETTLED_SECONDS.seconds())
        .unwrap_or(Timestamp::MIN);
    let scope = |first, last, at_once| Scope {
        first,
        last,
        sealed_before: if at_once { Timestamp::MAX } else { settled },
        now,
    };
    let mut handled = Handled::default();
    let (copied, seal_day, archived) = match task {
        Task::Daily { from, .. } => {
            let logs = (
                ago(LOGS_COPIED_AFTER_DAYS + LOGS_LOOKBACK_DAYS),
                ago(LOGS_COPIED_AFTER_DAYS),
            );
            let scope = scope(FIRST_DAY, ago(ARCHIVED_AFTER_DAYS), false);
            (Some((logs, from)), Some(ago(1)), Some((scope, None)))
        }
        Task::Logs {
            first, last, from, ..
        } => (Some(((*first, *last), from)), None, None),
        Task::Seal { day, .. } => (None, Some(*day), None),
        Task::Archive {
            first,
            last,
            at_once,
            from,
            ..
        } => {
            let scope = scope(*first, *last, *at_once);
            (None, None, Some((scope, from.as_ref())))
        }
        _ => (None, None, None),
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
    if let Some((scope, from)) = archived {
        let archive_deps = ArchiveDeps {
            table: deps.table,
            objects: deps.objects,
            pause: deps.pause,
            deadline: deps.deadline,
            part_keys_min: PART_KEYS_MIN,
        };
        let report = run(&scope, from, &archive_deps).await;
        if let Some(from) = report.next.clone() {
            handled.left.push(Task::Archive {
                first: scope.first,
                last: scope.last,
                at_once: matches!(task, Task::Archive { at_once: true, .. }),
                from: Some(from),
                continued,
            });
        }
        handled.expiry = Some(guard(report.days_left, deps.table, deps.pause).await);
        handled.archive = Some(report);
    }
    match task {
        // Each in an invocation of its own: however long the others took, and whether or not they failed.
        Task::Daily { .. } => {
            let payments = Task::payments(ago(PAYMENTS_JUDGED_AFTER_DAYS));
            handled.left.extend([payments, sums::daily(today)]);
            handled.left.extend(gaps::daily(deps.apis));
        }
        Task::Gaps { provider, day } => {
            handled.gaps = Some(gaps::run(provider, *day, now, deps).await);
        }
        Task::Sums { day, since, .. } => {
            let (summed, left) = sums::run(*day, *since, continued, today, deps).await;
            handled.left.extend(left);
            handled.sums = Some(summed);
        }
        Task::Payments { day, from, .. } => {
            let payment_deps = PaymentDeps {
                table: deps.table,
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
        let expiry = self.expiry.as_ref().map_or(0, |it| it.failures.len());
        let archive = self.archive.as_ref().map_or(0, |r| r.failures.len());
        let gaps = self.gaps.as_ref().map_or(0, Checked::failures);
        logs + seal + payments + sums + expiry + archive + gaps
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
    for (inventory, error) in &archive.failures {
        tracing::error!(inventory, %error, "{inventory} is not archived: {error}");
    }
    if handled.archive.is_some() {
        tracing::info!(
            items = archive.items,
            parts = archive.parts,
            bytes = archive.bytes,
            unreadable = archive.unreadable,
            days = archive.days,
            days_left = archive.days_left,
            "archived {} records in {} parts",
            archive.items,
            archive.parts
        );
    }
    if let Some(guarded) = &handled.expiry {
        expiry::log(guarded);
    }
    for task in &handled.left {
        let why = match task {
            Task::Payments { from: None, .. } => "payments are judged apart",
            Task::Sums { continued: 0, .. } => "minutes are added up apart",
            Task::Gaps { .. } => "what a provider lists is compared apart",
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
    handled.gaps.iter().for_each(Checked::log);
    let unreadable = archive.unreadable + judged.unreadable;
    let failed = handled.failures() as u64 + unreadable;
    let mut values = vec![
        (
            "Records",
            "Count",
            archive.items + judged.events + unreadable,
        ),
        ("FailedRecords", "Count", failed),
        ("ArchivedItems", "Count", archive.items),
        ("ArchivedParts", "Count", archive.parts),
        ("ArchivedBytes", "Bytes", archive.bytes),
        ("CopiedLogEvents", "Count", log_events),
        ("CopiedLogObjects", "Count", log_objects),
        ("SealedObjects", "Count", objects),
        ("LateObjects", "Count", late),
        ("Contradicted", "Count", contradicted),
        ("SumsWritten", "Count", sums_written),
    ];
    // What is not known is not claimed: these two only when they were found out.
    if let Some(days) = archive.days_left {
        // Nothing is left of a day that is behind by more: the alarm rings long before.
        values.push(("ArchiveDaysLeft", "Count", u64::try_from(days).unwrap_or(0)));
    }
    if let Some(stopped) = handled.expiry.as_ref().and_then(|it| it.stopped) {
        values.push(("ExpiryStopped", "Count", u64::from(stopped)));
    }
    values.extend(handled.gaps.iter().flat_map(Checked::values));
    let mut lines = vec![metrics.line(now_ms, None, &values)];
    let checked = handled.gaps.iter();
    lines.extend(checked.filter_map(|it| it.line(metrics, now_ms)));
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
