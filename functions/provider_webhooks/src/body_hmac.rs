//! The signature that most providers make: an HMAC of the raw body under the secret as text, alone in one header.

use crate::encoding::hex_any_case;
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
        let keys = secrets.some_keys()?;
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
        let bytes = hex_any_case(value)?;
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
        let tag = hmac_tag(self.hash, first_key(secrets)?.as_bytes(), &[unsigned.body]);
        let signature = match self.written {
            Written::Hex => hex::encode(tag),
            Written::HexUpper => hex::encode_upper(tag),
        };
        Ok(unsigned.with_headers([(header, format!("{}{signature}", self.prefix))]))
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
            .verify(
                RawWebhook {
                    body: b"body",
                    headers,
                },
                &secrets,
            )
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
