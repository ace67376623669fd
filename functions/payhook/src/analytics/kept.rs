//! What the analytics table says of some days, by rows that are right now.
//!
//! A day that can still change is the sum of its minutes: its stored hours and days are of the last daily run. An older day is what is stored,
//! because its minutes may be gone.

use std::collections::BTreeMap;

use aws_adapters::{Backoff, DynamoCounts};
use jiff::civil::Date;
use pipeline::aggregate::sums::{CountStore, first_summed, minutes_of, sums_of};
use pipeline::aggregate::{Delta, Items, NotCounts, RowKey, rollup, unpack_all};
use pipeline::storage::{Pause, StoreError};

use crate::error::Error;
use crate::stack::StackArguments;

/// The rows of some days.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// Minutes of the days from [`first_summed`] on, hours and days of all.
    pub(super) rows: BTreeMap<RowKey, Delta>,
    /// Stored items of hours and days that their minutes have gone beyond since they were added up.
    pub(super) behind: usize,
}

/// Reads the days of a range, both included.
///
/// # Errors
/// An [`Error`] when the table cannot be read whole: then nothing is known.
pub(super) async fn read(
    stack: &StackArguments,
    days: (Date, Date),
    today: Date,
) -> Result<Kept, Error> {
    let store = DynamoCounts::new(&stack.clients().await, stack.name("analytics"));
    Ok(of_store(days, today, &store, &Backoff).await?)
}

async fn of_store(
    (first, last): (Date, Date),
    today: Date,
    store: &impl CountStore,
    pause: &impl Pause,
) -> Result<Kept, StoreError> {
    let young = first.max(first_summed(today));
    let mut minutes = Items::new();
    let mut day = young;
    // What was received is no later than today; a clock that is behind may say otherwise by a day.
    let newest = last.min(today.tomorrow().unwrap_or(today));
    while day <= newest {
        minutes.extend(minutes_of(day, store, pause).await?);
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    let sums = rollup(&minutes);
    let stored = sums_of(first, last, store, pause).await?;
    let of_old = |bucket: &str| {
        let day = bucket.get(..10).and_then(|day| day.parse().ok());
        day.is_none_or(|day: Date| day < young)
    };
    let (old, new): (Items, Items) = stored.into_iter().partition(|(key, _)| of_old(&key.bucket));
    let behind = new.iter().filter(|(key, it)| sums.get(key) != Some(it));
    let behind = behind.count();
    let rows = unpack_all(minutes.iter().chain(&sums).chain(&old));
    let rows = rows.map_err(|NotCounts| StoreError::Final {
        call: "dynamodb:Query",
        cause: NotCounts.to_string(),
    })?;
    Ok(Kept { rows, behind })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use pipeline::aggregate::apply::AnalyticsStore;
    use pipeline::aggregate::{SequenceNumber, pack};
    use pipeline::memory::{Memory, to_the_end};

    use super::*;

    const TODAY: Date = date(2026, 4, 10);

    fn count(memory: &Memory, number: &str, day: Date, count: u64) {
        let key = RowKey {
            aggregate: "stripe#-#captured".to_owned(),
            bucket: format!("minute#{day}T03:04Z"),
        };
        let delta = Delta {
            count,
            ..Delta::default()
        };
        let items = pack(&[(key, delta)].into(), 3);
        let number = SequenceNumber::parse(number).unwrap();
        to_the_end(memory.apply(&[number], &items))
            .unwrap()
            .unwrap();
    }

    #[test]
    fn a_day_that_can_change_is_its_minutes_and_an_older_one_what_is_stored() {
        let memory = Memory::new();
        let (old, young) = (date(2026, 1, 1), date(2026, 4, 9));
        for (number, day) in [("1", old), ("2", young)] {
            count(&memory, number, day, 2);
            for (key, numbers) in rollup(&memory.counts()) {
                to_the_end(memory.put(&key, &numbers)).unwrap().unwrap();
            }
        }
        // Behind the daily run: one more of each day.
        for (number, day) in [("3", old), ("4", young)] {
            count(&memory, number, day, 1);
        }
        let read = of_store((old, TODAY), TODAY, &memory, &memory);
        let kept = to_the_end(read).unwrap().unwrap();
        let rows = kept.rows.iter();
        let rows: Vec<_> = rows
            .map(|(key, delta)| (key.bucket.as_str(), delta.count))
            .collect();
        assert_eq!(
            rows,
            [
                ("day#2026-01-01", 2),
                ("day#2026-04-09", 3),
                ("hour#2026-01-01T03Z", 2),
                ("hour#2026-04-09T03Z", 3),
                ("minute#2026-04-09T03:04Z", 3),
            ]
        );
        assert_eq!(kept.behind, 2);
    }

    #[test]
    fn minutes_are_read_as_far_back_as_they_are_summed() {
        assert_eq!(first_summed(TODAY), date(2026, 2, 7));
    }
}
