//! Makes the next digest of the chain.
//!
//! Every step may be the last one before a crash: an inventory that no digest names is ignored, and the digest itself is one conditional put.

use std::collections::{BTreeMap, HashSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use pipeline::retry::retrying;
use pipeline::storage::{Deadline, ObjectStore, ObjectVersion, Pause, PutNew, Signer};

use crate::digest::{self, Digest, InventoryReference, sha256};
use crate::error::SealError;
use crate::inventory::{self, Entry};
use crate::sealed::digest_at;

/// How long after its day an object may come: four days in the queue, fourteen in a dead-letter queue, and two to spare.
pub const LATE_DAYS: i32 = 20;

/// Objects that are hashed at once.
const AT_ONCE: usize = 8;

/// Where the seal reads and writes.
pub struct Deps<'d, O, S, P, D> {
    /// The bucket.
    pub objects: &'d O,
    /// The signing key.
    pub signer: &'d S,
    /// Waiting between attempts.
    pub pause: &'d P,
    /// When to stop: what is listed until then is sealed, the rest by the next digest.
    pub deadline: &'d D,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The digest that was made; none when the day was sealed already and nothing came late.
    pub digest: Option<String>,
    /// Objects that it covers.
    pub objects: u64,
    /// How many of them belong to days that an earlier digest had covered.
    pub late: u64,
    /// Whether the deadline left some for the next digest.
    pub unfinished: bool,
}

/// The end of the chain, and what the recent part of it covers.
struct Chain {
    last: Option<Digest>,
    last_sha256: Option<String>,
    /// Inventories by the folder of their objects.
    covered: BTreeMap<String, Vec<InventoryReference>>,
}

/// What is sealed: the audit log, and the copies of the other logs.
pub(crate) const SEALED: [&str; 2] = ["audit/", "logs/"];

/// The day in `audit/dt=YYYY-MM-DD/` or `logs/dt=YYYY-MM-DD/`.
pub(crate) fn day_of(folder: &str) -> Option<Date> {
    let path = SEALED.iter().find_map(|root| folder.strip_prefix(root))?;
    path.strip_prefix("dt=")?.get(..10)?.parse().ok()
}

/// Seals the audit log up to and including `day`, which should be over: what comes later is covered by a later digest.
///
/// # Errors
/// A [`SealError`]; no digest was made then, or another invocation made it.
pub async fn seal<O: ObjectStore, S: Signer, P: Pause, D: Deadline>(
    day: Date,
    now: Timestamp,
    deps: &Deps<'_, O, S, P, D>,
) -> Result<Report, SealError> {
    let chain = read_chain(now, deps).await?;
    let sequence = chain.last.as_ref().map_or(1, |last| last.sequence + 1);
    let sealed_until = chain.last.as_ref().map(|last| last.day);
    let earliest = sealed_until.and_then(|day| day.checked_sub(LATE_DAYS.days()).ok());

    let mut report = Report::default();
    let mut inventories = Vec::new();
    let mut covered = day;
    let mut days = Vec::new();
    for root in SEALED {
        days.extend(retrying(deps.pause, async || deps.objects.folders(root).await).await?);
    }
    // Day by day, whatever is sealed: where the deadline stops it, everything of the days before is covered.
    days.sort_by_key(|folder| day_of(folder));
    'days: for folder in days {
        let Some(of) = day_of(&folder) else { continue };
        if of > day || earliest.is_some_and(|earliest| of < earliest) {
            continue;
        }
        let hours = retrying(deps.pause, async || deps.objects.folders(&folder).await).await?;
        for hour in hours {
            if deps.deadline.reached() {
                report.unfinished = true;
                // The digest's day is the last one that is covered whole: the next digest goes on behind it, however far back that is.
                covered = of.yesterday().unwrap_or(of);
                break 'days;
            }
            let entries = uncovered(&hour, &chain, deps).await?;
            if entries.is_empty() {
                continue;
            }
            let (reference, file) = inventory::encode(sequence, &hour, &entries)?;
            retrying(deps.pause, async || {
                deps.objects.put(&reference.key, file.clone()).await
            })
            .await?;
            report.objects += reference.objects;
            if sealed_until.is_some_and(|until| of <= until) {
                report.late += reference.objects;
            }
            inventories.push(reference);
        }
    }
    let nothing_more = report.unfinished || sealed_until.is_some_and(|until| until >= covered);
    if inventories.is_empty() && nothing_more {
        return Ok(report);
    }
    let day = sealed_until.map_or(covered, |until| until.max(covered));
    let digest = Digest::new(sequence, day, now, chain.last_sha256, inventories);
    report.digest = Some(put(&digest, deps).await?);
    Ok(report)
}

/// Signs and writes a digest; its key.
async fn put<O: ObjectStore, S: Signer, P: Pause, D: Deadline>(
    digest: &Digest,
    deps: &Deps<'_, O, S, P, D>,
) -> Result<String, SealError> {
    let text = digest.text().ok_or(SealError::Encode)?;
    let hash = sha256(text.as_bytes());
    let signature = retrying(deps.pause, async || deps.signer.sign(&hash).await).await?;
    let file = digest::file(&text, &signature).ok_or(SealError::Encode)?;
    let key = digest::key(digest.sequence);
    let put = retrying(deps.pause, async || {
        deps.objects.put_new(&key, file.clone()).await
    });
    if put.await? == PutNew::Exists {
        // Ours, when the first answer was lost.
        let there = retrying(deps.pause, async || deps.objects.get(&key).await).await?;
        if there != Some(file) {
            return Err(SealError::Overtaken(key));
        }
    }
    Ok(key)
}

async fn read_chain<O: ObjectStore, S, P: Pause, D>(
    now: Timestamp,
    deps: &Deps<'_, O, S, P, D>,
) -> Result<Chain, SealError> {
    let objects = deps.objects;
    let mut chain = Chain {
        last: None,
        last_sha256: None,
        covered: BTreeMap::new(),
    };
    let keys = retrying(deps.pause, async || objects.keys(digest::PREFIX).await).await?;
    let mut earliest = None;
    // From the last one back, as far as late objects may be covered: one that the deadline cut short covers a part of the day after its own.
    for found in keys.iter().rev() {
        let (digest, file) = digest_at(found, now, objects, deps.pause).await?;
        for reference in &digest.inventories {
            let hour = inventory::hour(reference)
                .ok_or_else(|| SealError::Inventory(reference.key.clone()))?;
            chain
                .covered
                .entry(hour)
                .or_default()
                .push(reference.clone());
        }
        if chain.last.is_none() {
            chain.last_sha256 = Some(hex::encode(sha256(&file)));
            earliest = digest.day.checked_sub((LATE_DAYS + 1).days()).ok();
            chain.last = Some(digest);
        } else if earliest.is_some_and(|earliest| digest.day < earliest) {
            break;
        }
    }
    Ok(chain)
}

/// The objects of an hour that no digest covers, each with its hash.
async fn uncovered<O: ObjectStore, S, P: Pause, D>(
    hour: &str,
    chain: &Chain,
    deps: &Deps<'_, O, S, P, D>,
) -> Result<Vec<Entry>, SealError> {
    let objects = deps.objects;
    let mut covered: HashSet<String> = HashSet::new();
    for reference in chain.covered.get(hour).into_iter().flatten() {
        let file = retrying(deps.pause, async || objects.get(&reference.key).await).await?;
        let entries = file.and_then(|file| inventory::decode(reference, &file));
        let entries = entries.ok_or_else(|| SealError::Inventory(reference.key.clone()))?;
        covered.extend(entries.into_iter().map(|entry| entry.key));
    }
    let versions = retrying(deps.pause, async || objects.versions(hour).await).await?;
    let fresh = versions
        .into_iter()
        .filter(|v| v.current && !v.deleted && !covered.contains(&v.key));
    stream::iter(fresh)
        .map(|version| entry(version, deps))
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

async fn entry<O: ObjectStore, S, P: Pause, D>(
    version: ObjectVersion,
    deps: &Deps<'_, O, S, P, D>,
) -> Result<Entry, SealError> {
    let ObjectVersion {
        key,
        version_id,
        size_bytes,
        ..
    } = version;
    let hash = retrying(deps.pause, async || {
        deps.objects.sha256(&key, &version_id).await
    });
    match hash.await? {
        Some(hash) => Ok(Entry {
            sha256: hex::encode(hash),
            bytes: size_bytes,
            key,
            version_id,
        }),
        None => Err(SealError::ObjectGone(key)),
    }
}
