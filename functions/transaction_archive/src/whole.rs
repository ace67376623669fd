//! Which days are archived whole, and how long what is not archived has left.
//!
//! Invariant: a day counts as whole only while a mark says that everything that the seal has of it
//! is archived. What cannot be listed makes the whole scan an error, never a shorter list of open
//! days. A mark is `archive/whole/dt=D/{digest}.json`: of day D everything is archived that digests
//! up to this one seal.

use std::collections::BTreeMap;

use audit_seal::seal::LATE_DAYS;
use audit_seal::{Sealed, SealedInventory, sealed};
use jiff::civil::Date;
use jiff::{Timestamp, Unit};
use pipeline::plan::{GRACE_DAYS, TABLE_DAYS, WAITING_DAYS};
use pipeline::retry::retrying;
use pipeline::storage::{ObjectStore, Pause};

use crate::day::days_of;
use crate::error::ArchiveError;

const WHOLE: &str = "archive/whole/";

/// The form of marks.
const FORMAT: u32 = 1;

/// Days that the items of a day of the audit log have at least, from that day on, before the first
/// of them may expire. Counted as if its messages had waited as long as messages may, and its last
/// object had come as late as the seal takes one.
const DAYS_AT_LEAST: i64 = TABLE_DAYS + GRACE_DAYS - WAITING_DAYS - LATE_DAYS as i64;
const _: () = assert!(DAYS_AT_LEAST > 0);

/// What is sealed, and what of it is archived.
#[derive(Debug)]
pub(crate) struct Scan {
    sealed: Sealed,
    /// Days with audit objects, sealed or not.
    days: Vec<Date>,
    /// For each day the number of the last digest of which everything is archived.
    marks: BTreeMap<Date, u64>,
}

/// The day and the number in the key of a mark.
fn read_mark(key: &str) -> Option<(Date, u64)> {
    let (day, number) = key
        .strip_prefix(WHOLE)?
        .strip_prefix("dt=")?
        .split_once('/')?;
    let number = number.strip_suffix(".json")?.parse().ok()?;
    Some((day.parse().ok()?, number))
}

impl Scan {
    /// Lists everything.
    ///
    /// # Errors
    /// An [`ArchiveError`] when something cannot be listed or read: then nothing is known.
    pub(crate) async fn new(
        now: Timestamp,
        objects: &impl ObjectStore,
        pause: &impl Pause,
    ) -> Result<Self, ArchiveError> {
        let days = retrying(pause, async || days_of("audit/", objects).await).await?;
        let sealed = sealed(now, objects, pause).await?;
        let keys = retrying(pause, async || objects.keys(WHOLE).await).await?;
        let mut marks = BTreeMap::new();
        for (day, number) in keys.iter().filter_map(|key| read_mark(key)) {
            let last = marks.entry(day).or_default();
            *last = number.max(*last);
        }
        Ok(Self {
            sealed,
            days,
            marks,
        })
    }

    fn is_marked(&self, inventory: &SealedInventory) -> bool {
        let mark = self.marks.get(&inventory.day);
        mark.is_some_and(|mark| inventory.sequence <= *mark)
    }

    /// The inventories that no mark covers, by day and then by name.
    pub(crate) fn open(&self) -> BTreeMap<Date, BTreeMap<String, SealedInventory>> {
        let mut open: BTreeMap<Date, BTreeMap<String, SealedInventory>> = BTreeMap::new();
        for inventory in &self.sealed.inventories {
            if !self.is_marked(inventory)
                && let Some(id) = inventory.id()
            {
                let of_day = open.entry(inventory.day).or_default();
                of_day.insert(id, inventory.clone());
            }
        }
        open
    }

    /// Marks that everything of a day is archived that digests up to `number` seal.
    ///
    /// # Errors
    /// [`ArchiveError::Store`].
    pub(crate) async fn mark(
        &mut self,
        day: Date,
        number: u64,
        objects: &impl ObjectStore,
        pause: &impl Pause,
    ) -> Result<(), ArchiveError> {
        let key = format!("{WHOLE}dt={day}/{number:08}.json");
        let mark = serde_json::json!({"format": FORMAT, "day": day, "digest": number});
        let mark = mark.to_string().into_bytes();
        retrying(pause, async || objects.put(&key, mark.clone()).await).await?;
        self.marks.insert(day, number);
        Ok(())
    }

    /// The earliest day of which something may be in the table and not in the archive. A seal that
    /// stands still leaves every day behind its last one open, and objects of the days before it
    /// that came since.
    pub(crate) fn oldest_open(&self, today: Date) -> Date {
        let unsealed = match self.sealed.until {
            Some(until) => until.tomorrow().unwrap_or(until),
            None => self.days.first().copied().unwrap_or(today),
        };
        let sealed = |day: &Date| self.sealed.inventories.iter().any(|it| it.day == *day);
        // Sealed days whose objects no inventory lists: nothing takes their keys to the archive.
        let unlisted = self.days.iter().copied();
        let unlisted = unlisted.filter(|day| !self.marks.contains_key(day) && !sealed(day));
        let open = self.sealed.inventories.iter();
        let open = open.filter(|it| !self.is_marked(it)).map(|it| it.day);
        let oldest = unlisted.chain(open).chain([unsealed]).min();
        oldest.map_or(today, |day| day.min(today))
    }
}

/// How many days are left, at least, until something of the day `oldest_open` or a later one may
/// expire. Negative when that may have happened already.
pub fn days_left(oldest_open: Date, today: Date) -> i64 {
    let age = oldest_open.until((Unit::Day, today));
    DAYS_AT_LEAST - age.map_or(i64::MAX / 2, |age| i64::from(age.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_left_are_counted_from_the_oldest_open_day() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let today = day("2026-06-30");
        for (open, left) in [
            ("2026-06-30", 56),
            ("2026-06-26", 52),
            ("2026-05-05", 0),
            ("2026-05-04", -1),
            ("2025-06-30", 56 - 365),
        ] {
            assert_eq!(days_left(day(open), today), left, "{open}");
        }
    }

    #[test]
    fn a_mark_is_read_from_its_key_alone() {
        let day = "2026-01-02".parse().unwrap();
        assert_eq!(
            read_mark("archive/whole/dt=2026-01-02/00000012.json"),
            Some((day, 12))
        );
        for key in [
            "archive/whole/dt=2026-01-02/x.json",
            "archive/whole/dt=2026-13-02/00000012.json",
            "archive/whole/2026-01-02/00000012.json",
            "archive/whole/dt=2026-01-02",
        ] {
            assert_eq!(read_mark(key), None, "{key}");
        }
    }
}
