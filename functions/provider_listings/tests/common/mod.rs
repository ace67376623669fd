//! The exchanges of `fixtures/`, and APIs that play them and a script.
// A helper that cannot go on ends its test; each test binary uses its own part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;
use provider_listings::{
    Account, Answer, Api, ApiError, ApiRequest, Budget, Listing, ListingError, Lists, Query,
    Walked, Window, providers, walk,
};
use serde_json::{Value, json};

/// The day that every exchange is of.
pub(crate) fn window() -> Window {
    Window {
        from: "2026-11-01T00:00:00Z".parse().unwrap(),
        to: "2026-11-02T00:00:00Z".parse().unwrap(),
    }
}

pub(crate) fn folder(listing: &dyn Listing) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    root.join(listing.info().provider)
}

pub(crate) fn fixture(listing: &dyn Listing, name: &str) -> Option<Value> {
    let text = std::fs::read_to_string(folder(listing).join(name)).ok()?;
    Some(serde_json::from_str(&text).expect(name))
}

pub(crate) fn account(listing: &dyn Listing) -> Account {
    let settings = fixture(listing, "settings.json").unwrap_or_else(|| json!({}));
    Account::new(serde_json::from_value(settings).unwrap())
}

/// The steps of a provider's exchange: each a request and its answer.
pub(crate) fn exchange(listing: &dyn Listing) -> Vec<Value> {
    let name = listing.info().provider;
    let exchange = fixture(listing, "exchange.json").expect(name);
    exchange.as_array().expect(name).clone()
}

/// Every page of an exchange with its query and its answer, read without `walk`.
pub(crate) fn pages(listing: &dyn Listing) -> Vec<(Query, Value)> {
    let name = listing.info().provider;
    let steps = exchange(listing).into_iter();
    let answers: BTreeMap<String, Value> = steps
        .map(|step| {
            let asked = step["request"].as_str().expect(name).to_owned();
            (asked, step["answer"].clone())
        })
        .collect();
    let mut pages = Vec::new();
    let mut queries = VecDeque::from(listing.begin(window(), &account(listing)).expect(name));
    while let Some(query) = queries.pop_front() {
        let answer = &answers[&line(&query.request)];
        let body = answer.to_string().into_bytes();
        queries.extend(listing.read(&query, &body).expect(name).next);
        queries.extend(listing.details(&query, &body).expect(name));
        pages.push((query, answer.clone()));
    }
    pages
}

/// A request as an exchange has it.
pub(crate) fn line(request: &ApiRequest) -> String {
    let content = request.content.as_ref().map(|content| &content.text);
    let content = content.map_or_else(String::new, |text| format!(" {text}"));
    format!("{} {}{content}", request.method.as_str(), request.path)
}

/// Runs what never waits for anything outside.
pub(crate) fn done<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("waits"),
    }
}

pub(crate) fn with_a_list() -> impl Iterator<Item = &'static dyn Listing> {
    let all = providers::ALL.iter().copied();
    all.filter(|listing| listing.info().lists != Lists::Nothing)
}

/// An answer with a status and a body.
pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer {
        status,
        retry_after_seconds: None,
        date: None,
        body: body.into(),
    }
}

/// What is sent in return for a request.
pub(crate) type Reply = Result<Answer, ApiError>;

/// Gives its replies in order, the last one again and again, and notes what was asked of it.
pub(crate) struct Script {
    replies: RefCell<VecDeque<Reply>>,
    pub(crate) sent: RefCell<Vec<String>>,
    pub(crate) waits: RefCell<Vec<Duration>>,
}

impl Script {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            replies: RefCell::new(replies.into_iter().collect()),
            sent: RefCell::default(),
            waits: RefCell::default(),
        }
    }
}

impl Api for Script {
    async fn send(&self, request: &ApiRequest) -> Reply {
        self.sent.borrow_mut().push(line(request));
        let mut replies = self.replies.borrow_mut();
        match replies.len() {
            1 => replies[0].clone(),
            _ => replies.pop_front().expect("a script has replies"),
        }
    }

    async fn wait(&self, time: Duration) {
        self.waits.borrow_mut().push(time);
    }

    fn now(&self) -> Timestamp {
        "2026-11-09T00:00:00Z".parse().unwrap()
    }
}
/// Stands in every answer that is refused: no error may repeat it.
pub(crate) const CONTENT: &str = "{\"error\":\"of-the-answer\"}";

/// The attempts at one request.
pub(crate) const ATTEMPTS: usize = 6;

pub(crate) fn stripe() -> &'static dyn Listing {
    providers::by_name("stripe").unwrap()
}

pub(crate) fn walked(
    listing: &dyn Listing,
    window: Window,
    api: &impl Api,
    requests_max: u32,
) -> Result<Walked, ListingError> {
    let budget = Budget { requests_max };
    done(walk(listing, window, &account(listing), api, budget))
}

pub(crate) fn asked(api: &Script) -> Result<Walked, ListingError> {
    walked(stripe(), window(), api, 100)
}

/// The two pages of the exchange of Stripe.
pub(crate) fn two_pages() -> [Reply; 2] {
    let pages = pages(stripe());
    let bodies = pages.iter().map(|(_, answer)| answer.to_string());
    let replies: Vec<Reply> = bodies.map(|body| Ok(answer(200, body))).collect();
    replies.try_into().unwrap()
}

pub(crate) fn no_connection() -> Reply {
    Err(ApiError("no connection".to_owned()))
}

/// A refusal, with what `Retry-After` says.
pub(crate) fn throttled(retry_after_seconds: Option<u64>) -> Reply {
    Ok(Answer {
        retry_after_seconds,
        ..answer(429, CONTENT)
    })
}

/// The two pages behind other replies.
pub(crate) fn before_the_pages(replies: impl IntoIterator<Item = Reply>) -> Script {
    Script::new(replies.into_iter().chain(two_pages()))
}

/// Numbers from a seed (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    pub(crate) fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length.try_into().unwrap())).unwrap()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last + 1);
            items.swap(last, other);
        }
    }
}
