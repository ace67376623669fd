//! Gathers the facts of the account. Whatever cannot be asked becomes the reason why it is not
//! known.

use std::collections::BTreeSet;

use aws_adapters::Clients;
use aws_adapters::account::{
    Caller, Counted, caller, certificate, concurrency, count, gateway_account, presence, quota,
    reserved, rest_api,
};
use aws_adapters::standing::{EventSources, event_sources};
use futures::future::join_all;
use jiff::Timestamp;

use super::certificate::REGION as CERTIFICATE_REGION;
use super::quotas::{Code, KMS_KEYS_MAX, KMS_REQUESTS, Quotas, USAGE_PLANS};
use super::{Facts, Leftover, Wanted};
use crate::doctor::finding::Known;
use crate::doctor::stack_facts::{FUNCTIONS, Names};

/// Asks for everything. `own` are the ids and names in Pulumi's state, where it was given.
pub(in crate::doctor) async fn facts(
    clients: &Clients,
    wanted: Wanted,
    own: Option<&BTreeSet<String>>,
) -> Facts {
    let suffix = wanted.suffix.as_str();
    let named = |resource: &str| format!("{resource}_{suffix}");
    let caller = asked_when(clients).await;
    let deployed = rest_api(clients, &named("webhook_api")).await;
    let certificate = match &wanted.edge {
        Some((_, arn)) => Some(known(certificate(clients, CERTIFICATE_REGION, arn).await)),
        None => None,
    };
    let queue = format!(
        "arn:aws:sqs:{}:{}:{}",
        clients.region().unwrap_or_default(),
        wanted.account,
        named("webhook_queue")
    );
    let names = Names::of(suffix, &wanted.account).taken;
    let looked_for = names.into_iter().map(async |named| Leftover {
        presence: known(presence(clients, named.kind, &named.name).await),
        own: own.map(|own| own.contains(&named.name)),
        named,
    });
    Facts {
        region: clients.region().map(str::to_owned),
        caller,
        concurrency: known(concurrency(clients).await),
        reserved_already: reserved_already(clients, named).await,
        gateway: known(gateway_account(clients).await),
        quotas: quotas(clients).await,
        certificate,
        leftovers: join_all(looked_for).await,
        deployed: known(deployed).map(|api| api.is_some()),
        pollers: known(event_sources(clients, EventSources::Of(&queue)).await),
        now: Timestamp::now(),
        wanted,
    }
}

/// A fact, or in words why not.
pub(in crate::doctor) fn known<T>(answer: Result<T, impl std::fmt::Display>) -> Known<T> {
    answer.map_err(|error| error.to_string())
}

/// Who asks, and the time here in the middle of the call.
async fn asked_when(clients: &Clients) -> Known<(Caller, Timestamp)> {
    let before = Timestamp::now();
    let caller = known(caller(clients).await)?;
    let took = Timestamp::now().duration_since(before);
    Ok((caller, before.saturating_add(took / 2).unwrap_or(before)))
}

async fn reserved_already(clients: &Clients, named: impl Fn(&str) -> String) -> Known<u32> {
    let mut sum = 0;
    for function in FUNCTIONS {
        sum += known(reserved(clients, &named(function)).await)?.unwrap_or_default();
    }
    Ok(sum)
}

async fn quotas(clients: &Clients) -> Quotas {
    let most = async |Code { service, code }| known(quota(clients, service, code).await);
    Quotas {
        api_keys: known(count(clients, Counted::ApiKeys).await),
        usage_plans: known(count(clients, Counted::UsagePlans).await),
        usage_plans_max: most(USAGE_PLANS).await,
        kms_keys: known(count(clients, Counted::KmsKeys).await),
        kms_keys_max: most(KMS_KEYS_MAX).await,
        kms_requests_max: most(KMS_REQUESTS).await,
    }
}
