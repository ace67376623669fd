//! Coinbase Business: `GET /api/v1/checkouts`, by the time of creation.
//!
//! Sources, read 2026-11-28: github.com/api-evangelist/commerce-coinbase (commit 1bc6163, a third
//! party) `openapi/_original/openapi-checkouts.yml` (parameters, answer, states);
//! <https://docs.cdp.coinbase.com/coinbase-business/checkout-apis/api-reference> (states of
//! checkouts and refunds),
//! <https://docs.cdp.coinbase.com/api-reference/business-api/rest-api/checkouts/get-checkout> (a
//! checkout);
//! <https://docs.cdp.coinbase.com/coinbase-business/authentication-authorization/api-key-authentication>
//! (the permission View moves no funds); <https://github.com/coinbase/cdp-sdk> (commit f9bbf41)
//! `python/cdp/auth/utils/jwt.py` (the token).
//!
//! A webhook is the checkout with `eventType` among its fields. A checkout that was paid and given
//! back tells both, so it is listed once for each. The time is that of its creation, not of what
//! became of it.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page};
use crate::parts::inside;
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct CoinbaseBusiness;

static INFO: ListingInfo = ListingInfo {
    provider: "coinbasebusiness",
    lists: Lists::Objects,
    source: "https://docs.cdp.coinbase.com/coinbase-business/checkout-apis/api-reference, read 2026-11-28",
    base_url: "https://business.coinbase.com",
    auth: Auth::SignedToken,
    rights: "a secret API key of the developer platform with the permission View and no other: its id and secret, joined by a colon",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 5,
    resend: "",
    leaves_out: "payment links, payment sessions and transfers, whose lists are of other APIs; checkouts that are open or were deactivated; what became in the window of a checkout that was created before it",
    unconfirmed: "startTime and endTime, which a third party's copy of the description alone has (what is listed beside the window is left out either way); how far back the list goes; the limit of requests",
};

/// Checkouts of a page.
const PAGE: &str = "100";

fn request(window: Window, token: &str) -> ApiRequest {
    ApiRequest::get(
        "/api/v1/checkouts",
        &[
            ("startTime", &window.from.to_string()),
            ("endTime", &window.to.to_string()),
            ("pageSize", PAGE),
            ("pageToken", token),
        ],
    )
}

/// The event of the refunds of a checkout; `None` while none has ended. Either tells all of them.
fn refund_event(checkout: Node<'_>, state: &str) -> Option<&'static str> {
    let refunds = checkout.items("refunds").unwrap_or_default();
    let ended = |wanted: &str| {
        let mut states = refunds.iter().map(|refund| refund.text("status"));
        states.any(|state| state.as_deref() == Some(wanted))
    };
    let given_back = matches!(state, "REFUNDED" | "PARTIALLY_REFUNDED");
    match given_back || ended("COMPLETED") {
        true => Some("checkout.refund.success"),
        false => ended("FAILED").then_some("checkout.refund.failed"),
    }
}

/// The events that told what became of a checkout.
fn events(checkout: Node<'_>) -> Vec<&'static str> {
    let state = checkout.text("status").unwrap_or_default();
    match state.as_str() {
        "COMPLETED" | "REFUNDED" | "PARTIALLY_REFUNDED" => {
            let paid = ["checkout.payment.success"].into_iter();
            paid.chain(refund_event(checkout, &state)).collect()
        }
        "FAILED" => vec!["checkout.payment.failed"],
        "EXPIRED" => vec!["checkout.payment.expired"],
        _ => Vec::new(),
    }
}

fn listed(window: Window, checkout: Node<'_>) -> Vec<Listed> {
    let at = checkout.text("createdAt");
    let at = at.and_then(|time| time.parse().ok());
    let (Some(id), true) = (checkout.text("id"), inside(window, at)) else {
        return Vec::new();
    };
    let fields = checkout.raw().strip_prefix('{').unwrap_or_default();
    let one = |event: &'static str| Listed {
        id: id.clone(),
        what: event.to_owned(),
        at,
        body: format!("{{\"eventType\":{event:?},{fields}").into_bytes(),
        headers: Vec::new(),
    };
    events(checkout).into_iter().map(one).collect()
}

impl Listing for CoinbaseBusiness {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        Ok(vec![Query {
            resource: "checkouts",
            request: request(window, ""),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let checkouts = page.list(&INFO, asked, "checkouts")?.into_iter();
        let listed = checkouts.flat_map(|checkout| listed(asked.window, checkout));
        // The token is there only when there is more.
        let token = page.text("nextPageToken");
        Ok(Page {
            listed: listed.collect(),
            next: token.map(|token| asked.next(request(asked.window, &token))),
        })
    }

    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }
}
