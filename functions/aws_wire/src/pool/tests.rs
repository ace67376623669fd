//! Connections with TLS: whom they trust, and that they speak HTTP/1.1.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use hyper::header::HOST;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

use super::*;

/// Ends a test that would hang, and decides nothing else.
const TIMEOUT: Duration = Duration::from_secs(60);

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match length {
        [0, short @ ..128] => vec![tag, short],
        [0, byte] => vec![tag, 0x81, byte],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [head, content].concat()
}

/// A certificate for `localhost` that its own key signed.
/// Source: <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>, read 2026-11-28.
fn certificate() -> (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>) {
    const SEQUENCE: u8 = 0x30;
    const ECDSA_SHA256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    const EC_KEY: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
    const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    const COMMON_NAME: &[u8] = b"\x06\x03\x55\x04\x03";
    const ALTERNATIVE_NAME: &[u8] = b"\x06\x03\x55\x1d\x11";
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let algorithm = der(SEQUENCE, &[ECDSA_SHA256]);
    let common = der(SEQUENCE, &[COMMON_NAME, &der(0x0c, &[b"localhost"])]);
    let name = der(SEQUENCE, &[&der(0x31, &[&common])]);
    let (from, to) = (
        der(0x17, &[b"250101000000Z"]),
        der(0x17, &[b"491231235959Z"]),
    );
    let kind = der(SEQUENCE, &[EC_KEY, P256]);
    let point = der(0x03, &[&[0], key.public_key().as_ref()]);
    let host = der(SEQUENCE, &[&der(0x82, &[b"localhost"])]);
    let extension = der(SEQUENCE, &[ALTERNATIVE_NAME, &der(0x04, &[&host])]);
    let told = der(
        SEQUENCE,
        &[
            &der(0xa0, &[&der(0x02, &[&[2]])]),
            &der(0x02, &[&[1]]),
            &algorithm,
            &name,
            &der(SEQUENCE, &[&from, &to]),
            &name,
            &der(SEQUENCE, &[&kind, &point]),
            &der(0xa3, &[&der(SEQUENCE, &[&extension])]),
        ],
    );
    let signature = key.sign(&SystemRandom::new(), &told).unwrap();
    let signature = der(0x03, &[&[0], signature.as_ref()]);
    let certificate = der(SEQUENCE, &[&told, &algorithm, &signature]);
    let key = key.to_pkcs8v1().unwrap().as_ref().to_vec();
    (certificate.into(), key.into())
}

/// A server with this certificate that answers one request. Gives the protocol that was agreed on
/// and the request, or nothing where the client turned away.
async fn server(
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
) -> (Address, tokio::task::JoinHandle<Option<(Vec<u8>, String)>>) {
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address {
        tls: true,
        authority: format!("localhost:{}", listener.local_addr().unwrap().port()),
        base: String::new(),
    };
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let mut stream = acceptor.accept(stream).await.ok()?;
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.ok()?;
        let answer = b"HTTP/1.1 204 x\r\n\r\n";
        stream.write_all(answer).await.ok()?;
        let protocol = stream.get_ref().1.alpn_protocol()?.to_vec();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        Some((protocol, request))
    });
    (address, served)
}

fn request(address: &Address) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(Bytes::new()));
    let host = address.authority.parse().unwrap();
    request.headers_mut().insert(HOST, host);
    request
}

#[tokio::test]
async fn a_server_without_a_certificate_of_amazons_is_told_nothing() {
    let (certificate, key) = certificate();
    let (address, served) = server(certificate, key).await;
    let answer = Pool::default()
        .exchange(&address, request(&address), TIMEOUT)
        .await;
    assert_eq!(answer.err(), Some(PASSING));
    assert_eq!(served.await.unwrap(), None);
}

#[tokio::test]
async fn a_server_with_a_trusted_certificate_is_asked_over_http_1() {
    let (certificate, key) = certificate();
    let mut store = RootCertStore::empty();
    store.add(certificate.clone()).unwrap();
    let (address, served) = server(certificate, key).await;
    let pool = Pool::default();
    let trusting = TlsConnector::from(roots::tls(store).unwrap());
    assert!(pool.tls.set(trusting).is_ok());
    let answer = pool
        .exchange(&address, request(&address), TIMEOUT)
        .await
        .unwrap();
    assert_eq!(answer.status, 204);
    let (protocol, request) = served.await.unwrap().unwrap();
    assert_eq!(protocol, b"http/1.1");
    assert!(request.starts_with("GET / HTTP/1.1\r\n"), "{request}");
}
