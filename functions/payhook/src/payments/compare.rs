//! Compares a provider's report with the movements that its webhooks told, row by row.
//!
//! Invariant: pure, and the same for rows and movements in any order. Each row and each movement
//! that counts is judged once: it agrees, it is missing on one side, or the sides differ.
//!
//! A row is matched by its kind and any of its ids. A row without an id of its own (a dispute of
//! PayPal's) is compared with what is left of its kind at its payment. Where webhooks told only a
//! total, all rows of the payment are summed. Rows of one movement are summed, too: a dispute that
//! was won has two, a partial capture of Stripe's as well.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use payment_event::{CurrencyCode, Movement, MovementKind};
use provider_webhooks::{AmountForm, providers};
use serde::Serialize;

use super::report::{Report, Row};

mod judged;
mod matching;
mod print;

use judged::Judged;
use matching::Matching;
pub(crate) use print::print;

/// A movement that webhooks told.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The movement, everything that was told of it joined.
    pub(crate) movement: Movement,
    /// Every id under which its payment is known: a report may state another than the movement's
    /// own `payment`. May be empty.
    pub(crate) payments: BTreeSet<String>,
    /// When it was told; without a time it is never missing in a report.
    pub(crate) told_at: Option<Timestamp>,
}

/// The time that a report covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Its begin.
    pub(crate) from: Timestamp,
    /// Its end, which is no longer in it.
    pub(crate) to: Timestamp,
}

/// What is wrong with an open item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// No webhook told the movement.
    NotTold,
    /// No webhook told the capture, but one told the authorisation: captured without being told,
    /// as with Adyen's automatic capture.
    OnlyAuthorised,
    /// Under way or announced, by the webhooks.
    PendingHere,
    /// Failed or cancelled, by the webhooks.
    FailedHere,
    /// The report does not have it.
    NotReported,
    /// Two amounts.
    Amount,
    /// Less than the total that webhooks told: the rest may be in another report.
    BelowTotal,
    /// Two currencies, or two numbers of decimal places.
    Currency,
    /// Money moved, and no webhook told how much.
    NoAmount,
}

impl Reason {
    /// What it says to a person.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::NotTold => "not told here",
            Self::OnlyAuthorised => "only authorised here",
            Self::PendingHere => "pending here",
            Self::FailedHere => "failed here",
            Self::NotReported => "not in the report",
            Self::Amount => "amount differs",
            Self::BelowTotal => "less than the total told here",
            Self::Currency => "currency differs",
            Self::NoAmount => "no amount told here",
        }
    }
}

/// A sum of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Sum {
    /// The currency.
    pub(crate) currency: CurrencyCode,
    /// Decimal places of the minor unit.
    pub(crate) exponent: u8,
    /// Minor units; negative where more was taken back than moved.
    pub(crate) minor: i128,
}

/// Something that somebody has to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct OpenItem {
    /// The kind.
    pub(crate) kind: MovementKind,
    /// The movement's id, or the payment's where no other is known.
    pub(crate) id: String,
    /// What is wrong.
    pub(crate) reason: Reason,
    /// What webhooks told, if they told an amount that counts.
    pub(crate) here: Option<Sum>,
    /// What the report says: nothing, one sum, or several currencies.
    pub(crate) there: Vec<Sum>,
    /// The rows, by their line or entry.
    pub(crate) lines: Vec<usize>,
    /// The provider's names for what these rows are.
    pub(crate) categories: BTreeSet<String>,
}

/// The sums of one kind and currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Totals {
    /// What webhooks told of all that was judged.
    pub(crate) here: i128,
    /// What the report says.
    pub(crate) there: i128,
    /// What is the same on both sides.
    pub(crate) agree: i128,
}

/// What a comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Movements that are the same on both sides.
    pub(crate) agree: u64,
    /// Movements that are on both sides, of a provider whose webhooks state no amounts: so the
    /// amount could not be compared. They are no open items.
    pub(crate) agree_without_amount: u64,
    /// In the report, and not or not yet moved by the webhooks.
    pub(crate) missing_here: Vec<OpenItem>,
    /// Told by webhooks in the report's time, and not in the report.
    pub(crate) missing_there: Vec<OpenItem>,
    /// On both sides, and not the same.
    pub(crate) differs: Vec<OpenItem>,
    /// The sums, by currency with its decimal places (`EUR.2`) and kind. A total is summed with
    /// its kind.
    pub(crate) totals: BTreeMap<(String, MovementKind), Totals>,
    /// The rows of the report that are no movement, by category.
    pub(crate) left_out: BTreeMap<String, u64>,
}

impl Comparison {
    /// Returns true if there is anything to look at.
    pub(crate) fn is_open(&self) -> bool {
        !(self.missing_here.is_empty() && self.missing_there.is_empty() && self.differs.is_empty())
    }
}

/// The kind whose movements a total sums.
fn single(kind: MovementKind) -> MovementKind {
    match kind {
        MovementKind::CaptureTotal => MovementKind::Capture,
        MovementKind::RefundTotal => MovementKind::Refund,
        kind => kind,
    }
}

/// The total of a kind, if it has one.
fn total(kind: MovementKind) -> Option<MovementKind> {
    match kind {
        MovementKind::Capture => Some(MovementKind::CaptureTotal),
        MovementKind::Refund => Some(MovementKind::RefundTotal),
        _ => None,
    }
}

/// Compares a report with what is known. Movements that were told before or after `window` are
/// matched as well; only those told within it can be missing in the report.
pub(crate) fn compare(report: &Report, known: &[Known], window: Window) -> Comparison {
    let info = providers::by_name(report.provider).map(|provider| provider.info());
    let stated = info.is_none_or(|info| info.amounts.form != AmountForm::NotStated);
    let matching = Matching::of(report, known);
    let mut judged = Judged {
        stated,
        comparison: Comparison {
            left_out: report.left_out.clone(),
            ..Comparison::default()
        },
    };
    for (movements, rows) in &matching.groups {
        let movements: Vec<_> = movements.iter().filter_map(|at| known.get(*at)).collect();
        judged.group(&movements, rows);
    }
    for rows in matching.alone.values() {
        judged.alone(rows, matching.authorised(rows));
    }
    for (at, one) in known.iter().enumerate() {
        let in_window = |at: Timestamp| window.from <= at && at < window.to;
        let expected = report.kinds.contains(&single(one.movement.kind))
            && one.movement.counts()
            && one.told_at.is_some_and(in_window);
        let elsewhere = matching.is_matched(at) || matching.is_superseded(one);
        if expected && !elsewhere && !matching.is_release(one) {
            judged.unreported(one);
        }
    }
    let mut comparison = judged.comparison;
    for items in [
        &mut comparison.missing_here,
        &mut comparison.missing_there,
        &mut comparison.differs,
    ] {
        items.sort_by(|a, b| (&a.id, a.kind, &a.lines).cmp(&(&b.id, b.kind, &b.lines)));
    }
    comparison
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "compare_lives_tests.rs"]
mod lives_tests;

#[cfg(test)]
#[path = "compare_made_tests.rs"]
mod made_tests;
