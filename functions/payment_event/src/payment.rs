//! The state of a payment: a pure fold of its movements, the same in any order.
//!
//! A sum is `None` where money moved, or must have, and no amount was told; zero is a claim that nothing did.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{Amount, CurrencyCode, Movement, MovementKind, MovementState, Problem, Tells};

/// What is known of a payment, in the order in which one of several holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// A payout that arrived.
    PayoutPaid,
    /// A payout that failed or came back.
    PayoutFailed,
    /// A dispute was announced or holds money.
    Disputed,
    /// A dispute was lost.
    DisputeLost,
    /// As much was given back as was taken.
    Refunded,
    /// Something was given back.
    PartiallyRefunded,
    /// Less was taken than was authorised.
    PartiallyCaptured,
    /// The money was taken.
    Captured,
    /// Released or cancelled before anything was taken.
    Voided,
    /// The money is reserved.
    Authorised,
    /// It did not go through.
    Failed,
    /// Nothing moved yet.
    Pending,
}

impl PaymentState {
    /// Every state, for tables and tests.
    pub const ALL: [Self; 12] = [
        Self::PayoutPaid,
        Self::PayoutFailed,
        Self::Disputed,
        Self::DisputeLost,
        Self::Refunded,
        Self::PartiallyRefunded,
        Self::PartiallyCaptured,
        Self::Captured,
        Self::Voided,
        Self::Authorised,
        Self::Failed,
        Self::Pending,
    ];

    /// The text, the same as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PayoutPaid => "payout_paid",
            Self::PayoutFailed => "payout_failed",
            Self::Disputed => "disputed",
            Self::DisputeLost => "dispute_lost",
            Self::Refunded => "refunded",
            Self::PartiallyRefunded => "partially_refunded",
            Self::PartiallyCaptured => "partially_captured",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::Authorised => "authorised",
            Self::Failed => "failed",
            Self::Pending => "pending",
        }
    }
}

/// The money of a payment, in minor units of one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payment {
    /// The currency, when any amount was told.
    pub currency: Option<CurrencyCode>,
    /// Decimal places of the minor unit.
    pub exponent: Option<u8>,
    /// Everything that was ever authorised, released or not; `None` where no authorisation was told.
    pub authorised: Option<i128>,
    /// Everything that was taken and did not fail.
    pub captured: Option<i128>,
    /// Everything that was given back, gross.
    pub refunded: Option<i128>,
    /// What disputes hold at present.
    pub disputed: Option<i128>,
    /// Captured less refunded and disputed.
    pub net: Option<i128>,
    /// What was paid out; payouts alone have it.
    pub paid_out: Option<i128>,
    /// What holds.
    pub state: PaymentState,
    /// What the movements contradict each other in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub problems: BTreeSet<Problem>,
}

/// The kinds in the order in which the first that has an amount gives the currency.
const CURRENCY_OF: [MovementKind; 8] = [
    MovementKind::Capture,
    MovementKind::CaptureTotal,
    MovementKind::Authorisation,
    MovementKind::Refund,
    MovementKind::RefundTotal,
    MovementKind::Dispute,
    MovementKind::DisputeReversal,
    MovementKind::Payout,
];

struct Fold<'m> {
    movements: &'m [Movement],
    money: Option<(CurrencyCode, u8)>,
}

impl Payment {
    /// Folds the movements of one payment, each once.
    pub fn of(movements: &[Movement]) -> Self {
        let fold = Fold::new(movements);
        let mut problems = fold.problems();
        let authorised = fold.sum(MovementKind::Authorisation);
        let own_captures = fold.any(MovementKind::Capture, |m| {
            m.stage.state != MovementState::Failed
        });
        let captures_told =
            fold.counts(MovementKind::Capture) || fold.counts(MovementKind::CaptureTotal);
        let mut captured = match own_captures {
            true => fold.sum(MovementKind::Capture),
            false => fold.sum(MovementKind::CaptureTotal),
        };
        let mut refunded = match fold.any(MovementKind::Refund, |_| true) {
            true => fold.sum(MovementKind::Refund),
            false => fold.sum(MovementKind::RefundTotal),
        };
        let voided = |kind| fold.any(kind, |m| m.stage.state == MovementState::Voided);
        let moved = |sum: Option<i128>| sum != Some(0);
        if voided(MovementKind::Authorisation) && captured == Some(0) && !captures_told {
            // Nothing was taken: what looks like a refund is the release of an authorisation.
            refunded = Some(0);
        }
        if moved(refunded) && !captures_told {
            // A capture that no event told, as with automatic capture.
            captured = None;
        }
        let disputed = fold.disputed();
        if captures_told && refunded > captured && captured.is_some() {
            problems.insert(Problem::RefundBeyondCapture);
        }
        let dispute_told = fold.any(MovementKind::Dispute, |_| true);
        let before_it = [
            MovementKind::Authorisation,
            MovementKind::Capture,
            MovementKind::CaptureTotal,
        ];
        if dispute_told && !before_it.into_iter().any(|kind| fold.any(kind, |_| true)) {
            problems.insert(Problem::DisputeWithoutPayment);
        }
        let payout = fold.any(MovementKind::Payout, |_| true);
        let state = fold.state(authorised, captured, refunded, disputed);
        let net = captured
            .zip(refunded)
            .zip(disputed)
            .map(|((captured, refunded), disputed)| captured - refunded - disputed);
        Self {
            currency: fold.money.map(|(currency, _)| currency),
            exponent: fold.money.map(|(_, exponent)| exponent),
            authorised: authorised.filter(|_| fold.counts(MovementKind::Authorisation)),
            captured,
            refunded,
            disputed,
            net,
            paid_out: match payout {
                true => fold.sum(MovementKind::Payout),
                false => None,
            },
            state,
            problems,
        }
    }
}

impl<'m> Fold<'m> {
    fn new(movements: &'m [Movement]) -> Self {
        let of = |kind| {
            let amounts = movements.iter().filter(move |m| m.kind == kind);
            let amounts = amounts.filter_map(Movement::amount);
            amounts
                .map(|amount| (amount.currency, amount.exponent))
                .min()
        };
        Self {
            movements,
            money: CURRENCY_OF.into_iter().find_map(of),
        }
    }

    fn of(&self, kind: MovementKind) -> impl Iterator<Item = &'m Movement> {
        self.movements.iter().filter(move |m| m.kind == kind)
    }

    fn any(&self, kind: MovementKind, which: impl Fn(&Movement) -> bool) -> bool {
        self.of(kind).any(which)
    }

    fn counts(&self, kind: MovementKind) -> bool {
        self.any(kind, Movement::counts)
    }

    /// The minor units of an amount in the payment's currency; `None` for another one.
    fn minor(&self, amount: &Amount) -> Option<i128> {
        let same = self.money == Some((amount.currency, amount.exponent));
        same.then(|| i128::from(amount.minor.0))
    }

    /// `None` when something moved whose amount was not told, or was told in another currency.
    fn sum(&self, kind: MovementKind) -> Option<i128> {
        let moved = self.of(kind).filter(|m| m.counts());
        moved
            .map(|m| m.amount().and_then(|amount| self.minor(amount)))
            .sum()
    }

    /// What disputes hold. Where reversals have ids of their own, a chargeback may turn to won beside
    /// its reversal: the money came back once.
    fn disputed(&self) -> Option<i128> {
        let held = self.sum(MovementKind::Dispute)?;
        let won = self.of(MovementKind::Dispute);
        let won = won.filter(|m| m.stage.state == MovementState::Won);
        let won: i128 = won.filter_map(|m| self.minor(m.amount()?)).sum();
        let reversed = self.sum(MovementKind::DisputeReversal)?;
        Some(held - (reversed - won).clamp(0, held.max(0)) - self.refunded_again())
    }

    /// What lost disputes hold that a refund of the payment tells again.
    fn refunded_again(&self) -> i128 {
        let amount = |m: &Movement| m.amount().and_then(|amount| self.minor(amount));
        let refunds = self.of(MovementKind::Refund).filter(|m| m.counts());
        let mut refunds: Vec<i128> = refunds.filter_map(amount).collect();
        let given_back = |m: &&Movement| {
            let tells = m.money.as_ref().map(|told| told.tells);
            m.counts() && tells == Some(Tells::Refunded)
        };
        let disputes = self.of(MovementKind::Dispute).filter(given_back);
        let again = disputes.filter_map(amount).filter(|disputed| {
            let same = refunds.iter().position(|refund| refund == disputed);
            same.map(|position| refunds.swap_remove(position)).is_some()
        });
        again.sum()
    }

    fn state(
        &self,
        authorised: Option<i128>,
        captured: Option<i128>,
        refunded: Option<i128>,
        disputed: Option<i128>,
    ) -> PaymentState {
        use MovementKind::{
            Authorisation, Capture, CaptureTotal, Dispute, DisputeReversal, Payout,
        };
        use MovementState::{Announced, Failed, Lost, Open, Pending, Succeeded, Voided};
        let any = |kind, state| self.any(kind, |m| m.stage.state == state);
        if any(Payout, Succeeded) {
            return PaymentState::PayoutPaid;
        }
        if any(Payout, Failed) || any(Payout, Voided) {
            return PaymentState::PayoutFailed;
        }
        let given_back = self.counts(DisputeReversal) && disputed == Some(0);
        if any(Dispute, Announced) || any(Dispute, Open) && !given_back {
            return PaymentState::Disputed;
        }
        if any(Dispute, Lost) && !given_back {
            return PaymentState::DisputeLost;
        }
        if refunded != Some(0) {
            let whole = captured.or(authorised.filter(|authorised| *authorised != 0));
            return match refunded.zip(whole) {
                Some((refunded, whole)) if refunded >= whole => PaymentState::Refunded,
                _ => PaymentState::PartiallyRefunded,
            };
        }
        if captured != Some(0) || self.counts(Capture) || self.counts(CaptureTotal) {
            return match captured.zip(authorised) {
                Some((captured, authorised)) if captured < authorised => {
                    PaymentState::PartiallyCaptured
                }
                _ => PaymentState::Captured,
            };
        }
        if any(Authorisation, Voided) || any(Capture, Voided) {
            return PaymentState::Voided;
        }
        if any(Authorisation, Succeeded) {
            return PaymentState::Authorised;
        }
        let failed = |kind| any(kind, Failed) && !any(kind, Pending);
        if failed(Capture) || any(Authorisation, Failed) {
            return PaymentState::Failed;
        }
        PaymentState::Pending
    }

    fn problems(&self) -> BTreeSet<Problem> {
        let told = self
            .movements
            .iter()
            .flat_map(|m| m.problems.iter().copied());
        let mut problems: BTreeSet<Problem> = told.collect();
        let amounts = self.movements.iter().filter_map(Movement::amount);
        let other = |amount: &Amount| self.minor(amount).is_none();
        if amounts.into_iter().any(other) {
            problems.insert(Problem::CurrencyDiffers);
        }
        problems
    }
}

#[cfg(test)]
#[path = "payment_tests.rs"]
mod tests;
