//! Adds up the minutes of days to the items of their hours and days.
//!
//! A day is read whole, all lanes of it, and what differs from what stands there is written. Invariant: an item is the sum of its minutes and replaces what was
//! there; nothing is added to, so a run may stop anywhere, come twice, or at the same time as another. Of two at once the later write may be of the
//! earlier reading: whoever needs the counts of a day that can still change adds up its minutes ([`minutes_of`]), and a day is summed again
//! for a whole day after it has changed for the last time ([`super::SUMMED_DAYS`]).

use jiff::civil::Date;

use super::{Grain, ItemKey, Items, LANES, Numbers, SUMMED_DAYS, rollup};
use crate::retry::retrying;
use crate::storage::{Deadline, Pause, StoreError};

/// A page of the minutes of a lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MinutePage {
    /// Their items.
    pub items: Items,
    /// The key after which the next page begins; `None` when this is the last.
    pub next: Option<ItemKey>,
}

/// The counts of the analytics table, as whoever adds them up sees it.
pub trait CountStore {
    /// A page of the minutes of `day` in `lane`, from behind the key `after`. What was written before is seen.
    fn minutes(
        &self,
        lane: u8,
        day: Date,
        after: Option<&ItemKey>,
    ) -> impl Future<Output = Result<MinutePage, StoreError>>;

    /// The items of hours or of days (`grain`) from `first` to `last`, both included, as they stand there.
    fn sums(
        &self,
        grain: Grain,
        first: Date,
        last: Date,
    ) -> impl Future<Output = Result<Items, StoreError>>;

    /// Writes the item of an hour or a day, in the place of the one that stands there.
    fn put(&self, key: &ItemKey, numbers: &Numbers)
    -> impl Future<Output = Result<(), StoreError>>;
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Days that were added up.
    pub days: u64,
    /// Items of minutes that were read.
    pub minutes: u64,
    /// Items of hours and days that were written.
    pub written: u64,
    /// The day to go on with, when the deadline came first.
    pub next: Option<Date>,
}

/// Why days were not added up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SumError {
    /// A call failed.
    #[error("sums not made: {0}")]
    Store(#[from] StoreError),
    /// Some of its minutes may be gone: their sum would take the place of the right one.
    #[error(
        "the minutes of {0} may be gone, so it is not summed again: days can be for {SUMMED_DAYS} days"
    )]
    TooOld(Date),
}

/// The days from `day` to `today`.
fn age_days(day: Date, today: Date) -> i64 {
    today.duration_since(day).as_hours() / 24
}

/// Whether the minutes of a day are all there, so that it can be summed.
pub fn can_be_summed(day: Date, today: Date) -> bool {
    age_days(day, today) <= SUMMED_DAYS
}

/// The first day that is summed again, because it could have changed.
pub fn first_summed(today: Date) -> Date {
    let days = jiff::SignedDuration::from_hours(24 * SUMMED_DAYS);
    today.checked_sub(days).unwrap_or(Date::MIN)
}

/// Every item of the minutes of a day, in all lanes.
///
/// # Errors
/// A [`StoreError`], after some attempts.
pub async fn minutes_of(
    day: Date,
    store: &impl CountStore,
    pause: &impl Pause,
) -> Result<Items, StoreError> {
    let mut items = Items::new();
    for lane in 0..LANES {
        let mut after: Option<ItemKey> = None;
        loop {
            let page = retrying(pause, async || {
                store.minutes(lane, day, after.as_ref()).await
            });
            let page = page.await?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(items)
}

/// The items of the hours of these days, and of the days.
///
/// # Errors
/// A [`StoreError`], after some attempts.
pub async fn sums_of(
    first: Date,
    last: Date,
    store: &impl CountStore,
    pause: &impl Pause,
) -> Result<Items, StoreError> {
    let mut items = Items::new();
    for grain in [Grain::Hour, Grain::Day] {
        let found = retrying(pause, async || store.sums(grain, first, last).await);
        items.extend(found.await?);
    }
    Ok(items)
}

/// Adds up the days from `first` to `last`, both included, until the deadline; always the first of them.
///
/// # Errors
/// A [`SumError`]; what was written stays.
pub async fn sum_days(
    first: Date,
    last: Date,
    today: Date,
    store: &impl CountStore,
    pause: &impl Pause,
    deadline: &impl Deadline,
) -> Result<Report, SumError> {
    let mut report = Report::default();
    let mut day = first;
    while day <= last {
        if report.days > 0 && deadline.reached() {
            report.next = Some(day);
            break;
        }
        if !can_be_summed(day, today) {
            return Err(SumError::TooOld(day));
        }
        let minutes = minutes_of(day, store, pause).await?;
        let standing = sums_of(day, day, store, pause).await?;
        for (key, numbers) in &rollup(&minutes) {
            if standing.get(key) != Some(numbers) {
                retrying(pause, async || store.put(key, numbers).await).await?;
                report.written += 1;
            }
        }
        report.days += 1;
        report.minutes += minutes.len() as u64;
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    Ok(report)
}
