//! What stands in for the analytics table: remembers the items that transactions write and add to, and counts their write units.
//!
//! A write of a transaction is two units for a begun kilobyte of the item, of the greater one before and after an update.
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>, read 2026-11-28.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::table::{WriteUnits, units};

/// The table.
#[derive(Debug, Default)]
pub struct Counts {
    items: HashMap<(String, String), Value>,
}

fn key(item: &Value) -> (String, String) {
    let of = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    (of("aggregate"), of("bucket"))
}

/// The clause of an update expression that begins with this word.
fn clause<'e>(expression: &'e str, word: &str, other: &str) -> &'e str {
    let rest = expression
        .split_once(word)
        .map_or("", |(_, rest)| rest.trim());
    rest.split(other).next().unwrap_or_default().trim()
}

impl Counts {
    /// What a transaction of these writes costs; they are made.
    pub fn transact(&mut self, writes: &[Value]) -> WriteUnits {
        let mut counted = WriteUnits::default();
        for write in writes {
            if let Some(item) = write["Put"].get("Item") {
                counted.counts += 2 * units(item);
                continue;
            }
            let update = &write["Update"];
            let key = key(&update["Key"]);
            let is_events = key.1.ends_with("#event");
            let item = self.items.entry(key);
            let item = item.or_insert_with(|| update["Key"].clone());
            let before = units(item);
            change(item, update);
            let cost = 2 * units(item).max(before);
            match is_events {
                true => counted.counts += cost,
                false => counted.money += cost,
            }
        }
        counted
    }
}

/// Adds to the numbers of an item what an update says, and sets what it sets.
fn change(item: &mut Value, update: &Value) {
    let expression = update["UpdateExpression"].as_str().unwrap_or_default();
    let values = &update["ExpressionAttributeValues"];
    for added in clause(expression, "ADD", "SET").split(',') {
        let Some((name, value)) = added.trim().split_once(' ') else {
            continue;
        };
        let name = &update["ExpressionAttributeNames"][name];
        let number = |value: &Value| value["N"].as_str().and_then(|text| text.parse().ok());
        let sum: i128 = number(&item[name.as_str().unwrap_or_default()]).unwrap_or(0)
            + number(&values[value]).unwrap_or(0);
        item[name.as_str().unwrap_or_default()] = json!({"N": sum.to_string()});
    }
    if let Some((name, value)) = clause(expression, "SET", "ADD").split_once(" = ") {
        item[name] = values[value].clone();
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use pipeline::aggregate::count::{StreamRecord, count_batch};
    use pipeline::aggregate::{ItemKey, Items, marker};
    use pipeline::memory::{Memory, to_the_end};
    use pipeline::{Deps, IncomingMessage, Limits, Remembered, ingest};
    use provider_webhooks::sample_secrets;

    use super::*;
    use crate::budget::Budget;
    use crate::workload::{attribute, received_at, senders, webhooks};

    fn update(bucket: &str, number: i64) -> Value {
        json!({"Update": {
            "Key": {"aggregate": {"S": "minute#03"}, "bucket": {"S": bucket}},
            "UpdateExpression": "ADD #0 :0,#1 :1 SET expires_at = :expires_at",
            "ExpressionAttributeNames": {"#0": "stripe#captured#n", "#1": "y".repeat(1000)},
            "ExpressionAttributeValues": {
                ":0": {"N": number.to_string()}, ":1": {"N": "1"}, ":expires_at": {"N": "1767323046"},
            },
        }})
    }

    #[test]
    fn an_update_costs_what_the_item_has_become() {
        let mut counts = Counts::default();
        let marker = json!({"Put": {"Item": {"records": {"B": "AAAA".repeat(300)}}}});
        let writes = [marker, update("m#event", 99), update("m#EUR.2", 1)];
        let counted = counts.transact(&writes);
        // A marker of 907 bytes, and items of a few more than a kilobyte.
        assert_eq!((counted.counts, counted.money), (2 + 4, 4));
        counts.transact(&[update("m#event", 1)]);
        let key = ("minute#03".to_owned(), "m#event".to_owned());
        assert_eq!(counts.items[&key]["stripe#captured#n"], json!({"N": "100"}));
        assert_eq!(counts.items[&key]["expires_at"], json!({"N": "1767323046"}));
    }

    /// The update that adds these numbers, as the adapter makes it.
    fn writes(items: &Items, records: &[StreamRecord<'_>]) -> Vec<Value> {
        let numbers: Vec<_> = records
            .iter()
            .map(|record| record.sequence.clone())
            .collect();
        // Of so many bytes; which ones costs nothing.
        let listed = "A".repeat(marker::encode(&numbers).len().div_ceil(3) * 4);
        let marker = json!({"Put": {"Item": {
            "aggregate": {"S": "marker#03"}, "bucket": {"S": "0".repeat(40)},
            "records": {"B": listed}, "expires_at": {"N": "1767323046"},
        }}});
        let update = |(key, numbers): (&ItemKey, &pipeline::aggregate::Numbers)| {
            let names = numbers.keys().enumerate();
            let names: serde_json::Map<_, _> = names
                .map(|(n, name)| (format!("#{n}"), json!(name)))
                .collect();
            let values = numbers.values().enumerate();
            let values: serde_json::Map<_, _> = values
                .map(|(n, number)| (format!(":{n}"), json!({"N": number.to_string()})))
                .collect();
            let added: Vec<_> = (0..numbers.len()).map(|n| format!("#{n} :{n}")).collect();
            json!({"Update": {
                "Key": {"aggregate": {"S": key.aggregate}, "bucket": {"S": key.bucket}},
                "UpdateExpression": format!("ADD {}", added.join(",")),
                "ExpressionAttributeNames": names, "ExpressionAttributeValues": values,
            }})
        };
        std::iter::once(marker)
            .chain(items.iter().map(update))
            .collect()
    }

    /// What a store in memory holds after a batch, less what it held before.
    fn added(before: &Items, after: &Items) -> Items {
        let mut added = after.clone();
        for (key, numbers) in before {
            let less = numbers.iter().map(|(name, number)| (name.clone(), -number));
            let sum = added.entry(key.clone()).or_default();
            pipeline::aggregate::packed::add(sum, &less.collect());
        }
        added.retain(|_, numbers| !numbers.is_empty());
        added
    }

    #[test]
    #[allow(clippy::print_stdout)]
    fn an_event_of_the_mix_is_counted_within_its_budget() {
        let memory = Memory::new();
        for provider in senders() {
            let info = provider.info();
            memory.set_secrets(info.name, sample_secrets(info, 1));
        }
        let at_ms = received_at().as_millisecond();
        let made = webhooks(1, 600, 1024);
        let bodies: Vec<_> = made
            .iter()
            .map(|it| String::from_utf8_lossy(&it.request.body).into_owned())
            .collect();
        let attributes: Vec<_> = made.iter().map(attribute).collect();
        let ids: Vec<_> = (0..made.len()).map(|n| format!("m{n}")).collect();
        let messages: Vec<_> = (0..made.len())
            .map(|n| IncomingMessage {
                message_id: &ids[n],
                body: &bodies[n],
                request: Some(&attributes[n]),
                received_at_ms: at_ms,
                queued_at_ms: at_ms,
                first_message_id: None,
                archive_asked: false,
                fetched: None,
                receive_count: 1,
            })
            .collect();
        let deps = Deps {
            transactions: &memory,
            remembered: &Remembered::default(),
            audit: &memory,
            rejected: &memory,
            secrets: &memory,
            certificates: &memory,
            pause: &memory,
        };
        to_the_end(ingest(&messages, "i", &deps, &Limits::default())).unwrap();
        let stream = memory.stream(0);
        let is_event = |json: &str| json.contains("\"record_type\":{\"S\":\"event\"}");
        let (mut counts, mut units, mut events, mut batches) =
            (Counts::default(), WriteUnits::default(), 0, 0);
        let now = Timestamp::from_millisecond(at_ms + 900).unwrap();
        for batch in stream.chunks_exact(100) {
            let before = memory.counts();
            let records: Vec<_> = batch
                .iter()
                .map(|change| StreamRecord {
                    sequence: change.sequence.clone(),
                    json: &change.json,
                })
                .collect();
            let report = to_the_end(count_batch(&records, now, 3, &memory, &memory, &memory));
            assert_eq!(report.unwrap().applied.transactions, 1);
            units += counts.transact(&writes(&added(&before, &memory.counts()), &records));
            events += batch.iter().filter(|change| is_event(&change.json)).count();
            batches += 1;
        }
        let each = |units: u64| units as f64 / events as f64;
        println!(
            "{events} events in {batches} batches of a hundred records: {:.3} write units an event, {:.3} with its money, {:.3} read units",
            each(units.counts),
            each(units.all()),
            each(batches),
        );
        let budgets = include_str!("../budgets.json");
        let budgets: std::collections::BTreeMap<String, Budget> =
            serde_json::from_str(budgets).unwrap();
        // With what counts their money, too.
        for (name, measured) in [
            ("analytics_write_units", each(units.all())),
            ("analytics_read_units", each(batches)),
        ] {
            assert_eq!(
                budgets[name].judge(Some(measured)).within,
                Some(true),
                "{measured}"
            );
        }
    }
}
