//! Every finding of `payhook doctor after` about what stands around the webhooks' way: a fact, and
//! what it means.

use aws_adapters::account::GatewayAccount;
use aws_adapters::standing::{Alarm, Retention, Subscriptions};
use jiff::{SignedDuration, Timestamp};

use super::standing::Standing;
use crate::doctor::finding::{Finding, Outcome};
use crate::doctor::stack_facts::Limits;

fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

const TOPIC: &str = "arn:aws:sns:us-east-2:123456789012:alarms_dev";

fn alarm(name: &str) -> Alarm {
    Alarm {
        name: name.to_owned(),
        actions_enabled: true,
        actions: vec![TOPIC.to_owned()],
    }
}

/// A stack around which everything is as it must be.
fn standing() -> Standing {
    let limits = Limits::read();
    let functions = [
        "webhook_processor",
        "analytics_processor",
        "archival_function",
    ];
    let reviewed = [
        "gateway_5xx_dev",
        "rejected_spike_dev",
        "rejected_stripe_dev",
        "rejected_adyen_dev",
        "firewall_blocked_dev",
    ];
    Standing {
        suffix: "dev".to_owned(),
        alarms_reviewed: reviewed.map(str::to_owned).into(),
        alarms: Ok(reviewed.map(alarm).into()),
        providers: vec!["stripe".to_owned(), "adyen".to_owned()],
        topic: TOPIC.to_owned(),
        subscriptions: Ok(Subscriptions {
            confirmed: 1,
            pending: 0,
        }),
        log_groups: vec![("/aws/lambda/a_dev".to_owned(), Ok(Retention::Days(30)))],
        exported: Ok(vec![now()]),
        deployed_at: Ok(Some(now())),
        recursion: Ok("Allow".to_owned()),
        event_sources: vec![(
            "webhook_processor".to_owned(),
            Ok(vec!["Enabled".to_owned()]),
        )],
        reserved: functions
            .map(|f| (f, Ok(limits.reserved(f).first().copied())))
            .into(),
        gateway: Ok(gateway(Some("arn:aws:iam::1:role/logger"))),
        now: now(),
    }
}

fn gateway(logging_role: Option<&str>) -> GatewayAccount {
    GatewayAccount {
        logging_role: logging_role.map(str::to_owned),
        rate: None,
        burst: None,
    }
}

/// Changes one fact and looks at the findings of one step that do not pass, or at its pass.
fn changed(change: impl FnOnce(&mut Standing), step: &str, outcome: Outcome, words: &str) {
    let mut one = standing();
    change(&mut one);
    let found = one.findings(&Limits::read());
    let of_step: Vec<&Finding> = found.iter().filter(|f| f.step == step).collect();
    let finding = of_step.iter().find(|finding| finding.outcome == outcome);
    let finding = finding.unwrap_or_else(|| unreachable!("{of_step:?}"));
    assert!(finding.says.contains(words), "{finding:?}");
}

#[test]
fn a_stack_that_stands_passes() {
    let findings = standing().findings(&Limits::read());
    assert!(
        findings.iter().all(|f| f.outcome == Outcome::Pass),
        "{findings:?}"
    );
}

#[test]
fn every_alarm_is_there_and_tells_somebody() {
    use Outcome::{CouldNotTell, Fail, Pass};
    let without = |name: &'static str| {
        move |one: &mut Standing| {
            let alarms = one.alarms.as_mut().unwrap();
            alarms.retain(|alarm| alarm.name != name);
        }
    };
    let step = "alarms_present";
    changed(
        without("gateway_5xx_dev"),
        step,
        Fail,
        "1 of 5 are missing (gateway_5xx_dev)",
    );
    changed(
        without("rejected_spike_dev"),
        step,
        Fail,
        "rejected_spike_dev",
    );
    // A stack without this provider, and one without a firewall, have fewer.
    let no_adyen = |one: &mut Standing| {
        without("rejected_adyen_dev")(one);
        one.providers.retain(|name| name != "adyen");
    };
    changed(no_adyen, step, Pass, "4");
    changed(without("firewall_blocked_dev"), step, Pass, "4");
    changed(
        |one| one.alarms = Err("denied".to_owned()),
        step,
        CouldNotTell,
        "denied",
    );
    let step = "alarms_have_actions";
    let alarms = |one: &mut Standing, change: fn(&mut Alarm)| {
        change(&mut one.alarms.as_mut().unwrap()[0]);
    };
    changed(
        |one| alarms(one, |a| a.actions_enabled = false),
        step,
        Fail,
        "gateway_5xx_dev",
    );
    changed(
        |one| alarms(one, |a| a.actions.clear()),
        step,
        Fail,
        "gateway_5xx_dev",
    );
    let step = "alarm_topic_confirmed";
    let subscribed = |confirmed, pending| {
        move |one: &mut Standing| one.subscriptions = Ok(Subscriptions { confirmed, pending })
    };
    changed(subscribed(0, 0), step, Fail, "alarm_email");
    changed(
        subscribed(0, 2),
        step,
        Fail,
        "2 subscriptions wait to be confirmed",
    );
    changed(subscribed(1, 1), step, Pass, "1 confirmed, 1 pending");
}

#[test]
fn logs_are_kept_and_exported() {
    use Outcome::{CouldNotTell, Fail, Pass};
    let kept = |retention: Result<Retention, &str>| {
        let retention = retention.map_err(str::to_owned);
        move |one: &mut Standing| one.log_groups[0].1 = retention
    };
    let step = "log_groups_kept";
    changed(
        kept(Ok(Retention::Days(30))),
        step,
        Pass,
        "1 groups keep 30 days",
    );
    changed(kept(Ok(Retention::Days(7))), step, Fail, "7 days, not 30");
    changed(kept(Ok(Retention::Forever)), step, Fail, "for ever");
    changed(kept(Ok(Retention::NoGroup)), step, Fail, "no such group");
    changed(kept(Err("denied")), step, CouldNotTell, "denied");
    let step = "logs_exported";
    let nothing_after = |hours: i64| {
        move |one: &mut Standing| {
            one.exported = Ok(Vec::new());
            let age = SignedDuration::from_hours(hours);
            one.deployed_at = Ok(Some(one.now.checked_sub(age).unwrap()));
        }
    };
    changed(nothing_after(47), step, CouldNotTell, "day two");
    changed(nothing_after(48), step, Fail, "nothing is under logs/");
    let no_gateway = |one: &mut Standing| {
        one.exported = Ok(Vec::new());
        one.deployed_at = Ok(None);
    };
    changed(no_gateway, step, CouldNotTell, "day two");
    let no_age = |one: &mut Standing| {
        one.exported = Ok(Vec::new());
        one.deployed_at = Err("denied".to_owned());
    };
    changed(no_age, step, CouldNotTell, "denied");
    changed(
        |one| one.exported = Err("denied".to_owned()),
        step,
        CouldNotTell,
        "denied",
    );
    let step = "gateway_logs";
    changed(
        |one| one.gateway = Ok(gateway(None)),
        step,
        Fail,
        "access log is empty",
    );
    changed(
        |one| one.gateway = Err("denied".to_owned()),
        step,
        CouldNotTell,
        "denied",
    );
}

#[test]
fn functions_are_started_as_they_shall() {
    use Outcome::{CouldNotTell, Fail};
    let step = "archival_may_recurse";
    let recursion = |setting: Result<&str, &str>| {
        let setting = setting.map(str::to_owned).map_err(str::to_owned);
        move |one: &mut Standing| one.recursion = setting
    };
    changed(
        recursion(Ok("Terminate")),
        step,
        Fail,
        "--recursive-loop Allow",
    );
    changed(recursion(Ok("")), step, CouldNotTell, "does not say");
    changed(
        recursion(Err("no such call")),
        step,
        CouldNotTell,
        "no such call",
    );
    let step = "event_sources_enabled";
    let states = |states: Result<&[&str], &str>| {
        let states = states.map(|states| states.iter().map(|s| (*s).to_owned()).collect());
        let states: Result<Vec<String>, String> = states.map_err(str::to_owned);
        move |one: &mut Standing| one.event_sources[0].1 = states
    };
    changed(states(Ok(&[])), step, Fail, "nothing starts it");
    changed(states(Ok(&["Disabled"])), step, Fail, "--enabled");
    changed(states(Ok(&["Enabled", "Disabled"])), step, Fail, "Disabled");
    changed(states(Ok(&["Updating"])), step, CouldNotTell, "just now");
    changed(states(Err("denied")), step, CouldNotTell, "denied");
    let step = "concurrency_reserved";
    changed(
        |one| one.reserved[0].1 = Ok(None),
        step,
        Fail,
        "0 are reserved",
    );
    changed(
        |one| one.reserved[0].1 = Ok(Some(1)),
        step,
        Fail,
        "1 are reserved, not",
    );
    changed(
        |one| one.reserved[0].1 = Err("denied".to_owned()),
        step,
        CouldNotTell,
        "denied",
    );
}
