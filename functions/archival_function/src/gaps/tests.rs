//! A provider's day against storage in memory, asked of an API that answers from a script.

use std::cell::Cell;

use pipeline::logs::Log;
use pipeline::memory::{Call, CallFault, Memory};
use provider_listings::{Account, Answer, Api, ApiError, ApiRequest};
use provider_webhooks::Secrets;
use serde_json::{Value, json};

use super::*;
use crate::handler::{Handled, handle, tell};

/// Answers every request alike, or with nothing.
pub(crate) struct Scripted(Result<Answer, ApiError>);

impl Api for Scripted {
    async fn send(&self, _request: &ApiRequest) -> Result<Answer, ApiError> {
        self.0.clone()
    }

    async fn wait(&self, _time: Duration) {}

    fn now(&self) -> Timestamp {
        now()
    }
}

/// The providers of the stack, and what each answers.
pub(crate) struct Script {
    providers: Vec<&'static str>,
    key: &'static str,
    answer: Result<Answer, ApiError>,
}

impl Script {
    /// A stack without a gap check.
    pub(crate) fn none() -> Self {
        Self::of(Vec::new(), 200, &json!({}))
    }

    fn of(providers: Vec<&'static str>, status: u16, body: &Value) -> Self {
        Self {
            providers,
            key: "rk_1",
            answer: Ok(Answer {
                status,
                retry_after_seconds: None,
                date: None,
                body: body.to_string().into_bytes(),
            }),
        }
    }
}

impl Apis for Script {
    type Api = Scripted;

    fn providers(&self) -> &[&'static str] {
        &self.providers
    }

    async fn open(
        &self,
        listing: &'static dyn Listing,
        _pause: &impl Pause,
    ) -> Result<(Scripted, Account), CheckError> {
        let secrets = Secrets::new([self.key.to_owned()], None);
        // What it asks of a secret is the adapter's: nothing is sent here.
        provider_api::ProviderApi::of_secret(listing, &secrets)?;
        listing.check_key(self.key)?;
        Ok((Scripted(self.answer.clone()), Account::default()))
    }
}

/// A deadline that is reached when it was asked so often.
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

/// A page of Stripe's events, each made at noon of the sixth: the day that is settled on the tenth.
fn page(ids: &[&str]) -> Value {
    let at: Timestamp = "2026-04-06T12:00:00Z".parse().unwrap();
    let event = |id: &&str| {
        json!({
            "id": id, "object": "event", "type": "charge.succeeded", "created": at.as_second(),
            "data": {"object": {
                "id": format!("ch_{id}"), "object": "charge", "amount": 100, "currency": "usd",
                "payment_intent": format!("pi_{id}"), "status": "succeeded",
            }},
        })
    };
    let data: Vec<Value> = ids.iter().map(event).collect();
    json!({"object": "list", "has_more": false, "data": data})
}

async fn run_on(memory: &Memory, script: &Script, task: &Task, looks: u32) -> Handled {
    let deadline = After(Cell::new(looks));
    let logs = Log::read_list("access=/access").unwrap();
    let deps = Deps {
        cloudwatch: memory,
        logs: &logs,
        table: memory,
        counts: memory,
        objects: memory,
        signer: memory,
        apis: script,
        pause: memory,
        deadline: &deadline,
    };
    handle(task, now(), &deps).await
}

fn gaps(provider: &str, day: Option<&str>) -> Task {
    Task::Gaps {
        provider: provider.to_owned(),
        day: day.map(|day| day.parse().unwrap()),
    }
}

/// The lines of metrics: for all providers, then for each.
fn lines(handled: &Handled) -> Vec<Value> {
    let mut out = Vec::new();
    let metrics = Metrics::new("payhook", "archival_function_dev");
    tell(handled, &metrics, 7, &mut out);
    let lines = out.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

fn recorded(memory: &Memory, key: &str) -> Value {
    serde_json::from_slice(&memory.objects()[key]).unwrap()
}

const STRIPES: &str = "gaps/dt=2026-04-06/stripe.json";

#[tokio::test]
async fn what_never_came_is_recorded_counted_and_named_and_nothing_else_is_stored() {
    let memory = Memory::new();
    let script = Script::of(vec!["stripe"], 200, &page(&["evt_1", "evt_2"]));
    let handled = run_on(&memory, &script, &gaps("stripe", None), u32::MAX).await;
    assert_eq!((handled.result(), handled.left.len()), (Ok(()), 0));
    let record = recorded(&memory, STRIPES);
    let named: Vec<&Value> = record["named"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&record["listed"], &record["missing"], &record["present"]),
        (&json!(2), &json!(2), &json!(0))
    );
    assert_eq!(
        (&named[0]["id"], &named[1]["id"]),
        (&json!("evt_1"), &json!("evt_2"))
    );
    assert_eq!(
        (&record["from"], &record["to"], &record["error"]),
        (
            &json!("2026-04-06T00:00:00Z"),
            &json!("2026-04-07T00:00:00Z"),
            &Value::Null
        )
    );
    let lines = lines(&handled);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["provider"], "stripe");
    for line in &lines {
        assert_eq!(
            (&line["GapsMissing"], &line["GapCheckFailed"]),
            (&json!(2), &json!(0))
        );
    }
    assert_eq!(memory.objects().len(), 1);
    assert!(memory.items().is_empty());
}

#[tokio::test]
async fn a_day_that_was_asked_for_and_has_nothing_is_whole() {
    let memory = Memory::new();
    let script = Script::of(vec!["stripe"], 200, &page(&[]));
    let task = gaps("stripe", Some("2026-04-02"));
    let handled = run_on(&memory, &script, &task, u32::MAX).await;
    assert_eq!(handled.result(), Ok(()));
    assert_eq!(lines(&handled)[0]["GapsMissing"], 0);
    let record = recorded(&memory, "gaps/dt=2026-04-02/stripe.json");
    assert_eq!(
        (&record["listed"], &record["named"]),
        (&json!(0), &json!([]))
    );
}

#[tokio::test]
async fn a_thousand_at_most_are_named() {
    let memory = Memory::new();
    let ids: Vec<String> = (0..1_001).map(|n| format!("evt_{n:04}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let script = Script::of(vec!["stripe"], 200, &page(&ids));
    let handled = run_on(&memory, &script, &gaps("stripe", None), u32::MAX).await;
    let record = recorded(&memory, STRIPES);
    assert_eq!(record["missing"], 1_001);
    assert_eq!(record["named"].as_array().unwrap().len(), 1_000);
    assert_eq!(lines(&handled)[0]["GapsMissing"], 1_001);
}

#[tokio::test]
async fn a_provider_that_refuses_is_told_of_and_fails_no_invocation() {
    let refuses = Script::of(vec!["stripe"], 403, &json!({}));
    let silent = Script {
        answer: Err(ApiError("time-out".to_owned())),
        ..Script::of(vec!["stripe"], 200, &json!({}))
    };
    let keyless = Script {
        key: " ",
        ..Script::of(vec!["stripe"], 200, &page(&[]))
    };
    let powerful = Script {
        key: "sk_live_1",
        ..Script::of(vec!["stripe"], 200, &page(&[]))
    };
    for (script, why) in [
        (refuses, "status 403"),
        (silent, "time-out"),
        (keyless, "has no key"),
        (powerful, "more than read"),
    ] {
        let memory = Memory::new();
        let handled = run_on(&memory, &script, &gaps("stripe", None), u32::MAX).await;
        assert_eq!(handled.result(), Ok(()), "{why}");
        let record = recorded(&memory, STRIPES);
        assert!(record["error"].as_str().unwrap().contains(why), "{record}");
        // What is not known is not claimed.
        assert_eq!(record.get("listed"), None);
        for line in lines(&handled) {
            assert_eq!(line["GapCheckFailed"], 1);
            assert_eq!(line.get("GapsMissing"), None);
        }
    }
}

#[tokio::test]
async fn what_aws_refuses_fails_the_invocation() {
    for call in [Call::ObjectList, Call::ItemsRead] {
        let memory = Memory::new();
        memory.fail_every(call, CallFault::Final);
        let script = Script::of(vec!["stripe"], 200, &page(&["evt_1"]));
        let handled = run_on(&memory, &script, &gaps("stripe", None), u32::MAX).await;
        assert!(handled.result().is_err(), "{call:?}");
        assert_eq!(lines(&handled)[0]["GapCheckFailed"], 1);
        assert!(recorded(&memory, STRIPES)["error"].is_string());
    }
    let memory = Memory::new();
    memory.fail_every(Call::ObjectPut, CallFault::Final);
    let script = Script::of(vec!["stripe"], 200, &page(&["evt_1"]));
    let handled = run_on(&memory, &script, &gaps("stripe", None), u32::MAX).await;
    assert!(handled.result().is_err());
    // What was found out is told all the same.
    let line = &lines(&handled)[1];
    assert_eq!(
        (&line["GapsMissing"], &line["GapCheckFailed"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn a_provider_that_the_stack_does_not_check_is_refused() {
    let memory = Memory::new();
    let script = Script::of(vec!["stripe"], 200, &page(&[]));
    let handled = run_on(&memory, &script, &gaps("square", None), u32::MAX).await;
    assert!(handled.result().is_err());
    assert_eq!(lines(&handled).len(), 1);
    assert!(memory.objects().is_empty());
}

#[tokio::test]
async fn the_deadline_ends_a_comparison() {
    let memory = Memory::new();
    let script = Script::of(vec!["stripe"], 200, &page(&["evt_1"]));
    let handled = run_on(&memory, &script, &gaps("stripe", None), 0).await;
    assert_eq!(handled.result(), Ok(()));
    assert_eq!(lines(&handled)[0]["GapCheckFailed"], 1);
    assert!(
        recorded(&memory, STRIPES)["error"]
            .as_str()
            .unwrap()
            .contains("time ended")
    );
}

#[tokio::test]
async fn the_daily_task_leaves_each_provider_to_an_invocation_of_its_own() {
    let memory = Memory::new();
    let script = Script::of(vec!["square", "stripe"], 200, &page(&[]));
    let handled = run_on(&memory, &script, &Task::DAILY, u32::MAX).await;
    let left: Vec<&Task> = handled.left.iter().collect();
    assert!(left.contains(&&gaps("square", None)) && left.contains(&&gaps("stripe", None)));
    assert_eq!(handled.left.len(), 4);
    // Nothing of it is claimed before it was done.
    assert_eq!(lines(&handled)[0].get("GapCheckFailed"), None);
    let none = run_on(&memory, &Script::none(), &Task::DAILY, u32::MAX).await;
    assert_eq!(none.left.len(), 2);
}

#[test]
fn a_day_is_checked_when_no_retry_of_it_is_left_and_every_list_reaches_back_to_it() {
    for listing in provider_listings::providers::ALL {
        let info = listing.info();
        let provider = provider_webhooks::providers::by_name(info.provider).unwrap();
        let (day, at) = (
            settled_day(provider, now()),
            window(settled_day(provider, now())),
        );
        let settled = settled_before(provider, now());
        assert!(at.to <= settled, "{}: {day}", info.provider);
        assert!(settled.duration_since(at.to).as_hours() < 24, "{day}");
        if let Some(days) = info.reach_back_days {
            let age = now().duration_since(at.from).as_hours();
            assert!(age <= 24 * i64::from(days), "{}", info.provider);
        }
    }
}
