//! A manifest: what makes a file part of the archive.
//!
//! Invariant: the manifests of an inventory are numbered without a gap and never replaced, and each
//! says which of the inventory's objects it covers, from where the one before it ended. So how far
//! the archive of an inventory has come follows from its last manifest. Readers of
//! `archive/transactions/` see a file only after its manifest exists, and its content follows from
//! the manifest.

use aws_lc_rs::digest;
use jiff::civil::Date;
use payment_event::{MOVEMENT, TransactionKey, UNDATED};
use pipeline::stored::StoredTransaction;
use serde::{Deserialize, Serialize};

use crate::error::ArchiveError;

/// The form of manifests that this version writes and reads.
const FORMAT: u32 = 2;

/// Where manifests stand.
pub(crate) const MANIFESTS: &str = "archive/manifests/";

/// What a part holds, as its keys tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outline {
    /// Events with a signed time.
    pub dated: u64,
    /// Events without one.
    pub undated: u64,
    /// Movements.
    pub movements: u64,
    /// The least sort key of an event with a signed time, when there is one.
    pub first: Option<String>,
    /// The greatest.
    pub last: Option<String>,
}

impl Outline {
    pub(crate) fn add(&mut self, key: &TransactionKey) {
        let is = |kind: &str| key.timestamp.split('#').next() == Some(kind);
        if is(MOVEMENT) {
            self.movements += 1;
        } else if is(UNDATED) {
            self.undated += 1;
        } else {
            self.dated += 1;
            if self.first.as_ref().is_none_or(|it| key.timestamp < *it) {
                self.first = Some(key.timestamp.clone());
            }
            if self.last.as_ref().is_none_or(|it| key.timestamp > *it) {
                self.last = Some(key.timestamp.clone());
            }
        }
    }

    /// The outline of some records.
    pub(crate) fn of(records: &[StoredTransaction]) -> Self {
        let mut outline = Self::default();
        records.iter().for_each(|record| outline.add(&record.key));
        outline
    }

    /// Records in all.
    pub fn items(&self) -> u64 {
        self.dated + self.undated + self.movements
    }

    /// Returns true if the record of an event with this key may be among them.
    pub fn may_hold(&self, key: &TransactionKey) -> bool {
        if key.timestamp.split('#').next() == Some(UNDATED) {
            return self.undated > 0;
        }
        let ends = self.first.as_ref().zip(self.last.as_ref());
        ends.is_some_and(|(first, last)| (first..=last).contains(&&key.timestamp))
    }
}

/// One part of what an inventory names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: u32,
    /// The UTC day in the keys of the audit objects.
    pub day: Date,
    /// The inventory that lists them, see [`audit_seal::SealedInventory::id`].
    pub inventory: String,
    /// From 1.
    pub number: u32,
    /// How many objects of the inventory earlier parts cover.
    pub first_object: u64,
    /// How many objects this one covers.
    pub objects: u64,
    /// Object key of the part.
    pub part: String,
    /// What is in it. A part may hold nothing: each of its messages was rejected, or repeated what
    /// an earlier one had brought.
    pub holds: Outline,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
}

/// SHA-256, hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

/// Where manifests of a day stand.
pub(crate) fn day_prefix(day: Date) -> String {
    format!("{MANIFESTS}dt={day}/")
}

/// What the keys of an inventory's manifests begin with.
pub(crate) fn prefix(day: Date, inventory: &str) -> String {
    format!("{}{inventory}-part-", day_prefix(day))
}

/// A manifest's key.
pub(crate) fn key(day: Date, inventory: &str, number: u32) -> String {
    format!("{}{number:05}.json", prefix(day, inventory))
}

/// The inventory and the number in a manifest's key; `None` when it is the key of none.
pub(crate) fn read_key(day: Date, found: &str) -> Option<(String, u32)> {
    let name = found.strip_prefix(&day_prefix(day))?;
    let (inventory, number) = name.strip_suffix(".json")?.rsplit_once("-part-")?;
    let number = number.parse().ok()?;
    (key(day, inventory, number) == found).then(|| (inventory.to_owned(), number))
}

fn part_key(day: Date, inventory: &str, number: u32) -> String {
    format!("archive/transactions/dt={day}/{inventory}-part-{number:05}.parquet")
}

/// Where a file waits until its manifest exists; the name is its content, so that writers cannot disturb each other.
pub(crate) fn pending_key(sha256: &str) -> String {
    format!("archive/pending/{sha256}.parquet")
}

/// Which objects of which inventory a part covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) day: Date,
    pub(crate) inventory: String,
    pub(crate) number: u32,
    pub(crate) first_object: u64,
    pub(crate) objects: u64,
}

impl Manifest {
    /// The manifest of these records, encoded as `file`.
    pub(crate) fn new(range: Range, records: &[StoredTransaction], file: &[u8]) -> Self {
        Self {
            format: FORMAT,
            part: part_key(range.day, &range.inventory, range.number),
            day: range.day,
            inventory: range.inventory,
            number: range.number,
            first_object: range.first_object,
            objects: range.objects,
            holds: Outline::of(records),
            bytes: file.len() as u64,
            sha256: sha256(file),
        }
    }

    /// How many objects of the inventory are covered by this part and those before it.
    pub(crate) fn covered(&self) -> u64 {
        self.first_object.saturating_add(self.objects)
    }

    /// Its key.
    pub(crate) fn key(&self) -> String {
        key(self.day, &self.inventory, self.number)
    }

    /// As it is written.
    pub(crate) fn json(&self) -> Vec<u8> {
        // Numbers, texts and dates: cannot fail; an empty object would be refused by whoever reads it.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// Reads the manifest that stands at the key of (day, inventory, number).
    ///
    /// # Errors
    /// [`ArchiveError::Manifest`] when it is not one, or one of another place.
    pub(crate) fn read(
        day: Date,
        inventory: &str,
        number: u32,
        json: &[u8],
    ) -> Result<Self, ArchiveError> {
        let wrong = || ArchiveError::Manifest(key(day, inventory, number));
        let manifest: Self = serde_json::from_slice(json).map_err(|_| wrong())?;
        let place = (manifest.day, manifest.inventory.as_str(), manifest.number);
        let fits = manifest.format == FORMAT
            && place == (day, inventory, number)
            && manifest.part == part_key(day, inventory, number)
            && manifest.objects > 0
            && (manifest.first_object == 0) == (number == 1);
        if fits { Ok(manifest) } else { Err(wrong()) }
    }
}
