//! When a day is archived, and what happens when none is.

use super::*;

fn archive(first: Date, last: &str, at_once: bool) -> Task {
    Task::Archive {
        first,
        last: last.parse().unwrap(),
        at_once,
        from: None,
        continued: 0,
    }
}

fn seal_of_the_9th() -> Task {
    Task::Seal {
        day: "2026-04-09".parse().unwrap(),
        continued: 0,
    }
}

#[tokio::test]
async fn a_day_that_was_asked_for_is_archived_alone_once_its_seal_is_an_hour_old() {
    let memory = memory();
    let archived = async |day: &str, at_once| {
        let task = archive(day.parse().unwrap(), day, at_once);
        let handled = run_until(&memory, &task, u32::MAX).await;
        assert_eq!(handled.result(), Ok(()));
        told(&handled)["ArchivedItems"].as_u64().unwrap()
    };
    assert_eq!(archived("2026-04-08", false).await, 1, "however young");
    run_until(&memory, &seal_of_the_9th(), u32::MAX).await;
    assert_eq!(archived("2026-04-09", false).await, 0);
    assert_eq!(archived("2026-04-09", true).await, 1);
    assert_eq!(memory.items().len(), 5);
}

#[tokio::test]
async fn an_archive_that_stands_still_switches_the_expiry_off_before_anything_expires() {
    let memory = memory();
    memory.fail_every(Call::ObjectPutNew, CallFault::Final);
    let (mut days, mut left) = (0, Vec::new());
    while !memory.expiry_stopped() {
        let at = now() + jiff::SignedDuration::from_hours(24 * days);
        assert!(memory.expire(at.as_second(), |_| true).is_empty(), "{days}");
        let handled = run_at(&memory, &Task::DAILY, u32::MAX, at).await;
        left.push(told(&handled)["ArchiveDaysLeft"].as_u64().unwrap());
        days += 1;
    }
    assert_eq!((left.first(), left.last()), (Some(&52), Some(&7)));
    // The archive is mended: it catches up, and a person switches the expiry on again.
    memory.heal();
    let at = now() + jiff::SignedDuration::from_hours(24 * 200);
    let handled = run_at(&memory, &Task::DAILY, u32::MAX, at).await;
    assert_eq!(told(&handled)["ExpiryStopped"], 1);
    let later = at + jiff::SignedDuration::from_hours(24);
    let handled = run_at(&memory, &Task::DAILY, u32::MAX, later).await;
    assert_eq!(told(&handled)["ArchiveDaysLeft"], 56);
    assert!(memory.expire(later.as_second(), |_| true).is_empty());
    memory.start_expiry();
    assert_eq!(memory.expire(later.as_second(), |_| true).len(), 5);
    let handled = run_at(&memory, &Task::DAILY, u32::MAX, later).await;
    assert_eq!(told(&handled)["ExpiryStopped"], 0);
}

#[tokio::test]
async fn what_is_not_known_is_not_claimed() {
    let memory = memory();
    memory.fail_every(Call::ObjectList, CallFault::Final);
    let task = archive(FIRST_DAY, "2026-04-08", false);
    let handled = run_until(&memory, &task, u32::MAX).await;
    assert_eq!(handled.result(), Err(Failed(1)));
    let line = told(&handled);
    assert_eq!(
        (&line["ArchiveDaysLeft"], &line["ExpiryStopped"]),
        (&Value::Null, &0.into())
    );
    memory.heal();
    memory.fail_every(Call::ExpiryRead, CallFault::Final);
    let handled = run_until(&memory, &task, u32::MAX).await;
    assert_eq!(handled.result(), Err(Failed(1)));
    let line = told(&handled);
    assert_eq!(
        (&line["ArchiveDaysLeft"], &line["ExpiryStopped"]),
        (&55.into(), &Value::Null)
    );
    // A task that does not archive says nothing of either.
    let line = told(&run_until(&memory, &seal_of_the_9th(), u32::MAX).await);
    assert_eq!(
        (&line["ArchiveDaysLeft"], &line["ExpiryStopped"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn the_days_are_those_of_the_stack() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/limits.json");
    let text = std::fs::read_to_string(path).unwrap();
    let limits: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(limits["archive"]["after_days"], ARCHIVED_AFTER_DAYS);
    let function = &limits["function"];
    let seconds = |name: &str| function[name]["timeout_seconds"].as_i64().unwrap();
    // A digest that was begun so long ago is made, and every invocation that wrote its objects is
    // over.
    assert!(seconds("archival_function") + seconds("webhook_processor") < SETTLED_SECONDS);
}
