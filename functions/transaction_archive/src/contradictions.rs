//! Payments of a day whose events contradict each other in what only the whole payment shows: a refund beyond what was captured, a
//! dispute without a payment, amounts in several currencies.
//!
//! A refund may come before its capture, so a payment is judged when the day is over, from all that the table has of it by then. The
//! day is read page by page and nothing is kept of a page, so that memory does not grow with the day, and a run may stop after any.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use jiff::civil::Date;
use payment_event::{MovementKind, TransactionKey};
use pipeline::Contradiction;
use pipeline::plan::ARCHIVE_SHARDS;
use pipeline::retry::retrying;
use pipeline::storage::{Deadline, ObjectStore, Pause, PaymentReader, TransactionIndex};
use pipeline::stored::StoredTransaction;
use serde::{Deserialize, Serialize};

use crate::error::ArchiveError;
use crate::payments::{Gathered, READ_TOGETHER, gather};
use crate::read::{manifests, verified};

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
    /// The bucket, for a day whose events are archived.
    pub objects: &'d O,
    /// Waiting between attempts.
    pub pause: &'d P,
    /// When to stop.
    pub deadline: &'d D,
}

/// Where to go on within a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Archive shard, 0 to 31.
    pub shard: u8,
    /// Archived parts of the shard that were looked at.
    pub parts: usize,
    /// The last key of the index that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<TransactionKey>,
}

/// What a run found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Events of the day that it looked at.
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
/// An [`ArchiveError`] when table or archive cannot be read whole.
pub async fn contradictions<T, O, P, D>(
    day: Date,
    from: Option<Cursor>,
    deps: &Deps<'_, T, O, P, D>,
) -> Result<Report, ArchiveError>
where
    T: TransactionIndex + PaymentReader,
    O: ObjectStore,
    P: Pause,
    D: Deadline,
{
    let mut report = Report::default();
    let mut at = from.unwrap_or_default();
    while at.shard < ARCHIVE_SHARDS {
        let archived = match at.after {
            None => manifests(day, at.shard, deps.objects).await?,
            Some(_) => Vec::new(),
        };
        for manifest in archived.iter().skip(at.parts) {
            let records = verified(manifest, deps.objects).await?;
            report.judge(records, deps).await?;
            at.parts += 1;
            if deps.deadline.reached() {
                report.next = Some(at);
                return Ok(report);
            }
        }
        let name = format!("{day}#{:02}", at.shard);
        let page = retrying(deps.pause, async || {
            deps.table.page(&name, at.after.as_ref(), None).await
        });
        let page = page.await?;
        let items = page.items.len();
        let records = page.items.into_iter().map(StoredTransaction::from_item);
        let records: Vec<_> = records.filter_map(Result::ok).collect();
        report.unreadable += (items - records.len()) as u64;
        report.judge(records, deps).await?;
        at = match page.next {
            Some(key) => Cursor {
                after: Some(key),
                ..at
            },
            None => Cursor {
                shard: at.shard + 1,
                ..Cursor::default()
            },
        };
        if at.shard < ARCHIVE_SHARDS && deps.deadline.reached() {
            report.next = Some(at);
            break;
        }
    }
    Ok(report)
}

fn is_judged(record: &StoredTransaction) -> bool {
    let kinds = record
        .tells
        .iter()
        .filter_map(|told| told.split('#').next());
    kinds
        .into_iter()
        .any(|kind| JUDGED.iter().any(|it| it.as_str() == kind))
}

impl Report {
    /// Judges the payments of some records: each with everything that the table has of it.
    async fn judge<T: PaymentReader, O, P: Pause, D>(
        &mut self,
        records: Vec<StoredTransaction>,
        deps: &Deps<'_, T, O, P, D>,
    ) -> Result<(), ArchiveError> {
        self.events += records.len() as u64;
        let judged = records.into_iter().filter(is_judged);
        let ids: BTreeSet<String> = judged.map(|record| record.key.transaction_id).collect();
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
