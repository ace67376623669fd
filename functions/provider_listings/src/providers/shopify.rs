//! Shopify: the GraphQL Admin API's `orders` with their transactions, by the time of their last
//! change, the oldest first; and `disputes`.
//!
//! Sources, read 2026-11-28: <https://shopify.dev/docs/api/admin-graphql/2025-10/queries/order>
//! (the fields of an order's transactions, and that they are a plain list),
//! <https://shopify.dev/docs/api/admin-graphql/latest/enums/OrderTransactionStatus>,
//! <https://shopify.dev/docs/api/admin-graphql/2026-07/queries/disputes>,
//! <https://shopify.dev/docs/api/admin-graphql/2024-10/objects/ShopifyPaymentsDispute>,
//! <https://shopify.dev/docs/api/admin-graphql/unstable/enums/OrderWriteOffSortKeys> (orders of the
//! last sixty days),
//! <https://community.shopify.com/c/shopify-apis-and-sdks/does-creating-a-transaction-update-the-order-s-updated-at/m-p/1321740>
//! (Shopify's staff: a transaction changes its order's `updated_at`; an order has a hundred of them
//! at most). The bodies of the webhooks: <https://shopify.dev/docs/api/webhooks>, read 2026-11-25.
//!
//! A transaction of the window has changed its order since the window began, so every order that
//! changed since then is read, and of its transactions those of the window become the body of
//! `order_transactions/create`. A refund's transactions are told by that topic and by
//! `refunds/create` alike. GraphQL writes in capitals, and with global ids, what the webhook writes
//! in small letters and with numbers.

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::paging::object;
use crate::parts::quoted;
use crate::request::{ApiRequest, Content, Query};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Shopify;

static INFO: ListingInfo = ListingInfo {
    provider: "shopify",
    lists: Lists::Objects,
    source: "https://shopify.dev/docs/api/admin-graphql/2025-10/queries/order and the pages in the head of its file, read 2026-11-28",
    base_url: "",
    auth: Auth::Header("x-shopify-access-token"),
    rights: "an Admin API access token with no other scopes than read_orders and read_shopify_payments_disputes",
    settings: &[
        (
            API_URL,
            "the address of the shop: https://SHOP.myshopify.com",
        ),
        (
            DISPUTES,
            "optional: no, where the shop does not use Shopify Payments; its disputes are not asked for then",
        ),
    ],
    reach_back_days: Some(60),
    requests_per_second: 1,
    resend: "",
    leaves_out: "transactions of orders that are older than sixty days, unless the token has read_all_orders; disputes that were initiated before the window and changed in it; what orders tell of their money as a whole: without a subscription to order_transactions/create every payment, and without it or refunds/create every refund, is called missing",
    unconfirmed: "the filter updated_at and the sort key UPDATED_AT of orders, and the filter initiated_at of disputes (what they let through is filtered again); the cost of the queries; that a transaction's currency in its webhook is that of presentmentMoney",
};

const API_URL: &str = "api_url";
const DISPUTES: &str = "disputes";

/// The version of the API whose pages were read.
const PATH: &str = "/admin/api/2026-07/graphql.json";

const ORDERS_QUERY: &str = "query($query: String!, $after: String) { shop { myshopifyDomain } \
    orders(first: 25, after: $after, query: $query, sortKey: UPDATED_AT) { \
    pageInfo { hasNextPage endCursor } nodes { id transactions { id kind status gateway createdAt \
    processedAt parentTransaction { id } amountSet { presentmentMoney { amount currencyCode } } } } } }";

const DISPUTES_QUERY: &str = "query($query: String!, $after: String) { shop { myshopifyDomain } \
    disputes(first: 50, after: $after, query: $query) { pageInfo { hasNextPage endCursor } nodes { \
    id legacyResourceId type status initiatedAt finalizedOn order { id } \
    amount { amount currencyCode } } } }";

/// The states of a transaction that its webhook tells.
const STATES: [&str; 4] = ["SUCCESS", "PENDING", "FAILURE", "ERROR"];
/// A refund that Shopify proposes is no transaction yet.
const PROPOSED: &str = "SUGGESTED_REFUND";

fn request(window: Window, resource: &str, after: &str) -> ApiRequest {
    let (query, field) = match resource {
        DISPUTES => (DISPUTES_QUERY, "initiated_at"),
        _ => (ORDERS_QUERY, "updated_at"),
    };
    let wanted = quoted(&format!("{field}:>='{:.0}'", window.from));
    let after = quoted(after);
    let all = [("after", after.as_str()), ("query", &wanted)];
    let variables = object(&all[usize::from(after == "\"\"")..]);
    let content = Content {
        content_type: "application/json",
        text: object(&[("query", &quoted(query)), ("variables", &variables)]),
    };
    ApiRequest::post(PATH, Some(content))
}

/// The number in a global id: `gid://shopify/Order/450789469`.
fn number(node: Node<'_>, path: &str) -> Option<String> {
    let id = node.text(path)?;
    let (_, number) = id.rsplit_once('/')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| number.to_owned())
}

fn small(node: Node<'_>, path: &str) -> String {
    quoted(&node.text(path).unwrap_or_default().to_ascii_lowercase())
}

fn headers(topic: &str, shop: &str) -> Vec<(String, String)> {
    let stated = [("x-shopify-topic", topic), ("x-shopify-shop-domain", shop)];
    let stated = stated.into_iter().filter(|(_, value)| !value.is_empty());
    stated
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn transaction(order: &str, one: Node<'_>, shop: &str) -> Option<Listed> {
    let (kind, status) = (one.text("kind")?, one.text("status")?);
    if kind == PROPOSED || !STATES.contains(&&*status) {
        return None;
    }
    let id = number(one, "id")?;
    let parent = number(one, "parentTransaction/id");
    let money = "amountSet/presentmentMoney";
    let body = object(&[
        ("id", &id),
        ("order_id", order),
        ("kind", &small(one, "kind")),
        ("gateway", one.raw_at("gateway")),
        ("status", &small(one, "status")),
        ("created_at", one.raw_at("createdAt")),
        ("processed_at", one.raw_at("processedAt")),
        ("parent_id", parent.as_deref().unwrap_or("null")),
        ("amount", one.raw_at(&format!("{money}/amount"))),
        ("currency", one.raw_at(&format!("{money}/currencyCode"))),
        ("admin_graphql_api_id", one.raw_at("id")),
    ]);
    Some(Listed {
        id,
        what: format!("{kind} {status}").to_ascii_lowercase(),
        at: one.time("createdAt"),
        body: body.into_bytes(),
        headers: headers("order_transactions/create", shop),
    })
}

fn dispute(one: Node<'_>, shop: &str) -> Option<Listed> {
    let status = one.text("status")?;
    let topic = match status.as_str() {
        "NEEDS_RESPONSE" => "disputes/create",
        _ => "disputes/update",
    };
    let id = one.text("legacyResourceId").or_else(|| number(one, "id"))?;
    let id_is_a_number = id.bytes().all(|byte| byte.is_ascii_digit());
    let order = number(one, "order/id");
    let body = object(&[
        ("id", id_is_a_number.then_some(id.as_str())?),
        ("order_id", order.as_deref().unwrap_or("null")),
        ("type", &small(one, "type")),
        ("amount", one.raw_at("amount/amount")),
        ("currency", one.raw_at("amount/currencyCode")),
        ("status", &small(one, "status")),
        ("initiated_at", one.raw_at("initiatedAt")),
        ("finalized_on", one.raw_at("finalizedOn")),
    ]);
    Some(Listed {
        what: format!("dispute {status}").to_ascii_lowercase(),
        at: one.time("initiatedAt"),
        body: body.into_bytes(),
        headers: headers(topic, shop),
        id,
    })
}

impl Listing for Shopify {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    /// A token has the scopes that it was given, which are not in its form.
    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, account: &Account) -> Result<Vec<Query>, ListingError> {
        account.need(INFO.provider, API_URL)?;
        let disputes = account.get(DISPUTES) != Some("no");
        let resources = ["orders"].into_iter().chain(disputes.then_some(DISPUTES));
        let queries = resources.map(|resource| Query {
            resource,
            request: request(window, resource, ""),
            window,
        });
        Ok(queries.collect())
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let answer = Node::read(&INFO, asked, answer)?;
        // Errors stand beside what could be answered in part.
        if answer.at("errors").is_some() {
            return Err(unreadable(&INFO, asked));
        }
        let shop = answer.text("data/shop/myshopifyDomain").unwrap_or_default();
        let nodes = answer.list(&INFO, asked, &format!("data/{}/nodes", asked.resource))?;
        let mut listed = Vec::new();
        for node in nodes {
            if asked.resource == DISPUTES {
                listed.extend(dispute(node, &shop));
                continue;
            }
            let order = number(node, "id").ok_or_else(|| unreadable(&INFO, asked))?;
            let transactions = node.list(&INFO, asked, "transactions")?;
            let transactions = transactions.into_iter();
            listed.extend(transactions.filter_map(|one| transaction(&order, one, &shop)));
        }
        listed.retain(|one| one.at.is_none_or(|at| asked.window.holds(at)));
        let page = format!("data/{}/pageInfo", asked.resource);
        let page = answer.at(&page).ok_or_else(|| unreadable(&INFO, asked))?;
        let next = match page.is_true("hasNextPage") {
            false => None,
            true => {
                let cursor = page.text("endCursor");
                let cursor = cursor.ok_or_else(|| unreadable(&INFO, asked))?;
                Some(asked.next(request(asked.window, asked.resource, &cursor)))
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

    #[test]
    fn an_answer_in_part_is_no_answer() {
        let window = Window {
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            to: "2026-11-02T00:00:00Z".parse().unwrap(),
        };
        let account = [(API_URL, "https://example.myshopify.com"), (DISPUTES, "no")];
        let account = account.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let asked = Shopify
            .begin(window, &Account::new(account.into()))
            .unwrap();
        assert_eq!(asked.len(), 1);
        let orders = r#""data":{"orders":{"pageInfo":{"hasNextPage":false},"nodes":[]}}"#;
        let whole = format!("{{{orders}}}");
        let part = format!("{{{orders},\"errors\":[{{\"message\":\"Throttled\"}}]}}");
        let read = |answer: &str| Shopify.read(&asked[0], answer.as_bytes());
        assert_eq!(read(&whole).unwrap(), Page::default());
        assert!(read(&part).is_err());
        let no_cursor = whole.replace("false", "true");
        assert!(read(&no_cursor).is_err());
    }
}
