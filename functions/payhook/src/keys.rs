//! `payhook keys`: the API keys of the providers, two each, so that a provider's new address works before its old one stops.
//!
//! A key's value never changes: one that was retired is known to somebody, so it is never switched on again. Pulumi makes it anew.

use std::collections::BTreeMap;
use std::io::Write;

use aws_adapters::Clients;
use aws_adapters::api_keys::{ApiKey, api_keys, switch_api_key};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use crate::error::Error;
use crate::stack::wait;

/// As `infra/lib/api_keys.py` names them: `{start}{provider}_{slot}_{suffix}`.
const NAME_START: &str = "webhook_api_key_";
const LIVE_SINCE: &str = "live since ";
const RETIRED: &str = "retired ";

/// What `payhook keys` can do.
#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// List every provider's keys: live, spare or retired. No key is printed.
    List(ListArguments),
    /// Print the keys that live, or the addresses to register with the provider.
    Show(ShowArguments),
    /// Switch a provider's spare key on beside the one that lives.
    Rotate(ProviderArguments),
    /// Switch a provider's key off for good.
    Retire(RetireArguments),
}

/// Which stack.
#[derive(Args)]
pub(crate) struct Suffix {
    /// The stack's environment suffix.
    #[arg(long, value_name = "SUFFIX", env = "PAYHOOK_SUFFIX")]
    suffix: String,
}

/// What `list` takes.
#[derive(Args)]
pub(crate) struct ListArguments {
    /// One JSON object a key.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stack: Suffix,
}

/// What `show` takes.
#[derive(Args)]
pub(crate) struct ShowArguments {
    /// The provider; every one unless it is named.
    provider: Option<String>,
    /// Print addresses: this URL, the provider, the key.
    #[arg(long, value_name = "URL", conflicts_with = "json")]
    endpoint: Option<String>,
    /// Print the newest live key of each as one JSON object, the form of `payhook send --api-keys-file`.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stack: Suffix,
}

/// Whose keys.
#[derive(Args)]
pub(crate) struct ProviderArguments {
    /// The provider.
    provider: String,
    #[command(flatten)]
    stack: Suffix,
}

/// What `retire` takes.
#[derive(Args)]
pub(crate) struct RetireArguments {
    /// The provider.
    provider: String,
    /// Which of its keys.
    #[arg(long, value_enum)]
    slot: Slot,
    /// Also when no other key lives: the provider is turned away from then on.
    #[arg(long)]
    shut_out: bool,
    #[command(flatten)]
    stack: Suffix,
}

/// The places of a provider's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    const fn name(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// What a key is for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Live,
    Spare,
    Retired,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Spare => "spare",
            Self::Retired => "retired",
        }
    }
}

struct Held {
    provider: String,
    slot: Slot,
    state: State,
    /// Since when it is what it is.
    since: Timestamp,
    key: ApiKey,
}

impl Held {
    /// A key of this stack; `None` for those of others.
    fn new(key: ApiKey, suffix: &str) -> Option<Self> {
        let name = key.name.strip_prefix(NAME_START)?.strip_suffix(suffix)?;
        let (provider, slot) = name.strip_suffix('_')?.rsplit_once('_')?;
        let slot = Slot::from_str(slot, false).ok()?;
        let noted = |start| key.note.strip_prefix(start)?.parse().ok();
        let (state, since) = match noted(RETIRED) {
            // A key that somebody switched on by other means lives, whatever its note says.
            since if key.enabled => (State::Live, noted(LIVE_SINCE).or(since)),
            Some(since) => (State::Retired, Some(since)),
            None => (State::Spare, None),
        };
        Some(Self {
            provider: provider.to_owned(),
            slot,
            state,
            since: since.unwrap_or(key.created_at),
            key,
        })
    }
}

async fn held(clients: &Clients, suffix: &str) -> Result<Vec<Held>, Error> {
    let keys = api_keys(clients, NAME_START).await?;
    let mut held: Vec<Held> = keys
        .into_iter()
        .filter_map(|key| Held::new(key, suffix))
        .collect();
    held.sort_by(|a, b| (&a.provider, a.slot.name()).cmp(&(&b.provider, b.slot.name())));
    Ok(held)
}

/// The newest live key of each provider: a credential each.
///
/// # Errors
/// As [`Error`] says.
pub(crate) async fn live(
    clients: &Clients,
    suffix: &str,
) -> Result<BTreeMap<String, String>, Error> {
    let mut keys = held(clients, suffix).await?;
    keys.retain(|held| held.state == State::Live);
    Ok(newest(keys))
}

fn newest(mut live: Vec<Held>) -> BTreeMap<String, String> {
    live.sort_by_key(|held| held.since);
    // The later of a provider's takes the earlier's place.
    live.into_iter()
        .map(|held| (held.provider, held.key.value))
        .collect()
}

/// One provider's keys.
async fn of_provider(clients: &Clients, suffix: &str, provider: &str) -> Result<Vec<Held>, Error> {
    let mut keys = held(clients, suffix).await?;
    keys.retain(|held| held.provider == provider);
    if keys.is_empty() {
        return Err(Error::NoKeys(provider.to_owned()));
    }
    Ok(keys)
}

/// Runs the command.
///
/// # Errors
/// As [`Error`] says.
pub(crate) fn run(command: &KeysCommand, output: &mut impl Write) -> Result<(), Error> {
    wait(async {
        let clients = Clients::from_environment().await;
        match command {
            KeysCommand::List(arguments) => list(&clients, arguments, output).await,
            KeysCommand::Show(arguments) => show(&clients, arguments, output).await,
            KeysCommand::Rotate(arguments) => rotate(&clients, arguments, output).await,
            KeysCommand::Retire(arguments) => retire(&clients, arguments, output).await,
        }
    })
}

async fn list(
    clients: &Clients,
    arguments: &ListArguments,
    output: &mut impl Write,
) -> Result<(), Error> {
    let keys = held(clients, &arguments.stack.suffix).await?;
    table(&keys, arguments.json, output).map_err(Error::Output)
}

fn table(keys: &[Held], json: bool, output: &mut impl Write) -> std::io::Result<()> {
    if json {
        return keys.iter().try_for_each(|held| {
            let row = serde_json::json!({
                "provider": held.provider,
                "slot": held.slot.name(),
                "state": held.state.name(),
                "since": held.since.to_string(),
                "key_id": held.key.id,
            });
            writeln!(output, "{row}")
        });
    }
    let providers = keys.iter().map(|held| held.provider.len());
    let width = providers.chain([8]).max().unwrap_or_default();
    writeln!(
        output,
        "{:width$}  slot  state    since                 key id",
        "provider"
    )?;
    for held in keys {
        writeln!(
            output,
            "{:width$}  {:4}  {:7}  {:20}  {}",
            held.provider,
            held.slot.name(),
            held.state.name(),
            held.since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            held.key.id
        )?;
    }
    let live = keys.iter().filter(|held| held.state == State::Live).count();
    writeln!(output, "{} keys, {live} of them live.", keys.len())
}

async fn show(
    clients: &Clients,
    arguments: &ShowArguments,
    output: &mut impl Write,
) -> Result<(), Error> {
    let suffix = &arguments.stack.suffix;
    let keys = match &arguments.provider {
        Some(provider) => of_provider(clients, suffix, provider).await?,
        None => held(clients, suffix).await?,
    };
    shown(keys, arguments, output).map_err(Error::Output)
}

fn shown(
    mut keys: Vec<Held>,
    arguments: &ShowArguments,
    output: &mut impl Write,
) -> std::io::Result<()> {
    keys.retain(|held| held.state == State::Live);
    if arguments.json {
        serde_json::to_writer_pretty(&mut *output, &newest(keys))?;
        return writeln!(output);
    }
    for held in &keys {
        let (provider, slot, value) = (&held.provider, held.slot.name(), &held.key.value);
        match &arguments.endpoint {
            Some(url) => writeln!(output, "{}/{provider}/{value}", url.trim_end_matches('/')),
            None => writeln!(output, "{provider}  {slot}  {value}"),
        }?;
    }
    Ok(())
}

async fn rotate(
    clients: &Clients,
    arguments: &ProviderArguments,
    output: &mut impl Write,
) -> Result<(), Error> {
    let provider = &arguments.provider;
    let keys = of_provider(clients, &arguments.stack.suffix, provider).await?;
    let spare = next(&keys, provider)?;
    let note = format!("{LIVE_SINCE}{}", now());
    switch_api_key(clients, &spare.key.id, true, &note).await?;
    rotated(spare, &keys, output).map_err(Error::Output)
}

/// Says what to do now that the spare lives.
fn rotated(spare: &Held, keys: &[Held], output: &mut impl Write) -> std::io::Result<()> {
    let (provider, slot) = (&spare.provider, spare.slot.name());
    writeln!(
        output,
        "{provider}: the key in slot {slot} lives now. `payhook keys show {provider}` prints it; register the new address with the provider."
    )?;
    for held in keys.iter().filter(|held| held.state == State::Live) {
        let slot = held.slot.name();
        writeln!(
            output,
            "The one in slot {slot} still lives. Once nothing comes with it: payhook keys retire {provider} --slot {slot}"
        )?;
    }
    Ok(())
}

/// The key to switch on.
fn next<'k>(keys: &'k [Held], provider: &str) -> Result<&'k Held, Error> {
    if let Some(spare) = keys.iter().find(|held| held.state == State::Spare) {
        return Ok(spare);
    }
    let provider = provider.to_owned();
    match keys.iter().find(|held| held.state == State::Retired) {
        Some(held) => Err(Error::KeyRetired {
            provider,
            slot: held.slot.name(),
        }),
        None => {
            let oldest = keys.iter().min_by_key(|held| held.since);
            let slot = oldest.map_or("a", |held| held.slot.name());
            Err(Error::BothKeysLive { provider, slot })
        }
    }
}

async fn retire(
    clients: &Clients,
    arguments: &RetireArguments,
    output: &mut impl Write,
) -> Result<(), Error> {
    let keys = of_provider(clients, &arguments.stack.suffix, &arguments.provider).await?;
    let chosen = to_retire(&keys, arguments)?;
    let already = chosen.state == State::Retired;
    if !already {
        let note = format!("{RETIRED}{}", now());
        switch_api_key(clients, &chosen.key.id, false, &note).await?;
    }
    retired(chosen, output).map_err(Error::Output)
}

/// The key to switch off.
fn to_retire<'k>(keys: &'k [Held], arguments: &RetireArguments) -> Result<&'k Held, Error> {
    let provider = || arguments.provider.clone();
    let (chosen, others): (Vec<&Held>, Vec<&Held>) =
        keys.iter().partition(|held| held.slot == arguments.slot);
    let chosen = chosen.first().ok_or_else(|| Error::NoKeys(provider()))?;
    let another_lives = others.iter().any(|held| held.state == State::Live);
    if another_lives || arguments.shut_out {
        Ok(chosen)
    } else {
        Err(Error::LastKey(provider()))
    }
}

fn retired(chosen: &Held, output: &mut impl Write) -> std::io::Result<()> {
    let (provider, slot) = (&chosen.provider, chosen.slot.name());
    let now = match chosen.state {
        State::Retired => "was retired before",
        State::Live | State::Spare => "opens nothing any more",
    };
    writeln!(
        output,
        "{provider}: the key in slot {slot} {now}. A new one in its place: pulumi up --replace '**webhook_api_key_{provider}_{slot}'"
    )
}

/// To the second.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
