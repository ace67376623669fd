//! Mollie: `GET /v2/payments`, `/v2/refunds`, `/v2/chargebacks`, `/v2/payouts` and, of a payment
//! that is captured by hand, `/v2/payments/{id}/captures`; by the time of creation, the newest
//! first.
//!
//! Sources, read 2026-11-28: mollie/openapi at cfbba47, `specs.yaml` (paths, `from`, `limit` of at
//! most 250, `sort`, `profileId`, states, the answers, that a payout must be of 1 April 2026 or
//! later, the forms of keys); <https://docs.mollie.com/reference/authentication.md>. One event can
//! be asked for by its id (`GET /v2/events/{id}`); no list of them exists.
//!
//! No list has a filter by date. An entity is listed in its latest state, and its webhook is made
//! of it: the event around the entity, of the type that the webhook of this state has. The event
//! has no id, because no list states it, and the time of the state where the entity has one.

use jiff::Timestamp;

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::paging::{NewestFirst, object, parameter};
use crate::parts::quoted;
use crate::request::{ApiRequest, Query, encoded};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Mollie;

pub(super) const BASE_URL: &str = "https://api.mollie.com";
const RIGHTS: &str = "an access token (access_…) with no other permissions than payments.read, refunds.read and payouts.read";
pub(super) const PROFILE: (&str, &str) = (
    "profile_id",
    "the payment profile (pfl_…) whose payments are listed; absent for a token that is scoped to one profile",
);

static INFO: ListingInfo = ListingInfo {
    provider: "mollie",
    lists: Lists::Objects,
    source: "https://github.com/mollie/openapi specs.yaml at cfbba47, read 2026-11-28",
    base_url: BASE_URL,
    auth: Auth::Bearer,
    rights: RIGHTS,
    settings: &[PROFILE],
    reach_back_days: None,
    requests_per_second: 5,
    resend: "",
    leaves_out: "payments, refunds and chargebacks that were created before the window and changed in it; captures that were made after the window; payment links and invoices, whose money the payments tell; payouts before 1 April 2026",
    unconfirmed: "that the entity in a webhook has the fields of the entity in a list; the limit of requests a second",
};

/// Entities of a page: the most that a list gives.
const PAGE: &str = "250";

/// The types of the webhooks that tell an entity's state, and what has the time of that state.
#[rustfmt::skip]
const TYPES: &[(&str, &str)] = &[
    ("payment.pending", "createdAt"),
    ("payment.authorized", "authorizedAt"),
    ("payment.paid", "paidAt"),
    ("payment.canceled", "canceledAt"),
    ("payment.expired", "expiredAt"),
    ("payment.failed", "failedAt"),
    ("capture.succeeded", "createdAt"),
    ("capture.failed", "createdAt"),
    ("refund.queued", "createdAt"),
    ("refund.pending", "createdAt"),
    ("refund.processing", "createdAt"),
    ("refund.refunded", "createdAt"),
    ("refund.failed", "createdAt"),
    ("refund.canceled", "createdAt"),
    ("chargeback.received", "createdAt"),
    ("chargeback.reversed", "reversedAt"),
    ("payout.initiated", "initiatedAt"),
    ("payout.processing-at-bank", "initiatedAt"),
    ("payout.completed", "completedAt"),
    ("payout.canceled", "canceledAt"),
    ("payout.failed", "createdAt"),
];

/// A page of a list: the one that begins with the entity `from`, or the first one.
pub(super) fn request(path: &str, profile: &str, from: &str) -> ApiRequest {
    let parameters = [
        ("limit", PAGE),
        ("sort", "desc"),
        ("profileId", profile),
        ("from", from),
    ];
    ApiRequest::get(path, &parameters)
}

/// The request for the page behind an answer.
pub(super) fn behind(
    info: &'static ListingInfo,
    asked: &Query,
    page: Node<'_>,
) -> Result<Option<Query>, ListingError> {
    let Some(next) = page.at("_links/next") else {
        return Ok(None);
    };
    let address = next.text("href").unwrap_or_default();
    let from = parameter(&address, "from").ok_or_else(|| unreadable(info, asked))?;
    let path = asked.request.path.split('?').next().unwrap_or_default();
    let profile = parameter(&asked.request.path, "profileId").unwrap_or_default();
    let request = match asked.resource {
        CAPTURES => captures(path, from),
        _ => request(path, profile, from),
    };
    Ok(Some(asked.next(request)))
}

/// A key of an API profile may take and give back money; an access token has the permissions that
/// it was given.
pub(super) fn check_key(
    provider: &'static str,
    wanted: &'static str,
    key: &str,
) -> Result<(), ListingError> {
    match key.starts_with("live_") || key.starts_with("test_") {
        true => Err(ListingError::KeyTooPowerful {
            provider,
            right: "an API key (live_…, test_…) may move money".to_owned(),
            wanted,
        }),
        false => Ok(()),
    }
}

const CAPTURES: &str = "captures";

/// The list of a payment's captures has neither an order that can be asked for nor a profile.
fn captures(path: &str, from: &str) -> ApiRequest {
    ApiRequest::get(path, &[("limit", PAGE), ("from", from)])
}

/// The type and the time of the webhook that tells an entity's state.
fn event(entity: Node<'_>) -> Option<(&'static str, Option<Timestamp>)> {
    let resource = entity.text("resource")?;
    let state = match (resource.as_str(), entity.at("reversedAt").is_some()) {
        ("chargeback", false) => "received".to_owned(),
        ("chargeback", true) => "reversed".to_owned(),
        _ => entity.text("status")?,
    };
    let wanted = format!("{resource}.{state}");
    let (kind, time) = TYPES.iter().find(|(kind, _)| *kind == wanted)?;
    let at = entity.time(time).or_else(|| entity.time("createdAt"));
    Some((kind, at))
}

fn listed(entity: Node<'_>) -> Option<Listed> {
    let (kind, changed) = event(entity)?;
    let id = entity.text("id")?;
    let at = entity.time("createdAt");
    let time = changed.map_or_else(String::new, |time| time.to_string());
    let body = object(&[
        ("resource", "\"event\""),
        ("type", &quoted(kind)),
        ("entityId", &quoted(&id)),
        ("createdAt", &quoted(&time)),
        ("_embedded", &object(&[("entity", entity.raw())])),
    ]);
    Some(Listed {
        id,
        what: kind.replace('.', " "),
        at,
        body: body.into_bytes(),
        headers: Vec::new(),
    })
}

impl Listing for Mollie {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    fn check_key(&self, key: &str) -> Result<(), ListingError> {
        check_key(INFO.provider, RIGHTS, key)
    }

    fn begin(&self, window: Window, account: &Account) -> Result<Vec<Query>, ListingError> {
        let profile = account.get(PROFILE.0).unwrap_or_default();
        let query = |resource, profile| Query {
            resource,
            request: request(&format!("/v2/{resource}"), profile, ""),
            window,
        };
        Ok(vec![
            query("payments", profile),
            query("refunds", profile),
            query("chargebacks", profile),
            query("payouts", ""),
        ])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let path = format!("_embedded/{}", asked.resource);
        let mut list = NewestFirst::new(asked.window);
        for entity in page.list(&INFO, asked, &path)? {
            list.add(entity.time("createdAt"), listed(entity));
        }
        // The order of a payment's captures is not documented.
        let goes_on = list.goes_on() || asked.resource == CAPTURES;
        let next = match goes_on {
            true => behind(&INFO, asked, page)?,
            false => None,
        };
        Ok(Page {
            listed: list.listed,
            next,
        })
    }

    /// The captures of a payment that is captured by hand.
    fn details(&self, asked: &Query, answer: &[u8]) -> Result<Vec<Query>, ListingError> {
        if asked.resource != "payments" {
            return Ok(Vec::new());
        }
        let page = Node::read(&INFO, asked, answer)?;
        let payments = page.list(&INFO, asked, "_embedded/payments")?;
        let by_hand = payments.into_iter().filter(|payment| {
            let at = payment.time("createdAt");
            payment.text("captureMode").as_deref() == Some("manual")
                && at.is_none_or(|at| asked.window.holds(at))
        });
        let ids = by_hand.filter_map(|payment| payment.text("id"));
        let queries = ids.map(|id| Query {
            resource: CAPTURES,
            request: captures(&format!("/v2/payments/{}/captures", encoded(&id)), ""),
            window: asked.window,
        });
        Ok(queries.collect())
    }

    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_the_profile_may_move_money_and_a_token_need_not() {
        for (key, refused) in [
            ("live_dHar4XY7", true),
            ("test_dHar4XY7", true),
            ("access_Wwvu7egP", false),
        ] {
            assert_eq!(Mollie.check_key(key).is_err(), refused, "{key}");
        }
    }
}
