//! Checkout.com: payments by `POST /payments/search`, disputes by `GET /disputes`, and the events
//! of each by `GET /workflows/events/subject/{id}` and `GET /workflows/events/{id}`.
//!
//! Sources, read 2026-11-28: checkout-sdk-python at 93a90f3 (`workflows_client.py`,
//! `payments_client.py`, `disputes.py`, `oauth_scopes.py`, `sdk_authorization.py`) and
//! checkout-sdk-net at cc9c5e0e (`PaymentsSearchRequest.cs`, `PaymentsQueryResponse.cs`,
//! `DisputesQueryResponse.cs`, `SubjectEventsResponse.cs`, `GetEventResponse.cs`);
//! <https://www.checkout.com/docs/payments/manage-payments/search-and-filter-payments> (the scope
//! of the search, which is beta),
//! <https://www.checkout.com/docs/developer-resources/event-notifications/receive-webhooks/resend-webhooks.md>
//! (ninety days; payments and disputes are subjects). Of the present platform alone: the previous
//! one has `GET /events`, thirty days back.
//!
//! No list of events by time exists. Those of the payments of a window are not all events of the
//! window, so what is compared is the money that they tell. How the search is paged is not
//! documented: where it finds more than a page, each half of its time is searched for itself.

use jiff::{SignedDuration, Timestamp};

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::paging::{object, parameter};
use crate::parts::quoted;
use crate::request::{ApiRequest, Content, Query, encoded};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Checkout;

static INFO: ListingInfo = ListingInfo {
    provider: "checkout",
    lists: Lists::Objects,
    source: "checkout-sdk-python at 93a90f3 and checkout-sdk-net at cc9c5e0e, read 2026-11-28",
    base_url: "",
    auth: Auth::Bearer,
    rights: "a secret key with no other scopes than payments:search, disputes:view and flow:events, and flow:reflow where events are sent again",
    settings: &[
        (
            API_URL,
            "the address of the API with the account's own prefix: https://PREFIX.api.checkout.com",
        ),
        (
            DAYS,
            "optional: the days before a window from which payments are looked at, so that captures and refunds in the window are found of payments before it; 0 where it is absent",
        ),
    ],
    reach_back_days: None,
    requests_per_second: 5,
    resend: "POST /workflows/events/{id}/reflow: every workflow of the event, one event at a time, ninety days back",
    leaves_out: "events of payments that were requested before the window and the days of the setting payments_days; events of nothing but payments and disputes (issuing, accounts, reports); accounts on the previous platform",
    unconfirmed: "how far back events are listed; which time of a payment the search compares, and of a dispute the list; whether what a payment without events has is an empty list; that timestamp of an event is created_on of its webhook; the largest page of disputes; the limit of requests a second",
};

const API_URL: &str = "api_url";
const DAYS: &str = "payments_days";

/// Payments of a search: the most that it gives.
const PAYMENTS: usize = 1000;
/// Disputes of a page.
const DISPUTES: &str = "50";

const SEARCH: &str = "payments";
const DISPUTED: &str = "disputes";
const SUBJECT: &str = "events of one payment or dispute";
const EVENT: &str = "event";

fn search(from: Timestamp, to: Timestamp) -> ApiRequest {
    let [from, to] = [from, to].map(|time| quoted(&format!("{time:.3}")));
    let limit = PAYMENTS.to_string();
    let content = Content {
        content_type: "application/json",
        text: object(&[("limit", &limit), ("from", &from), ("to", &to)]),
    };
    ApiRequest::post("/payments/search", Some(content))
}

fn disputes(window: Window, skip: usize) -> ApiRequest {
    let (from, skip) = (format!("{:.3}", window.from), skip.to_string());
    let parameters = [("from", &*from), ("limit", DISPUTES), ("skip", &skip)];
    ApiRequest::get("/disputes", &parameters)
}

/// The halves of a search that found more than it gave; an error where it cannot be halved.
fn halves(asked: &Query) -> Result<Vec<Query>, ListingError> {
    let split = || {
        let content = asked.request.content.as_ref()?;
        let body = Node::read(&INFO, asked, content.text.as_bytes()).ok()?;
        let (from, to) = (body.time("from")?, body.time("to")?);
        let half = to.duration_since(from).checked_div(2)?;
        let middle = from.checked_add(half).ok()?;
        let whole = half >= SignedDuration::from_secs(1);
        whole.then(|| [search(from, middle), search(middle, to)])
    };
    let halves = split().ok_or_else(|| unreadable(&INFO, asked))?;
    Ok(halves.map(|request| asked.next(request)).into())
}

fn count(node: Node<'_>, path: &str) -> Option<usize> {
    node.text(path)?.parse().ok()
}

fn query(asked: &Query, resource: &'static str, path: &str, id: &str) -> Query {
    Query {
        resource,
        request: ApiRequest::get(&format!("{path}{}", encoded(id)), &[]),
        window: asked.window,
    }
}

fn event_time(event: Node<'_>) -> Option<Timestamp> {
    event.time("created_on").or_else(|| event.time("timestamp"))
}

fn event(event: Node<'_>) -> Option<Listed> {
    let stated = event.at("created_on").or_else(|| event.at("timestamp"));
    let body = object(&[
        ("id", event.raw_at("id")),
        ("type", event.raw_at("type")),
        ("version", event.raw_at("version")),
        ("created_on", stated.map_or("null", Node::raw)),
        ("data", event.raw_at("data")),
        ("_links", event.raw_at("_links")),
    ]);
    Some(Listed {
        id: event.text("id")?,
        what: event.text("type").unwrap_or_default(),
        at: event_time(event),
        body: body.into_bytes(),
        headers: Vec::new(),
    })
}

impl Listing for Checkout {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    /// A secret key has the scopes that it was given, which are not in its form.
    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, account: &Account) -> Result<Vec<Query>, ListingError> {
        account.need(INFO.provider, API_URL)?;
        let days: i64 = match account.get(DAYS).map(str::parse::<u8>) {
            None => 0,
            Some(Ok(days)) => days.into(),
            Some(Err(_)) => {
                return Err(ListingError::SettingMissing {
                    provider: INFO.provider,
                    setting: DAYS,
                });
            }
        };
        let before = SignedDuration::from_hours(24 * days);
        let from = window.from.checked_sub(before).unwrap_or(window.from);
        let query = |resource, request| Query {
            resource,
            request,
            window,
        };
        Ok(vec![
            query(SEARCH, search(from, window.to)),
            query(DISPUTED, disputes(window, 0)),
        ])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let node = Node::read(&INFO, asked, answer)?;
        if asked.resource == EVENT {
            let event = event(node).ok_or_else(|| unreadable(&INFO, asked))?;
            let inside = event.at.is_none_or(|at| asked.window.holds(at));
            return Ok(Page {
                listed: inside.then_some(event).into_iter().collect(),
                next: None,
            });
        }
        let entries = node.list(&INFO, asked, "data")?.len();
        let mut page = Page::default();
        if asked.resource == DISPUTED && entries > 0 {
            let skipped = parameter(&asked.request.path, "skip").and_then(|text| text.parse().ok());
            let read = entries + skipped.unwrap_or(0_usize);
            let more = count(node, "total_count").is_none_or(|total| read < total);
            page.next = more.then(|| asked.next(disputes(asked.window, read)));
        }
        Ok(page)
    }

    fn details(&self, asked: &Query, answer: &[u8]) -> Result<Vec<Query>, ListingError> {
        if asked.resource == EVENT {
            return Ok(Vec::new());
        }
        let node = Node::read(&INFO, asked, answer)?;
        let entries = node.list(&INFO, asked, "data")?;
        if asked.resource == SEARCH {
            let found = count(node, "total_count").unwrap_or(entries.len());
            let more = node.at("_links/next").is_some() || found > entries.len();
            if more || entries.len() >= PAYMENTS {
                return halves(asked);
            }
        }
        let (resource, path) = match asked.resource {
            SUBJECT => (EVENT, "/workflows/events/"),
            _ => (SUBJECT, "/workflows/events/subject/"),
        };
        let wanted = entries.into_iter().filter(|entry| {
            let at = event_time(*entry).filter(|_| resource == EVENT);
            at.is_none_or(|at| asked.window.holds(at))
        });
        let ids = wanted.filter_map(|entry| entry.text("id"));
        Ok(ids.map(|id| query(asked, resource, path, &id)).collect())
    }

    fn resend(&self, listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        let path = format!("/workflows/events/{}/reflow", encoded(&listed.id));
        Some(ApiRequest::post(path, None))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_search_is_halved_until_a_second_is_left() {
        let window = Window {
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            to: "2026-11-01T00:00:03Z".parse().unwrap(),
        };
        let account = [(API_URL, "https://a.api.checkout.com"), (DAYS, "0")];
        let account = account.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let asked = Checkout
            .begin(window, &Account::new(account.into()))
            .unwrap();
        let answer = br#"{"total_count":2,"data":[{"id":"pay_1"}]}"#;
        let halves = Checkout.details(&asked[0], answer).unwrap();
        let texts = halves
            .iter()
            .map(|half| half.request.content.clone().unwrap().text);
        assert_eq!(
            texts.collect::<Vec<_>>(),
            [
                r#"{"limit":1000,"from":"2026-11-01T00:00:00.000Z","to":"2026-11-01T00:00:01.500Z"}"#,
                r#"{"limit":1000,"from":"2026-11-01T00:00:01.500Z","to":"2026-11-01T00:00:03.000Z"}"#,
            ]
        );
        assert!(Checkout.details(&halves[0], answer).is_err());
    }

    #[test]
    fn days_that_are_no_number_are_an_error() {
        let window = Window {
            from: Timestamp::UNIX_EPOCH,
            to: Timestamp::UNIX_EPOCH,
        };
        let account = [(API_URL, "https://a.api.checkout.com"), (DAYS, "a week")];
        let account = account.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let error = Checkout
            .begin(window, &Account::new(account.into()))
            .unwrap_err();
        assert!(error.to_string().contains(DAYS));
    }
}
