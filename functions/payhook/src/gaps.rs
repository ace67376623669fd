//! `payhook gaps` and `payhook backfill`: what a provider's own records have and payhook has not, and
//! bringing it back.
//!
//! Invariant: looking stores nothing. Backfill is a dry run unless `--execute` is given; what it
//! stores goes through queue, judge, masking and audit like a webhook, marked by who fetched it. A run
//! that ended early is taken up by running it again: what is stored is no longer missing.

mod back;
mod print;

use std::io::Write;

use aws_adapters::{Backoff, Clients, DynamoReader, S3Objects, SecretsManager};
use clap::Args;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use pipeline::storage::SecretStore;
use provider_api::{ProviderApi, account};
use provider_listings::{Account, Api, Budget, Listing, Window};
use provider_webhooks::Provider;
use transaction_archive::day::Stores;
use transaction_archive::gaps::{Compared, Limits, compare_window};

use crate::error::Error;
use crate::stack::{StackArguments, wait};

/// Of which provider, and for which stack.
#[derive(Args)]
pub(crate) struct AskedArguments {
    /// The provider.
    #[arg(long, value_name = "NAME")]
    provider: String,
    #[command(flatten)]
    stack: StackArguments,
}

/// Of which provider, and when.
#[derive(Args)]
pub(crate) struct WindowArguments {
    /// The first day (UTC, by the provider's clock), or a time (RFC 3339).
    #[arg(long, value_name = "DAY")]
    from: Moment,
    /// The last day, or the time before which it ends. Default: now.
    #[arg(long, value_name = "DAY")]
    to: Option<Moment>,
    /// Requests to the provider's API at most.
    #[arg(long, value_name = "N", default_value_t = Budget::default().requests_max)]
    max_requests: u32,
    /// Call missing also what the provider may still send by itself.
    #[arg(long)]
    early: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asked: AskedArguments,
}

/// What `payhook gaps` takes.
#[derive(Args)]
pub(crate) struct GapsArguments {
    #[command(flatten)]
    window: WindowArguments,
}

/// What `payhook backfill` takes.
#[derive(Args)]
pub(crate) struct BackfillArguments {
    /// Really bring back what is missing. Without it only what would be done is said.
    #[arg(long)]
    execute: bool,
    /// Store what was fetched even where the provider can be asked to send its webhook again.
    #[arg(long)]
    fetch: bool,
    /// Webhooks a second.
    #[arg(long, value_name = "PER_SECOND", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    #[command(flatten)]
    window: WindowArguments,
}

/// A day or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Day(Date),
    Time(Timestamp),
}

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = text.parse().map(Self::Day);
        let time = || text.parse().map(Self::Time);
        day.or_else(|_| time()).map_err(|_| {
            "a day such as 2026-11-01, or a time such as 2026-11-01T06:00:00Z".to_owned()
        })
    }
}

impl Moment {
    fn begins(self) -> Timestamp {
        match self {
            Self::Time(time) => time,
            Self::Day(day) => midnight(day),
        }
    }

    fn ends(self) -> Timestamp {
        match self {
            Self::Time(time) => time,
            Self::Day(day) => midnight(day)
                .checked_add(SignedDuration::from_hours(24))
                .unwrap_or(Timestamp::MAX),
        }
    }
}

fn midnight(day: Date) -> Timestamp {
    let midnight = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0));
    midnight.unwrap_or(Timestamp::MIN)
}

impl WindowArguments {
    fn window(&self, now: Timestamp) -> Result<Window, Error> {
        let to = self.to.map_or(now, Moment::ends).min(now);
        let window = Window {
            from: self.from.begins(),
            to,
        };
        (window.from < window.to)
            .then_some(window)
            .ok_or(Error::EmptyWindow)
    }
}

/// The API of one provider, as its secret says, and everything that a comparison needs.
pub(crate) struct Asked {
    clients: Clients,
    pub(crate) provider: &'static dyn Provider,
    pub(crate) listing: &'static dyn Listing,
    pub(crate) account: Account,
    pub(crate) api: ProviderApi,
}

/// The prefix of the names of API secrets: `api_secret_{provider}_{suffix}`.
const API_SECRET: &str = "api_secret_";

impl Asked {
    /// Reads the provider's API secret.
    ///
    /// # Errors
    /// An [`Error`] when there is no such provider, no usable key or no answer of AWS.
    pub(crate) async fn new(arguments: &AskedArguments) -> Result<Self, Error> {
        let unknown = || Error::UnknownProvider(arguments.provider.clone());
        let provider = provider_webhooks::providers::by_name(&arguments.provider);
        let provider = provider.ok_or_else(unknown)?;
        let listing = provider_listings::providers::by_name(&arguments.provider);
        let listing = listing.ok_or_else(unknown)?;
        let clients = arguments.stack.clients().await;
        let suffix = arguments.stack.suffix();
        let manager = SecretsManager::of_every_provider(clients.wire(), API_SECRET, suffix);
        let secrets = manager.secrets(provider.info().name).await?;
        Ok(Self {
            clients,
            provider,
            account: account(listing, &secrets),
            api: ProviderApi::of_secret(listing, &secrets)?,
            listing,
        })
    }

    async fn compare(&self, arguments: &WindowArguments) -> Result<(Window, Compared), Error> {
        let window = arguments.window(self.api.now())?;
        self.api.check().await?;
        let table = DynamoReader::new(&self.clients, arguments.asked.stack.name("transactions"));
        let objects = S3Objects::new(&self.clients, arguments.asked.stack.bucket());
        let stores = Stores {
            table: &table,
            objects: &objects,
            pause: &Backoff,
        };
        let limits = Limits {
            budget: Budget {
                requests_max: arguments.max_requests,
            },
            early: arguments.early,
        };
        let compared = compare_window(
            self.listing,
            self.provider,
            window,
            &self.account,
            &self.api,
            limits,
            &stores,
        );
        Ok((window, compared.await?))
    }
}

/// Runs `payhook gaps`.
///
/// # Errors
/// [`Error::Gaps`] when something is missing for good; others when list or store cannot be read.
pub(crate) fn gaps(arguments: &GapsArguments, output: &mut impl Write) -> Result<(), Error> {
    let arguments = &arguments.window;
    let (window, compared) = wait(async {
        let asked = Asked::new(&arguments.asked).await?;
        asked.compare(arguments).await
    })?;
    print::report(
        &arguments.asked.provider,
        window,
        &compared,
        arguments.json,
        output,
    )?;
    match compared.report.missing.len() {
        0 => Ok(()),
        missing => Err(Error::Gaps(missing)),
    }
}

/// Runs `payhook backfill`.
///
/// # Errors
/// [`Error::NotBroughtBack`] when something could not be; others when list or store cannot be read.
pub(crate) fn backfill(
    arguments: &BackfillArguments,
    output: &mut impl Write,
) -> Result<(), Error> {
    wait(async {
        let asked = Asked::new(&arguments.window.asked).await?;
        let (window, compared) = asked.compare(&arguments.window).await?;
        back::run(arguments, &asked, window, &compared, output).await
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_whole_and_a_time_is_exact() {
        let moment = |text: &str| text.parse::<Moment>();
        let day = moment("2026-11-01").unwrap();
        assert_eq!(day.begins().to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(day.ends().to_string(), "2026-11-02T00:00:00Z");
        let time = moment("2026-11-01T06:00:00Z").unwrap();
        assert_eq!((time.begins(), time.begins()), (time.ends(), time.ends()));
        assert!(moment("yesterday").is_err());
    }
}
