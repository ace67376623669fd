//! Every finding of `payhook doctor before`: a fact, and what it means.

use std::collections::BTreeSet;

use aws_adapters::account::{Caller, Certificate, Concurrency, GatewayAccount, Kind, Presence};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::doctor::finding::{Outcome, failures};
use crate::doctor::stack_facts::Named;
use crate::doctor::steps::{ALL, Mode};

const ARN: &str = "arn:aws:acm:us-east-1:123456789012:certificate/0";
const DOMAIN: &str = "hooks.example.com";

fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

fn later(days: i64) -> Timestamp {
    now()
        .checked_add(SignedDuration::from_hours(24 * days))
        .unwrap()
}

fn certificate() -> Certificate {
    Certificate {
        status: "ISSUED".to_owned(),
        names: vec![DOMAIN.to_owned()],
        expires_at: Some(later(90)),
    }
}

/// An account in which everything is as it must be.
fn facts() -> Facts {
    Facts {
        wanted: Wanted {
            suffix: "dev".to_owned(),
            account: "123456789012".to_owned(),
            reserved: 9,
            providers: 22,
            edge: Some((DOMAIN.to_owned(), ARN.to_owned())),
        },
        region: Some("us-east-2".to_owned()),
        caller: Ok((caller(0), now())),
        concurrency: Ok(Concurrency {
            limit: 1000,
            unreserved: 1000,
        }),
        reserved_already: Ok(0),
        gateway: Ok(gateway(Some(10_000.0), Some(5_000))),
        quotas: Quotas {
            api_keys: Ok(0),
            usage_plans: Ok(0),
            usage_plans_max: Ok(300.0),
            kms_keys: Ok(3),
            kms_keys_max: Ok(100_000.0),
            kms_requests_max: Ok(20_000.0),
        },
        certificate: Some(Ok(Some(certificate()))),
        leftovers: vec![leftover(
            Kind::Table,
            "transactions_dev",
            Ok(Presence::Absent),
            None,
        )],
        deployed: Ok(false),
        pollers: Ok(Vec::new()),
        now: now(),
    }
}

/// Whose clock is so far behind ours.
fn caller(behind_seconds: i64) -> Caller {
    let server = now().checked_sub(SignedDuration::from_secs(behind_seconds));
    Caller {
        account: Some("123456789012".to_owned()),
        arn: None,
        server_time: server.ok(),
    }
}

fn gateway(rate: Option<f64>, burst: Option<i32>) -> GatewayAccount {
    GatewayAccount {
        logging_role: None,
        rate,
        burst,
    }
}

fn leftover(kind: Kind, name: &str, presence: Known<Presence>, own: Option<bool>) -> Leftover {
    Leftover {
        named: Named {
            kind,
            name: name.to_owned(),
        },
        presence,
        own,
    }
}

fn judged(facts: &Facts) -> Vec<Finding> {
    judge(facts, &Limits::read())
}

/// The one finding of a step.
fn found(facts: &Facts, step: &str) -> Finding {
    let mut found = judged(facts);
    found.retain(|finding| finding.step == step);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn check(facts: &Facts, step: &str, outcome: Outcome, words: &str) {
    let finding = found(facts, step);
    assert_eq!(finding.outcome, outcome, "{finding:?}");
    assert!(finding.says.contains(words), "{finding:?}");
}

#[test]
fn a_good_account_passes_every_step() {
    let findings = judged(&facts());
    assert_eq!(failures(&findings), 0);
    let steps: BTreeSet<&str> = findings.iter().map(|finding| finding.step).collect();
    let all = ALL.iter().filter(|step| step.mode == Mode::Before);
    assert_eq!(steps, all.map(|step| step.id).collect());
    assert!(
        findings.iter().all(|f| f.outcome == Outcome::Pass),
        "{findings:?}"
    );
}

#[test]
fn what_is_not_known_is_neither_good_nor_bad() {
    let why = || "asked in vain".to_owned();
    let quotas = Quotas {
        api_keys: Err(why()),
        usage_plans: Ok(1),
        usage_plans_max: Err(why()),
        kms_keys: Err(why()),
        kms_keys_max: Ok(1.0),
        kms_requests_max: Err(why()),
    };
    let ignorant = Facts {
        caller: Err(why()),
        concurrency: Err(why()),
        gateway: Err(why()),
        quotas,
        certificate: Some(Err(why())),
        leftovers: vec![leftover(Kind::Queue, "webhook_queue_dev", Err(why()), None)],
        pollers: Err(why()),
        ..facts()
    };
    for finding in judged(&ignorant) {
        if finding.step != "region" {
            assert_eq!(finding.outcome, Outcome::CouldNotTell, "{finding:?}");
            assert_eq!(finding.says, "asked in vain", "{finding:?}");
        }
    }
    let reserved = Facts {
        reserved_already: Err(why()),
        ..facts()
    };
    check(
        &reserved,
        "lambda_concurrency",
        Outcome::CouldNotTell,
        "asked in vain",
    );
    let half = Facts {
        caller: Ok((
            Caller {
                account: None,
                arn: None,
                server_time: None,
            },
            now(),
        )),
        gateway: Ok(gateway(None, None)),
        ..facts()
    };
    check(&half, "account", Outcome::CouldNotTell, "was refused");
    check(&half, "clock", Outcome::CouldNotTell, "no date");
    check(
        &half,
        "gateway_throttle",
        Outcome::CouldNotTell,
        "does not say",
    );
}

#[test]
fn region_and_account_are_the_stacks() {
    let region = |region: Option<&str>| Facts {
        region: region.map(str::to_owned),
        ..facts()
    };
    check(
        &region(Some("eu-west-1")),
        "region",
        Outcome::Fail,
        "AWS_REGION=us-east-2",
    );
    check(
        &region(None),
        "region",
        Outcome::Fail,
        "no region is configured",
    );
    let mut other = facts();
    other.wanted.account = "210987654321".to_owned();
    check(
        &other,
        "account",
        Outcome::Fail,
        "of account 123456789012, not of 210987654321",
    );
}

#[test]
fn the_clock_may_be_a_minute_off() {
    for (behind, outcome, words) in [
        (60, Outcome::Pass, "60 s from"),
        (-60, Outcome::Pass, "60 s from"),
        (61, Outcome::Fail, "61 s ahead of"),
        (-400, Outcome::Fail, "400 s behind"),
    ] {
        let off = Facts {
            caller: Ok((caller(behind), now())),
            ..facts()
        };
        check(&off, "clock", outcome, words);
    }
}

#[test]
fn a_hundred_executions_stay_unreserved() {
    for (limit, unreserved, own, reserved, outcome, words) in [
        (1000, 1000, 0, 9, Outcome::Pass, "991 stay unreserved"),
        (1000, 109, 0, 9, Outcome::Pass, "100 stay unreserved"),
        (
            1000,
            108,
            0,
            9,
            Outcome::Fail,
            "1 are missing; ask for 1001",
        ),
        // The stack is there already: what it reserved is its own again.
        (1000, 100, 9, 9, Outcome::Pass, "100 stay unreserved"),
        (
            10,
            10,
            0,
            9,
            Outcome::Fail,
            "--quota-code L-B99A9384 --desired-value 1000 --region us-east-2",
        ),
        (
            1000,
            1000,
            0,
            950,
            Outcome::Fail,
            "50 are missing; ask for 1050",
        ),
    ] {
        let mut one = facts();
        one.concurrency = Ok(Concurrency { limit, unreserved });
        one.reserved_already = Ok(own);
        one.wanted.reserved = reserved;
        check(&one, "lambda_concurrency", outcome, words);
    }
}

#[test]
fn the_gateway_takes_what_the_stage_allows() {
    for (rate, burst, outcome, words) in [
        (10_000.0, 5_000, Outcome::Pass, "10000 a second"),
        (
            9_999.0,
            5_000,
            Outcome::Fail,
            "--quota-code L-8A5B8E43 --desired-value 10000",
        ),
        (10_000.0, 4_999, Outcome::Fail, "AWS derives the second"),
    ] {
        let one = Facts {
            gateway: Ok(gateway(Some(rate), Some(burst))),
            ..facts()
        };
        check(&one, "gateway_throttle", outcome, words);
    }
}

#[test]
fn whose_role_writes_the_logs_is_said() {
    for (role, words) in [
        (None, "the deploy sets"),
        (
            Some("arn:aws:iam::1:role/webhook_api_logging_role_dev"),
            "the stack's own",
        ),
        (Some("arn:aws:iam::1:role/other"), "role/other writes"),
    ] {
        let mut account = gateway(Some(1.0), Some(1));
        account.logging_role = role.map(str::to_owned);
        let one = Facts {
            gateway: Ok(account),
            ..facts()
        };
        check(&one, "gateway_logging_role", Outcome::Pass, words);
    }
}

#[test]
fn quotas_leave_room_for_the_stack() {
    let with = |change: fn(&mut Quotas), deployed: bool| {
        let mut one = facts();
        change(&mut one.quotas);
        one.deployed = Ok(deployed);
        one
    };
    for (step, change, words) in [
        (
            "api_keys_quota",
            (|q| q.api_keys = Ok(9_957)) as fn(&mut Quotas),
            "9957 of 10000 and 44 more are needed: this quota cannot be raised",
        ),
        (
            "usage_plans_quota",
            |q| q.usage_plans = Ok(279),
            "L-E8693075",
        ),
        ("kms_keys_quota", |q| q.kms_keys_max = Ok(4.0), "L-C2F1777E"),
    ] {
        check(&with(change, false), step, Outcome::Fail, words);
        check(&with(change, true), step, Outcome::Pass, "0 more");
    }
    let slow = with(|q| q.kms_requests_max = Ok(500.0), false);
    check(&slow, "kms_request_rate", Outcome::Fail, "L-6E3AF000");
}

#[test]
fn without_an_edge_there_is_no_certificate_to_ask_for() {
    let mut none = facts();
    none.certificate = None;
    none.wanted.edge = None;
    check(
        &none,
        "edge_certificate",
        Outcome::CouldNotTell,
        "--edge-domain",
    );
}

#[test]
fn what_still_polls_the_queue_is_the_stacks() {
    let polled = |deployed| Facts {
        pollers: Ok(vec!["Enabled".to_owned()]),
        deployed: Ok(deployed),
        ..facts()
    };
    check(
        &polled(true),
        "queue_has_no_poller",
        Outcome::Pass,
        "deployed stack's own",
    );
    check(
        &polled(false),
        "queue_has_no_poller",
        Outcome::Fail,
        "delete-event-source-mapping",
    );
}
