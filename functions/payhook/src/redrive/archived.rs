//! Asks the archive whether a webhook that states to be old was stored before.
//!
//! Invariant: a webhook is sent back as one that the archive does not have only after the archive
//! was read. A record leaves the table after ninety days, and only the archive knows it then.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use pipeline::plan::TOO_OLD_SECONDS;
use pipeline::storage::{CertificateStore, ObjectStore, SecretStore};
use pipeline::{Judge, Judgement};
use transaction_archive::read::has_record;

use super::view::Seen;
use crate::error::Error;

/// A provider's clock may be ahead of ours by this much.
const CLOCK_DAYS: i32 = 1;

/// Judges a message as one for which the archive was asked, and asks the archive for each of its
/// events that has a signed time.
///
/// # Errors
/// The archive cannot be read: nobody can say whether the event is new.
pub(super) async fn ask(
    one: &mut Seen,
    judge: &mut Judge<'_, impl SecretStore, impl CertificateStore>,
    objects: &impl ObjectStore,
) -> Result<(), Error> {
    one.archive_asked();
    let mut judgements = judge.judge_all(&[one.incoming()]).await;
    let Some(judgement) = judgements.pop() else {
        return Ok(());
    };
    if let Judgement::Accepted(accepted) = &judgement {
        for event in &accepted.events {
            let Some(time) = event.key_time() else {
                continue;
            };
            if has_record(&event.key(), days(time), objects).await? {
                one.found_in_archive();
                return Ok(());
            }
        }
    }
    one.judged(judgement);
    Ok(())
}

/// The days on which an event of this time can have been received for the first time and stored
/// without the archive having been asked.
fn days(time: Timestamp) -> (Date, Date) {
    let day = TimeZone::UTC.to_datetime(time).date();
    let last = TOO_OLD_SECONDS / 86_400 + 1;
    let first = day.checked_sub(CLOCK_DAYS.days()).unwrap_or(Date::MIN);
    (first, day.checked_add(last.days()).unwrap_or(Date::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_a_first_receipt() {
        let time = "2026-01-02T03:04:05Z".parse().unwrap();
        let (first, last) = days(time);
        assert_eq!(first.to_string(), "2026-01-01");
        assert_eq!(last.to_string(), "2026-03-04");
    }
}
