//! The event types that a provider documents, each with what it says about a payment.
//!
//! Invariant: a type that is not listed is stored as [`PaymentStatus::Unclassified`] like one that
//! says nothing about a payment. Only the metric `UnknownType` tells the two apart, because a type
//! that the provider has added since the list was read may tell of money.

use payment_event::PaymentStatus;

/// What an event type says about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Always this.
    Status(PaymentStatus),
    /// It depends on the state of the object in the event.
    ByState,
    /// Known, and nothing about a payment.
    Nothing,
}

/// The event types of one provider.
#[derive(Debug)]
pub struct EventTypes {
    /// Where the list stands, with the date on which it was read.
    pub source: &'static str,
    /// True if senders choose their own types, so that none is unknown.
    pub open: bool,
    /// Every listed type, in the order of the texts.
    pub rows: &'static [(&'static str, Says)],
}

impl EventTypes {
    /// What a type says; `None` for a type that is not listed.
    pub fn says(&self, kind: &str) -> Option<Says> {
        let position = self.rows.binary_search_by(|(name, _)| (*name).cmp(kind));
        let row = position.ok().and_then(|position| self.rows.get(position));
        row.map(|(_, says)| *says)
    }

    /// Returns true if the type is listed, or no list can be complete.
    pub fn knows(&self, kind: &str) -> bool {
        self.open || self.says(kind).is_some()
    }

    /// The status of a type whatever the state of its object. A type that depends on the state is
    /// [`PaymentStatus::Unclassified`] here: the provider's file looks at the state first.
    pub(crate) fn status(&self, kind: &str) -> PaymentStatus {
        match self.says(kind) {
            Some(Says::Status(status)) => status,
            Some(Says::ByState | Says::Nothing) | None => PaymentStatus::Unclassified,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_and_strangers_are_not() {
        use PaymentStatus::{Captured, Unclassified};
        let mut types = EventTypes {
            source: "here",
            open: false,
            rows: &[
                ("a", Says::Status(Captured)),
                ("b", Says::ByState),
                ("c", Says::Nothing),
            ],
        };
        for (kind, status, known) in [
            ("a", Captured, true),
            ("b", Unclassified, true),
            ("c", Unclassified, true),
            ("A", Unclassified, false),
            ("", Unclassified, false),
        ] {
            assert_eq!((types.status(kind), types.knows(kind)), (status, known));
        }
        types.open = true;
        assert!(types.knows("z"));
    }
}
