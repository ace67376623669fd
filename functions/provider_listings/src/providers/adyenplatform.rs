//! Adyen's platforms: `GET /btl/v4/transfers`, by the time of creation, oldest first.
//!
//! Sources, read 2026-11-28: <https://github.com/Adyen/adyen-openapi> (commit aa014f0),
//! `json/TransferService-v4.json` (live host, path, parameters, answer, links) and
//! `json/BalancePlatformTransferNotification-v4.json` (the webhook's `data` has the very fields of
//! a transfer in the list); <https://docs.adyen.com/platforms/view-transfers-details> (the role
//! that reads).
//!
//! A transfer is listed in its latest state, so an earlier one is not found missing. When the
//! webhook was queued and in which environment is not in the list, and is not made up.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::parts::{inside, parameter};
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct AdyenPlatform;

static INFO: ListingInfo = ListingInfo {
    provider: "adyenplatform",
    lists: Lists::Objects,
    source: "https://github.com/Adyen/adyen-openapi json/TransferService-v4.json, read 2026-11-28",
    base_url: "https://balanceplatform-api-live.adyen.com",
    auth: Auth::Header("x-api-key"),
    rights: "an API credential of the balance platform with the TransferService Webservice Retrieve role and no other",
    settings: &[(
        "balance_platform",
        "the id of the balance platform whose transfers are listed",
    )],
    reach_back_days: None,
    requests_per_second: 5,
    resend: "",
    leaves_out: "account holders, balance accounts, payment instruments and reports, which move no money; earlier states of a transfer; a change of a transfer that was created before the window",
    unconfirmed: "how far back transfers are listed; the limit of requests",
};

/// Transfers of a page.
const PAGE: &str = "100";

impl AdyenPlatform {
    fn request(window: Window, platform: &str, cursor: &str) -> ApiRequest {
        ApiRequest::get(
            "/btl/v4/transfers",
            &[
                ("balancePlatform", platform),
                ("createdSince", &window.from.to_string()),
                ("createdUntil", &window.to.to_string()),
                ("sortOrder", "asc"),
                ("limit", PAGE),
                ("cursor", cursor),
            ],
        )
    }
}

impl Listing for AdyenPlatform {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, account: &Account) -> Result<Vec<Query>, ListingError> {
        let platform = account.need(INFO.provider, "balance_platform")?;
        Ok(vec![Query {
            resource: "transfers",
            request: Self::request(window, platform, ""),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let mut listed = Vec::new();
        for transfer in page.list(&INFO, asked, "data")? {
            let Some(id) = transfer.text("id") else {
                continue;
            };
            let created = transfer.text("createdAt");
            let created = created.or_else(|| transfer.text("creationDate"));
            let at = created.and_then(|time| time.parse().ok());
            if !inside(asked.window, at) {
                continue;
            }
            // The first webhook of a transfer says that it was created, all later ones updated.
            let first = transfer.text("sequenceNumber").as_deref() == Some("1");
            let kind = match first {
                true => "balancePlatform.transfer.created",
                false => "balancePlatform.transfer.updated",
            };
            let part = |name| transfer.text(name).unwrap_or_default();
            listed.push(Listed {
                what: format!("{} {} {}", part("category"), part("type"), part("status")),
                at,
                body: format!("{{\"data\":{},\"type\":\"{kind}\"}}", transfer.raw()).into_bytes(),
                headers: Vec::new(),
                id,
            });
        }
        let next = match page.at("_links/next") {
            None => None,
            Some(link) => {
                let link = link.text("href").ok_or_else(|| unreadable(&INFO, asked))?;
                let cursor = parameter(&link, "cursor");
                let cursor = cursor.ok_or_else(|| unreadable(&INFO, asked))?;
                let platform = parameter(&asked.request.path, "balancePlatform");
                let platform = platform.unwrap_or_default();
                Some(asked.next(Self::request(asked.window, &platform, &cursor)))
            }
        };
        Ok(Page { listed, next })
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
    fn a_link_without_a_cursor_is_no_end() {
        let answers = [
            r#"{"data":[],"_links":{"next":{}}}"#,
            r#"{"data":[],"_links":{"next":{"href":"https://a.example/btl/v4/transfers?limit=2"}}}"#,
        ];
        unreadable(&AdyenPlatform, "transfers", &answers);
        let last = read(&AdyenPlatform, "transfers", r#"{"data":[]}"#).unwrap();
        assert_eq!(last, Page::default());
    }
}
