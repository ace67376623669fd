//! Joining the tellings of one movement.
use proptest::prelude::*;

use super::*;
use crate::{CurrencyCode, ExponentSource, MinorUnits};

fn told(tells: Tells, rank: i64, minor: i64, currency: &str, at: Option<i64>) -> Told {
    Told {
        tells,
        rank,
        amount: Amount {
            minor: MinorUnits(minor),
            currency: CurrencyCode::parse(currency).expect("a currency"),
            exponent: 2,
            exponent_source: ExponentSource::IsoDefault,
            text: minor.to_string(),
        },
        at: at.map(|second| Timestamp::from_second(second).expect("a time")),
    }
}

fn movement(stage: Stage, money: Option<Told>) -> Movement {
    Movement {
        kind: MovementKind::Refund,
        id: Identifier::new("re_1").expect("an id"),
        payment: Identifier::new("pi_1").expect("an id"),
        stage,
        money,
        problems: BTreeSet::new(),
    }
}

fn joined(first: &Movement, then: &Movement) -> Movement {
    let mut first = first.clone();
    first.join(then);
    first
}

#[test]
fn a_higher_rank_holds_and_keeps_the_amount() {
    let pending = movement(Stage::PENDING, Some(told(Tells::Own, 10, 30, "EUR", None)));
    let failed = movement(Stage::FAILED, None);
    for both in [joined(&pending, &failed), joined(&failed, &pending)] {
        assert_eq!(both.stage, Stage::FAILED);
        assert_eq!(both.amount().map(|a| a.minor.0), Some(30));
        assert!(!both.counts());
        assert!(both.counted().is_none());
    }
    let mut again = joined(&pending, &failed);
    assert!(!again.join(&pending));
}

#[test]
fn contradictions_are_named() {
    use Problem::{AmountDiffers, CurrencyDiffers, TotalShrinks};
    for (one, other, expected) in [
        (
            told(Tells::Own, 30, 5, "EUR", None),
            told(Tells::Own, 30, 5, "EUR", None),
            None,
        ),
        (
            told(Tells::Own, 10, 5, "EUR", None),
            told(Tells::Own, 30, 6, "EUR", None),
            Some(AmountDiffers),
        ),
        (
            told(Tells::Own, 30, 5, "EUR", None),
            told(Tells::Own, 30, 5, "USD", None),
            Some(CurrencyDiffers),
        ),
        (
            told(Tells::Standing, 10, 5, "EUR", None),
            told(Tells::Standing, 30, 6, "EUR", None),
            None,
        ),
        (
            told(Tells::Total, 30, 5, "EUR", Some(1)),
            told(Tells::Total, 30, 6, "EUR", Some(2)),
            None,
        ),
        (
            told(Tells::Total, 30, 6, "EUR", Some(1)),
            told(Tells::Total, 30, 5, "EUR", Some(2)),
            Some(TotalShrinks),
        ),
        (
            told(Tells::Total, 30, 6, "EUR", None),
            told(Tells::Total, 30, 5, "EUR", None),
            None,
        ),
    ] {
        let (one, other) = (
            movement(Stage::SUCCEEDED, Some(one)),
            movement(Stage::SUCCEEDED, Some(other)),
        );
        let expected: BTreeSet<_> = expected.into_iter().collect();
        assert_eq!(joined(&one, &other).problems, expected);
        assert_eq!(joined(&other, &one).problems, expected);
    }
}

#[test]
fn a_total_grows_at_every_stage_and_a_standing_amount_is_replaced() {
    let total = |rank, minor| {
        movement(
            Stage::new(rank, MovementState::Succeeded),
            Some(told(Tells::Total, rank, minor, "EUR", None)),
        )
    };
    assert_eq!(
        joined(&total(30, 9), &total(50, 4))
            .amount()
            .map(|a| a.minor.0),
        Some(9)
    );
    let refused = movement(
        Stage::REFUSED,
        Some(told(Tells::Standing, 20, 100, "EUR", None)),
    );
    for both in [
        joined(&refused, &total(30, 60)),
        joined(&total(30, 60), &refused),
    ] {
        assert_eq!(both.amount().map(|a| a.minor.0), Some(60));
    }
    let standing = |stage: Stage, minor| {
        movement(
            stage,
            Some(told(Tells::Standing, stage.rank, minor, "EUR", None)),
        )
    };
    let both = joined(&standing(Stage::LOST, 4), &standing(Stage::OPEN, 9));
    assert_eq!(both.amount().map(|a| a.minor.0), Some(4));
}

#[test]
fn stored_text_and_json_agree() {
    for kind in MovementKind::ALL {
        assert_eq!(
            serde_json::to_string(&kind).expect("serialises"),
            format!("\"{}\"", kind.as_str())
        );
    }
    for state in MovementState::ALL {
        assert_eq!(
            serde_json::to_string(&state).expect("serialises"),
            format!("\"{}\"", state.as_str())
        );
    }
    let whole = movement(Stage::OPEN, Some(told(Tells::Own, 20, 5, "EUR", Some(7))));
    let text = serde_json::to_string(&whole).expect("serialises");
    assert_eq!(
        serde_json::from_str::<Movement>(&text).expect("parses"),
        whole
    );
}

fn any_movement() -> impl Strategy<Value = Movement> {
    let stages = [
        Stage::PENDING,
        Stage::REFUSED,
        Stage::SUCCEEDED,
        Stage::VOIDED,
        Stage::FAILED,
    ];
    let money = prop::option::of((0..3_usize, 0..4_i64, 0..2_usize));
    (0..5_usize, money).prop_map(move |(stage, money)| {
        let stage = stages[stage];
        let money = money.map(|(tells, minor, currency)| {
            let tells = [Tells::Own, Tells::Total, Tells::Standing][tells];
            told(tells, stage.rank, minor, ["EUR", "USD"][currency], None)
        });
        movement(stage, money)
    })
}

fn facts(movement: &Movement) -> (Stage, Option<Told>) {
    (movement.stage, movement.money.clone())
}

proptest! {
    #[test]
    fn joining_is_the_same_in_any_order_and_however_often(a in any_movement(), b in any_movement(), c in any_movement()) {
        prop_assert_eq!(facts(&joined(&a, &b)), facts(&joined(&b, &a)));
        prop_assert_eq!(facts(&joined(&joined(&a, &b), &c)), facts(&joined(&a, &joined(&b, &c))));
        prop_assert_eq!(facts(&joined(&joined(&a, &b), &a)), facts(&joined(&a, &b)));
    }
}
