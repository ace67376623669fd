//! What stands in for the transactions table: counts the write units of every statement, and remembers items where it is told to.
//!
//! A write unit is a begun kilobyte of an item: of the new one where it is inserted, of the greater
//! of both where it is updated. A write that fails its condition is paid for like one that does
//! not: by the item that stands there, one unit at least. Its expiry costs nothing. Sources, read
//! 2026-11-28:
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>,
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalWrites.ReturnConsumedCapacity>.
//! They have no other rule for PartiQL.

use std::collections::HashMap;
use std::ops::AddAssign;

use serde_json::{Map, Value, json};

/// Write units, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteUnits {
    /// Items of events, in the table.
    pub events: u64,
    /// Items of movements, in the table: those that were written.
    pub movements: u64,
    /// Writes that failed their condition.
    pub refused: u64,
    /// Markers of the analytics table, and what counts events there.
    pub counts: u64,
    /// What counts money in the analytics table.
    pub money: u64,
}

impl WriteUnits {
    /// All of them.
    pub fn all(self) -> u64 {
        self.events + self.movements + self.refused + self.counts + self.money
    }
}

impl AddAssign for WriteUnits {
    fn add_assign(&mut self, more: Self) {
        self.events += more.events;
        self.movements += more.movements;
        self.refused += more.refused;
        self.counts += more.counts;
        self.money += more.money;
    }
}

/// The table. What it does not remember is always new to it.
#[derive(Debug, Default)]
pub struct Table {
    items: Option<HashMap<(String, String), Value>>,
}

/// Items in a table and their bytes, by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// Items of events.
    pub events: u64,
    /// Those of them without a signed time.
    pub undated: u64,
    /// Bytes of the events' items, as DynamoDB counts them.
    pub event_bytes: u64,
    /// Items of movements.
    pub movements: u64,
    /// Bytes of theirs.
    pub movement_bytes: u64,
}

/// What a statement came to.
pub struct Executed {
    /// What it cost.
    pub units: WriteUnits,
    /// As a member of `Responses`.
    pub answer: Value,
    /// The item that it inserted.
    pub inserted: Option<Value>,
}

impl Table {
    /// One that remembers its items.
    pub fn remembering() -> Self {
        Self {
            items: Some(HashMap::new()),
        }
    }

    /// What it remembers.
    pub fn items(&self) -> Items {
        let mut all = Items::default();
        for ((_, sort), item) in self.items.iter().flatten() {
            if item["record_type"]["S"] == "movement" {
                all.movements += 1;
                all.movement_bytes += item_bytes(item);
            } else {
                all.events += 1;
                all.event_bytes += item_bytes(item);
                all.undated += u64::from(sort.starts_with("undated#"));
            }
        }
        all
    }

    /// Executes a statement as DynamoDB Local 3 does: an insert that is refused says nothing of what stands there, an update that is refused does.
    pub fn execute(&mut self, statement: &Value) -> Executed {
        let item = written(statement);
        let text = statement["Statement"].as_str().unwrap_or_default();
        let is_update = text.starts_with("UPDATE");
        let of = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
        let key = (of("transaction_id"), of("timestamp"));
        let there = self.items.as_ref().and_then(|items| items.get(&key));
        let code = match (is_update, there) {
            // The last value is the version that the update is over.
            (true, Some(there)) => (list(statement, "Parameters").last()
                != Some(&there["version"]))
            .then_some("ConditionalCheckFailed"),
            (true, None) => self.items.is_some().then_some("ConditionalCheckFailed"),
            (false, Some(_)) => Some("DuplicateItem"),
            (false, None) => None,
        };
        let there_units = there.map_or(1, units);
        if let Some(code) = code {
            let mut error = json!({ "Code": code, "Message": "refused" });
            if let (true, Some(there)) = (is_update, there) {
                error["Item"] = there.clone();
            }
            return Executed {
                units: WriteUnits {
                    refused: there_units,
                    ..WriteUnits::default()
                },
                answer: json!({ "Error": error }),
                inserted: None,
            };
        }
        let mut counted = WriteUnits::default();
        let own = if is_update {
            units(&item).max(there_units)
        } else {
            units(&item)
        };
        if item["record_type"]["S"] == "movement" {
            counted.movements = own;
        } else {
            counted.events = own;
        }
        if let Some(items) = &mut self.items {
            items.insert(key, item.clone());
        }
        Executed {
            units: counted,
            answer: json!({}),
            inserted: (!is_update).then_some(item),
        }
    }
}

/// The member of this name, where it is a list.
pub(crate) fn list<'v>(document: &'v Value, name: &str) -> &'v [Value] {
    document[name].as_array().map(Vec::as_slice).unwrap_or(&[])
}

/// The item that a PartiQL insert or update leaves behind; each names its attributes in the statement and has their values apart. An update here names
/// all but those of the key, which its condition has, and the version that it is over at the end.
fn written(statement: &Value) -> Value {
    let text = statement["Statement"].as_str().unwrap_or_default();
    let values = list(statement, "Parameters").iter().cloned();
    let mut item = Map::new();
    let mut names: Vec<&str> = if text.starts_with("UPDATE") {
        // The first is the table's.
        text.split('"').skip(3).step_by(2).collect()
    } else {
        text.split('\'').skip(1).step_by(2).collect()
    };
    if text.starts_with("UPDATE") {
        names.pop();
    }
    item.extend(names.into_iter().map(str::to_owned).zip(values));
    Value::Object(item)
}

/// What DynamoDB counts of an item: names and values, numbers by two digits a byte.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>, read 2026-11-26.
fn item_bytes(item: &Value) -> u64 {
    let members = item.as_object().into_iter().flatten();
    members
        .map(|(name, value)| name.len() as u64 + value_bytes(value))
        .sum()
}

fn value_bytes(value: &Value) -> u64 {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return 0;
    };
    let text = |value: &Value| value.as_str().map_or(1, |text| text.len() as u64);
    match (kind.as_str(), inner) {
        ("N", number) => text(number).div_ceil(2) + 1,
        // The bytes and not their Base64, which pads them to whole groups of three.
        ("B", Value::String(base64)) => {
            let padding = base64.bytes().filter(|byte| *byte == b'=').count();
            (base64.len() / 4 * 3 - padding) as u64
        }
        ("M", map) => 3 + item_bytes(map) + map.as_object().map_or(0, |map| map.len() as u64),
        ("L", Value::Array(values)) => {
            3 + values
                .iter()
                .map(|value| value_bytes(value) + 1)
                .sum::<u64>()
        }
        (_, Value::Array(values)) => values.iter().map(text).sum(),
        (_, scalar) => text(scalar),
    }
}

/// Begun kilobytes of an item.
pub(crate) fn units(item: &Value) -> u64 {
    item_bytes(item).div_ceil(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_begun_kilobytes_of_names_and_values() {
        let item = json!({"ab": {"S": "xyz"}, "c": {"N": "1130"}, "d": {"SS": ["p", "qr"]}, "e": {"BOOL": true}});
        assert_eq!(item_bytes(&item), 5 + 4 + 4 + 2);
        assert_eq!(units(&json!({"a": {"S": "x".repeat(1023)}})), 1);
        assert_eq!(units(&json!({"a": {"S": "x".repeat(1024)}})), 2);
    }

    fn event() -> Value {
        json!({
            "Statement": "INSERT INTO \"t\" VALUE {'transaction_id': ?, 'timestamp': ?, 'record_type': ?, 'expires_at': ?}",
            "Parameters": [{"S": "stripe:pi"}, {"S": "undated#evt"}, {"S": "event"}, {"N": "1776308645"}],
        })
    }

    fn movement(version: &str, note: &str) -> Value {
        json!({
            "Statement": "INSERT INTO \"t\" VALUE {'note': ?, 'record_type': ?, 'timestamp': ?, 'transaction_id': ?, 'version': ?}",
            "Parameters": [{"S": note}, {"S": "movement"}, {"S": "movement#capture#ch"}, {"S": "stripe:pi"}, {"N": version}],
        })
    }

    fn raised(over: &str, version: &str) -> Value {
        json!({
            "Statement": "UPDATE \"t\" SET \"note\" = ? SET \"record_type\" = ? SET \"version\" = ? \
                          WHERE \"transaction_id\" = ? AND \"timestamp\" = ? AND \"version\" = ?",
            "Parameters": [{"S": "n"}, {"S": "movement"}, {"N": version}, {"S": "stripe:pi"}, {"S": "movement#capture#ch"}, {"N": over}],
        })
    }

    fn counted(events: u64, movements: u64, refused: u64) -> WriteUnits {
        WriteUnits {
            events,
            movements,
            refused,
            ..WriteUnits::default()
        }
    }

    #[test]
    fn events_and_movements_are_counted_apart() {
        let mut table = Table::default();
        assert_eq!(table.execute(&event()).units, counted(1, 0, 0));
        let inserted = table.execute(&movement("1", "n"));
        assert_eq!(inserted.units, counted(0, 1, 0));
        assert_eq!(
            inserted.inserted.unwrap()["timestamp"]["S"],
            "movement#capture#ch"
        );
        // It remembers nothing.
        let again = table.execute(&movement("1", "n"));
        assert_eq!((again.units, again.answer), (counted(0, 1, 0), json!({})));
        assert_eq!(table.execute(&raised("1", "2")).units, counted(0, 1, 0));
    }

    #[test]
    fn what_is_kept_is_told_apart() {
        let mut table = Table::remembering();
        table.execute(&event());
        table.execute(&movement("1", "n"));
        table.execute(&raised("1", "2"));
        let items = table.items();
        assert_eq!((items.events, items.undated, items.movements), (1, 1, 1));
        // Names and values: of the event 14 + 9, 9 + 11, 11 + 5, and its shard.
        assert!(items.event_bytes > 59 && items.movement_bytes > 59);
        assert_eq!(Table::default().items(), Items::default());
    }

    #[test]
    fn what_is_refused_is_paid_for_by_what_stands_there() {
        let mut table = Table::remembering();
        let nothing_there = table.execute(&raised("0", "1"));
        assert_eq!(nothing_there.units, counted(0, 0, 1));
        assert!(nothing_there.answer["Error"]["Item"].is_null());
        let long = "x".repeat(1024);
        assert_eq!(table.execute(&movement("1", &long)).units, counted(0, 2, 0));
        let again = table.execute(&movement("1", "n"));
        assert_eq!(again.units, counted(0, 0, 2));
        assert_eq!(again.answer["Error"]["Code"], "DuplicateItem");
        assert!(again.answer["Error"]["Item"].is_null() && again.inserted.is_none());
        let asked = table.execute(&raised("0", "2"));
        assert_eq!(asked.units, counted(0, 0, 2));
        assert_eq!(asked.answer["Error"]["Item"]["version"]["N"], "1");
        // The greater of both; then it is as small as it was written.
        let first = table.execute(&raised("1", "2"));
        assert_eq!(first.units, counted(0, 2, 0));
        assert!(first.inserted.is_none());
        let second = table.execute(&raised("2", "3")).units;
        assert_eq!((second, second.all()), (counted(0, 1, 0), 1));
    }
}
