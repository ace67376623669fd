//! A digest and the file it stands in.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Where digests stand.
pub(crate) const PREFIX: &str = "seal/digests/";

/// The form that this version writes and reads.
const FORMAT: u32 = 1;

/// As KMS calls it: ECDSA on P-256 over SHA-256, the signature in ASN.1.
const ALGORITHM: &str = "ECDSA_SHA_256";

/// An inventory by name and content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InventoryReference {
    /// Its object key; the folder names the hour of the objects in it.
    pub key: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Objects that it lists.
    pub objects: u64,
}

/// What is sealed at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    format: u32,
    /// From 1, without a gap.
    pub sequence: u64,
    /// The last day that is covered whole; late objects of earlier days are in it too, and a part of the next day when the deadline came.
    pub day: Date,
    /// When it was made.
    pub made_at: Timestamp,
    /// SHA-256 of the file of the digest before, hexadecimal; none for the first.
    pub previous_sha256: Option<String>,
    /// What it adds to what earlier ones cover.
    pub inventories: Vec<InventoryReference>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    /// Signed as it stands here, byte for byte.
    #[serde(borrow)]
    digest: &'a RawValue,
    algorithm: &'a str,
    signature: String,
}

/// A digest as it was read, with what was signed.
pub(crate) struct SignedDigest {
    pub(crate) digest: Digest,
    pub(crate) text: String,
    pub(crate) signature: Vec<u8>,
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// How far clocks of two machines may be apart.
const CLOCK_SKEW_SECONDS: i64 = 300;

/// The UTC day of a time.
pub(crate) fn utc_day(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// The key of the digest with this number.
pub(crate) fn key(sequence: u64) -> String {
    format!("{PREFIX}{sequence:08}.json")
}

impl Digest {
    /// A new one.
    pub(crate) fn new(
        sequence: u64,
        day: Date,
        made_at: Timestamp,
        previous_sha256: Option<String>,
        inventories: Vec<InventoryReference>,
    ) -> Self {
        Self {
            format: FORMAT,
            sequence,
            day,
            made_at,
            previous_sha256,
            inventories,
        }
    }

    /// Whether it is of a time that has not come.
    pub(crate) fn is_of_the_future(&self, now: Timestamp) -> bool {
        let latest = now
            .checked_add(CLOCK_SKEW_SECONDS.seconds())
            .unwrap_or(Timestamp::MAX);
        self.made_at > latest || self.day > utc_day(latest)
    }

    /// The text that is signed.
    pub(crate) fn text(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

/// The file of a digest's text and its signature.
pub(crate) fn file(text: &str, signature: &[u8]) -> Option<Vec<u8>> {
    let digest: &RawValue = serde_json::from_str(text).ok()?;
    let file = File {
        digest,
        algorithm: ALGORITHM,
        signature: STANDARD.encode(signature),
    };
    serde_json::to_vec(&file).ok()
}

/// Reads the file that stands at the key of `sequence`; `None` when it is not that digest.
pub(crate) fn read(sequence: u64, file: &[u8]) -> Option<SignedDigest> {
    let file: File<'_> = serde_json::from_slice(file).ok()?;
    let digest: Digest = serde_json::from_str(file.digest.get()).ok()?;
    let ours = file.algorithm == ALGORITHM && digest.format == FORMAT;
    if !ours || digest.sequence != sequence {
        return None;
    }
    Some(SignedDigest {
        digest,
        text: file.digest.get().to_owned(),
        signature: STANDARD.decode(file.signature).ok()?,
    })
}
