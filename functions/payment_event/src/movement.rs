//! Money that moved once, however many events tell it.
//!
//! Invariant: [`Movement::join`] is commutative, associative and idempotent in everything but the noted problems, so what is known
//! of a movement does not depend on the order in which its events came, nor on how often they did.
//! Source of the facts: each provider's file; of the ranks: `ARCHITECTURE.md`, "Movements".

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Amount, Identifier, Problem};

/// What the sort key of a movement's item starts with. An event's starts with a time or `undated`.
pub const MOVEMENT: &str = "movement";

/// What kind of money movement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Money that was reserved.
    Authorisation,
    /// Money that was taken.
    Capture,
    /// All that was taken of a payment, where its captures may not be told one by one.
    CaptureTotal,
    /// Money that was given back.
    Refund,
    /// All that was given back of a payment, where its refunds may not be told one by one.
    RefundTotal,
    /// Money that a dispute holds.
    Dispute,
    /// Money of a dispute that came back under an id of its own.
    DisputeReversal,
    /// Money that left for the merchant's bank account.
    Payout,
}

impl MovementKind {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 8] = [
        Self::Authorisation,
        Self::Capture,
        Self::CaptureTotal,
        Self::Refund,
        Self::RefundTotal,
        Self::Dispute,
        Self::DisputeReversal,
        Self::Payout,
    ];

    /// The stored text, the same as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorisation => "authorisation",
            Self::Capture => "capture",
            Self::CaptureTotal => "capture_total",
            Self::Refund => "refund",
            Self::RefundTotal => "refund_total",
            Self::Dispute => "dispute",
            Self::DisputeReversal => "dispute_reversal",
            Self::Payout => "payout",
        }
    }
}

/// How far a movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementState {
    /// A dispute was announced; nothing was withdrawn.
    Announced,
    /// Under way; nothing moved.
    Pending,
    /// The money moved.
    Succeeded,
    /// A dispute holds the money.
    Open,
    /// The dispute ended for the payer: the money stays away.
    Lost,
    /// The dispute ended for the merchant: the money came back.
    Won,
    /// An authorisation that was released or ran out, a payment that was cancelled before it was taken.
    Voided,
    /// It did not go through, or was undone.
    Failed,
}

impl MovementState {
    /// Returns true if money of a movement of this kind moved and has not come back.
    pub fn counts(self, kind: MovementKind) -> bool {
        match self {
            Self::Succeeded | Self::Open | Self::Lost => true,
            // Everything that was ever authorised, released or not.
            Self::Voided => kind == MovementKind::Authorisation,
            _ => false,
        }
    }

    /// Every state, for tables and tests.
    pub const ALL: [Self; 8] = [
        Self::Announced,
        Self::Pending,
        Self::Succeeded,
        Self::Open,
        Self::Lost,
        Self::Won,
        Self::Voided,
        Self::Failed,
    ];

    /// The stored text, the same as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Open => "open",
            Self::Lost => "lost",
            Self::Won => "won",
            Self::Voided => "voided",
            Self::Failed => "failed",
        }
    }
}

/// A state and its place among the states of one movement: of two stages the one of the higher rank holds, whatever came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stage {
    /// Its rank. Ranks are compared only within one movement.
    pub rank: i64,
    /// What holds.
    pub state: MovementState,
}

impl Stage {
    /// Announced: an inquiry, a notification of a chargeback that is to come.
    pub const ANNOUNCED: Self = Self::new(5, MovementState::Announced);
    /// Under way.
    pub const PENDING: Self = Self::new(10, MovementState::Pending);
    /// An attempt failed, and a later one may succeed under the same id.
    pub const REFUSED: Self = Self::new(20, MovementState::Failed);
    /// The money moved.
    pub const SUCCEEDED: Self = Self::new(30, MovementState::Succeeded);
    /// The authorisation ended, or the payment was cancelled before it was taken.
    pub const VOIDED: Self = Self::new(40, MovementState::Voided);
    /// It failed for good, perhaps after it had succeeded.
    pub const FAILED: Self = Self::new(50, MovementState::Failed);
    /// The dispute holds the money.
    pub const OPEN: Self = Self::new(20, MovementState::Open);
    /// The dispute ended for the payer.
    pub const LOST: Self = Self::new(30, MovementState::Lost);
    /// The dispute ended for the merchant, or the money was reinstated.
    pub const WON: Self = Self::new(40, MovementState::Won);
    /// The dispute was opened once more after it was won, and lost.
    pub const LOST_AGAIN: Self = Self::new(50, MovementState::Lost);

    /// A state with a rank of its own, where the provider's states have another order.
    pub const fn new(rank: i64, state: MovementState) -> Self {
        Self { rank, state }
    }
}

/// What an amount says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tells {
    /// The amount of this movement: the same in every event that tells it.
    Own,
    /// A total so far: it grows, and the greatest holds.
    Total,
    /// What stands at this stage: it may differ from what an earlier stage told.
    Standing,
    /// What stands at this stage of a dispute, and was given back by a refund that may be told as well: the money left once.
    Refunded,
}

impl Tells {
    /// Every one, for tables and tests.
    pub const ALL: [Self; 4] = [Self::Own, Self::Total, Self::Standing, Self::Refunded];

    /// The stored text, the same as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Total => "total",
            Self::Standing => "standing",
            Self::Refunded => "refunded",
        }
    }
}

/// One movement, as one event tells it or as all of them together do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// What kind it is.
    pub kind: MovementKind,
    /// The provider's id of the object that moves: the same in every event that tells it.
    pub id: Identifier,
    /// The provider's id of the payment that it belongs to: the same in every event that tells it.
    pub payment: Identifier,
    /// How far it is.
    #[serde(flatten)]
    pub stage: Stage,
    /// The amount, when one was told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub money: Option<Told>,
    /// What the tellers contradict each other in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub problems: BTreeSet<Problem>,
}

/// An amount and the stage that told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What the amount says.
    pub tells: Tells,
    /// The rank of the stage that told it: a higher one's amount holds.
    pub rank: i64,
    /// The amount.
    pub amount: Amount,
    /// When the event happened that told a total, by the provider's clock.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Timestamp>,
}

impl Told {
    /// Of two amounts the one that orders higher holds.
    fn order(&self) -> impl Ord + use<'_> {
        let amount = &self.amount;
        // A total only grows, at whatever stage it is told; what a refused attempt stated is below it.
        let rank = match self.tells {
            Tells::Total => i64::MAX,
            Tells::Own | Tells::Standing | Tells::Refunded => self.rank,
        };
        (
            rank,
            amount.minor,
            amount.currency,
            amount.exponent,
            // The first that told it: what is smaller and later shrank.
            Reverse(self.at),
            &amount.text,
            (self.tells, self.rank),
        )
    }

    /// How this one and another of the same movement contradict each other.
    fn contradiction(&self, other: &Self) -> Option<Problem> {
        let (mine, theirs) = (&self.amount, &other.amount);
        if (mine.currency, mine.exponent) != (theirs.currency, theirs.exponent) {
            return Some(Problem::CurrencyDiffers);
        }
        match self.tells {
            Tells::Own => (mine.minor != theirs.minor).then_some(Problem::AmountDiffers),
            Tells::Total => {
                let (earlier, later) = match self.at <= other.at {
                    true => (self, other),
                    false => (other, self),
                };
                let shrank = earlier.at < later.at && later.amount.minor < earlier.amount.minor;
                shrank.then_some(Problem::TotalShrinks)
            }
            Tells::Standing | Tells::Refunded => None,
        }
    }
}

impl Movement {
    /// The sort key of its item.
    pub fn sort_key(&self) -> String {
        format!("{MOVEMENT}#{}#{}", self.kind.as_str(), self.id.as_str())
    }

    /// The amount, when one was told.
    pub fn amount(&self) -> Option<&Amount> {
        self.money.as_ref().map(|told| &told.amount)
    }

    /// Returns true if money moved and has not come back.
    pub fn counts(&self) -> bool {
        self.stage.state.counts(self.kind)
    }

    /// What it adds to the sum of its kind: `None` when nothing moved or no amount was told.
    pub fn counted(&self) -> Option<&Amount> {
        self.amount().filter(|_| self.counts())
    }

    /// Learns what another telling of the same movement says. Returns true if anything changed.
    pub fn join(&mut self, other: &Self) -> bool {
        let before = self.clone();
        if let (Some(mine), Some(theirs)) = (&self.money, &other.money) {
            self.problems.extend(mine.contradiction(theirs));
        }
        self.problems.extend(&other.problems);
        self.stage = self.stage.max(other.stage);
        let theirs = other.money.as_ref();
        if self.money.as_ref().map(Told::order) < theirs.map(Told::order) {
            self.money = theirs.cloned();
        }
        *self != before
    }
}

#[cfg(test)]
#[path = "movement_tests.rs"]
mod tests;
