//! The task that compares what a provider lists of a day with what is stored: which day, what is
//! recorded, and what it says.
//!
//! Invariant: nothing is stored but the record of the comparison. What the provider refuses fails no
//! invocation: a metric and its alarm tell of it, and a person asks again. What AWS refuses does.

mod apis;
mod record;

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use lambda_setup::Metrics;
use pipeline::retry::retrying;
use pipeline::storage::{Deadline, ItemReader, ObjectStore, Pause, StoreError};
use provider_api::ApiSetupError;
use provider_listings::{Budget, Listing, ListingError, Window};
use provider_webhooks::Provider;
use transaction_archive::day::Stores;
use transaction_archive::gaps::{Compared, GapError, Limits, compare_window, settled_before};

pub(crate) use apis::{Apis, https};

use crate::handler::Deps;
use crate::task::Task;

/// Requests for one day. A page of a hundred entries of three kilobytes each: 150 MB of the 512 that
/// the function has.
const REQUESTS_MAX: u32 = 500;

/// How often the time is looked at while a provider is waited for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why nothing is known of a provider's day.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// The stack's settings do not name it.
    #[error(
        "{0} is no provider of this stack's gap check: `pulumi config set gap_check` names them"
    )]
    NotConfigured(String),
    /// Its API secret could not be read.
    #[error("{0}")]
    Secret(StoreError),
    /// Its API cannot be asked.
    #[error("{0}")]
    Setup(#[from] ApiSetupError),
    /// Its list, or what is stored, could not be read.
    #[error("{0}")]
    Gap(#[from] GapError),
    /// The deadline came first.
    #[error(
        "the invocation's time ended before the day was compared: compare shorter windows with `payhook gaps`"
    )]
    TimeUp,
}

impl From<ListingError> for CheckError {
    fn from(error: ListingError) -> Self {
        Self::Gap(GapError::Listing(error))
    }
}

impl CheckError {
    /// Whether another attempt after minutes may help, and the invocation fails therefore.
    fn fails_invocation(&self) -> bool {
        match self {
            Self::NotConfigured(_) | Self::Secret(_) | Self::Gap(GapError::Archive(_)) => true,
            Self::Setup(_) | Self::Gap(GapError::Listing(_)) | Self::TimeUp => false,
        }
    }
}

/// A provider's day that was looked at.
#[derive(Debug)]
pub(crate) struct Checked {
    provider: String,
    day: Date,
    outcome: Result<Compared, CheckError>,
    recorded: Result<(), StoreError>,
}

/// What the daily task leaves: each provider in an invocation of its own, so that none of them can
/// stop the others.
pub(crate) fn daily(apis: &impl Apis) -> impl Iterator<Item = Task> {
    apis.providers().iter().map(|provider| Task::Gaps {
        provider: (*provider).to_owned(),
        day: None,
    })
}

/// The last day that had ended when the provider's retries of it were over.
fn settled_day(provider: &dyn Provider, now: Timestamp) -> Date {
    let settled = Offset::UTC.to_datetime(settled_before(provider, now));
    settled.date().checked_sub(1.days()).unwrap_or(Date::MIN)
}

/// The UTC day as a window.
fn window(day: Date) -> Window {
    let midnight = |day: Date| {
        let midnight = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0));
        midnight.unwrap_or(Timestamp::MAX)
    };
    Window {
        from: midnight(day),
        to: midnight(day.tomorrow().unwrap_or(Date::MAX)),
    }
}

/// What the work gives, unless the deadline comes first.
async fn before<V>(deadline: &impl Deadline, work: impl Future<Output = V>) -> Option<V> {
    let up = async {
        while !deadline.reached() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        biased;
        () = up => None,
        done = work => Some(done),
    }
}

/// Compares a provider's day, and records what was found.
pub(crate) async fn run<L, T, C, O, S, P, D, A>(
    provider: &str,
    day: Option<Date>,
    now: Timestamp,
    deps: &Deps<'_, L, T, C, O, S, P, D, A>,
) -> Checked
where
    T: ItemReader,
    O: ObjectStore,
    P: Pause,
    D: Deadline,
    A: Apis,
{
    let today = Offset::UTC.to_datetime(now).date();
    let Some((listing, known)) = of_stack(provider, deps.apis) else {
        return Checked {
            provider: provider.to_owned(),
            day: day.unwrap_or(today),
            outcome: Err(CheckError::NotConfigured(provider.to_owned())),
            recorded: Ok(()),
        };
    };
    let day = day.unwrap_or_else(|| settled_day(known, now));
    let outcome = before(deps.deadline, compared(listing, known, window(day), deps)).await;
    let outcome = outcome.unwrap_or(Err(CheckError::TimeUp));
    let body = record::body(provider, day, now, &outcome);
    let key = record::key(day, provider);
    let recorded = retrying(deps.pause, async || {
        deps.objects.put(&key, body.clone()).await
    });
    Checked {
        provider: provider.to_owned(),
        day,
        recorded: recorded.await,
        outcome,
    }
}

fn of_stack(
    provider: &str,
    apis: &impl Apis,
) -> Option<(&'static dyn Listing, &'static dyn Provider)> {
    let named = apis.providers().iter().find(|name| **name == provider)?;
    Some((
        provider_listings::providers::by_name(named)?,
        provider_webhooks::providers::by_name(named)?,
    ))
}

async fn compared<L, T, C, O, S, P, D, A>(
    listing: &'static dyn Listing,
    provider: &dyn Provider,
    window: Window,
    deps: &Deps<'_, L, T, C, O, S, P, D, A>,
) -> Result<Compared, CheckError>
where
    T: ItemReader,
    O: ObjectStore,
    P: Pause,
    A: Apis,
{
    let (api, account) = deps.apis.open(listing, deps.pause).await?;
    let limits = Limits {
        budget: Budget {
            requests_max: REQUESTS_MAX,
        },
        early: false,
    };
    let stores = Stores {
        table: deps.table,
        objects: deps.objects,
        pause: deps.pause,
    };
    let compared = compare_window(listing, provider, window, &account, &api, limits, &stores);
    Ok(compared.await?)
}

impl Checked {
    /// Parts of it that fail the invocation.
    pub(crate) fn failures(&self) -> usize {
        let outcome = matches!(&self.outcome, Err(error) if error.fails_invocation());
        usize::from(outcome) + usize::from(self.recorded.is_err())
    }

    /// What is published of it, for all providers and for each. What is not known is not claimed.
    pub(crate) fn values(&self) -> Vec<(&'static str, &'static str, u64)> {
        let failed = self.outcome.is_err() || self.recorded.is_err();
        let mut values = vec![("GapCheckFailed", "Count", u64::from(failed))];
        if let Ok(compared) = &self.outcome {
            let missing = compared.report.missing.len() as u64;
            values.push(("GapsMissing", "Count", missing));
        }
        values
    }

    /// The provider's own line of metrics; none of a name that is no provider's.
    pub(crate) fn line(&self, metrics: &Metrics, now_ms: i64) -> Option<String> {
        match &self.outcome {
            Err(CheckError::NotConfigured(_)) => None,
            _ => Some(metrics.line(now_ms, Some(&self.provider), &self.values())),
        }
    }

    /// Logs what was found. No id: the record in the bucket has them.
    pub(crate) fn log(&self) {
        let (provider, day) = (&self.provider, self.day);
        match &self.outcome {
            Ok(compared) => {
                let report = &compared.report;
                let (listed, missing) = (report.listed, report.missing.len());
                let not_listed = report.not_listed.len();
                let found = format!(
                    "{provider} lists {listed} of {day}: {missing} are missing here, \
                     and {not_listed} stored here are not listed"
                );
                match missing {
                    0 => tracing::info!(provider, %day, listed, missing, not_listed, "{found}"),
                    _ => tracing::error!(provider, %day, listed, missing, not_listed, "{found}"),
                }
            }
            Err(error) => tracing::error!(
                provider, %day, %error, "{day} of {provider} is not compared: {error}"
            ),
        }
        if let Err(error) = &self.recorded {
            tracing::error!(
                provider, %day, %error, "what was found of {day} of {provider} is not recorded: {error}"
            );
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
