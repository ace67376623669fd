//! Authorize.Net: `GET /rest/v1/notifications`, and each notification of the window by its id.
//!
//! Sources, read 2026-11-28: <https://developer.authorize.net/api/reference/features/webhooks.html>
//! (basic authentication by login id and transaction key; that the history can be retrieved);
//! authnetjson at 17546b0, a library of a third party, `AuthnetWebhooksRequest.php` (path,
//! `offset`, `limit`) and `examples/webhooks/notificationHistory.php` (the answer);
//! <https://raw.githubusercontent.com/api-evangelist/authorizenet/refs/heads/main/asyncapi/authorizenet-webhooks.yml>,
//! a third party as well (the path of one notification).
//!
//! An entry of the list has id, type and time and says nothing of the payment, so each one is
//! fetched. No order and no filter by date is documented, and the answer shows a page smaller than
//! the one that was asked for: the list is read until a page is empty.

use jiff::Timestamp;

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::paging::{object, parameter};
use crate::request::{ApiRequest, Query, encoded};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct AuthorizeNet;

static INFO: ListingInfo = ListingInfo {
    provider: "authorizenet",
    lists: Lists::Events,
    source: "https://developer.authorize.net/api/reference/features/webhooks.html and authnetjson at 17546b0, read 2026-11-28",
    base_url: "https://api.authorize.net",
    auth: Auth::Basic,
    rights: "API login id and transaction key, joined by a colon: there are none that only read",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 2,
    resend: "",
    leaves_out: "events for which no webhook was set up, which make no notification; a notification is sent again in the merchant interface alone",
    unconfirmed: "that offset counts entries; how far back the list reaches; that the answer for one notification holds the payload of its webhook; that times without a zone are UTC and as fine as the webhook's, without which the key of an event is another than that of its webhook (its id is the same); the limit of requests a second",
};

const PATH: &str = "/rest/v1/notifications";

/// What a list of notifications is called in a query; anything else is one notification.
const LIST: &str = "notifications";

/// Notifications of a page.
const PAGE: &str = "1000";

fn page_at(offset: u64) -> ApiRequest {
    let offset = offset.to_string();
    ApiRequest::get(PATH, &[("offset", &offset), ("limit", PAGE)])
}

/// `2017-02-09T19:18:42.167`, with or without a zone.
fn time(entry: Node<'_>) -> Option<Timestamp> {
    let text = entry.text("eventDate")?;
    let stated: Option<Timestamp> = text.parse().ok();
    stated.or_else(|| format!("{text}Z").parse().ok())
}

impl Listing for AuthorizeNet {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    /// There is no key that only reads.
    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        Ok(vec![Query {
            resource: LIST,
            request: page_at(0),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let node = Node::read(&INFO, asked, answer)?;
        if asked.resource == LIST {
            let count = node.list(&INFO, asked, "notifications")?.len() as u64;
            let offset = parameter(&asked.request.path, "offset");
            let offset: Option<u64> = offset.and_then(|text| text.parse().ok());
            let offset = offset.ok_or_else(|| unreadable(&INFO, asked))?;
            return Ok(Page {
                listed: Vec::new(),
                next: (count > 0).then(|| asked.next(page_at(offset + count))),
            });
        }
        let id = node.text("notificationId");
        let id = id.ok_or_else(|| unreadable(&INFO, asked))?;
        let names = [
            "notificationId",
            "eventType",
            "eventDate",
            "webhookId",
            "payload",
        ];
        let stated = names.into_iter().filter(|name| node.at(name).is_some());
        let fields: Vec<_> = stated.map(|name| (name, node.raw_at(name))).collect();
        let listed = Listed {
            id,
            what: node.text("eventType").unwrap_or_default(),
            at: time(node),
            body: object(&fields).into_bytes(),
            headers: Vec::new(),
        };
        Ok(Page {
            listed: vec![listed],
            next: None,
        })
    }

    fn details(&self, asked: &Query, answer: &[u8]) -> Result<Vec<Query>, ListingError> {
        if asked.resource != LIST {
            return Ok(Vec::new());
        }
        let page = Node::read(&INFO, asked, answer)?;
        let entries = page.list(&INFO, asked, "notifications")?;
        let wanted = entries
            .into_iter()
            .filter(|entry| time(*entry).is_none_or(|at| asked.window.holds(at)));
        let ids = wanted.filter_map(|entry| entry.text("notificationId"));
        let queries = ids.map(|id| Query {
            resource: "notification",
            request: ApiRequest::get(&format!("{PATH}/{}", encoded(&id)), &[]),
            window: asked.window,
        });
        Ok(queries.collect())
    }

    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }
}
