//! A transaction record as DynamoDB attributes. Names and types are those of `ARCHITECTURE.md`, "Transaction record".

use aws_wire::dynamodb::{self, AttributeValue};
use jiff::Timestamp;
use pipeline::storage::{Attribute, Item, TransactionRecord};
use pipeline::stored::{StoredTransaction, exponent_source, tells};

pub(crate) type Attributes = Vec<(&'static str, AttributeValue)>;

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The record's attributes, keys first.
pub(crate) fn record(record: &TransactionRecord) -> Attributes {
    let event = &record.event;
    let key = event.key();
    let received =
        Timestamp::from_millisecond(record.received_at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut item = vec![
        ("transaction_id", text(key.transaction_id)),
        ("timestamp", text(key.timestamp)),
        ("record_type", text("event")),
        ("provider", text(&event.provider)),
        ("event_id", text(event.event_id.as_str())),
        ("event_type", text(&event.event_type)),
        ("status", text(event.status.as_str())),
        ("received_at", text(format!("{received:.3}"))),
        ("message_id", text(&record.message_id)),
        ("audit_key", text(record.audit.key.as_ref())),
        ("audit_offset", number(record.audit.offset_bytes)),
        ("audit_length", number(record.audit.length_bytes)),
        ("expires_at", number(record.expires_at())),
    ];
    if let Some(time) = event.event_time {
        item.push(("event_time", text(format!("{time:.9}"))));
    }
    if let Some(amount) = &event.amount {
        let source = exponent_source(amount.exponent_source);
        item.extend([
            ("amount_minor", number(amount.minor.0)),
            ("currency", text(amount.currency.as_str())),
            ("amount_text", text(&amount.text)),
            ("amount_exponent", number(amount.exponent)),
            ("exponent_source", text(source)),
        ]);
    }
    if let Some(account) = &event.merchant_account {
        item.push(("merchant_account", text(account)));
    }
    if !event.related_ids.is_empty() {
        let ids = event
            .related_ids
            .iter()
            .map(|(role, id)| (role.clone(), text(id.as_str())))
            .collect();
        item.push(("related_ids", AttributeValue::M(ids)));
    }
    if !event.movements.is_empty() {
        let tells = tells(event).into_iter().map(AttributeValue::S);
        item.push(("tells", AttributeValue::L(tells.collect())));
    }
    if !event.problems.is_empty() {
        let problems = event.problems.iter().map(|problem| text(problem.as_str()));
        item.push(("problems", AttributeValue::L(problems.collect())));
    }
    if let Some(fetched) = &record.fetched {
        item.push(("fetched", text(fetched)));
    }
    item
}

/// A movement's attributes, in the order of their names.
pub(crate) fn movement(item: &StoredTransaction) -> Attributes {
    let text = AttributeValue::S;
    let typed = |value| match value {
        Attribute::Text(it) => Some(text(it)),
        Attribute::Number(it) => Some(AttributeValue::N(it)),
        Attribute::Texts(texts) => {
            let texts = texts.into_iter().map(|(name, it)| (name, text(it)));
            Some(AttributeValue::M(texts.collect()))
        }
        Attribute::List(texts) => Some(AttributeValue::L(texts.into_iter().map(text).collect())),
        // No record has one.
        Attribute::Other => None,
    };
    let mut attributes = item.attributes();
    attributes.sort_unstable_by_key(|(name, _)| *name);
    let attributes = attributes.into_iter();
    attributes
        .filter_map(|(name, value)| Some((name, typed(value)?)))
        .collect()
}

/// `INSERT INTO "table" VALUE {'a': ?, …}` for these attributes.
pub(crate) fn insert_statement(table: &str, attributes: &Attributes) -> String {
    const NAME_BYTES: usize = 24;
    let mut statement = String::with_capacity(table.len() + NAME_BYTES * (attributes.len() + 1));
    statement.push_str("INSERT INTO \"");
    statement.push_str(table);
    statement.push_str("\" VALUE {");
    for (position, (name, _)) in attributes.iter().enumerate() {
        statement.push_str(if position == 0 { "'" } else { ", '" });
        statement.push_str(name);
        statement.push_str("': ?");
    }
    statement.push('}');
    statement
}

/// `UPDATE "table" SET "a" = ? … WHERE …` for these attributes but those of the key, if the item there has a version.
/// The values come in the order of the names; then those of the key, and the version.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.update.html>, read 2026-11-27.
pub(crate) fn update_statement<'n>(table: &str, names: impl Iterator<Item = &'n str>) -> String {
    let mut statement = format!("UPDATE \"{table}\"");
    for name in names {
        statement.push_str(" SET \"");
        statement.push_str(name);
        statement.push_str("\" = ?");
    }
    statement + " WHERE \"transaction_id\" = ? AND \"timestamp\" = ? AND \"version\" = ?"
}

/// A DynamoDB item in the pipeline's form.
pub(crate) fn neutral(item: dynamodb::Item) -> Item {
    item.into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect()
}

fn attribute(value: AttributeValue) -> Attribute {
    match value {
        AttributeValue::S(text) => Attribute::Text(text),
        AttributeValue::N(text) => Attribute::Number(text),
        AttributeValue::M(entries) => {
            let texts = entries.into_iter().map(|(name, value)| match value {
                AttributeValue::S(text) => Some((name, text)),
                _ => None,
            });
            let texts: Option<_> = texts.collect();
            texts.map_or(Attribute::Other, Attribute::Texts)
        }
        AttributeValue::L(values) => {
            let texts = values.into_iter().map(|value| match value {
                AttributeValue::S(text) => Some(text),
                _ => None,
            });
            let texts: Option<_> = texts.collect();
            texts.map_or(Attribute::Other, Attribute::List)
        }
        _ => Attribute::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_names_every_attribute_and_no_value() {
        let attributes = vec![
            ("transaction_id", text("x")),
            ("amount_minor", number(1130)),
        ];
        assert_eq!(
            insert_statement("transactions_dev", &attributes),
            "INSERT INTO \"transactions_dev\" VALUE {'transaction_id': ?, 'amount_minor': ?}"
        );
    }
}
