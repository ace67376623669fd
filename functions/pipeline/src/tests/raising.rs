//! A movement is raised to what all its tellings say, whatever stands there and whatever answer is lost.

use super::support::*;
use crate::IngestError;
use crate::memory::CallFault;

/// A life of one refund: created, succeeded, failed; each told by an event of its own.
pub(super) fn refund(state: &str, number: u64) -> Queued {
    refund_of(30, state, number)
}

/// The same, telling another amount.
fn refund_of(amount: u64, state: &str, number: u64) -> Queued {
    let body = serde_json::json!({
        "id": format!("evt_{number}"), "object": "event", "type": "refund.updated", "created": 1_767_326_640,
        "data": {"object": {"id": "re_1", "object": "refund", "payment_intent": "pi_1", "status": state,
            "amount": amount, "currency": "eur"}},
    });
    signed("stripe", body.to_string().as_bytes(), &format!("m{number}"))
}

#[test]
fn a_movement_rises_in_any_order_and_is_written_once() {
    let lives = [
        [("pending", 1), ("succeeded", 2), ("failed", 3)],
        [("failed", 3), ("pending", 1), ("succeeded", 2)],
        [("succeeded", 2), ("failed", 3), ("pending", 1)],
    ];
    for untold in [false, true] {
        for life in lives {
            let memory = memory();
            if untold {
                memory.tell_nothing_of_what_is_present();
            }
            for (state, number) in life {
                let report = run(&memory, &[refund(state, number)], &format!("i{number}"));
                assert_eq!(failed(&report), [""; 0], "{life:?}");
                let again = run(&memory, &[refund(state, number)], &format!("j{number}"));
                assert_eq!(again.providers["stripe"].duplicates, 1, "{life:?}");
            }
            let items: Vec<_> = memory.movements().into_values().collect();
            assert_eq!(items.len(), 1);
            let movement = items[0].movement().unwrap();
            assert_eq!(movement.stage, payment_event::Stage::FAILED, "{life:?}");
            assert_eq!(memory.pauses(), 0, "what is only raised waits for nothing");
        }
    }
}

#[test]
fn an_answer_that_is_lost_raises_a_movement_once() {
    for fault in [CallFault::RetryableBefore, CallFault::RetryableAfter] {
        let memory = memory();
        run(&memory, &[refund("pending", 1)], "i1");
        // Calls of the second batch: secrets are known; audit, insert, raise.
        let before = memory.calls().len();
        for call in before + 1..before + 4 {
            let memory = self::memory();
            run(&memory, &[refund("pending", 1)], "i1");
            memory.fail_call(call, fault);
            let report = run(&memory, &[refund("succeeded", 2)], "i2");
            assert_eq!(failed(&report), [""; 0], "{fault:?} {call}");
            let item = memory.movements().into_values().next().unwrap();
            let stored = item.movement.as_ref().unwrap();
            assert_eq!(
                (stored.version, stored.changes.len()),
                (2, 1),
                "{fault:?} {call}"
            );
        }
    }
}

/// How many contradictions a batch is counted for.
fn contradicted(report: &crate::IngestReport) -> u64 {
    let counted = report.providers.values().map(|it| it.contradicted).sum();
    assert_eq!(report.contradictions.len() as u64, counted);
    counted
}

#[test]
fn two_amounts_of_one_movement_are_counted_once() {
    for untold in [false, true] {
        let memory = memory();
        if untold {
            memory.tell_nothing_of_what_is_present();
        }
        let tell = |amount, number, invocation: &str| {
            let report = run(
                &memory,
                &[refund_of(amount, "succeeded", number)],
                invocation,
            );
            assert_eq!(failed(&report), [""; 0]);
            report
        };
        assert_eq!(contradicted(&tell(30, 1, "i1")), 0);
        let report = tell(31, 2, "i2");
        assert_eq!(contradicted(&report), 1);
        let found = &report.contradictions[0];
        assert_eq!(found.transaction_id, "stripe:pi_1");
        assert_eq!(
            (found.provider.as_str(), found.problems.as_slice()),
            ("stripe", ["amount_differs".to_owned()].as_slice())
        );
        // A repetition, and a third amount: the movement is known to contradict itself.
        assert_eq!(contradicted(&tell(31, 2, "i3")), 0);
        assert_eq!(contradicted(&tell(32, 3, "i4")), 0);
    }
}

#[test]
fn two_amounts_in_one_batch_are_counted_once() {
    let memory = memory();
    let batch = [
        refund_of(30, "succeeded", 1),
        refund_of(31, "succeeded", 2),
        refund_of(31, "succeeded", 2),
    ];
    assert_eq!(contradicted(&run(&memory, &batch, "i1")), 1);
    assert_eq!(contradicted(&run(&memory, &batch, "i2")), 0);
}

#[test]
fn a_contradiction_is_counted_once_whatever_answer_is_lost() {
    for fault in [CallFault::RetryableBefore, CallFault::RetryableAfter] {
        // Calls of the second batch behind the secrets: audit, insert, raise.
        for call in 1..4 {
            let memory = memory();
            run(&memory, &[refund("succeeded", 1)], "i1");
            memory.fail_call(memory.calls().len() + call, fault);
            let batch = [refund_of(31, "succeeded", 2)];
            let report = run(&memory, &batch, "i2");
            assert_eq!(contradicted(&report), 1, "{fault:?} {call}");
            assert_eq!(contradicted(&run(&memory, &batch, "i3")), 0);
        }
    }
}

#[test]
fn what_stands_at_a_movements_key_and_is_none_goes_to_a_person() {
    let memory = memory();
    run(&memory, &[refund("pending", 1)], "i1");
    memory.damage_movements();
    let report = run(&memory, &[refund("succeeded", 2)], "i2");
    assert_eq!(failed(&report), ["m2"]);
    assert_eq!(report.failures[0].cause, IngestError::RecordRefused);
}
