//! What the queue holds: genuine webhooks with their events, repetitions, and what must be rejected.

use jiff::Timestamp;
use payment_event::{Movement, PaymentEvent, TransactionKey};
use pipeline::IncomingMessage;
use pipeline::message::Request;
use provider_webhooks::{
    Authenticity, ProviderInfo, RawWebhook, SampleParams, Secrets, providers, sample,
    sample_secrets, sign::sign,
};
use serde_json::{Value, json};

/// The number of secrets that no provider has.
const FORGER: u8 = u8::MAX;

/// A message in the queue.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) request: String,
    pub(crate) request_id: String,
    pub(crate) received_at_ms: i64,
    /// When the webhook queue took it: later where it was sent through verification again.
    pub(crate) queued_at_ms: i64,
    /// The message that it was before that.
    pub(crate) first_id: Option<String>,
    /// When its event was first delivered: the same for a repetition.
    pub(crate) first_received_at_ms: i64,
    pub(crate) receive_count: u32,
    /// How it was made.
    order: Order,
    /// The body of an event of a whole payment's life, before it was signed.
    of_life: Option<&'static str>,
    /// The keys of its events; none for one that must be rejected.
    pub(crate) keys: Vec<TransactionKey>,
    /// What its events tell, by provider.
    pub(crate) movements: Vec<(String, Movement)>,
}

impl Message {
    pub(crate) fn incoming(&self) -> IncomingMessage<'_> {
        IncomingMessage {
            message_id: &self.id,
            body: &self.body,
            request: Some(&self.request),
            received_at_ms: self.received_at_ms,
            queued_at_ms: self.queued_at_ms,
            first_message_id: self.first_id.as_deref(),
            archive_asked: false,
            fetched: None,
            receive_count: self.receive_count,
        }
    }

    pub(crate) fn valid(&self) -> bool {
        !self.keys.is_empty()
    }
}

/// Every provider whose webhooks can be genuine or forged.
pub(crate) fn all_providers() -> Vec<&'static ProviderInfo> {
    let infos = providers::ALL.iter().map(|provider| provider.info());
    infos
        .filter(|info| info.authenticity != Authenticity::Unsigned)
        .collect()
}

/// A provider's secrets: the key of a generation first, and those before it, as during a rotation.
pub(crate) fn secrets(info: &ProviderInfo, generation: u32) -> Secrets {
    let number = |generation: u32| u8::try_from(generation).unwrap_or(u8::MAX);
    let of = |generation| sample_secrets(info, number(generation));
    let keys = (1..=generation).rev().flat_map(|g| of(g).keys().to_vec());
    of(1).with_keys(keys)
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
    /// When it happened, seconds since the epoch.
    pub(crate) event_at_s: i64,
    pub(crate) generation: u32,
    pub(crate) forged: bool,
}

/// A message. `None` when the provider has no sample, which the catalogue's own tests exclude.
pub(crate) fn message(order: &Order) -> Option<Message> {
    built(order, &|body| Some(body))
}

/// Another delivery of a message's event: signed anew, with other values in the fields that the
/// provider's own retries change.
///
/// # Panics
/// When it does not have the keys of the first: then one event would be two.
pub(crate) fn redelivered(first: &Message, number: u64, received_at_ms: i64) -> Option<Message> {
    let order = Order {
        number,
        received_at_ms,
        ..first.order
    };
    if let Some(body) = first.of_life {
        let first_received_at_ms = first.first_received_at_ms;
        return Some(Message {
            first_received_at_ms,
            ..lived(&order, body)?
        });
    }
    let volatile = providers::by_name(order.provider)?.info().volatile;
    let again = built(&order, &|body| {
        let Ok(mut json) = serde_json::from_slice::<Value>(&body) else {
            return Some(body);
        };
        let fields = volatile.iter().map(|path| format!("/{path}"));
        let mut changed = false;
        for pointer in fields {
            if let Some(value) = json.pointer_mut(&pointer) {
                *value = json!(number);
                changed = true;
            }
        }
        if !changed {
            return Some(body);
        }
        serde_json::to_vec(&json).ok()
    })?;
    assert_eq!(again.keys, first.keys, "{}: redelivered", order.provider);
    let first_received_at_ms = first.first_received_at_ms;
    Some(Message {
        first_received_at_ms,
        ..again
    })
}

/// A message whose body differs from another's in one amount and in nothing else.
///
/// # Panics
/// When it has a key of the other although the provider gives its events no id: then two events
/// would be one.
pub(crate) fn twin(first: &Message, number: u64) -> Option<Message> {
    if first.of_life.is_some() {
        return None;
    }
    let order = Order {
        number,
        amount_minor: first.order.amount_minor + 1,
        ..first.order
    };
    let twin = message(&order)?;
    let hashed = first
        .keys
        .iter()
        .all(|key| key.timestamp.contains("#sha256:"));
    if hashed && twin.body != first.body {
        let shared = twin.keys.iter().find(|key| first.keys.contains(key));
        assert_eq!(shared, None, "{}: another amount", order.provider);
    }
    Some(twin)
}

/// A message of a whole payment's life.
pub(crate) fn lived(order: &Order, body: &'static str) -> Option<Message> {
    let message = signed(order, body.as_bytes())?;
    Some(Message {
        of_life: Some(body),
        ..message
    })
}

fn built(order: &Order, change: &dyn Fn(Vec<u8>) -> Option<Vec<u8>>) -> Option<Message> {
    let note = order
        .sequence
        .is_multiple_of(5)
        .then(|| "card 4111 1111 1111 1111".to_owned());
    let params = SampleParams {
        sequence: order.sequence,
        amount_minor: order.amount_minor,
        currency: ["EUR", "JPY", "USD"][usize::try_from(order.sequence % 3).ok()?].into(),
        at: Timestamp::from_second(order.event_at_s).ok()?,
        note,
    };
    let body = change(sample(order.provider, &params)?)?;
    signed(order, &body)
}

fn signed(order: &Order, body: &[u8]) -> Option<Message> {
    let received = Timestamp::from_millisecond(order.received_at_ms).ok()?;
    let info = providers::by_name(order.provider)?.info();
    let known = secrets(info, order.generation);
    let by = match order.forged {
        true => sample_secrets(info, FORGER),
        false => known.clone(),
    };
    let webhook_id = format!("msg_{}", order.sequence);
    let signed = sign(order.provider, body, &by, received, &webhook_id).ok()?;
    let body = String::from_utf8(signed.body).ok()?;
    let request_id = format!("request-{}", order.number);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("provider", order.provider)
        .append_pair("request_id", &request_id)
        .append_pair("source_ip", "192.0.2.7");
    for (name, value) in &signed.headers {
        form.append_pair(&format!("h.{}", name.to_ascii_lowercase()), value);
    }
    let request = form.finish();
    let events = match order.forged {
        true => Vec::new(),
        false => events(order.provider, &body, &request, &known, received)?,
    };
    let movements = events.iter().flat_map(|event| {
        let told = event.movements.iter().cloned();
        told.map(|movement| (event.provider.clone(), movement))
    });
    Some(Message {
        id: format!("message-{}", order.number),
        body,
        request,
        request_id,
        received_at_ms: order.received_at_ms,
        queued_at_ms: order.received_at_ms,
        first_id: None,
        first_received_at_ms: order.received_at_ms,
        receive_count: 1,
        order: *order,
        of_life: None,
        keys: events.iter().map(PaymentEvent::key).collect(),
        movements: movements.collect(),
    })
}

/// A body's events, read without the pipeline.
fn events(
    name: &str,
    body: &str,
    request: &str,
    secrets: &Secrets,
    at: Timestamp,
) -> Option<Vec<PaymentEvent>> {
    let provider = providers::by_name(name)?;
    let headers = Request::decode(Some(request)).ok()?.headers;
    let raw = RawWebhook::new(body.as_bytes(), headers);
    let webhook = provider.verify(raw, secrets, at).ok()?;
    Some(provider.parse(&webhook).into_vec())
}
