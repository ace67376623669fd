//! The audit bucket. An object is written once and never over another.

use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipeline::storage::{AuditStore, StoreError};

use crate::Clients;
use crate::error::store_error;

const PUT: &str = "s3:PutObject";

/// The bucket in S3. Encryption is the bucket's default: the stack's own KMS key.
#[derive(Clone, Debug)]
pub struct S3Audit {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl S3Audit {
    /// The bucket called `bucket`.
    pub fn new(clients: &Clients, bucket: impl Into<String>) -> Self {
        Self {
            client: clients.s3.clone(),
            bucket: bucket.into(),
        }
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// The key holds the invocation's id, so an object that is already there is this invocation's own, written by a call whose answer was lost.
fn settle(result: Result<(), StoreError>) -> Result<(), StoreError> {
    match result {
        Err(StoreError::Final { cause, .. }) if cause == "PreconditionFailed" => Ok(()),
        other => other,
    }
}

impl AuditStore for S3Audit {
    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), StoreError> {
        let call = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type("application/zstd")
            .if_none_match("*")
            // S3 checks it and keeps it: the seal reads it from there instead of the bytes.
            .checksum_sha256(STANDARD.encode(sha256(&body)))
            .body(ByteStream::from(body));
        settle(
            call.send()
                .await
                .map(|_| ())
                .map_err(|error| store_error(PUT, &error)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_our_own_that_is_there_already_is_written() {
        let refused = |cause: &str| {
            Err(StoreError::Final {
                call: PUT,
                cause: cause.to_owned(),
            })
        };
        assert_eq!(settle(Ok(())), Ok(()));
        assert_eq!(settle(refused("PreconditionFailed")), Ok(()));
        assert_eq!(settle(refused("AccessDenied")), refused("AccessDenied"));
    }
}
