//! Coinbase Commerce: `GET /events`, newest first.
//!
//! Sources, read 2026-11-28: coinbase-commerce-python (commit 91af61a) `client.py` (address,
//! version), `api_resources/event.py` and `api_resources/base/list_api_resource.py` (paging);
//! github.com/api-evangelist/commerce-coinbase (commit 1bc6163, a third party)
//! `openapi/commerce-coinbase-events-api-openapi.yml` (limit, fields of an event). An event of the
//! list is the `event` of its webhook, by the same id.
//!
//! The list has no filter by time: reading stops at the first page that is older than the window.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::parts::inside;
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Coinbase;

static INFO: ListingInfo = ListingInfo {
    provider: "coinbase",
    lists: Lists::Events,
    source: "https://github.com/coinbase/coinbase-commerce-python, read 2026-11-28",
    base_url: "https://api.commerce.coinbase.com",
    auth: Auth::Header("x-cc-api-key"),
    rights: "an API key of Commerce; keys that read alone are not documented",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 2,
    resend: "",
    leaves_out: "nothing that is known; Coinbase is retiring Commerce in favour of Coinbase Business",
    unconfirmed: "that the list still answers: Coinbase's own library has it, its pages of today do not; how far back it goes; that it is newest first where it does not say so; the limit of requests",
};

/// Events of a page.
const PAGE: &str = "100";

fn request(after: &str) -> ApiRequest {
    let request = ApiRequest::get("/events", &[("limit", PAGE), ("starting_after", after)]);
    request.with("x-cc-version", "2018-03-22")
}

/// The cursor of the page behind; `None` at the end of the list.
fn behind(page: Node<'_>, asked: &Query) -> Result<Option<String>, ListingError> {
    let number = |name: &str| -> Option<u32> {
        let text = page.text(&format!("pagination/{name}"))?;
        text.parse().ok()
    };
    let numbers = number("yielded").zip(number("limit"));
    let (yielded, limit) = numbers.ok_or_else(|| unreadable(&INFO, asked))?;
    if yielded < limit {
        return Ok(None);
    }
    let range = page.items("pagination/cursor_range").unwrap_or_default();
    let last = range.last().and_then(|cursor| cursor.text(""));
    last.map(Some).ok_or_else(|| unreadable(&INFO, asked))
}

impl Listing for Coinbase {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        Ok(vec![Query {
            resource: "events",
            request: request(""),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let mut listed = Vec::new();
        let mut older = true;
        for event in page.list(&INFO, asked, "data")? {
            let at = event.text("created_at").and_then(|time| time.parse().ok());
            older &= at.is_some_and(|at| at < asked.window.from);
            let Some(id) = event.text("id") else { continue };
            if inside(asked.window, at) {
                listed.push(Listed {
                    what: event.text("type").unwrap_or_default(),
                    at,
                    body: format!("{{\"event\":{}}}", event.raw()).into_bytes(),
                    headers: Vec::new(),
                    id,
                });
            }
        }
        let ascending = page.text("pagination/order").as_deref() == Some("asc");
        let next = match behind(page, asked)? {
            Some(after) if ascending || !older => Some(asked.next(request(&after))),
            _ => None,
        };
        Ok(Page { listed, next })
    }

    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::parts::testing::{read, unreadable};

    #[test]
    fn a_full_page_without_a_cursor_is_no_end() {
        let answers = [
            r#"{"data":[]}"#,
            r#"{"data":[],"pagination":{"yielded":2,"limit":2}}"#,
            r#"{"data":[],"pagination":{"yielded":2,"limit":2,"cursor_range":[]}}"#,
        ];
        unreadable(&Coinbase, "events", &answers);
    }

    #[test]
    fn a_list_that_says_it_is_oldest_first_is_read_on() {
        let page = |order| {
            format!(
                r#"{{"data":[{{"id":"1","created_at":"2026-10-01T00:00:00Z"}}],
                "pagination":{{"order":"{order}","yielded":1,"limit":1,"cursor_range":["1","1"]}}}}"#
            )
        };
        assert_eq!(read(&Coinbase, "events", &page("desc")).unwrap().next, None);
        let asc = read(&Coinbase, "events", &page("asc")).unwrap();
        assert!(asc.next.is_some() && asc.listed.is_empty());
    }
}
