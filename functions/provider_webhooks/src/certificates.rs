//! Whether a certificate is a provider's: its name, its chain to a root that browsers trust, and its validity at the time of receipt.
//!
//! Invariant: pure. The certificate was fetched elsewhere and is as untrusted as the webhook. Revocation is not asked for: that would be another call outside, and the certificates here live for about a year.

use std::time::Duration;

use jiff::Timestamp;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::Reject;

/// Certificates of one chain that are looked at.
const CHAIN_MAX: usize = 6;

/// The public key (DER) of the certificate at the head of `pem`, when it is for a name that ends in `name_suffix` (`.example.com`), was valid at `at`, and leads to a public root or to one of the
/// certificates in `issuers`.
///
/// # Errors
/// [`Reject::CertificateInvalid`].
pub(crate) fn public_key(
    pem: &[u8],
    issuers: Option<&str>,
    name_suffix: &str,
    at: Timestamp,
) -> Result<Vec<u8>, Reject> {
    judged(pem, issuers, name_suffix, at).ok_or(Reject::CertificateInvalid)
}

/// Returns true if `pem` reads as a certificate or a chain of them: an answer that is anything
/// else, such as a page that says "maintenance", is not worth keeping. Whose it is, is not looked
/// at.
pub fn reads_as_certificate(pem: &[u8]) -> bool {
    let chain = read(pem).unwrap_or_default();
    chain
        .first()
        .is_some_and(|leaf| EndEntityCert::try_from(leaf).is_ok())
}

fn judged(pem: &[u8], issuers: Option<&str>, name_suffix: &str, at: Timestamp) -> Option<Vec<u8>> {
    let chain = read(pem)?;
    let (leaf, intermediates) = chain.split_first()?;
    let certificate = EndEntityCert::try_from(leaf).ok()?;
    let trusted = read(issuers.unwrap_or_default().as_bytes()).unwrap_or_default();
    let own = trusted
        .iter()
        .filter_map(|der| anchor_from_trusted_cert(der).ok());
    let anchors: Vec<TrustAnchor<'_>> = webpki_roots::TLS_SERVER_ROOTS
        .iter()
        .cloned()
        .chain(own)
        .collect();
    let seconds = u64::try_from(at.as_second()).ok()?;
    certificate
        .verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &anchors,
            intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            KeyUsage::server_auth(),
            None,
            None,
        )
        .ok()?;
    let named = certificate
        .valid_dns_names()
        .any(|name| name.to_ascii_lowercase().ends_with(name_suffix));
    named.then(|| certificate.subject_public_key_info().to_vec())
}

fn read(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem).take(CHAIN_MAX);
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().ok()?;
    (!certificates.is_empty()).then_some(certificates)
}
