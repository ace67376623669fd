//! A table with aged items and an archive, in memory.
// A helper that cannot go on ends its test; each test binary uses its own part of this.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use audit_seal::seal::seal;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use payment_event::{MOVEMENT, TransactionKey};
use pipeline::memory::{Memory, signing_key, to_the_end};
use pipeline::storage::{Deadline, ObjectStore};
use pipeline::stored::{StoredMoney, StoredMovement, StoredTransaction};
use transaction_archive::day::Stores;
use transaction_archive::run::{Cursor, Deps, Report, Scope, run};
use transaction_archive::{decode, read};

pub(crate) const DAY: Date = date(2025, 12, 29);
pub(crate) const NOON_MS: i64 = 1_767_009_600_000;
/// Events of one audit object.
const OBJECT_EVENTS: u32 = 3;
/// Keys of one part, at least: three objects.
pub(crate) const PART_KEYS: usize = 8;

/// In the night, so many days after [`DAY`].
pub(crate) fn night(days: i64) -> Timestamp {
    let noon = Timestamp::from_millisecond(NOON_MS).unwrap();
    noon + SignedDuration::from_hours(24 * days - 11)
}

/// A bucket that can be sealed, and an empty table.
pub(crate) fn empty() -> Memory {
    let memory = Memory::new();
    memory.set_signing_key(signing_key().unwrap());
    memory
}

pub(crate) fn record(n: u32) -> StoredTransaction {
    let event_time = jiff::Timestamp::from_millisecond(NOON_MS - 500 + i64::from(n) * 13).unwrap();
    let transaction_id = format!("stripe:pi_{}", n / 2);
    StoredTransaction {
        key: TransactionKey {
            transaction_id,
            timestamp: format!("{event_time:.9}#evt_{n}"),
        },
        expires_at: NOON_MS / 1000 + 104 * 86_400,
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
        audit_key: format!("audit/dt={DAY}/hh=12/i{:03}.jsonl.zst", n / OBJECT_EVENTS),
        audit_offset: 0,
        audit_length: 1,
        tells: Vec::new(),
        fetched: None,
        movement: None,
    }
}

/// The audit object of [`event`] and [`movement`].
pub(crate) const PAYMENTS: &str = "audit/dt=2025-12-29/hh=13/payments.jsonl.zst";

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
        audit_key: PAYMENTS.into(),
        key: TransactionKey {
            transaction_id,
            ..plain.key
        },
        tells: tells.iter().map(|told| (*told).to_owned()).collect(),
        fetched: None,
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
        audit_key: PAYMENTS.into(),
        event_time: None,
        related_ids: BTreeMap::new(),
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

/// Puts records into the table, each named by the line of an audit object.
pub(crate) fn filled(memory: &Memory, records: std::ops::Range<u32>) {
    memory.put_audited(&records.map(record).collect::<Vec<_>>());
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

/// Seals what there is, so many days after [`DAY`].
pub(crate) fn sealed(memory: &Memory, days: i64) {
    let never = After(u32::MAX.into());
    let deps = audit_seal::seal::Deps {
        objects: memory,
        signer: memory,
        pause: memory,
        deadline: &never,
    };
    let day = DAY.checked_add(SignedDuration::from_hours(24 * (days - 1)));
    to_the_end(seal(day.unwrap(), night(days), &deps))
        .unwrap()
        .unwrap();
}

/// What is sealed by the night so many days after [`DAY`].
pub(crate) fn scope(days: i64) -> Scope {
    Scope {
        first: DAY,
        last: DAY,
        sealed_before: night(days) + SignedDuration::from_secs(1),
        now: night(days) + SignedDuration::from_hours(2),
    }
}

/// `None` is a crash.
pub(crate) fn archive_in(
    memory: &Memory,
    objects: &impl ObjectStore,
    scope: &Scope,
    from: Option<&Cursor>,
    questions: u32,
) -> Option<Report> {
    let deadline = After(questions.into());
    let deps = Deps {
        table: memory,
        objects,
        pause: memory,
        deadline: &deadline,
        part_keys_min: PART_KEYS,
    };
    to_the_end(run(scope, from, &deps))
}

pub(crate) fn archive(memory: &Memory, from: Option<&Cursor>, questions: u32) -> Option<Report> {
    archive_in(memory, memory, &scope(1), from, questions)
}

/// Seals what there is on the day after `days` days and archives it.
pub(crate) fn archive_on(memory: &Memory, days: i64) -> Report {
    sealed(memory, days);
    archive_in(memory, memory, &scope(days), None, u32::MAX).unwrap()
}

pub(crate) fn archive_all(memory: &Memory) -> Report {
    archive_on(memory, 1)
}

/// Where a memory's records are read.
pub(crate) fn stores(memory: &Memory) -> Stores<'_, Memory, Memory, Memory> {
    Stores {
        table: memory,
        objects: memory,
        pause: memory,
    }
}

/// Lets everything expire that belongs to [`DAY`].
pub(crate) fn expire(memory: &Memory) {
    memory.expire(i64::MAX, |_| true);
}

/// What a reader of `archive/transactions/` sees: every row of every file.
pub(crate) fn visible(memory: &Memory) -> Vec<StoredTransaction> {
    let objects = memory.objects().into_iter();
    let parts = objects.filter(|(key, _)| key.starts_with("archive/transactions/"));
    parts.flat_map(|(_, file)| decode(file).unwrap()).collect()
}

/// What the manifests say is archived.
pub(crate) fn listed(memory: &Memory) -> Vec<StoredTransaction> {
    let manifests = to_the_end(read::manifests(DAY, "", memory)).unwrap();
    let mut records = Vec::new();
    for manifest in manifests.unwrap() {
        let part = to_the_end(read::verified(&manifest, memory)).unwrap();
        records.extend(part.unwrap());
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
