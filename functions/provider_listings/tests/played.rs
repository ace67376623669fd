//! Every provider with a list, played from seeds: its answers fail, are cut short and come in
//! another order; some of what it lists is not stored, some not yet, and something else is. The
//! walk gives the whole list or an error, and the comparison finds what is missing and no more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::{Random, Reply, account, answer, done, line, pages, window, with_a_list};
use jiff::{SignedDuration, Timestamp};
use payment_event::TransactionKey;
use provider_listings::{
    Answer, Api, ApiError, ApiRequest, Budget, Expected, Gap, GapReport, Have, Lack, Listed,
    Listing, ListingError, Lists, Query, Standing, Stored, Told, compare, expected, walk,
};
use serde_json::Value;

/// Seeds of the walks through each provider's list.
const WALKS: u64 = 100;

/// Seeds of the comparisons with each provider's list.
const COMPARISONS: u64 = 300;

/// Attempts at one request.
const ATTEMPTS: u64 = 6;

/// Shuffles the lists of an answer; what stands inside their entries stays as it is.
fn reordered(value: &mut Value, random: &mut Random) {
    match value {
        Value::Array(entries) => random.shuffle(entries),
        Value::Object(fields) => {
            for field in fields.values_mut() {
                reordered(field, random);
            }
        }
        _ => {}
    }
}

/// A page of an exchange: the query, the answer, and the page behind it.
struct Played {
    query: Query,
    answer: Value,
    next: Option<Query>,
}

/// The answer with its entries in another order, where the page behind it does not hang on the
/// order; else as it is.
fn in_any_order(listing: &dyn Listing, page: &Played, random: &mut Random) -> Vec<u8> {
    let mut other = page.answer.clone();
    reordered(&mut other, random);
    let body = other.to_string().into_bytes();
    match listing.read(&page.query, &body) {
        Ok(read) if read.next == page.next => body,
        _ => page.answer.to_string().into_bytes(),
    }
}

/// Plays the answers of an exchange with faults before them.
struct Faulty {
    answers: BTreeMap<String, Vec<u8>>,
    random: RefCell<Random>,
    /// Faults before the answer to the request at hand, once it was sent.
    left: RefCell<Option<u64>>,
    /// Whether some request has more faults before it than there are attempts.
    hopeless: Cell<bool>,
}

impl Faulty {
    fn fault(&self, whole: &[u8]) -> Reply {
        let mut random = self.random.borrow_mut();
        let refused = |status| Ok(answer(status, "{\"error\":\"x\"}"));
        match random.below(7) {
            0 => refused(429),
            1 => Ok(Answer {
                retry_after_seconds: Some(random.below(1000)),
                ..answer(429, "")
            }),
            2 => refused(500 + u16::try_from(random.below(100)).unwrap()),
            3 => refused(408),
            4 => Err(ApiError("no connection".to_owned())),
            5 => Ok(answer(200, "<html><body>try again</body></html>")),
            _ => Ok(answer(200, &whole[..random.index(whole.len())])),
        }
    }
}

impl Api for Faulty {
    async fn send(&self, request: &ApiRequest) -> Reply {
        let whole = &self.answers[&line(request)];
        let left = self.left.borrow_mut().take();
        let left = left.unwrap_or_else(|| {
            let mut random = self.random.borrow_mut();
            match random.below(40) {
                0 => ATTEMPTS,
                1..10 => 1 + random.below(ATTEMPTS - 1),
                _ => 0,
            }
        });
        self.hopeless.set(self.hopeless.get() || left >= ATTEMPTS);
        match left {
            0 => Ok(answer(200, whole.clone())),
            _ => {
                *self.left.borrow_mut() = Some(left - 1);
                self.fault(whole)
            }
        }
    }

    async fn wait(&self, time: Duration) {
        assert!(time <= Duration::from_secs(120), "{time:?}");
    }

    fn now(&self) -> Timestamp {
        "2026-11-09T00:00:00Z".parse().unwrap()
    }
}

/// What is listed, in an order of its own.
fn sorted(mut listed: Vec<Listed>) -> Vec<Listed> {
    listed.sort_by(|one, other| {
        let key = |it: &Listed| (it.id.clone(), it.what.clone(), it.body.clone());
        key(one).cmp(&key(other))
    });
    listed
}

/// What a provider lists, read page by page.
fn listed(listing: &dyn Listing) -> Vec<Listed> {
    let read = |(query, answer): (Query, Value)| {
        let page = listing.read(&query, answer.to_string().as_bytes());
        page.unwrap().listed
    };
    pages(listing).into_iter().flat_map(read).collect()
}

#[test]
fn a_provider_that_fails_and_reorders_gives_the_whole_list_or_an_error() {
    let mut moved = 0;
    for listing in with_a_list() {
        let name = listing.info().provider;
        let pages = pages(listing).into_iter().map(|(query, answer)| {
            let read = listing.read(&query, answer.to_string().as_bytes());
            let next = read.unwrap().next;
            Played {
                query,
                answer,
                next,
            }
        });
        let pages: Vec<Played> = pages.collect();
        let whole = sorted(listed(listing));
        let (mut read, mut failed) = (0, 0);
        for seed in 0..WALKS {
            let mut random = Random::new(seed);
            let answers = pages.iter().map(|page| {
                let body = in_any_order(listing, page, &mut random);
                moved += u32::from(body != page.answer.to_string().as_bytes());
                (line(&page.query.request), body)
            });
            let api = Faulty {
                answers: answers.collect(),
                random: RefCell::new(Random::new(seed + 1_000_000)),
                left: RefCell::default(),
                hopeless: Cell::new(false),
            };
            let budget = Budget::default();
            let result = done(walk(listing, window(), &account(listing), &api, budget));
            assert_eq!(result.is_err(), api.hopeless.get(), "{name} {seed}");
            match result {
                Ok(walked) => {
                    assert!(sorted(walked.listed) == whole, "{name}: seed {seed}");
                    read += 1;
                }
                Err(error) => {
                    let clear = matches!(
                        error,
                        ListingError::NoAnswer { attempts: 6, .. }
                            | ListingError::AnswerUnreadable { .. }
                    );
                    assert!(clear, "{name}: seed {seed}: {error}");
                    failed += 1;
                }
            }
        }
        assert!(read > 20 && failed > 0, "{name}: {read} and {failed}");
    }
    assert!(moved > 1000, "{moved} answers in another order");
}

/// What is stored in one seed, and what a comparison must find: worked out thing by thing.
struct Compared {
    expected: Vec<Expected>,
    have: Have,
    settled_before: Timestamp,
    report: GapReport,
}

/// A moment of the window or around it.
fn moment(random: &mut Random) -> Timestamp {
    let minutes = i64::try_from(random.below(30 * 60)).unwrap() - 3 * 60;
    window().from + SignedDuration::from_secs(60 * minutes)
}

/// What is stored of the movements that are told: of some nothing, of some less.
fn some_money(expected: &[Expected], random: &mut Random) -> BTreeMap<TransactionKey, Standing> {
    let mut have = Have::default();
    for told in expected.iter().flat_map(|one| &one.movements) {
        have.movement(told.key.clone(), standing(told));
    }
    have.movements.retain(|_, stored| {
        if random.one_in(4) {
            stored.rank -= 1;
        }
        if random.one_in(5) {
            stored.amount = false;
        }
        !random.one_in(3)
    });
    have.movements
}

fn standing(told: &Told) -> Standing {
    Standing {
        rank: told.rank,
        amount: told.amount,
    }
}

/// Events that are stored: those of things that are listed, less some, and foreign ones.
fn some_events(expected: &[Expected], random: &mut Random) -> (Have, BTreeSet<String>) {
    let mut have = Have::default();
    let mut dropped = BTreeSet::new();
    let events = expected.iter().flat_map(|one| {
        let at = one.listed.at.expect("every fixture says when");
        one.event_ids.iter().zip(&one.keys).map(move |it| (it, at))
    });
    let events: BTreeMap<_, _> = events.map(|((id, key), at)| (id, (key, at))).collect();
    for (id, (key, at)) in events {
        match random.below(6) {
            0 | 1 => drop(dropped.insert(id.clone())),
            // Looked up by its key, as what was received long after the window is.
            2 => drop(have.keys.insert(key.clone())),
            _ => drop(have.events.insert(stored(id, at))),
        }
    }
    (have, dropped)
}

fn stored(id: &str, at: Timestamp) -> Stored {
    Stored {
        event_id: id.to_owned(),
        event_type: "payment".to_owned(),
        at,
    }
}

fn play(listing: &dyn Listing, whole: &[Expected], seed: u64) -> Compared {
    let lists = listing.info().lists;
    let mut random = Random::new(seed);
    let settled_before = moment(&mut random);
    let (mut have, dropped) = some_events(whole, &mut random);
    have.movements = some_money(whole, &mut random);
    let mut report = GapReport::default();
    let mut names = BTreeSet::new();
    for one in whole {
        assert!(names.insert((&one.listed.id, &one.listed.what)));
        report.listed += 1;
        let ranks = one.movements.iter();
        let ranks: Vec<_> = ranks
            .map(|told| (have.movements.get(&told.key), told))
            .collect();
        let lack = if lists != Lists::Objects {
            let lost = one.event_ids.iter().any(|id| dropped.contains(id));
            lost.then_some(Lack::Event)
        } else if ranks
            .iter()
            .any(|(stored, told)| stored.is_none_or(|it| told.amount && !it.amount))
        {
            Some(Lack::Money)
        } else {
            let earlier = |(stored, told): &(Option<&Standing>, &Told)| {
                stored.is_some_and(|it| it.rank < told.rank)
            };
            ranks.iter().any(earlier).then_some(Lack::State)
        };
        let Some(lack) = lack else {
            report.present += 1;
            continue;
        };
        let gap = Gap {
            at: one.listed.at,
            id: one.listed.id.clone(),
            what: one.listed.what.clone(),
            lack,
        };
        if one.listed.at.unwrap() < settled_before {
            report.missing.push(gap);
        } else {
            report.not_yet.push(gap);
        }
    }
    for n in 0..random.below(5) {
        let foreign = stored(&format!("foreign-{n}"), moment(&mut random));
        let inside = window().holds(foreign.at) && foreign.at < settled_before;
        if lists == Lists::Events && inside {
            report.not_listed.push(Gap {
                at: Some(foreign.at),
                id: foreign.event_id.clone(),
                what: foreign.event_type.clone(),
                lack: Lack::NotListed,
            });
        }
        have.events.insert(foreign);
    }
    report.missing.sort();
    report.not_yet.sort();
    report.not_listed.sort();
    // The list grew while it was read, and nothing says in which order it comes.
    let mut expected = whole.to_vec();
    for _ in 0..random.below(4) {
        expected.push(whole[random.index(whole.len())].clone());
    }
    random.shuffle(&mut expected);
    Compared {
        expected,
        have,
        settled_before,
        report,
    }
}

/// What is stored once the things of these gaps were brought back.
fn brought_back(have: &Have, expected: &[Expected], gaps: &[Gap]) -> Have {
    let mut have = have.clone();
    let wanted = |one: &&Expected| {
        let mut gaps = gaps.iter();
        gaps.any(|gap| gap.id == one.listed.id && gap.what == one.listed.what)
    };
    for one in expected.iter().filter(wanted) {
        have.keys.extend(one.keys.iter().cloned());
        for told in &one.movements {
            have.movement(told.key.clone(), standing(told));
        }
    }
    have
}

#[test]
fn a_comparison_finds_what_was_dropped_and_delayed_and_what_is_foreign_and_no_more() {
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    for listing in with_a_list() {
        let info = listing.info();
        let provider = provider_webhooks::providers::by_name(info.provider).unwrap();
        let listed = listed(listing).into_iter();
        let whole: Vec<Expected> = listed.map(|it| expected(provider, it)).collect();
        let mut missed: BTreeSet<String> = BTreeSet::new();
        for seed in 0..COMPARISONS {
            let hint = format!("{}: seed {seed}", info.provider);
            let played = play(listing, &whole, seed);
            let again = |have: &Have, settled_before| {
                compare(info.lists, window(), &played.expected, have, settled_before)
            };
            let report = again(&played.have, played.settled_before);
            assert_eq!(report, played.report, "{hint}");
            for (what, gaps) in [
                ("missing", &report.missing),
                ("not yet", &report.not_yet),
                ("not listed", &report.not_listed),
            ] {
                *found.entry(what).or_default() += u64::try_from(gaps.len()).unwrap();
            }
            missed.extend(report.missing.iter().map(|gap| gap.id.clone()));

            // What is missing comes back; what the provider stopped sending since then as well.
            let have = brought_back(&played.have, &played.expected, &report.missing);
            let second = again(&have, played.settled_before);
            assert_eq!(second.missing, [], "{hint}");
            let later = again(&have, Timestamp::MAX);
            assert_eq!(later.missing, second.not_yet, "{hint}");
            let have = brought_back(&have, &played.expected, &later.missing);
            let last = again(&have, Timestamp::MAX);
            assert_eq!(last.missing, [], "{hint}");
            assert_eq!(last.listed, last.present, "{hint}");
        }
        // Everything that the provider lists and that is compared was missing at some time.
        let compared = whole
            .iter()
            .filter(|one| info.lists != Lists::Objects || !one.movements.is_empty());
        let compared: BTreeSet<String> = compared.map(|one| one.listed.id.clone()).collect();
        assert_eq!(missed, compared, "{}", info.provider);
    }
    let enough = found.values().all(|count| *count > 100);
    assert!(found.len() == 3 && enough, "{found:?}");
}
