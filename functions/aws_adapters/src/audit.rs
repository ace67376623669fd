//! The audit bucket. An object is written once and never over another.

use aws_wire::Service;
use aws_wire::s3::{Object, put_new_object};
use pipeline::storage::{AuditStore, StoreError};

use crate::Wire;
use crate::error::wire_error;

const PUT: &str = "s3:PutObject";

/// The bucket in S3. Encryption is the bucket's default: the stack's own KMS key.
#[derive(Clone, Debug)]
pub struct S3Audit {
    client: Wire,
    bucket: String,
}

impl S3Audit {
    /// The bucket called `bucket`.
    pub fn new(client: &Wire, bucket: impl Into<String>) -> Self {
        Self {
            client: client.clone(),
            bucket: bucket.into(),
        }
    }

    /// Opens the connection of the first call. One that cannot be opened is found out by that call.
    pub async fn connect(&self) {
        let _ = self.client.open(Service::S3, Some(&self.bucket)).await;
    }
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
        // S3 keeps its SHA-256: the seal reads it from there instead of the bytes.
        let object = Object {
            bucket: &self.bucket,
            key,
            content_type: "application/zstd",
            body: body.into(),
        };
        let put = put_new_object(&self.client, &object).await;
        settle(put.map_err(|error| wire_error(PUT, &error)))
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
