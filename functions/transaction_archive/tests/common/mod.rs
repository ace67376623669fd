//! A table with aged items and an archive, in memory.
// A helper that cannot go on ends its test; each test binary uses its own part of this.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use payment_event::{MOVEMENT, TransactionKey};
use pipeline::memory::{Memory, to_the_end};
use pipeline::plan::archive_shard;
use pipeline::storage::Deadline;
use pipeline::stored::{StoredMoney, StoredMovement, StoredTransaction};
use transaction_archive::run::{Cursor, Days, Deps, Report, run};
use transaction_archive::{decode, read};

pub(crate) const DAY: Date = date(2025, 12, 29);
pub(crate) const DAYS: Days = Days {
    first: DAY,
    last: DAY,
    undated_last: DAY,
};
const NOON_MS: i64 = 1_767_009_600_000;

pub(crate) fn record(n: u32) -> StoredTransaction {
    let event_time = jiff::Timestamp::from_millisecond(NOON_MS - 500 + i64::from(n) * 13).unwrap();
    let transaction_id = format!("stripe:pi_{}", n / 2);
    StoredTransaction {
        archive_shard: archive_shard(&transaction_id, NOON_MS, true),
        key: TransactionKey {
            transaction_id,
            timestamp: format!("{event_time:.9}#evt_{n}"),
        },
        provider: "stripe".into(),
        event_id: format!("evt_{n}"),
        event_type: "charge.succeeded".into(),
        status: "captured".into(),
        money: Some(StoredMoney {
            minor: i64::from(n),
            currency: "EUR".into(),
            exponent: 2,
            text: n.to_string(),
            exponent_source: "iso_default".into(),
        }),
        merchant_account: None,
        related_ids: [("charge".to_owned(), format!("ch_{n}"))].into(),
        problems: Vec::new(),
        event_time: Some(event_time),
        received_at: jiff::Timestamp::from_millisecond(NOON_MS).unwrap(),
        message_id: format!("m-{n}"),
        audit_key: "audit/dt=2025-12-29/hh=12/i.jsonl.zst".into(),
        audit_offset: 0,
        audit_length: 1,
        tells: Vec::new(),
        movement: None,
    }
}

/// An event under `payment` that tells and names these.
pub(crate) fn event(
    n: u32,
    payment: &str,
    tells: &[&str],
    related: &[(&str, &str)],
) -> StoredTransaction {
    let transaction_id = format!("stripe:{payment}");
    let plain = record(n);
    StoredTransaction {
        archive_shard: archive_shard(&transaction_id, plain.received_at.as_millisecond(), true),
        key: TransactionKey {
            transaction_id,
            ..plain.key
        },
        tells: tells.iter().map(|told| (*told).to_owned()).collect(),
        related_ids: related
            .iter()
            .map(|(role, id)| ((*role).to_owned(), (*id).to_owned()))
            .collect(),
        ..plain
    }
}

/// A movement of 10.00 EUR that succeeded.
pub(crate) fn movement(payment: &str, kind: &str, id: &str) -> StoredTransaction {
    let plain = record(1000);
    StoredTransaction {
        key: TransactionKey {
            transaction_id: format!("stripe:{payment}"),
            timestamp: format!("{MOVEMENT}#{kind}#{id}"),
        },
        archive_shard: String::new(),
        movement: Some(StoredMovement {
            kind: kind.into(),
            id: id.into(),
            state: "succeeded".into(),
            rank: 30,
            tells: Some("own".into()),
            amount_rank: Some(30),
            amount_at: None,
            version: 1,
            changes: Vec::new(),
        }),
        ..plain
    }
}

pub(crate) fn filled(memory: &Memory, records: std::ops::Range<u32>) {
    records.for_each(|n| memory.put_item(record(n).item()));
}

/// Never, or after so many questions.
pub(crate) struct After(pub(crate) std::cell::Cell<u32>);

impl Deadline for After {
    fn reached(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left == 0
    }
}

pub(crate) const PART_ITEMS: usize = 2;

/// `None` is a crash.
pub(crate) fn archive(memory: &Memory, from: Option<Cursor>, questions: u32) -> Option<Report> {
    let deadline = After(questions.into());
    let deps = Deps {
        index: memory,
        objects: memory,
        pause: memory,
        deadline: &deadline,
        part_items_max: PART_ITEMS,
    };
    to_the_end(run(DAYS, from, &deps))
}

pub(crate) fn archive_all(memory: &Memory) -> Report {
    archive(memory, None, u32::MAX).unwrap()
}

/// What a reader of `archive/transactions/` sees: every row of every file.
pub(crate) fn visible(memory: &Memory) -> Vec<StoredTransaction> {
    let objects = memory.objects().into_iter();
    let parts = objects.filter(|(key, _)| key.starts_with("archive/transactions/"));
    parts.flat_map(|(_, file)| decode(file).unwrap()).collect()
}

/// What the manifests say is archived.
pub(crate) fn listed(memory: &Memory) -> Vec<StoredTransaction> {
    let mut records = Vec::new();
    for shard in 0..16 {
        for manifest in to_the_end(read::manifests(DAY, shard, memory))
            .unwrap()
            .unwrap()
        {
            records.extend(
                to_the_end(read::verified(&manifest, memory))
                    .unwrap()
                    .unwrap(),
            );
        }
    }
    records
}

pub(crate) fn in_table(memory: &Memory) -> BTreeSet<TransactionKey> {
    memory.items().into_keys().collect()
}

pub(crate) fn keys(records: &[StoredTransaction]) -> Vec<TransactionKey> {
    let mut keys: Vec<_> = records.iter().map(|record| record.key.clone()).collect();
    keys.sort();
    keys
}

pub(crate) fn expected(records: std::ops::Range<u32>) -> Vec<TransactionKey> {
    keys(&records.map(record).collect::<Vec<_>>())
}
