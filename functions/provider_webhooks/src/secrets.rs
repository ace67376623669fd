//! The secrets of one provider. Several at once, so that they can be rotated; blank ones do not count.

/// Secrets and the other signing configuration of one provider.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    keys: Vec<String>,
    notification_url: Option<String>,
}

impl Secrets {
    /// Keeps the non-blank keys, in order. No key at all is legal here and refused by every provider's `verify`.
    pub fn new(keys: impl IntoIterator<Item = String>, notification_url: Option<String>) -> Self {
        Self {
            keys: keys.into_iter().filter(|k| !k.trim().is_empty()).collect(),
            notification_url: notification_url.filter(|u| !u.trim().is_empty()),
        }
    }

    /// The keys to try, newest first by convention.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The URL registered with the provider, where its signature covers it (Square).
    pub fn notification_url(&self) -> Option<&str> {
        self.notification_url.as_deref()
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} keys, redacted)", self.keys.len())
    }
}
