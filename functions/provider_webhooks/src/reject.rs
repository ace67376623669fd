//! Why a webhook is refused. No variant carries input: a refused body may hold card data.

use serde::Serialize;

/// Why a webhook is not believed. Final: the same bytes at the same receipt time are refused again with the same secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Reject {
    /// No provider of that name, and no signature header that tells.
    #[error("provider is not in the catalogue")]
    UnknownProvider,
    /// No usable secret is configured.
    #[error("no secret is configured for the provider")]
    SecretMissing,
    /// A configured secret cannot be decoded (hex, base64, length).
    #[error("a configured secret is not in the provider's format")]
    SecretMalformed,
    /// The provider signs its registered URL and none is configured.
    #[error("the registered notification URL is not configured")]
    NotificationUrlMissing,
    /// Another required setting of the provider's secret is not configured.
    #[error("a required setting of the provider's secret is not configured")]
    SettingMissing,
    /// The provider signs nothing, and nobody has said that its notices are wanted all the same.
    #[error("the provider signs nothing and accept_unsigned is not set in its secret")]
    UnsignedNotAccepted,
    /// The certificate that the webhook names is not there.
    #[error("the provider's certificate is not at the address the webhook names")]
    CertificateMissing,
    /// A certificate that is not the provider's, or was not valid at receipt.
    #[error("certificate is not the provider's or was not valid at receipt")]
    CertificateInvalid,
    /// No signature was sent.
    #[error("signature is missing")]
    SignatureMissing,
    /// A signature header that does not have the provider's form.
    #[error("signature is not in the provider's format")]
    SignatureMalformed,
    /// A well-formed signature that none of the secrets made.
    #[error("signature does not match")]
    SignatureMismatch,
    /// Signed too long before it was received.
    #[error("signature time is too old at receipt")]
    TimestampStale,
    /// Signed too far after it was received.
    #[error("signature time is in the future at receipt")]
    TimestampFuture,
    /// The signature is inside the body and the body cannot be read.
    #[error("body cannot be read to find its signature")]
    BodyUnreadable,
}

impl Reject {
    /// Every reason, in the order of their texts' table.
    pub const ALL: [Self; 14] = [
        Self::UnknownProvider,
        Self::SecretMissing,
        Self::SecretMalformed,
        Self::NotificationUrlMissing,
        Self::SettingMissing,
        Self::UnsignedNotAccepted,
        Self::CertificateMissing,
        Self::CertificateInvalid,
        Self::SignatureMissing,
        Self::SignatureMalformed,
        Self::SignatureMismatch,
        Self::TimestampStale,
        Self::TimestampFuture,
        Self::BodyUnreadable,
    ];

    /// The stable text of the reason (`signature_mismatch`), used in the audit log, metrics and the rejected queue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownProvider => "unknown_provider",
            Self::SecretMissing => "secret_missing",
            Self::SecretMalformed => "secret_malformed",
            Self::NotificationUrlMissing => "notification_url_missing",
            Self::SettingMissing => "setting_missing",
            Self::UnsignedNotAccepted => "unsigned_not_accepted",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateInvalid => "certificate_invalid",
            Self::SignatureMissing => "signature_missing",
            Self::SignatureMalformed => "signature_malformed",
            Self::SignatureMismatch => "signature_mismatch",
            Self::TimestampStale => "timestamp_stale",
            Self::TimestampFuture => "timestamp_future",
            Self::BodyUnreadable => "body_unreadable",
        }
    }
}
