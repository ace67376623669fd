//! `payhook doctor after`: walks the way of a webhook through a deployed stack, for each of its
//! providers, and looks at what stands around it.

mod door;
mod handshake;
mod read;
mod sent;
#[cfg(test)]
mod sent_tests;
mod standing;
#[cfg(test)]
mod standing_tests;
mod tls;
mod trace;
mod webhook;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use aws_adapters::Clients;
use aws_adapters::account::{RestApi, rest_api};
use aws_adapters::standing::metric_sum;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use provider_webhooks::ProviderInfo;
use tokio::time::{Instant, sleep};

use super::before::read::known;
use super::finding::{Finding, Known, told};
use super::pulumi_files::{Outputs, outputs};
use super::stack_facts::{Limits, Names};
use super::steps::{
    GENUINE_ACCEPTED, HEADER_NAMES_ANY_CASE, METRIC_STORED, QUEUE_TAKES_1MIB,
    REQUEST_ID_IS_THE_GATEWAYS,
};
use crate::error::Error;
use crate::hash::sha256_hex;
use crate::send::plan::{SEED_MAX, Signer};
use crate::send::post::HeaderNames;
use crate::send::secrets::chosen;
use crate::stack::StackArguments;
use door::{Door, Letter};
use sent::{CLAIMED_REQUEST_ID, Sent, Trace};
use trace::Places;
use webhook::{Purpose, prober, usable, webhooks};

/// `infra/lib/functions.py` names it so.
const METRICS_NAMESPACE: &str = "payhook";
const METRIC_PAUSE: Duration = Duration::from_secs(5);

/// What `payhook doctor after` takes.
#[derive(Args)]
pub(crate) struct AfterArguments {
    /// Where providers send: the edge's URL with /webhook, or the stage's where there is no edge.
    #[arg(long, value_name = "URL", required_unless_present = "outputs")]
    endpoint: Option<String>,
    /// What `pulumi stack output --json` wrote: endpoint and gateway are taken from it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["endpoint", "gateway"])]
    outputs: Option<PathBuf>,
    /// The stage's URL past the edge. Default: made of the gateway's id.
    #[arg(long, value_name = "URL")]
    gateway: Option<String>,
    /// JSON file of API keys by provider, as `payhook keys show --json` writes it. Without it they
    /// are read from the stack.
    #[arg(long, value_name = "FILE")]
    api_keys_file: Option<PathBuf>,
    /// JSON file of secrets by provider, the form of `payhook send`. Without it they are read from
    /// the stack.
    #[arg(long, value_name = "FILE")]
    secrets_file: Option<PathBuf>,
    /// A provider to send as; may be repeated. Default: every one that has an API key.
    #[arg(long = "provider", value_name = "NAME")]
    providers: Vec<String>,
    /// Seconds to look for what was sent, and again for its metric.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
    /// One JSON object a finding.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    stack: StackArguments,
}

/// Does everything and says what it found.
///
/// # Errors
/// When nothing could be tried: a file, the endpoint's form.
pub(super) async fn findings(arguments: &AfterArguments) -> Result<Vec<Finding>, Error> {
    let stack = &arguments.stack;
    let clients = stack.clients().await;
    let limits = Limits::read();
    let api = known(rest_api(&clients, &stack.name("webhook_api")).await);
    let (endpoint, gateway) = addresses(arguments)?;
    let door = Door::new(
        &endpoint,
        gateway.or_else(|| gateway_url(&api, &limits.region, stack)),
    )?;
    let keys = read::api_keys(&clients, arguments.api_keys_file.as_deref(), stack.suffix()).await?;
    let asked_for = match arguments.providers.as_slice() {
        [] => chosen(&keys.keys().cloned().collect::<Vec<_>>())?,
        names => chosen(names)?,
    };
    let secrets = read::Secrets::new(&clients, arguments.secrets_file.as_deref(), stack.suffix())?;
    let mut findings = Vec::new();
    let mut signers = Vec::new();
    for info in asked_for {
        match signer(info, &keys, &secrets).await {
            Ok(signer) => signers.push(signer),
            Err(why) => findings.push(Finding::unknown(&GENUINE_ACCEPTED, why).about(info.name)),
        }
    }

    let started = Timestamp::now();
    let places = Places::new(&clients, stack).await;
    let probes = prober(&signers, &limits.smoke.provider).map(|signer| signer.info.name);
    let mut sent = Vec::new();
    for signer in &signers {
        let key = keys[signer.info.name].as_str();
        let probing = probes == Some(signer.info.name);
        match send(&door, signer, key, probing).await {
            Ok(webhooks) => sent.extend(webhooks),
            Err(why) => {
                let why = Finding::unknown(&GENUINE_ACCEPTED, why.to_string());
                findings.push(why.about(signer.info.name));
            }
        }
    }
    let mut answers = Vec::new();
    for signer in &signers {
        let key = keys[signer.info.name].as_str();
        answers.push(handshake::finding(&door, signer, key).await);
    }
    if probes.is_none() {
        let why = "nobody can be sent as whose signature covers a whole JSON body";
        let untried = [
            HEADER_NAMES_ANY_CASE,
            QUEUE_TAKES_1MIB,
            REQUEST_ID_IS_THE_GATEWAYS,
        ];
        findings.extend(untried.map(|step| Finding::unknown(&step, why)));
    }
    // Whoever has a key can be refused.
    if let Some((name, key)) = keys
        .iter()
        .find(|(name, _)| probes.is_none_or(|p| p == *name))
    {
        let bytes_max = limits.webhook_queue.max_message_bytes;
        answers.extend(door.refusals(name, key, bytes_max).await);
    }
    let wait = Duration::from_secs(arguments.wait);
    let troubles = places.follow(&mut sent, wait).await;
    for one in &sent {
        findings.extend(one.findings(&troubles, arguments.wait, stack.suffix()));
    }
    findings.extend(answers);
    let stored = sent.iter().any(|one| one.trace.record.is_some());
    findings.push(metric(&clients, stack, stored, started, wait).await);
    let names = Names::of(stack.suffix(), stack.account());
    let providers = keys.into_keys().collect();
    let standing = read::standing(&clients, stack, names, providers, api).await;
    findings.extend(standing.findings(&limits));
    Ok(findings)
}

/// Where providers send, and the gateway's own address where it is known.
fn addresses(arguments: &AfterArguments) -> Result<(String, Option<String>), Error> {
    match (&arguments.outputs, &arguments.endpoint) {
        (Some(path), _) => {
            let Outputs {
                webhook_url,
                api_endpoint_url,
            } = outputs(path)?;
            let endpoint = webhook_url.unwrap_or_else(|| api_endpoint_url.clone());
            Ok((endpoint, Some(api_endpoint_url)))
        }
        (None, Some(endpoint)) => Ok((endpoint.clone(), arguments.gateway.clone())),
        (None, None) => Err(Error::Endpoint),
    }
}

/// The stage's own address.
fn gateway_url(
    api: &Known<Option<RestApi>>,
    region: &str,
    stack: &StackArguments,
) -> Option<String> {
    let id = &api.as_ref().ok()?.as_ref()?.id;
    let stage = Names::of(stack.suffix(), stack.account()).stage;
    Some(format!(
        "https://{id}.execute-api.{region}.amazonaws.com/{stage}/webhook"
    ))
}

/// Who can be sent as, or why not.
async fn signer(
    info: &'static ProviderInfo,
    keys: &BTreeMap<String, String>,
    secrets: &read::Secrets,
) -> Result<Signer, String> {
    if !keys.contains_key(info.name) {
        return Err("the stack has no live API key of it: payhook keys list".to_owned());
    }
    let secrets = secrets.of(info.name).await?;
    if !usable(&secrets) {
        return Err(
            "no secret is configured: see webhook_secret_… in Secrets Manager, or --secrets-file"
                .to_owned(),
        );
    }
    Ok(Signer { info, secrets })
}

/// Signs and sends the webhooks of one provider, one after another.
async fn send(door: &Door, signer: &Signer, key: &str, probing: bool) -> Result<Vec<Sent>, Error> {
    let now = Timestamp::now();
    let seed = now.as_millisecond().unsigned_abs() & SEED_MAX;
    let info = signer.info;
    let mut sent = Vec::new();
    for webhook in webhooks(signer, seed, probing, now)? {
        let mut headers = webhook.request.headers;
        if webhook.purpose == Purpose::OwnRequestId {
            for name in ["x-amzn-requestid", "x-amz-apigw-id"] {
                headers.push((name.to_owned(), CLAIMED_REQUEST_ID.to_owned()));
            }
        }
        let body = webhook.request.body;
        let letter = Letter {
            headers: &headers,
            content_type: info.content_types.first().unwrap_or(&"application/json"),
            names: match webhook.purpose {
                Purpose::TitleCase => HeaderNames::TitleCase,
                _ => HeaderNames::LowerCase,
            },
            ..Letter::post(info.name, Some(key), body.clone())
        };
        let answer = door.knock(letter).await;
        sent.push(Sent {
            provider: info.name,
            purpose: webhook.purpose,
            sha256: sha256_hex(&body),
            body,
            transaction_id: webhook.transaction_id,
            answer: answer.map(|answer| answer.status),
            trace: Trace::default(),
        });
    }
    Ok(sent)
}

/// CloudWatch shows a metric minutes after its line was logged.
async fn metric(
    clients: &Clients,
    stack: &StackArguments,
    stored: bool,
    started: Timestamp,
    wait: Duration,
) -> Finding {
    if !stored {
        return Finding::unknown(&METRIC_STORED, "nothing was stored that it could count");
    }
    let function = stack.name("webhook_processor");
    let deadline = Instant::now() + wait;
    // A period begins with its minute, and the last one has not ended.
    let minute = SignedDuration::from_mins(1);
    let from = started.saturating_sub(minute).unwrap_or(started);
    loop {
        let now = Timestamp::now();
        let to = now.saturating_add(minute).unwrap_or(now);
        let name = (METRICS_NAMESPACE, "Stored");
        let of = ("function_name", function.as_str());
        let sum = known(metric_sum(clients, name, of, (from, to)).await);
        if !matches!(sum, Ok(None)) || Instant::now() >= deadline {
            return told(&METRIC_STORED, &sum, |sum| match sum {
                Some(sum) => Finding::pass(&METRIC_STORED, format!("{sum} in the minutes since")),
                None => Finding::unknown(
                    &METRIC_STORED,
                    format!(
                        "CloudWatch had none after {} s; it may be late: look at it again in \
                         some minutes",
                        wait.as_secs()
                    ),
                ),
            });
        }
        sleep(METRIC_PAUSE).await;
    }
}
