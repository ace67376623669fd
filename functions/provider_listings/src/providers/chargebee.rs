//! Chargebee: `GET /api/v2/events`, by `occurred_at`, the oldest first.
//!
//! Sources, read 2026-11-28: chargebee-node at 31f906a (`Event.d.ts`, `event.schema.ts`,
//! `filter.ts`, `environment.ts`: path, `occurred_at[between]`, `sort_by[asc]`, `offset` and
//! `next_offset`, the answer); <https://apidocs.chargebee.com/docs/api/auth> (the key as the user's
//! name); <https://www.chargebee.com/docs/api_keys.html> (keys that only read);
//! <https://chargebee.com/docs/2.0/site-configuration/articles-and-faq/what-are-the-chargebee-api-limits.html>;
//! <https://chargebee.com/docs/1.0/site-configuration/articles-and-faq/can-i-filter-events-for-a-specific-customer-using-api.html>
//! (ninety days, said of the interface for people).
//!
//! An event of the list is the body of its webhook, by the same id; `webhook_status` and `webhooks`
//! are of the time of asking.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page};
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Chargebee;

static INFO: ListingInfo = ListingInfo {
    provider: "chargebee",
    lists: Lists::Events,
    source: "chargebee-node at 31f906a and https://apidocs.chargebee.com/docs/api/auth, read 2026-11-28",
    base_url: "",
    auth: Auth::Basic,
    rights: "a read-only API key for transactional data",
    settings: &[(
        API_URL,
        "the address of the site: https://SITE.chargebee.com",
    )],
    reach_back_days: Some(90),
    // 150 a minute are the least that a plan allows.
    requests_per_second: 2,
    resend: "",
    leaves_out: "nothing that a webhook tells; a webhook is sent again in Chargebee's interface alone",
    unconfirmed: "that the list reaches back ninety days, as the interface does; that a page has a hundred events at most; that transactional data holds events; whether the ends of occurred_at[between] are part of the range",
};

const API_URL: &str = "api_url";

/// Events of a page.
const PAGE: &str = "100";

fn request(window: Window, offset: &str) -> ApiRequest {
    let (from, to) = (window.from.as_second(), window.to.as_second());
    let parameters = [
        ("occurred_at[between]", &*format!("[{from},{to}]")),
        ("sort_by[asc]", "occurred_at"),
        ("limit", PAGE),
        ("offset", offset),
    ];
    ApiRequest::get("/api/v2/events", &parameters)
}

impl Listing for Chargebee {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    /// What a key may do is not in its form.
    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, account: &Account) -> Result<Vec<Query>, ListingError> {
        account.need(INFO.provider, API_URL)?;
        Ok(vec![Query {
            resource: "events",
            request: request(window, ""),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let entries = page.list(&INFO, asked, "list")?;
        let listed = entries.into_iter().filter_map(|entry| {
            let event = entry.at("event")?;
            let at = event.time("occurred_at");
            at.is_none_or(|at| asked.window.holds(at)).then_some(())?;
            Some(Listed {
                id: event.text("id")?,
                what: event.text("event_type").unwrap_or_default(),
                at,
                body: event.raw().as_bytes().to_vec(),
                headers: Vec::new(),
            })
        });
        let listed = listed.collect();
        let next = page.text("next_offset");
        Ok(Page {
            listed,
            next: next.map(|offset| asked.next(request(asked.window, &offset))),
        })
    }

    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }
}
