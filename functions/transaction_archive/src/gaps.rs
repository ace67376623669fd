//! What a provider lists of a window, compared with what is stored in table and archive.
//!
//! Invariant: reads alone. A window is compared whole or not at all: what could not be read is an
//! error, never a gap.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use payment_event::TransactionKey;
use pipeline::items::read_items;
use pipeline::plan::TOO_OLD_SECONDS;
use pipeline::storage::{ItemReader, ObjectStore, Pause};
use pipeline::stored::StoredTransaction;
use provider_listings::{
    Account, Api, Budget, Expected, GapReport, Have, Listing, ListingError, Lists, Standing,
    Stored, Window, compare, expected, walk,
};
use provider_webhooks::Provider;

use crate::day::{Stores, each_record};
use crate::error::ArchiveError;
use crate::read::has_record;

/// How long a provider is given to send a webhook by itself where no document says how long it
/// tries.
const HORIZON_UNKNOWN_DAYS: i64 = 3;

/// Why a window could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum GapError {
    /// The provider's list could not be read.
    #[error("{0}")]
    Listing(#[from] ListingError),
    /// Table or archive could not be read.
    #[error("{0}")]
    Archive(#[from] ArchiveError),
}

/// How much is asked, and what counts as missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Requests to the provider.
    pub budget: Budget,
    /// Whether also that is called missing which the provider may still send by itself.
    pub early: bool,
}

/// A window that was compared.
#[derive(Debug)]
pub struct Compared {
    /// What is on one side alone.
    pub report: GapReport,
    /// What the provider lists, as it should be stored.
    pub expected: Vec<Expected>,
    /// Requests to the provider.
    pub requests: u32,
}

/// The time before which a provider has stopped sending by itself.
pub fn settled_before(provider: &dyn Provider, now: Timestamp) -> Timestamp {
    let days = SignedDuration::from_hours(24 * HORIZON_UNKNOWN_DAYS);
    let seconds = provider.info().delivery.retry_horizon_seconds;
    let horizon = seconds.map_or(days, |seconds| SignedDuration::from_secs(seconds.into()));
    now.checked_sub(horizon).unwrap_or(Timestamp::MIN)
}

/// Compares a window with what is stored.
///
/// # Errors
/// A [`GapError`]: then nothing is known of the window.
pub async fn compare_window<T: ItemReader, O: ObjectStore, P: Pause>(
    listing: &dyn Listing,
    provider: &dyn Provider,
    window: Window,
    account: &Account,
    api: &impl Api,
    limits: Limits,
    stores: &Stores<'_, T, O, P>,
) -> Result<Compared, GapError> {
    let walked = walk(listing, window, account, api, limits.budget).await?;
    let listed = walked.listed.into_iter();
    let expected: Vec<Expected> = listed.map(|listed| expected(provider, listed)).collect();
    let now = api.now();
    let have = have(provider, window, now, &expected, stores).await?;
    let lists = listing.info().lists;
    let settled = match limits.early {
        true => now,
        false => settled_before(provider, now),
    };
    Ok(Compared {
        report: compare(lists, window, &expected, &have, settled),
        expected,
        requests: walked.requests,
    })
}

/// The day of a time, UTC.
fn day(time: Timestamp) -> Date {
    Offset::UTC.to_datetime(time).date()
}

/// What is stored of a provider: by receipt from a day before the window until its retries are
/// over, and whatever of the expected stands in the table beside that.
async fn have<T: ItemReader, O: ObjectStore, P: Pause>(
    provider: &dyn Provider,
    window: Window,
    now: Timestamp,
    expected: &[Expected],
    stores: &Stores<'_, T, O, P>,
) -> Result<Have, ArchiveError> {
    let name = provider.info().name;
    let mut have = Have::default();
    let mut keys: BTreeSet<TransactionKey> = BTreeSet::new();
    let horizon = now.duration_since(settled_before(provider, now));
    let last = window.to.checked_add(horizon).unwrap_or(now).min(now);
    let mut next = day(window.from).yesterday().unwrap_or(Date::MIN);
    while next <= day(last) {
        each_record(next, stores, |_, record| {
            let Some(record) = record.filter(|record| record.provider == name) else {
                return;
            };
            match &record.movement {
                Some(movement) => have.movement(
                    record.key,
                    Standing {
                        rank: movement.rank,
                        amount: record.money.is_some(),
                    },
                ),
                None => {
                    keys.insert(record.key);
                    have.events.insert(Stored {
                        event_id: record.event_id,
                        event_type: record.event_type,
                        at: record.event_time.unwrap_or(record.received_at),
                    });
                }
            }
        })
        .await?;
        let Ok(tomorrow) = next.tomorrow() else { break };
        next = tomorrow;
    }
    let wanted = expected.iter().flat_map(|one| {
        let movements = one.movements.iter().map(|told| &told.key);
        one.keys.iter().chain(movements)
    });
    let wanted: BTreeSet<TransactionKey> =
        wanted.filter(|key| !keys.contains(*key)).cloned().collect();
    let wanted: Vec<TransactionKey> = wanted.into_iter().collect();
    for item in read_items(&wanted, stores.table, stores.pause).await? {
        let Ok(record) = StoredTransaction::from_item(item) else {
            continue;
        };
        match &record.movement {
            Some(movement) => have.movement(
                record.key,
                Standing {
                    rank: movement.rank,
                    amount: record.money.is_some(),
                },
            ),
            None => drop(keys.insert(record.key)),
        }
    }
    // The table has forgotten what is that old; the archive has not, on whatever day it came.
    let old = now.checked_sub(SignedDuration::from_secs(TOO_OLD_SECONDS));
    let old = old.unwrap_or(Timestamp::MIN);
    for one in expected {
        let Some(at) = one.listed.at.filter(|at| *at < old) else {
            continue;
        };
        for key in one
            .keys
            .iter()
            .filter(|key| !keys.contains(*key))
            .collect::<Vec<_>>()
        {
            if has_record(key, received_between(at), stores.objects).await? {
                keys.insert(key.clone());
            }
        }
    }
    have.keys = keys;
    Ok(have)
}

/// The days on which something that happened then can have been received and stored without the
/// archive having been asked.
fn received_between(at: Timestamp) -> (Date, Date) {
    let days = TOO_OLD_SECONDS / 86_400 + 1;
    let later = at.checked_add(SignedDuration::from_hours(24 * days));
    let first = day(at).yesterday().unwrap_or(Date::MIN);
    (first, day(later.unwrap_or(Timestamp::MAX)))
}

/// Of what the provider lists, what is called missing: each once, by its id and what it is.
pub fn missing<'e>(report: &GapReport, expected: &'e [Expected]) -> Vec<&'e Expected> {
    let by_name: BTreeMap<(&str, &str), &Expected> = expected
        .iter()
        .map(|one| ((one.listed.id.as_str(), one.listed.what.as_str()), one))
        .collect();
    let gaps = report.missing.iter();
    let found = gaps.filter_map(|gap| by_name.get(&(gap.id.as_str(), gap.what.as_str())));
    found.copied().collect()
}

/// Whether a provider's API lists anything.
pub fn can_list(listing: &dyn Listing) -> bool {
    listing.info().lists != Lists::Nothing
}
