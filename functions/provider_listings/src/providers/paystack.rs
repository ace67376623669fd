//! Paystack: transactions, disputes and transfers, by the time of creation.
//!
//! Sources, read 2026-11-28: <https://github.com/PaystackOSS/openapi> `dist/paystack.yaml` (commit
//! 9678dea: paths, parameters, states, fields) and
//! <https://github.com/PaystackOSS/doc-code-snippets> (commit 94af513:
//! `dist/api/transactions/list/response.json`, `src/api/disputes/list/response.json`,
//! `src/doc/payments/refunds/events`).
//!
//! Refunds are not compared: their webhooks name them by `refund_reference`, which the list of
//! refunds does not state. Of a transaction that failed no webhook is documented, and one that was
//! reversed had succeeded before. Lists without a cursor are read until a page is empty.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::parts::{inside, parameter};
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Paystack;

static INFO: ListingInfo = ListingInfo {
    provider: "paystack",
    lists: Lists::Objects,
    source: "https://github.com/PaystackOSS/openapi dist/paystack.yaml, read 2026-11-28",
    base_url: "https://api.paystack.co",
    auth: Auth::Bearer,
    rights: "the secret key (sk_…), which may do everything: Paystack has no key that reads alone",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 5,
    resend: "",
    leaves_out: "refunds, whose webhooks state another id than the list does; transactions that failed or were abandoned, of which no webhook tells; preauthorisations; subscriptions, invoices and payment requests, whose money is a transaction's; a change in the window of what was created before it",
    unconfirmed: "that a transaction in the state reversed had been told as a success; that transfers are listed with their reference, as the description has it; how far back lists go; the largest page; the limit of requests",
};

/// Entries of a page.
const PAGE: &str = "100";

const TRANSACTIONS: &str = "transactions";
const DISPUTES: &str = "disputes";
const TRANSFERS: &str = "transfers";

fn request(resource: &'static str, window: Window, behind: &str) -> ApiRequest {
    let (from, to) = (window.from.to_string(), window.to.to_string());
    let by_cursor = [("per_page", PAGE), ("use_cursor", "true"), ("next", behind)];
    let by_number = [("perPage", PAGE), ("page", behind)];
    let (path, pages): (_, &[_]) = match resource {
        TRANSACTIONS => ("/transaction", &by_cursor),
        TRANSFERS => ("/transfer", &by_cursor),
        _ => ("/dispute", &by_number),
    };
    let window = [("from", &*from), ("to", &*to)];
    ApiRequest::get(path, &[&window, pages].concat())
}

/// The event type that an object in this state was last told by; `None` where none is sent.
fn event(resource: &str, object: Node<'_>) -> Option<&'static str> {
    Some(match (resource, object.text("status")?.as_str()) {
        (TRANSACTIONS, "success" | "reversed") => "charge.success",
        (DISPUTES, "resolved") => "charge.dispute.resolve",
        (DISPUTES, "awaiting-merchant-feedback" | "awaiting-bank-feedback" | "pending") => {
            "charge.dispute.create"
        }
        (TRANSFERS, "success") => "transfer.success",
        (TRANSFERS, "failed") => "transfer.failed",
        (TRANSFERS, "reversed") => "transfer.reversed",
        _ => return None,
    })
}

fn listed(asked: &Query, object: Node<'_>) -> Option<Listed> {
    let event = event(asked.resource, object)?;
    let created = object.text("createdAt");
    let created = created.or_else(|| object.text("created_at"));
    let at = created.and_then(|time| time.parse().ok());
    if !inside(asked.window, at) {
        return None;
    }
    Some(Listed {
        id: object.text("id")?,
        what: event.to_owned(),
        at,
        body: format!("{{\"event\":{event:?},\"data\":{}}}", object.raw()).into_bytes(),
        headers: Vec::new(),
    })
}

impl Listing for Paystack {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    /// There is no lesser key to ask for.
    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        let first = |resource| Query {
            resource,
            request: request(resource, window, ""),
            window,
        };
        Ok([TRANSACTIONS, DISPUTES, TRANSFERS].map(first).to_vec())
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let objects = page.list(&INFO, asked, "data")?;
        let behind = match asked.resource {
            DISPUTES => {
                let number = parameter(&asked.request.path, "page");
                let number: u32 = number.and_then(|text| text.parse().ok()).unwrap_or(1);
                (!objects.is_empty()).then(|| number.saturating_add(1).to_string())
            }
            // A cursor that is null is the end; without `meta` nothing says where the list ends.
            _ => {
                let meta = page.at("meta").ok_or_else(|| unreadable(&INFO, asked))?;
                meta.text("next")
            }
        };
        let objects = objects.into_iter();
        let listed = objects.filter_map(|object| listed(asked, object));
        Ok(Page {
            listed: listed.collect(),
            next: behind.map(|behind| asked.next(request(asked.resource, asked.window, &behind))),
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
    use crate::parts::testing::unreadable;

    #[test]
    fn a_list_without_its_cursor_is_no_list() {
        for resource in [TRANSACTIONS, TRANSFERS] {
            unreadable(&Paystack, resource, &[r#"{"status":true,"data":[]}"#]);
        }
    }
}
