//! Credentials, kept until shortly before they expire.
//!
//! As the SDK's identity cache does it: they are asked for again ten seconds before their expiry,
//! or after a quarter of an hour where they state none, and loading them may take five seconds.
//! Source: `aws-smithy-runtime` 1.16, `client/identity/cache/lazy.rs`, read 2026-11-28.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::Mutex;

use crate::Error;

const LOAD_TIMEOUT: Duration = Duration::from_secs(5);
const ASKED_BEFORE_EXPIRY: Duration = Duration::from_secs(10);
const KEPT_WITHOUT_EXPIRY: Duration = Duration::from_secs(15 * 60);

#[derive(Debug)]
pub(crate) struct Cache {
    provider: Option<SharedCredentialsProvider>,
    // An asynchronous lock: calls that start together wait for one answer of the provider.
    kept: Mutex<Option<(Credentials, SystemTime)>>,
}

impl Cache {
    pub(crate) fn new(provider: Option<SharedCredentialsProvider>) -> Self {
        Self {
            provider,
            kept: Mutex::new(None),
        }
    }

    /// The credentials to sign with at `now`.
    ///
    /// # Errors
    /// [`Error::Unbuilt`] when the provider has none.
    pub(crate) async fn credentials(&self, now: SystemTime) -> Result<Credentials, Error> {
        let mut kept = self.kept.lock().await;
        if let Some((credentials, until)) = &*kept
            && now < *until
        {
            return Ok(credentials.clone());
        }
        const NONE: Error = Error::Unbuilt("no credentials were found");
        let load = self.provider.as_ref().ok_or(NONE)?.provide_credentials();
        let loaded = tokio::time::timeout(LOAD_TIMEOUT, load).await;
        let credentials = loaded
            .map_err(|_| Error::Unbuilt("credentials took too long"))?
            .map_err(|_| NONE)?;
        let until = match credentials.expiry() {
            Some(expiry) => expiry.checked_sub(ASKED_BEFORE_EXPIRY),
            None => now.checked_add(KEPT_WITHOUT_EXPIRY),
        };
        *kept = until.map(|until| (credentials.clone(), until));
        Ok(credentials)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use aws_credential_types::provider::future;

    use super::*;

    /// Hands out numbered credentials, which live for a minute if they expire at all.
    #[derive(Debug)]
    struct Numbered {
        asked: Arc<AtomicU64>,
        life: Option<Duration>,
    }

    impl ProvideCredentials for Numbered {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let number = self.asked.fetch_add(1, Ordering::SeqCst);
            let start = SystemTime::UNIX_EPOCH + Duration::from_secs(60 * number);
            let expiry = self.life.map(|life| start + life);
            let credentials = Credentials::new(format!("A{number}"), "s", None, expiry, "test");
            future::ProvideCredentials::ready(Ok(credentials))
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    async fn key(cache: &Cache, seconds: u64) -> String {
        let credentials = cache.credentials(at(seconds)).await.unwrap();
        credentials.access_key_id().to_owned()
    }

    fn numbered(life: Option<Duration>) -> (Cache, Arc<AtomicU64>) {
        let asked = Arc::new(AtomicU64::new(0));
        let provider = Numbered {
            asked: Arc::clone(&asked),
            life,
        };
        (
            Cache::new(Some(SharedCredentialsProvider::new(provider))),
            asked,
        )
    }

    #[tokio::test]
    async fn credentials_are_kept_until_ten_seconds_before_their_expiry() {
        let (cache, asked) = numbered(Some(Duration::from_secs(60)));
        assert_eq!(key(&cache, 0).await, "A0");
        assert_eq!(key(&cache, 49).await, "A0");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        assert_eq!(key(&cache, 50).await, "A1");
        assert_eq!(key(&cache, 109).await, "A1");
        assert_eq!(key(&cache, 110).await, "A2");
    }

    #[tokio::test]
    async fn credentials_without_an_expiry_are_asked_for_each_quarter_of_an_hour() {
        let (cache, asked) = numbered(None);
        assert_eq!(key(&cache, 0).await, "A0");
        assert_eq!(key(&cache, 899).await, "A0");
        assert_eq!(key(&cache, 900).await, "A1");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn calls_that_start_together_ask_once() {
        let (cache, asked) = numbered(Some(Duration::from_secs(60)));
        let (one, other) = tokio::join!(cache.credentials(at(0)), cache.credentials(at(0)));
        assert!(one.is_ok() && other.is_ok());
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
