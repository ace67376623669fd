//! Signing as a provider does: for `payhook send`, the demo and the tests. Nothing that runs in a function uses it.

use jiff::Timestamp;

use crate::{Secrets, providers};

/// What is to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Unsigned<'a> {
    /// The body.
    pub body: &'a [u8],
    /// When it is signed.
    pub at: Timestamp,
    /// The provider's id of the message, the same in every delivery of it.
    pub message_id: &'a str,
}

/// A body and the headers that go with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// Signature headers, and what the provider sends beside them (an event type, an id).
    pub headers: Vec<(String, String)>,
    /// The body to send; Adyen's carries its signatures.
    pub body: Vec<u8>,
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// No such provider.
    #[error("provider is not in the catalogue: see `payhook providers`")]
    UnknownProvider,
    /// No secret, or not in the provider's format.
    #[error("the secret is missing or not in the provider's format")]
    Secret,
    /// Square signs its registered URL.
    #[error("a notification URL is needed to sign for this provider")]
    NotificationUrl,
    /// Another setting of the secret is needed.
    #[error("a setting is missing in the secret: see `payhook providers NAME`")]
    Setting,
    /// Adyen signs fields of the body.
    #[error("the body is not one that this provider signs")]
    Body,
}

impl Unsigned<'_> {
    /// The body as it is, with these headers.
    pub(crate) fn with_headers<const N: usize>(
        &self,
        headers: [(&str, String); N],
    ) -> SignedRequest {
        SignedRequest {
            headers: headers
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec(),
            body: self.body.to_vec(),
        }
    }
}

/// The key to sign with.
pub(crate) fn first_key(secrets: &Secrets) -> Result<&str, SignError> {
    secrets
        .keys()
        .first()
        .map(String::as_str)
        .ok_or(SignError::Secret)
}

/// Signs `body` as `provider` would at `at`, with the first of the secrets.
///
/// # Errors
/// A [`SignError`] that says what is missing.
pub fn sign(
    provider: &str,
    body: &[u8],
    secrets: &Secrets,
    at: Timestamp,
    message_id: &str,
) -> Result<SignedRequest, SignError> {
    let provider = providers::by_name(provider).ok_or(SignError::UnknownProvider)?;
    let unsigned = Unsigned {
        body,
        at,
        message_id,
    };
    provider.sign(&unsigned, secrets)
}
