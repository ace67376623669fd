//! Flutterwave's fourth version: charges, refunds, chargebacks and transfers, newest first.
//!
//! Sources, read 2026-11-28:
//! <https://flutterwaveinc.mintlify.app/v4-api-reference/chargebacks/list-chargebacks> (`page` with
//! the newest entries on the first, `size` up to 50, `from` and `to`, answer),
//! `…/charges/list-charges` and `…/refunds/retrieve-a-refund` (answers);
//! <https://developer.flutterwave.com/docs/environments> (live host);
//! <https://developer.flutterwave.com/docs/authentication> (address of tokens; the client's id and
//! secret are fields of the form, and a token lives for ten minutes);
//! github.com/api-evangelist/flutterwave (commit ae62210, a third party: path of transfers).
//!
//! Since the parameters of time are documented for chargebacks alone, what an answer gives beside
//! the window is left out, and reading stops at the first page that is older than the window as a
//! whole. A transfer states its amount as an object with a `value`, its webhook as a number.

use jiff::Timestamp;

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::parts::{inside, seconds};
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct FlutterwaveV4;

static INFO: ListingInfo = ListingInfo {
    provider: "flutterwavev4",
    lists: Lists::Objects,
    source: "https://flutterwaveinc.mintlify.app/v4-api-reference/chargebacks/list-chargebacks, read 2026-11-28",
    base_url: "https://f4bexperience.flutterwave.com",
    // The token comes from another host than the lists.
    auth: Auth::ClientCredentials(
        "https://idp.flutterwave.com/realms/flutterwave/protocol/openid-connect/token",
    ),
    rights: "a client id and its secret, joined by a colon; credentials that read alone are not documented",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 3,
    resend: "",
    leaves_out: "what is still under way; charges that were voided; orders and virtual accounts; a change in the window of what was created before it",
    unconfirmed: "from, to, page and size for other lists than chargebacks; whether webhooks of chargebacks are sent, of which a third party tells alone; the form of a transfer in the list; the limit of requests",
};

/// Entries of a page.
const PAGE: &str = "50";

const CHARGES: &str = "charges";
const REFUNDS: &str = "refunds";
const CHARGEBACKS: &str = "chargebacks";
const TRANSFERS: &str = "transfers";

fn request(resource: &'static str, window: Window, page: &str) -> ApiRequest {
    ApiRequest::get(
        &format!("/{resource}"),
        &[
            ("from", &window.from.to_string()),
            ("to", &window.to.to_string()),
            ("size", PAGE),
            ("page", page),
        ],
    )
}

/// A time as text, or as seconds whose fraction is left out.
fn created(object: Node<'_>) -> Option<Timestamp> {
    let text = object.text("created_datetime")?;
    let whole = text.split('.').next().unwrap_or_default();
    text.parse().ok().or_else(|| seconds(whole))
}

/// The event type that an object in this state was last told by; `None` where none is sent.
fn event(resource: &str, object: Node<'_>) -> Option<&'static str> {
    let state = object.text("status")?.to_ascii_lowercase();
    Some(match (resource, state.as_str()) {
        (CHARGES, "succeeded" | "failed") => "charge.completed",
        (REFUNDS, "succeeded" | "completed" | "failed" | "cancelled") => "refund.completed",
        (CHARGEBACKS, "new" | "initiated" | "pending") => "chargeback.created",
        (CHARGEBACKS, _) => "chargeback.updated",
        (TRANSFERS, "successful" | "succeeded" | "failed") => "transfer.disburse",
        _ => return None,
    })
}

/// The fields of a transfer that its webhook has, too.
const TRANSFER_FIELDS: [&str; 8] = [
    "id",
    "type",
    "source_currency",
    "destination_currency",
    "currency",
    "reference",
    "status",
    "created_datetime",
];

fn transfer(object: Node<'_>) -> String {
    let amount = object.at("amount/value").or_else(|| object.at("amount"));
    let amount = amount.map(|amount| ("amount", amount));
    let fields = TRANSFER_FIELDS.iter();
    let fields = fields.filter_map(|name| Some((*name, object.at(name)?)));
    let fields = fields.chain(amount);
    let fields = fields.map(|(name, value)| format!("{name:?}:{}", value.raw()));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

fn listed(asked: &Query, object: Node<'_>) -> Option<Listed> {
    let at = created(object);
    if !inside(asked.window, at) {
        return None;
    }
    let event = event(asked.resource, object)?;
    let data = match asked.resource {
        TRANSFERS => transfer(object),
        _ => object.raw().to_owned(),
    };
    Some(Listed {
        id: object.text("id")?,
        what: format!("{event} {}", object.text("status").unwrap_or_default()),
        at,
        body: format!("{{\"type\":{event:?},\"data\":{data}}}").into_bytes(),
        headers: Vec::new(),
    })
}

impl Listing for FlutterwaveV4 {
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
        let all = [CHARGES, REFUNDS, CHARGEBACKS, TRANSFERS];
        Ok(all.map(first).to_vec())
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let objects = page.list(&INFO, asked, "data")?;
        let number = |name: &str| -> Option<u32> {
            page.text(&format!("meta/page_info/{name}"))?.parse().ok()
        };
        let numbers = number("current_page").zip(number("total_pages"));
        let (current, total) = numbers.ok_or_else(|| unreadable(&INFO, asked))?;
        let older = |object: &Node<'_>| created(*object).is_some_and(|at| at < asked.window.from);
        let older = !objects.is_empty() && objects.iter().all(older);
        let next = (current < total && !older).then(|| {
            let number = current.saturating_add(1).to_string();
            asked.next(request(asked.resource, asked.window, &number))
        });
        let objects = objects.into_iter();
        let listed = objects.filter_map(|object| listed(asked, object));
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
    fn a_list_without_its_pages_is_no_list() {
        let answers = [
            r#"{"data":[]}"#,
            r#"{"data":[],"meta":{"page_info":{"total":0}}}"#,
        ];
        unreadable(&FlutterwaveV4, CHARGES, &answers);
        let empty = r#"{"data":[],"meta":{"page_info":{"current_page":1,"total_pages":2}}}"#;
        assert!(read(&FlutterwaveV4, CHARGES, empty).unwrap().next.is_some());
    }
}
