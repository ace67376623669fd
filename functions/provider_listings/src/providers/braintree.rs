//! Braintree: the GraphQL API's `search` of transactions and refunds by direct debit that settled
//! in the window, and of disputes that were received in it.
//!
//! Sources, read 2026-11-28: <https://github.com/braintree/graphql-api> `schema.graphql` (commit
//! 2252d47: searches, types, states, pages);
//! <https://developer.paypal.com/braintree/graphql/guides/search> and `…/guides/making_api_calls`
//! (address, credential, headers);
//! <https://developer.paypal.com/braintree/docs/reference/general/webhooks/transaction> (webhooks
//! of transactions are sent for ACH and SEPA direct debit alone) and `…/webhooks/dispute`.
//!
//! The API answers JSON and a webhook is a form with XML in base64: the notification is written
//! anew from what the search gives, in the elements that braintree-python's samples have, and the
//! time of the state stands for that of the notification. `legacyId` is the id that notifications
//! have.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::{Node, Page, unreadable};
use crate::parts::{day, inside, midnight};
use crate::request::{ApiRequest, Content, Query, encoded};
use crate::{Auth, ListingError, ListingInfo, Lists};

pub(super) struct Braintree;

static INFO: ListingInfo = ListingInfo {
    provider: "braintree",
    lists: Lists::Objects,
    source: "https://github.com/braintree/graphql-api schema.graphql, read 2026-11-28",
    base_url: "https://payments.braintree-api.com",
    auth: Auth::Basic,
    rights: "the public and the private key, joined by a colon, of a user whose role may search transactions and disputes and change nothing",
    settings: &[],
    reach_back_days: None,
    requests_per_second: 2,
    resend: "",
    leaves_out: "transactions by card, wallet and PayPal, of which no webhook of their own tells; subscriptions, local payments and disbursements, which no search gives as their webhooks do; settlements that were declined without having settled before; a change in the window of a dispute that was received before it",
    unconfirmed: "the most that one search gives (50,000 are said of the older API); the largest page; whether a key that is refused is answered by status 401 or by errors in an answer of status 200, which is then called unreadable; the limit of requests",
};

/// Entries of a page.
const PAGE: u8 = 50;

/// A base64 line of a notification.
const LINE: usize = 60;

const TRANSACTIONS: &str = "transactions";
const REFUNDS: &str = "refunds";
const DISPUTES: &str = "disputes";

/// Direct debits, by the names of a search and by those of a type.
const DIRECT_DEBITS: [&str; 2] = ["US_BANK_ACCOUNT", "SEPA_DIRECT_DEBIT"];
const DIRECT_DEBIT_TYPES: [&str; 2] = ["UsBankAccountDetails", "SEPADirectDebitTransactionDetails"];

const PAYMENT_FIELDS: &str = "legacyId status orderId merchantAccountId amount { value currencyCode } statusHistory { status timestamp }";
const REFUND_FIELDS: &str = "refundedTransaction { legacyId } paymentMethodSnapshot { __typename }";
const DISPUTE_FIELDS: &str = "legacyId status type receivedDate amountDisputed { value currencyCode } amountWon { value } transaction { legacyId merchantAccountId amount { value } }";

fn request(resource: &'static str, window: Window, after: Option<&str>) -> ApiRequest {
    let settled = json!({"settledAt": {
        "greaterThanOrEqualTo": window.from.to_string(),
        "lessThanOrEqualTo": window.to.to_string(),
    }});
    let (kind, fields, input) = match resource {
        TRANSACTIONS => (
            "TransactionSearchInput",
            PAYMENT_FIELDS.to_owned(),
            json!({
                "statusTransition": settled,
                "paymentMethodSnapshotType": {"in": DIRECT_DEBITS},
            }),
        ),
        REFUNDS => (
            "RefundSearchInput",
            format!("{PAYMENT_FIELDS} {REFUND_FIELDS}"),
            json!({"statusTransition": settled}),
        ),
        _ => (
            "DisputeSearchInput",
            DISPUTE_FIELDS.to_owned(),
            json!({"receivedDate": {
                "greaterThanOrEqualTo": day(window.from),
                "lessThanOrEqualTo": day(window.to),
            }}),
        ),
    };
    let query = format!(
        "query Search($input: {kind}!, $after: String) {{ search {{ {resource}(input: $input, first: {PAGE}, after: $after) {{ pageInfo {{ hasNextPage endCursor }} edges {{ node {{ {fields} }} }} }} }} }}"
    );
    let after = after.map_or(Value::Null, Value::from);
    let content = json!({"query": query, "variables": {"input": input, "after": after}});
    let request = ApiRequest::post("/graphql", Some(Content::json(&content)));
    request.with("braintree-version", "2019-01-01")
}

/// An XML element; one without a text is left out.
fn element(name: &str, text: Option<String>) -> String {
    let Some(text) = text else {
        return String::new();
    };
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!("<{name}>{}</{name}>", text.replace('>', "&gt;"))
}

/// The form in which a notification is sent, without its signature.
fn form(kind: &str, at: Option<Timestamp>, subject: &str) -> Vec<u8> {
    let time = at.map_or_else(String::new, |at| {
        format!("<timestamp type=\"datetime\">{at:.0}</timestamp>")
    });
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><notification><kind>{kind}</kind>{time}<subject>{subject}</subject></notification>"
    );
    let mut payload = String::new();
    for (position, letter) in STANDARD.encode(xml).chars().enumerate() {
        if position > 0 && position % LINE == 0 {
            payload.push('\n');
        }
        payload.push(letter);
    }
    payload.push('\n');
    format!("bt_payload={}", encoded(&payload)).into_bytes()
}

/// When a payment came into a state, the last time.
fn since(payment: Node<'_>, state: &str) -> Option<Timestamp> {
    let history = payment.items("statusHistory").unwrap_or_default();
    let events = history.into_iter();
    let times = events.filter(|event| event.text("status").as_deref() == Some(state));
    times
        .filter_map(|event| event.text("timestamp")?.parse().ok())
        .max()
}

/// A transaction, or with `refund` one that gives money back.
fn payment(window: Window, node: Node<'_>, refund: bool) -> Option<Listed> {
    let state = node.text("status")?;
    let kind = match state.as_str() {
        "SETTLED" => "transaction_settled",
        "SETTLEMENT_DECLINED" => "transaction_settlement_declined",
        _ => return None,
    };
    let at = since(node, "SETTLED");
    let method = node.text("paymentMethodSnapshot/__typename");
    let by_debit = method.is_some_and(|method| DIRECT_DEBIT_TYPES.contains(&method.as_str()));
    if !inside(window, at) || refund && !by_debit {
        return None;
    }
    let id = node.text("legacyId")?;
    let direction = if refund { "credit" } else { "sale" };
    let fields = [
        element("id", Some(id.clone())),
        element("status", Some(state.to_lowercase())),
        element("type", Some(direction.to_owned())),
        element("currency-iso-code", node.text("amount/currencyCode")),
        element("amount", node.text("amount/value")),
        element("merchant-account-id", node.text("merchantAccountId")),
        element("order-id", node.text("orderId")),
        element(
            "refunded-transaction-id",
            node.text("refundedTransaction/legacyId"),
        ),
    ];
    let subject = format!("<transaction>{}</transaction>", fields.concat());
    Some(Listed {
        what: kind.to_owned(),
        at,
        body: form(kind, since(node, &state), &subject),
        headers: Vec::new(),
        id,
    })
}

fn dispute(window: Window, node: Node<'_>) -> Option<Listed> {
    let state = node.text("status")?.to_lowercase();
    let kind = match state.as_str() {
        "open" => "dispute_opened",
        "accepted" => "dispute_accepted",
        "auto_accepted" => "dispute_auto_accepted",
        "disputed" => "dispute_disputed",
        "expired" => "dispute_expired",
        "lost" => "dispute_lost",
        "under_review" => "dispute_under_review",
        "won" => "dispute_won",
        _ => return None,
    };
    let at = node.text("receivedDate").and_then(|day| midnight(&day));
    if !inside(window, at) {
        return None;
    }
    let id = node.text("legacyId")?;
    let transaction = [
        element("id", node.text("transaction/legacyId")),
        element("amount", node.text("transaction/amount/value")),
    ];
    let fields = [
        element("id", Some(id.clone())),
        element("amount", node.text("amountDisputed/value")),
        element("amount-disputed", node.text("amountDisputed/value")),
        element("amount-won", node.text("amountWon/value")),
        element(
            "currency-iso-code",
            node.text("amountDisputed/currencyCode"),
        ),
        element("kind", node.text("type").map(|kind| kind.to_lowercase())),
        element("status", Some(state)),
        element("received-date", node.text("receivedDate")),
        element(
            "merchant-account-id",
            node.text("transaction/merchantAccountId"),
        ),
        format!("<transaction>{}</transaction>", transaction.concat()),
    ];
    let subject = format!("<dispute>{}</dispute>", fields.concat());
    Some(Listed {
        what: kind.to_owned(),
        at,
        body: form(kind, at, &subject),
        headers: Vec::new(),
        id,
    })
}

impl Listing for Braintree {
    fn info(&self) -> &'static ListingInfo {
        &INFO
    }

    fn check_key(&self, _key: &str) -> Result<(), ListingError> {
        Ok(())
    }

    fn begin(&self, window: Window, _account: &Account) -> Result<Vec<Query>, ListingError> {
        let first = |resource| Query {
            resource,
            request: request(resource, window, None),
            window,
        };
        Ok([TRANSACTIONS, REFUNDS, DISPUTES].map(first).to_vec())
    }

    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError> {
        let answer = Node::read(&INFO, asked, answer)?;
        // An answer with errors may lack a part of the list.
        if answer.at("errors").is_some() {
            return Err(unreadable(&INFO, asked));
        }
        let found = answer.at(&format!("data/search/{}", asked.resource));
        let found = found.ok_or_else(|| unreadable(&INFO, asked))?;
        let edges = found.list(&INFO, asked, "edges")?;
        let nodes = edges.into_iter().filter_map(|edge| edge.at("node"));
        let listed = nodes.filter_map(|node| match asked.resource {
            TRANSACTIONS => payment(asked.window, node, false),
            REFUNDS => payment(asked.window, node, true),
            _ => dispute(asked.window, node),
        });
        let next = match found.is_true("pageInfo/hasNextPage") {
            false => None,
            true => {
                let cursor = found.text("pageInfo/endCursor");
                let cursor = cursor.ok_or_else(|| unreadable(&INFO, asked))?;
                let request = request(asked.resource, asked.window, Some(&cursor));
                Some(asked.next(request))
            }
        };
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
    use crate::parts::testing::unreadable;

    #[test]
    fn an_answer_with_errors_or_without_a_cursor_is_no_list() {
        let answers = [
            r#"{"errors":[{"message":"x"}],"data":{"search":{"refunds":{"edges":[],"pageInfo":{"hasNextPage":false}}}}}"#,
            r#"{"data":{"search":{"refunds":null}}}"#,
            r#"{"data":{"search":{"refunds":{"edges":[],"pageInfo":{"hasNextPage":true,"endCursor":null}}}}}"#,
        ];
        unreadable(&Braintree, REFUNDS, &answers);
    }

    #[test]
    fn a_notification_is_a_form_of_lines_of_base64_of_escaped_xml() {
        let subject = element("order-id", Some("a & <b>".to_owned()));
        let form = String::from_utf8(form("k", None, &subject)).unwrap();
        let payload = form.strip_prefix("bt_payload=").unwrap();
        let payload = payload.replace("%3D", "=").replace("%2B", "+");
        let lines: Vec<_> = payload.split("%0A").collect();
        assert!(lines.len() > 2 && lines[0].len() == LINE);
        assert_eq!(lines.last(), Some(&""));
        let xml = STANDARD.decode(lines.concat().replace("%2F", "/")).unwrap();
        let xml = String::from_utf8(xml).unwrap();
        assert!(
            xml.contains("<order-id>a &amp; &lt;b&gt;</order-id>"),
            "{xml}"
        );
    }
}
