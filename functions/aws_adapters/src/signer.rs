//! The sealing key in KMS.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use pipeline::storage::{Signer, StoreError};

use crate::Clients;
use crate::error::store_error;

const SIGN: &str = "kms:Sign";
const PUBLIC_KEY: &str = "kms:GetPublicKey";

/// An asymmetric key, by its alias.
#[derive(Clone, Debug)]
pub struct KmsSigner {
    client: aws_sdk_kms::Client,
    key_id: String,
}

impl KmsSigner {
    /// The key called `key_id`: `alias/…`, an id or an ARN.
    pub fn new(clients: &Clients, key_id: impl Into<String>) -> Self {
        Self {
            client: aws_sdk_kms::Client::new(&clients.config),
            key_id: key_id.into(),
        }
    }

    /// The public half, as a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn public_key(&self) -> Result<Vec<u8>, StoreError> {
        let answer = self.client.get_public_key().key_id(&self.key_id);
        let answer = answer.send().await;
        let answer = answer.map_err(|error| store_error(PUBLIC_KEY, &error))?;
        let key = answer.public_key.map(Blob::into_inner);
        key.ok_or_else(|| StoreError::Final {
            call: PUBLIC_KEY,
            cause: "the answer has no key".to_owned(),
        })
    }
}

impl Signer for KmsSigner {
    async fn sign(&self, digest: &[u8; 32]) -> Result<Vec<u8>, StoreError> {
        let answer = self
            .client
            .sign()
            .key_id(&self.key_id)
            .message(Blob::new(digest.as_slice()))
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .send()
            .await
            .map_err(|error| store_error(SIGN, &error))?;
        let signature = answer.signature.map(Blob::into_inner);
        signature.ok_or_else(|| StoreError::Final {
            call: SIGN,
            cause: "the answer has no signature".to_owned(),
        })
    }
}
