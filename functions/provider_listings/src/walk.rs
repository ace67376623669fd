//! Reads a list to its end: page by page, at the provider's pace, with bounds.
//!
//! Invariant: the result is the whole list or an error; a list that was read in part is never taken for a short one.
//! `Retry-After`: RFC 9110, section 10.2.3, <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>, read 2026-11-28.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use crate::listing::{Account, Listed, Listing, Window};
use crate::page::Page;
use crate::request::{ApiRequest, Query};
use crate::{ListingError, Lists};

/// Attempts at one request.
const ATTEMPTS_MAX: u32 = 6;

/// The first wait after a failure; each further one is twice as long.
const BACKOFF_FIRST: Duration = Duration::from_millis(500);

/// The longest wait that a provider can ask for.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// Seconds that the provider's clock may differ from ours.
const CLOCKS_APART_SECONDS: i64 = 300;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, in seconds, where it was sent as a number.
    pub retry_after_seconds: Option<u64>,
    /// The header `Date`, where it was sent.
    pub date: Option<Timestamp>,
    /// The body.
    pub body: Vec<u8>,
}

/// No answer. Holds a word, never content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError(pub String);

/// What sends requests, and waits.
pub trait Api {
    /// Sends a request with the credential.
    fn send(&self, request: &ApiRequest) -> impl Future<Output = Result<Answer, ApiError>>;

    /// Waits.
    fn wait(&self, time: Duration) -> impl Future<Output = ()>;

    /// The time now.
    fn now(&self) -> Timestamp;
}

/// How much one run may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Requests, attempts included.
    pub requests_max: u32,
}

impl Default for Budget {
    /// A hundred entries a page: a million entries.
    fn default() -> Self {
        Self {
            requests_max: 10_000,
        }
    }
}

/// A list that was read whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// What the provider lists.
    pub listed: Vec<Listed>,
    /// Requests made.
    pub requests: u32,
}

/// Reads everything that the provider lists of a window.
///
/// # Errors
/// A [`ListingError`]: then nothing is known of the window.
pub async fn walk(
    listing: &dyn Listing,
    window: Window,
    account: &Account,
    api: &impl Api,
    budget: Budget,
) -> Result<Walked, ListingError> {
    let info = listing.info();
    if info.lists == Lists::Nothing {
        return Err(ListingError::NothingListed(info.provider));
    }
    if let Some(days) = info.reach_back_days {
        let reach = jiff::SignedDuration::from_hours(24 * i64::from(days));
        if api.now().duration_since(window.from) > reach {
            return Err(ListingError::TooLongAgo {
                provider: info.provider,
                days,
            });
        }
    }
    let mut asking = Asking {
        listing,
        api,
        budget,
        requests: 0,
    };
    let mut listed = Vec::new();
    let mut lists: VecDeque<Query> = listing.begin(window, account)?.into();
    while let Some(first) = lists.pop_front() {
        let mut asked: BTreeSet<String> = BTreeSet::new();
        let mut before: Told = (Page::default(), Vec::new());
        let mut next = Some(first);
        while let Some(query) = next {
            let repeats = ListingError::PagesRepeat {
                provider: info.provider,
                resource: query.resource,
            };
            let request = &query.request;
            let content = request.content.as_ref().map(|content| &content.text);
            if !asked.insert(format!("{} {content:?}", request.path)) {
                return Err(repeats);
            }
            let told = asking.page(&query).await?;
            // The page before was given again: what this page has was not listed.
            if tells(&told) && told.0.listed == before.0.listed && told.1 == before.1 {
                return Err(repeats);
            }
            // An API that knows no window, or reads it another way, lists what nobody asked for.
            let asked_for = |one: &&Listed| one.at.is_none_or(|at| window.holds(at));
            listed.extend(told.0.listed.iter().filter(asked_for).cloned());
            lists.extend(told.1.iter().cloned());
            next = told.0.next.clone();
            before = told;
        }
    }
    Ok(Walked {
        listed,
        requests: asking.requests,
    })
}

/// What an answer lists, and what has to be asked of its entries.
type Told = (Page, Vec<Query>);

/// Whether an answer tells anything of the window.
fn tells((page, details): &Told) -> bool {
    !page.listed.is_empty() || !details.is_empty()
}

struct Asking<'a, A> {
    listing: &'a dyn Listing,
    api: &'a A,
    budget: Budget,
    requests: u32,
}

impl<A: Api> Asking<'_, A> {
    async fn page(&mut self, query: &Query) -> Result<Told, ListingError> {
        let info = self.listing.info();
        let mut attempt = 1;
        loop {
            if self.requests >= self.budget.requests_max {
                return Err(ListingError::BudgetSpent {
                    provider: info.provider,
                    requests: self.requests,
                });
            }
            if self.requests > 0 {
                let gap = Duration::from_secs(1) / u32::from(info.requests_per_second.max(1));
                self.api.wait(gap).await;
            }
            self.requests += 1;
            let (wait, cause) = match self.api.send(&query.request).await {
                Ok(answer) => match self.judged(query, &answer)? {
                    Ok(page) => return Ok(page),
                    Err(cause) => (answer.retry_after_seconds.map(Duration::from_secs), cause),
                },
                Err(ApiError(cause)) => (None, cause),
            };
            if attempt == ATTEMPTS_MAX {
                return Err(match cause.as_str() {
                    CUT_SHORT => crate::page::unreadable(info, query),
                    _ => ListingError::NoAnswer {
                        provider: info.provider,
                        resource: query.resource,
                        attempts: attempt,
                        cause,
                    },
                });
            }
            let backoff = BACKOFF_FIRST * 2_u32.pow(attempt - 1);
            self.api.wait(wait.unwrap_or(backoff).min(WAIT_MAX)).await;
            attempt += 1;
        }
    }

    /// The page, or why to ask again.
    fn judged(&self, query: &Query, answer: &Answer) -> Result<Result<Told, String>, ListingError> {
        let info = self.listing.info();
        let provider = info.provider;
        match answer.status {
            200..=299 => {
                if let Some(date) = answer.date {
                    let seconds = date.as_second() - self.api.now().as_second();
                    if seconds.abs() > CLOCKS_APART_SECONDS {
                        return Err(ListingError::ClocksApart { provider, seconds });
                    }
                }
                // An answer that was cut short is whole the next time.
                let page = self.listing.read(query, &answer.body);
                let told = page.and_then(|page| {
                    let details = self.listing.details(query, &answer.body)?;
                    Ok((page, details))
                });
                Ok(told.map_err(|_| CUT_SHORT.to_owned()))
            }
            401 | 403 => Err(ListingError::KeyRefused {
                provider,
                status: answer.status,
                wanted: info.rights,
            }),
            408 | 425 | 429 | 500..=599 => Ok(Err(format!("status {}", answer.status))),
            status => Err(ListingError::RequestRefused {
                provider,
                resource: query.resource,
                status,
            }),
        }
    }
}

/// The cause of a further attempt where the answer could not be read.
const CUT_SHORT: &str = "answer cut short";
