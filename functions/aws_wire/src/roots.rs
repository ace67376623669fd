//! The authorities that AWS's endpoints have their certificates from, compiled in: reading the
//! system's own takes most of a cold start, and none of the others may vouch for AWS.
//!
//! Source: <https://www.amazontrust.com/repository/>, read 2026-11-28.

use std::sync::Arc;

use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use webpki_roots::TLS_SERVER_ROOTS;

use crate::Error;

/// The common names, as they end the authorities' subjects.
const AMAZON: [&str; 5] = [
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
];

/// Amazon's authorities.
pub(crate) fn store() -> RootCertStore {
    let amazons = |subject: &[u8]| AMAZON.iter().any(|name| subject.ends_with(name.as_bytes()));
    let roots = TLS_SERVER_ROOTS.iter();
    let roots = roots.filter(|root| amazons(root.subject.as_ref())).cloned();
    roots.collect()
}

/// TLS that trusts these authorities and speaks HTTP/1.1.
pub(crate) fn tls(store: RootCertStore) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|_| Error::Unbuilt("no version of TLS is there"))?;
    let mut config = versions.with_root_certificates(store).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_authority_of_amazon_is_there_and_no_other() {
        let store = store();
        assert_eq!(store.roots.len(), AMAZON.len());
        for name in AMAZON {
            let found = store.roots.iter();
            let found = found.filter(|root| root.subject.as_ref().ends_with(name.as_bytes()));
            assert_eq!(found.count(), 1, "{name}");
        }
    }
}
