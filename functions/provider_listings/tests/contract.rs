//! Every listing, played against what its provider's documents say that the API answers.
//!
//! `fixtures/NAME/exchange.json` holds the requests, in order, and the answers; `settings.json`,
//! where it is there, the settings of the account. `listed.json` is what the listing makes of it:
//! reviewed, and rewritten by `UPDATE_SNAPSHOTS=1`. `SOURCE.md` says where the answers come from.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::{account, done, exchange, fixture, folder, line, window, with_a_list};
use jiff::Timestamp;
use provider_listings::{
    Account, Answer, Api, ApiError, ApiRequest, Auth, Budget, Lists, Query, expected, providers,
    walk,
};
use serde_json::{Value, json};

/// Plays the exchange; a request that is not the next one is refused.
struct Played {
    exchange: Vec<Value>,
    next: Cell<usize>,
    unexpected: RefCell<Vec<String>>,
}

impl Api for Played {
    async fn send(&self, request: &ApiRequest) -> Result<Answer, ApiError> {
        let Some(step) = self.exchange.get(self.next.get()) else {
            self.unexpected.borrow_mut().push(line(request));
            return Err(ApiError("no more answers".to_owned()));
        };
        if step["request"] != json!(line(request)) {
            self.unexpected.borrow_mut().push(line(request));
            return Err(ApiError("another request".to_owned()));
        }
        self.next.set(self.next.get() + 1);
        Ok(Answer {
            status: 200,
            retry_after_seconds: None,
            date: None,
            body: step["answer"].to_string().into_bytes(),
        })
    }

    async fn wait(&self, _time: Duration) {}

    fn now(&self) -> Timestamp {
        "2026-11-09T00:00:00Z".parse().unwrap()
    }
}

#[test]
fn each_is_of_a_provider_of_the_catalogue_and_in_order() {
    let names: Vec<_> = providers::ALL.iter().map(|it| it.info().provider).collect();
    assert!(names.is_sorted());
    for name in &names {
        assert!(
            provider_webhooks::providers::by_name(name).is_some(),
            "{name}"
        );
    }
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn an_entry_says_what_it_must() {
    for listing in providers::ALL {
        let info = listing.info();
        let name = info.provider;
        assert!(info.source.contains(", read 20"), "{name}");
        if info.lists == Lists::Nothing {
            assert!(!info.leaves_out.is_empty(), "{name}: what is done instead");
            continue;
        }
        assert!(folder(*listing).join("SOURCE.md").is_file(), "{name}");
        assert!(
            !info.rights.is_empty() && info.requests_per_second > 0,
            "{name}"
        );
        assert_ne!(info.auth, Auth::None, "{name}");
        let own = info
            .settings
            .iter()
            .any(|(setting, _)| *setting == "api_url");
        assert!(info.base_url.starts_with("https://") || own, "{name}");
        assert!(
            listing.check_key("a-key-of-no-known-form").is_ok(),
            "{name}"
        );
    }
}

#[test]
fn what_is_listed_is_read_as_its_webhook_is() {
    for listing in with_a_list() {
        let name = listing.info().provider;
        let played = Played {
            exchange: exchange(listing),
            next: Cell::new(0),
            unexpected: RefCell::default(),
        };
        let account = account(listing);
        let walked = walk(listing, window(), &account, &played, Budget::default());
        let walked = done(walked);
        assert_eq!(*played.unexpected.borrow(), Vec::<String>::new(), "{name}");
        let walked = walked.expect(name);
        assert_eq!(
            played.next.get(),
            played.exchange.len(),
            "{name}: every answer was asked for"
        );
        let provider = provider_webhooks::providers::by_name(name).unwrap();
        let listed: Vec<Value> = walked
            .listed
            .into_iter()
            .map(|listed| {
                assert!(
                    listed.at.is_some_and(|at| window().holds(at)),
                    "{name}: {listed:?}"
                );
                let one = expected(provider, listed);
                let movements = one.movements.iter();
                let movements: BTreeMap<_, _> = movements
                    .map(|told| {
                        (
                            format!("{} {}", told.key.transaction_id, told.key.timestamp),
                            told.rank,
                        )
                    })
                    .collect();
                let body = String::from_utf8_lossy(&one.listed.body);
                assert!(!one.keys.is_empty());
                if listing.info().lists != Lists::Objects {
                    assert!(
                        one.event_ids.contains(&one.listed.id),
                        "{name}: {}",
                        one.listed.id
                    );
                }
                json!({
                    "id": one.listed.id,
                    "what": one.listed.what,
                    "at": one.listed.at,
                    "keys": one.keys,
                    "movements": movements,
                    "body_bytes": body.len(),
                })
            })
            .collect();
        assert!(!listed.is_empty(), "{name}");
        let text = format!("{}\n", serde_json::to_string_pretty(&listed).unwrap());
        let path = folder(listing).join("listed.json");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap_or_default(),
            text,
            "{name}"
        );
    }
}

#[test]
fn what_is_no_answer_is_an_error_and_never_an_empty_list() {
    for listing in with_a_list() {
        let name = listing.info().provider;
        for query in listing.begin(window(), &account(listing)).expect(name) {
            for answer in [
                "",
                "{",
                "[",
                "null",
                "{\"error\":\"x\"}",
                "<html></html>",
                "\u{0}",
            ] {
                let read = listing.read(&query, answer.as_bytes());
                assert!(read.is_err(), "{name} {}: {answer:?}", query.resource);
            }
        }
    }
}

#[test]
fn a_setting_that_is_needed_is_named() {
    for listing in with_a_list() {
        let none = listing.begin(window(), &Account::default());
        let all = listing.begin(window(), &account(listing));
        assert!(all.is_ok(), "{}", listing.info().provider);
        if let Err(error) = none {
            let named = listing.info().settings.iter();
            let named = named.filter(|(name, _)| error.to_string().contains(name));
            assert_eq!(named.count(), 1, "{error}");
        }
    }
}

/// `endpoints.json`, where it is there: the request, the answer of the documents, and what is read.
#[test]
fn endpoints_are_read_as_the_documents_have_them() {
    let mut found = 0;
    for listing in providers::ALL {
        let name = listing.info().provider;
        let settings = listing.info().settings.iter();
        let settings = settings.map(|(name, _)| ((*name).to_owned(), "x".to_owned()));
        let asked = listing.endpoints(&Account::new(settings.collect()));
        let fixture = fixture(*listing, "endpoints.json");
        assert_eq!(asked.is_some(), fixture.is_some(), "{name}");
        let (Some(request), Some(fixture)) = (asked, fixture) else {
            continue;
        };
        assert_eq!(json!(line(&request)), fixture["request"], "{name}");
        let query = Query {
            resource: "endpoints",
            request,
            window: window(),
        };
        let answer = fixture["answer"].to_string();
        let (endpoints, next) = listing
            .read_endpoints(&query, answer.as_bytes())
            .expect(name);
        assert_eq!(json!(endpoints), fixture["endpoints"], "{name}");
        assert_eq!(json!(next.as_ref().map(line)), fixture["next"], "{name}");
        assert!(listing.read_endpoints(&query, b"{}").is_err(), "{name}");
        found += 1;
    }
    assert!(found > 3);
}
