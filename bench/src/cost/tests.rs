//! Each line of the bill, calculated by hand, and that every resource that AWS bills is in one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::example::{batches, with};
use super::resources::{Billed, TYPES};
use super::*;
fn is(lines: &[Line], what: &str, usd: f64) {
    let line = lines.iter().find(|line| line.what == what);
    let found = line.unwrap_or_else(|| panic!("no line {what}")).usd;
    assert!((found - usd).abs() < 1e-6, "{what}: {found} and not {usd}");
}

/// A month at a hundred a second is 259.2 million webhooks.
const MILLIONS: f64 = 259.2;

#[test]
fn what_is_paid_by_the_request() {
    let lines = with(100.0, false, |model| model.requests());
    is(&lines, "API Gateway, requests", 3.5);
    // A million answers of 500 bytes: half a gigabyte at 0.09.
    is(&lines, "Data transfer, the gateway's answers", 0.045);
    // A million sent; four pollers receive ten times a second, 2.5 messages each: 400,000; deleted
    // by ten: 100,000. 1.5 million at 0.40.
    is(&lines, "SQS, messages sent, received and deleted", 0.6);
    // 40,000 batches of 20 ms + 1 ms on a quarter of a processor = 24 ms of half a gigabyte: 480
    // GB-seconds, and 40,000 requests.
    is(
        &lines,
        "Lambda, webhook_processor",
        0.008 + 480.0 * 0.0000133334,
    );
    // 1.5 million records, 37.5 a batch: 40,000 batches of 12 ms + 4 ms: 320 GB-seconds.
    is(
        &lines,
        "Lambda, analytics_processor",
        0.008 + 320.0 * 0.0000133334,
    );
    // A million items at 100,000 a second on a quarter of a processor, and as long again for
    // waiting: 80 s, 40 GB-seconds. 150 invocations a month, and one.
    let requests = (150.0 / MILLIONS + 1.0) * 0.20 / 1e6;
    is(
        &lines,
        "Lambda, archival_function",
        requests + 40.0 * 0.0000133334,
    );
}

#[test]
fn a_poller_that_gets_nothing_for_twenty_seconds_is_paid_for() {
    let empty = |per_second| {
        let lines = with(per_second, false, |model| model.requests());
        let line = lines.iter().find(|line| line.what == "SQS, empty receives");
        line.unwrap().usd
    };
    // Five pollers, each of which has a fifth of a webhook a second: of 20 seconds e^-4 bring none.
    let nothing = (-4.0_f64).exp();
    let expected = 0.40 * nothing / (1.0 - nothing);
    assert!((empty(1.0) - expected).abs() < 1e-9);
    assert!(empty(100.0) < 1e-12);
    // Nearly nothing comes: a receive each 20 seconds of each of five pollers, 648,000 a month.
    let month = empty(0.000_1) * millions_a_month(0.000_1);
    assert!((month - 0.648 * 0.40).abs() < 1e-3);
}

#[test]
fn what_the_tables_cost() {
    let lines = with(100.0, false, |model| model.tables());
    is(&lines, "DynamoDB, events written", 0.625);
    // Half a unit, and a quarter that was refused.
    is(&lines, "DynamoDB, movements written", 0.75 * 0.625);
    // 40,000 batches of 20 units written and two read.
    is(&lines, "DynamoDB, analytics written", 0.8 * 0.625);
    is(&lines, "DynamoDB, analytics read", 0.08 * 0.125);
    is(&lines, "DynamoDB, stream read by a function", 0.0);
    // A million items of 1,000 bytes: nine tenths for three months, one for 400 days.
    let events = 0.9 * 3.0 + 0.1 * 400.0 / 30.0;
    is(&lines, "DynamoDB, events kept", events * 0.25);
    // 400,000 of 800 bytes for 400 days.
    let movements = 0.32 * 400.0 / 30.0;
    is(&lines, "DynamoDB, movements kept", movements * 0.25);
    // Two providers' 16 rows a minute, 6,000 webhooks: 2,667 rows of 300 bytes for 14 days; 1.5
    // million numbers of 22 bytes and 40,000 markers of 300 bytes for three.
    let counts = 16.0 / 6_000.0 * 0.3 * 14.0 / 30.0 + (0.033 + 0.012) * 0.1;
    is(&lines, "DynamoDB, analytics kept", counts * 0.25);
    let all = events + movements + counts;
    is(&lines, "DynamoDB, point-in-time recovery", all * 0.20);
    is(&lines, "Archive, items read by key", 0.125);
    assert!(!lines.iter().any(|line| line.what.contains("other writes")));
}

#[test]
fn one_process_refuses_nothing() {
    let lines = with(100.0, true, |model| model.tables());
    is(&lines, "DynamoDB, movements written", 0.5 * 0.625);
}

#[test]
fn what_a_webhook_writes_beside_events_and_movements_has_a_line() {
    let mut batches = batches();
    batches[0].write_units_per_webhook = 2.5;
    let lines = with(100.0, false, |model| {
        let counted = Counted {
            batches: &batches,
            ..model.counted
        };
        Model { counted, ..*model }.tables()
    });
    is(&lines, "DynamoDB, other writes of a webhook", 0.625);
}

#[test]
fn what_files_and_logs_cost() {
    let lines = with(100.0, false, |model| model.files());
    // 40,000 objects written, and read twice.
    is(&lines, "S3, audit objects", 40.0 * 0.005 + 80.0 * 0.0004);
    // 0.2 GB in objects of 5,000 bytes, which stay in the standard class for 13 months.
    is(&lines, "S3, audit log kept", 0.2 * 0.023 * 13.0);
    // 0.13 GB in files of 35 MB: three months at hand, ten in the cheaper class, and 32 files for
    // each of the thirty days among 259.2 million webhooks.
    let moved = 0.13e9 / (0.13e9 * MILLIONS / 30.0 / 32.0) / 1e3 * 0.02;
    is(
        &lines,
        "S3, archive kept",
        0.13 * (0.023 * 3.0 + 0.004 * 10.0) + moved,
    );
    // 32 parts a day, three requests each.
    is(
        &lines,
        "S3, archive's files",
        2_880.0 / 1e3 * 0.005 / MILLIONS,
    );
    // Written once and read twice.
    is(&lines, "CloudTrail, data events", 120_000.0 / 1e5 * 0.10);
    // A million lines of 400 bytes.
    is(&lines, "CloudWatch, access log", 0.4 * 0.50);
    is(&lines, "CloudWatch, execution log", 0.0);
    // 40,000 batches of 1,568 + 2 * 26 + 380 bytes, and 40,000 of 542 + 3 * 26 + 380.
    is(&lines, "CloudWatch, logs of the functions", 0.12 * 0.50);
    is(&lines, "CloudWatch, search for card data", 0.52 * 0.12);
    is(&lines, "CloudWatch, logs kept", 0.52 * 0.03);
    // 0.052 GB in five logs' 21,600 copies a month: 624 kB each.
    let copies = 21_600.0 / MILLIONS / 1e3;
    let kept = 0.052 * (0.023 * 3.0 + 0.004 * 10.0) + copies * 0.02;
    is(&lines, "S3, copies of the logs", kept + copies * 0.005);
}

#[test]
fn what_is_paid_by_the_month() {
    let lines = with(100.0, false, |model| model.by_the_month());
    // 16 of the functions, six of each provider, 15 of the gateway.
    is(&lines, "CloudWatch, metrics", 43.0 * 0.30 / MILLIONS);
    is(
        &lines,
        "CloudWatch, metrics of alarms",
        36.0 * 0.10 / MILLIONS,
    );
    is(&lines, "CloudWatch, dashboards", 3.0 / MILLIONS);
    // Two keys, and two older versions of the one that is rotated.
    is(&lines, "KMS, keys", 4.0 / MILLIONS);
    is(&lines, "Secrets Manager, secrets", 0.80 / MILLIONS);
    // 8,640 times five minutes, two secrets, four environments.
    is(&lines, "Secrets Manager, requests", 6.912 * 0.05 / MILLIONS);
    // Two tables of three roles, the queue's three, those reads, and one in a hundred of the
    // 40,000 objects of each million.
    let requests = 8_640.0 * 9.0 + 69_120.0 + 400.0 * MILLIONS;
    is(&lines, "KMS, requests", requests / 1e4 * 0.03 / MILLIONS);
    is(&lines, "EventBridge, schedule", 30.0 / 1e6 / MILLIONS);
}

#[test]
fn what_stands_apart() {
    let lines = with(100.0, false, |model| model.apart());
    is(&lines, "Firewall", 0.60 + 12.0 / MILLIONS);
    // Requests, function, 3 GB to the origin, answers that go out here, 0.4 GB of log.
    is(&lines, "Edge", 1.0 + 0.10 + 0.06 - 0.5 * 0.005 + 0.1);
    is(&lines, "Passing on", 1.5 * 1.40);
}

#[test]
fn a_function_a_request_is_counted_with_the_same_prices() {
    let usual = Usual {
        cpu_us: 5_000.0,
        waits_ms: 20.0,
    };
    let lines = with(100.0, false, |model| model.by_request(usual));
    is(&lines, "API Gateway, requests", 3.5);
    // A million times 5 ms on a quarter of a processor, and 20 ms: 20,000 GB-seconds.
    is(
        &lines,
        "Lambda, a function a request",
        0.20 + 20_000.0 * 0.0000133334,
    );
    is(&lines, "DynamoDB, written", 4.0 * 0.625);
    is(&lines, "DynamoDB, kept", 3.0 * 0.25);
    is(&lines, "DynamoDB, point-in-time recovery", 3.0 * 0.20);
    is(&lines, "CloudWatch, access log", 0.4 * 0.50);
    // 620 + 2 * 26 + 380 bytes for each.
    is(&lines, "CloudWatch, log of the function", 1.052 * 0.50);
    is(&lines, "CloudWatch, search for card data", 1.452 * 0.12);
    is(&lines, "CloudWatch, logs kept", 1.452 * 0.03);
    is(&lines, "CloudWatch, metrics", 43.0 * 0.30 / MILLIONS);
}

#[test]
fn little_that_comes_bears_the_whole_month() {
    let of = |per_second| with(per_second, false, |model| sum(&model.bill()));
    assert!(of(1.0) > of(10.0) && of(10.0) > of(100.0));
    let one = with(100.0, true, |model| sum(&model.bill()));
    assert!(one < of(100.0));
}

#[test]
fn batches_grow_with_the_volume_and_end_at_their_size() {
    let records = |per_second| with(per_second, false, |model| model.records());
    assert_eq!(records(0.1), 1.0);
    assert_eq!(records(100.0), 25.0);
    assert_eq!(records(1e6), 500.0);
    assert_eq!(millions_a_month(1.0), 2.592);
}

#[test]
fn between_two_sizes_is_between_their_figures() {
    let mut two = [batches(), batches()].concat();
    (two[0].records, two[0].cpu_us_per_webhook) = (1, 100.0);
    (two[1].records, two[1].cpu_us_per_webhook) = (11, 50.0);
    let cpu = |records| at(&two, records, |batch| batch.cpu_us_per_webhook);
    assert_eq!(
        [cpu(0.5), cpu(1.0), cpu(6.0), cpu(11.0), cpu(99.0)],
        [100.0, 100.0, 75.0, 50.0, 50.0]
    );
    assert_eq!(stretched(30.0, 10.0, 0.5), 40.0);
}

#[test]
fn every_type_of_resource_has_a_line_or_a_reason_to_be_free() {
    let lines = with(100.0, false, |model| [model.bill(), model.apart()].concat());
    for (kind, billed) in TYPES {
        match billed {
            Billed::Line(name) => assert!(
                lines.iter().any(|line| line.what.starts_with(name)),
                "{kind} is said to be in the line {name}, which the bill has not"
            ),
            Billed::Free(why) => assert!(!why.is_empty(), "{kind}"),
        }
    }
    let graph: Value =
        serde_json::from_str(include_str!("../../../infra/snapshots/stack_dev.json")).unwrap();
    let known: BTreeSet<&str> = TYPES.iter().map(|(kind, _)| *kind).collect();
    let resources = graph.as_array().unwrap().iter();
    let unknown: BTreeSet<&str> = resources
        .filter_map(|resource| resource["type"].as_str())
        .filter(|kind| !kind.starts_with("payhook:") && !known.contains(kind))
        .collect();
    assert_eq!(
        unknown,
        BTreeSet::new(),
        "types without a line and without a reason"
    );
}
