//! Reads keys and secrets to send with, and the facts around a deployed stack.

use std::collections::BTreeMap;
use std::path::Path;

use aws_adapters::account::{RestApi, gateway_account, reserved};
use aws_adapters::standing::{
    EventSources, alarms, event_sources, recursion, retention, subscriptions, written_under,
};
use aws_adapters::{Clients, SecretsManager};
use jiff::Timestamp;
use pipeline::storage::SecretStore;

use super::standing::Standing;
use crate::doctor::before::read::known;
use crate::doctor::finding::Known;
use crate::doctor::stack_facts::{FUNCTIONS, Names};
use crate::error::Error;
use crate::keys;
use crate::send::api_keys::ApiKeys;
use crate::send::secrets::read_file;
use crate::stack::StackArguments;

const LOGS: &str = "logs/";
/// What something starts by itself; the archive is started by a schedule.
const STARTED: [&str; 2] = ["webhook_processor", "analytics_processor"];

/// The API key to send with as each provider: of a file, or the newest live ones of the stack.
///
/// # Errors
/// A file that is not of the form, or a stack whose keys may not be read.
pub(super) async fn api_keys(
    clients: &Clients,
    file: Option<&Path>,
    suffix: &str,
) -> Result<BTreeMap<String, String>, Error> {
    let keys = match file {
        Some(path) => ApiKeys::from_file(path)?.each(),
        None => keys::live(clients, suffix).await?,
    };
    match keys.is_empty() {
        true => Err(Error::NoKeys("any provider".to_owned())),
        false => Ok(keys),
    }
}

/// Where secrets come from.
pub(super) enum Secrets {
    File(BTreeMap<String, provider_webhooks::Secrets>),
    Stack(Box<SecretsManager>),
}

impl Secrets {
    /// Those of a file, or the stack's own.
    ///
    /// # Errors
    /// A file that is not of the form.
    pub(super) fn new(clients: &Clients, file: Option<&Path>, suffix: &str) -> Result<Self, Error> {
        Ok(match file {
            Some(path) => Self::File(read_file(path)?),
            None => {
                let stored =
                    SecretsManager::of_every_provider(clients.wire(), "webhook_secret_", suffix);
                Self::Stack(Box::new(stored))
            }
        })
    }

    /// One provider's; empty ones when it has none.
    pub(super) async fn of(&self, provider: &'static str) -> Known<provider_webhooks::Secrets> {
        match self {
            Self::File(secrets) => Ok(secrets.get(provider).cloned().unwrap_or_default()),
            Self::Stack(stored) => {
                let secrets = known(stored.secrets(provider).await)?;
                Ok((*secrets).clone())
            }
        }
    }
}

/// Asks for everything that stands around the webhooks' way.
pub(super) async fn standing(
    clients: &Clients,
    stack: &StackArguments,
    names: Names,
    providers: Vec<String>,
    api: Known<Option<RestApi>>,
) -> Standing {
    let region = clients.region().unwrap_or_default();
    let topic = format!(
        "arn:aws:sns:{region}:{}:{}",
        stack.account(),
        stack.name("alarms")
    );
    let found = known(alarms(clients, &names.alarms).await);
    // Without a firewall there is no log of it.
    let firewall = found.as_ref().is_ok_and(|alarms| {
        let mut names = alarms.iter().map(|alarm| alarm.name.as_str());
        names.any(|name| name.starts_with("firewall_"))
    });
    let mut groups = names.log_groups;
    groups.retain(|group| firewall || !group.starts_with("aws-waf-logs-"));
    if let Ok(Some(api)) = &api {
        groups.push(format!(
            "API-Gateway-Execution-Logs_{}/{}",
            api.id, names.stage
        ));
    }
    let mut log_groups = Vec::new();
    for group in groups {
        let kept = known(retention(clients, &group).await);
        log_groups.push((group, kept));
    }
    let mut sources = Vec::new();
    for function in STARTED {
        let name = stack.name(function);
        let states = event_sources(clients, EventSources::Starting(&name)).await;
        sources.push((function.to_owned(), known(states)));
    }
    let mut reservations = Vec::new();
    for function in FUNCTIONS {
        let found = reserved(clients, &stack.name(function)).await;
        reservations.push((function, known(found)));
    }
    Standing {
        suffix: stack.suffix().to_owned(),
        alarms_reviewed: names.alarms,
        alarms: found,
        providers,
        subscriptions: known(subscriptions(clients, &topic).await),
        topic,
        log_groups,
        exported: known(written_under(clients, &stack.bucket(), LOGS).await),
        deployed_at: api.map(|api| api.and_then(|api| api.created_at)),
        recursion: known(recursion(clients, &stack.name("archival_function")).await),
        event_sources: sources,
        reserved: reservations,
        gateway: known(gateway_account(clients).await),
        now: Timestamp::now(),
    }
}
