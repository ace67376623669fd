//! Every refusal of a list: which error says so, how often the provider is asked, and how long is
//! waited in between. The API is a script, and no real time passes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::time::Duration;

use common::{
    ATTEMPTS, CONTENT, Reply, Script, answer, asked, before_the_pages, done, no_connection, stripe,
    throttled, two_pages, walked, window, with_a_list,
};
use jiff::SignedDuration;
use provider_listings::{
    Account, Answer, Api, Budget, ListingError, Lists, Window, providers, walk,
};

/// Milliseconds between two requests to Stripe, at least.
fn pace_ms() -> u64 {
    1000 / u64::from(stripe().info().requests_per_second)
}

fn waits_ms(api: &Script) -> Vec<u128> {
    api.waits.borrow().iter().map(Duration::as_millis).collect()
}

/// The waits of a request that is given up: five times after a failure, each followed by the pace.
fn given_up_ms(after_a_failure: [u64; ATTEMPTS - 1]) -> Vec<u128> {
    let waits = after_a_failure.into_iter().flat_map(|ms| [ms, pace_ms()]);
    waits.map(u128::from).collect()
}

const DOUBLED: [u64; ATTEMPTS - 1] = [500, 1000, 2000, 4000, 8000];

#[test]
fn a_refusal_for_good_is_said_at_once_and_names_what_is_wanted() {
    let info = stripe().info();
    let (provider, wanted, resource) = (info.provider, info.rights, "events");
    for status in [
        100, 204, 301, 400, 401, 403, 404, 405, 409, 410, 422, 451, 600,
    ] {
        let api = Script::new([Ok(answer(status, CONTENT))]);
        let error = asked(&api).unwrap_err();
        let expected = match status {
            401 | 403 => ListingError::KeyRefused {
                provider,
                status,
                wanted,
            },
            // Called a success, and it lists nothing.
            204 => ListingError::AnswerUnreadable { provider, resource },
            _ => ListingError::RequestRefused {
                provider,
                resource,
                status,
            },
        };
        assert_eq!(error, expected, "{status}");
        let times = if status == 204 { ATTEMPTS } else { 1 };
        assert_eq!(api.sent.borrow().len(), times, "{status}");
        let text = error.to_string();
        assert!(text.starts_with("stripe ") || status == 204, "{text}");
        assert!(!text.contains("of-the-answer"), "{text}");
        if matches!(status, 401 | 403) {
            assert!(text.contains("restricted key (rk_…)"), "{text}");
        }
    }
}

#[test]
fn what_may_pass_is_tried_six_times_and_then_said() {
    let mut causes: Vec<(Reply, String)> = [408, 425, 429, 500, 502, 503, 504, 599]
        .map(|status| (Ok(answer(status, CONTENT)), format!("status {status}")))
        .into();
    causes.push((no_connection(), "no connection".to_owned()));
    for (reply, cause) in causes {
        let api = Script::new([reply.clone()]);
        let error = asked(&api).unwrap_err();
        let text = error.to_string();
        let expected = ListingError::NoAnswer {
            provider: "stripe",
            resource: "events",
            attempts: 6,
            cause: cause.clone(),
        };
        assert_eq!(error, expected);
        assert!(text.contains(&cause) && text.contains("run it again later"));
        assert!(!text.contains("of-the-answer"), "{text}");
        assert_eq!(api.sent.borrow().len(), ATTEMPTS, "{cause}");
        assert_eq!(waits_ms(&api), given_up_ms(DOUBLED), "{cause}");

        // It passes at the last attempt, and the next page has its own six.
        let [first, second] = two_pages();
        let five = || std::iter::repeat_n(reply.clone(), ATTEMPTS - 1);
        let replies = five().chain([first]).chain(five()).chain([second]);
        let api = Script::new(replies);
        let walked = asked(&api).unwrap();
        assert_eq!((walked.listed.len(), walked.requests), (2, 12), "{cause}");
    }
}

#[test]
fn a_provider_that_says_how_long_is_waited_for_that_long_and_two_minutes_at_most() {
    for (seconds, waited_ms) in [
        (None, 500),
        (Some(0), 0),
        (Some(7), 7_000),
        (Some(120), 120_000),
        (Some(121), 120_000),
        (Some(u64::MAX), 120_000),
    ] {
        let api = before_the_pages([throttled(seconds)]);
        assert_eq!(asked(&api).unwrap().listed.len(), 2);
        let expected = [waited_ms, pace_ms(), pace_ms()].map(u128::from);
        assert_eq!(waits_ms(&api), expected, "{seconds:?}");
    }
    let api = Script::new([throttled(Some(9))]);
    let error = asked(&api).unwrap_err();
    assert!(matches!(error, ListingError::NoAnswer { attempts: 6, .. }));
    assert_eq!(waits_ms(&api), given_up_ms([9_000; ATTEMPTS - 1]));
}

#[test]
fn a_run_that_may_ask_no_more_says_so_and_lists_nothing() {
    let spent = |requests| {
        Err(ListingError::BudgetSpent {
            provider: "stripe",
            requests,
        })
    };
    for requests_max in [0, 1] {
        let api = before_the_pages([]);
        let result = walked(stripe(), window(), &api, requests_max);
        assert_eq!(result, spent(requests_max));
    }
    // Attempts count.
    for (requests_max, enough) in [(3, false), (4, true)] {
        let api = before_the_pages([no_connection(), throttled(Some(1))]);
        let result = walked(stripe(), window(), &api, requests_max);
        assert_eq!(result.is_ok(), enough, "{requests_max}");
        let sent = api.sent.borrow().len();
        assert_eq!(sent, usize::try_from(requests_max).unwrap());
        if !enough {
            assert_eq!(result, spent(requests_max));
        }
    }
}

#[test]
fn a_window_before_the_provider_s_list_begins_is_refused_unasked() {
    let mut bounded = 0;
    for listing in with_a_list() {
        let info = listing.info();
        let Some(days) = info.reach_back_days else {
            continue;
        };
        let api = Script::new([Ok(answer(401, CONTENT))]);
        let first = api.now() - SignedDuration::from_hours(24 * i64::from(days));
        for (earlier_s, refused) in [(0, false), (1, true)] {
            let from = first - SignedDuration::from_secs(earlier_s);
            let window = Window { from, ..window() };
            let error = walked(listing, window, &api, 10).unwrap_err();
            let provider = info.provider;
            let too_long_ago = ListingError::TooLongAgo { provider, days };
            assert_eq!(error == too_long_ago, refused, "{error}");
        }
        assert_eq!(api.sent.borrow().len(), 1, "{}", info.provider);
        bounded += 1;
    }
    assert!(bounded > 3, "{bounded}");
}

#[test]
fn clocks_that_are_more_than_five_minutes_apart_are_an_error() {
    for (seconds, refused) in [
        (-301, true),
        (-300, false),
        (0, false),
        (300, false),
        (301, true),
    ] {
        let pages = two_pages().map(|reply| {
            reply.map(|answer| Answer {
                date: Some(Script::new([]).now() + SignedDuration::from_secs(seconds)),
                ..answer
            })
        });
        let api = Script::new(pages);
        let result = asked(&api);
        let provider = "stripe";
        let apart = Err(ListingError::ClocksApart { provider, seconds });
        assert_eq!(result == apart, refused, "{seconds}");
        assert_eq!(result.is_err(), refused, "{seconds}");
        assert_eq!(api.sent.borrow().len(), if refused { 1 } else { 2 });
    }
}

#[test]
fn who_has_no_list_is_asked_nothing() {
    let api = Script::new([Ok(answer(200, "{}"))]);
    let none = providers::ALL
        .iter()
        .filter(|it| it.info().lists == Lists::Nothing);
    let mut found = 0;
    for listing in none {
        let error = walked(*listing, window(), &api, 10).unwrap_err();
        assert_eq!(error, ListingError::NothingListed(listing.info().provider));
        found += 1;
    }
    assert!(found > 0 && api.sent.borrow().is_empty());
}

#[test]
fn an_account_without_a_setting_is_asked_nothing() {
    let api = Script::new([Ok(answer(200, "{}"))]);
    let mut found = 0;
    for listing in with_a_list() {
        let none = Account::default();
        let budget = Budget::default();
        if listing.begin(window(), &none).is_ok() {
            continue;
        }
        let error = done(walk(listing, window(), &none, &api, budget)).unwrap_err();
        assert!(
            matches!(error, ListingError::SettingMissing { .. }),
            "{error}"
        );
        found += 1;
    }
    assert!(found > 3 && api.sent.borrow().is_empty());
}

#[test]
fn a_key_that_may_move_money_is_refused_and_not_repeated() {
    for (provider, key, refused) in [
        ("stripe", "sk_live_51H", true),
        ("stripe", "sk_test_51H", true),
        ("stripe", "rk_live_51H", false),
    ] {
        let listing = providers::by_name(provider).unwrap();
        match listing.check_key(key) {
            Ok(()) => assert!(!refused, "{provider} {key}"),
            Err(error) => {
                assert!(refused, "{provider} {key}");
                let text = error.to_string();
                assert!(text.contains(listing.info().rights), "{text}");
                assert!(!text.contains(key), "{text}");
                let too_powerful = matches!(error, ListingError::KeyTooPowerful { .. });
                assert!(too_powerful, "{text}");
            }
        }
    }
}
