//! Razorpay: payments with their refunds, disputes and settlements, by the time of creation.
//!
//! Sources, read 2026-11-28: razorpay-python (commit b56ac01) `documents/payment.md`, `refund.md`,
//! `dispute.md` and `settlement.md` (paths, parameters, entities; `expand[]` of payments knows
//! `refunds`); github.com/razorpay/markdown-docs `api/refunds/fetch-all.md` (at most 100 a page)
//! and `api/disputes/fetch-all.md` (states); <https://razorpay.com/docs/sg/api/disputes/fetch-all>
//! (its command line filters by `from` and `to`).
//!
//! The refund of a payment that was never captured releases its authorisation, and the refund alone
//! does not say so: therefore refunds are read with their payments, as their webhooks state them,
//! and not from the list of refunds. Payments are read from [`REFUND_DAYS`] before the window, for
//! the refunds in it. Pages are asked for until one is empty, since a short page is no sign of the
//! end. The account and the time of the event are not in the lists, and are not made up.

use jiff::SignedDuration;

use crate::endpoints::{Endpoint, texts, types};
use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::parts::{inside, parameter, seconds};
use crate::request::{ApiRequest, Query, encoded};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Razorpay;

static INFO: ListingInfo = ListingInfo {
    provider: "razorpay",
    lists: Lists::Objects,
    source: "https://github.com/razorpay/razorpay-python documents, read 2026-11-28",
    base_url: "https://api.razorpay.com",
    auth: Auth::Basic,
    rights: "a key id and its secret, joined by a colon; keys that read alone are not documented",
    settings: &[(
        "account_id",
        "optional: the account of a partner's merchant whose webhooks `payhook endpoints` looks at",
    )],
    reach_back_days: None,
    requests_per_second: 5,
    resend: "",
    leaves_out: "refunds of payments that were created more than 30 days before the window; payouts of RazorpayX; orders, invoices, links and subscriptions, which tell their payments' money again; a change in the window of what was created before it",
    unconfirmed: "the form in which a payment's refunds are expanded (a collection as of payments in an order is assumed; a refunded payment without either is an error); whether from and to are part of what is listed; how far back lists go; the limit of requests",
};

/// Entries of a page.
const PAGE: &str = "100";

/// Days before the window from which payments are read for their refunds.
const REFUND_DAYS: i64 = 30;

const PAYMENTS: &str = "payments";
const DISPUTES: &str = "disputes";
const SETTLEMENTS: &str = "settlements";

fn request(resource: &'static str, window: Window, skip: usize) -> ApiRequest {
    let early = SignedDuration::from_hours(24 * REFUND_DAYS);
    let (from, expand) = match resource {
        PAYMENTS => (
            window.from.checked_sub(early).unwrap_or(window.from),
            "refunds",
        ),
        _ => (window.from, ""),
    };
    let skip = match skip {
        0 => String::new(),
        skip => skip.to_string(),
    };
    ApiRequest::get(
        &format!("/v1/{resource}"),
        &[
            ("from", &from.as_second().to_string()),
            ("to", &window.to.as_second().saturating_add(1).to_string()),
            ("count", PAGE),
            ("skip", &skip),
            ("expand[]", expand),
        ],
    )
}

/// The event type that a payment in this state was last told by; `None` where none is sent.
fn payment_event(payment: Node<'_>) -> Option<&'static str> {
    Some(match payment.text("status")?.as_str() {
        "authorized" => "payment.authorized",
        "captured" => "payment.captured",
        "refunded" if payment.is_true("captured") => "payment.captured",
        "refunded" => "payment.authorized",
        "failed" => "payment.failed",
        _ => return None,
    })
}

fn refund_event(refund: Node<'_>) -> Option<&'static str> {
    Some(match refund.text("status")?.as_str() {
        "pending" => "refund.created",
        "processed" => "refund.processed",
        "failed" => "refund.failed",
        _ => return None,
    })
}

fn dispute_event(dispute: Node<'_>) -> Option<&'static str> {
    Some(match dispute.text("status")?.as_str() {
        "open" => "payment.dispute.created",
        "under_review" => "payment.dispute.under_review",
        "won" => "payment.dispute.won",
        "lost" => "payment.dispute.lost",
        "closed" => "payment.dispute.closed",
        _ => return None,
    })
}

/// The webhook that tells entities of these names, of which the first one is listed.
fn listed(
    window: Window,
    event: Option<&'static str>,
    entities: &[(&str, Node<'_>)],
) -> Option<Listed> {
    let (event, (_, own)) = (event?, entities.first()?);
    let at = own.text("created_at").and_then(|text| seconds(&text));
    if !inside(window, at) {
        return None;
    }
    let names: Vec<String> = entities
        .iter()
        .map(|(name, _)| format!("{name:?}"))
        .collect();
    let payload = entities.iter();
    let payload = payload.map(|(name, node)| format!("{name:?}:{{\"entity\":{}}}", node.raw()));
    let payload: Vec<String> = payload.collect();
    let body = format!(
        "{{\"entity\":\"event\",\"event\":{event:?},\"contains\":[{}],\"payload\":{{{}}}}}",
        names.join(","),
        payload.join(",")
    );
    Some(Listed {
        id: own.text("id")?,
        what: event.to_owned(),
        at,
        body: body.into_bytes(),
        headers: Vec::new(),
    })
}

/// A payment and its refunds.
fn payment(asked: &Query, payment: Node<'_>) -> Result<Vec<Listed>, ListingError> {
    let refunds = payment.items("refunds/items");
    let refunds = refunds.or_else(|| payment.items("refunds"));
    let refunded = payment.text("amount_refunded");
    if refunds.is_none() && refunded.is_some_and(|amount| amount != "0") {
        return Err(unreadable(&INFO, asked));
    }
    let own = listed(
        asked.window,
        payment_event(payment),
        &[("payment", payment)],
    );
    let refunds = refunds.unwrap_or_default().into_iter();
    let refunds = refunds.filter_map(|refund| {
        let entities = [("refund", refund), ("payment", payment)];
        listed(asked.window, refund_event(refund), &entities)
    });
    Ok(own.into_iter().chain(refunds).collect())
}

impl Listing for Razorpay {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        let first = |resource| Query {
            resource,
            request: request(resource, window, 0),
            window,
        };
        Ok([PAYMENTS, DISPUTES, SETTLEMENTS].map(first).to_vec())
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let items = page.list(&INFO, asked, "items")?;
        let skipped = parameter(&asked.request.path, "skip");
        let skipped: usize = skipped.and_then(|text| text.parse().ok()).unwrap_or(0);
        let next = (!items.is_empty()).then(|| {
            let skip = skipped.saturating_add(items.len());
            asked.next(request(asked.resource, asked.window, skip))
        });
        let mut all = Vec::new();
        for item in items {
            let one = match asked.resource {
                PAYMENTS => {
                    all.extend(payment(asked, item)?);
                    continue;
                }
                DISPUTES => listed(asked.window, dispute_event(item), &[("dispute", item)]),
                _ => {
                    let processed = item.text("status").filter(|state| state == "processed");
                    let event = processed.map(|_| "settlement.processed");
                    listed(asked.window, event, &[("settlement", item)])
                }
            };
            all.extend(one);
        }
        Ok(Page { listed: all, next })
    }

    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }

    /// <https://razorpay.com/docs/sg/api/partners/webhooks/fetch-all.md>, read 2026-11-28: documented
    /// for the accounts of a partner alone, so the setting `account_id` must be there.
    fn endpoints(&self, account: &Account) -> Option<ApiRequest> {
        let id = account.get("account_id")?;
        let path = format!("/v2/accounts/{}/webhooks", encoded(id));
        Some(ApiRequest::get(&path, &[]))
    }

    fn read_endpoints(
        &self,
        asked: &Query,
        answer: &[u8],
    ) -> Result<(Vec<Endpoint>, Option<ApiRequest>), ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let list = page.list(&INFO, asked, "items")?.into_iter();
        let endpoints = list.map(|one| Endpoint {
            url: one.text("url").unwrap_or_default(),
            enabled: one.is_true("active"),
            event_types: types(texts(one, "events")),
            api_version: None,
        });
        Ok((endpoints.collect(), None))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::parts::testing::{read, unreadable};

    #[test]
    fn a_payment_that_was_refunded_without_its_refunds_is_an_error() {
        let payment = |refunds: &str| {
            format!(
                r#"{{"items":[{{"id":"p","status":"captured","created_at":1793500000,
                "amount_refunded":5{refunds}}}]}}"#
            )
        };
        unreadable(&Razorpay, PAYMENTS, &[&payment("")]);
        let refund = r#"[{"id":"r","status":"failed","created_at":1793500001}]"#;
        for refunds in [refund.to_owned(), format!("{{\"items\":{refund}}}")] {
            let page = payment(&format!(",\"refunds\":{refunds}"));
            let page = read(&Razorpay, PAYMENTS, &page).unwrap();
            let told: Vec<_> = page.listed.iter().map(|it| &*it.what).collect();
            assert_eq!(told, ["payment.captured", "refund.failed"]);
        }
    }
}
