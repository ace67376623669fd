//! Signature Version 4, made by the crate that the SDKs sign with. The body's hash is AWS-LC's.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>, read 2026-11-28.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_lc_rs::digest::{SHA256, digest};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use hyper::Request;

use crate::{Error, Service};

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Who signs, for what, and when.
pub(crate) struct Signer<'s> {
    pub(crate) credentials: Credentials,
    pub(crate) region: &'s str,
    pub(crate) service: Service,
    pub(crate) at: SystemTime,
}

impl Signer<'_> {
    fn settings(&self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        // S3 takes a path as it is sent and wants the hash in a header, too.
        if self.service == Service::S3 {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        settings
    }

    /// Adds the headers of the signature. `address` is the whole URL, `hash` the body's in hex.
    ///
    /// # Errors
    /// [`Error::Unbuilt`] for what cannot be signed: a header that is no text.
    pub(crate) fn sign<B>(
        self,
        request: &mut Request<B>,
        address: &str,
        hash: &str,
    ) -> Result<(), Error> {
        const FAILED: Error = Error::Unbuilt("the request could not be signed");
        let settings = self.settings();
        let identity = self.credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service.name())
            .time(self.at)
            .settings(settings)
            .build()
            .map_err(|_| FAILED)?
            .into();
        let headers = request.headers().iter();
        let headers =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Precomputed(hash.to_owned());
        let method = request.method().as_str();
        let signable = SignableRequest::new(method, address, headers, body);
        let signed = signable.and_then(|signable| sign(signable, &parameters));
        let (instructions, _) = signed.map_err(|_| FAILED)?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}
