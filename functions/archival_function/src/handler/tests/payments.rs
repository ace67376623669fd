//! The payments of a day are judged.

use pipeline::stored::{StoredMoney, StoredMovement};

use super::*;

/// An event of `day` about payment `n` and the movement that it tells, in an audit object of their
/// own.
fn told_movement(memory: &Memory, day: &str, n: u32, kind: &str, id: &str, minor: i64) {
    let plain = stored(day, n);
    let at = plain.event_time.unwrap();
    let event = StoredTransaction {
        key: TransactionKey {
            timestamp: format!("{at:.9}#{id}"),
            ..plain.key.clone()
        },
        event_id: id.to_owned(),
        audit_key: format!("audit/dt={day}/hh=04/{id}.jsonl.zst"),
        tells: vec![format!("{kind}#{id}")],
        ..plain
    };
    let movement = StoredTransaction {
        key: TransactionKey {
            timestamp: format!("movement#{kind}#{id}"),
            ..event.key.clone()
        },
        event_time: None,
        tells: Vec::new(),
        money: Some(StoredMoney {
            minor,
            currency: "EUR".to_owned(),
            exponent: 2,
            text: minor.to_string(),
            exponent_source: "iso_default".to_owned(),
        }),
        movement: Some(StoredMovement {
            kind: kind.to_owned(),
            id: id.to_owned(),
            state: "succeeded".to_owned(),
            rank: 30,
            tells: Some("own".to_owned()),
            amount_rank: Some(30),
            amount_at: None,
            version: 1,
            changes: Vec::new(),
        }),
        ..event.clone()
    };
    memory.put_audited(&[event, movement]);
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
        (&4.into(), &0.into())
    );

    memory.fail_every(Call::PaymentRead, CallFault::Final);
    let handled = run_until(&memory, &task, u32::MAX).await;
    assert_eq!((handled.result(), handled.left.len()), (Err(Failed(1)), 0));
    assert_eq!(told(&handled)["FailedRecords"], 1);
}
