//! PayPal: `GET /v1/notifications/webhooks-events`, thirty days back.
//!
//! Sources: paypal-rest-api-specifications at ec4d8f3, `openapi/notifications_webhooks_v1.json`,
//! (path, parameters, answer, scope, the resend);
//! <https://developer.paypal.com/api/rest/webhooks/events-dashboard.md> (thirty days, said of the
//! dashboard alone), both read 2026-11-28.
//!
//! An event of the list is the body of its webhook. What makes a webhook an event here is the id of
//! its transmission, which stands in a header and in no list: so events are listed, and what is
//! compared is the money that they tell.

use crate::endpoints::{Endpoint, types};
use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::paging::{behind_host, object};
use crate::parts::quoted;
use crate::request::{ApiRequest, Content, Query, encoded};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct PayPal;

static INFO: ListingInfo = ListingInfo {
    provider: "paypal",
    lists: Lists::Objects,
    source: "paypal-rest-api-specifications openapi/notifications_webhooks_v1.json at ec4d8f3, read 2026-11-28",
    base_url: "https://api-m.paypal.com",
    auth: Auth::ClientCredentials("/v1/oauth2/token"),
    rights: "client id and secret of the application that has the webhook; the scope https://uri.paypal.com/services/applications/webhooks is enough, and no application has it alone",
    settings: &[(
        "webhook_id",
        "optional: the webhook to which PayPal is asked to send an event again",
    )],
    reach_back_days: Some(30),
    requests_per_second: 2,
    resend: "POST /v1/notifications/webhooks-events/{id}/resend with webhook_ids: one event at a time; what is still pending is not sent again",
    leaves_out: "whether an event that tells no money (an order, a subscription) arrived: its webhook is known by its transmission, which the list does not state",
    unconfirmed: "that the list reaches back thirty days, as the dashboard does; the largest page; that a resent webhook has a transmission id of its own; the limit of requests a second",
};

const PATH: &str = "/v1/notifications/webhooks-events";

/// Events of a page. The largest page is not documented; integrations ask for as many.
const PAGE: &str = "100";

impl Listing for PayPal {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    /// What an application may do is not in its credentials.
    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        let (from, to) = (format!("{:.3}", window.from), format!("{:.3}", window.to));
        let parameters = [
            ("start_time", from.as_str()),
            ("end_time", &to),
            ("page_size", PAGE),
        ];
        Ok(vec![Query {
            resource: "events",
            request: ApiRequest::get(PATH, &parameters),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let events = page.list(&INFO, asked, "events")?;
        let ends = events.is_empty();
        let listed = events.into_iter().filter_map(|event| {
            let at = event.time("create_time");
            // The end of the range is part of it.
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
        let links = page.items("links").unwrap_or_default();
        let mut links = links.into_iter();
        let next = links.find(|link| link.text("rel").is_some_and(|rel| rel == "next"));
        let next = match next.filter(|_| !ends) {
            None => None,
            Some(link) => {
                let address = link.text("href").unwrap_or_default();
                let path = behind_host(&address);
                let path = path.filter(|path| path.split('?').next() == Some(PATH));
                let path = path.ok_or_else(|| unreadable(&INFO, asked))?;
                Some(asked.next(ApiRequest::get(path, &[])))
            }
        };
        Ok(Page { listed, next })
    }

    fn resend(&self, listed: &Listed, account: &Account) -> Option<ApiRequest> {
        let webhook = account.get("webhook_id")?;
        let content = Content {
            content_type: "application/json",
            text: object(&[("webhook_ids", &format!("[{}]", quoted(webhook)))]),
        };
        let path = format!("{PATH}/{}/resend", encoded(&listed.id));
        Some(ApiRequest::post(path, Some(content)))
    }

    /// paypal-rest-api-specifications `openapi/notifications_webhooks_v1.json`
    /// (`GET /v1/notifications/webhooks`; an event named `*` stands for all), read 2026-11-28. PayPal
    /// has no switch for a webhook: what is listed is on, but for types whose `status` is `DISABLED`.
    fn endpoints(&self, _account: &Account) -> Option<ApiRequest> {
        Some(ApiRequest::get("/v1/notifications/webhooks", &[]))
    }

    fn read_endpoints(
        &self,
        asked: &Query,
        answer: &[u8],
    ) -> Result<(Vec<Endpoint>, Option<ApiRequest>), ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let list = page.list(&INFO, asked, "webhooks")?.into_iter();
        let endpoints = list.map(|one| {
            let listed = one.items("event_types").unwrap_or_default().into_iter();
            let is_on = |it: &Node<'_>| it.text("status").as_deref() != Some("DISABLED");
            let listed = listed.filter(is_on).filter_map(|it| it.text("name"));
            Endpoint {
                url: one.text("url").unwrap_or_default(),
                enabled: true,
                event_types: types(listed),
                api_version: None,
            }
        });
        Ok((endpoints.collect(), None))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_event_is_sent_again_to_the_webhook_that_is_named() {
        let listed = Listed {
            id: "WH-1/x".to_owned(),
            what: String::new(),
            at: None,
            body: Vec::new(),
            headers: Vec::new(),
        };
        assert_eq!(PayPal.resend(&listed, &Account::default()), None);
        let account = Account::new([("webhook_id".to_owned(), "8PT".to_owned())].into());
        let request = PayPal.resend(&listed, &account).unwrap();
        let content = request.content.unwrap();
        assert_eq!(request.path, format!("{PATH}/WH-1%2Fx/resend"));
        assert_eq!(content.text, "{\"webhook_ids\":[\"8PT\"]}");
    }

    #[test]
    fn a_next_page_elsewhere_is_not_followed() {
        let window = Window {
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            to: "2026-11-02T00:00:00Z".parse().unwrap(),
        };
        let asked = PayPal.begin(window, &Account::default()).unwrap();
        let next = |href: &str| {
            let links = format!("[{{\"rel\":\"next\",\"href\":\"{href}\"}}]");
            let answer = format!("{{\"events\":[{{\"id\":\"WH-1\"}}],\"links\":{links}}}");
            PayPal.read(&asked[0], answer.as_bytes())
        };
        assert!(next("https://api-m.paypal.com/v1/payments/payment").is_err());
        assert!(next("").is_err());
        let page = next("https://other.example/v1/notifications/webhooks-events?a=b").unwrap();
        let path = page.next.unwrap().request.path;
        assert_eq!(path, "/v1/notifications/webhooks-events?a=b");
    }
}
