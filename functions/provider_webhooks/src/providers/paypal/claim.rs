//! What the headers of a PayPal webhook claim: everything that is checked without the certificate.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::WEBHOOK_ID;
use crate::encoding::base64_strict;
use crate::times::rfc3339;
use crate::{Headers, Reject, Secrets};

pub(super) const ID: &str = "paypal-transmission-id";
pub(super) const TIME: &str = "paypal-transmission-time";
pub(super) const SIGNATURE: &str = "paypal-transmission-sig";
pub(super) const CERTIFICATE: &str = "paypal-cert-url";
pub(super) const ALGORITHM: &str = "paypal-auth-algo";
/// The one algorithm; SHA-1, which the SDK still knows, is not taken.
pub(super) const ALGORITHM_NAME: &str = "SHA256withRSA";
/// The hosts that serve certificates, live and sandbox. Compared exactly, so that a sender cannot
/// choose another name below `paypal.com`, such as one that never answers.
pub(super) const CERTIFICATE_HOSTS: [&str; 2] = ["api.paypal.com", "api.sandbox.paypal.com"];
pub(super) const CERTIFICATE_PATH: &str = "v1/notifications/certs/";
pub(super) const URL_BYTES_MAX: usize = 500;
/// A signature is as long as its RSA modulus: 2048 to 8192 bits are the sizes that we verify.
pub(super) const SIGNATURE_BYTES: RangeInclusive<usize> = 2048 / 8..=8192 / 8;

/// What the headers claim, in PayPal's form: everything that is checked without the certificate.
pub(super) struct Claim<'h> {
    pub(super) webhook_id: &'h str,
    pub(super) id: &'h str,
    pub(super) time: &'h str,
    /// The same, read.
    pub(super) sent_at: Timestamp,
    pub(super) signature: Vec<u8>,
    pub(super) certificate_url: &'h str,
}

impl<'h> Claim<'h> {
    pub(super) fn read(headers: &'h Headers, secrets: &'h Secrets) -> Result<Self, Reject> {
        let webhook_id = secrets.required(WEBHOOK_ID)?;
        let header = |name| headers.get(name).ok_or(Reject::SignatureMissing);
        let (id, time, signature) = (header(ID)?, header(TIME)?, header(SIGNATURE)?);
        let (certificate_url, algorithm) = (header(CERTIFICATE)?, header(ALGORITHM)?);
        if algorithm != ALGORITHM_NAME {
            return Err(Reject::SignatureMalformed);
        }
        let sent_at = rfc3339(time).ok_or(Reject::SignatureMalformed)?;
        let signature = base64_strict(signature)
            .filter(|signature| SIGNATURE_BYTES.contains(&signature.len()))
            .ok_or(Reject::SignatureMalformed)?;
        if !serves_certificates(certificate_url) {
            return Err(Reject::CertificateInvalid);
        }
        Ok(Self {
            webhook_id,
            id,
            time,
            sent_at,
            signature,
            certificate_url,
        })
    }
}

/// Returns true if `url` is HTTPS, one of PayPal's hosts, the path of certificates and one name.
fn serves_certificates(url: &str) -> bool {
    let name = || {
        let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
        let name = path.strip_prefix(CERTIFICATE_PATH)?;
        CERTIFICATE_HOSTS.contains(&host).then_some(name)
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    url.len() <= URL_BYTES_MAX
        && name().is_some_and(|name| !name.is_empty() && name.bytes().all(plain))
}

pub(super) fn certificate_url(headers: &Headers, secrets: &Secrets) -> Result<String, Reject> {
    Claim::read(headers, secrets).map(|claim| claim.certificate_url.to_owned())
}
