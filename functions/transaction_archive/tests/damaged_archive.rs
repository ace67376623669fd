//! Damaged parts and manifests, a bucket that does not keep what it was given: each is named, the rest goes on, and nothing is deleted that has
//! no verified copy.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    After, DAY, DAYS, PART_ITEMS, archive_all, expected, filled, in_table, keys, record, visible,
};
use pipeline::memory::{Memory, to_the_end};
use pipeline::storage::{Attribute, ObjectStore, ObjectVersion, PutNew, StoreError};
use transaction_archive::run::{Deps, Report, run};
use transaction_archive::{ArchiveError, PartError, encode};

/// The key of some object under a prefix.
fn some_key(memory: &Memory, prefix: &str) -> String {
    let objects = memory.objects();
    objects
        .keys()
        .find(|key| key.starts_with(prefix))
        .unwrap()
        .clone()
}

fn shard_of(key: &str) -> String {
    let shard = key.split("shard-").nth(1).unwrap();
    format!("{DAY}#{}", &shard[..2])
}

/// After the first run something is damaged, and late arrivals make the second one look at every shard.
fn damaged(damage: impl Fn(&Memory, &str, &str)) -> (Memory, String, Report) {
    let memory = Memory::new();
    filled(&memory, 0..200);
    archive_all(&memory);
    let part = some_key(&memory, "archive/transactions/");
    let manifest = part
        .replace("transactions", "manifests")
        .replace("parquet", "json");
    damage(&memory, &part, &manifest);
    filled(&memory, 200..400);
    let report = archive_all(&memory);
    (memory, shard_of(&part), report)
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

/// Replaces a part by other bytes, with a manifest whose hash and size fit them.
fn replace(memory: &Memory, part: &str, manifest: &str, file: Vec<u8>) {
    use aws_lc_rs::digest::{SHA256, digest};
    let sha256 = hex::encode(digest(&SHA256, &file));
    set(memory, manifest, "bytes", file.len().into());
    set(memory, manifest, "sha256", sha256.into());
    memory.write_object(part, file);
}

#[test]
fn a_damaged_archive_stops_its_own_shard_with_a_named_error_and_deletes_nothing_there() {
    type Damage = fn(&Memory, &str, &str);
    type Named = fn(&ArchiveError) -> bool;
    let disagrees: Named = |error| matches!(error, ArchiveError::Disagrees(_));
    let no_manifest: Named = |error| matches!(error, ArchiveError::Manifest(_));
    let no_part: Named = |error| matches!(error, ArchiveError::Part { .. });
    let cases: [(&str, Named, Damage); 15] = [
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
            "a part out of order, and a manifest that fits it",
            |error| matches!(error, ArchiveError::Part { source, .. } if *source == PartError::Value("timestamp")),
            |memory, part, manifest| {
                replace(
                    memory,
                    part,
                    manifest,
                    encode(&[record(9), record(7)]).unwrap(),
                );
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
            |memory, _, manifest| set(memory, manifest, "items", 11.into()),
        ),
        (
            "a manifest that says another hash",
            disagrees,
            |memory, _, manifest| set(memory, manifest, "sha256", "00".repeat(32).into()),
        ),
        (
            "a manifest that says another first key",
            disagrees,
            |memory, _, manifest| {
                set(
                    memory,
                    manifest,
                    "first",
                    serde_json::to_value(record(0).key).unwrap(),
                );
            },
        ),
        (
            "a manifest that says another last key",
            disagrees,
            |memory, _, manifest| {
                set(
                    memory,
                    manifest,
                    "last",
                    serde_json::to_value(record(399).key).unwrap(),
                );
            },
        ),
        (
            "a manifest of no records",
            no_manifest,
            |memory, _, manifest| set(memory, manifest, "items", 0.into()),
        ),
        (
            "a manifest of another shard",
            no_manifest,
            |memory, _, manifest| {
                edit(memory, manifest, |mut json| {
                    json["shard"] = (json["shard"].as_u64().unwrap() + 1).into();
                    json
                });
            },
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
                memory.write_object(&manifest.replace("00001", "00009"), json);
            },
        ),
    ];
    for (name, named, damage) in cases {
        let (memory, shard, report) = damaged(damage);
        assert!(
            matches!(&report.failures[..], [(failed, error)] if *failed == shard && named(error)),
            "{name}: {:?}",
            report.failures
        );
        // All others went on.
        let left: Vec<_> = memory.items().into_values().collect();
        let of_shard = Some(&Attribute::Text(shard.clone()));
        let arrived = (200..400).filter(|n| record(*n).archive_shard == shard);
        assert_eq!(left.len(), arrived.count(), "{name}");
        assert!(
            left.iter()
                .all(|item| item.get("archive_shard") == of_shard),
            "{name}"
        );
    }
}

#[test]
fn a_part_that_was_removed_comes_back_from_its_pending_copy() {
    let (memory, _, report) = damaged(|memory, part, _| memory.remove_object(part));
    assert!(report.failures.is_empty());
    assert_eq!(keys(&visible(&memory)), expected(0..400));
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
fn a_part_that_reads_back_otherwise_than_it_was_written_deletes_nothing() {
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
        let memory = Memory::new();
        filled(&memory, 0..100);
        let objects = Lying {
            memory: &memory,
            change,
        };
        let never = After(u32::MAX.into());
        let deps = Deps {
            index: &memory,
            objects: &objects,
            pause: &memory,
            deadline: &never,
            part_items_max: PART_ITEMS,
        };
        let report = to_the_end(run(DAYS, None, &deps)).unwrap();
        assert_eq!(report.failures.len() as u64, report.shards, "{name}");
        assert!(
            report.failures.iter().all(|(_, error)| named(error)),
            "{name}: {report:?}"
        );
        assert_eq!(
            (report.deleted, in_table(&memory).len()),
            (0, 100),
            "{name}"
        );
        // What was written is whole: once the bucket tells the truth again, the next run finishes.
        archive_all(&memory);
        assert!(in_table(&memory).is_empty(), "{name}");
        assert_eq!(keys(&visible(&memory)), expected(0..100), "{name}");
    }
}
