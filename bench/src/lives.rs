//! What whole lives of payments cost the table: the mix that everything else is measured with tells each movement once, a payment's life tells most of
//! them several times.
//!
//! The lives are those of the end-to-end tests. Each webhook comes in a batch of its own, as the moments of a payment do, to a table that remembers.

use hyper::body::Bytes;
use jiff::Timestamp;
use provider_webhooks::sign::sign;
use provider_webhooks::{providers, sample_secrets};
use serde::Deserialize;
use serde_json::Value;

use crate::figures::Units;
use crate::measure::{MeasureError, Plan, WEBHOOK, run};
use crate::standins::StandIns;
use crate::table::Table;
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

/// Write units of a webhook of the lives (a life a line, as in `tests/e2e/fixtures/lives.jsonl`), and how many webhooks there were.
///
/// # Errors
/// A [`MeasureError`].
pub async fn lives(plan: &Plan, lives: &str) -> Result<(u64, Units), MeasureError> {
    let standins = StandIns::start(plan.latency, Table::remembering())
        .await
        .map_err(MeasureError::port)?;
    let running = run(plan, WEBHOOK, &standins).await?;
    let mut number = 0;
    for (webhook, at) in webhooks(lives) {
        number += 1;
        let event = sqs_event(&[webhook], number, at);
        running.invoke(WEBHOOK, &Bytes::from(event)).await?;
    }
    let units = Units::of(&standins.take(), number as f64);
    running.function.end().await;
    Ok((number, units))
}

#[cfg(test)]
mod tests {
    use provider_webhooks::{Headers, RawWebhook};

    use super::*;

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
