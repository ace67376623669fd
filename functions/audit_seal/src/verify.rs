//! Checks the audit log against its seal: every link, every inventory, every object.
//!
//! Works on the bucket and on a folder with a copy of it: a folder has no versions, everything else is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use pipeline::storage::{ObjectStore, ObjectVersion, StoreError};
use serde::Serialize;

use crate::digest::{self, Digest, sha256};
use crate::inventory::{self, Entry};
use crate::public_key::PublicKey;
use crate::seal::{SEALED, day_of};

/// Objects that are read at once.
const AT_ONCE: usize = 8;

/// What is wrong with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// A digest between two others is not there, or does not name the one before it.
    BrokenLink,
    /// A digest is not one.
    DigestUnreadable,
    /// A digest's signature is not the key's.
    SignatureInvalid,
    /// A digest is of a time that has not come.
    DigestFromTheFuture,
    /// An inventory that a digest names is not there.
    InventoryMissing,
    /// An inventory is not what its digest says.
    InventoryAltered,
    /// An object is in two inventories.
    SealedTwice,
    /// A day of the range is not covered by any digest.
    DayNotSealed,
    /// An object that no digest covers.
    Added,
    /// A sealed object is not there.
    Missing,
    /// An object's bytes are not the sealed ones.
    Altered,
    /// An object's bytes are the sealed ones, but it was written again, or has other versions.
    Reversioned,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BrokenLink => "broken link",
            Self::DigestUnreadable => "digest unreadable",
            Self::SignatureInvalid => "signature invalid",
            Self::DigestFromTheFuture => "digest from the future",
            Self::InventoryMissing => "inventory missing",
            Self::InventoryAltered => "inventory altered",
            Self::SealedTwice => "sealed twice",
            Self::DayNotSealed => "day not sealed",
            Self::Added => "added",
            Self::Missing => "missing",
            Self::Altered => "altered",
            Self::Reversioned => "re-versioned",
        })
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// What.
    pub problem: Problem,
    /// With which object or day.
    pub subject: String,
}

/// What was checked, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Digests of the chain.
    pub digests: u64,
    /// Objects of the range that are as they were sealed.
    pub objects: u64,
    /// Everything that is wrong, in order.
    pub findings: Vec<Finding>,
}

impl Report {
    fn found(&mut self, problem: Problem, subject: impl Into<String>) {
        self.findings.push(Finding {
            problem,
            subject: subject.into(),
        });
    }
}

/// Checks the whole chain, and the objects of the days from `from` to `to`, both included. `versioned`: whether the store knows versions.
///
/// # Errors
/// A [`StoreError`] when something could not be read: then nothing is known.
pub async fn verify(
    from: Date,
    to: Date,
    now: Timestamp,
    key: &PublicKey,
    objects: &impl ObjectStore,
    versioned: bool,
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let digests = chain(now, key, objects, &mut report).await?;
    let covered_until = digests.iter().map(|digest| digest.day).max();
    let mut day = from;
    while day <= to {
        if covered_until.is_none_or(|until| until < day) {
            report.found(Problem::DayNotSealed, day.to_string());
        }
        match day.tomorrow() {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    let sealed = sealed(from, to, &digests, objects, &mut report).await?;
    compare(from, to, sealed, objects, versioned, &mut report).await?;
    report.findings.sort();
    Ok(report)
}

async fn chain(
    now: Timestamp,
    key: &PublicKey,
    objects: &impl ObjectStore,
    report: &mut Report,
) -> Result<Vec<Digest>, StoreError> {
    let mut digests = Vec::new();
    let mut previous: Option<(u64, String)> = None;
    for found in objects.keys(digest::PREFIX).await? {
        let number = found
            .strip_prefix(digest::PREFIX)
            .and_then(|name| name.strip_suffix(".json"))
            .and_then(|number| number.parse().ok());
        let file = objects.get(&found).await?.unwrap_or_default();
        let read = number.and_then(|number| digest::read(number, &file));
        let Some(read) = read else {
            report.found(Problem::DigestUnreadable, found);
            continue;
        };
        report.digests += 1;
        let digest = read.digest;
        if !key.signed(&read.text, &read.signature) {
            report.found(Problem::SignatureInvalid, &found);
        }
        if digest.is_of_the_future(now) {
            report.found(Problem::DigestFromTheFuture, &found);
        }
        let linked = match (&previous, &digest.previous_sha256) {
            (None, None) => digest.sequence == 1,
            // The oldest that is kept: what it names has reached the end of its time.
            (None, Some(_)) => digest.sequence > 1,
            (Some((before, hash)), Some(named)) => digest.sequence == before + 1 && hash == named,
            (Some(_), None) => false,
        };
        if !linked {
            report.found(Problem::BrokenLink, &found);
        }
        previous = Some((digest.sequence, hex::encode(sha256(&file))));
        digests.push(digest);
    }
    Ok(digests)
}

/// What the digests say of the days in the range.
async fn sealed(
    from: Date,
    to: Date,
    digests: &[Digest],
    objects: &impl ObjectStore,
    report: &mut Report,
) -> Result<BTreeMap<String, Entry>, StoreError> {
    let mut sealed = BTreeMap::new();
    for reference in digests.iter().flat_map(|digest| &digest.inventories) {
        let hour = inventory::hour(reference);
        let day = hour.as_deref().and_then(day_of);
        if day.is_some_and(|day| day < from || day > to) {
            continue;
        }
        let Some(file) = objects.get(&reference.key).await? else {
            report.found(Problem::InventoryMissing, &reference.key);
            continue;
        };
        let Some(entries) = inventory::decode(reference, &file) else {
            report.found(Problem::InventoryAltered, &reference.key);
            continue;
        };
        for entry in entries {
            let of_hour = hour
                .as_ref()
                .is_some_and(|hour| entry.key.starts_with(hour));
            let key = entry.key.clone();
            if !of_hour || sealed.insert(key.clone(), entry).is_some() {
                report.found(Problem::SealedTwice, key);
            }
        }
    }
    Ok(sealed)
}

/// What is there, against what was sealed.
async fn compare(
    from: Date,
    to: Date,
    mut sealed: BTreeMap<String, Entry>,
    objects: &impl ObjectStore,
    versioned: bool,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut folders = Vec::new();
    for root in SEALED {
        folders.extend(objects.folders(root).await?);
    }
    for folder in folders {
        // A folder that is of no day is nobody's: everything in it was added.
        if day_of(&folder).is_some_and(|day| day < from || day > to) {
            continue;
        }
        let versions = objects.versions(&folder).await?;
        let mut again = BTreeSet::new();
        let mut current = Vec::new();
        for version in versions {
            if version.current && !version.deleted {
                current.push(version);
            } else {
                again.insert(version.key);
            }
        }
        let pairs: Vec<(ObjectVersion, Option<Entry>)> = current
            .into_iter()
            .map(|version| {
                let entry = sealed.remove(&version.key);
                (version, entry)
            })
            .collect();
        let mut read = stream::iter(pairs)
            .map(|(version, entry)| async move {
                let body = match &entry {
                    Some(_) => objects.get(&version.key).await?,
                    None => None,
                };
                Ok::<_, StoreError>((version, entry, body.map(|body| sha256(&body))))
            })
            .buffered(AT_ONCE);
        while let Some(one) = read.next().await {
            let (version, entry, hash) = one?;
            match (entry, hash) {
                (None, _) => report.found(Problem::Added, version.key),
                (Some(_), None) => report.found(Problem::Missing, version.key),
                (Some(entry), Some(hash)) => {
                    let changed = versioned
                        && (entry.version_id != version.version_id || again.contains(&version.key));
                    if hex::encode(hash) != entry.sha256 {
                        report.found(Problem::Altered, version.key);
                    } else if changed {
                        report.found(Problem::Reversioned, version.key);
                    } else {
                        report.objects += 1;
                    }
                }
            }
        }
    }
    for key in sealed.into_keys() {
        report.found(Problem::Missing, key);
    }
    Ok(())
}
