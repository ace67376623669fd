//! The sole maker of [`VerifiedWebhook`], and the comparisons every provider uses.
//!
//! Invariant: a comparison is made by the crypto library over decoded bytes, in constant time; never over text.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, Ed25519KeyPair, RsaKeyPair, VerificationAlgorithm};
use aws_lc_rs::{constant_time, hmac};

use jiff::Timestamp;

use crate::{Authenticity, Headers, RawWebhook, Reject, Secrets};

/// A webhook whose signature was checked. Its fields are private and this module alone can make one.
#[derive(Debug)]
pub struct VerifiedWebhook<'a> {
    body: &'a [u8],
    headers: Cow<'a, Headers>,
    authenticity: Authenticity,
    received_at: Option<Timestamp>,
    signed_part: Option<&'a [u8]>,
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

    /// The same, remembering when it was received: for providers whose bodies may not say when something happened.
    pub(crate) fn received(mut self, at: Timestamp) -> Self {
        self.received_at = Some(at);
        self
    }

    /// When it was received, where the provider's `verify` remembered it.
    pub(crate) fn received_at(&self) -> Option<Timestamp> {
        self.received_at
    }

    /// The same, remembering that the signature covers this part of the body and no more: for
    /// providers that can be configured to sign a part.
    pub(crate) fn covering(mut self, part: &'a [u8]) -> Self {
        self.signed_part = Some(part);
        self
    }

    /// The part of the body that the signature covers, where it is not the whole body and the
    /// provider's `verify` remembered it.
    pub(crate) fn signed_part(&self) -> Option<&'a [u8]> {
        self.signed_part
    }

    /// What payhook itself fetched from the provider's API, over TLS and with a key of its own, in
    /// the form of a webhook. Nobody signed it, and it is never called signed: whoever makes one says
    /// so beside every record of it. `at` is when it happened, by the provider's clock.
    pub fn fetched(raw: RawWebhook<'a>, at: Option<Timestamp>) -> Self {
        let mut webhook = Match(Authenticity::Unsigned).vouch(raw);
        webhook.received_at = at;
        webhook
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
            received_at: None,
            signed_part: None,
        }
    }
}

/// A hash for HMAC.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hash {
    /// Broken for signatures, not for HMAC; one provider has nothing better.
    Sha1,
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
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha512 => hmac::HMAC_SHA512,
    };
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in parts {
        context.update(part);
    }
    context.sign()
}

/// The SHA-1 of `text`, which one provider makes its key of.
pub(crate) fn sha1(text: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, text).as_ref().to_vec()
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

/// Whether `signature` is an RSA signature (PKCS#1 v1.5, SHA-256, 2,048 bits or more) of `message` under `key`, which is in DER.
pub(crate) fn rsa_sha256(
    key: Vec<u8>,
    message: &[u8],
    signature: Vec<u8>,
) -> Result<Match, Reject> {
    public_key(
        &signature::RSA_PKCS1_2048_8192_SHA256,
        &[key],
        message,
        &[signature],
    )
}

/// The RSA signature of `message` under a private key (PKCS#8, DER); `None` when it is none.
pub(crate) fn rsa_sha256_sign(private_key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let pair = RsaKeyPair::from_pkcs8(private_key).ok()?;
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = SystemRandom::new();
    pair.sign(
        &signature::RSA_PKCS1_SHA256,
        &random,
        message,
        &mut signature,
    )
    .ok()?;
    Some(signature)
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

/// The setting by which an operator says that a provider's unsigned notices are wanted.
pub(crate) const ACCEPT_UNSIGNED: &str = "accept_unsigned";

/// A notice that nobody signs, where the operator wants them.
pub(crate) fn unsigned_notice(secrets: &Secrets) -> Result<Match, Reject> {
    if secrets.setting(ACCEPT_UNSIGNED) == Some("true") {
        Ok(Match(Authenticity::Unsigned))
    } else {
        Err(Reject::UnsignedNotAccepted)
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
