//! From events to payments: the movements of all events, each once, gathered by the payment that they belong to.
//!
//! Invariant: pure, and the same for the same events in any order and however often.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Movement, MovementKind, Payment, PaymentEvent, PaymentStatus};

/// Roles of related ids that name the same payment under another of its ids. A customer, a subscription or an invoice has several
/// payments and is none of them.
pub const PAYMENT_ROLES: [&str; 13] = [
    "authorisation",
    "authorization",
    "capture",
    "charge",
    "checkout_session",
    "client_reference",
    "local_payment",
    "order",
    "payment",
    "payment_intent",
    "reference",
    "request",
    "transaction",
];

/// A payment with everything that was told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The provider's name.
    pub provider: String,
    /// The provider's id of the payment: of several the one that its captures or authorisations bear.
    pub transaction_id: String,
    /// Every id under which something of it is stored.
    pub transaction_ids: BTreeSet<String>,
    /// Its movements, each once.
    pub movements: Vec<Movement>,
    /// What they come to.
    pub payment: Payment,
}

type Node = (String, String);

/// Collects events.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    movements: BTreeMap<(String, MovementKind, String), Vec<Movement>>,
    /// Transaction ids, and whether anything at them is about a payment.
    nodes: BTreeMap<Node, bool>,
    links: Vec<(Node, Node)>,
}

impl Ledger {
    /// Takes in what an event tells.
    pub fn add(&mut self, event: &PaymentEvent) {
        let node = |id: &str| (event.provider.clone(), id.to_owned());
        let about_a_payment = !matches!(
            event.status,
            PaymentStatus::Notice | PaymentStatus::Unclassified
        );
        let own = node(event.transaction_id.as_str());
        *self.nodes.entry(own.clone()).or_default() |= about_a_payment;
        for (role, id) in &event.related_ids {
            if PAYMENT_ROLES.contains(&role.as_str()) {
                self.links.push((own.clone(), node(id.as_str())));
            }
        }
        for movement in &event.movements {
            self.add_movement(&event.provider, movement.clone());
            self.links
                .push((own.clone(), node(movement.payment.as_str())));
        }
    }

    /// Takes in a movement of a provider.
    pub fn add_movement(&mut self, provider: &str, movement: Movement) {
        let payment = (provider.to_owned(), movement.payment.as_str().to_owned());
        self.nodes.insert(payment, true);
        let key = (
            provider.to_owned(),
            movement.kind,
            movement.id.as_str().to_owned(),
        );
        self.movements.entry(key).or_default().push(movement);
    }

    /// One payment from its joined movements and the ids that something of it stands under.
    pub fn of_one(
        provider: &str,
        ids: impl Iterator<Item = String>,
        movements: Vec<Movement>,
    ) -> Told {
        Told::of(provider.to_owned(), ids.collect(), movements)
    }

    /// The payments, ordered by provider and id.
    pub fn payments(self) -> Vec<Told> {
        let mut groups = Groups::of(self.nodes.keys().cloned());
        for (one, other) in &self.links {
            groups.join(one, other);
        }
        let mut found: BTreeMap<Node, (BTreeSet<String>, Vec<Movement>, bool)> = BTreeMap::new();
        for (node, about_a_payment) in &self.nodes {
            let entry = found.entry(groups.root(node)).or_default();
            entry.0.insert(node.1.clone());
            entry.2 |= about_a_payment;
        }
        for ((provider, _, _), mut tellings) in self.movements {
            // In the order of the events, so that what contradicts is found in whatever order they came.
            tellings.sort_by_key(|telling| telling.money.as_ref().and_then(|told| told.at));
            let mut tellings = tellings.into_iter();
            let Some(mut movement) = tellings.next() else {
                continue;
            };
            tellings.for_each(|telling| {
                movement.join(&telling);
            });
            let node = (provider, movement.payment.as_str().to_owned());
            let entry = found.entry(groups.root(&node)).or_default();
            entry.1.push(movement);
        }
        let any = found
            .values()
            .any(|(_, _, about_a_payment)| *about_a_payment);
        let mut payments: Vec<_> = found
            .into_iter()
            // What is about no payment is left out, unless there is nothing else.
            .filter(|(_, (_, _, about_a_payment))| *about_a_payment || !any)
            .map(|((provider, _), (ids, movements, _))| Told::of(provider, ids, movements))
            .collect();
        payments.sort_by(|a, b| {
            (&a.provider, &a.transaction_id).cmp(&(&b.provider, &b.transaction_id))
        });
        payments
    }
}

impl Told {
    fn of(provider: String, ids: BTreeSet<String>, movements: Vec<Movement>) -> Self {
        use MovementKind::{Authorisation, Capture, CaptureTotal, Payout};
        let of = |kind| movements.iter().filter(move |m| m.kind == kind);
        let bearer = [Capture, CaptureTotal, Authorisation, Payout]
            .into_iter()
            .find_map(|kind| of(kind).map(|m| m.payment.as_str()).min())
            .or_else(|| movements.iter().map(|m| m.payment.as_str()).min())
            .or_else(|| ids.first().map(String::as_str));
        Self {
            transaction_id: bearer.unwrap_or_default().to_owned(),
            provider,
            transaction_ids: ids,
            payment: Payment::of(&movements),
            movements,
        }
    }
}

/// Which nodes belong together.
struct Groups(BTreeMap<Node, Node>);

impl Groups {
    fn of(nodes: impl Iterator<Item = Node>) -> Self {
        Self(nodes.map(|node| (node.clone(), node)).collect())
    }

    /// The least node of a group stands for it; a node that nothing is stored under for itself.
    fn root(&self, node: &Node) -> Node {
        let mut node = node;
        while let Some(parent) = self.0.get(node) {
            if parent == node {
                break;
            }
            node = parent;
        }
        node.clone()
    }

    /// Nodes under which nothing is stored join others, too: two events that name one order.
    fn join(&mut self, one: &Node, other: &Node) {
        for node in [one, other] {
            self.0.entry(node.clone()).or_insert_with(|| node.clone());
        }
        let (one, other) = (self.root(one), self.root(other));
        let (low, high) = if one <= other {
            (one, other)
        } else {
            (other, one)
        };
        self.0.insert(high, low);
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
