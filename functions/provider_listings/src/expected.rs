//! What should be stored of something that the provider lists.

use payment_event::TransactionKey;
use payment_event::{MOVEMENT, PaymentEvent};
use provider_webhooks::{Headers, Provider, RawWebhook, VerifiedWebhook};

use crate::listing::Listed;

/// A movement that should be stored, and how far it should be at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The key of its item.
    pub key: TransactionKey,
    /// Its rank.
    pub rank: i64,
    /// Whether an amount is told.
    pub amount: bool,
}

/// What should be stored of one thing that the provider lists, as its webhook would have been stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What the provider lists.
    pub listed: Listed,
    /// The keys of the events.
    pub keys: Vec<TransactionKey>,
    /// The ids of the events.
    pub event_ids: Vec<String>,
    /// The movements that they tell.
    pub movements: Vec<Told>,
}

/// Reads a listed thing as the provider's file reads its webhook.
pub fn expected(provider: &dyn Provider, listed: Listed) -> Expected {
    let headers = listed.headers.iter();
    let headers = Headers::new(headers.map(|(name, value)| (name.as_str(), value.as_str())));
    let raw = RawWebhook::new(&listed.body, headers);
    let events = provider.parse(&VerifiedWebhook::fetched(raw, listed.at));
    let events = events.into_vec();
    let movements = events.iter().flat_map(told).collect();
    Expected {
        keys: events.iter().map(PaymentEvent::key).collect(),
        event_ids: events
            .iter()
            .map(|event| event.event_id.as_str().to_owned())
            .collect(),
        movements,
        listed,
    }
}

fn told(event: &PaymentEvent) -> impl Iterator<Item = Told> + '_ {
    event.movements.iter().map(|movement| Told {
        key: TransactionKey {
            transaction_id: format!("{}:{}", event.provider, movement.payment.as_str()),
            timestamp: format!(
                "{MOVEMENT}#{}#{}",
                movement.kind.as_str(),
                movement.id.as_str()
            ),
        },
        rank: movement.stage.rank,
        amount: movement.money.is_some(),
    })
}
