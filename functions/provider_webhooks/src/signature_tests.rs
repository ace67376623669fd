//! Each comparison says yes to the right key, bytes and signature, and to nothing else.
#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn a_match_needs_the_right_key_parts_and_signature() {
    for hash in [Hash::Sha256, Hash::Sha512] {
        let tag = hmac_tag(hash, b"key", &[b"a", b"b"]).as_ref().to_vec();
        let one = std::slice::from_ref(&tag);
        let good = hmac(
            hash,
            &["other", "key"],
            &[b"ab"],
            &[vec![0; 32], tag.clone()],
        )
        .unwrap();
        let vouched = good.vouch(RawWebhook::new(b"ab", Headers::default()));
        assert_eq!(
            (vouched.body(), vouched.authenticity()),
            (&b"ab"[..], Authenticity::Signed)
        );
        let none: [&str; 0] = [];
        for wrong in [
            hmac(hash, &none, &[b"ab"], one),
            hmac(hash, &["key"], &[b"ab"], &[]),
            hmac(hash, &["key"], &[b"ac"], one),
            hmac(hash, &["key"], &[b"ab"], &[tag[..tag.len() - 1].to_vec()]),
        ] {
            assert_eq!(wrong.unwrap_err(), Reject::SignatureMismatch);
        }
    }
}

#[test]
fn published_tags() {
    // RFC 4231, section 4.3: test case 2.
    let tag = |hash| {
        hex::encode(hmac_tag(
            hash,
            b"Jefe",
            &[b"what do ya want ", b"for nothing?"],
        ))
    };
    assert_eq!(
        tag(Hash::Sha256),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert!(
        tag(Hash::Sha512)
            .starts_with("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554")
    );
}

#[test]
fn ed25519_signs_with_a_pair_only() {
    assert_eq!(ed25519_sign(&[0; 32], &[0; 32], b"message"), None);
}

#[test]
fn a_shared_secret_is_one_of_the_keys_as_a_whole() {
    let keys = ["old".to_owned(), " new ".to_owned()];
    for sent in ["old", "new"] {
        let matched = shared_secret(&keys, sent).unwrap();
        assert_eq!(matched.0, Authenticity::SharedSecret);
    }
    for sent in ["", "ne", "newer", "NEW"] {
        assert_eq!(
            shared_secret(&keys, sent).unwrap_err(),
            Reject::SignatureMismatch
        );
    }
}
