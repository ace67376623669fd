//! Everything that is stored of one payment, from any of its ids.

use aws_adapters::{Backoff, DynamoReader, S3Objects};
use jiff::civil::Date;
use pipeline::stored::StoredTransaction;
use provider_webhooks::providers;
use transaction_archive::day::{Stores, each_record};
use transaction_archive::payments::{Gathered, Movements, gather};

use crate::error::Error;

/// Days that are read whole for the events of one payment.
const DAYS_MAX: usize = 8;

/// Returns true if a record is about this id: of its payment, its event, what it names, or what it tells.
fn is_about(record: &StoredTransaction, id: &str) -> bool {
    let told = |told: &String| told.split('#').nth(1) == Some(id);
    record.event_id == id
        || record.message_id == id
        || record.key.transaction_id == id
        || record.related_ids.values().any(|related| related == id)
        || record.tells.iter().any(told)
}

/// Gathers what belongs to an id. `{provider}:{id}` is looked up; any other id is tried as each
/// provider's id of a payment, and then looked for among the records of `day`, in table and
/// archive. Events that are archived or stand under an id that nothing leads to are looked for on
/// the days on which their movements changed. Movements that the table has no more are those that
/// the archive has from the same days.
///
/// # Errors
/// [`Error::NoRecord`] when nothing has this id; others when table or archive cannot be read.
pub(super) async fn everything(
    id: &str,
    day: Date,
    stores: &Stores<'_, DynamoReader, S3Objects, Backoff>,
) -> Result<Gathered, Error> {
    let mut gathered = Gathered::default();
    let names = providers::ALL.iter().map(|provider| provider.info().name);
    let ids: Vec<String> = match id.contains(':') {
        true => vec![id.to_owned()],
        false => names.map(|name| format!("{name}:{id}")).collect(),
    };
    gather(&mut gathered, ids, stores.table).await?;
    if gathered.is_empty() {
        let about = |record: &StoredTransaction| is_about(record, id);
        add_events_of(day, &mut gathered, about, stores).await?;
    }
    for day in gathered.days_untold().into_iter().rev().take(DAYS_MAX) {
        let known = gathered.clone();
        let told = |record: &StoredTransaction| known.is_told_by(record);
        add_events_of(day, &mut gathered, told, stores).await?;
    }
    match gathered.is_empty() {
        true => Err(Error::NoRecord),
        false => Ok(gathered),
    }
}

/// Adds the events of a day for which `wanted` says yes, and all that they lead to.
async fn add_events_of(
    day: Date,
    gathered: &mut Gathered,
    wanted: impl Fn(&StoredTransaction) -> bool,
    stores: &Stores<'_, DynamoReader, S3Objects, Backoff>,
) -> Result<(), Error> {
    let mut ids = Vec::new();
    let mut archived = Movements::default();
    each_record(day, stores, |_, record| match record {
        Some(record) if record.movement.is_some() => archived.add(record),
        Some(record) if wanted(&record) => {
            ids.push(record.key.transaction_id.clone());
            ids.extend(gathered.add(record));
        }
        _ => {}
    })
    .await?;
    gather(gathered, ids, stores.table).await?;
    gathered.add_expired(&archived);
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
            expires_at: 1_788_000_000,
            tells: tells.iter().map(|told| (*told).to_owned()).collect(),
            fetched: None,
            movement: None,
        }
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
