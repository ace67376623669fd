//! A webhook as it arrived: raw bytes and the signature headers.

use std::borrow::Cow;

/// Headers by lower-case name; a name may repeat (Mollie sends its signature twice while a secret is rotated).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Collects pairs; names are lower-cased.
    pub fn new<N: AsRef<str>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(n, v)| (n.as_ref().to_ascii_lowercase(), v.into()))
                .collect(),
        )
    }

    /// Adds a pair; the name is lower-cased.
    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_ascii_lowercase(), value.into()));
    }

    /// The first value of `name` (lower-case), without surrounding blanks; `None` when absent or blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, v)| n == name && !v.trim().is_empty())
            .map(|(_, v)| v.trim())
    }

    /// Every non-blank value of `name` (lower-case).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.trim())
            .filter(|v| !v.is_empty())
    }

    /// All pairs in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

impl From<Headers> for Cow<'_, Headers> {
    fn from(headers: Headers) -> Self {
        Self::Owned(headers)
    }
}

impl<'a> From<&'a Headers> for Cow<'a, Headers> {
    fn from(headers: &'a Headers) -> Self {
        Self::Borrowed(headers)
    }
}

/// A webhook nobody has vouched for yet.
#[derive(Clone, Debug)]
pub struct RawWebhook<'a> {
    /// The request body, byte for byte.
    pub body: &'a [u8],
    /// The headers of the catalogue.
    pub headers: Cow<'a, Headers>,
    /// The certificate that the webhook names, as it is at the provider's (PEM); only for providers that sign with one.
    pub certificate: Option<&'a [u8]>,
}

impl<'a> RawWebhook<'a> {
    /// A webhook that comes without a certificate.
    pub fn new(body: &'a [u8], headers: impl Into<Cow<'a, Headers>>) -> Self {
        Self {
            body,
            headers: headers.into(),
            certificate: None,
        }
    }
}
