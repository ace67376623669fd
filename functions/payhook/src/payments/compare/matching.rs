//! Finds which rows of a report belong to which movements.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use payment_event::{MovementKind, MovementState};

use super::{Known, Report, Row, single, total};

type Key<'k> = (MovementKind, &'k str);

/// Which rows belong to which movements.
pub(super) struct Matching<'c> {
    /// Movements, by their position among those that are known, and their rows.
    pub(super) groups: BTreeMap<Vec<usize>, Vec<&'c Row>>,
    /// Rows without a movement, by kind and id.
    pub(super) alone: BTreeMap<Key<'c>, Vec<&'c Row>>,
    matched: BTreeSet<usize>,
    by_payment: HashMap<Key<'c>, Vec<usize>>,
    known: &'c [Known],
}

impl<'c> Matching<'c> {
    pub(super) fn of(report: &'c Report, known: &'c [Known]) -> Self {
        let mut by_id: HashMap<Key<'c>, usize> = HashMap::new();
        let mut by_payment: HashMap<Key<'c>, Vec<usize>> = HashMap::new();
        for (at, one) in known.iter().enumerate() {
            let kind = one.movement.kind;
            by_id.entry((kind, one.movement.id.as_str())).or_insert(at);
            let own = one.movement.payment.as_str();
            let ids = one.payments.iter().map(String::as_str).chain([own]);
            for payment in ids.collect::<BTreeSet<_>>() {
                by_payment.entry((kind, payment)).or_default().push(at);
            }
        }
        let mut matching = Self {
            groups: BTreeMap::new(),
            alone: BTreeMap::new(),
            matched: BTreeSet::new(),
            by_payment,
            known,
        };
        let (with_id, without): (Vec<_>, Vec<_>) =
            report.rows.iter().partition(|row| !row.ids.is_empty());
        for row in with_id {
            let mut own = row.ids.iter().filter_map(|id| by_id.get(&(row.kind, id)));
            match own
                .next()
                .copied()
                .or_else(|| matching.total_of(row, &by_id))
            {
                Some(at) => matching.add(vec![at], row),
                None => matching.add_alone(row),
            }
        }
        // What rows with an id did not take.
        let taken = matching.matched.clone();
        for row in without {
            let rest = matching.at_payment(row.kind, row);
            let rest: Vec<_> = rest.into_iter().filter(|at| !taken.contains(at)).collect();
            let rest = match rest.is_empty() {
                true => matching.total_of(row, &by_id).into_iter().collect(),
                false => rest,
            };
            match rest.is_empty() {
                true => matching.add_alone(row),
                false => matching.add(rest, row),
            }
        }
        matching
    }

    fn add(&mut self, movements: Vec<usize>, row: &'c Row) {
        self.matched.extend(&movements);
        self.groups.entry(movements).or_default().push(row);
    }

    fn add_alone(&mut self, row: &'c Row) {
        let id = row.ids.first().or(row.payments.first());
        let key = (row.kind, id.map_or("", String::as_str));
        self.alone.entry(key).or_default().push(row);
    }

    /// The movements of a kind at the payment of a row.
    fn at_payment(&self, kind: MovementKind, row: &Row) -> Vec<usize> {
        let found = row.payments.iter().filter_map(|payment| {
            let key = (kind, payment.as_str());
            self.by_payment.get(&key)
        });
        let found: BTreeSet<_> = found.flatten().copied().collect();
        found.into_iter().collect()
    }

    /// The total that a row is part of, at a payment of which no single movement was told.
    fn total_of(&self, row: &Row, by_id: &HashMap<Key<'c>, usize>) -> Option<usize> {
        let total = total(row.kind)?;
        if !self.at_payment(row.kind, row).is_empty() {
            return None;
        }
        let mut ids = row.ids.iter().chain(&row.payments);
        let by_id = ids.find_map(|id| by_id.get(&(total, id.as_str())).copied());
        by_id.or_else(|| self.at_payment(total, row).first().copied())
    }

    /// Returns true if only the authorisation of what these rows captured was told.
    pub(super) fn authorised(&self, rows: &[&Row]) -> bool {
        rows.iter().any(|row| {
            row.kind == MovementKind::Capture
                && !self.at_payment(MovementKind::Authorisation, row).is_empty()
        })
    }

    pub(super) fn is_matched(&self, at: usize) -> bool {
        self.matched.contains(&at)
    }

    /// Returns true for a total of a payment whose single movements were told, too.
    pub(super) fn is_superseded(&self, known: &Known) -> bool {
        let kind = known.movement.kind;
        let own = known.movement.payment.as_str();
        let mut ids = known.payments.iter().map(String::as_str).chain([own]);
        kind != single(kind) && ids.any(|id| self.by_payment.contains_key(&(single(kind), id)))
    }

    /// Returns true for a refund that is the release of an authorisation: nothing was taken.
    pub(super) fn is_release(&self, known: &Known) -> bool {
        let own = known.movement.payment.as_str();
        let ids: Vec<_> = known
            .payments
            .iter()
            .map(String::as_str)
            .chain([own])
            .collect();
        let any = |kind, which: fn(&Known) -> bool| {
            let found = ids
                .iter()
                .filter_map(|id| self.by_payment.get(&(kind, *id)));
            let mut found = found.flatten().filter_map(|at| self.known.get(*at));
            found.any(which)
        };
        let counts: fn(&Known) -> bool = |one| one.movement.counts();
        single(known.movement.kind) == MovementKind::Refund
            && any(MovementKind::Authorisation, |one| {
                one.movement.stage.state == MovementState::Voided
            })
            && !any(MovementKind::Capture, counts)
            && !any(MovementKind::CaptureTotal, counts)
    }
}
