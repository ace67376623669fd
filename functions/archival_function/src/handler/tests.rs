//! Tasks over storage in memory.

use std::cell::Cell;

use pipeline::logs::{CopyUnreadable, read_copy};
use pipeline::memory::{Call, CallFault, Memory, signing_key};
use pipeline::storage::Attribute;
use serde_json::Value;

use super::*;

const AGES: Ages = Ages {
    older_than_days: 90,
    undated_older_than_days: 400,
    lookback_days: 120,
};

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

/// An item received on `day`.
fn item(day: &str, n: u32) -> pipeline::storage::Item {
    let texts = [
        ("record_type", "event".to_owned()),
        ("transaction_id", format!("stripe:pi_{n}")),
        ("timestamp", format!("{day}T03:04:05.600000000Z#evt_{n}")),
        ("provider", "stripe".to_owned()),
        ("event_id", format!("evt_{n}")),
        ("event_type", "charge.succeeded".to_owned()),
        ("status", "captured".to_owned()),
        ("event_time", format!("{day}T03:04:05.600000000Z")),
        ("received_at", format!("{day}T03:04:06.100Z")),
        ("message_id", format!("m-{n}")),
        ("audit_key", format!("audit/dt={day}/hh=03/i.jsonl.zst")),
        ("archive_shard", format!("{day}#{:02}", n % 16)),
    ];
    let texts = texts.map(|(name, value)| (name.to_owned(), Attribute::Text(value)));
    let zero = || Attribute::Number("0".to_owned());
    let numbers = ["audit_offset", "audit_length"].map(|name| (name.to_owned(), zero()));
    texts.into_iter().chain(numbers).collect()
}

fn memory() -> Memory {
    let memory = Memory::new();
    memory.set_signing_key(signing_key().unwrap());
    for (place, day) in ["2026-01-08", "2026-01-09", "2025-12-11", "2025-12-10"]
        .iter()
        .enumerate()
    {
        memory.put_item(item(day, u32::try_from(place).unwrap()));
    }
    memory.write_object("audit/dt=2026-04-09/hh=03/i.jsonl.zst", b"line".to_vec());
    memory.write_object("audit/dt=2026-04-10/hh=00/i.jsonl.zst", b"line".to_vec());
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
    let deadline = After(questions.into());
    let logs = Log::read_list("access=/access,firewall=/waf").unwrap();
    let deps = Deps {
        cloudwatch: memory,
        logs: &logs,
        index: memory,
        counts: memory,
        objects: memory,
        signer: memory,
        pause: memory,
        deadline: &deadline,
    };
    handle(task, now(), AGES, &deps).await
}

pub(super) fn told(handled: &Handled) -> Value {
    let mut out = Vec::new();
    let metrics = Metrics::new("payhook", "archival_function_dev");
    tell(handled, &metrics, 7, &mut out);
    let lines = out.split(|byte| *byte == b'\n');
    serde_json::from_slice(lines.into_iter().next().unwrap()).unwrap()
}

#[tokio::test]
async fn daily_seals_until_yesterday_and_archives_what_is_old_enough() {
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
    // 9 January is ninety-one days before 10 April; the 10th of December is beyond the look back.
    assert_eq!(line["ArchivedItems"], 3);
    assert_eq!(memory.items().len(), 1);
    let objects = memory.objects();
    assert!(objects.contains_key("seal/digests/00000001.json"));

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
        (Some(3), Some(1))
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
    assert_eq!(memory.items().len(), 1);

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
        (Some(3), Some(1))
    );

    let memory = self::memory();
    memory.fail_every(Call::ObjectPutNew, CallFault::Final);
    let handled = run_until(&memory, &Task::DAILY, u32::MAX).await;
    assert_eq!(handled.result(), Err(Failed(5)));
    assert!(
        handled
            .result()
            .unwrap_err()
            .to_string()
            .contains("verified copy")
    );
    told(&handled);
    assert_eq!(memory.items().len(), 4);
}

#[tokio::test]
async fn a_day_that_was_asked_for_is_archived_alone() {
    let memory = memory();
    let day = "2026-01-09".parse().unwrap();
    let task = Task::Archive {
        first: day,
        last: day,
        young: true,
        from: None,
        continued: 0,
    };
    let handled = run_until(&memory, &task, u32::MAX).await;
    assert_eq!(
        (
            told(&handled)["ArchivedItems"].as_u64(),
            memory.items().len()
        ),
        (Some(1), 3)
    );
}

/// What an event of `day` about payment `n` tells, and the movement.
fn told_movement(memory: &Memory, day: &str, n: u32, kind: &str, id: &str, minor: i64) {
    let text = |value: &str| Attribute::Text(value.to_owned());
    let number = |value: i64| Attribute::Number(value.to_string());
    let mut event = item(day, n);
    let tells = Attribute::List(vec![format!("{kind}#{id}")]);
    event.insert("tells".to_owned(), tells);
    let key = format!("{day}T03:04:05.600000000Z#{id}");
    event.insert("timestamp".to_owned(), text(&key));
    event.insert("event_id".to_owned(), text(id));
    memory.put_item(event.clone());
    let mut movement = event;
    for name in ["archive_shard", "event_time", "tells"] {
        movement.remove(name);
    }
    movement.extend(
        [
            ("record_type", text("movement")),
            ("timestamp", text(&format!("movement#{kind}#{id}"))),
            ("movement_kind", text(kind)),
            ("movement_id", text(id)),
            ("movement_state", text("succeeded")),
            ("movement_rank", number(30)),
            ("version", number(1)),
            ("changes", Attribute::List(Vec::new())),
            ("amount_tells", text("own")),
            ("amount_rank", number(30)),
            ("amount_minor", number(minor)),
            ("currency", text("EUR")),
            ("amount_exponent", number(2)),
            ("amount_text", text(&minor.to_string())),
            ("exponent_source", text("iso_default")),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    memory.put_item(movement);
}

#[tokio::test]
async fn the_payments_of_the_day_before_yesterday_are_judged() {
    let memory = memory();
    told_movement(&memory, "2026-04-08", 101, "refund", "re_1", 31);
    told_movement(&memory, "2026-04-07", 101, "capture", "ch_1", 30);
    told_movement(&memory, "2026-04-08", 102, "dispute", "dp_1", 30);
    told_movement(&memory, "2026-04-08", 103, "capture", "ch_3", 30);
    // Of another day.
    told_movement(&memory, "2026-04-09", 104, "dispute", "dp_4", 30);
    let daily = run_until(&memory, &Task::DAILY, u32::MAX).await;
    let (mut tasks, mut contradicted, mut found) = (daily.left, Vec::new(), Vec::new());
    // With every question about the deadline answered by yes it ends all the same.
    while let Some(task) = tasks.pop() {
        let handled = run_until(&memory, &task, 0).await;
        assert_eq!(handled.result(), Ok(()));
        contradicted.push(told(&handled)["Contradicted"].as_u64().unwrap());
        tasks.extend(handled.left);
        let judged = handled.payments.into_iter();
        found.extend(judged.flat_map(|it| it.unwrap().found));
    }
    assert_eq!(contradicted.iter().sum::<u64>(), 2);
    let mut found: Vec<_> = found
        .iter()
        .map(|it| (it.transaction_id.as_str(), it.problems.join(",")))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            ("stripe:pi_101", "refund_beyond_capture".to_owned()),
            ("stripe:pi_102", "dispute_without_payment".to_owned()),
        ]
    );

    let day = "2026-04-08".parse().unwrap();
    let task = Task::Payments {
        day,
        from: None,
        continued: 0,
    };
    let handled = run_until(&memory, &task, u32::MAX).await;
    let mut out = Vec::new();
    let metrics = Metrics::new("payhook", "archival_function_dev");
    tell(&handled, &metrics, 7, &mut out);
    let out = String::from_utf8(out).unwrap();
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "the total, and the provider's");
    assert_eq!(lines[1]["provider"], "stripe");
    assert!(lines.iter().all(|line| line["Contradicted"] == 2));
    assert_eq!(
        (&lines[0]["Records"], &lines[0]["FailedRecords"]),
        (&3.into(), &0.into())
    );

    memory.fail_every(Call::PaymentRead, CallFault::Final);
    let handled = run_until(&memory, &task, u32::MAX).await;
    assert_eq!((handled.result(), handled.left.len()), (Err(Failed(1)), 0));
    assert_eq!(told(&handled)["FailedRecords"], 1);
}
