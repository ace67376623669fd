//! The providers' secrets in Secrets Manager, cached: a read per webhook would cost more than the webhook.
//!
//! Invariant: a secret that does not exist, or whose value is not of our form, is no secret (the provider's `verify` then refuses); a secret
//! that cannot be read just now is an error, so that nothing is rejected for want of a call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_wire::secrets_manager::get_secret_value;
use pipeline::storage::{SecretStore, StoreError};
use provider_webhooks::{Secrets, providers};

use crate::Wire;
use crate::error::wire_error;

const GET: &str = "secretsmanager:GetSecretValue";
/// A rotated secret is found within this time even when nothing fails.
const AGE_MAX: Duration = Duration::from_secs(300);
/// A forger must not be able to make us read secrets at will.
const AGE_MIN: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Cached {
    secrets: Arc<Secrets>,
    read_at: Instant,
}

/// Secrets called `{prefix}{provider}_{suffix}`.
#[derive(Debug)]
pub struct SecretsManager {
    client: Wire,
    prefix: String,
    suffix: String,
    served: Vec<&'static str>,
    cache: Mutex<HashMap<&'static str, Cached>>,
}

/// The secrets in a stored value; none when it is not of the form `{"keys":[…],"NAME":…}`.
fn read_value(text: &str) -> Option<Secrets> {
    serde_json::from_str(text).ok()
}

impl SecretsManager {
    /// Secrets of the environment `suffix`, of the providers that it serves: the function may read no others.
    pub fn new(
        client: &Wire,
        prefix: impl Into<String>,
        suffix: impl Into<String>,
        served: Vec<&'static str>,
    ) -> Self {
        Self {
            served,
            client: client.clone(),
            prefix: prefix.into(),
            suffix: suffix.into(),
            cache: Mutex::new(HashMap::new()),
        }
    }

    /// Secrets of the environment `suffix` for a person, who may read those of every provider.
    pub fn of_every_provider(
        client: &Wire,
        prefix: impl Into<String>,
        suffix: impl Into<String>,
    ) -> Self {
        let all = providers::ALL.iter().map(|provider| provider.info().name);
        Self::new(client, prefix, suffix, all.collect())
    }

    fn cached(&self, provider: &str, younger_than: Duration) -> Option<Arc<Secrets>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache
            .get(provider)
            .filter(|c| c.read_at.elapsed() < younger_than)
            .map(|c| Arc::clone(&c.secrets))
    }

    async fn read(&self, provider: &'static str) -> Result<Arc<Secrets>, StoreError> {
        let name = format!("{}{provider}_{}", self.prefix, self.suffix);
        let secrets = match get_secret_value(&self.client, &name).await {
            Ok(text) => text.as_deref().and_then(read_value).unwrap_or_else(|| {
                tracing::error!(
                    secret = name,
                    "secret {name} is not of the form {{\"keys\":[…]}}: it is taken for none"
                );
                Secrets::default()
            }),
            Err(error) => match error.code() {
                Some("ResourceNotFoundException") => Secrets::default(),
                _ => return Err(wire_error(GET, &error)),
            },
        };
        let secrets = Arc::new(secrets);
        let cached = Cached {
            secrets: Arc::clone(&secrets),
            read_at: Instant::now(),
        };
        self.cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(provider, cached);
        Ok(secrets)
    }
}

impl SecretStore for SecretsManager {
    fn serves(&self, provider: &'static str) -> bool {
        self.served.contains(&provider)
    }

    async fn secrets(&self, provider: &'static str) -> Result<Arc<Secrets>, StoreError> {
        match self.cached(provider, AGE_MAX) {
            Some(secrets) => Ok(secrets),
            None => self.read(provider).await,
        }
    }

    async fn refreshed(&self, provider: &'static str) -> Result<Option<Arc<Secrets>>, StoreError> {
        match self.cached(provider, AGE_MIN) {
            Some(_) => Ok(None),
            None => self.read(provider).await.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_form_is_a_secret() {
        let text =
            "{\"keys\":[\"a\",\" \"],\"notification_url\":\"https://x\",\"webhook_id\":\"W1\"}";
        let secrets = read_value(text).unwrap();
        assert_eq!(secrets.keys(), ["a"]);
        assert_eq!(secrets.notification_url(), Some("https://x"));
        assert_eq!(secrets.setting("webhook_id"), Some("W1"));
        for text in ["", "whsec_plain", "[]", "{\"keys\":\"a\"}", "{}"] {
            assert!(read_value(text).is_none(), "{text}");
        }
    }
}
