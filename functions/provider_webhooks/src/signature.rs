//! The sole maker of [`VerifiedWebhook`], and the comparisons every provider uses.
//!
//! Invariant: a comparison is made by the crypto library over decoded bytes, in constant time; never over text.

use aws_lc_rs::{hmac, signature};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use crate::{Headers, RawWebhook, Reject};

/// A webhook whose signature was checked. Its fields are private and this module alone can make one.
#[derive(Debug)]
pub struct VerifiedWebhook<'a> {
    body: &'a [u8],
    headers: Headers,
}

impl<'a> VerifiedWebhook<'a> {
    /// The raw body.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The signature headers (an event id can be among them).
    pub fn headers(&self) -> &Headers {
        &self.headers
    }
}

/// Proof that one comparison succeeded. Only the functions below make one, so a provider cannot vouch without comparing.
#[derive(Debug)]
pub(crate) struct Match(());

impl Match {
    /// Turns the raw webhook into a verified one.
    pub(crate) fn vouch<'a>(&self, raw: RawWebhook<'a>) -> VerifiedWebhook<'a> {
        VerifiedWebhook {
            body: raw.body,
            headers: raw.headers,
        }
    }
}

/// Whether any of `signatures` (decoded) is the HMAC-SHA256 of the concatenated `parts` under any of `keys`.
pub(crate) fn hmac_sha256<K: AsRef<[u8]>>(
    keys: &[K],
    parts: &[&[u8]],
    signatures: &[Vec<u8>],
) -> Result<Match, Reject> {
    for key in keys {
        let tag = hmac_sha256_tag(key.as_ref(), parts);
        for candidate in signatures {
            if aws_lc_rs::constant_time::verify_slices_are_equal(tag.as_ref(), candidate).is_ok() {
                return Ok(Match(()));
            }
        }
    }
    Err(Reject::SignatureMismatch)
}

/// The HMAC-SHA256 of the concatenated `parts`.
pub(crate) fn hmac_sha256_tag(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    context.sign()
}

/// Whether any of `signatures` is an ed25519 signature of `message` under any of the 32-byte `public_keys`.
pub(crate) fn ed25519(
    public_keys: &[Vec<u8>],
    message: &[u8],
    signatures: &[Vec<u8>],
) -> Result<Match, Reject> {
    for key in public_keys {
        let key = signature::UnparsedPublicKey::new(&signature::ED25519, key);
        if signatures
            .iter()
            .any(|candidate| key.verify(message, candidate).is_ok())
        {
            return Ok(Match(()));
        }
    }
    Err(Reject::SignatureMismatch)
}

/// Base64 with or without padding: secrets are copied by hand and lose their `=` (the reference libraries accept both).
pub(crate) fn base64_lenient(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// Base64 exactly as a provider sends it.
pub(crate) fn base64_strict(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Base64 text of `bytes`.
pub(crate) fn base64_text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_match_needs_the_right_key_parts_and_signature() {
        let tag = hmac_sha256_tag(b"key", &[b"a", b"b"]).as_ref().to_vec();
        assert!(hmac_sha256(&["other", "key"], &[b"ab"], &[vec![0; 32], tag.clone()]).is_ok());
        let none: [&str; 0] = [];
        assert_eq!(
            hmac_sha256(&none, &[b"ab"], std::slice::from_ref(&tag)).unwrap_err(),
            Reject::SignatureMismatch
        );
        assert_eq!(
            hmac_sha256(&["key"], &[b"ab"], &[]).unwrap_err(),
            Reject::SignatureMismatch
        );
        assert_eq!(
            hmac_sha256(&["key"], &[b"ac"], std::slice::from_ref(&tag)).unwrap_err(),
            Reject::SignatureMismatch
        );
        assert_eq!(
            hmac_sha256(&["key"], &[b"ab"], &[tag[..31].to_vec()]).unwrap_err(),
            Reject::SignatureMismatch
        );
    }

    #[test]
    fn base64_forms() {
        assert_eq!(base64_lenient("YWI"), Some(b"ab".to_vec()));
        assert_eq!(base64_lenient("YWI="), Some(b"ab".to_vec()));
        assert_eq!(base64_strict("YWI"), None);
        assert_eq!(base64_lenient("*"), None);
        assert_eq!(base64_text(b"ab"), "YWI=");
    }
}
