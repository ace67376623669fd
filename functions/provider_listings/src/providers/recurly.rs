//! Recurly: `GET /transactions`, by `updated_at`, the oldest first.
//!
//! Sources, read 2026-11-28: recurly-client-python at 7294ca7, `openapi/api.yaml` (path,
//! parameters, answer, types and states of a transaction, hosts, limits) and `base_client.py`
//! (authorisation, the version in `Accept`); <https://docs.recurly.com/docs/api-keys> (what a key
//! may do). The notifications:
//! <https://docs.recurly.com/recurly-subscriptions/docs/overview-webhooks>, read 2026-11-27.
//!
//! Events are listed nowhere, and a notification has no id of its own: what is compared is the
//! money. A transaction is listed in its latest state and becomes the notification of that state. A
//! transaction that was charged back had succeeded, and no notification tells the chargeback. Of
//! verifications, of what became of a mere authorisation, and of a refund that did not succeed it
//! is not documented which notification they have: they are left out.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::paging::{behind_host, object};
use crate::parts::quoted;
use crate::request::{ApiRequest, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Recurly;

static INFO: ListingInfo = ListingInfo {
    provider: "recurly",
    lists: Lists::Objects,
    source: "recurly-client-python openapi/api.yaml at 7294ca7, read 2026-11-28",
    base_url: "https://v3.recurly.com",
    auth: Auth::Basic,
    rights: "a private API key: each has full access",
    settings: &[(
        "api_url",
        "optional: https://v3.eu.recurly.com for a site in the EU",
    )],
    reach_back_days: None,
    // 400 a minute in a sandbox, 1,000 in production.
    requests_per_second: 5,
    resend: "",
    leaves_out: "verifications, authorisations that failed or were voided, refunds that failed; earlier states of a transaction; notifications of accounts, subscriptions and invoices, which tell no money; amounts, which its webhooks do not state either",
    unconfirmed: "that uuid is that of the notification; which notification an authorisation has that is captured",
};

const PATH: &str = "/transactions";

/// Transactions of a page: the most that a list gives.
const PAGE: &str = "200";

/// The version of the API that was read.
const ACCEPT: &str = "application/vnd.recurly.v2021-02-25";

/// The event of a payment's notification, by type and state of the transaction.
#[rustfmt::skip]
const EVENTS: &[(&str, &str, &str)] = &[
    ("authorization", "success", "authorized"),
    ("capture", "chargeback", "succeeded"),
    ("capture", "declined", "failed"),
    ("capture", "error", "failed"),
    ("capture", "processing", "processing"),
    ("capture", "scheduled", "scheduled"),
    ("capture", "success", "succeeded"),
    ("capture", "void", "voided"),
    ("purchase", "chargeback", "succeeded"),
    ("purchase", "declined", "failed"),
    ("purchase", "error", "failed"),
    ("purchase", "processing", "processing"),
    ("purchase", "scheduled", "scheduled"),
    ("purchase", "success", "succeeded"),
    ("purchase", "void", "voided"),
    ("refund", "success", "refunded"),
];

fn listed(transaction: Node<'_>) -> Option<Listed> {
    let (kind, state) = (transaction.text("type")?, transaction.text("status")?);
    let mut events = EVENTS.iter();
    let (_, _, event) = events.find(|(of, at, _)| *of == kind && *at == state)?;
    let body = object(&[
        ("id", transaction.raw_at("id")),
        ("object_type", "\"payment\""),
        ("event_type", &quoted(event)),
        ("event_time", transaction.raw_at("updated_at")),
        ("uuid", transaction.raw_at("uuid")),
    ]);
    Some(Listed {
        id: transaction.text("uuid")?,
        what: format!("payment {event}"),
        at: transaction.time("updated_at"),
        body: body.into_bytes(),
        headers: Vec::new(),
    })
}

impl Listing for Recurly {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    /// There is no key that only reads.
    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        let parameters = [
            ("sort", "updated_at"),
            ("order", "asc"),
            ("begin_time", &*format!("{:.3}", window.from)),
            ("end_time", &format!("{:.3}", window.to)),
            ("limit", PAGE),
        ];
        Ok(vec![Query {
            resource: "transactions",
            request: ApiRequest::get(PATH, &parameters).with("accept", ACCEPT),
            window,
        }])
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let page = Node::read(&INFO, asked, answer)?;
        let transactions = page.list(&INFO, asked, "data")?;
        let listed = transactions.into_iter().filter_map(listed);
        // The end of the range is part of it.
        let listed = listed.filter(|one| one.at.is_none_or(|at| asked.window.holds(at)));
        let listed = listed.collect();
        let next = match page.is_true("has_more") {
            false => None,
            true => {
                let address = page.text("next").unwrap_or_default();
                let path = behind_host(&address);
                let path = path.filter(|path| path.split('?').next() == Some(PATH));
                let path = path.ok_or_else(|| unreadable(&INFO, asked))?;
                Some(asked.next(ApiRequest::get(path, &[]).with("accept", ACCEPT)))
            }
        };
        Ok(Page { listed, next })
    }

    fn resend(&self, _listed: &Listed, _account: &Account) -> Option<ApiRequest> {
        None
    }
}
