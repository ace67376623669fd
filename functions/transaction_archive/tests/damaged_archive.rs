//! Damaged parts and manifests, a bucket that does not keep what it was given, audit objects that
//! are not what was sealed: each is named, the rest goes on, and no day counts as whole that is
//! not.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    DAY, archive_all, archive_in, archive_on, empty, event, expected, filled, keys, record, scope,
    sealed, stores, visible,
};
use pipeline::memory::{Memory, to_the_end};
use pipeline::storage::{ObjectStore, ObjectVersion, PutNew, StoreError};
use transaction_archive::day::each_record;
use transaction_archive::run::Report;
use transaction_archive::{ArchiveError, encode};

/// The last part of the one inventory is damaged, and nothing says that its day is whole: the next
/// run looks at it. Another inventory came meanwhile. Returns what that run and a reader of the day
/// say.
fn damaged(damage: impl Fn(&Memory, &str, &str)) -> (Memory, Report, Result<(), ArchiveError>) {
    let memory = empty();
    filled(&memory, 0..27);
    archive_all(&memory);
    let objects = memory.objects();
    let marks = objects
        .keys()
        .filter(|key| key.starts_with("archive/whole/"));
    marks.for_each(|key| memory.remove_object(key));
    let mut parts = objects
        .keys()
        .filter(|key| key.starts_with("archive/transactions/"));
    let part = parts.next_back().unwrap();
    let manifest = part
        .replace("transactions", "manifests")
        .replace("parquet", "json");
    damage(&memory, part, &manifest);
    memory.put_audited(&[event(0, "pay", &[], &[])]);
    let read = to_the_end(each_record(DAY, &stores(&memory), |_, _| {})).unwrap();
    let report = archive_on(&memory, 2);
    (memory, report, read)
}

/// Changes the text of a manifest.
fn edit(memory: &Memory, manifest: &str, change: impl Fn(serde_json::Value) -> serde_json::Value) {
    let json = memory.objects().remove(manifest).unwrap();
    let json = change(serde_json::from_slice(&json).unwrap());
    memory.write_object(manifest, json.to_string().into());
}

fn set(memory: &Memory, manifest: &str, field: &str, value: serde_json::Value) {
    edit(memory, manifest, |mut json| {
        json[field] = value.clone();
        json
    });
}

/// Changes what a manifest says that its part holds.
fn hold(memory: &Memory, manifest: &str, field: &str, value: serde_json::Value) {
    edit(memory, manifest, |mut json| {
        json["holds"][field] = value.clone();
        json
    });
}

/// Replaces a part by other bytes, with a manifest whose hash and size fit them.
fn replace(memory: &Memory, part: &str, manifest: &str, file: Vec<u8>) {
    use aws_lc_rs::digest::{SHA256, digest};
    let sha256 = hex::encode(digest(&SHA256, &file));
    set(memory, manifest, "bytes", file.len().into());
    set(memory, manifest, "sha256", sha256.into());
    memory.write_object(part, file);
}

#[test]
fn a_damaged_archive_is_named_by_its_readers_and_keeps_its_day_open() {
    type Damage = fn(&Memory, &str, &str);
    type Named = fn(&ArchiveError) -> bool;
    let disagrees: Named = |error| matches!(error, ArchiveError::Disagrees(_));
    let no_manifest: Named = |error| matches!(error, ArchiveError::Manifest(_));
    let no_part: Named = |error| matches!(error, ArchiveError::Part { .. });
    let cases: [(&str, Named, Damage); 14] = [
        ("a part cut short", disagrees, |memory, part, _| {
            let file = memory.objects().remove(part).unwrap();
            memory.write_object(part, file[..file.len() / 2].to_vec());
        }),
        ("a part of another time", disagrees, |memory, part, _| {
            memory.write_object(part, encode(&[record(7)]).unwrap());
        }),
        (
            "a part that is gone, with its pending copy",
            |error| matches!(error, ArchiveError::Missing(_)),
            |memory, part, _| {
                memory.remove_object(part);
                let objects = memory.objects();
                let pending = objects
                    .keys()
                    .filter(|key| key.starts_with("archive/pending/"));
                pending.for_each(|key| memory.remove_object(key));
            },
        ),
        (
            "a part that is gone, with a damaged pending copy",
            |error| matches!(error, ArchiveError::Missing(_)),
            |memory, part, _| {
                memory.remove_object(part);
                let objects = memory.objects();
                let pending = objects
                    .keys()
                    .filter(|key| key.starts_with("archive/pending/"));
                pending.for_each(|key| memory.write_object(key, b"PAR1".to_vec()));
            },
        ),
        (
            "a part cut short, and a manifest that fits the rest",
            no_part,
            |memory, part, manifest| {
                let file = memory.objects().remove(part).unwrap();
                replace(memory, part, manifest, file[..file.len() - 1].to_vec());
            },
        ),
        (
            "records of others, and a manifest with their hash",
            disagrees,
            |memory, part, manifest| {
                replace(
                    memory,
                    part,
                    manifest,
                    encode(&[record(7), record(9)]).unwrap(),
                );
            },
        ),
        (
            "a manifest that says another count",
            disagrees,
            |memory, _, manifest| hold(memory, manifest, "dated", 11.into()),
        ),
        (
            "a manifest that says another hash",
            disagrees,
            |memory, _, manifest| set(memory, manifest, "sha256", "00".repeat(32).into()),
        ),
        (
            "a manifest that says another first key",
            disagrees,
            |memory, _, manifest| hold(memory, manifest, "first", "2025".into()),
        ),
        (
            "a manifest that says another last key",
            disagrees,
            |memory, _, manifest| hold(memory, manifest, "last", "2027".into()),
        ),
        (
            "a manifest of no objects",
            no_manifest,
            |memory, _, manifest| set(memory, manifest, "objects", 0.into()),
        ),
        (
            "a manifest of another inventory",
            no_manifest,
            |memory, _, manifest| set(memory, manifest, "inventory", "13".into()),
        ),
        (
            "a manifest that is none",
            no_manifest,
            |memory, _, manifest| {
                memory.write_object(manifest, b"{}".to_vec());
            },
        ),
        (
            "a manifest of a later number only",
            no_manifest,
            |memory, _, manifest| {
                let json = memory.objects().remove(manifest).unwrap();
                memory.remove_object(manifest);
                memory.write_object(&manifest.replace("part-00003", "part-00009"), json);
            },
        ),
    ];
    for (name, named, damage) in cases {
        let (_, report, read) = damaged(damage);
        let [(failed, error)] = &report.failures[..] else {
            panic!("{name}: {report:?}");
        };
        assert!(
            failed.starts_with("2025-12-29 12-") && named(error),
            "{name}: {error}"
        );
        assert!(named(&read.unwrap_err()), "{name}");
        // The other went on; the day is open.
        assert_eq!(
            (report.items, report.days, report.days_left),
            (1, 0, Some(54)),
            "{name}"
        );
    }
}

#[test]
fn a_part_that_was_removed_comes_back_from_its_pending_copy() {
    let (memory, report, _) = damaged(|memory, part, _| memory.remove_object(part));
    assert_eq!((report.failures.len(), report.days), (0, 1));
    let mut rows = visible(&memory);
    rows.retain(|row| row.key.transaction_id != "stripe:pay");
    assert_eq!(keys(&rows), expected(0..27));
}

#[test]
fn an_audit_object_that_is_not_what_was_sealed_keeps_its_day_open() {
    let object = "audit/dt=2025-12-29/hh=12/i004.jsonl.zst";
    type Damage = fn(&Memory, &str);
    let cases: [(&str, Damage); 2] = [
        ("gone", |memory, key| memory.remove_object(key)),
        ("replaced", |memory, key| {
            let other = memory.objects()["audit/dt=2025-12-29/hh=12/i000.jsonl.zst"].clone();
            memory.write_object(key, other);
        }),
    ];
    for (name, damage) in cases {
        let memory = empty();
        filled(&memory, 0..27);
        sealed(&memory, 1);
        let before = memory.objects();
        damage(&memory, object);
        let report = archive_in(&memory, &memory, &scope(1), None, u32::MAX).unwrap();
        let error = ArchiveError::AuditObject(object.to_owned());
        assert_eq!(
            report.failures.iter().map(|it| &it.1).collect::<Vec<_>>(),
            [&error]
        );
        assert_eq!((report.items, report.days), (9, 0), "{name}");
        memory.write_object(object, before[object].clone());
        let report = archive_in(&memory, &memory, &scope(1), None, u32::MAX).unwrap();
        assert_eq!((report.items, report.days), (18, 1), "{name}");
    }
    // What was sealed as it is, and is no audit object, names keys that nobody knows.
    let memory = empty();
    filled(&memory, 0..3);
    memory.write_object(object, b"damaged before it was sealed".to_vec());
    let report = archive_all(&memory);
    assert_eq!((report.failures.len(), report.days_left), (1, Some(55)));
}

type Change = fn(Vec<u8>) -> Option<Vec<u8>>;

/// A bucket that answers with something else than it was given.
struct Lying<'m> {
    memory: &'m Memory,
    change: Change,
}

impl ObjectStore for Lying<'_> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let body = self.memory.get(key).await?;
        Ok(match key.starts_with("archive/transactions/") {
            true => body.and_then(self.change),
            false => body,
        })
    }

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), StoreError> {
        self.memory.put(key, body).await
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, StoreError> {
        self.memory.put_new(key, body).await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.memory.keys(prefix).await
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.memory.folders(prefix).await
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, StoreError> {
        self.memory.versions(prefix).await
    }

    async fn sha256(&self, key: &str, version_id: &str) -> Result<Option<[u8; 32]>, StoreError> {
        ObjectStore::sha256(self.memory, key, version_id).await
    }
}

#[test]
fn a_part_that_reads_back_otherwise_than_it_was_written_is_not_archived() {
    type Named = fn(&ArchiveError) -> bool;
    let disagrees: Named = |error| matches!(error, ArchiveError::Disagrees(_));
    let cases: [(&str, Named, Change); 4] = [
        ("cut short", disagrees, |mut body| {
            body.pop();
            Some(body)
        }),
        ("empty", disagrees, |_| Some(Vec::new())),
        ("a bit is another", disagrees, |mut body| {
            let middle = body.len() / 2;
            body[middle] ^= 1;
            Some(body)
        }),
        (
            "not there",
            |error| matches!(error, ArchiveError::Missing(_)),
            |_| None,
        ),
    ];
    for (name, named, change) in cases {
        let memory = empty();
        filled(&memory, 0..20);
        sealed(&memory, 1);
        let objects = Lying {
            memory: &memory,
            change,
        };
        let report = archive_in(&memory, &objects, &scope(1), None, u32::MAX).unwrap();
        let [(_, error)] = &report.failures[..] else {
            panic!("{name}: {report:?}");
        };
        assert!(named(error), "{name}: {error}");
        assert_eq!((report.items, report.days_left), (0, Some(55)), "{name}");
        // What was written is whole: once the bucket tells the truth again, the next run finishes.
        let report = archive_in(&memory, &memory, &scope(1), None, u32::MAX).unwrap();
        assert_eq!((report.failures.len(), report.days), (0, 1), "{name}");
        assert_eq!(keys(&visible(&memory)), expected(0..20), "{name}");
    }
}
