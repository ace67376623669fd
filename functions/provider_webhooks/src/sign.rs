//! Signing as a provider does: for `payhook send`, the demo and the tests. Nothing that runs in a function uses it.

use aws_lc_rs::signature::Ed25519KeyPair;
use jiff::Timestamp;

use crate::Secrets;
use crate::providers::{StandardWebhooksKey, adyen_sign_items};
use crate::signature::{base64_text, hmac_sha256_tag};

/// A body and the headers that go with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRequest {
    /// Signature headers.
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
    /// Adyen signs fields of the body.
    #[error("the body is not one that this provider signs")]
    Body,
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
    let key = secrets.keys().first().ok_or(SignError::Secret)?;
    let seconds = at.as_second().to_string();
    let header = |name: &str, value: String| (name.to_owned(), value);
    let mut signed = SignedRequest {
        headers: Vec::new(),
        body: body.to_vec(),
    };
    match provider {
        "stripe" => {
            let tag = hmac_sha256_tag(key.as_bytes(), &[seconds.as_bytes(), b".", body]);
            signed.headers.push(header(
                "Stripe-Signature",
                format!("t={seconds},v1={}", hex::encode(tag)),
            ));
        }
        "adyen" => {
            hex::decode(key.trim())
                .ok()
                .filter(|k| k.len() == 32)
                .ok_or(SignError::Secret)?;
            signed.body = adyen_sign_items(body, key).ok_or(SignError::Body)?;
        }
        "square" => {
            let url = secrets
                .notification_url()
                .ok_or(SignError::NotificationUrl)?;
            let tag = hmac_sha256_tag(key.as_bytes(), &[url.as_bytes(), body]);
            signed.headers.push(header(
                "x-square-hmacsha256-signature",
                base64_text(tag.as_ref()),
            ));
        }
        "standardwebhooks" => {
            let message = [format!("{message_id}.{seconds}.").as_bytes(), body].concat();
            let signature = match StandardWebhooksKey::decode(key).ok_or(SignError::Secret)? {
                StandardWebhooksKey::Hmac(bytes) => {
                    format!(
                        "v1,{}",
                        base64_text(hmac_sha256_tag(&bytes, &[&message]).as_ref())
                    )
                }
                StandardWebhooksKey::Private { seed, public } => {
                    let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public)
                        .map_err(|_| SignError::Secret)?;
                    format!("v1a,{}", base64_text(pair.sign(&message).as_ref()))
                }
                StandardWebhooksKey::Public(_) => return Err(SignError::Secret),
            };
            signed
                .headers
                .push(header("webhook-id", message_id.to_owned()));
            signed.headers.push(header("webhook-timestamp", seconds));
            signed.headers.push(header("webhook-signature", signature));
        }
        _ => return Err(SignError::UnknownProvider),
    }
    Ok(signed)
}
