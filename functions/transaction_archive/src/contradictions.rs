//! Payments of a day whose events contradict each other in what only the whole payment shows: a refund beyond what was captured, a
//! dispute without a payment, amounts in several currencies.
//!
//! A refund may come before its capture, so a payment is judged when the day is over, from all that
//! the table has of it by then. The audit objects of the day name the payments. They are read one
//! by one and nothing is kept of one, so that memory does not grow with the day, and a run may stop
//! after any.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use jiff::civil::Date;
use payment_event::{MovementKind, TransactionKey};
use pipeline::Contradiction;
use pipeline::audit::EventKeys;
use pipeline::retry::retrying;
use pipeline::storage::{Deadline, ObjectStore, Pause, PaymentReader};
use serde::{Deserialize, Serialize};

use crate::day::{audit_objects, object_keys};
use crate::error::ArchiveError;
use crate::payments::{Gathered, READ_TOGETHER, gather};

/// A payment is judged when an event of the day tells a movement of one of these kinds. An authorisation or a payout alone contradicts
/// nothing but another telling of itself, which is found when it is stored.
const JUDGED: [MovementKind; 6] = [
    MovementKind::Capture,
    MovementKind::CaptureTotal,
    MovementKind::Refund,
    MovementKind::RefundTotal,
    MovementKind::Dispute,
    MovementKind::DisputeReversal,
];

/// Where the payments are read.
pub struct Deps<'d, T, O, P, D> {
    /// The transactions table.
    pub table: &'d T,
    /// The bucket with the audit log.
    pub objects: &'d O,
    /// Waiting between attempts.
    pub pause: &'d P,
    /// When to stop.
    pub deadline: &'d D,
}

/// Where to go on within a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Key of the last audit object that was looked at.
    pub after: String,
}

/// What a run found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Events that the audit objects of the day name; one that was delivered again is named again.
    pub events: u64,
    /// Items that are no records, or no movements.
    pub unreadable: u64,
    /// The payments with a problem, each once.
    pub found: Vec<Contradiction>,
    /// Where to go on, when the deadline came first.
    pub next: Option<Cursor>,
}

/// Judges the payments of which an event was received on `day`, starting at `from` when a run before this one stopped there.
///
/// # Errors
/// An [`ArchiveError`] when audit log or table cannot be read whole.
pub async fn contradictions<T, O, P, D>(
    day: Date,
    from: Option<Cursor>,
    deps: &Deps<'_, T, O, P, D>,
) -> Result<Report, ArchiveError>
where
    T: PaymentReader,
    O: ObjectStore,
    P: Pause,
    D: Deadline,
{
    let mut report = Report::default();
    let objects = audit_objects(day, deps.objects, deps.pause).await?;
    let is_left = |key: &String| from.as_ref().is_none_or(|from| *key > from.after);
    let mut left = objects.into_iter().filter(is_left).peekable();
    while let Some(key) = left.next() {
        let keys = object_keys(&key, deps.objects, deps.pause).await?;
        report.judge(keys, deps).await?;
        if left.peek().is_some() && deps.deadline.reached() {
            report.next = Some(Cursor { after: key });
            break;
        }
    }
    Ok(report)
}

fn is_judged(keys: &EventKeys) -> bool {
    let kind = |key: &TransactionKey| key.timestamp.split('#').nth(1).map(str::to_owned);
    let kinds = keys.movements.iter().filter_map(kind);
    kinds
        .into_iter()
        .any(|kind| JUDGED.iter().any(|it| it.as_str() == kind))
}

impl Report {
    /// Judges the payments of some events: each with everything that the table has of it.
    async fn judge<T: PaymentReader, O, P: Pause, D>(
        &mut self,
        events: Vec<EventKeys>,
        deps: &Deps<'_, T, O, P, D>,
    ) -> Result<(), ArchiveError> {
        self.events += events.len() as u64;
        let judged = events.into_iter().filter(is_judged);
        let ids: BTreeSet<String> = judged.map(|keys| keys.event.transaction_id).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        for together in ids.chunks(READ_TOGETHER) {
            let reading = together.iter().map(|id| {
                retrying(deps.pause, async || {
                    let mut gathered = Gathered::default();
                    gather(&mut gathered, [id.clone()], deps.table).await?;
                    Ok(gathered)
                })
            });
            for gathered in try_join_all(reading).await? {
                self.add(&gathered);
            }
        }
        Ok(())
    }

    fn add(&mut self, gathered: &Gathered) {
        self.unreadable += gathered.unreadable;
        let Ok(told) = gathered.payment() else {
            self.unreadable += 1;
            return;
        };
        let problems = told.payment.problems.iter();
        let found = Contradiction {
            transaction_id: format!("{}:{}", told.provider, told.transaction_id),
            problems: problems
                .map(|problem| problem.as_str().to_owned())
                .collect(),
            provider: told.provider,
        };
        if !found.problems.is_empty() && !self.found.contains(&found) {
            self.found.push(found);
        }
    }
}
