//! Paddle Billing: `GET /events`, ninety days back, sorted by id, the newest first.
//!
//! Sources: <https://developer.paddle.com/changelog/2024/event-notification-retention-changes>,
//! read 2026-11-28; paddle-python-sdk at 48c8cc0, read 2026-11-28 (`Resources/Events`, `Pager.py`:
//! `after`, `order_by=id[desc]`, `per_page`; `Environment.py`; the answer in
//! `tests/Functional/Resources/Events/_fixtures/response/list_default.json`). An event of the list
//! is the body of its webhook but for `notification_id`, which is the delivery's.
//!
//! The list has no filter by date. Ids begin with the time at which they were made, so that the
//! order of ids is taken for that of `occurred_at`.

use crate::endpoints::{Endpoint, names, types};
use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::paging::{NewestFirst, parameter};
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Paddle;

static INFO: ListingInfo = ListingInfo {
    provider: "paddle",
    lists: Lists::Events,
    source: "https://developer.paddle.com/changelog/2024/event-notification-retention-changes and paddle-python-sdk at 48c8cc0, read 2026-11-28",
    base_url: "https://api.paddle.com",
    auth: Auth::Bearer,
    rights: "an API key with no other permission than to read notifications (notification.read)",
    settings: &[],
    reach_back_days: Some(90),
    // 240 a minute are assumed to be allowed.
    requests_per_second: 3,
    resend: "",
    leaves_out: "nothing that a webhook tells; a webhook is sent again by its notification's id (POST /notifications/{id}/replay), which this list does not state",
    unconfirmed: "that notification.read is the permission for events; the largest page (200, by third-party libraries) and the limit of 240 requests a minute; that ids are in the order of occurred_at",
};

/// Events of a page.
const PAGE: &str = "200";

fn request(after: &str) -> ApiRequest {
    // `after` comes from an address, where it is encoded already.
    let behind = match after {
        "" => String::new(),
        after => format!("&after={after}"),
    };
    ApiRequest::get(
        &format!("/events?order_by=id[desc]&per_page={PAGE}{behind}"),
        &[],
    )
}

impl Listing for Paddle {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    /// What a key may do is not in its form.
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
        let mut list = NewestFirst::new(asked.window);
        for event in page.list(&INFO, asked, "data")? {
            let at = event.time("occurred_at");
            let listed = event.text("event_id").map(|id| Listed {
                id,
                what: event.text("event_type").unwrap_or_default(),
                at,
                body: event.raw().as_bytes().to_vec(),
                headers: Vec::new(),
            });
            list.add(at, listed);
        }
        let next = match page.is_true("meta/pagination/has_more") && list.goes_on() {
            false => None,
            true => {
                let next = page.text("meta/pagination/next").unwrap_or_default();
                let after = parameter(&next, "after").ok_or_else(|| unreadable(&INFO, asked))?;
                Some(asked.next(request(after)))
            }
        };
        Ok(Page {
            listed: list.listed,
            next,
        })
    }

    /// A replay needs the id of a notification.
    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }

    /// <https://developer.paddle.com/api-reference/notification-settings/list-notification-settings>,
    /// read 2026-11-28 (`type` is `url` or `email`; at most 200 a page). The key needs
    /// `notification_setting.read`.
    fn endpoints(&self, _account: &Account) -> Option<ApiRequest> {
        Some(ApiRequest::get(
            "/notification-settings",
            &[("per_page", PAGE)],
        ))
    }

    fn read_endpoints(
        &self,
        asked: &Query,
        answer: &[u8],
    ) -> Result<(Vec<Endpoint>, Option<ApiRequest>), ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let list = page.list(&INFO, asked, "data")?.into_iter();
        let to_urls = list.filter(|one| one.text("type").as_deref() == Some("url"));
        let endpoints = to_urls.map(|one| Endpoint {
            url: one.text("destination").unwrap_or_default(),
            enabled: one.is_true("active"),
            event_types: types(names(one, "subscribed_events")),
            api_version: one.text("api_version"),
        });
        let endpoints: Vec<Endpoint> = endpoints.collect();
        let more = page.is_true("meta/pagination/has_more");
        let address = page.text("meta/pagination/next").filter(|_| more);
        let after = address.and_then(|address| Some(parameter(&address, "after")?.to_owned()));
        let path = |after| format!("/notification-settings?per_page={PAGE}&after={after}");
        let next = after.map(|after| ApiRequest::get(&path(after), &[]));
        Ok((endpoints, next))
    }
}
