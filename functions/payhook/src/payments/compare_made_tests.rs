//! Comparing movements with the report that is made from them.

use payment_event::{Identifier, MovementState, Stage};
use proptest::prelude::*;

use super::tests::{known, report_of, row, window};
use super::*;

use MovementKind::{Capture, Dispute, Payout, Refund, RefundTotal};

fn movements() -> impl Strategy<Value = Vec<Known>> {
    let kind = prop::sample::select(vec![Capture, Refund, Dispute, Payout, RefundTotal]);
    let state = 0..4usize;
    let one = (kind, state, 1..1_000_000i64, 0..5usize);
    prop::collection::vec(one, 0..12).prop_map(|all| {
        let all = all.into_iter().enumerate();
        all.map(|(number, (kind, state, minor, payment))| {
            let stage = match (kind, state) {
                (Dispute, 0) => Stage::WON,
                (Dispute, 1) => Stage::LOST,
                (Dispute, _) => Stage::OPEN,
                (_, 0) => Stage::PENDING,
                (_, 1) => Stage::FAILED,
                _ => Stage::SUCCEEDED,
            };
            let mut one = known(kind, &format!("m{number}"), stage, Some(minor));
            // A total stands for all of a payment, so each has a payment of its own.
            let payment = match kind == single(kind) {
                true => format!("p{payment}"),
                false => format!("q{number}"),
            };
            one.movement.payment = Identifier::new(payment).unwrap();
            one
        })
        .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_report_that_is_made_from_the_movements_leaves_nothing_open(
        movements in movements(),
        split in any::<bool>(),
    ) {
        let mut rows = Vec::new();
        for one in &movements {
            let movement = &one.movement;
            let kind = single(movement.kind);
            let minor = movement.amount().unwrap().minor.0;
            let id = movement.id.as_str();
            let parts = match (movement.counts(), movement.stage.state) {
                (true, _) if split => vec![minor - 1, 1],
                (true, _) => vec![minor],
                (false, MovementState::Won) => vec![minor, -minor],
                (false, _) => vec![],
            };
            for (number, part) in parts.into_iter().enumerate() {
                let mut row = row(kind, &[id], part);
                if kind != movement.kind {
                    row.ids = vec![format!("{id}-{number}")];
                }
                row.payments = vec![movement.payment.as_str().to_owned()];
                rows.push(row);
            }
        }
        let made = rows.clone();
        let comparison = compare(&report_of("stripe", rows.clone()), &movements, window());
        prop_assert!(!comparison.is_open(), "{comparison:?}");
        for totals in comparison.totals.values() {
            prop_assert_eq!(totals.here, totals.there);
            prop_assert_eq!(totals.here, totals.agree);
        }
        rows.reverse();
        let mut backwards = movements.clone();
        backwards.reverse();
        let again = compare(&report_of("stripe", rows), &backwards, window());
        prop_assert_eq!(again.agree, comparison.agree);
        prop_assert_eq!(again.totals, comparison.totals);

        // Without its first row a movement misses, or a sum is too small.
        if let Some((first, rest)) = made.split_first() {
            let comparison = compare(&report_of("stripe", rest.to_vec()), &movements, window());
            let half_of_a_dispute = first.kind == Dispute;
            prop_assert!(comparison.is_open() || half_of_a_dispute || first.signed() == 0);
        }
    }
}
