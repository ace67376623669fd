//! The secrets of one provider. Several keys at once, so that they can be rotated; blank ones do not count.
//!
//! Invariant: the form `{"keys":["…"],"NAME":"…"}` is read here alone, for Secrets Manager and for `payhook send --secrets-file`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use crate::Reject;

/// The name of the setting that holds the URL registered with the provider.
const NOTIFICATION_URL: &str = "notification_url";

/// The name of the setting that holds a provider's certificate, where it shall not be fetched.
pub(crate) const CERTIFICATE_PEM: &str = "certificate_pem";

/// Keys and the other signing configuration of one provider.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    keys: Vec<String>,
    settings: BTreeMap<String, String>,
}

impl Secrets {
    /// Keeps the non-blank keys, in order. No key at all is legal here and refused by every provider's `verify`.
    pub fn new(keys: impl IntoIterator<Item = String>, notification_url: Option<String>) -> Self {
        let secrets = Self {
            keys: keys.into_iter().filter(|k| !k.trim().is_empty()).collect(),
            settings: BTreeMap::new(),
        };
        match notification_url {
            Some(url) => secrets.with(NOTIFICATION_URL, url),
            None => secrets,
        }
    }

    /// The same with one more setting; a blank value is none.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.trim().is_empty() {
            self.settings.insert(name.into(), value);
        }
        self
    }

    /// The same settings with other keys.
    #[must_use]
    pub fn with_keys(&self, keys: impl IntoIterator<Item = String>) -> Self {
        Self {
            settings: self.settings.clone(),
            ..Self::new(keys, None)
        }
    }

    /// The keys to try, newest first by convention.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The keys, where there has to be one.
    ///
    /// # Errors
    /// [`Reject::SecretMissing`].
    pub fn some_keys(&self) -> Result<&[String], Reject> {
        if self.keys.is_empty() {
            Err(Reject::SecretMissing)
        } else {
            Ok(&self.keys)
        }
    }

    /// Neither a key nor a setting: the provider is not configured.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.settings.is_empty()
    }

    /// A setting by its name, without surrounding blanks.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(|value| value.trim())
    }

    /// A setting that has to be there.
    ///
    /// # Errors
    /// [`Reject::SettingMissing`], for the notification URL [`Reject::NotificationUrlMissing`].
    pub fn required(&self, name: &str) -> Result<&str, Reject> {
        self.setting(name).ok_or(if name == NOTIFICATION_URL {
            Reject::NotificationUrlMissing
        } else {
            Reject::SettingMissing
        })
    }

    /// The provider's certificate (PEM), where the operator configured it.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.setting(CERTIFICATE_PEM).map(str::as_bytes)
    }

    /// The URL registered with the provider, where its signature covers it (Square).
    pub fn notification_url(&self) -> Option<&str> {
        self.setting(NOTIFICATION_URL)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} keys, redacted)", self.keys.len())
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SettingValue {
    Text(String),
    Flag(bool),
    Number(i64),
    Nothing(()),
}

struct SecretsVisitor;

impl<'de> Visitor<'de> for SecretsVisitor {
    type Value = Secrets;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with keys, or with settings by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secrets, A::Error> {
        let mut secrets = Secrets::default();
        let mut empty = true;
        while let Some(name) = map.next_key::<String>()? {
            empty = false;
            if name == "keys" {
                let keys: Vec<String> = map.next_value()?;
                secrets = secrets.with_keys(keys);
                continue;
            }
            let value = match map.next_value()? {
                SettingValue::Text(text) => text,
                SettingValue::Flag(flag) => flag.to_string(),
                SettingValue::Number(number) => number.to_string(),
                SettingValue::Nothing(()) => continue,
            };
            secrets = secrets.with(name, value);
        }
        if empty {
            return Err(A::Error::custom("neither keys nor settings"));
        }
        Ok(secrets)
    }
}

impl<'de> Deserialize<'de> for Secrets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SecretsVisitor)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_our_form_is_a_secret() {
        let text = r#"{"webhook_id":" W1 ","keys":["a"," "],"notification_url":"https://x","accept_unsigned":true,"n":7,"gone":null,"blank":" "}"#;
        let secrets: Secrets = serde_json::from_str(text).unwrap();
        assert_eq!(secrets.keys(), ["a"]);
        assert_eq!(secrets.notification_url(), Some("https://x"));
        assert_eq!(secrets.required("webhook_id"), Ok("W1"));
        assert_eq!(secrets.setting("n"), Some("7"));
        assert_eq!(secrets.setting("accept_unsigned"), Some("true"));
        assert_eq!(secrets.required("gone"), Err(Reject::SettingMissing));
        assert_eq!(secrets.required("blank"), Err(Reject::SettingMissing));
        let other = secrets.with_keys(["b".to_owned()]);
        assert_eq!(
            (other.keys(), other.setting("n")),
            (&["b".to_owned()][..], Some("7"))
        );
        for text in [
            "",
            "whsec_plain",
            "[]",
            "{\"keys\":\"a\"}",
            "{}",
            "{\"a\":[]}",
            "{\"a\":{}}",
        ] {
            assert!(serde_json::from_str::<Secrets>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let none = Secrets::default();
        assert!(none.is_empty());
        assert_eq!(none.some_keys(), Err(Reject::SecretMissing));
        assert_eq!(
            none.required(NOTIFICATION_URL),
            Err(Reject::NotificationUrlMissing)
        );
        let url = Secrets::new([], Some("https://x".to_owned()));
        assert!(!url.is_empty());
    }

    #[test]
    fn nothing_of_it_shows_in_debug_output() {
        let secrets = Secrets::new(["whsec_1".to_owned()], None).with("private_key", "hidden");
        assert_eq!(format!("{secrets:?}"), "Secrets(1 keys, redacted)");
    }
}
