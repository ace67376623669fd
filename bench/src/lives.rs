//! What whole lives of payments cost the table: the mix that everything else is measured with tells each movement once, a payment's life tells most of
//! them several times.
//!
//! The lives are those of the end-to-end tests, and the table remembers. What a telling costs that was told before depends on whether it reaches
//! a process that remembers it, and on whether it is in one batch with the other: so the lives are handed out in several ways.

use hyper::body::Bytes;
use jiff::Timestamp;
use provider_webhooks::sign::sign;
use provider_webhooks::{providers, sample_secrets};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::figures::{Kept, Units};
use crate::measure::{MeasureError, Plan, WEBHOOK};
use crate::running::run;
use crate::standins::StandIns;
use crate::table::{Items, Table};
use crate::workload::{Webhook, sqs_event};

#[derive(Deserialize)]
struct Life {
    provider: String,
    requests: Vec<Request>,
}

#[derive(Deserialize)]
struct Request {
    /// Seconds since the epoch.
    received_at: i64,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    body: Value,
}

/// Every webhook of the lives in order, and when it was received; without those of providers whose signature needs a certificate to be fetched.
fn webhooks(lives: &str) -> Vec<(Webhook, Timestamp)> {
    let lives = lives
        .lines()
        .filter_map(|line| serde_json::from_str::<Life>(line).ok());
    let mut made = Vec::new();
    for life in lives {
        let Some(provider) = providers::by_name(&life.provider) else {
            continue;
        };
        let info = provider.info();
        if info.certificate_url.is_some() {
            continue;
        }
        for request in life.requests {
            let Ok(at) = Timestamp::from_second(request.received_at) else {
                continue;
            };
            let id = format!("msg_{}", made.len());
            let body = request.body.to_string().into_bytes();
            if let Ok(mut signed) = sign(info.name, &body, &sample_secrets(info, 1), at, &id) {
                signed.headers.extend(request.headers);
                let webhook = Webhook {
                    info,
                    request: signed,
                };
                made.push((webhook, at));
            }
        }
    }
    made
}

/// Write units of a webhook of whole lives.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Lives {
    /// How the webhooks came.
    pub how: String,
    /// Whether each was a batch by itself.
    #[serde(default)]
    pub alone: bool,
    /// Processes that the batches were dealt to in turn.
    #[serde(default)]
    pub processes: u64,
    /// How many there were.
    pub webhooks: u64,
    /// Of each.
    pub units: Units,
    /// What each leaves in the table.
    #[serde(default)]
    pub kept: Kept,
}

impl Lives {
    /// Whether they are those that one process took in, or those that several did.
    pub fn fits(&self, one_process: bool) -> bool {
        one_process == (self.processes == 1)
    }
}

/// For each of so many webhooks.
fn kept(items: Items, webhooks: f64) -> Kept {
    let mean = |bytes: u64, items: u64| bytes as f64 / items.max(1) as f64;
    Kept {
        events: items.events as f64 / webhooks,
        undated: items.undated as f64 / webhooks,
        event_bytes: mean(items.event_bytes, items.events),
        movements: items.movements as f64 / webhooks,
        movement_bytes: mean(items.movement_bytes, items.movements),
    }
}

/// What the lives cost, one of whose stands on each line of `lives` (as in `tests/e2e/fixtures/lives.jsonl`): first by itself each webhook, in one
/// process, which is judged; then as the event source may hand them out to `processes` of them.
///
/// # Errors
/// A [`MeasureError`].
pub async fn measured(
    plan: &Plan,
    lives: &str,
    processes: usize,
) -> Result<Vec<Lives>, MeasureError> {
    let made = webhooks(lives);
    let moments: Vec<_> = made.chunk_by(|(_, one), (_, other)| one == other).collect();
    let alone: Vec<_> = made.chunks(1).collect();
    let of = |batches: &str, processes: usize| match processes {
        1 => format!("{batches}, one process"),
        _ => format!("{batches}, {processes} processes in turn"),
    };
    let mut all = Vec::new();
    for (batches, batched) in [("in batches of one", &alone), ("by the second", &moments)] {
        for processes in [1, processes] {
            let (units, kept) = units(plan, batched, made.len(), processes).await?;
            all.push(Lives {
                how: of(batches, processes),
                alone: batched.len() == made.len(),
                processes: processes as u64,
                webhooks: made.len() as u64,
                units,
                kept,
            });
        }
    }
    Ok(all)
}

/// Hands these batches to so many processes in turn, over one table.
async fn units(
    plan: &Plan,
    batches: &[&[(Webhook, Timestamp)]],
    webhooks: usize,
    processes: usize,
) -> Result<(Units, Kept), MeasureError> {
    let standins = StandIns::start(plan.latency, Table::remembering())
        .await
        .map_err(MeasureError::port)?;
    let mut running = Vec::new();
    for _ in 0..processes {
        running.push(run(plan, WEBHOOK, &standins).await?);
    }
    for (batch, process) in batches.iter().zip((0..processes).cycle()) {
        let batch = batch.iter().map(|(webhook, at)| (webhook, *at));
        let event = Bytes::from(sqs_event(batch, 1));
        running[process].invoke(WEBHOOK, &event).await?;
    }
    let units = Units::of(&standins.take(), webhooks as f64);
    let kept = kept(standins.items(), webhooks as f64);
    for process in running {
        process.function.end().await;
    }
    Ok((units, kept))
}

#[cfg(test)]
mod tests {
    use provider_webhooks::{Headers, RawWebhook};

    use super::*;

    #[test]
    fn what_is_kept_is_told_of_each_webhook() {
        let items = Items {
            events: 4,
            undated: 1,
            event_bytes: 4_000,
            movements: 0,
            movement_bytes: 0,
        };
        let kept = kept(items, 8.0);
        assert_eq!((kept.events, kept.undated), (0.5, 0.125));
        assert_eq!((kept.event_bytes, kept.movement_bytes), (1_000.0, 0.0));
    }

    #[test]
    fn the_lives_are_genuine_and_tell_movements_again() {
        let mut told = std::collections::BTreeMap::new();
        let lives = include_str!("../../tests/e2e/fixtures/lives.jsonl");
        for (webhook, at) in webhooks(lives) {
            let provider = providers::by_name(webhook.info.name).unwrap();
            let headers = Headers::new(webhook.request.headers.iter().cloned());
            let raw = RawWebhook::new(&webhook.request.body, headers);
            let verified = provider.verify(raw, &sample_secrets(webhook.info, 1), at);
            for event in provider.parse(&verified.unwrap()).as_slice() {
                for movement in &event.movements {
                    let key = (webhook.info.name, movement.kind, movement.id.clone());
                    *told.entry(key).or_insert(0) += 1;
                }
            }
        }
        assert!(told.len() > 50 && told.values().any(|times| *times > 2));
    }
}
