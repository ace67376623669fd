//! Mollie's classic webhooks: `GET /v2/payments`, by the time of creation, the newest first.
//!
//! Sources: mollie/openapi at cfbba47, `specs.yaml`, read 2026-11-28 (the list, `webhookUrl`, the
//! states); <https://docs.mollie.com/reference/webhooks>, read 2026-11-27 (a notice is the id of a
//! payment and comes whenever its status changes).
//!
//! A notice tells an id and nothing else, so all that can be compared is whether any notice of a
//! payment came. A payment that has a `webhookUrl` and is no longer open should have one.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page};
use crate::paging::NewestFirst;
use crate::request::{ApiRequest, Query, encoded};
use crate::{Auth, ListingError, ListingInfo, Lists};

use super::mollie::{BASE_URL, PROFILE, behind, check_key, request};

pub(super) struct MollieClassic;

static INFO: ListingInfo = ListingInfo {
    provider: "mollieclassic",
    lists: Lists::Notices,
    source: "https://github.com/mollie/openapi specs.yaml at cfbba47, read 2026-11-28",
    base_url: BASE_URL,
    auth: Auth::Bearer,
    rights: "an access token (access_…) with no other permission than payments.read",
    settings: &[PROFILE],
    reach_back_days: None,
    requests_per_second: 5,
    resend: "",
    leaves_out: "everything but whether one notice of a payment came: later notices of it, among them those of refunds and chargebacks, cannot be told from earlier ones; payments that were created before the window",
    unconfirmed: "that a notice comes for each of the states authorized, paid, canceled, expired and failed; the limit of requests a second",
};

/// The states of which a notice was sent.
const NOTICED: [&str; 5] = ["authorized", "paid", "canceled", "expired", "failed"];

fn listed(payment: Node<'_>) -> Option<Listed> {
    let status = payment.text("status")?;
    let noticed = NOTICED.contains(&&*status) && payment.text("webhookUrl").is_some();
    let id = payment.text("id").filter(|_| noticed)?;
    Some(Listed {
        what: format!("payment {status}"),
        at: payment.time("createdAt"),
        body: format!("id={}", encoded(&id)).into_bytes(),
        headers: Vec::new(),
        id,
    })
}

impl Listing for MollieClassic {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    fn check_key(&self, key: &str) -> Result<(), ListingError> {
        check_key(INFO.provider, INFO.rights, key)
    }

    fn begin(&self, window: Window, account: &Account) -> Result<Vec<Query>, ListingError> {
        let profile = account.get(PROFILE.0).unwrap_or_default();
        Ok(vec![Query {
            resource: "payments",
            request: request("/v2/payments", profile, ""),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let mut list = NewestFirst::new(asked.window);
        for payment in page.list(&INFO, asked, "_embedded/payments")? {
            list.add(payment.time("createdAt"), listed(payment));
        }
        let next = match list.goes_on() {
            true => behind(&INFO, asked, page)?,
            false => None,
        };
        Ok(Page {
            listed: list.listed,
            next,
        })
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
            assert_eq!(MollieClassic.check_key(key).is_err(), refused, "{key}");
        }
    }
}
