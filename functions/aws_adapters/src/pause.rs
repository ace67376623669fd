//! Waiting between attempts: exponential, with full jitter, so that invocations throttled together do not come back together.
//!
//! Source: <https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>, read 2026-11-23.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use pipeline::storage::Pause;

const FIRST: Duration = Duration::from_millis(25);
const LONGEST: Duration = Duration::from_secs(1);

/// Waits on tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff;

/// The longest wait before `attempt`.
fn ceiling(attempt: u32) -> Duration {
    FIRST
        .saturating_mul(1 << attempt.saturating_sub(1).min(10))
        .min(LONGEST)
}

/// A random number below 2^32: the standard library seeds its hashers at random, and jitter needs no more than that.
fn random() -> u32 {
    u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or(u32::MAX)
}

impl Pause for Backoff {
    async fn before(&self, attempt: u32) {
        let wait = ceiling(attempt).as_secs_f64() * f64::from(random()) / f64::from(u32::MAX);
        tokio::time::sleep(Duration::from_secs_f64(wait)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_and_ends() {
        let ms: Vec<u128> = [1, 2, 3, 6, 7, 40].map(|n| ceiling(n).as_millis()).to_vec();
        assert_eq!(ms, [25, 50, 100, 800, 1000, 1000]);
        assert_ne!(random(), random());
    }
}
