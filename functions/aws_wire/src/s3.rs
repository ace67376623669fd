//! The call to S3: an object is put where none is.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>, read 2026-11-28.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue, IF_NONE_MATCH};

use crate::client::Call;
use crate::error::ErrorForm;
use crate::signing::sha256;
use crate::{Client, Error, Service};

const CHECKSUM: HeaderName = HeaderName::from_static("x-amz-checksum-sha256");

/// An object to be put.
#[derive(Debug)]
pub struct Object<'o> {
    /// The bucket.
    pub bucket: &'o str,
    /// The key.
    pub key: &'o str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub body: Bytes,
}

/// Puts an object unless one has its key. S3 checks its SHA-256 and keeps it.
///
/// # Errors
/// An [`Error`] with the code `PreconditionFailed` when there is one.
pub async fn put_new_object(client: &Client, object: &Object<'_>) -> Result<(), Error> {
    let hash = sha256(&object.body);
    let checksum = HeaderValue::from_str(&STANDARD.encode(hash));
    let checksum = checksum.map_err(|_| Error::Unbuilt("the request could not be built"))?;
    let call = Call {
        service: Service::S3,
        method: Method::PUT,
        bucket: Some(object.bucket),
        path: &format!("/{}?x-id=PutObject", encoded(object.key)),
        content_type: object.content_type,
        headers: &[
            (IF_NONE_MATCH, HeaderValue::from_static("*")),
            (CHECKSUM, checksum),
        ],
        hash,
        body: object.body.clone(),
        errors: ErrorForm::Xml,
    };
    client.send(&call).await.map(|_| ())
}

/// A key as a path has it: every byte but the unreserved ones and `/` as `%XX`.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>, read
/// 2026-11-28.
pub(crate) fn encoded(key: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut path = String::with_capacity(key.len() + 16);
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                path.push(char::from(byte));
            }
            other => {
                path.push('%');
                path.push(char::from(HEX[usize::from(other >> 4)]));
                path.push(char::from(HEX[usize::from(other & 15)]));
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_encoded_byte_by_byte() {
        assert_eq!(
            encoded("audit/dt=2026 é+.~"),
            "audit/dt%3D2026%20%C3%A9%2B.~"
        );
    }
}
