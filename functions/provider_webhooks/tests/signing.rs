//! Signs as each provider does, and is believed; says what is missing where it cannot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{at, body, secret, secrets, signed, verify};
use provider_webhooks::sign::{SignError, sign};
use provider_webhooks::{SampleParams, Secrets, providers, sample};

#[test]
fn samples_of_every_provider_sign_verify_and_differ() {
    let params = |sequence| SampleParams {
        sequence,
        amount_minor: 1234,
        currency: "EUR".into(),
        at: at(),
        note: Some("a note".into()),
    };
    for provider in providers::ALL {
        let name = provider.info().name;
        let event = |sequence| {
            let request = signed(name, &sample(name, &params(sequence)).unwrap(), 1, at());
            verify(*provider, &request, &secrets(&[secret(name, 1)]), at())
                .unwrap()
                .remove(0)
        };
        let (first, second) = (event(7), event(8));
        assert_eq!(first.amount.as_ref().unwrap().minor.0, 1234, "{name}");
        assert_ne!(first.dedupe_key(), second.dedupe_key(), "{name}");
        assert_eq!(first.key(), event(7).key(), "{name}");
        let bytes = sample(name, &params(7)).unwrap();
        assert!(
            (1000..3000).contains(&bytes.len()),
            "{name}: {} bytes",
            bytes.len()
        );
        assert!(
            String::from_utf8(bytes).unwrap().contains("a note"),
            "{name}"
        );
    }
    assert_eq!(sample("nobody", &params(1)), None);
}

#[test]
fn signing_says_what_is_missing() {
    let keys = secrets(&["x".into()]);
    for (provider, body, s, expected) in [
        ("nobody", "{}", keys.clone(), SignError::UnknownProvider),
        ("stripe", "{}", secrets(&[]), SignError::Secret),
        ("adyen", "{}", keys.clone(), SignError::Secret),
        (
            "adyen",
            "{}",
            secrets(&[secret("adyen", 1)]),
            SignError::Body,
        ),
        (
            "square",
            "{}",
            Secrets::new(["k".into()], None),
            SignError::NotificationUrl,
        ),
        (
            "standardwebhooks",
            "{}",
            secrets(&["*".into()]),
            SignError::Secret,
        ),
        (
            "standardwebhooks",
            "{}",
            secrets(&["whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=".into()]),
            SignError::Secret,
        ),
    ] {
        assert_eq!(
            sign(provider, body.as_bytes(), &s, at(), "m"),
            Err(expected),
            "{provider}"
        );
    }
}

#[test]
fn ed25519_signs_and_verifies() {
    // RFC 8032, section 7.1, test 1: seed and public key.
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let bytes = hex::decode(format!("{seed}{public}")).unwrap();
    use base64::Engine;
    let encode = |b: &[u8]| base64::engine::general_purpose::STANDARD.encode(b);
    let private = secrets(&[format!("whsk_{}", encode(&bytes))]);
    let request = sign(
        "standardwebhooks",
        &body("standardwebhooks"),
        &private,
        at(),
        "msg_1",
    )
    .unwrap();
    assert!(request.headers[2].1.starts_with("v1a,"));
    let provider = providers::by_name("standardwebhooks").unwrap();
    let public = secrets(&[format!("whpk_{}", encode(&bytes[32..]))]);
    for known in [&private, &public] {
        assert!(verify(provider, &request, known, at()).is_ok());
    }
    let mut forged = request;
    forged.body[0] = b'[';
    assert_eq!(
        verify(provider, &forged, &public, at()),
        Err("signature_mismatch".into())
    );
}
