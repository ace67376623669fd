//! Is the provider's endpoint still on, and does it tell all the money that payhook counts?
//!
//! Invariant: pure. What an API does not say is not judged.

use std::collections::BTreeSet;

use payment_event::PaymentStatus;
use provider_webhooks::{ProviderInfo, Says};
use serde::Serialize;

use crate::page::Node;

/// A place to which the provider sends webhooks, as its API lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// Its address.
    pub url: String,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The event types that it is subscribed to; `None` for all of them.
    pub event_types: Option<BTreeSet<String>>,
    /// The version of the API that its events have, where the list says so.
    pub api_version: Option<String>,
}

/// What is wrong with the endpoints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum EndpointFinding {
    /// None of the provider's endpoints has the address that was asked for.
    None,
    /// It is switched off: nothing is sent.
    Disabled {
        /// Its address.
        url: String,
    },
    /// No event type is subscribed that tells this kind of money.
    Untold {
        /// The status that no subscribed type tells.
        status: PaymentStatus,
        /// Types that would.
        would: Vec<String>,
    },
}

/// Statuses that say that money moved, or will not after all: what the sums are made of.
const MONEY: [PaymentStatus; 6] = [
    PaymentStatus::Captured,
    PaymentStatus::Refunded,
    PaymentStatus::RefundFailed,
    PaymentStatus::Disputed,
    PaymentStatus::DisputeWon,
    PaymentStatus::DisputeLost,
];

/// Types that are named to somebody who has to subscribe to one.
const NAMED_MAX: usize = 3;

/// The endpoints whose address begins so.
pub fn with_address<'e>(endpoints: &'e [Endpoint], address: &str) -> Vec<&'e Endpoint> {
    let all = endpoints.iter();
    all.filter(|endpoint| endpoint.url.starts_with(address))
        .collect()
}

/// Whether an event type may tell a status. A type that depends on the state of its object says by
/// its name what that object is.
fn may_tell(kind: &str, says: Says, status: PaymentStatus) -> bool {
    let words: &[&str] = match status {
        PaymentStatus::Refunded => &["refund"],
        PaymentStatus::Disputed => &["dispute", "chargeback"],
        _ => &[],
    };
    match says {
        Says::Status(told) => told == status,
        Says::ByState => {
            let kind = kind.to_ascii_lowercase();
            words.iter().any(|word| kind.contains(word))
        }
        Says::Nothing => false,
    }
}

/// Judges the endpoints of one address: one that is on must tell every kind of money that the
/// provider has an event type for.
pub fn judge(endpoints: &[&Endpoint], info: &ProviderInfo) -> Vec<EndpointFinding> {
    if endpoints.is_empty() {
        return vec![EndpointFinding::None];
    }
    let disabled = endpoints.iter().filter(|endpoint| !endpoint.enabled);
    let mut findings: Vec<EndpointFinding> = disabled
        .map(|endpoint| EndpointFinding::Disabled {
            url: endpoint.url.clone(),
        })
        .collect();
    let on: Vec<_> = endpoints.iter().filter(|it| it.enabled).collect();
    let subscribed = |kind: &str| {
        let tells = |types: &Option<BTreeSet<String>>| {
            types.as_ref().is_none_or(|types| types.contains(kind))
        };
        on.iter().any(|endpoint| tells(&endpoint.event_types))
    };
    for status in MONEY.into_iter().filter(|_| !on.is_empty()) {
        let rows = info.event_types.rows.iter();
        let tells = rows.filter(|(kind, says)| may_tell(kind, *says, status));
        let tells: Vec<&str> = tells.map(|(kind, _)| *kind).collect();
        if !tells.is_empty() && !tells.iter().any(|kind| subscribed(kind)) {
            let would = tells.iter().take(NAMED_MAX);
            findings.push(EndpointFinding::Untold {
                status,
                would: would.map(|kind| (*kind).to_owned()).collect(),
            });
        }
    }
    findings
}

/// The texts of a list; `None` where one of them is `*`, which stands for every type.
pub(crate) fn types(texts: impl IntoIterator<Item = String>) -> Option<BTreeSet<String>> {
    let types: BTreeSet<String> = texts.into_iter().collect();
    (!types.contains("*")).then_some(types)
}

/// The texts of a list at a path.
pub(crate) fn texts(node: Node<'_>, path: &str) -> Vec<String> {
    let items = node.items(path).unwrap_or_default().into_iter();
    items.filter_map(|item| item.text("")).collect()
}

/// The names of a list of objects at a path.
pub(crate) fn names(node: Node<'_>, path: &str) -> Vec<String> {
    let items = node.items(path).unwrap_or_default().into_iter();
    items.filter_map(|item| item.text("name")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(url: &str, enabled: bool, kinds: Option<&[&str]>) -> Endpoint {
        Endpoint {
            url: url.to_owned(),
            enabled,
            event_types: kinds.map(|kinds| kinds.iter().map(|it| (*it).to_owned()).collect()),
            api_version: None,
        }
    }

    fn findings(endpoints: &[Endpoint]) -> Vec<EndpointFinding> {
        let info = provider_webhooks::providers::by_name("stripe")
            .unwrap()
            .info();
        judge(&with_address(endpoints, "https://h.example/"), info)
    }

    #[test]
    fn an_endpoint_that_is_on_and_hears_everything_is_right() {
        let all = [endpoint("https://h.example/webhook/stripe", true, None)];
        assert_eq!(findings(&all), []);
    }

    #[test]
    fn what_is_off_missing_or_not_subscribed_is_found() {
        assert_eq!(findings(&[]), [EndpointFinding::None]);
        let elsewhere = [endpoint("https://other.example/", true, None)];
        assert_eq!(findings(&elsewhere), [EndpointFinding::None]);
        let off = [endpoint("https://h.example/a", false, None)];
        assert_eq!(
            findings(&off),
            [EndpointFinding::Disabled {
                url: "https://h.example/a".to_owned()
            }]
        );
        let few = [endpoint(
            "https://h.example/a",
            true,
            Some(&["payment_intent.succeeded"]),
        )];
        let untold: Vec<PaymentStatus> = findings(&few)
            .into_iter()
            .filter_map(|finding| match finding {
                EndpointFinding::Untold { status, would } => {
                    assert!(!would.is_empty() && would.len() <= NAMED_MAX);
                    Some(status)
                }
                _ => None,
            })
            .collect();
        assert!(untold.contains(&PaymentStatus::Refunded), "{untold:?}");
        assert!(!untold.contains(&PaymentStatus::Captured), "{untold:?}");
    }
}
