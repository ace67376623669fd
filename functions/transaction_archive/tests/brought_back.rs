//! For every provider with a list: some of its webhooks never came, and after a gap run the table
//! holds what the provider has. The exchanges are those of `provider_listings/fixtures`.
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use common::stores;
use jiff::{SignedDuration, Timestamp};
use payment_event::TransactionKey;
use pipeline::fetched::message;
use pipeline::memory::{Memory, to_the_end};
use pipeline::storage::Item;
use pipeline::stored::{StoredMoney, StoredTransaction};
use pipeline::{Deps, Fetched, IncomingMessage, Remembered, ingest};
use provider_listings::{
    Account, Answer, Api, ApiError, ApiRequest, Expected, Lack, Listing, Lists, Window, providers,
};
use provider_webhooks::Provider;
use serde_json::Value;
use transaction_archive::gaps::{
    Compared, Limits, can_list, compare_window, missing, settled_before,
};

/// Seeds of each provider.
const SEEDS: u64 = 8;

/// The day that every exchange is of.
fn window() -> Window {
    Window {
        from: "2026-11-01T00:00:00Z".parse().unwrap(),
        to: "2026-11-02T00:00:00Z".parse().unwrap(),
    }
}

/// A provider that answers as its exchange says, at a time.
struct Played {
    listing: &'static dyn Listing,
    provider: &'static dyn Provider,
    account: Account,
    answers: BTreeMap<String, Vec<u8>>,
    now: Cell<Timestamp>,
}

impl Played {
    fn new(listing: &'static dyn Listing) -> Self {
        let name = listing.info().provider;
        let listings = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../provider_listings");
        let folder = listings.join("fixtures").join(name);
        let text = |file| std::fs::read_to_string(folder.join(file));
        let exchange: Vec<Value> = serde_json::from_str(&text("exchange.json").unwrap()).unwrap();
        let answers = exchange.into_iter().map(|step| {
            let asked = step["request"].as_str().unwrap().to_owned();
            (asked, step["answer"].to_string().into_bytes())
        });
        let settings = text("settings.json").unwrap_or_else(|_| "{}".to_owned());
        Self {
            listing,
            provider: provider_webhooks::providers::by_name(name).unwrap(),
            account: Account::new(serde_json::from_str(&settings).unwrap()),
            answers: answers.collect(),
            now: Cell::new(window().to),
        }
    }

    fn name(&self) -> &'static str {
        self.listing.info().provider
    }

    /// Two days after the provider stopped sending by itself.
    fn long_after(&self) {
        let horizon = window()
            .to
            .duration_since(settled_before(self.provider, window().to));
        self.now
            .set(window().to + horizon + SignedDuration::from_hours(48));
    }

    fn compared(&self, memory: &Memory) -> Compared {
        let stores = stores(memory);
        let compared = compare_window(
            self.listing,
            self.provider,
            window(),
            &self.account,
            self,
            Limits::default(),
            &stores,
        );
        to_the_end(compared)
            .expect("no crash in the script")
            .unwrap_or_else(|error| panic!("{}: {error}", self.name()))
    }

    /// Takes these in as fetched, each in a message, so long after each happened.
    fn take_in(&self, memory: &Memory, things: &[&Expected], at: impl Fn(&Expected) -> Timestamp) {
        for (number, one) in things.iter().enumerate() {
            let listed = &one.listed;
            let received = at(one);
            let fetched = Fetched {
                by: "arn:aws:iam::123456789012:user/operator".to_owned(),
                from: "api.example".to_owned(),
                at: received,
                happened_at: listed.at,
            };
            let (headers, body) = (&listed.headers, &listed.body);
            let sent = message(self.name(), "gaps-1", headers, body, &fetched);
            let fetched = Fetched::decode(&sent.fetched).unwrap();
            let id = format!("m-{number}-{}", memory.calls().len());
            let incoming = IncomingMessage {
                message_id: &id,
                body: &sent.body,
                request: Some(&sent.request),
                received_at_ms: received.as_millisecond(),
                queued_at_ms: received.as_millisecond(),
                first_message_id: None,
                archive_asked: false,
                fetched: Some(&fetched),
                receive_count: 1,
            };
            let deps = Deps {
                transactions: memory,
                remembered: &Remembered::default(),
                audit: memory,
                rejected: memory,
                secrets: memory,
                certificates: memory,
                pause: memory,
            };
            let limits = pipeline::Limits::default();
            let report = to_the_end(ingest(&[incoming], &id, &deps, &limits)).unwrap();
            assert_eq!(report.failed_message_ids().count(), 0, "{}", self.name());
        }
        assert_eq!(memory.rejected().len(), 0, "{}", self.name());
    }

    fn bring_back(&self, memory: &Memory, things: &[&Expected]) {
        self.take_in(memory, things, |_| self.now.get());
    }
}

impl Api for Played {
    async fn send(&self, request: &ApiRequest) -> Result<Answer, ApiError> {
        let content = request.content.as_ref().map(|content| &content.text);
        let content = content.map_or_else(String::new, |text| format!(" {text}"));
        let line = format!("{} {}{content}", request.method.as_str(), request.path);
        Ok(Answer {
            status: 200,
            retry_after_seconds: None,
            date: Some(self.now.get()),
            body: self.answers[&line].clone(),
        })
    }

    async fn wait(&self, _time: Duration) {}

    fn now(&self) -> Timestamp {
        self.now.get()
    }
}

fn with_a_list() -> impl Iterator<Item = Played> {
    let all = providers::ALL.iter().copied();
    all.filter(|listing| can_list(*listing)).map(Played::new)
}

/// Returns true for some things of a seed: two of three.
fn chosen(seed: u64, number: usize) -> bool {
    let mixed = (seed * 1000 + u64::try_from(number).unwrap()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    !(mixed >> 40).is_multiple_of(3)
}

/// How far a movement is, by rank and state, and how much it moved.
type Told = ((i64, String), Option<StoredMoney>);

/// What is compared of the table: the keys of the events, and of each movement how far it is and
/// how much it moved.
fn told(memory: &Memory) -> (BTreeSet<TransactionKey>, BTreeMap<TransactionKey, Told>) {
    let (mut events, mut movements) = (BTreeSet::new(), BTreeMap::new());
    for item in memory.items().into_values() {
        let record = StoredTransaction::from_item(item).unwrap();
        match record.movement {
            None => drop(events.insert(record.key)),
            Some(movement) => {
                movements.insert(record.key, ((movement.rank, movement.state), record.money));
            }
        }
    }
    (events, movements)
}

fn table(memory: &Memory) -> BTreeMap<TransactionKey, Item> {
    memory.items()
}

fn names(things: &[&Expected]) -> BTreeSet<(String, String)> {
    let names = things
        .iter()
        .map(|one| (one.listed.id.clone(), one.listed.what.clone()));
    names.collect()
}

#[test]
fn after_a_gap_run_the_table_holds_what_the_provider_has() {
    let (mut providers, mut brought) = (0, 0);
    for played in with_a_list() {
        let name = played.name();
        let lists = played.listing.info().lists;
        played.long_after();
        // What would be there if every webhook had come.
        let everything = played.compared(&Memory::new()).expected;
        let everything: Vec<&Expected> = everything.iter().collect();
        let complete = Memory::new();
        let soon = |one: &Expected| one.listed.at.unwrap() + SignedDuration::from_secs(20);
        played.take_in(&complete, &everything, soon);
        let nothing = played.compared(&complete).report;
        assert_eq!(
            (nothing.missing.len(), nothing.not_listed.len()),
            (0, 0),
            "{name}"
        );

        for seed in 0..SEEDS {
            let memory = Memory::new();
            let numbered = everything.iter().enumerate();
            let came = numbered.filter(|(number, _)| chosen(seed, *number));
            let mut came: Vec<&Expected> = came.map(|(_, one)| *one).collect();
            if seed % 2 == 1 {
                came.reverse();
            }
            played.take_in(&memory, &came, soon);
            let first = played.compared(&memory);
            let gaps = missing(&first.report, &first.expected);
            assert!(
                names(&gaps).is_disjoint(&names(&came)),
                "{name}: seed {seed}"
            );
            if lists != Lists::Objects {
                assert_eq!(
                    gaps.len() + came.len(),
                    everything.len(),
                    "{name}: seed {seed}"
                );
                let lack = |gap: &provider_listings::Gap| gap.lack == Lack::Event;
                assert!(first.report.missing.iter().all(lack), "{name}: seed {seed}");
            }
            brought += gaps.len();

            // The run ends early and is taken up again: what was brought back is not missing.
            let (some, rest) = gaps.split_at(gaps.len() / 2);
            played.bring_back(&memory, some);
            let second = played.compared(&memory);
            let still = names(&missing(&second.report, &second.expected));
            assert!(still.is_subset(&names(rest)), "{name}: seed {seed}");
            if lists != Lists::Objects {
                assert_eq!(still, names(rest), "{name}: seed {seed}");
            }
            played.bring_back(&memory, &missing(&second.report, &second.expected));

            let third = played.compared(&memory).report;
            assert_eq!(
                (third.missing, third.not_yet),
                (vec![], vec![]),
                "{name}: seed {seed}"
            );
            assert_eq!(third.not_listed, [], "{name}: seed {seed}");
            let (events, movements) = told(&memory);
            let (all_events, all_movements) = told(&complete);
            assert!(
                movements.keys().eq(all_movements.keys()),
                "{name}: seed {seed}"
            );
            for (movement, all) in movements.values().zip(all_movements.values()) {
                assert_eq!(movement.0, all.0, "{name}: seed {seed}");
                assert_eq!(movement.1, all.1, "{name}: seed {seed}");
            }
            match lists {
                Lists::Objects => assert!(events.is_subset(&all_events), "{name}: seed {seed}"),
                _ => assert_eq!(events, all_events, "{name}: seed {seed}"),
            }

            // A second backfill of the same things, and webhooks that come after all.
            let before = table(&memory);
            played.bring_back(&memory, &gaps);
            assert!(table(&memory) == before, "{name}: seed {seed}");
            if lists != Lists::Objects {
                played.bring_back(&memory, &everything);
                assert!(table(&memory) == before, "{name}: seed {seed}");
            }
        }
        providers += 1;
    }
    assert!(providers > 20 && brought > 100, "{providers}, {brought}");
}

#[test]
fn what_the_provider_may_still_send_is_not_yet_missing() {
    for played in with_a_list() {
        let name = played.name();
        let memory = Memory::new();
        played.now.set(window().to);
        let early = played.compared(&memory).report;
        played.long_after();
        let late = played.compared(&memory).report;
        let horizon = window()
            .to
            .duration_since(settled_before(played.provider, window().to));
        if horizon >= SignedDuration::from_hours(24) {
            assert_eq!(early.missing, [], "{name}");
        }
        assert!(
            !late.missing.is_empty() && late.not_yet.is_empty(),
            "{name}"
        );
        let mut both = early.missing;
        both.extend(early.not_yet);
        both.sort();
        assert_eq!(both, late.missing, "{name}");
    }
}
