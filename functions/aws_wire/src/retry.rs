//! Which failures are tried again, when, and how often: the SDK's standard mode.
//!
//! Sources: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html> and the
//! crates that the SDK has its numbers in (`aws-runtime` 1.10 `retries/classifiers.rs`,
//! `aws-smithy-runtime` 1.16 `client/retries/{classifiers,token_bucket}.rs`, `strategy/standard.rs`),
//! read 2026-11-28. The pipeline repeats calls itself; this repeats once for what a lost packet, a
//! full partition or a wrong clock spoiled.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::header::HeaderMap;

use crate::Error;
use crate::clock::Skew;

/// The attempts of a call: the first and one more.
pub const ATTEMPTS_MAX: u32 = 2;
const FIRST_BACKOFF_MAX: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(20);

const THROTTLES: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];
/// `InternalError` is S3's, `ReplicatedWriteConflictException` DynamoDB's.
const PASSING: &[&str] = &[
    "InternalError",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "RequestTimeoutException",
];
const PASSING_STATUS: &[u16] = &[500, 502, 503, 504];
/// What a service says to a signature of another time; tried again only if the clocks differ.
const SKEWED: &[&str] = &[
    "AccessDeniedException",
    "AuthFailure",
    "InvalidSignatureException",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// What a repetition costs of the [`Budget`].
const COST_OF_PASSING: u32 = 10;
const COST_OF_OTHERS: u32 = 5;
const BUDGET: u32 = 500;

/// Whether a status tells of trouble that may pass.
pub(crate) fn is_passing_status(status: u16) -> bool {
    PASSING_STATUS.contains(&status)
}

/// The cost of another attempt; `None` where another would fail like this one.
pub(crate) fn cost(error: &Error, skew: Option<Skew>) -> Option<u32> {
    match error {
        Error::Refused { status, code, .. } => {
            let code = code.as_deref().unwrap_or_default();
            let skewed = || skew.is_some_and(Skew::is_large) && SKEWED.contains(&code);
            if THROTTLES.contains(&code) {
                Some(COST_OF_OTHERS)
            } else if PASSING.contains(&code) || is_passing_status(*status) {
                Some(COST_OF_PASSING)
            } else {
                skewed().then_some(COST_OF_OTHERS)
            }
        }
        Error::TimedOut | Error::CutOff => Some(COST_OF_PASSING),
        Error::Connection { passing } => passing.then_some(COST_OF_PASSING),
        Error::Unbuilt(_) => None,
    }
}

/// How long to wait after `attempt` failed: the service's own wish, else exponential with full
/// jitter, so that invocations throttled together do not come back together.
pub(crate) fn backoff(attempt: u32, wish: Option<Duration>) -> Duration {
    if let Some(wish) = wish {
        return wish.min(BACKOFF_MAX);
    }
    let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
    let longest = FIRST_BACKOFF_MAX.saturating_mul(doubled).min(BACKOFF_MAX);
    // The standard library seeds its hashers at random, and jitter needs no more than that.
    let random = u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or(u32::MAX);
    longest.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// The wait that an answer asks for, in milliseconds.
pub(crate) fn wish(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get("x-amz-retry-after")?.to_str().ok()?;
    value.parse().ok().map(Duration::from_millis)
}

/// Bounds the repetitions of a service that is down: a repetition that failed is paid for, one that
/// succeeded is not, and a call that succeeded at once gives one unit back.
#[derive(Debug)]
pub(crate) struct Budget(Mutex<u32>);

impl Default for Budget {
    fn default() -> Self {
        Self(Mutex::new(BUDGET))
    }
}

impl Budget {
    fn left(&self) -> std::sync::MutexGuard<'_, u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pays for a repetition; false when too little is left.
    pub(crate) fn pay(&self, cost: u32) -> bool {
        let mut left = self.left();
        let rest = left.checked_sub(cost);
        *left = rest.unwrap_or(*left);
        rest.is_some()
    }

    /// Notes a call that succeeded, and what its repetition had cost.
    pub(crate) fn succeeded(&self, paid: Option<u32>) {
        let mut left = self.left();
        *left = (*left + paid.unwrap_or(1)).min(BUDGET);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_is_down_is_not_asked_twice_for_ever() {
        let budget = Budget::default();
        let paid = (0..100).take_while(|_| budget.pay(COST_OF_PASSING)).count();
        assert_eq!(paid, 50);
        assert!(!budget.pay(COST_OF_OTHERS));
        for _ in 0..COST_OF_OTHERS {
            budget.succeeded(None);
        }
        assert!(budget.pay(COST_OF_OTHERS));
        assert!(!budget.pay(COST_OF_OTHERS));
        budget.succeeded(Some(COST_OF_OTHERS));
        assert!(budget.pay(COST_OF_OTHERS));
    }

    #[test]
    fn the_budget_does_not_grow_beyond_its_start() {
        let budget = Budget::default();
        budget.succeeded(None);
        budget.succeeded(Some(COST_OF_PASSING));
        assert_eq!(*budget.left(), BUDGET);
    }

    #[test]
    fn a_wait_is_the_services_or_below_a_second() {
        assert_eq!(backoff(1, Some(Duration::from_millis(7))).as_millis(), 7);
        assert_eq!(backoff(1, Some(Duration::from_secs(90))), BACKOFF_MAX);
        assert!((0..100).all(|_| backoff(1, None) <= FIRST_BACKOFF_MAX));
        assert!((0..100).all(|_| backoff(40, None) <= BACKOFF_MAX));
        assert_ne!(backoff(1, None), backoff(1, None));
        let mut headers = HeaderMap::new();
        assert_eq!(wish(&headers), None);
        headers.insert("x-amz-retry-after", "1500".parse().unwrap());
        assert_eq!(wish(&headers), Some(Duration::from_millis(1500)));
        headers.insert("x-amz-retry-after", "soon".parse().unwrap());
        assert_eq!(wish(&headers), None);
    }
}
