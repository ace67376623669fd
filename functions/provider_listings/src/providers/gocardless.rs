//! GoCardless: `GET /events`, eighteen months back, newest first.
//!
//! Sources: gocardless-pro-python `services/events_service.py`, `services/webhooks_service.py` and
//! `rate_limit.py`; <https://developer.gocardless.com/api-reference/#events-list-events>, read
//! 2026-11-27. An event of the list is an element of `events` of its webhook, by the same id.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page};
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct GoCardless;

static INFO: ListingInfo = ListingInfo {
    provider: "gocardless",
    lists: Lists::Events,
    source: "https://developer.gocardless.com/api-reference/#events-list-events, read 2026-11-27",
    base_url: "https://api.gocardless.com",
    auth: Auth::Bearer,
    rights: "an access token with read-only access",
    settings: &[],
    // Eighteen months, of 30 days: what is older may be there or not.
    reach_back_days: Some(540),
    // 1,000 a minute are assumed to be allowed.
    requests_per_second: 5,
    resend: "",
    leaves_out: "amounts, which its webhooks do not state either",
    unconfirmed: "the largest page (500) and the limit of 1,000 requests a minute; that no answer says what a token may do",
};

/// Events of a page.
const PAGE: &str = "500";

impl GoCardless {
    fn request(window: Window, after: &str) -> ApiRequest {
        let request = ApiRequest::get(
            "/events",
            &[
                ("created_at[gte]", &format!("{:.3}", window.from)),
                ("created_at[lt]", &format!("{:.3}", window.to)),
                ("limit", PAGE),
                ("after", after),
            ],
        );
        request.with("gocardless-version", "2015-07-06")
    }
}

impl Listing for GoCardless {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        Ok(vec![Query {
            resource: "events",
            request: Self::request(window, ""),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let events = page.list(&INFO, asked, "events")?;
        let listed = events.into_iter().filter_map(|event| {
            let part = |name| event.text(name).unwrap_or_default();
            Some(Listed {
                id: event.text("id")?,
                what: format!("{}.{}", part("resource_type"), part("action")),
                at: part("created_at").parse().ok(),
                body: format!("{{\"events\":[{}]}}", event.raw()).into_bytes(),
                headers: Vec::new(),
            })
        });
        let next = page.text("meta/cursors/after");
        Ok(Page {
            listed: listed.collect(),
            next: next.map(|after| asked.next(Self::request(asked.window, &after))),
        })
    }

    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }
}
