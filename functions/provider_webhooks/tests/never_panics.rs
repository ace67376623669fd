//! Whatever is sent is judged without a panic: arbitrary bytes, and fixtures with bytes changed and signed again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{at, fixtures, secret, secrets, verify};
use provider_webhooks::providers;
use provider_webhooks::sign::sign;

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        for provider in providers::ALL {
            let name = provider.info().name;
            if let Ok(request) = sign(name, &bytes, &secrets(&[secret(name, 1)]), at(), "msg_1") {
                let _ = verify(*provider, &request, &secrets(&[secret(name, 1)]), at());
            }
        }
    }

    #[test]
    fn mutated_fixtures_never_panic(which in 0usize..40, at_byte in 0usize..4000, value in proptest::prelude::any::<u8>()) {
        for provider in providers::ALL {
            let name = provider.info().name;
            let files = fixtures(name);
            let mut bytes = fs::read(&files[which % files.len()]).unwrap();
            let i = at_byte % bytes.len();
            bytes[i] = value;
            if let Ok(request) = sign(name, &bytes, &secrets(&[secret(name, 1)]), at(), "msg_1") {
                let _ = verify(*provider, &request, &secrets(&[secret(name, 1)]), at());
            }
        }
    }
}
