//! Remembers what was fetched, by URL: certificates for a day, failures and absences for a minute.
//!
//! Invariant: bounded. A certificate is never driven out by what is not there, so forged names
//! cannot empty the cache.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A certificate, or that none could be had.
pub(super) type Found = Option<Arc<[u8]>>;

/// A certificate at a URL does not change: a new one has a new URL. It is asked for again all the
/// same, in case it was withdrawn.
pub(super) const AGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// For what is not there, and for what could not be fetched.
pub(super) const ABSENT_AGE_MAX: Duration = Duration::from_secs(60);
/// A provider signs with one or two at a time.
pub(super) const ENTRIES_MAX: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Cache(HashMap<String, (Found, Instant)>);

impl Cache {
    /// What is remembered of `url`; `None` when nothing is, or when it is too old.
    pub(super) fn get(&self, url: &str, now: Instant) -> Option<Found> {
        let (found, at) = self.0.get(url)?;
        let age_max = if found.is_some() {
            AGE_MAX
        } else {
            ABSENT_AGE_MAX
        };
        (now.saturating_duration_since(*at) < age_max).then(|| found.clone())
    }

    /// Forgets a certificate that turned out to be of no use, unless it was asked for moments ago.
    /// Returns true if it may be asked for again.
    pub(super) fn forget(&mut self, url: &str, now: Instant) -> bool {
        let old = self.0.get(url).is_some_and(|(found, at)| {
            found.is_some() && now.saturating_duration_since(*at) >= ABSENT_AGE_MAX
        });
        if old {
            self.0.remove(url);
        }
        old
    }

    /// Keeps an answer. The oldest entry makes room, one without a certificate before one with it.
    pub(super) fn put(&mut self, url: &str, found: Found, now: Instant) {
        if self.0.len() >= ENTRIES_MAX && !self.0.contains_key(url) {
            let first_to_go =
                |(_, (found, at)): &(&String, &(Found, Instant))| (found.is_some(), *at);
            let oldest = self
                .0
                .iter()
                .min_by_key(first_to_go)
                .map(|(url, _)| url.clone());
            if let Some(oldest) = oldest {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(url.to_owned(), (found, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_asked_again_until_it_is_old() {
        let (mut cache, start) = (Cache::default(), Instant::now());
        let pem: Found = Some(Arc::from(&b"PEM"[..]));
        cache.put("here", pem.clone(), start);
        cache.put("nothing", None, start);
        assert_eq!(cache.get("here", start), Some(pem.clone()));
        assert_eq!(cache.get("nothing", start), Some(None));
        assert_eq!(cache.get("nothing", start + ABSENT_AGE_MAX), None);
        assert_eq!(cache.get("here", start + AGE_MAX), None);
        assert_eq!(cache.get("elsewhere", start), None);
        // One that is of no use is asked for again, once a minute at most.
        assert!(!cache.forget("here", start) && !cache.forget("nothing", start));
        let later = start + ABSENT_AGE_MAX;
        assert!(cache.forget("here", later) && !cache.forget("here", later));
        assert_eq!(cache.get("here", later), None);
        cache.put("here", pem.clone(), start);
        // A flood of names that lead nowhere drives nothing out that is there.
        for n in 0..2 * ENTRIES_MAX {
            cache.put(&n.to_string(), None, start + Duration::from_secs(1));
        }
        assert_eq!(cache.0.len(), ENTRIES_MAX);
        assert_eq!(cache.get("here", start), Some(pem));
    }
}
