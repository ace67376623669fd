//! The signature that most providers make: an HMAC of the raw body under the secret as text, alone in one header.

use crate::encoding::{base64_strict, base64_text, hex_any_case};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{Hash, hmac, hmac_tag};
use crate::{RawWebhook, Reject, Secrets, VerifiedWebhook};

/// Values of one header that are looked at: while a secret is rotated some providers send two.
const VALUES_MAX: usize = 4;

/// How a provider writes the signature.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Written {
    /// Lower-case hexadecimal; upper case is taken as well.
    Hex,
    /// Upper-case hexadecimal; lower case is taken as well.
    HexUpper,
    /// Base64.
    Base64,
    /// Base64; hexadecimal is taken as well, where documents disagree. The two cannot be taken for one another: their lengths differ.
    Base64OrHex,
}

/// One provider's form of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyHmac {
    /// The header, lower-case.
    pub(crate) header: &'static str,
    /// What stands in front of the signature (`sha512=`).
    pub(crate) prefix: &'static str,
    /// The hash.
    pub(crate) hash: Hash,
    /// The encoding.
    pub(crate) written: Written,
}

impl BodyHmac {
    /// Whether one of the header's values is the HMAC of the body under one of the keys.
    ///
    /// # Errors
    /// A [`Reject`]: no key, no header, none of its values a signature, none that matches.
    pub(crate) fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        self.verify_with(secrets.some_keys()?, raw)
    }

    /// The same with keys that are not texts.
    ///
    /// # Errors
    /// As [`BodyHmac::verify`].
    pub(crate) fn verify_with<'a, K: AsRef<[u8]>>(
        &self,
        keys: &[K],
        raw: RawWebhook<'a>,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        let mut sent = raw.headers.all(self.header).take(VALUES_MAX).peekable();
        if sent.peek().is_none() {
            return Err(Reject::SignatureMissing);
        }
        // Headers of one name may arrive joined by commas, which neither encoding has.
        let signatures: Vec<Vec<u8>> = sent
            .flat_map(|value| value.split(',').take(VALUES_MAX))
            .filter_map(|value| self.decoded(value.trim()))
            .collect();
        if signatures.is_empty() {
            return Err(Reject::SignatureMalformed);
        }
        let matched = hmac(self.hash, keys, &[raw.body], &signatures)?;
        Ok(matched.vouch(raw))
    }

    fn decoded(&self, value: &str) -> Option<Vec<u8>> {
        let value = value.strip_prefix(self.prefix)?;
        let bytes = match self.written {
            Written::Hex | Written::HexUpper => hex_any_case(value),
            Written::Base64 => base64_strict(value),
            Written::Base64OrHex => hex_any_case(value).or_else(|| base64_strict(value)),
        }?;
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Signs the body as the provider does. `header` is the header's name as the provider writes it.
    ///
    /// # Errors
    /// [`SignError::Secret`] without a key.
    pub(crate) fn sign(
        &self,
        header: &str,
        unsigned: &Unsigned<'_>,
        secrets: &Secrets,
    ) -> Result<SignedRequest, SignError> {
        Ok(self.sign_with(header, first_key(secrets)?.as_bytes(), unsigned))
    }

    /// The same with a key that is not a text.
    pub(crate) fn sign_with(
        &self,
        header: &str,
        key: &[u8],
        unsigned: &Unsigned<'_>,
    ) -> SignedRequest {
        let tag = hmac_tag(self.hash, key, &[unsigned.body]);
        let signature = match self.written {
            Written::Hex => hex::encode(tag),
            Written::HexUpper => hex::encode_upper(tag),
            Written::Base64 | Written::Base64OrHex => base64_text(tag),
        };
        unsigned.with_headers([(header, format!("{}{signature}", self.prefix))])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Headers;

    const SCHEME: BodyHmac = BodyHmac {
        header: "x-signature",
        prefix: "sha256=",
        hash: Hash::Sha256,
        written: Written::Hex,
    };

    fn verdict(values: &[&str]) -> Result<(), Reject> {
        let headers = Headers::new(values.iter().map(|value| ("X-Signature", *value)));
        let secrets = Secrets::new(["key".to_owned()], None);
        SCHEME
            .verify(RawWebhook::new(b"body", headers), &secrets)
            .map(|_| ())
    }

    #[test]
    fn one_right_value_is_enough_and_a_form_is_needed() {
        let secrets = Secrets::new(["key".to_owned()], None);
        let unsigned = Unsigned {
            body: b"body",
            at: jiff::Timestamp::UNIX_EPOCH,
            message_id: "m",
        };
        let signed = SCHEME.sign("X-Signature", &unsigned, &secrets).unwrap();
        let good = signed.headers[0].1.as_str();
        let joined = format!(
            "sha256=00, {}",
            good.to_uppercase().replace("SHA256", "sha256")
        );
        let bare = good.replace("sha256=", "");
        for (values, expected) in [
            (&[good][..], Ok(())),
            (&["sha256=00", good][..], Ok(())),
            (&[joined.as_str()][..], Ok(())),
            (&["sha256=00"][..], Err(Reject::SignatureMismatch)),
            (&[bare.as_str()][..], Err(Reject::SignatureMalformed)),
            (&["sha256="][..], Err(Reject::SignatureMalformed)),
            (&[][..], Err(Reject::SignatureMissing)),
        ] {
            assert_eq!(verdict(values), expected, "{values:?}");
        }
        assert_eq!(
            SCHEME.sign("X-Signature", &unsigned, &Secrets::default()),
            Err(SignError::Secret)
        );
    }
}
