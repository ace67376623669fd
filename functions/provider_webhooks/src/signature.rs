//! The sole maker of [`VerifiedWebhook`], and the comparisons every provider uses.
//!
//! Invariant: a comparison is made by the crypto library over decoded bytes, in constant time; never over text.

use aws_lc_rs::signature::{self, Ed25519KeyPair, VerificationAlgorithm};
use aws_lc_rs::{constant_time, hmac};

use crate::{Authenticity, Headers, RawWebhook, Reject};

/// A webhook whose signature was checked. Its fields are private and this module alone can make one.
#[derive(Debug)]
pub struct VerifiedWebhook<'a> {
    body: &'a [u8],
    headers: Headers,
    authenticity: Authenticity,
}

impl<'a> VerifiedWebhook<'a> {
    /// The raw body.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The headers of the catalogue (an event id can be among them).
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// What it was believed for.
    pub fn authenticity(&self) -> Authenticity {
        self.authenticity
    }
}

/// Proof that one comparison succeeded. Only the functions below make one, so a provider cannot vouch without comparing.
#[derive(Debug)]
pub(crate) struct Match(Authenticity);

impl Match {
    /// Turns the raw webhook into a verified one.
    pub(crate) fn vouch<'a>(&self, raw: RawWebhook<'a>) -> VerifiedWebhook<'a> {
        VerifiedWebhook {
            body: raw.body,
            headers: raw.headers,
            authenticity: self.0,
        }
    }
}

/// A hash for HMAC.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hash {
    Sha256,
    Sha512,
}

/// Whether any of `signatures` (decoded) is the HMAC of the concatenated `parts` under any of `keys`.
pub(crate) fn hmac<K: AsRef<[u8]>>(
    hash: Hash,
    keys: &[K],
    parts: &[&[u8]],
    signatures: &[Vec<u8>],
) -> Result<Match, Reject> {
    for key in keys {
        let tag = hmac_tag(hash, key.as_ref(), parts);
        for candidate in signatures {
            if constant_time::verify_slices_are_equal(tag.as_ref(), candidate).is_ok() {
                return Ok(Match(Authenticity::Signed));
            }
        }
    }
    Err(Reject::SignatureMismatch)
}

/// The HMAC of the concatenated `parts`.
pub(crate) fn hmac_tag(hash: Hash, key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    let algorithm = match hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha512 => hmac::HMAC_SHA512,
    };
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in parts {
        context.update(part);
    }
    context.sign()
}

/// [`hmac`] with SHA-256, which most providers use.
pub(crate) fn hmac_sha256<K: AsRef<[u8]>>(
    keys: &[K],
    parts: &[&[u8]],
    signatures: &[Vec<u8>],
) -> Result<Match, Reject> {
    hmac(Hash::Sha256, keys, parts, signatures)
}

/// [`hmac_tag`] with SHA-256.
pub(crate) fn hmac_sha256_tag(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    hmac_tag(Hash::Sha256, key, parts)
}

/// Whether any of `signatures` is an ed25519 signature of `message` under any of the 32-byte `public_keys`.
pub(crate) fn ed25519(
    public_keys: &[Vec<u8>],
    message: &[u8],
    signatures: &[Vec<u8>],
) -> Result<Match, Reject> {
    public_key(&signature::ED25519, public_keys, message, signatures)
}

/// The ed25519 signature of `message`; `None` when the two halves of the key are not a pair.
pub(crate) fn ed25519_sign(seed: &[u8], public: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).ok()?;
    Some(pair.sign(message).as_ref().to_vec())
}

fn public_key(
    algorithm: &'static dyn VerificationAlgorithm,
    public_keys: &[Vec<u8>],
    message: &[u8],
    signatures: &[Vec<u8>],
) -> Result<Match, Reject> {
    for key in public_keys {
        let key = signature::UnparsedPublicKey::new(algorithm, key);
        if signatures
            .iter()
            .any(|candidate| key.verify(message, candidate).is_ok())
        {
            return Ok(Match(Authenticity::Signed));
        }
    }
    Err(Reject::SignatureMismatch)
}

/// Whether `sent` is one of `keys`, for providers that send the secret itself along.
pub(crate) fn shared_secret(keys: &[String], sent: &str) -> Result<Match, Reject> {
    let equal = |key: &String| {
        constant_time::verify_slices_are_equal(key.trim().as_bytes(), sent.as_bytes()).is_ok()
    };
    if keys.iter().any(equal) {
        Ok(Match(Authenticity::SharedSecret))
    } else {
        Err(Reject::SignatureMismatch)
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
