//! How far a service's clock is from ours, read from the header `Date` of every answer. Signatures
//! are made with the service's time, so that a clock that is wrong costs one attempt.
//!
//! Source: `aws-runtime` 1.10, `service_clock_skew.rs`, read 2026-11-28.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use hyper::header::{AGE, DATE, HeaderMap};

/// Below this a refused signature is not blamed on the clock.
const LARGE: Duration = Duration::from_secs(4 * 60);

/// The service's clock less ours, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Skew(i64);

impl Skew {
    /// Whether a signature of our time may be refused for it.
    pub(crate) fn is_large(self) -> bool {
        Duration::from_millis(self.0.unsigned_abs()) > LARGE
    }

    /// What an answer tells: its date less the middle of the exchange. `None` without a date, and
    /// for an answer that a cache had kept.
    pub(crate) fn of(headers: &HeaderMap, sent: SystemTime, received: SystemTime) -> Option<Self> {
        if headers.contains_key(AGE) {
            return None;
        }
        let date = headers.get(DATE)?.to_str().ok()?;
        let date = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
        let middle = sent + received.duration_since(sent).unwrap_or_default() / 2;
        let middle = middle.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let middle = i64::try_from(middle.as_millis()).ok()?;
        Some(Self(date.as_millisecond().checked_sub(middle)?))
    }
}

/// The last skew of a service.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicI64);

impl Clock {
    /// The service's time at our `now`.
    pub(crate) fn corrected(&self, now: SystemTime) -> SystemTime {
        let skew = self.0.load(Ordering::Relaxed);
        let shift = Duration::from_millis(skew.unsigned_abs());
        let shifted = if skew < 0 {
            now.checked_sub(shift)
        } else {
            now.checked_add(shift)
        };
        shifted.unwrap_or(now)
    }

    /// Remembers what an answer told.
    pub(crate) fn note(&self, skew: Skew) {
        self.0.store(skew.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SDK draws the line here, too: `oracle/failures.rs` of `aws_adapters` compares well on both sides of it, where the time that
    /// an exchange takes decides nothing.
    #[test]
    fn a_clock_is_blamed_beyond_four_minutes_and_not_at_them() {
        for (skew_ms, large) in [(0, false), (240_000, false), (240_001, true)] {
            assert_eq!(Skew(skew_ms).is_large(), large, "{skew_ms}");
            assert_eq!(Skew(-skew_ms).is_large(), large, "-{skew_ms}");
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn dated(date: &str) -> HeaderMap {
        HeaderMap::from_iter([(DATE, date.parse().unwrap())])
    }

    #[test]
    fn the_skew_is_the_date_less_the_middle_of_the_exchange() {
        let headers = dated("Thu, 01 Jan 1970 00:20:00 GMT");
        let skew = Skew::of(&headers, at(98), at(102)).unwrap();
        assert_eq!(skew, Skew(1_100_000));
        assert!(skew.is_large());
        let behind = Skew::of(&headers, at(1500), at(1500)).unwrap();
        assert_eq!(behind, Skew(-300_000));
        let small = Skew::of(&headers, at(1440), at(1440)).unwrap();
        assert!(behind.is_large() && !small.is_large());

        let clock = Clock::default();
        assert_eq!(clock.corrected(at(7)), at(7));
        clock.note(skew);
        assert_eq!(clock.corrected(at(7)), at(1107));
        clock.note(behind);
        assert_eq!(clock.corrected(at(1000)), at(700));
    }

    #[test]
    fn an_answer_without_a_date_of_its_own_tells_nothing() {
        let mut cached = dated("Thu, 01 Jan 1970 00:20:00 GMT");
        cached.insert(AGE, "3".parse().unwrap());
        for headers in [HeaderMap::new(), dated("yesterday"), cached] {
            assert_eq!(Skew::of(&headers, at(0), at(1)), None);
        }
    }
}
