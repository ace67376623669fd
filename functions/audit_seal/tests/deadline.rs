//! A seal that its deadline cuts short: what is left is sealed by later digests, once, however much it is.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used)]

mod common;

use audit_seal::seal::LATE_DAYS;
use audit_seal::verify::Problem;
use common::{FIRST, found_at, found_between, log, now, run, sealed, write};
use jiff::ToSpan;

#[test]
fn the_deadline_leaves_the_rest_to_the_next_digest() {
    let memory = log();
    for hour in 0..10 {
        write(&memory, FIRST, hour, "a");
    }
    let first = run(&memory, FIRST, 4).unwrap().unwrap();
    assert_eq!((first.objects, first.unfinished), (4, true));
    let second = sealed(&memory, FIRST);
    assert_eq!(
        (second.objects, second.late, second.unfinished),
        (6, 0, false)
    );
    assert_eq!(found_between(&memory, FIRST, FIRST), (10, vec![]));
}

#[test]
fn a_day_that_is_not_covered_whole_is_not_called_sealed() {
    let memory = log();
    let second = FIRST.tomorrow().unwrap();
    for hour in 0..3 {
        write(&memory, FIRST, hour, "a");
        write(&memory, second, hour, "a");
    }
    let report = run(&memory, second, 4).unwrap().unwrap();
    assert_eq!((report.objects, report.unfinished), (4, true));
    let (objects, findings) = found_between(&memory, FIRST, second);
    let problems: Vec<_> = findings.iter().map(|(problem, _)| *problem).collect();
    assert_eq!(objects, 4);
    assert_eq!(
        problems,
        [Problem::DayNotSealed, Problem::Added, Problem::Added]
    );
    assert_eq!(sealed(&memory, second).late, 0);
    assert_eq!(found_between(&memory, FIRST, second), (6, vec![]));
}

#[test]
fn a_day_of_many_digests_is_remembered_as_long_as_one_may_come_late() {
    let memory = log();
    for hour in 0..5 {
        write(&memory, FIRST, hour, "a");
    }
    for questions in 1..5 {
        let report = run(&memory, FIRST, questions).unwrap().unwrap();
        assert_eq!((report.objects, report.unfinished), (1, true));
    }
    let day = |n: i32| FIRST.checked_add(n.days()).unwrap();
    for n in 0..=LATE_DAYS + 1 {
        assert_eq!(sealed(&memory, day(n)).objects, u64::from(n == 0));
    }
    let end = day(LATE_DAYS + 1);
    assert_eq!(found_at(&memory, FIRST, end, now(end)), (5, vec![]));
}

#[test]
fn a_backlog_of_any_length_is_sealed_whole_and_once() {
    let memory = log();
    let day = |n: i32| FIRST.checked_add(n.days()).unwrap();
    let backlog = LATE_DAYS * 2;
    for n in 0..backlog {
        for hour in 0..3 {
            write(&memory, day(n), hour, "a");
        }
    }
    let last = day(backlog - 1);
    assert_eq!(run(&memory, last, 0).unwrap().unwrap().digest, None);
    // Two hours an invocation, so that a day is cut into several digests.
    let mut questions = 2;
    while run(&memory, last, questions).unwrap().unwrap().unfinished {
        // What is covered is asked for again, within the days in which something may come late.
        questions = (questions + 2).min(3 * (LATE_DAYS.unsigned_abs() + 2) + 2);
    }
    // For as long as one of the days may be looked at again.
    for n in 0..=LATE_DAYS {
        sealed(&memory, day(backlog + n));
    }
    let objects = u64::from(backlog.unsigned_abs()) * 3;
    let end = day(backlog + LATE_DAYS);
    assert_eq!(found_at(&memory, FIRST, end, now(end)), (objects, vec![]));
}
