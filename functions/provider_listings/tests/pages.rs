//! Pages that are cut short, that repeat, that have no end, and that change while they are read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{
    ATTEMPTS, Reply, Script, answer, asked, line, pages, throttled, two_pages, walked, window,
    with_a_list,
};
use jiff::Timestamp;
use provider_listings::{Api, ApiRequest, Have, ListingError, Lists, Query, compare, expected};
use serde_json::Value;

#[test]
fn a_page_that_is_cut_anywhere_is_no_page_of_any_provider() {
    let mut cuts = 0;
    for listing in with_a_list() {
        let name = listing.info().provider;
        for (query, answer) in pages(listing) {
            let body = answer.to_string().into_bytes();
            for length in 0..body.len() {
                let read = listing.read(&query, &body[..length]);
                let unreadable = ListingError::AnswerUnreadable {
                    provider: name,
                    resource: query.resource,
                };
                assert_eq!(read, Err(unreadable), "{name}: {length} bytes");
                cuts += 1;
            }
        }
    }
    assert!(cuts > 50_000, "{cuts}");
}

#[test]
fn a_page_that_is_cut_is_asked_again_and_never_taken_for_the_end() {
    let [whole, second] = two_pages().map(Result::unwrap);
    let unreadable = ListingError::AnswerUnreadable {
        provider: "stripe",
        resource: "events",
    };
    for length in 0..second.body.len() {
        let cut = Ok(answer(200, &second.body[..length]));
        let api = Script::new([Ok(whole.clone()), cut.clone(), Ok(second.clone())]);
        let walked = asked(&api).unwrap();
        assert_eq!((walked.listed.len(), walked.requests), (2, 3), "{length}");

        let api = Script::new([Ok(whole.clone()), cut]);
        assert_eq!(asked(&api), Err(unreadable.clone()), "{length}");
        assert_eq!(api.sent.borrow().len(), 1 + ATTEMPTS, "{length}");
    }
}

#[test]
fn the_same_page_twice_is_an_error() {
    let [first, second] = two_pages();
    let repeats = ListingError::PagesRepeat {
        provider: "stripe",
        resource: "events",
    };
    let changed = |reply: &Reply, more: bool| {
        let body = reply.clone().unwrap().body;
        let mut page: Value = serde_json::from_slice(&body).unwrap();
        page["has_more"] = more.into();
        Ok(answer(200, page.to_string()))
    };
    for (replies, requests) in [
        // For ever; once, as the last page; and after another page.
        (vec![first.clone()], 2),
        (vec![first.clone(), changed(&first, false)], 2),
        (
            vec![first.clone(), changed(&second, true), first.clone()],
            3,
        ),
    ] {
        let api = Script::new(replies);
        assert_eq!(asked(&api), Err(repeats.clone()));
        assert_eq!(api.sent.borrow().len(), requests, "nothing is asked twice");
    }
    // The same answer to an attempt that failed before is not a page twice.
    let api = Script::new([first, throttled(None), second]);
    assert_eq!(asked(&api).unwrap().listed.len(), 2);
}

/// Answers every request for a resource with the same page, which names a page behind it.
struct Endless {
    pages: Vec<(String, Vec<u8>)>,
    same: Vec<u8>,
}

impl Api for Endless {
    async fn send(&self, request: &ApiRequest) -> Reply {
        let line = line(request);
        let known = self.pages.iter().find(|(asked, _)| *asked == line);
        let body = known.map_or(&self.same, |(_, body)| body);
        Ok(answer(200, body.clone()))
    }

    async fn wait(&self, _time: Duration) {}

    fn now(&self) -> Timestamp {
        "2026-11-09T00:00:00Z".parse().unwrap()
    }
}

#[test]
fn a_list_of_any_provider_that_has_no_end_is_an_error() {
    let mut paged = 0;
    for listing in with_a_list() {
        let name = listing.info().provider;
        let pages = pages(listing);
        let bodies = |(query, answer): &(Query, Value)| {
            (line(&query.request), answer.to_string().into_bytes())
        };
        for (query, body) in &pages {
            let body = body.to_string().into_bytes();
            let Some(next) = listing.read(query, &body).unwrap().next else {
                continue;
            };
            // Whatever is asked from the page behind this one on has this page as its answer.
            let next = line(&next.request);
            let api = Endless {
                pages: pages
                    .iter()
                    .map(bodies)
                    .filter(|(asked, _)| *asked != next)
                    .collect(),
                same: body,
            };
            let result = walked(listing, window(), &api, 200);
            let error = result.map(|walked| walked.requests).unwrap_err();
            let endless = matches!(
                error,
                ListingError::PagesRepeat { .. } | ListingError::BudgetSpent { .. }
            );
            assert!(endless, "{name} {}: {error}", query.resource);
            paged += 1;
        }
    }
    assert!(paged > 15, "{paged}");
}

#[test]
fn a_list_that_grows_at_its_head_while_it_is_read_gives_an_entry_twice_and_it_counts_once() {
    let [first, second] = two_pages().map(|reply| {
        let body = reply.unwrap().body;
        serde_json::from_slice::<Value>(&body).unwrap()
    });
    // The entry of the first page has moved to the second one, which was asked for by its number.
    let mut moved = second;
    let entries = moved["data"].as_array_mut().unwrap();
    entries.insert(0, first["data"][0].clone());
    let pages = [first, moved].map(|page| Ok(answer(200, page.to_string())));
    let walked = asked(&Script::new(pages)).unwrap();
    assert_eq!(walked.listed.len(), 3);
    let provider = provider_webhooks::providers::by_name("stripe").unwrap();
    let expected: Vec<_> = walked
        .listed
        .into_iter()
        .map(|it| expected(provider, it))
        .collect();
    let report = compare(
        Lists::Events,
        window(),
        &expected,
        &Have::default(),
        Timestamp::MAX,
    );
    let ids: Vec<_> = report.missing.iter().map(|gap| gap.id.as_str()).collect();
    assert_eq!((report.listed, ids), (2, vec!["evt_1", "evt_2"]));
}
