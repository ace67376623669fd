//! Signature Version 4 from its documentation, to check signatures with. It is itself checked by the
//! SDK's.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>,
//! read 2026-11-28.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};

use super::server::Recorded;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let tag = hmac::sign(&Key::new(HMAC_SHA256, key), text.as_bytes());
    tag.as_ref().to_vec()
}

/// The parts of the header `Authorization`.
pub(super) struct Authorization<'r> {
    pub(super) scope: &'r str,
    pub(super) signed: BTreeSet<&'r str>,
    pub(super) signature: &'r str,
}

pub(super) fn authorization(request: &Recorded) -> Authorization<'_> {
    let header = request.header("authorization").unwrap();
    let parts = header.strip_prefix("AWS4-HMAC-SHA256 Credential=").unwrap();
    let mut parts = parts.split(", ");
    let (_, scope) = parts.next().unwrap().split_once('/').unwrap();
    let signed = parts
        .next()
        .unwrap()
        .strip_prefix("SignedHeaders=")
        .unwrap();
    let signature = parts.next().unwrap().strip_prefix("Signature=").unwrap();
    Authorization {
        scope,
        signed: signed.split(';').collect(),
        signature,
    }
}

/// The signature that the request should have. The paths of these calls are canonical as they are
/// sent, S3's alone has a query, of one parameter.
pub(super) fn expected(request: &Recorded, secret: &str) -> String {
    let told = authorization(request);
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let headers = told.signed.iter().map(|name| {
        let value = request.header(name).unwrap();
        format!("{name}:{value}\n")
    });
    let canonical = [
        request.method.as_str(),
        path,
        query,
        &headers.collect::<String>(),
        &told.signed.iter().copied().collect::<Vec<_>>().join(";"),
        &hex(digest(&SHA256, &request.body).as_ref()),
    ]
    .join("\n");
    let to_sign = [
        "AWS4-HMAC-SHA256",
        request.header("x-amz-date").unwrap(),
        told.scope,
        &hex(digest(&SHA256, canonical.as_bytes()).as_ref()),
    ]
    .join("\n");
    let start = format!("AWS4{secret}").into_bytes();
    let key = told
        .scope
        .split('/')
        .fold(start, |key, part| mac(&key, part));
    hex(&mac(&key, &to_sign))
}
