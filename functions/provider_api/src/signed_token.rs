//! A JSON Web Token that is signed for one request, as Coinbase's platform wants it.
//!
//! Sources: RFC 7515, section 7.1 (compact form), RFC 7518, section 3.4 (ES256) and RFC 8037,
//! section 3.1 (EdDSA), <https://www.rfc-editor.org/rfc/rfc8037#section-3.1>; coinbase/cdp-sdk
//! `python/cdp/auth/utils/jwt.py` (claims, form of the keys), read 2026-11-28.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

/// Seconds that a token is good for.
const LIFE_SECONDS: i64 = 120;

/// A key that signs.
pub(crate) enum SigningKey {
    Ed25519(Box<Ed25519KeyPair>),
    P256(Box<EcdsaKeyPair>),
}

impl SigningKey {
    /// Reads a secret: a P-256 key in PEM, or base64 of an Ed25519 key's seed and public half.
    pub(crate) fn read(secret: &str) -> Option<Self> {
        // A key that was pasted into JSON may have its line feeds escaped once more.
        let secret = secret.replace("\\n", "\n");
        if let Some(pem) = secret.trim().strip_prefix("-----BEGIN ") {
            let (_, pem) = pem.split_once("-----")?;
            let (text, _) = pem.split_once("-----END")?;
            let text: String = text.split_whitespace().collect();
            let der = STANDARD.decode(text).ok()?;
            let key =
                EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).ok()?;
            return Some(Self::P256(Box::new(key)));
        }
        let bytes = STANDARD.decode(secret.trim()).ok()?;
        let (seed, public) = bytes.split_at_checked(32)?;
        let key = Ed25519KeyPair::from_seed_and_public_key(seed, public).ok()?;
        Some(Self::Ed25519(Box::new(key)))
    }

    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
        }
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(match self {
            Self::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Self::P256(key) => key
                .sign(&SystemRandom::new(), message)
                .ok()?
                .as_ref()
                .to_vec(),
        })
    }
}

/// A token for a request: `uri` is `METHOD host/path`, without the query. `None` when there is no
/// randomness.
pub(crate) fn token(key: &SigningKey, id: &str, uri: &str, now_s: i64) -> Option<String> {
    let mut nonce = [0_u8; 16];
    SystemRandom::new().fill(&mut nonce).ok()?;
    let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
    let header = json!({"alg": key.algorithm(), "kid": id, "typ": "JWT", "nonce": nonce});
    let claims = json!({
        "sub": id, "iss": "cdp", "nbf": now_s, "exp": now_s + LIFE_SECONDS, "uris": [uri],
    });
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&claims));
    let signature = key.sign(signed.as_bytes())?;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, KeyPair, UnparsedPublicKey};

    use super::*;

    fn parts(token: &str) -> (serde_json::Value, serde_json::Value, Vec<u8>, String) {
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let json =
            |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        (json(header), json(claims), signature, signed.to_owned())
    }

    #[test]
    fn a_token_of_each_key_verifies_and_names_the_one_request() {
        let seed = [7_u8; 32];
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let mut bytes = seed.to_vec();
        bytes.extend_from_slice(pair.public_key().as_ref());
        let ed = (
            STANDARD.encode(bytes),
            &ED25519 as &'static dyn aws_lc_rs::signature::VerificationAlgorithm,
            pair.public_key().as_ref().to_vec(),
            "EdDSA",
        );
        let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = p256.to_pkcs8v1().unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----\\n",
            STANDARD.encode(der.as_ref())
        );
        let ec = (
            pem,
            &ECDSA_P256_SHA256_FIXED as &'static dyn aws_lc_rs::signature::VerificationAlgorithm,
            p256.public_key().as_ref().to_vec(),
            "ES256",
        );
        for (secret, algorithm, public, name) in [ed, ec] {
            let key = SigningKey::read(&secret).unwrap();
            let token = token(&key, "key-1", "GET h/api/v1/checkouts", 1_000).unwrap();
            let (header, claims, signature, signed) = parts(&token);
            assert_eq!(
                (&header["alg"], &header["kid"]),
                (&json!(name), &json!("key-1"))
            );
            assert_eq!(header["nonce"].as_str().unwrap().len(), 32);
            let expected = json!({
                "sub": "key-1", "iss": "cdp", "nbf": 1_000, "exp": 1_120,
                "uris": ["GET h/api/v1/checkouts"],
            });
            assert_eq!(claims, expected);
            let public = UnparsedPublicKey::new(algorithm, public);
            public.verify(signed.as_bytes(), &signature).unwrap();
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        for secret in [
            "",
            "x",
            "AAAA",
            "-----BEGIN EC PRIVATE KEY-----",
            "-----BEGIN X-----AAAA-----END X-----",
        ] {
            assert!(SigningKey::read(secret).is_none(), "{secret}");
        }
    }
}
