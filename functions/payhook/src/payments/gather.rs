//! Everything that the table has of one payment, from any of its ids.
//!
//! A payment's events and movements stand under its transaction id. Some providers spread one payment over several; the
//! others are named by `related_ids` and by the movements that an event tells, and are followed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use aws_adapters::{DynamoIndex, S3Objects};
use jiff::civil::Date;
use payment_event::{Movement, PAYMENT_ROLES};
use pipeline::stored::StoredTransaction;
use provider_webhooks::providers;
use transaction_archive::read::each_record;

use crate::error::Error;

/// Transaction ids that are followed: no payment has as many, and a constant reference would join all.
const IDS_FOLLOWED_MAX: usize = 64;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The transaction ids that have anything.
    pub(super) transaction_ids: BTreeSet<String>,
    /// The events, by receipt.
    pub(super) events: Vec<StoredTransaction>,
    /// The movements' items, by key.
    pub(super) movements: BTreeMap<(String, String), StoredTransaction>,
}

impl Gathered {
    /// The movements.
    ///
    /// # Errors
    /// [`Error::Movement`] for an item that is none.
    pub(super) fn movements(&self) -> Result<Vec<Movement>, Error> {
        let items = self.movements.values();
        items
            .map(|item| item.movement().map_err(Error::Movement))
            .collect()
    }

    fn add(&mut self, record: StoredTransaction) -> Vec<String> {
        self.transaction_ids
            .insert(record.key.transaction_id.clone());
        let next = others(&record);
        if record.movement.is_some() {
            let key = record.key.clone();
            self.movements
                .insert((key.transaction_id, key.timestamp), record);
        } else if !self.events.iter().any(|known| known.key == record.key) {
            self.events.push(record);
        }
        next
    }
}

/// The other transaction ids under which something of the same payment may stand.
fn others(record: &StoredTransaction) -> Vec<String> {
    let related = record.related_ids.iter();
    let related = related.filter(|(role, _)| PAYMENT_ROLES.contains(&role.as_str()));
    let payments = record
        .tells
        .iter()
        .filter_map(|told| told.splitn(3, '#').nth(2));
    related
        .map(|(_, id)| id.as_str())
        .chain(payments)
        .map(|id| format!("{}:{id}", record.provider))
        .collect()
}

/// Returns true if a record is about this id: of its payment, its event, what it names, or what it tells.
fn is_about(record: &StoredTransaction, id: &str) -> bool {
    let told = |told: &String| told.split('#').nth(1) == Some(id);
    record.event_id == id
        || record.message_id == id
        || record.key.transaction_id == id
        || record.related_ids.values().any(|related| related == id)
        || record.tells.iter().any(told)
}

/// Gathers what belongs to an id. `{provider}:{id}` is looked up; any other id is tried as each provider's id of a payment, and then looked
/// for among the records of `day`, in table and archive.
///
/// # Errors
/// [`Error::NoRecord`] when nothing has this id; others when table or archive cannot be read.
pub(super) async fn gather(
    id: &str,
    day: Date,
    index: &DynamoIndex,
    objects: &S3Objects,
) -> Result<Gathered, Error> {
    let mut waiting: VecDeque<String> = match id.contains(':') {
        true => [id.to_owned()].into(),
        false => {
            let names = providers::ALL.iter().map(|provider| provider.info().name);
            names.map(|name| format!("{name}:{id}")).collect()
        }
    };
    let mut gathered = Gathered::default();
    let mut seen = BTreeSet::new();
    follow(&mut waiting, &mut seen, &mut gathered, index).await?;
    if gathered.events.is_empty() && gathered.movements.is_empty() {
        let mut found = Vec::new();
        each_record(day, index, objects, |_, record| {
            found.extend(record.filter(|record| is_about(record, id)));
        })
        .await?;
        for record in found {
            waiting.push_back(record.key.transaction_id.clone());
            waiting.extend(gathered.add(record));
        }
        seen.clear();
        follow(&mut waiting, &mut seen, &mut gathered, index).await?;
    }
    if gathered.transaction_ids.is_empty() {
        return Err(Error::NoRecord);
    }
    gathered.events.sort_by(|a, b| {
        let order = |record: &StoredTransaction| (record.received_at, record.key.clone());
        order(a).cmp(&order(b))
    });
    Ok(gathered)
}

async fn follow(
    waiting: &mut VecDeque<String>,
    seen: &mut BTreeSet<String>,
    gathered: &mut Gathered,
    index: &DynamoIndex,
) -> Result<(), Error> {
    while let Some(next) = waiting.pop_front() {
        if gathered.transaction_ids.len() >= IDS_FOLLOWED_MAX || !seen.insert(next.clone()) {
            continue;
        }
        for item in index.items_of(&next).await? {
            let record = StoredTransaction::from_item(item).map_err(Error::Movement)?;
            waiting.extend(gathered.add(record));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(tells: &[&str], related: &[(&str, &str)]) -> StoredTransaction {
        let related = related.iter();
        StoredTransaction {
            key: payment_event::TransactionKey {
                transaction_id: "paypal:ORDER".into(),
                timestamp: "undated#e1".into(),
            },
            provider: "paypal".into(),
            event_id: "e1".into(),
            event_type: "t".into(),
            status: "captured".into(),
            money: None,
            merchant_account: None,
            related_ids: related
                .map(|(role, id)| ((*role).to_owned(), (*id).to_owned()))
                .collect(),
            problems: Vec::new(),
            event_time: None,
            received_at: "2026-11-27T12:00:00Z".parse().unwrap(),
            message_id: "m1".into(),
            audit_key: "audit/1".into(),
            audit_offset: 0,
            audit_length: 1,
            archive_shard: "2026-11-27#01".into(),
            tells: tells.iter().map(|told| (*told).to_owned()).collect(),
            movement: None,
        }
    }

    #[test]
    fn the_ids_of_one_payment_are_followed_and_no_others() {
        let found = others(&record(
            &["capture#C1#C1", "refund#R1"],
            &[("order", "O1"), ("customer", "U1"), ("capture", "C2")],
        ));
        assert_eq!(found, ["paypal:C2", "paypal:O1", "paypal:C1"]);
    }

    #[test]
    fn a_record_is_found_by_whatever_it_names() {
        let record = record(&["refund#R1", "capture#C1#P1"], &[("dispute", "D1")]);
        for id in ["e1", "m1", "paypal:ORDER", "D1", "R1", "C1"] {
            assert!(is_about(&record, id), "{id}");
        }
        for id in ["P1", "refund", "ORDER", ""] {
            assert!(!is_about(&record, id), "{id}");
        }
    }
}
