//! Hours and days are the sums of their minutes, whatever happens to the calls.

use jiff::civil::{Date, date};

use crate::aggregate::SequenceNumber;
use crate::aggregate::apply::AnalyticsStore;
use crate::aggregate::sums::{
    Report, SumError, can_be_summed, first_summed, minutes_of, sum_days, sums_of,
};
use crate::aggregate::{Delta, ItemKey, Items, RowKey, pack, rollup};
use crate::memory::{Call, CallFault, Memory, to_the_end};
use crate::storage::Deadline;

const FIRST: Date = date(2026, 1, 2);
const TODAY: Date = date(2026, 1, 10);

struct Never;

impl Deadline for Never {
    fn reached(&self) -> bool {
        false
    }
}

struct AtOnce;

impl Deadline for AtOnce {
    fn reached(&self) -> bool {
        true
    }
}

/// Counts `count` events of a minute in a lane.
fn count(memory: &Memory, minute: &str, lane: u8, count: u64) {
    let key = RowKey {
        aggregate: "stripe#-#captured".to_owned(),
        bucket: format!("minute#{minute}"),
    };
    let delta = Delta {
        count,
        ..Delta::default()
    };
    let number = 1_000_000 + memory.calls().len();
    let number = SequenceNumber::parse(&number.to_string()).unwrap();
    let items = pack(&[(key, delta)].into(), lane);
    to_the_end(memory.apply(&[number], &items))
        .unwrap()
        .unwrap();
}

/// Three days, each with more minutes and lanes than a page holds.
fn filled() -> Memory {
    let memory = Memory::new();
    for day in ["2026-01-02", "2026-01-03", "2026-01-05"] {
        for minute in 0..9_u8 {
            let time = format!("{day}T{:02}:{:02}Z", minute / 3, minute);
            count(&memory, &time, minute % 16, 2);
            count(&memory, &time, 15, 3);
        }
    }
    memory
}

fn summed(memory: &Memory, first: Date, last: Date) -> Result<Report, SumError> {
    to_the_end(sum_days(first, last, TODAY, memory, memory, &Never)).unwrap()
}

fn stored(memory: &Memory) -> Items {
    let all = to_the_end(sums_of(Date::MIN, Date::MAX, memory, memory));
    all.unwrap().unwrap()
}

#[test]
fn a_day_is_the_sum_of_its_minutes_however_often_it_is_made() {
    let memory = filled();
    let report = summed(&memory, FIRST, date(2026, 1, 5)).unwrap();
    // Three hours and a day, of three days; the one between them has nothing.
    assert_eq!((report.days, report.minutes, report.written), (4, 54, 12));
    assert_eq!(stored(&memory), rollup(&memory.counts()));
    let again = summed(&memory, FIRST, date(2026, 1, 5)).unwrap();
    assert_eq!((again.minutes, again.written), (54, 0));

    // What is counted later changes its hour and its day, and nothing else.
    count(&memory, "2026-01-03T01:30Z", 4, 100);
    let report = summed(&memory, FIRST, date(2026, 1, 5)).unwrap();
    assert_eq!(report.written, 2);
    assert_eq!(stored(&memory), rollup(&memory.counts()));
    let day = to_the_end(minutes_of(date(2026, 1, 3), &memory, &memory)).unwrap();
    let day = rollup(&day.unwrap());
    let key = ItemKey {
        aggregate: "day".to_owned(),
        bucket: "2026-01-03#event".to_owned(),
    };
    assert_eq!(day[&key]["stripe#captured#n"], 145);
    assert_eq!(memory.sum_rows().unwrap().len(), 12);
}

#[test]
fn a_run_that_breaks_off_anywhere_is_made_good_by_the_next() {
    let whole = filled();
    summed(&whole, FIRST, date(2026, 1, 5)).unwrap();
    let calls = whole.calls().len() - filled().calls().len();
    for broken in 0..calls {
        for fault in [
            CallFault::CrashBefore,
            CallFault::CrashAfter,
            CallFault::Final,
            CallFault::RetryableAfter,
        ] {
            let memory = filled();
            memory.fail_call(memory.calls().len() + broken, fault);
            let _ = to_the_end(sum_days(FIRST, TODAY, TODAY, &memory, &memory, &Never));
            memory.heal();
            summed(&memory, FIRST, TODAY).unwrap();
            assert_eq!(
                stored(&memory),
                stored(&whole),
                "{fault:?} at call {broken}"
            );
        }
    }
}

#[test]
fn the_deadline_leaves_whole_days_to_the_next_run() {
    let memory = filled();
    let (mut first, mut runs) = (FIRST, 0);
    loop {
        let run = sum_days(first, date(2026, 1, 5), TODAY, &memory, &memory, &AtOnce);
        let report = to_the_end(run).unwrap().unwrap();
        assert_eq!(report.days, 1);
        runs += 1;
        match report.next {
            Some(next) => first = next,
            None => break,
        }
    }
    assert_eq!(runs, 4);
    assert_eq!(stored(&memory), rollup(&memory.counts()));
}

#[test]
fn a_day_whose_minutes_may_be_gone_is_not_summed() {
    let memory = filled();
    let age = |days: i64| {
        let ago = jiff::SignedDuration::from_hours(24 * days);
        TODAY.checked_sub(ago).unwrap()
    };
    assert!(can_be_summed(age(62), TODAY) && !can_be_summed(age(63), TODAY));
    assert_eq!(first_summed(TODAY), age(62));
    assert_eq!(
        summed(&memory, age(63), TODAY),
        Err(SumError::TooOld(age(63)))
    );
    assert_eq!(stored(&memory), Items::new());
    assert!(summed(&memory, age(62), TODAY).is_ok());
}

#[test]
fn what_cannot_be_read_or_written_is_said() {
    for call in [Call::CountsMinutes, Call::CountsSums, Call::CountsPut] {
        let memory = filled();
        memory.fail_every(call, CallFault::RetryableBefore);
        let error = summed(&memory, FIRST, FIRST).unwrap_err();
        assert!(matches!(error, SumError::Store(_)), "{call:?}");
        assert!(memory.pauses() > 2);
    }
}
