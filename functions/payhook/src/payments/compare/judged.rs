//! Judges what was matched: which side misses what, and by how much.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use payment_event::{CurrencyCode, Movement, MovementKind, MovementState, Tells};

use super::{Comparison, Known, OpenItem, Reason, Row, Sum, Totals, single};

/// The comparison as far as it is.
pub(super) struct Judged {
    /// Whether the provider's webhooks state amounts.
    pub(super) stated: bool,
    /// What was found.
    pub(super) comparison: Comparison,
}

/// The sums of rows, one a currency.
fn sums(rows: &[&Row]) -> Vec<Sum> {
    let mut by_currency: BTreeMap<(CurrencyCode, u8), i128> = BTreeMap::new();
    for row in rows {
        let key = (row.amount.currency, row.amount.exponent);
        *by_currency.entry(key).or_default() += row.signed();
    }
    let sums = by_currency.into_iter();
    sums.map(|((currency, exponent), minor)| Sum {
        currency,
        exponent,
        minor,
    })
    .collect()
}

fn sum_of(movement: &Movement) -> Option<Sum> {
    movement.amount().map(|amount| Sum {
        currency: amount.currency,
        exponent: amount.exponent,
        minor: i128::from(amount.minor.0),
    })
}

/// The sum of what counts; `None` where an amount was not told or the currencies are several.
fn counted(movements: &[&Known]) -> Option<Sum> {
    let amounts = movements.iter().filter(|one| one.movement.counts());
    let mut amounts = amounts.map(|one| sum_of(&one.movement));
    let first = amounts.next()??;
    amounts.try_fold(first, |sum, next| {
        let next =
            next.filter(|next| (next.currency, next.exponent) == (sum.currency, sum.exponent))?;
        let minor = sum.minor + next.minor;
        Some(Sum { minor, ..sum })
    })
}

/// The verdict on movements and their rows.
enum Verdict {
    Agree,
    AgreeWithoutAmount,
    MissingHere(Reason),
    Differs(Reason),
}

impl Judged {
    pub(super) fn group(&mut self, movements: &[&Known], rows: &[&Row]) {
        let there = sums(rows);
        let here = counted(movements);
        let verdict = self.verdict(movements, here, &there);
        let Some(first) = movements.first() else {
            return;
        };
        let kind = single(first.movement.kind);
        let item = |reason| OpenItem {
            kind,
            id: first.movement.id.as_str().to_owned(),
            reason,
            here,
            there: there.clone(),
            lines: rows.iter().map(|row| row.line).collect(),
            categories: rows.iter().map(|row| row.category.clone()).collect(),
        };
        match verdict {
            Verdict::Agree => self.comparison.agree += 1,
            Verdict::AgreeWithoutAmount => self.comparison.agree_without_amount += 1,
            Verdict::MissingHere(reason) => self.comparison.missing_here.push(item(reason)),
            Verdict::Differs(reason) => self.comparison.differs.push(item(reason)),
        }
        let agreed = matches!(verdict, Verdict::Agree);
        // What a dispute that was won withdrew was told, too, though it counts no longer.
        let here = here.or(there.first().copied().filter(|_| agreed));
        self.add_here(kind, here);
        self.add_there(kind, &there, agreed);
    }

    fn verdict(&self, movements: &[&Known], here: Option<Sum>, there: &[Sum]) -> Verdict {
        let [sum] = there else {
            return Verdict::Differs(Reason::Currency);
        };
        let counting: Vec<_> = movements
            .iter()
            .filter(|one| one.movement.counts())
            .collect();
        if counting.is_empty() {
            return self.nothing_counts(movements, *sum);
        }
        let told = counting.iter().all(|one| one.movement.amount().is_some());
        if !told {
            return match (self.stated, sum.minor > 0) {
                (false, true) => Verdict::AgreeWithoutAmount,
                (false, false) => Verdict::Differs(Reason::Amount),
                (true, _) => Verdict::Differs(Reason::NoAmount),
            };
        }
        let same = |here: &Sum| (here.currency, here.exponent) == (sum.currency, sum.exponent);
        let Some(here) = here.filter(same) else {
            return Verdict::Differs(Reason::Currency);
        };
        let grows = counting.iter().any(|one| {
            let money = one.movement.money.as_ref();
            money.is_some_and(|told| told.tells == Tells::Total)
        });
        match here.minor.cmp(&sum.minor) {
            Ordering::Equal => Verdict::Agree,
            Ordering::Greater if grows => Verdict::Differs(Reason::BelowTotal),
            _ => Verdict::Differs(Reason::Amount),
        }
    }

    /// Webhooks say that no money is away: neither must the rows say so, all in all.
    fn nothing_counts(&self, movements: &[&Known], sum: Sum) -> Verdict {
        if sum.minor == 0 {
            return Verdict::Agree;
        }
        let states = || movements.iter().map(|one| one.movement.stage.state);
        // What a dispute withdrew came back: a report of one day may have only one of the two.
        if states().any(|state| state == MovementState::Won) {
            let half = |one: &&Known| {
                sum_of(&one.movement).is_some_and(|here| {
                    (here.currency, here.exponent) == (sum.currency, sum.exponent)
                        && here.minor.abs() == sum.minor.abs()
                })
            };
            let told = movements.iter().any(|one| one.movement.amount().is_some());
            return match (movements.iter().any(half), told, self.stated) {
                (true, _, _) => Verdict::Agree,
                (false, true, _) => Verdict::Differs(Reason::Amount),
                (false, false, true) => Verdict::Differs(Reason::NoAmount),
                (false, false, false) => Verdict::AgreeWithoutAmount,
            };
        }
        let pending = |state| matches!(state, MovementState::Pending | MovementState::Announced);
        match states().any(pending) {
            true => Verdict::MissingHere(Reason::PendingHere),
            false => Verdict::MissingHere(Reason::FailedHere),
        }
    }

    pub(super) fn alone(&mut self, rows: &[&Row], authorised: bool) {
        let Some(first) = rows.first() else {
            return;
        };
        let there = sums(rows);
        self.add_there(first.kind, &there, false);
        let id = first.ids.first().or(first.payments.first());
        self.comparison.missing_here.push(OpenItem {
            kind: first.kind,
            id: id.cloned().unwrap_or_default(),
            reason: match authorised {
                true => Reason::OnlyAuthorised,
                false => Reason::NotTold,
            },
            here: None,
            there,
            lines: rows.iter().map(|row| row.line).collect(),
            categories: rows.iter().map(|row| row.category.clone()).collect(),
        });
    }

    pub(super) fn unreported(&mut self, known: &Known) {
        let here = sum_of(&known.movement);
        let kind = single(known.movement.kind);
        self.add_here(kind, here);
        self.comparison.missing_there.push(OpenItem {
            kind,
            id: known.movement.id.as_str().to_owned(),
            reason: Reason::NotReported,
            here,
            there: Vec::new(),
            lines: Vec::new(),
            categories: BTreeSet::new(),
        });
    }

    fn totals(&mut self, kind: MovementKind, sum: &Sum) -> &mut Totals {
        let currency = format!("{}.{}", sum.currency.as_str(), sum.exponent);
        self.comparison.totals.entry((currency, kind)).or_default()
    }

    fn add_here(&mut self, kind: MovementKind, here: Option<Sum>) {
        if let Some(sum) = here {
            self.totals(kind, &sum).here += sum.minor;
        }
    }

    fn add_there(&mut self, kind: MovementKind, there: &[Sum], agreed: bool) {
        for sum in there {
            let totals = self.totals(kind, sum);
            totals.there += sum.minor;
            if agreed {
                totals.agree += sum.minor;
            }
        }
    }
}
