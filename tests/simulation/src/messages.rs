//! What the queue holds: genuine webhooks with their events, repetitions, and what must be rejected.

use jiff::Timestamp;
use payment_event::{PaymentEvent, TransactionKey};
use pipeline::IncomingMessage;
use pipeline::message::Request;
use provider_webhooks::{RawWebhook, SampleParams, Secrets, providers, sample, sign::sign};

const PROVIDERS: [&str; 4] = ["stripe", "adyen", "square", "standardwebhooks"];

/// A message in the queue.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) request: String,
    pub(crate) request_id: String,
    pub(crate) received_at_ms: i64,
    /// When its event was first delivered: the same for a repetition.
    pub(crate) first_received_at_ms: i64,
    pub(crate) receive_count: u32,
    /// The dedupe keys of its events; none for one that must be rejected.
    pub(crate) keys: Vec<TransactionKey>,
}

impl Message {
    pub(crate) fn incoming(&self) -> IncomingMessage<'_> {
        IncomingMessage {
            message_id: &self.id,
            body: &self.body,
            request: Some(&self.request),
            received_at_ms: self.received_at_ms,
            receive_count: self.receive_count,
        }
    }

    pub(crate) fn valid(&self) -> bool {
        !self.keys.is_empty()
    }
}

/// The providers by number.
pub(crate) fn provider(number: usize) -> &'static str {
    PROVIDERS[number % PROVIDERS.len()]
}

/// Every provider.
pub(crate) fn all_providers() -> [&'static str; 4] {
    PROVIDERS
}

/// A provider's secrets: the key of a generation first, and those before it, as during a rotation.
pub(crate) fn secrets(provider: &str, generation: u32) -> Secrets {
    let key = |generation: u32| match provider {
        "adyen" => format!("{generation:02x}").repeat(32),
        "square" => format!("square-key-{generation}"),
        "stripe" => format!("whsec_stripe_{generation}"),
        _ => format!(
            "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk{:03}=",
            100 + generation
        ),
    };
    let url = (provider == "square").then(|| "https://pay.example.com/webhook/square".to_owned());
    Secrets::new((1..=generation).rev().map(key), url)
}

/// How a message is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) provider: &'static str,
    /// What the events' ids are made of: the same for a repetition.
    pub(crate) sequence: u64,
    pub(crate) amount_minor: i64,
    pub(crate) received_at_ms: i64,
    /// Seconds from event to receipt; another delivery may state another event time where the provider's is not stable.
    pub(crate) event_age_s: i64,
    pub(crate) generation: u32,
    pub(crate) forged: bool,
}

/// A message. `None` when the provider has no sample, which the catalogue's own tests exclude.
pub(crate) fn message(order: &Order) -> Option<Message> {
    let received = Timestamp::from_millisecond(order.received_at_ms).ok()?;
    let note = order
        .number
        .is_multiple_of(5)
        .then(|| "card 4111 1111 1111 1111".to_owned());
    let params = SampleParams {
        sequence: order.sequence,
        amount_minor: order.amount_minor,
        currency: ["EUR", "JPY", "USD"][usize::try_from(order.sequence % 3).ok()?].into(),
        at: Timestamp::from_second(received.as_second() - order.event_age_s).ok()?,
        note,
    };
    let body = sample(order.provider, &params)?;
    let known = secrets(order.provider, order.generation);
    let webhook_id = format!("msg_{}", order.sequence);
    let signed = sign(order.provider, &body, &known, received, &webhook_id).ok()?;
    let mut body = String::from_utf8(signed.body).ok()?;
    if order.forged {
        body = body.replacen(&order.amount_minor.to_string(), "987654321", 1);
    }
    let request_id = format!("request-{}", order.number);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("provider", order.provider)
        .append_pair("request_id", &request_id)
        .append_pair("source_ip", "192.0.2.7");
    for (name, value) in &signed.headers {
        form.append_pair(&format!("h.{}", name.to_ascii_lowercase()), value);
    }
    let request = form.finish();
    let keys = match order.forged {
        true => Vec::new(),
        false => keys(order.provider, &body, &request, &known, received)?,
    };
    Some(Message {
        id: format!("message-{}", order.number),
        body,
        request,
        request_id,
        received_at_ms: order.received_at_ms,
        first_received_at_ms: order.received_at_ms,
        receive_count: 1,
        keys,
    })
}

/// The dedupe keys of a body's events, read without the pipeline.
fn keys(
    name: &str,
    body: &str,
    request: &str,
    secrets: &Secrets,
    at: Timestamp,
) -> Option<Vec<TransactionKey>> {
    let provider = providers::by_name(name)?;
    let raw = RawWebhook {
        body: body.as_bytes(),
        headers: Request::decode(Some(request)).ok()?.headers,
    };
    let webhook = provider.verify(raw, secrets, at).ok()?;
    let events = provider.parse(&webhook).ok()?;
    Some(events.iter().map(PaymentEvent::dedupe_key).collect())
}
