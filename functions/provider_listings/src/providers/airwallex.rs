//! Airwallex: payment intents, refunds and transfers by the time of creation, disputes by that of
//! their last change.
//!
//! Sources, read 2026-11-28: Airwallex's own library, npm `@airwallex/node-sdk` 2.0.0-beta.4
//! (`api/paymentAcceptance`, `api/payouts/payoutsTransfersApi`, `api/authentication`: paths,
//! parameters, credential; `model`: answers, fields);
//! <https://www.airwallex.com/docs/api/authentication/api_access_token> (the login; a token lives
//! for 30 minutes); <https://www.airwallex.com/docs/developer-tools/api/api-key-scopes> (keys that
//! read);
//! <https://www.airwallex.com/docs/developer-tools/webhooks/listen-for-webhook-events/payload-examples/online-payments>
//! (the object of a webhook is what the API answers);
//! <https://www.airwallex.com/docs/payouts__retrieve-payers> (the first page has number 0).
//!
//! Attempts are not listed, since the intent tells what was captured. The webhook of an event has
//! an id, a time and an account, which no list states and which are not made up.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::parts::{inside, parameter};
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Airwallex;

static INFO: ListingInfo = ListingInfo {
    provider: "airwallex",
    lists: Lists::Objects,
    source: "https://www.airwallex.com/docs/developer-tools/api/api-key-scopes, read 2026-11-28",
    base_url: "https://api.airwallex.com",
    auth: Auth::Login("/api/v1/authentication/login"),
    rights: "client id and API key, joined by a colon, of a scoped key of one account with Read for payment intents, refunds, disputes and transfers and Write for nothing",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 2,
    resend: "",
    leaves_out: "payment attempts and their captures one by one, which the intent tells in all; what is still under way, of a refund excepted; wallets, conversions, deposits and issuing; a change in the window of an intent, a refund or a transfer that was created before it",
    unconfirmed: "the largest page; what page means for a list with page_after (the cursor is assumed); that a dispute's id in the list is dispute_id of its older webhooks; how far back lists go; the limit of requests",
};

/// Entries of a page.
const PAGE: &str = "100";

const INTENTS: &str = "payment_intents";
const REFUNDS: &str = "refunds";
const DISPUTES: &str = "payment_disputes";
const TRANSFERS: &str = "transfers";

fn request(resource: &'static str, window: Window, page: &str) -> ApiRequest {
    let (from, to) = (window.from.to_string(), window.to.to_string());
    let created = [("from_created_at", &*from), ("to_created_at", &*to)];
    let updated = [("from_updated_at", &*from), ("to_updated_at", &*to)];
    let (path, times, page) = match resource {
        DISPUTES => (
            "/api/v1/pa/payment_disputes",
            updated,
            [("size", PAGE), ("page", page)],
        ),
        TRANSFERS => (
            "/api/v1/transfers",
            created,
            [("page_size", PAGE), ("page", page)],
        ),
        REFUNDS => (
            "/api/v1/pa/refunds",
            created,
            [("page_size", PAGE), ("page_num", page)],
        ),
        _ => (
            "/api/v1/pa/payment_intents",
            created,
            [("page_size", PAGE), ("page_num", page)],
        ),
    };
    ApiRequest::get(path, &[times, page].concat())
}

/// The name of the event that told this state; `None` where none tells money.
fn event(resource: &str, state: &str) -> Option<String> {
    let (group, states): (_, &[&str]) = match resource {
        INTENTS => (
            "payment_intent",
            &["requires_capture", "succeeded", "cancelled"],
        ),
        REFUNDS => (
            "refund",
            &[
                "received",
                "accepted",
                "processing",
                "settled",
                "succeeded",
                "failed",
            ],
        ),
        DISPUTES => (
            "payment_dispute",
            &[
                "requires_response",
                "challenged",
                "pending_closure",
                "pending_decision",
                "accepted",
                "expired",
                "lost",
                "won",
                "reversed",
            ],
        ),
        _ => ("payout.transfer", &["paid", "failed", "cancelled"]),
    };
    let state = state.to_ascii_lowercase();
    states
        .contains(&state.as_str())
        .then(|| format!("{group}.{state}"))
}

fn listed(asked: &Query, object: Node<'_>) -> Option<Listed> {
    let event = event(asked.resource, &object.text("status")?)?;
    let time = match asked.resource {
        DISPUTES => "updated_at",
        _ => "created_at",
    };
    let at = object.text(time).and_then(|time| time.parse().ok());
    if !inside(asked.window, at) {
        return None;
    }
    // The object of a transfer stands in its webhook without a name around it.
    let data = match asked.resource {
        TRANSFERS => object.raw().to_owned(),
        _ => format!("{{\"object\":{}}}", object.raw()),
    };
    Some(Listed {
        id: object.text("id").or_else(|| object.text("dispute_id"))?,
        body: format!("{{\"name\":{event:?},\"data\":{data}}}").into_bytes(),
        what: event,
        at,
        headers: Vec::new(),
    })
}

/// The number or cursor of the page behind; `None` at the end of the list.
fn behind(asked: &Query, page: Node<'_>, empty: bool) -> Result<Option<String>, ListingError> {
    if matches!(asked.resource, DISPUTES | TRANSFERS) {
        // A cursor behind an empty page would lead on without an end.
        return Ok(page.text("page_after").filter(|_| !empty));
    }
    if page.at("has_more").is_none() {
        return Err(unreadable(&INFO, asked));
    }
    let number = parameter(&asked.request.path, "page_num");
    let number: u32 = number.and_then(|text| text.parse().ok()).unwrap_or(0);
    let next = number.saturating_add(1).to_string();
    Ok(page.is_true("has_more").then_some(next))
}

impl Listing for Airwallex {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        let first = |resource| Query {
            resource,
            request: request(resource, window, ""),
            window,
        };
        let all = [INTENTS, REFUNDS, DISPUTES, TRANSFERS];
        Ok(all.map(first).to_vec())
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let objects = page.list(&INFO, asked, "items")?;
        let behind = behind(asked, page, objects.is_empty())?;
        let objects = objects.into_iter();
        let listed = objects.filter_map(|object| listed(asked, object));
        Ok(Page {
            listed: listed.collect(),
            next: behind.map(|page| asked.next(request(asked.resource, asked.window, &page))),
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
    fn a_list_says_whether_there_is_more() {
        for resource in [INTENTS, REFUNDS] {
            unreadable(&Airwallex, resource, &[r#"{"items":[]}"#]);
            let last = read(&Airwallex, resource, r#"{"items":[],"has_more":false}"#);
            assert_eq!(last.unwrap().next, None);
        }
        // A cursor behind nothing leads nowhere.
        let last = read(&Airwallex, DISPUTES, r#"{"items":[],"page_after":"x"}"#);
        assert_eq!(last.unwrap().next, None);
    }

    #[test]
    fn a_dispute_of_the_older_form_is_listed_by_its_older_id() {
        let answer = r#"{"items":[{"dispute_id":"d1","status":"WON","updated_at":"2026-11-01T01:00:00+0000"}]}"#;
        let page = read(&Airwallex, DISPUTES, answer).unwrap();
        assert_eq!(page.listed[0].id, "d1");
        assert_eq!(page.listed[0].what, "payment_dispute.won");
    }
}
