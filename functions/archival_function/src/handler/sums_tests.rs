//! The task that adds minutes up to hours and days, over storage in memory.

use pipeline::aggregate::apply::AnalyticsStore;
use pipeline::aggregate::{Delta, RowKey, SequenceNumber, pack};
use pipeline::memory::{Call, CallFault, Memory};

use super::tests::{run_until, told};
use super::*;

/// Two events of a minute of each of these days.
async fn counted(days: &[&str]) -> Memory {
    let memory = Memory::new();
    for (number, day) in days.iter().enumerate() {
        let key = RowKey {
            aggregate: "stripe#-#captured".to_owned(),
            bucket: format!("minute#{day}T03:04Z"),
        };
        let delta = Delta {
            count: 2,
            ..Delta::default()
        };
        let items = pack(&[(key, delta)].into(), 5);
        let number = SequenceNumber::parse(&number.to_string()).unwrap();
        memory.apply(&[number], &items).await.unwrap();
    }
    memory
}

fn sums(day: &str, since: Option<&str>) -> Task {
    Task::Sums {
        day: day.parse().unwrap(),
        since: since.map(|day| day.parse().unwrap()),
        continued: 0,
    }
}

#[tokio::test]
async fn every_day_that_could_have_changed_is_added_up_over_several_invocations() {
    let memory = counted(&["2026-02-07", "2026-04-08", "2026-04-09"]).await;
    let daily = sums("2026-04-09", Some("2026-02-07"));
    let (mut tasks, mut written, mut invocations) = (vec![daily], 0, 0);
    while let Some(task) = tasks.pop() {
        let handled = run_until(&memory, &task, 5).await;
        assert_eq!(handled.result(), Ok(()));
        written += told(&handled)["SumsWritten"].as_u64().unwrap();
        tasks.extend(handled.left);
        invocations += 1;
    }
    // An hour and a day of each of the three; sixty-two days at six an invocation.
    assert_eq!((written, invocations), (6, 11));
    let stored = memory.sum_rows().unwrap();
    assert_eq!(stored.len(), 6);
    assert!(stored.values().all(|delta| delta.count == 2));
}

#[tokio::test]
async fn a_day_that_was_asked_for_is_added_up_alone() {
    let memory = counted(&["2026-04-08", "2026-04-09"]).await;
    let handled = run_until(&memory, &sums("2026-04-09", None), u32::MAX).await;
    assert_eq!((handled.result(), handled.left.len()), (Ok(()), 0));
    assert_eq!(told(&handled)["SumsWritten"], 2);
    let stored = memory.sum_rows().unwrap();
    assert!(stored.keys().all(|key| key.bucket.contains("2026-04-09")));
}

#[tokio::test]
async fn sums_that_cannot_be_made_fail_the_invocation() {
    let memory = counted(&["2026-02-06", "2026-04-09"]).await;
    // Its minutes may be gone.
    let handled = run_until(&memory, &sums("2026-02-06", None), u32::MAX).await;
    assert_eq!(handled.result(), Err(Failed(1)));
    assert!(memory.sum_rows().unwrap().is_empty());
    memory.fail_every(Call::CountsPut, CallFault::Final);
    let handled = run_until(&memory, &sums("2026-04-09", None), u32::MAX).await;
    assert_eq!((handled.result(), handled.left.len()), (Err(Failed(1)), 0));
    assert_eq!(told(&handled)["FailedRecords"], 1);
}
