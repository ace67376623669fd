//! The sole maker of [`VerifiedWebhook`], and the comparisons every provider uses.

use crate::{Headers, RawWebhook};

/// A webhook whose signature was checked. Its fields are private and this module alone can make one.
#[derive(Debug)]
pub struct VerifiedWebhook<'a> {
    body: &'a [u8],
    headers: Headers,
}

impl<'a> VerifiedWebhook<'a> {
    pub(crate) fn vouched(raw: RawWebhook<'a>) -> Self {
        Self { body: raw.body, headers: raw.headers }
    }

    /// The raw body.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The signature headers (an event id can be among them).
    pub fn headers(&self) -> &Headers {
        &self.headers
    }
}
