//! The public half of the sealing key, as KMS hands it out or as a person keeps it.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What stands before the point in a SubjectPublicKeyInfo of a P-256 key.
/// Source: RFC 5480, section 2, <https://www.rfc-editor.org/rfc/rfc5480#section-2>, read 2026-11-24.
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const POINT_BYTES: usize = 65;

/// A P-256 public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// From an uncompressed point or a DER SubjectPublicKeyInfo (what KMS answers). `None` when it is neither.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let point = bytes.strip_prefix(&SPKI_PREFIX).unwrap_or(bytes);
        (point.len() == POINT_BYTES && point.first() == Some(&4)).then(|| Self(point.to_vec()))
    }

    /// From PEM (`-----BEGIN PUBLIC KEY-----`).
    pub fn from_pem(text: &str) -> Option<Self> {
        let body = text.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?;
        let body = body.strip_suffix("-----END PUBLIC KEY-----")?;
        let base64: String = body.split_whitespace().collect();
        Self::from_bytes(&STANDARD.decode(base64).ok()?)
    }

    /// As PEM.
    pub fn pem(&self) -> String {
        let der: Vec<u8> = SPKI_PREFIX.iter().chain(&self.0).copied().collect();
        let text = STANDARD.encode(der);
        let (first, second) = text.split_at(text.len().min(64));
        format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n")
    }

    /// Whether the signature over `text` is this key's.
    pub fn signed(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.0)
            .verify(text.as_bytes(), signature)
            .is_ok()
    }
}
