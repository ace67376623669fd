//! Flutterwave's third version: transactions, refunds and transfers, by the day of creation.
//!
//! Sources, read 2026-11-28: <https://github.com/Flutterwave/Node-v3> (commit 537f9f4)
//! `documentation/transactions.md`, `documentation/transfers.md` (answers, `from`, `to`),
//! `services/transactions/rave.retrieve.js` and `rave.resend-hooks.js` (paths);
//! <https://developer.flutterwave.com/v3.0.0/reference/get-all-refunds> (parameters of refunds) and
//! <https://flutterwaveinc.mintlify.app/api-reference/transactions/get-all-refunds> (fields,
//! pages).
//!
//! Days are asked for with one more on either side, since no document says in which zone they are.
//! The webhook of a refund has other names for its fields than the list, and the same values.

use jiff::{SignedDuration, Timestamp};

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::parts::{day, inside};
use crate::request::{ApiRequest, Query, encoded};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Flutterwave;

static INFO: ListingInfo = ListingInfo {
    provider: "flutterwave",
    lists: Lists::Objects,
    source: "https://github.com/Flutterwave/Node-v3 documentation/transactions.md, read 2026-11-28",
    base_url: "https://api.flutterwave.com",
    auth: Auth::Bearer,
    rights: "the secret key (FLWSECK-…), which may do everything: version 3 has no key that reads alone",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 3,
    resend: "POST /v3/transactions/{id}/resend-hook: transactions alone, one at a time",
    leaves_out: "transactions and transfers that are still under way; chargebacks, bills, virtual cards and subscriptions; a change in the window of what was created before it",
    unconfirmed: "the zone of the days in a query (a day is added on either side); from, to and page of transfers and page of refunds, which are documented for transactions; that a list without entries has page_info too; the limit of requests",
};

const TRANSACTIONS: &str = "transactions";
const REFUNDS: &str = "refunds";
const TRANSFERS: &str = "transfers";

fn request(resource: &'static str, window: Window, page: &str) -> ApiRequest {
    let one = SignedDuration::from_hours(24);
    let before = window.from.checked_sub(one).unwrap_or(Timestamp::MIN);
    let after = window.to.checked_add(one).unwrap_or(Timestamp::MAX);
    ApiRequest::get(
        &format!("/v3/{resource}"),
        &[("from", &day(before)), ("to", &day(after)), ("page", page)],
    )
}

/// The fields of a refund in the list, and the names that they have in its webhook.
const REFUND_FIELDS: [(&str, &str); 7] = [
    ("id", "id"),
    ("amount_refunded", "AmountRefunded"),
    ("status", "status"),
    ("flw_ref", "FlwRef"),
    ("created_at", "createdAt"),
    ("account_id", "AccountId"),
    ("transaction_id", "TransactionId"),
];

fn refund(object: Node<'_>) -> String {
    let fields = REFUND_FIELDS.iter().filter_map(|(listed, sent)| {
        let value = object.at(listed)?;
        Some(format!("{sent:?}:{}", value.raw()))
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// What an object in this state is called, and the webhook that told it last; `None` where none is
/// sent.
fn told(resource: &str, object: Node<'_>) -> Option<(String, String)> {
    let state = object.text("status")?.to_ascii_lowercase();
    let (event, body) = match (resource, state.as_str()) {
        (TRANSACTIONS, "successful" | "failed") => ("charge.completed", None),
        (TRANSFERS, "successful" | "failed") => ("transfer.completed", None),
        (REFUNDS, _) => ("refund", Some(refund(object))),
        _ => return None,
    };
    let body = body.unwrap_or_else(|| {
        let data = object.raw();
        format!("{{\"event\":{event:?},\"data\":{data}}}")
    });
    Some((format!("{event} {state}"), body))
}

fn listed(asked: &Query, object: Node<'_>) -> Option<Listed> {
    let (what, body) = told(asked.resource, object)?;
    let at = object.text("created_at");
    let at = at.and_then(|time| time.parse().ok());
    if !inside(asked.window, at) {
        return None;
    }
    Some(Listed {
        id: object.text("id")?,
        what,
        at,
        body: body.into_bytes(),
        headers: Vec::new(),
    })
}

impl Listing for Flutterwave {
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
        Ok([TRANSACTIONS, REFUNDS, TRANSFERS].map(first).to_vec())
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let objects = page.list(&INFO, asked, "data")?.into_iter();
        let listed = objects.filter_map(|object| listed(asked, object));
        let number = |name: &str| -> Option<u32> {
            page.text(&format!("meta/page_info/{name}"))?.parse().ok()
        };
        let numbers = number("current_page").zip(number("total_pages"));
        let (current, total) = numbers.ok_or_else(|| unreadable(&INFO, asked))?;
        let next = (current < total).then(|| {
            let number = current.saturating_add(1).to_string();
            asked.next(request(asked.resource, asked.window, &number))
        });
        Ok(Page {
            listed: listed.collect(),
            next,
        })
    }

    fn resend(&self, listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        let path = format!("/v3/transactions/{}/resend-hook", encoded(&listed.id));
        let charge = listed.what.starts_with("charge.");
        charge.then(|| ApiRequest::post(path, None))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::parts::testing;

    #[test]
    fn a_list_without_its_pages_is_no_list() {
        let answers = [
            r#"{"data":[]}"#,
            r#"{"data":[],"meta":{"page_info":{"total":0}}}"#,
        ];
        testing::unreadable(&Flutterwave, REFUNDS, &answers);
    }

    #[test]
    fn only_a_transaction_can_be_sent_again() {
        let listed = |what: &str| Listed {
            id: "98/9".to_owned(),
            what: what.to_owned(),
            at: None,
            body: Vec::new(),
            headers: Vec::new(),
        };
        let resend = |what| Flutterwave.resend(&listed(what), &Account::default());
        let request = resend("charge.completed failed").unwrap();
        assert_eq!(request.path, "/v3/transactions/98%2F9/resend-hook");
        assert_eq!(resend("refund completed"), None);
        assert_eq!(resend("transfer.completed failed"), None);
    }
}
