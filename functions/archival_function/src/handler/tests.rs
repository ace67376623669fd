//! Tasks over storage in memory.

use std::cell::Cell;

use payment_event::TransactionKey;
use pipeline::logs::{CopyUnreadable, read_copy};
use pipeline::memory::{Call, CallFault, Memory, signing_key, to_the_end};
use pipeline::stored::StoredTransaction;
use serde_json::Value;

use super::*;
use crate::gaps::tests::Script;

struct After(Cell<u32>);

impl Deadline for After {
    fn reached(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left == 0
    }
}

fn now() -> Timestamp {
    "2026-04-10T00:20:00Z".parse().unwrap()
}

/// A record received on `day`, whose item expires a hundred and four days later.
fn stored(day: &str, n: u32) -> StoredTransaction {
    let event_time: Timestamp = format!("{day}T03:04:05.6Z").parse().unwrap();
    StoredTransaction {
        key: TransactionKey {
            transaction_id: format!("stripe:pi_{n}"),
            timestamp: format!("{event_time:.9}#evt_{n}"),
        },
        provider: "stripe".to_owned(),
        event_id: format!("evt_{n}"),
        event_type: "charge.succeeded".to_owned(),
        status: "captured".to_owned(),
        money: None,
        merchant_account: None,
        related_ids: BTreeMap::new(),
        problems: Vec::new(),
        event_time: Some(event_time),
        received_at: event_time,
        message_id: format!("m-{n}"),
        audit_key: format!("audit/dt={day}/hh=03/{n}.jsonl.zst"),
        audit_offset: 0,
        audit_length: 0,
        expires_at: event_time.as_second() + 104 * 86_400,
        tells: Vec::new(),
        fetched: None,
        movement: None,
    }
}

/// An event of each of some days: the last of them is yesterday's. What came until the 8th is
/// sealed by the run of the 9th.
fn memory() -> Memory {
    let memory = Memory::new();
    memory.set_signing_key(signing_key().unwrap());
    let days = ["2026-04-06", "2026-04-07", "2026-04-08"];
    for (n, day) in (0..).zip(days) {
        memory.put_audited(&[stored(day, n)]);
    }
    let never = After(u32::MAX.into());
    let deps = audit_seal::seal::Deps {
        objects: &memory,
        signer: &memory,
        pause: &memory,
        deadline: &never,
    };
    let yesterday = now() - jiff::SignedDuration::from_hours(24);
    let day = "2026-04-08".parse().unwrap();
    to_the_end(audit_seal::seal::seal(day, yesterday, &deps))
        .unwrap()
        .unwrap();
    memory.put_audited(&[stored("2026-04-09", 9), stored("2026-04-10", 10)]);
    for (group, at, message) in [
        ("/access", "2026-04-08T00:00:00Z", "first"),
        ("/access", "2026-04-08T23:59:59.999Z", "last"),
        ("/access", "2026-04-09T00:00:00Z", "of the day after"),
        ("/waf", "2026-04-06T12:34:56Z", "of an earlier day"),
    ] {
        memory.log(group, at.parse().unwrap(), message);
    }
    memory
}

pub(super) async fn run_until(memory: &Memory, task: &Task, questions: u32) -> Handled {
    run_at(memory, task, questions, now()).await
}

async fn run_at(memory: &Memory, task: &Task, questions: u32, at: Timestamp) -> Handled {
    let deadline = After(questions.into());
    let logs = Log::read_list("access=/access,firewall=/waf").unwrap();
    let apis = Script::none();
    let deps = Deps {
        cloudwatch: memory,
        logs: &logs,
        table: memory,
        counts: memory,
        objects: memory,
        signer: memory,
        apis: &apis,
        pause: memory,
        deadline: &deadline,
    };
    handle(task, at, &deps).await
}

pub(super) fn told(handled: &Handled) -> Value {
    let mut out = Vec::new();
    let metrics = Metrics::new("payhook", "archival_function_dev");
    tell(handled, &metrics, 7, &mut out);
    let lines = out.split(|byte| *byte == b'\n');
    serde_json::from_slice(lines.into_iter().next().unwrap()).unwrap()
}

#[tokio::test]
async fn daily_seals_until_yesterday_and_archives_what_was_sealed_and_is_old_enough() {
    let memory = memory();
    let handled = run_until(&memory, &Task::DAILY, u32::MAX).await;
    let left: Vec<String> = handled.left.iter().map(Task::event).collect();
    let apart = [
        "{\"task\":\"payments\",\"day\":\"2026-04-08\",\"continued\":0}",
        "{\"task\":\"sums\",\"day\":\"2026-04-09\",\"since\":\"2026-02-07\",\"continued\":0}",
    ];
    assert_eq!(handled.result(), Ok(()));
    assert_eq!(left, apart);
    let line = told(&handled);
    // The 8th ended two days ago, the 9th is sealed by this run.
    assert_eq!(line["ArchivedItems"], 2);
    assert_eq!(memory.items().len(), 5);
    assert_eq!(
        (&line["ArchiveDaysLeft"], &line["ExpiryStopped"]),
        (&54.into(), &0.into())
    );
    let objects = memory.objects();
    assert!(objects.contains_key("seal/digests/00000002.json"));

    // The day before yesterday and three before it; what is copied is sealed with the rest.
    assert_eq!(
        (&line["CopiedLogEvents"], &line["CopiedLogObjects"]),
        (&3.into(), &3.into())
    );
    let copied: Vec<_> = objects
        .keys()
        .filter_map(|key| key.strip_prefix("logs/"))
        .collect();
    let whole = ["05", "06", "07", "08"].map(|day| {
        ["access", "firewall"].map(|log| format!("dt=2026-04-{day}/log={log}/whole.json"))
    });
    let mut expected = whole.concat();
    expected.extend(
        [
            "dt=2026-04-06/log=firewall/1230.jsonl.zst",
            "dt=2026-04-08/log=access/0000.jsonl.zst",
            "dt=2026-04-08/log=access/2350.jsonl.zst",
        ]
        .map(str::to_owned),
    );
    expected.sort();
    assert_eq!(copied, expected);
    assert_eq!(line["SealedObjects"], 1 + 11);
    let last = read_copy(&objects["logs/dt=2026-04-08/log=access/2350.jsonl.zst"]).unwrap();
    assert_eq!(
        last.iter()
            .map(|line| line.message.as_str())
            .collect::<Vec<_>>(),
        ["last"]
    );

    // Another day's run copies nothing again.
    let again = run_until(&memory, &Task::DAILY, u32::MAX).await;
    assert_eq!(
        (again.result(), told(&again)["CopiedLogObjects"].as_u64()),
        (Ok(()), Some(0))
    );
}

#[tokio::test]
async fn logs_of_days_that_were_asked_for_are_copied_page_by_page() {
    let memory = memory();
    let day = "2026-04-01".parse().unwrap();
    for second in 0..10 {
        let at = format!("2026-04-01T10:10:0{second}Z").parse().unwrap();
        memory.log("/access", at, &format!("line {second}"));
    }
    memory.log(
        "/waf",
        "2026-04-02T00:00:00Z".parse().unwrap(),
        "of the day after",
    );
    let mut task = Task::Logs {
        first: day,
        last: day,
        from: None,
        continued: 0,
    };
    let mut invocations = 0;
    let events = loop {
        let handled = run_until(&memory, &task, 70).await;
        assert_eq!(handled.result(), Ok(()));
        invocations += 1;
        match handled.left.first() {
            Some(next) => task = next.clone(),
            None => {
                break read_copy(&memory.objects()["logs/dt=2026-04-01/log=access/1010.jsonl.zst"])
                    .unwrap();
            }
        }
    };
    assert!((4..10).contains(&invocations), "{invocations}");
    let texts: Vec<_> = events.iter().map(|line| line.message.clone()).collect();
    assert_eq!(
        texts,
        (0..10).map(|n| format!("line {n}")).collect::<Vec<_>>()
    );
    assert_eq!(events[3].timestamp - events[0].timestamp, 3_000);
    assert_eq!(read_copy(b"no copy").map(|_| ()), Err(CopyUnreadable));
}

#[tokio::test]
async fn a_log_that_cannot_be_read_stops_neither_seal_nor_archive() {
    let memory = memory();
    memory.fail_every(Call::LogEvents, CallFault::Final);
    let handled = run_until(&memory, &Task::DAILY, u32::MAX).await;
    assert_eq!(handled.result(), Err(Failed(1)));
    let line = told(&handled);
    assert_eq!(
        (
            line["ArchivedItems"].as_u64(),
            line["SealedObjects"].as_u64()
        ),
        (Some(2), Some(1))
    );
}

#[tokio::test]
async fn what_the_deadline_leaves_is_another_task() {
    let memory = memory();
    let mut tasks = vec![Task::DAILY];
    let mut invocations = 0;
    while let Some(task) = tasks.pop() {
        let handled = run_until(&memory, &task, 40).await;
        assert_eq!(handled.result(), Ok(()));
        told(&handled);
        tasks.extend(handled.left);
        invocations += 1;
        assert!(invocations < 300);
    }
    assert!(invocations > 2);
    let marks = memory.objects().into_keys();
    assert_eq!(
        marks
            .filter(|key| key.starts_with("archive/whole/"))
            .count(),
        2
    );

    let handled = run_until(
        &memory,
        &Task::Seal {
            day: "2026-04-10".parse().unwrap(),
            continued: 0,
        },
        0,
    )
    .await;
    assert_eq!(
        handled.left,
        [Task::Seal {
            day: "2026-04-10".parse().unwrap(),
            continued: 1
        }]
    );
}

#[tokio::test]
async fn a_part_that_fails_does_not_stop_the_other() {
    let memory = memory();
    memory.fail_every(Call::Sign, CallFault::Final);
    let handled = run_until(&memory, &Task::DAILY, u32::MAX).await;
    assert_eq!(handled.result(), Err(Failed(1)));
    assert_eq!(
        (
            told(&handled)["ArchivedItems"].as_u64(),
            told(&handled)["FailedRecords"].as_u64()
        ),
        (Some(2), Some(1))
    );

    let memory = self::memory();
    memory.fail_every(Call::ObjectPutNew, CallFault::Final);
    let handled = run_until(&memory, &Task::DAILY, u32::MAX).await;
    // Logs, seal, and an inventory of each of two days.
    assert_eq!(handled.result(), Err(Failed(4)));
    let told = told(&handled);
    assert_eq!(
        (&told["ArchivedItems"], &told["ArchiveDaysLeft"]),
        (&0.into(), &52.into())
    );
}

mod archiving;
mod payments;
