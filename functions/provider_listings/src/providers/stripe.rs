//! Stripe: `GET /v1/events`, thirty days back, newest first.
//!
//! Sources: <https://docs.stripe.com/api/events/list>, <https://docs.stripe.com/api/pagination>,
//! <https://docs.stripe.com/webhooks/process-undelivered-events>, <https://docs.stripe.com/keys#limit-access>,
//! stripe-cli `pkg/cmd/resource/events_resend.go` (`POST /v1/events/{id}/retry`), read 2026-11-27.
//!
//! An event of the list is the body of its webhook, in the version of the API at the time of the
//! event, which may not be the endpoint's: so ids are compared and no bytes. Events that Stripe
//! failed to make are in no list.

use jiff::Timestamp;

use crate::endpoints::{Endpoint, texts, types};
use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::request::{ApiRequest, Content, Query, encoded};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Stripe;

static INFO: ListingInfo = ListingInfo {
    provider: "stripe",
    lists: Lists::Events,
    source: "https://docs.stripe.com/api/events/list, read 2026-11-27",
    base_url: "https://api.stripe.com",
    auth: Auth::Bearer,
    rights: "a restricted key (rk_…) with Events: Read",
    settings: &[
        (
            "stripe_account",
            "optional: the connected account whose events are listed",
        ),
        (
            "webhook_endpoint",
            "optional: the endpoint (we_…) to which Stripe is asked to send an event again",
        ),
    ],
    reach_back_days: Some(30),
    requests_per_second: 20,
    resend: "POST /v1/events/{id}/retry with webhook_endpoint, as the Stripe CLI does: one event at a time",
    leaves_out: "events that Stripe failed to make; invoice.upcoming, which has no id",
    unconfirmed: "the limit of reads a second (100 live, 25 in test mode, by a third party); the resend is documented by the CLI's source alone",
};

/// Events of a page.
const PAGE: &str = "100";

impl Stripe {
    fn request(window: Window, account: &str, after: &str) -> ApiRequest {
        let (from, to) = (window.from.as_second(), window.to.as_second());
        let request = ApiRequest::get(
            "/v1/events",
            &[
                ("created[gte]", &from.to_string()),
                ("created[lt]", &to.to_string()),
                ("limit", PAGE),
                ("starting_after", after),
            ],
        );
        match account {
            "" => request,
            account => request.with("stripe-account", account),
        }
    }
}

impl Listing for Stripe {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    /// A secret key may do everything; a restricted one has the rights that it was given, which no
    /// call tells.
    fn check_key(&self, key: &str) -> Result<(), ListingError> {
        match key.starts_with("sk_") {
            true => Err(ListingError::KeyTooPowerful {
                provider: INFO.provider,
                right: "a secret key (sk_…) may move money".to_owned(),
                wanted: INFO.rights,
            }),
            false => Ok(()),
        }
    }

    fn begin(&self, window: Window, account: &Account) -> Result<Vec<Query>, ListingError> {
        let of = account.get("stripe_account").unwrap_or_default();
        Ok(vec![Query {
            resource: "events",
            request: Self::request(window, of, ""),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let mut listed = Vec::new();
        let mut last = None;
        for event in page.list(&INFO, asked, "data")? {
            // Without an id there is nothing to compare, nor a page behind it.
            let Some(id) = event.text("id") else { continue };
            last = Some(id.clone());
            let seconds = event.text("created").and_then(|text| text.parse().ok());
            listed.push(Listed {
                what: event.text("type").unwrap_or_default(),
                at: seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()),
                body: event.raw().as_bytes().to_vec(),
                headers: Vec::new(),
                id,
            });
        }
        let next = match (page.is_true("has_more"), last) {
            (false, _) => None,
            (true, None) => return Err(unreadable(&INFO, asked)),
            (true, Some(last)) => {
                let account = asked.request.headers.first();
                let account = account.map_or("", |(_, account)| account.as_str());
                Some(asked.next(Self::request(asked.window, account, &last)))
            }
        };
        Ok(Page { listed, next })
    }

    fn resend(&self, listed: &Listed, account: &Account) -> Option<ApiRequest> {
        let endpoint = account.get("webhook_endpoint")?;
        let content = Content {
            content_type: "application/x-www-form-urlencoded",
            text: format!("webhook_endpoint={}", encoded(endpoint)),
        };
        let path = format!("/v1/events/{}/retry", encoded(&listed.id));
        let request = ApiRequest::post(path, Some(content));
        Some(match account.get("stripe_account") {
            Some(of) => request.with("stripe-account", of),
            None => request,
        })
    }

    /// <https://docs.stripe.com/api/webhook_endpoints/list>, read 2026-11-27: `status` is `enabled`
    /// or `disabled`, `enabled_events` may be `*`. The key needs Webhook Endpoints: Read.
    fn endpoints(&self, account: &Account) -> Option<ApiRequest> {
        let request = ApiRequest::get("/v1/webhook_endpoints", &[("limit", PAGE)]);
        Some(match account.get("stripe_account") {
            Some(of) => request.with("stripe-account", of),
            None => request,
        })
    }

    fn read_endpoints(
        &self,
        asked: &Query,
        answer: &[u8],
    ) -> Result<(Vec<Endpoint>, Option<ApiRequest>), ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let list = page.list(&INFO, asked, "data")?;
        let last = list.last().and_then(|last| last.text("id"));
        let next = last.filter(|_| page.is_true("has_more")).map(|after| {
            let mut request = ApiRequest::get(
                "/v1/webhook_endpoints",
                &[("limit", PAGE), ("starting_after", &after)],
            );
            request.headers.clone_from(&asked.request.headers);
            request
        });
        let endpoints = list.into_iter().map(|one| Endpoint {
            url: one.text("url").unwrap_or_default(),
            enabled: one.text("status").as_deref() == Some("enabled"),
            event_types: types(texts(one, "enabled_events")),
            api_version: one.text("api_version"),
        });
        Ok((endpoints.collect(), next))
    }
}
