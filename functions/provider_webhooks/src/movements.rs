//! How a provider's file says which money an event tells.

use jiff::Timestamp;
use payment_event::{Amount, Identifier, Movement, MovementKind, Stage, Tells, Told};
use std::collections::BTreeSet;

/// A movement that an event tells.
#[derive(Clone, Debug)]
pub(crate) struct Tell {
    kind: MovementKind,
    id: Identifier,
    stage: Stage,
    money: Option<(Tells, Amount)>,
    payment: Option<Identifier>,
}

impl Tell {
    /// A movement of the object `id`, which is the same in every event that tells the movement. An
    /// event without that id tells none.
    pub(crate) fn of(kind: MovementKind, id: Option<&Identifier>, stage: Stage) -> Option<Self> {
        Some(Self {
            kind,
            id: id?.clone(),
            stage,
            money: None,
            payment: None,
        })
    }

    /// With the movement's own amount, if one is told.
    pub(crate) fn own(self, amount: Option<Amount>) -> Self {
        self.with(Tells::Own, amount)
    }

    /// With a total so far, if one is told.
    pub(crate) fn total(self, amount: Option<Amount>) -> Self {
        self.with(Tells::Total, amount)
    }

    /// With what stands at this stage, if it is told.
    pub(crate) fn standing(self, amount: Option<Amount>) -> Self {
        self.with(Tells::Standing, amount)
    }

    /// With what a dispute holds that a refund gave back, if it is told: a refund of the same amount is the same money.
    pub(crate) fn refunded(self, amount: Option<Amount>) -> Self {
        self.with(Tells::Refunded, amount)
    }

    fn with(mut self, tells: Tells, amount: Option<Amount>) -> Self {
        self.money = amount.map(|amount| (tells, amount));
        self
    }

    /// Of this payment instead of the event's: where events tell one movement under several
    /// transaction ids.
    pub(crate) fn under(mut self, payment: Option<&Identifier>) -> Self {
        self.payment = payment.cloned();
        self
    }

    /// The movement, of the event's payment unless another is named.
    pub(crate) fn finished(self, payment: &Identifier, at: Option<Timestamp>) -> Movement {
        let rank = self.stage.rank;
        Movement {
            kind: self.kind,
            payment: self.payment.unwrap_or_else(|| payment.clone()),
            id: self.id,
            stage: self.stage,
            money: self.money.map(|(tells, amount)| Told {
                tells,
                rank,
                amount,
                // Which of two totals came first tells whether it shrank.
                at: at.filter(|_| tells == Tells::Total),
            }),
            problems: BTreeSet::new(),
        }
    }
}
