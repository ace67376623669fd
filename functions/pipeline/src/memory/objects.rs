//! The bucket with its versions, and the signing key, in memory.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use super::{Call, Memory, invalid};
use crate::storage::{ObjectStore, ObjectVersion, PutNew, Signer, StoreError};

/// The versions of one object, oldest first.
pub(super) type Versions = Vec<(String, Vec<u8>)>;

impl Memory {
    /// The current objects by their key.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        let current = state.objects.iter();
        current
            .filter_map(|(key, versions)| Some((key.clone(), versions.last()?.1.clone())))
            .collect()
    }

    /// Writes an object past the pipeline, as an intruder or a person who repairs would.
    pub fn write_object(&self, key: &str, body: Vec<u8>) {
        self.state().write(key, body);
    }

    /// Removes an object with all its versions.
    pub fn remove_object(&self, key: &str) {
        self.state().objects.remove(key);
    }

    /// The public half of the signing key: an uncompressed point.
    pub fn public_key(&self) -> Vec<u8> {
        let state = self.state();
        let key = state.signing_key.as_ref();
        key.map(|pair| pair.public_key().as_ref().to_vec())
            .unwrap_or_default()
    }

    /// Gives the signer a key; without one it refuses.
    pub fn set_signing_key(&self, pair: EcdsaKeyPair) {
        self.state().signing_key = Some(pair);
    }
}

/// A new P-256 key pair.
pub fn signing_key() -> Option<EcdsaKeyPair> {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()
}

impl super::State {
    pub(super) fn write(&mut self, key: &str, body: Vec<u8>) {
        self.versions_made += 1;
        let version = format!("v{}", self.versions_made);
        let versions = self.objects.entry(key.to_owned()).or_default();
        versions.push((version, body));
    }

    fn under<'s>(
        &'s self,
        prefix: &'s str,
    ) -> impl Iterator<Item = (&'s String, &'s Versions)> + 's {
        let from = self.objects.range(prefix.to_owned()..);
        from.take_while(move |(key, _)| key.starts_with(prefix))
    }
}

impl ObjectStore for Memory {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.call(Call::ObjectGet, |state| {
            let current = state.objects.get(key).and_then(|versions| versions.last());
            Ok(current.map(|(_, body)| body.clone()))
        })
        .await
    }

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), StoreError> {
        self.call(Call::ObjectPut, |state| {
            state.write(key, body);
            Ok(())
        })
        .await
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, StoreError> {
        self.call(Call::ObjectPutNew, |state| {
            if state.objects.contains_key(key) {
                return Ok(PutNew::Exists);
            }
            state.write(key, body);
            Ok(PutNew::Written)
        })
        .await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.call(Call::ObjectList, |state| {
            Ok(state.under(prefix).map(|(key, _)| key.clone()).collect())
        })
        .await
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.call(Call::ObjectList, |state| {
            let folder = |key: &str| {
                let (name, _) = key.strip_prefix(prefix)?.split_once('/')?;
                Some(format!("{prefix}{name}/"))
            };
            let found: BTreeSet<_> = state
                .under(prefix)
                .filter_map(|(key, _)| folder(key))
                .collect();
            Ok(found.into_iter().collect())
        })
        .await
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, StoreError> {
        self.call(Call::ObjectList, |state| {
            let of_key = |(key, versions): (&String, &Versions)| {
                let last = versions.len();
                let one = |(place, (version, body)): (usize, &(String, Vec<u8>))| ObjectVersion {
                    key: key.clone(),
                    version_id: version.clone(),
                    size_bytes: body.len() as u64,
                    current: place + 1 == last,
                    deleted: false,
                };
                versions.iter().enumerate().map(one).collect::<Vec<_>>()
            };
            Ok(state.under(prefix).flat_map(of_key).collect())
        })
        .await
    }

    async fn sha256(&self, key: &str, version_id: &str) -> Result<Option<[u8; 32]>, StoreError> {
        self.call(Call::ObjectHash, |state| {
            let versions = state.objects.get(key).into_iter().flatten();
            let body = versions.into_iter().find(|(id, _)| id == version_id);
            Ok(body.and_then(|(_, body)| {
                digest::digest(&digest::SHA256, body)
                    .as_ref()
                    .try_into()
                    .ok()
            }))
        })
        .await
    }
}

impl Signer for Memory {
    async fn sign(&self, digest: &[u8; 32]) -> Result<Vec<u8>, StoreError> {
        self.call(Call::Sign, |state| {
            let pair = state
                .signing_key
                .as_ref()
                .ok_or_else(|| invalid("NotFoundException"))?;
            let digest = digest::Digest::import_less_safe(digest, &digest::SHA256)
                .map_err(|_| invalid("ValidationException"))?;
            let signature = pair
                .sign_digest(&digest)
                .map_err(|_| invalid("KMSInternalException"))?;
            Ok(signature.as_ref().to_vec())
        })
        .await
    }
}
