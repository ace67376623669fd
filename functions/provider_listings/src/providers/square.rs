//! Square: `POST /v2/events` (SearchEvents, beta), twenty-eight days back.
//!
//! Sources: <https://developer.squareup.com/reference/square/events-api/SearchEvents> and
//! square-python-sdk at 24302bac, read 2026-11-28 (`events/client.py`, `types/search_events_*.py`,
//! `types/event.py`: the fields of request and answer);
//! <https://developer.squareup.com/docs/events-api/overview>, read 2026-11-27 (the access token).
//! An event of the list is the body of its webhook.
//!
//! Events are searchable only if that was switched on before they happened (`PUT
//! /v2/events/enable`). The answer holds no `events` where there are none, as Square leaves out
//! empty lists, and no `events` where there are errors: `{}` is an empty list, and what has
//! `errors` or nothing that is known is no answer.

use crate::endpoints::{Endpoint, texts, types};
use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page};
use crate::paging::object;
use crate::parts::quoted;
use crate::request::{ApiRequest, Content, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Square;

static INFO: ListingInfo = ListingInfo {
    provider: "square",
    lists: Lists::Events,
    source: "https://developer.squareup.com/reference/square/events-api/SearchEvents, read 2026-11-28",
    base_url: "https://connect.squareup.com",
    auth: Auth::Bearer,
    rights: "the application's personal access token: OAuth tokens, which could be narrower, are refused",
    settings: &[(
        "merchant_id",
        "optional: the one merchant whose events are listed",
    )],
    reach_back_days: Some(28),
    requests_per_second: 5,
    resend: "",
    leaves_out: "events of the time before PUT /v2/events/enable was called, and of any time when it was switched off",
    unconfirmed: "whether start_at and end_at of created_at are part of the range; that an empty list is left out of the answer; the limit of requests a second",
};

/// Events of a page.
const PAGE: &str = "100";

/// A further page is asked with the same query, which is JSON text.
fn request(query: &str, cursor: &str) -> ApiRequest {
    let cursor = quoted(cursor);
    let all = [("cursor", &*cursor), ("limit", PAGE), ("query", query)];
    let first = usize::from(cursor == "\"\"");
    let content = Content {
        content_type: "application/json",
        text: object(&all[first..]),
    };
    ApiRequest::post("/v2/events", Some(content)).with("square-version", VERSION)
}

/// The version of the API whose documents were read.
const VERSION: &str = "2026-08-19";

impl Listing for Square {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    /// There is no narrower token.
    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, account: &Account) -> Result<Vec<Query>, ListingError> {
        let [from, to] = [window.from, window.to].map(|time| quoted(&format!("{time:.3}")));
        let created = object(&[("start_at", &from), ("end_at", &to)]);
        let merchants = account.get("merchant_id");
        let merchants = merchants.map(|id| format!("[{}]", quoted(id)));
        let mut filter = vec![("created_at", created.as_str())];
        filter.extend(merchants.iter().map(|ids| ("merchant_ids", ids.as_str())));
        Ok(vec![Query {
            resource: "events",
            request: request(&object(&[("filter", &object(&filter))]), ""),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let events = match page.raw() {
            "{}" => Vec::new(),
            _ => page.list(&INFO, asked, "events")?,
        };
        let listed = events.into_iter().filter_map(|event| {
            Some(Listed {
                id: event.text("event_id")?,
                what: event.text("type").unwrap_or_default(),
                at: event.time("created_at"),
                body: event.raw().as_bytes().to_vec(),
                headers: Vec::new(),
            })
        });
        // Whether the ends of the range are part of it is not documented.
        let listed = listed.filter(|one| one.at.is_none_or(|at| asked.window.holds(at)));
        let listed = listed.collect();
        let next = match page.text("cursor") {
            None => None,
            Some(cursor) => {
                let content = asked.request.content.as_ref();
                let body = content.map_or("", |content| &content.text);
                let body = Node::read(&INFO, asked, body.as_bytes())?;
                Some(asked.next(request(body.raw_at("query"), &cursor)))
            }
        };
        Ok(Page { listed, next })
    }

    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }

    /// <https://developer.squareup.com/reference/square/objects/WebhookSubscription> and
    /// `ListWebhookSubscriptions` of square-go-sdk (`include_disabled`, `cursor`), read 2026-11-28.
    fn endpoints(&self, _account: &Account) -> Option<ApiRequest> {
        let all = ApiRequest::get(
            "/v2/webhooks/subscriptions",
            &[("include_disabled", "true")],
        );
        Some(all.with("square-version", VERSION))
    }

    fn read_endpoints(
        &self,
        asked: &Query,
        answer: &[u8],
    ) -> Result<(Vec<Endpoint>, Option<ApiRequest>), ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let list = page.list(&INFO, asked, "subscriptions")?.into_iter();
        let endpoints = list.map(|one| Endpoint {
            url: one.text("notification_url").unwrap_or_default(),
            enabled: one.is_true("enabled"),
            event_types: types(texts(one, "event_types")),
            api_version: one.text("api_version"),
        });
        let next = page.text("cursor").map(|cursor| {
            let parameters = [("include_disabled", "true"), ("cursor", cursor.as_str())];
            ApiRequest::get("/v2/webhooks/subscriptions", &parameters)
                .with("square-version", VERSION)
        });
        Ok((endpoints.collect(), next))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_events_are_an_empty_answer_and_errors_are_none() {
        let window = Window {
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            to: "2026-11-02T00:00:00Z".parse().unwrap(),
        };
        let asked = Square.begin(window, &Account::default()).unwrap();
        let read = |answer: &str| Square.read(&asked[0], answer.as_bytes());
        assert_eq!(read(" {}\n").unwrap(), Page::default());
        assert!(read("{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}").is_err());
        assert!(read("{\"cursor\":\"x\"}").is_err());
    }
}
