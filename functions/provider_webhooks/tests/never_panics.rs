//! Whatever is sent is judged without a panic: arbitrary bytes, and fixtures with bytes changed and signed again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{at, fixtures, known, raw};
use provider_webhooks::sign::{SignedRequest, sign};
use provider_webhooks::{Provider, providers};

fn judge(provider: &dyn Provider, request: &SignedRequest) {
    let secrets = known(provider.info().name);
    if let Ok(verified) = provider.verify(raw(request), &secrets, at()) {
        let _ = provider.parse(&verified);
        let _ = provider.document(&verified);
    }
}

fn signed_again(provider: &dyn Provider, bytes: &[u8]) {
    let name = provider.info().name;
    if let Ok(request) = sign(name, bytes, &known(name), at(), "msg_1") {
        judge(provider, &request);
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        for provider in providers::ALL {
            signed_again(*provider, &bytes);
            judge(*provider, &SignedRequest { headers: vec![], body: bytes.clone() });
        }
    }

    #[test]
    fn arbitrary_headers_never_panic(value in "[ -~\u{e9}]{0,60}", form in "(t|ts|v1|h1|id|sha256|sig|keyId)=[0-9a-zA-Z+/=.,;: &|-]{0,80}") {
        for provider in providers::ALL {
            let info = provider.info();
            for text in [&value, &form] {
                let headers = info.signature_headers.iter().chain(info.unsigned_headers);
                let headers: Vec<_> = headers.map(|name| ((*name).to_owned(), text.clone())).collect();
                judge(*provider, &SignedRequest { headers, body: b"{}".to_vec() });
            }
        }
    }

    #[test]
    fn mutated_fixtures_never_panic(which in 0usize..40, at_byte in 0usize..4000, value in proptest::prelude::any::<u8>()) {
        for provider in providers::ALL {
            let files = fixtures(provider.info().name);
            let mut bytes = fs::read(&files[which % files.len()]).unwrap();
            let i = at_byte % bytes.len();
            bytes[i] = value;
            signed_again(*provider, &bytes);
        }
    }
}
