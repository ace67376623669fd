//! A warm process remembers movements: what adds nothing needs no call, and what is remembered wrongly or too little does no harm.

use payment_event::Stage;

use super::raising::refund;
use super::support::*;
use crate::memory::{Call, CallFault, EntryFault, Memory};
use crate::stored::StoredTransaction;
use crate::{IngestReport, Limits, REMEMBERED_MAX, Remembered};

fn tell(
    memory: &Memory,
    remembered: &Remembered,
    state: &str,
    number: u64,
) -> Option<IngestReport> {
    let limits = Limits::default();
    let invocation_id = format!("i{number}");
    let messages = [refund(state, number)];
    run_warm(memory, remembered, &messages, &invocation_id, limits)
}

/// Statements and insert calls that `tell` takes.
fn asked(memory: &Memory, tell: impl FnOnce()) -> (u64, usize) {
    let calls = || {
        let calls = memory.calls().into_iter();
        calls.filter(|call| *call == Call::InsertBatch).count()
    };
    let before = (memory.entries(), calls());
    tell();
    (memory.entries() - before.0, calls() - before.1)
}

fn stage_and_version(memory: &Memory) -> (Stage, u64) {
    let items: Vec<_> = memory.movements().into_values().collect();
    assert_eq!(items.len(), 1);
    let stored = items[0].movement.as_ref().unwrap();
    (items[0].movement().unwrap().stage, stored.version)
}

#[test]
fn a_repetition_asks_for_its_event_alone_and_a_raise_is_one_update() {
    for untold in [false, true] {
        let (memory, warm) = (memory(), Remembered::default());
        if untold {
            memory.tell_nothing_of_what_is_present();
        }
        // Event and movement, by one call each time; then the event alone.
        for (state, number, statements) in [
            ("pending", 1, 2),
            ("pending", 2, 1),
            ("succeeded", 3, 2),
            ("pending", 4, 1),
            ("succeeded", 5, 1),
            ("failed", 6, 2),
        ] {
            let asked = asked(&memory, || {
                let report = tell(&memory, &warm, state, number).unwrap();
                assert_eq!(failed(&report), [""; 0]);
                assert_eq!(report.providers["stripe"].stored, 1);
            });
            assert_eq!(asked, (statements, 1), "{number}");
        }
        assert_eq!(stage_and_version(&memory), (Stage::FAILED, 3));
        assert_eq!((warm.len(), memory.pauses()), (1, 0));
    }
}

#[test]
fn what_another_process_raised_meanwhile_is_joined() {
    for untold in [false, true] {
        for (others, last, version) in [
            (&["succeeded"][..], "failed", 3),
            (&["succeeded", "failed"], "succeeded", 3),
            (&["failed"], "succeeded", 2),
            (&["succeeded"], "succeeded", 2),
        ] {
            let (memory, warm, other) = (memory(), Remembered::default(), Remembered::default());
            if untold {
                memory.tell_nothing_of_what_is_present();
            }
            tell(&memory, &warm, "pending", 1);
            for (state, number) in others.iter().zip(2..) {
                tell(&memory, &other, state, number);
            }
            let report = tell(&memory, &warm, last, 9).unwrap();
            assert_eq!(failed(&report), [""; 0]);
            let stage = if last == "failed" || others.contains(&"failed") {
                Stage::FAILED
            } else {
                Stage::SUCCEEDED
            };
            assert_eq!(
                stage_and_version(&memory),
                (stage, version),
                "{others:?} {last}"
            );
            // It has seen what stands there, and needs no more for it.
            let again = asked(&memory, || drop(tell(&memory, &warm, last, 10)));
            assert_eq!(again, (1, 1), "{others:?} {last}");
        }
    }
}

#[test]
fn what_the_table_did_not_say_that_it_has_is_not_remembered() {
    let once = Limits {
        insert_attempts_max: 1,
        ..Limits::default()
    };
    let calls = [
        CallFault::RetryableBefore,
        CallFault::RetryableAfter,
        CallFault::Final,
        CallFault::CrashBefore,
        CallFault::CrashAfter,
    ];
    let entries = [
        EntryFault::ThrottleBefore,
        EntryFault::ThrottleAfter,
        EntryFault::Refuse,
    ];
    let at_call = |fault| Box::new(move |memory: &Memory, call| memory.fail_call(call, fault)) as _;
    let at_entry = |fault| {
        Box::new(move |memory: &Memory, _| {
            let entry = memory.entries();
            (entry..entry + 2).for_each(|entry| memory.fail_entry(entry, fault));
        }) as _
    };
    type Script = Box<dyn Fn(&Memory, usize)>;
    let faults: Vec<Script> = calls
        .into_iter()
        .map(at_call)
        .chain(entries.into_iter().map(at_entry))
        .collect();
    for (number, script) in faults.iter().enumerate() {
        for raised in [false, true] {
            let (memory, warm) = (memory(), Remembered::default());
            if raised {
                tell(&memory, &warm, "pending", 1);
            }
            let known = warm.len();
            // Secrets are asked for, and the audit object is written, before the insert.
            script(&memory, memory.calls().len() + 2);
            let message = [refund("succeeded", 2)];
            let report = run_warm(&memory, &warm, &message, "i2", once);
            assert!(report.is_none_or(|report| failed(&report) == ["m2"]));
            assert_eq!(warm.len(), known, "{number}");
            memory.heal();
            // Whatever became of it: the next delivery asks the table.
            let again = asked(&memory, || drop(tell(&memory, &warm, "succeeded", 2)));
            assert!(again.0 >= 2, "{number} {raised}");
            let version = 1 + u64::from(raised);
            assert_eq!(stage_and_version(&memory), (Stage::SUCCEEDED, version));
        }
    }
}

#[test]
fn an_item_that_is_gone_is_inserted_when_a_telling_adds_to_what_is_remembered() {
    let warm = Remembered::default();
    tell(&memory(), &warm, "pending", 1);
    // A table that was restored to a time before.
    let restored = memory();
    let report = tell(&restored, &warm, "succeeded", 2).unwrap();
    assert_eq!(failed(&report), [""; 0]);
    assert_eq!(stage_and_version(&restored), (Stage::SUCCEEDED, 1));
}

/// An item of a movement.
fn item() -> StoredTransaction {
    let memory = memory();
    tell(&memory, &Remembered::default(), "pending", 1);
    memory.movements().into_values().next().unwrap()
}

fn numbered(item: &StoredTransaction, number: usize) -> StoredTransaction {
    let mut item = item.clone();
    item.key.timestamp = format!("movement#refund#{number}");
    item
}

#[test]
fn what_came_last_is_remembered_and_no_more_than_there_is_room_for() {
    let (remembered, item) = (Remembered::default(), item());
    assert!(remembered.is_empty() && remembered.item(&item).is_none());
    for number in 0..3 * REMEMBERED_MAX {
        remembered.remember(numbered(&item, number));
        assert!(remembered.len() <= REMEMBERED_MAX);
        let earlier = (number + 1).saturating_sub(REMEMBERED_MAX / 2);
        assert!(remembered.item(&numbered(&item, earlier)).is_some());
    }
    assert!(remembered.item(&numbered(&item, 0)).is_none());
}

#[test]
fn what_was_remembered_last_of_a_movement_holds() {
    let (remembered, mut item) = (Remembered::default(), item());
    for version in 1..4 {
        item.movement.as_mut().unwrap().version = version;
        remembered.remember(item.clone());
        // The others fill half of the room, so that this one is among the older.
        for number in 1..REMEMBERED_MAX / 2 {
            remembered.remember(numbered(&item, number));
        }
        assert_eq!(remembered.item(&item), Some(item.clone()));
        assert_eq!(remembered.len(), REMEMBERED_MAX / 2);
    }
}
