//! Worldpay Access: the payment queries API, by the time of the payment and the name of an event
//! that it has, newest first.
//!
//! Sources, read 2026-11-28: <https://developer.worldpay.com/products/payment-queries> and
//! `…/query-by-date-range` (one year back, pages, what is not there yet); Worldpay's OpenAPI
//! description as github.com/api-evangelist/worldpay keeps it
//! (`openapi/_original/worldpay-payment-queries-openapi.yaml`: parameters, answer, names of
//! events).
//!
//! A list gives neither the events of a payment nor their ids. It can be filtered by the name of an
//! event, so each name is asked for: payment and name are what a webhook tells. The time of the
//! payment stands for that of the event. A part that is settled, refunded or cancelled has an
//! amount and a reference of its own, which a list does not state, so those are left out.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::parts::{inside, parameter, quoted};
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Worldpay;

static INFO: ListingInfo = ListingInfo {
    provider: "worldpay",
    lists: Lists::Objects,
    source: "https://developer.worldpay.com/products/payment-queries, read 2026-11-28",
    base_url: "https://access.worldpay.com",
    auth: Auth::Basic,
    rights: "username and password of Access Worldpay, joined by a colon; credentials that read alone are not documented",
    settings: &[(
        "entity",
        "optional: the entity references whose payments are listed, joined by commas",
    )],
    // The start, a second before the window, may not be older than a year.
    reach_back_days: Some(364),
    requests_per_second: 2,
    resend: "",
    leaves_out: "settlements, refunds and cancellations, whose amounts and references a list does not state: reconcile them by the account statements; disputes and payouts; payments by other means than cards",
    unconfirmed: "whether the start is part of what is listed (a second is added in front); whether a link to the next page keeps the filter (one that does not is an error); the limit of requests",
};

/// Payments of a page.
const PAGE: &str = "300";

const PATH: &str = "/paymentQueries/payments";

/// The names of events that are asked for, and the type of the webhook that tells each.
const EVENTS: [(&str, &str); 6] = [
    ("authorizationSucceeded", "authorized"),
    ("saleSucceeded", "authorized"),
    ("authorizationRefused", "refused"),
    ("saleRefused", "refused"),
    ("authorizationFailed", "error"),
    ("saleFailed", "error"),
];

fn with_version(request: ApiRequest) -> ApiRequest {
    request.with(
        "accept",
        "application/vnd.worldpay.payment-queries-v1.hal+json",
    )
}

fn first(event: &'static str, window: Window, entity: &str) -> ApiRequest {
    let second = jiff::SignedDuration::from_secs(1);
    let from = window.from.checked_sub(second).unwrap_or(window.from);
    let request = ApiRequest::get(
        PATH,
        &[
            ("startDate", &from.to_string()),
            ("endDate", &window.to.to_string()),
            ("pageSize", PAGE),
            ("receivedEvents", event),
            ("entityReferences", entity),
        ],
    );
    with_version(request)
}

/// The page behind an answer. A link without the filter would list payments that lack the event.
fn next(asked: &Query, link: &str) -> Option<Query> {
    let path = link.strip_prefix(INFO.base_url).unwrap_or(link);
    let filter = parameter(path, "receivedEvents");
    let known = path.starts_with(&format!("{PATH}?"));
    (known && filter.as_deref() == Some(asked.resource))
        .then(|| asked.next(with_version(ApiRequest::get(path, &[]))))
}

/// The webhook of this type about a payment.
fn listed(window: Window, kind: &str, payment: Node<'_>) -> Option<Listed> {
    let stated = payment.text("timestamp");
    let at = stated.as_ref().and_then(|time| time.parse().ok());
    if !inside(window, at) {
        return None;
    }
    let reference = payment.text("transactionReference")?;
    let amount = payment.at("value/amount").map(|amount| {
        let currency = payment.text("value/currency").unwrap_or_default();
        format!(
            ",\"amount\":{{\"value\":{},\"currencyCode\":{}}}",
            amount.raw(),
            quoted(&currency)
        )
    });
    let body = format!(
        "{{\"eventTimestamp\":{},\"eventDetails\":{{\"classification\":\"payment\",\"transactionReference\":{},\"type\":{kind:?}{}}}}}",
        quoted(&stated.unwrap_or_default()),
        quoted(&reference),
        amount.unwrap_or_default()
    );
    Some(Listed {
        id: payment.text("paymentId")?,
        what: kind.to_owned(),
        at,
        body: body.into_bytes(),
        headers: Vec::new(),
    })
}

impl Listing for Worldpay {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, account: &Account) -> Result<Vec<Query>, ListingError> {
        let entity = account.get("entity").unwrap_or_default();
        let query = |(event, _)| Query {
            resource: event,
            request: first(event, window, entity),
            window,
        };
        Ok(EVENTS.map(query).to_vec())
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let payments = match page.items("_embedded/payments") {
            Some(payments) => payments,
            // HAL leaves out what is empty.
            None if page.at("_embedded").is_none() && page.text("_links/self/href").is_some() => {
                Vec::new()
            }
            None => return Err(unreadable(&INFO, asked)),
        };
        let kind = EVENTS.iter().find(|(event, _)| *event == asked.resource);
        let (_, kind) = kind.ok_or_else(|| unreadable(&INFO, asked))?;
        let payments = payments.into_iter();
        let listed = payments.filter_map(|payment| listed(asked.window, kind, payment));
        let next = match page.at("_links/next") {
            None => None,
            Some(link) => {
                let link = link.text("href").ok_or_else(|| unreadable(&INFO, asked))?;
                Some(next(asked, &link).ok_or_else(|| unreadable(&INFO, asked))?)
            }
        };
        Ok(Page {
            listed: listed.collect(),
            next,
        })
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
    fn a_link_without_the_filter_or_to_elsewhere_is_an_error() {
        let page = |link: &str| {
            format!(
                r#"{{"_links":{{"self":{{"href":"/x"}},"next":{{"href":"{link}"}}}},"_embedded":{{"payments":[]}}}}"#
            )
        };
        let without = page("/paymentQueries/payments?pageSize=1");
        let other = page("/paymentQueries/payments?receivedEvents=saleFailed");
        let elsewhere =
            page("https://a.example/paymentQueries/payments?receivedEvents=saleRefused");
        let answers = [&*without, &*other, &*elsewhere, r#"{"_embedded":{}}"#];
        unreadable(&Worldpay, "saleRefused", &answers);
        let absolute =
            "https://access.worldpay.com/paymentQueries/payments?receivedEvents=saleRefused";
        let read = read(&Worldpay, "saleRefused", &page(absolute)).unwrap();
        let path = read.next.unwrap().request.path;
        assert_eq!(path, "/paymentQueries/payments?receivedEvents=saleRefused");
    }
}
