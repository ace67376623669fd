//! The listing of a provider whose API lists nothing that could be compared: its entry says what
//! there is instead, and whoever asks for a list is told so.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::Page;
use crate::request::{ApiRequest, Query};
use crate::{ListingError, ListingInfo};

/// A listing that lists nothing.
#[derive(Debug)]
pub(crate) struct Unlisted(pub(crate) &'static ListingInfo);

impl Listing for Unlisted {
    fn info(&self) -> &'static ListingInfo {
        self.0
    }

    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, _window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        Err(ListingError::NothingListed(self.0.provider))
    }

    fn read(&self, _asked: &Query, _answer: &[u8]) -> Result<Page, ListingError> {
        Err(ListingError::NothingListed(self.0.provider))
    }

    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Lists;
    use crate::providers::ALL;

    #[test]
    fn whoever_asks_for_a_list_is_told_that_there_is_none() {
        let window = Window {
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            to: "2026-11-02T00:00:00Z".parse().unwrap(),
        };
        let query = Query {
            resource: "events",
            request: ApiRequest::get("/", &[]),
            window,
        };
        let mut found = 0;
        for listing in ALL.iter().filter(|it| it.info().lists == Lists::Nothing) {
            let none = ListingError::NothingListed(listing.info().provider);
            let begun = listing.begin(window, &Account::default());
            assert_eq!(begun.unwrap_err(), none);
            assert_eq!(listing.read(&query, b"{}").unwrap_err(), none);
            found += 1;
        }
        assert!(found > 0);
    }
}
