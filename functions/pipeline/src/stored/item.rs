//! The other way: from a record, or from what was read back, to the item of the table.

use payment_event::{Amount, ExponentSource, MOVEMENT, Movement, PaymentEvent};
use serde_json::json;

use super::{EVENT, StoredMoney, StoredTransaction};
use crate::plan::instant;
use crate::storage::{Attribute, Item, TransactionRecord};

/// Attributes of an item that has all of them.
const ATTRIBUTES_MAX: usize = 32;

impl From<&Amount> for StoredMoney {
    fn from(amount: &Amount) -> Self {
        Self {
            minor: amount.minor.0,
            currency: amount.currency.as_str().to_owned(),
            exponent: amount.exponent,
            text: amount.text.clone(),
            exponent_source: exponent_source(amount.exponent_source).to_owned(),
        }
    }
}

fn told(event: &PaymentEvent, movement: &Movement) -> String {
    let (kind, id) = (movement.kind.as_str(), movement.id.as_str());
    match movement.payment == event.transaction_id {
        true => [kind, "#", id].concat(),
        false => [kind, "#", id, "#", movement.payment.as_str()].concat(),
    }
}

/// The movements that an event tells, as its item lists them.
pub fn tells(event: &PaymentEvent) -> Vec<String> {
    event.movements.iter().map(|it| told(event, it)).collect()
}

/// Who says what the exponent of an amount is, as an item says it.
pub const fn exponent_source(source: ExponentSource) -> &'static str {
    match source {
        ExponentSource::ProviderTable => "provider_table",
        ExponentSource::IsoDefault => "iso_default",
        ExponentSource::NoIsoCurrency => "no_iso_currency",
    }
}

impl From<&TransactionRecord> for StoredTransaction {
    /// The record as the table will hold it.
    fn from(record: &TransactionRecord) -> Self {
        let event = &record.event;
        Self {
            key: event.key(),
            provider: event.provider.clone(),
            event_id: event.event_id.as_str().to_owned(),
            event_type: event.event_type.clone(),
            status: event.status.as_str().to_owned(),
            money: event.amount.as_ref().map(StoredMoney::from),
            merchant_account: event.merchant_account.clone(),
            related_ids: event
                .related_ids
                .iter()
                .map(|(role, id)| (role.clone(), id.as_str().to_owned()))
                .collect(),
            problems: event
                .problems
                .iter()
                .map(|problem| problem.as_str().to_owned())
                .collect(),
            event_time: event.event_time,
            received_at: instant(record.received_at_ms),
            message_id: record.message_id.clone(),
            audit_key: record.audit.key.to_string(),
            audit_offset: record.audit.offset_bytes,
            audit_length: record.audit.length_bytes,
            expires_at: record.expires_at(),
            tells: tells(event),
            fetched: record.fetched.clone(),
            movement: None,
        }
    }
}

impl StoredTransaction {
    /// The item of the table.
    pub fn item(&self) -> Item {
        let attributes = self.attributes().into_iter();
        attributes
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// The attributes of the item, each once and nearly in the order of their names.
    pub fn attributes(&self) -> Vec<(&'static str, Attribute)> {
        let text = |value: &str| Attribute::Text(value.to_owned());
        let number = |value: &dyn std::fmt::Display| Attribute::Number(value.to_string());
        let mut item = Vec::with_capacity(ATTRIBUTES_MAX);
        if let Some(money) = &self.money {
            item.extend([
                ("amount_exponent", number(&money.exponent)),
                ("amount_minor", number(&money.minor)),
                ("amount_text", text(&money.text)),
                ("currency", text(&money.currency)),
                ("exponent_source", text(&money.exponent_source)),
            ]);
        }
        item.extend([
            ("audit_key", text(&self.audit_key)),
            ("audit_length", number(&self.audit_length)),
            ("audit_offset", number(&self.audit_offset)),
            ("event_id", text(&self.event_id)),
        ]);
        if let Some(time) = self.event_time {
            item.push(("event_time", Attribute::Text(format!("{time:.9}"))));
        }
        item.extend([
            ("event_type", text(&self.event_type)),
            ("expires_at", number(&self.expires_at)),
        ]);
        if let Some(fetched) = &self.fetched {
            item.push(("fetched", text(fetched)));
        }
        if let Some(account) = &self.merchant_account {
            item.push(("merchant_account", text(account)));
        }
        item.push(("message_id", text(&self.message_id)));
        if let Some(movement) = &self.movement {
            item.extend(movement.attributes());
        }
        if !self.problems.is_empty() {
            item.push(("problems", Attribute::List(self.problems.clone())));
        }
        let received_at = format!("{:.3}", self.received_at);
        let kind = self.movement.as_ref().map_or(EVENT, |_| MOVEMENT);
        item.extend([
            ("provider", text(&self.provider)),
            ("received_at", Attribute::Text(received_at)),
            ("record_type", text(kind)),
        ]);
        if !self.related_ids.is_empty() {
            item.push(("related_ids", Attribute::Texts(self.related_ids.clone())));
        }
        item.push(("status", text(&self.status)));
        if !self.tells.is_empty() {
            item.push(("tells", Attribute::List(self.tells.clone())));
        }
        item.extend([
            ("timestamp", text(&self.key.timestamp)),
            ("transaction_id", text(&self.key.transaction_id)),
        ]);
        item
    }

    /// The item as DynamoDB writes it in JSON, with its types.
    pub fn typed_json(&self) -> serde_json::Value {
        let typed = |value: Attribute| match value {
            Attribute::Text(text) => json!({"S": text}),
            Attribute::Number(text) => json!({"N": text}),
            Attribute::Texts(texts) => {
                let texts = texts.into_iter().map(|(k, v)| (k, json!({"S": v})));
                json!({"M": texts.collect::<serde_json::Map<_, _>>()})
            }
            Attribute::List(texts) => {
                let texts = texts.into_iter().map(|text| json!({"S": text}));
                json!({"L": texts.collect::<Vec<_>>()})
            }
            Attribute::Other => json!({"NULL": true}),
        };
        let item = self.item().into_iter();
        item.map(|(name, value)| (name, typed(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}
