//! What the chain of digests says is sealed: for the archive, which takes its keys from sealed
//! objects.
//!
//! Invariant: an inventory is listed only if a digest names it. One that a crash left without a
//! digest is not part of the seal.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use jiff::civil::Date;
use pipeline::retry::retrying;
use pipeline::storage::{ObjectStore, Pause};

use crate::digest::{self, Digest, InventoryReference};
use crate::error::SealError;
use crate::inventory::{self, Entry};
use crate::seal::day_of;

/// Digests that are read at once.
const AT_ONCE: usize = 16;

/// An inventory of audit objects that a digest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedInventory {
    /// Number of the digest.
    pub sequence: u64,
    /// When the making of the digest began.
    pub made_at: Timestamp,
    /// The UTC day in the keys of its objects.
    pub day: Date,
    /// Its name and content.
    pub reference: InventoryReference,
}

/// A part of the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// The last day that is sealed whole; none before the first digest.
    pub until: Option<Date>,
    /// The inventories of audit objects, by their key.
    pub inventories: Vec<SealedInventory>,
}

impl SealedInventory {
    /// Its name without folders: `{hour}-{digest}-{hash}`, or `again-…` for messages that were sent
    /// through verification again. Differs from that of every other inventory of its day.
    pub fn id(&self) -> Option<String> {
        let folder = inventory::hour(&self.reference)?;
        let hour = folder
            .trim_end_matches('/')
            .rsplit_once("hh=")?
            .1
            .to_owned();
        let name = self.reference.key.rsplit_once('/')?.1;
        Some(format!("{hour}-{}", name.strip_suffix(".jsonl.zst")?))
    }

    /// The objects that it lists, by key.
    ///
    /// # Errors
    /// [`SealError::Inventory`] when it is not what its digest says; [`SealError::Store`].
    pub async fn entries(
        &self,
        objects: &impl ObjectStore,
        pause: &impl Pause,
    ) -> Result<Vec<Entry>, SealError> {
        let key = &self.reference.key;
        let file = retrying(pause, async || objects.get(key).await).await?;
        let entries = file.and_then(|file| inventory::decode(&self.reference, &file));
        entries.ok_or_else(|| SealError::Inventory(key.clone()))
    }
}

/// Reads a digest and its file.
pub(crate) async fn digest_at(
    key: &str,
    now: Timestamp,
    objects: &impl ObjectStore,
    pause: &impl Pause,
) -> Result<(Digest, Vec<u8>), SealError> {
    let wrong = || SealError::Digest(key.to_owned());
    let number = key
        .strip_prefix(digest::PREFIX)
        .and_then(|name| name.strip_suffix(".json"))
        .and_then(|number| number.parse::<u64>().ok())
        .filter(|number| digest::key(*number) == key)
        .ok_or_else(wrong)?;
    let file = retrying(pause, async || objects.get(key).await).await?;
    let file = file.ok_or_else(wrong)?;
    let digest = digest::read(number, &file).ok_or_else(wrong)?.digest;
    if digest.is_of_the_future(now) {
        return Err(SealError::Future(key.to_owned()));
    }
    Ok((digest, file))
}

/// Everything that the chain seals of the audit log, as far back as its digests are kept.
///
/// # Errors
/// A [`SealError`] when a digest cannot be read: then it is not known what is sealed.
pub async fn sealed(
    now: Timestamp,
    objects: &impl ObjectStore,
    pause: &impl Pause,
) -> Result<Sealed, SealError> {
    let keys = retrying(pause, async || objects.keys(digest::PREFIX).await).await?;
    let reading: Vec<_> = keys
        .iter()
        .map(|key| digest_at(key, now, objects, pause))
        .collect();
    let digests: Vec<(Digest, Vec<u8>)> = stream::iter(reading)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut sealed = Sealed::default();
    for (digest, _) in digests {
        sealed.until = sealed.until.max(Some(digest.day));
        for reference in digest.inventories {
            let folder = inventory::hour(&reference);
            let folder = folder.ok_or_else(|| SealError::Inventory(reference.key.clone()))?;
            let Some(day) = day_of(&folder).filter(|_| folder.starts_with("audit/")) else {
                continue;
            };
            sealed.inventories.push(SealedInventory {
                sequence: digest.sequence,
                made_at: digest.made_at,
                day,
                reference,
            });
        }
    }
    let key = |inventory: &SealedInventory| inventory.reference.key.clone();
    sealed.inventories.sort_by_key(key);
    Ok(sealed)
}
