//! The bucket as archive and seal use it: objects, versions, hashes.

use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipeline::storage::{ObjectStore, ObjectVersion, PutNew, StoreError};

use crate::Clients;
use crate::error::store_error;

const GET: &str = "s3:GetObject";
const HEAD: &str = "s3:HeadObject";
const PUT: &str = "s3:PutObject";
const LIST: &str = "s3:ListObjectsV2";
const VERSIONS: &str = "s3:ListObjectVersions";

/// SHA-256.
fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// The bucket in S3. Encryption is the bucket's default: the stack's own KMS key.
#[derive(Clone, Debug)]
pub struct S3Objects {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl S3Objects {
    /// The bucket called `bucket`.
    pub fn new(clients: &Clients, bucket: impl Into<String>) -> Self {
        Self {
            client: clients.s3.clone(),
            bucket: bucket.into(),
        }
    }

    async fn read(
        &self,
        key: &str,
        version_id: Option<&str>,
        range: Option<String>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let call = self.client.get_object().bucket(&self.bucket).key(key);
        let call = call
            .set_version_id(version_id.map(str::to_owned))
            .set_range(range);
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) => {
                let code = error.as_service_error().and_then(|e| e.code());
                return match code {
                    Some("NoSuchKey" | "NoSuchVersion") => Ok(None),
                    _ => Err(store_error(GET, &error)),
                };
            }
        };
        let body = answer.body.collect().await;
        let body = body.map_err(|_| StoreError::Retryable {
            call: GET,
            cause: "the body ended early".to_owned(),
        })?;
        Ok(Some(body.to_vec()))
    }

    /// Some bytes of an object, by one ranged read; `None` when there is no such object.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn range(
        &self,
        key: &str,
        offset_bytes: u64,
        length_bytes: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let last = offset_bytes
            .saturating_add(length_bytes)
            .saturating_sub(1)
            .max(offset_bytes);
        self.read(key, None, Some(format!("bytes={offset_bytes}-{last}")))
            .await
    }
}

impl ObjectStore for S3Objects {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(key, None, None).await
    }

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), StoreError> {
        let call = self.client.put_object().bucket(&self.bucket).key(key);
        call.checksum_sha256(STANDARD.encode(sha256(&body)))
            .body(ByteStream::from(body))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| store_error(PUT, &error))
    }

    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, StoreError> {
        let call = self.client.put_object().bucket(&self.bucket).key(key);
        let put = call
            .if_none_match("*")
            .checksum_sha256(STANDARD.encode(sha256(&body)))
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(|error| store_error(PUT, &error));
        match put {
            Ok(_) => Ok(PutNew::Written),
            Err(StoreError::Final { cause, .. }) if cause == "PreconditionFailed" => {
                Ok(PutNew::Exists)
            }
            // Another operation on the key, such as a deletion, came between: S3 says to try again.
            // https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, a stored copy of
            // which was read 2026-11-28.
            Err(StoreError::Final { call, cause }) if cause == "ConditionalRequestConflict" => {
                Err(StoreError::Retryable { call, cause })
            }
            Err(error) => Err(error),
        }
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let call = self.client.list_objects_v2().bucket(&self.bucket);
        let mut pages = call.prefix(prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| store_error(LIST, &error))?;
            let found = page.contents.unwrap_or_default();
            keys.extend(found.into_iter().filter_map(|object| object.key));
        }
        Ok(keys)
    }

    async fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let call = self.client.list_objects_v2().bucket(&self.bucket);
        let call = call.prefix(prefix).delimiter("/");
        let mut pages = call.into_paginator().send();
        let mut folders = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| store_error(LIST, &error))?;
            let found = page.common_prefixes.unwrap_or_default();
            folders.extend(found.into_iter().filter_map(|folder| folder.prefix));
        }
        Ok(folders)
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, StoreError> {
        let mut found = Vec::new();
        let (mut key_marker, mut version_marker) = (None, None);
        loop {
            let page = self
                .client
                .list_object_versions()
                .bucket(&self.bucket)
                .prefix(prefix)
                .set_key_marker(key_marker)
                .set_version_id_marker(version_marker)
                .send()
                .await
                .map_err(|error| store_error(VERSIONS, &error))?;
            found.extend(page.versions().iter().map(|version| {
                ObjectVersion {
                    key: version.key().unwrap_or_default().to_owned(),
                    version_id: version.version_id().unwrap_or("null").to_owned(),
                    size_bytes: version
                        .size()
                        .and_then(|size| u64::try_from(size).ok())
                        .unwrap_or_default(),
                    current: version.is_latest().unwrap_or_default(),
                    deleted: false,
                }
            }));
            found.extend(page.delete_markers().iter().map(|marker| ObjectVersion {
                key: marker.key().unwrap_or_default().to_owned(),
                version_id: marker.version_id().unwrap_or("null").to_owned(),
                size_bytes: 0,
                current: marker.is_latest().unwrap_or_default(),
                deleted: true,
            }));
            if !page.is_truncated().unwrap_or_default() {
                found.sort();
                return Ok(found);
            }
            key_marker = page.next_key_marker;
            version_marker = page.next_version_id_marker;
        }
    }

    async fn sha256(&self, key: &str, version_id: &str) -> Result<Option<[u8; 32]>, StoreError> {
        let call = self.client.head_object().bucket(&self.bucket).key(key);
        let head = call
            .version_id(version_id)
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await;
        match head {
            Ok(head) => {
                // S3 checked it when the object was written; without one the bytes themselves are read.
                let stored = head.checksum_sha256().and_then(|text| {
                    let bytes = STANDARD.decode(text).ok()?;
                    <[u8; 32]>::try_from(bytes).ok()
                });
                match stored {
                    Some(hash) => Ok(Some(hash)),
                    None => {
                        let body = self.read(key, Some(version_id), None).await?;
                        Ok(body.map(|body| sha256(&body)))
                    }
                }
            }
            Err(error) if error.as_service_error().is_some_and(|e| e.is_not_found()) => Ok(None),
            Err(error) => Err(store_error(HEAD, &error)),
        }
    }
}
