//! The API keys that webhooks are sent with: one for all, or one a provider. What is wrong with one is said without repeating it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::ValueEnum;
use hyper::header::HeaderValue;

use crate::error::Error;

/// Where the API key is. Providers can be given an address and nothing else: the edge takes it from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyPlace {
    /// The header `x-api-key`.
    Header,
    /// The end of the path: `/webhook/{provider}/{key}`.
    Path,
    /// The query string: `?key={key}`.
    Query,
}

impl KeyPlace {
    /// What the address ends in.
    pub(crate) fn address_end(self, key: &str) -> String {
        match self {
            Self::Header => String::new(),
            Self::Path => format!("/{key}"),
            Self::Query => format!("?key={key}"),
        }
    }
}

/// The keys. No `Debug`: they are credentials.
#[derive(Clone)]
pub(crate) enum ApiKeys {
    /// One for whoever is sent as.
    One(String),
    /// Each provider's own.
    Each(BTreeMap<String, String>),
}

impl ApiKeys {
    /// The same key for all.
    pub(crate) fn one(key: &str) -> Self {
        Self::One(key.trim().to_owned())
    }

    /// A key a provider: `{"stripe":"…",…}`.
    ///
    /// # Errors
    /// A file that cannot be read or is not of the form.
    pub(crate) fn from_file(path: &Path) -> Result<Self, Error> {
        let text = fs::read(path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })?;
        let keys = serde_json::from_slice(&text).map_err(|error| Error::ApiKeysForm {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
        })?;
        Ok(Self::Each(keys))
    }

    /// The keys by provider; none where there is one for all.
    pub(crate) fn each(self) -> BTreeMap<String, String> {
        match self {
            Self::One(_) => BTreeMap::new(),
            Self::Each(keys) => keys,
        }
    }

    /// The key to send with as this provider.
    ///
    /// # Errors
    /// A file without one.
    pub(crate) fn of(&self, provider: Option<&str>) -> Result<&str, Error> {
        match (self, provider) {
            (Self::One(key), _) => Ok(key),
            (Self::Each(keys), Some(provider)) => keys
                .get(provider)
                .map(String::as_str)
                .ok_or_else(|| Error::ApiKeyMissing(provider.to_owned())),
            (Self::Each(_), None) => Err(Error::NoApiKey),
        }
    }

    /// Whether every key can go where it shall go.
    ///
    /// # Errors
    /// One that cannot.
    pub(crate) fn check(&self, place: KeyPlace) -> Result<(), Error> {
        let usable = |key: &str| {
            let fits = match place {
                KeyPlace::Header => header(key).is_ok(),
                KeyPlace::Path | KeyPlace::Query => key
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
            };
            fits && !key.is_empty()
        };
        let all = match self {
            Self::One(key) => usable(key),
            Self::Each(keys) => keys.values().all(|key| usable(key)),
        };
        all.then_some(()).ok_or(Error::ApiKey)
    }
}

/// The key as a header's value.
///
/// # Errors
/// Characters that no header can carry.
pub(crate) fn header(key: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(key).map_err(|_| Error::ApiKey)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each() -> ApiKeys {
        ApiKeys::Each([("stripe".to_owned(), "key-1".to_owned())].into())
    }

    #[test]
    fn each_provider_is_sent_as_with_its_own_key() {
        assert_eq!(each().of(Some("stripe")).ok(), Some("key-1"));
        assert!(
            matches!(each().of(Some("adyen")), Err(Error::ApiKeyMissing(name)) if name == "adyen")
        );
        assert!(matches!(each().of(None), Err(Error::NoApiKey)));
        assert_eq!(ApiKeys::one(" key ").of(None).ok(), Some("key"));
    }

    #[test]
    fn a_key_must_fit_where_it_goes() {
        let cases = [
            ("key-1", KeyPlace::Path, true),
            ("key/1", KeyPlace::Path, false),
            ("key/1", KeyPlace::Header, true),
            ("key\n1", KeyPlace::Header, false),
            ("key 1", KeyPlace::Query, false),
            ("", KeyPlace::Header, false),
        ];
        for (key, place, fits) in cases {
            assert_eq!(ApiKeys::one(key).check(place).is_ok(), fits, "{place:?}");
        }
        assert!(each().check(KeyPlace::Path).is_ok());
    }
}
