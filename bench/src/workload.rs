//! What the functions are measured with: webhooks of all providers in turn, signed as the providers sign, three kilobytes each where the provider has free text.

use std::collections::BTreeMap;

use jiff::Timestamp;
use provider_webhooks::sign::{SignedRequest, sign};
use provider_webhooks::{Provider, ProviderInfo, SampleParams, Secrets, providers, sample_secrets};
use serde_json::{Value, json};

/// 2026-11-26T00:00:00Z: signed and received at the same time, so that no window ends.
const RECEIVED_AT_MS: i64 = 1_795_651_200_000;
/// Text as people write it, with digits that are no card number.
const PROSE: &str = "Order 20261126-4471 of two items, leave with the neighbour at number 12; invoice follows on the 3rd. ";

/// The time that everything is signed and received at.
pub fn received_at() -> Timestamp {
    Timestamp::from_millisecond(RECEIVED_AT_MS).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// One signed webhook.
pub struct Webhook {
    /// Whose.
    pub info: &'static ProviderInfo,
    /// As it is sent.
    pub request: SignedRequest,
}

/// Providers that can be signed for here and verified without fetching anything.
pub fn senders() -> Vec<&'static dyn Provider> {
    let local = |provider: &&&'static dyn Provider| provider.info().certificate_url.is_none();
    providers::ALL.iter().filter(local).copied().collect()
}

/// A webhook of `provider` with about `bytes` bytes, where it has free text; its own size otherwise.
pub fn webhook(provider: &'static dyn Provider, sequence: u64, bytes: usize) -> Option<Webhook> {
    let info = provider.info();
    let params = |note: Option<String>| SampleParams {
        sequence,
        amount_minor: 1130,
        currency: "EUR".to_owned(),
        at: received_at(),
        note,
    };
    let bare = provider.sample(&params(Some(String::new()))).len();
    let note = match bytes.checked_sub(bare) {
        Some(room) if info.free_text => PROSE.chars().cycle().take(room).collect(),
        _ => PROSE.to_owned(),
    };
    let body = provider.sample(&params(Some(note)));
    let secrets = sample_secrets(info, 1);
    let id = format!("msg_{sequence}");
    let request = sign(info.name, &body, &secrets, received_at(), &id).ok()?;
    Some(Webhook { info, request })
}

/// `size` webhooks of all providers in turn.
pub fn webhooks(first: u64, size: usize, bytes: usize) -> Vec<Webhook> {
    let senders = senders();
    let turns = senders.iter().cycle().zip(first..);
    turns
        .filter_map(|(provider, sequence)| webhook(*provider, sequence, bytes))
        .take(size)
        .collect()
}

/// The attribute `request` of a queued webhook.
pub(crate) fn attribute(webhook: &Webhook) -> String {
    let encoded = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    let headers = webhook.request.headers.iter();
    let headers: String = headers
        .map(|(name, value)| format!("&h.{}={}", name.to_lowercase(), encoded(value)))
        .collect();
    format!(
        "provider={}&request_id=6f3c1a52-0d1e-4b8e-9a41-1f2d3c4b5a69&source_ip=203.0.113.9{headers}",
        webhook.info.name
    )
}

/// A webhook as a record of the event that Lambda hands to webhook_processor; the queue took it at this time.
fn sqs_record(webhook: &Webhook, number: u64, at: Timestamp) -> String {
    let at_ms = at.as_millisecond();
    let record = json!({
        "messageId": format!("00000000-0000-4000-8000-{number:012}"),
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": String::from_utf8_lossy(&webhook.request.body),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": at_ms.to_string(),
            "SenderId": "AROAEXAMPLE:BackplaneAssumeRoleSession",
            "ApproximateFirstReceiveTimestamp": (at_ms + 1).to_string(),
        },
        "messageAttributes": {"request": {"stringValue": attribute(webhook), "dataType": "String"}},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-2:000000000000:webhook_queue_bench",
        "awsRegion": "us-east-2",
    });
    record.to_string()
}

fn event_of(records: &[&str]) -> String {
    format!("{{\"Records\":[{}]}}", records.join(","))
}

/// The event that Lambda hands to webhook_processor, of webhooks and when the queue took each.
pub fn sqs_event<'w>(
    webhooks: impl IntoIterator<Item = (&'w Webhook, Timestamp)>,
    first: u64,
) -> String {
    let webhooks = webhooks.into_iter().zip(first..);
    let records: Vec<String> = webhooks
        .map(|((webhook, at), number)| sqs_record(webhook, number, at))
        .collect();
    event_of(&records.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Webhooks of all providers in turn, each of another payment. There are so many of them that webhook_processor has forgotten the movement of
/// each when its turn comes again: what is measured is a first telling every time.
pub struct Stock {
    records: Vec<String>,
    next: usize,
    /// Of all bodies.
    pub body_bytes_mean: f64,
}

impl Stock {
    /// Webhooks with about `bytes` bytes, where the provider has free text.
    pub fn new(bytes: usize) -> Self {
        Self::made_of(webhooks(1, pipeline::REMEMBERED_MAX * 6 / 5, bytes))
    }

    /// So many of them, of which the first come again after the last.
    pub fn sized(size: usize, bytes: usize) -> Self {
        Self::made_of(webhooks(1, size, bytes))
    }

    /// The same of these providers alone.
    pub fn of(providers: &[&str], bytes: usize) -> Self {
        let mut made = webhooks(1, pipeline::REMEMBERED_MAX * 6 / 5, bytes);
        made.retain(|webhook| providers.contains(&webhook.info.name));
        Self::made_of(made)
    }

    fn made_of(made: Vec<Webhook>) -> Self {
        let all: usize = made.iter().map(|webhook| webhook.request.body.len()).sum();
        let records = made.iter().zip(1..);
        Self {
            body_bytes_mean: all as f64 / made.len() as f64,
            records: records
                .map(|(webhook, number)| sqs_record(webhook, number, received_at()))
                .collect(),
            next: 0,
        }
    }

    /// An event of the next `size` of them.
    pub fn event(&mut self, size: usize) -> String {
        let turns = self.records.iter().cycle().skip(self.next).take(size);
        let records: Vec<&str> = turns.map(String::as_str).collect();
        self.next = (self.next + size) % self.records.len().max(1);
        event_of(&records)
    }
}

/// The event that Lambda hands to analytics_processor: records of all providers in turn, as webhook_processor would have inserted them just now. Of
/// older ones it looks for more markers.
pub fn stream_event(items: &[Value], first: u64, size: usize) -> String {
    let now = json!({ "S": format!("{:.3}", Timestamp::now()) });
    let records: Vec<Value> = items
        .iter()
        .cycle()
        .zip(first..)
        .take(size)
        .map(|(item, number)| {
            let mut item = item.clone();
            item["received_at"] = now.clone();
            json!({
                "eventID": format!("{number:032x}"),
                "eventName": "INSERT",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "us-east-2",
                "dynamodb": {
                    "ApproximateCreationDateTime": RECEIVED_AT_MS / 1000,
                    "Keys": {"transaction_id": item["transaction_id"], "event_time": item["event_time"]},
                    "NewImage": item,
                    "SequenceNumber": format!("{}", 4_421_584_500_000_000_000_u64 + number),
                    "SizeBytes": 1024,
                    "StreamViewType": "NEW_IMAGE",
                },
                "eventSourceARN": "arn:aws:dynamodb:us-east-2:000000000000:table/transactions_bench/stream/2026-11-26T00:00:00.000",
            })
        })
        .collect();
    json!({ "Records": records }).to_string()
}

/// The secrets of every sender, as Secrets Manager holds them.
pub fn secret_values() -> BTreeMap<&'static str, Secrets> {
    let info = senders().into_iter().map(Provider::info);
    info.map(|info| (info.name, sample_secrets(info, 1)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sender_is_there_and_most_have_three_kilobytes() {
        let batch = webhooks(1, senders().len(), 3072);
        assert_eq!(batch.len(), senders().len());
        let whole = batch.iter().filter(|w| w.request.body.len() >= 2900);
        assert!(whole.count() * 2 > batch.len());
    }

    #[test]
    fn a_stock_begins_again_only_when_all_of_it_was_sent() {
        let mut stock = Stock {
            records: ["1", "2", "3"].map(str::to_owned).into(),
            next: 0,
            body_bytes_mean: 1.0,
        };
        assert_eq!(stock.event(2), "{\"Records\":[1,2]}");
        assert_eq!(stock.event(2), "{\"Records\":[3,1]}");
        assert_eq!(stock.event(4), "{\"Records\":[2,3,1,2]}");
    }

    #[test]
    fn what_is_sent_is_genuine() {
        for webhook in webhooks(1, senders().len(), 1024) {
            let provider = providers::by_name(webhook.info.name).unwrap();
            let headers = webhook.request.headers.iter();
            let headers = provider_webhooks::Headers::new(
                headers.map(|(name, value)| (name.clone(), value.clone())),
            );
            let raw = provider_webhooks::RawWebhook::new(&webhook.request.body, headers);
            let secrets = sample_secrets(webhook.info, 1);
            assert!(
                provider.verify(raw, &secrets, received_at()).is_ok(),
                "{}",
                webhook.info.name
            );
        }
    }
}
