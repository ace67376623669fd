//! Which host is asked, and how a path becomes an address there.

use hyper::Uri;
use provider_listings::ListingInfo;

/// Why a provider's API cannot be asked. Never repeats a key.
#[derive(Debug, thiserror::Error)]
pub enum ApiSetupError {
    /// There is no key.
    #[error(
        "the API secret of {0} has no key: put {{\"keys\":[\"…\"]}} into it; `payhook providers {0}` says which rights the key needs"
    )]
    NoKey(&'static str),
    /// The address is not one that a key may be sent to.
    #[error(
        "the address of the API of {0} is not https://HOST without a path (plain http is for this machine alone)"
    )]
    Address(&'static str),
    /// A key of a client that has an id and a secret.
    #[error(
        "the API key of {0} must be ID:SECRET, and the secret of the form that the provider gave out"
    )]
    ClientKey(&'static str),
    /// No trusted certificates.
    #[error("cannot prepare the HTTPS client: {0}")]
    Client(String),
}

/// The scheme and host of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    base: String,
    /// Its host.
    pub host: String,
    /// Whether it is asked over TLS.
    pub https: bool,
}

impl Target {
    /// The host of a provider's API: `address`, where one is given (the customer's own host, a
    /// sandbox, a test's server), else the live one.
    ///
    /// # Errors
    /// [`ApiSetupError::Address`].
    pub fn new(info: &ListingInfo, address: Option<&str>) -> Result<Self, ApiSetupError> {
        let wrong = || ApiSetupError::Address(info.provider);
        let base = address.unwrap_or(info.base_url).trim_end_matches('/');
        let uri: Uri = base.parse().map_err(|_| wrong())?;
        let host = uri.host().ok_or_else(wrong)?;
        let here = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if here => false,
            _ => return Err(wrong()),
        };
        let plain = uri.authority().is_some_and(|it| !it.as_str().contains('@'));
        if !plain || uri.query().is_some() || !matches!(uri.path(), "" | "/") {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            base: base.to_owned(),
            https,
        })
    }

    /// The address of a path, on this host whatever the path is.
    pub(crate) fn address(&self, path: &str) -> Option<Uri> {
        let uri: Uri = format!("{}{path}", self.base).parse().ok()?;
        uri.host()
            .is_some_and(|host| path.starts_with('/') && host == self.host)
            .then_some(uri)
    }
}

#[cfg(test)]
mod tests {
    use provider_listings::providers;

    use super::*;

    fn info() -> &'static ListingInfo {
        providers::by_name("gocardless").unwrap().info()
    }

    #[test]
    fn a_key_goes_to_one_host_over_tls() {
        let target = Target::new(info(), None).unwrap();
        assert_eq!(
            (target.host.as_str(), target.https),
            ("api.gocardless.com", true)
        );
        let uri = target.address("/events?limit=1").unwrap();
        assert_eq!(uri.to_string(), "https://api.gocardless.com/events?limit=1");
        for path in ["", ".evil.example/", "@evil.example/", "events", "//evil"] {
            let elsewhere = target
                .address(path)
                .is_some_and(|uri| uri.host() != Some("api.gocardless.com"));
            assert!(!elsewhere, "{path}");
        }
        assert!(target.address("@evil.example/").is_none());
        assert!(
            !Target::new(info(), Some("http://127.0.0.1:12111"))
                .unwrap()
                .https
        );
    }

    #[test]
    fn other_addresses_are_refused() {
        for address in [
            "",
            "api.gocardless.com",
            "http://api.gocardless.com",
            "https://api.gocardless.com/v1",
            "https://user@api.gocardless.com",
            "https://api.gocardless.com?x=1",
            "ftp://127.0.0.1",
        ] {
            assert!(Target::new(info(), Some(address)).is_err(), "{address}");
        }
    }
}
