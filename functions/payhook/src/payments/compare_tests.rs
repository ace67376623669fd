//! Comparing: each reason once.

use std::collections::BTreeSet;

use payment_event::{Amount, ExponentSource, Identifier, MinorUnits, Stage, Tells, Told};

use super::*;
use crate::payments::report::tests::GOCARDLESS_NAME;
use crate::payments::report::{Direction, ReportAmount};

use MovementKind::{Authorisation, Capture, Dispute, Payout, Refund, RefundTotal};

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const fn told(tells: Tells, rank: i64, amount: Amount) -> Told {
    Told {
        tells,
        rank,
        amount,
        at: None,
    }
}

fn amount(minor: i64, currency: &str) -> Amount {
    Amount {
        minor: MinorUnits(minor),
        currency: CurrencyCode::parse(currency).unwrap(),
        exponent: 2,
        exponent_source: ExponentSource::IsoDefault,
        text: minor.to_string(),
    }
}

pub(super) fn known(kind: MovementKind, id: &str, stage: Stage, minor: Option<i64>) -> Known {
    let tells = match kind == single(kind) {
        true => Tells::Own,
        false => Tells::Total,
    };
    Known {
        movement: Movement {
            kind,
            id: Identifier::new(id).unwrap(),
            payment: Identifier::new("pay").unwrap(),
            stage,
            money: minor.map(|minor| told(tells, stage.rank, amount(minor, "EUR"))),
            problems: BTreeSet::new(),
        },
        payments: BTreeSet::new(),
        told_at: Some(time("2026-03-02T12:00:00Z")),
    }
}

pub(super) fn row(kind: MovementKind, ids: &[&str], minor: i64) -> Row {
    Row {
        line: 2,
        kind,
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        payments: vec!["pay".to_owned()],
        amount: ReportAmount {
            minor: minor.abs(),
            currency: CurrencyCode::parse("EUR").unwrap(),
            exponent: 2,
        },
        direction: match minor < 0 {
            true => Direction::TakenBack,
            false => Direction::Moved,
        },
        at: None,
        category: "category".to_owned(),
    }
}

pub(super) fn report_of(provider: &'static str, rows: Vec<Row>) -> Report {
    Report {
        provider,
        rows,
        left_out: BTreeMap::new(),
        kinds: [Capture, Refund, Dispute, Payout].into(),
    }
}

pub(super) fn window() -> Window {
    Window {
        from: time("2026-03-02T00:00:00Z"),
        to: time("2026-03-03T00:00:00Z"),
    }
}

/// What is open, as list, id and reason.
pub(super) fn open(comparison: &Comparison) -> Vec<(char, &str, Reason)> {
    let lists = [
        ('h', &comparison.missing_here),
        ('t', &comparison.missing_there),
        ('d', &comparison.differs),
    ];
    let lists = lists.into_iter();
    lists
        .flat_map(|(list, items)| {
            items
                .iter()
                .map(move |item| (list, item.id.as_str(), item.reason))
        })
        .collect()
}

#[test]
fn each_reason_has_its_case() {
    let ok = Stage::SUCCEEDED;
    let one = |movement: Known, rows: &[Row]| (vec![movement], rows.to_vec());
    for (name, (movements, rows), agree, expected) in [
        (
            "the same on both sides",
            one(
                known(Capture, "c", ok, Some(100)),
                &[row(Capture, &["c"], 100)],
            ),
            1,
            vec![],
        ),
        (
            "known by the second id",
            one(
                known(Capture, "c", ok, Some(100)),
                &[row(Capture, &["x", "c"], 100)],
            ),
            1,
            vec![],
        ),
        (
            "another kind of the same id",
            one(
                known(Capture, "c", ok, Some(100)),
                &[row(Dispute, &["c"], 100)],
            ),
            0,
            vec![('h', "c", Reason::NotTold), ('t', "c", Reason::NotReported)],
        ),
        (
            "another amount",
            one(
                known(Refund, "r", ok, Some(100)),
                &[row(Refund, &["r"], 90)],
            ),
            0,
            vec![('d', "r", Reason::Amount)],
        ),
        (
            "two rows of one capture",
            one(
                known(Capture, "c", ok, Some(100)),
                &[row(Capture, &["c"], 120), row(Capture, &["c"], -20)],
            ),
            1,
            vec![],
        ),
        (
            "pending",
            one(
                known(Refund, "r", Stage::PENDING, Some(9)),
                &[row(Refund, &["r"], 9)],
            ),
            0,
            vec![('h', "r", Reason::PendingHere)],
        ),
        (
            "failed",
            one(
                known(Refund, "r", Stage::FAILED, Some(9)),
                &[row(Refund, &["r"], 9)],
            ),
            0,
            vec![('h', "r", Reason::FailedHere)],
        ),
        (
            "failed on both sides",
            one(
                known(Refund, "r", Stage::FAILED, Some(9)),
                &[row(Refund, &["r"], 9), row(Refund, &["r"], -9)],
            ),
            1,
            vec![],
        ),
        (
            "no amount",
            one(known(Refund, "r", ok, None), &[row(Refund, &["r"], 9)]),
            0,
            vec![('d', "r", Reason::NoAmount)],
        ),
        (
            "a dispute that was won, whole",
            one(
                known(Dispute, "d", Stage::WON, Some(9)),
                &[row(Dispute, &["d"], 9), row(Dispute, &["d"], -9)],
            ),
            1,
            vec![],
        ),
        (
            "a dispute that was won, of which the report has one half",
            one(
                known(Dispute, "d", Stage::WON, Some(9)),
                &[row(Dispute, &["d"], -9)],
            ),
            1,
            vec![],
        ),
        (
            "a dispute that was won for another amount",
            one(
                known(Dispute, "d", Stage::WON, Some(9)),
                &[row(Dispute, &["d"], 8)],
            ),
            0,
            vec![('d', "d", Reason::Amount)],
        ),
        (
            "a dispute that holds what the report gives back",
            one(
                known(Dispute, "d", Stage::OPEN, Some(9)),
                &[row(Dispute, &["d"], 9), row(Dispute, &["d"], -9)],
            ),
            0,
            vec![('d', "d", Reason::Amount)],
        ),
        (
            "a total of two rows",
            one(
                known(RefundTotal, "ch", ok, Some(50)),
                &[row(Refund, &["r1"], 30), row(Refund, &["r2"], 20)],
            ),
            1,
            vec![],
        ),
        (
            "a total of which one row is elsewhere",
            one(
                known(RefundTotal, "ch", ok, Some(50)),
                &[row(Refund, &["r1"], 30)],
            ),
            0,
            vec![('d', "ch", Reason::BelowTotal)],
        ),
        (
            "a total beside its single movement",
            (
                vec![
                    known(RefundTotal, "ch", ok, Some(30)),
                    known(Refund, "r1", ok, Some(30)),
                ],
                vec![row(Refund, &["r1"], 30)],
            ),
            1,
            vec![],
        ),
        (
            "a row with the payment's id alone",
            one(
                known(Dispute, "PP-1", Stage::LOST, Some(9)),
                &[row(Dispute, &[], 9)],
            ),
            1,
            vec![],
        ),
        (
            "the same beside a movement that another row took",
            (
                vec![
                    known(Refund, "r1", ok, Some(9)),
                    known(Refund, "r2", ok, Some(5)),
                ],
                vec![row(Refund, &[], 5), row(Refund, &["r1"], 9)],
            ),
            2,
            vec![],
        ),
        (
            "only authorised",
            one(
                known(Authorisation, "pay", ok, Some(9)),
                &[row(Capture, &["c"], 9)],
            ),
            0,
            vec![('h', "c", Reason::OnlyAuthorised)],
        ),
        (
            "released, not refunded",
            (
                vec![
                    known(Authorisation, "pay", Stage::VOIDED, Some(9)),
                    known(Refund, "r", ok, Some(9)),
                ],
                vec![],
            ),
            0,
            vec![],
        ),
        (
            "neither authorisations nor what is pending can be missing",
            (
                vec![
                    known(Authorisation, "pay", ok, Some(9)),
                    known(Capture, "c", Stage::PENDING, Some(9)),
                    known(Dispute, "d", Stage::WON, Some(9)),
                    known(MovementKind::DisputeReversal, "v", ok, Some(9)),
                ],
                vec![],
            ),
            0,
            vec![],
        ),
        (
            "missing there",
            (vec![known(RefundTotal, "ch", ok, Some(9))], vec![]),
            0,
            vec![('t', "ch", Reason::NotReported)],
        ),
    ] {
        let comparison = compare(&report_of("stripe", rows), &movements, window());
        assert_eq!(open(&comparison), expected, "{name}");
        assert_eq!(comparison.agree, agree, "{name}");
        assert_eq!(comparison.is_open(), !expected.is_empty(), "{name}");
    }
}

#[test]
fn currencies_and_decimal_places_are_compared() {
    let mut dollars = row(Capture, &["c"], 100);
    dollars.amount.currency = CurrencyCode::parse("USD").unwrap();
    let mut thousandths = row(Capture, &["c"], 100);
    thousandths.amount.exponent = 3;
    for rows in [
        vec![dollars.clone()],
        vec![thousandths],
        vec![dollars, row(Capture, &["c"], 100)],
    ] {
        let movements = [known(Capture, "c", Stage::SUCCEEDED, Some(100))];
        let comparison = compare(&report_of("stripe", rows), &movements, window());
        assert_eq!(open(&comparison), [('d', "c", Reason::Currency)]);
    }
}

#[test]
fn only_what_was_told_in_the_window_is_missing_there() {
    for (told_at, missing) in [
        (Some("2026-03-02T00:00:00Z"), true),
        (Some("2026-03-02T23:59:59Z"), true),
        (Some("2026-03-03T00:00:00Z"), false),
        (Some("2026-03-01T23:59:59Z"), false),
        (None, false),
    ] {
        let mut movement = known(Capture, "c", Stage::SUCCEEDED, Some(100));
        movement.told_at = told_at.map(time);
        let comparison = compare(&report_of("stripe", Vec::new()), &[movement], window());
        assert_eq!(comparison.is_open(), missing, "{told_at:?}");
    }
    let mut report = report_of("stripe", Vec::new());
    report.kinds.remove(&Capture);
    let movement = known(Capture, "c", Stage::SUCCEEDED, Some(100));
    assert!(!compare(&report, &[movement], window()).is_open());
}

#[test]
fn a_provider_that_tells_no_amounts_agrees_by_id() {
    let movements = [
        known(Capture, "c", Stage::SUCCEEDED, None),
        known(Dispute, "d", Stage::WON, None),
        known(Refund, "r", Stage::SUCCEEDED, None),
    ];
    let rows = vec![
        row(Capture, &["c"], 100),
        row(Dispute, &["d"], 100),
        row(Refund, &["r"], 5),
        row(Refund, &["r"], -5),
    ];
    let comparison = compare(&report_of(GOCARDLESS_NAME, rows), &movements, window());
    assert_eq!(comparison.agree_without_amount, 2);
    assert_eq!(open(&comparison), [('d', "r", Reason::Amount)]);
}
