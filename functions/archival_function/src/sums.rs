//! The task that adds minutes up to hours and days: which days, what is left, and what it says.

use jiff::ToSpan;
use jiff::civil::Date;
use pipeline::aggregate::sums::{CountStore, Report, SumError, first_summed, sum_days};
use pipeline::storage::{Deadline, Pause};

use crate::handler::Deps;
use crate::task::Task;

/// What the daily task leaves: every day until yesterday that could have changed.
pub(crate) fn daily(today: Date) -> Task {
    Task::Sums {
        day: today.checked_sub(1.days()).unwrap_or(Date::MIN),
        since: Some(first_summed(today)),
        continued: 0,
    }
}

/// Adds up the days from `since` to `day`, or `day` alone; the task that is left when the deadline comes first.
pub(crate) async fn run<L, T, C, O, S, P, D, A>(
    day: Date,
    since: Option<Date>,
    continued: u32,
    today: Date,
    deps: &Deps<'_, L, T, C, O, S, P, D, A>,
) -> (Result<Report, SumError>, Option<Task>)
where
    C: CountStore,
    P: Pause,
    D: Deadline,
{
    let (counts, pause, deadline) = (deps.counts, deps.pause, deps.deadline);
    let first = since.unwrap_or(day);
    let summed = sum_days(first, day, today, counts, pause, deadline).await;
    let next = summed.as_ref().ok().and_then(|report| report.next);
    let left = next.map(|next| Task::Sums {
        day,
        since: Some(next),
        continued,
    });
    (summed, left)
}

/// Logs what was done or failed; the items of hours and days that were written.
pub(crate) fn tell(summed: Option<&Result<Report, SumError>>) -> u64 {
    match summed {
        Some(Ok(report)) => {
            let written = report.written;
            tracing::info!(
                days = report.days,
                minutes = report.minutes,
                written,
                "added up {} days: {written} hours and days were written",
                report.days
            );
            written
        }
        Some(Err(error)) => {
            tracing::error!(%error, "minutes not added up: {error}");
            0
        }
        None => 0,
    }
}
