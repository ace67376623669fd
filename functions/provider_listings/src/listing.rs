//! The contract that every provider's listing fulfils.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::endpoints::Endpoint;
use crate::page::Page;
use crate::request::{ApiRequest, Query};
use crate::{ListingError, ListingInfo};

/// A period of the provider's clock: from `from` until before `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment that is no longer part of it.
    pub to: Timestamp,
}

impl Window {
    /// Returns true if a time is in the window.
    pub fn holds(&self, time: Timestamp) -> bool {
        self.from <= time && time < self.to
    }
}

/// Whose records are asked for: the settings of the provider's API secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    settings: BTreeMap<String, String>,
}

impl Account {
    /// An account with these settings.
    pub fn new(settings: BTreeMap<String, String>) -> Self {
        Self { settings }
    }

    /// A setting that is there and not blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.settings.get(name).map(|value| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// A setting that must be there.
    ///
    /// # Errors
    /// [`ListingError::SettingMissing`].
    pub fn need(
        &self,
        provider: &'static str,
        setting: &'static str,
    ) -> Result<&str, ListingError> {
        self.get(setting)
            .ok_or(ListingError::SettingMissing { provider, setting })
    }
}

/// One event or object that the provider has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The provider's id of it.
    pub id: String,
    /// Its event type, or what kind of object it is and how far (`payment captured`).
    pub what: String,
    /// When it happened, by the provider's clock.
    pub at: Option<Timestamp>,
    /// The body of the webhook that tells it, as the provider would have sent it.
    pub body: Vec<u8>,
    /// The headers of that webhook which say something of the event; no signature.
    pub headers: Vec<(String, String)>,
}

/// The listing of a provider: pure functions over requests and answers.
pub trait Listing: Sync {
    /// The provider's entry.
    fn info(&self) -> &'static ListingInfo;

    /// Looks at the key as far as the key itself says what it may do.
    ///
    /// # Errors
    /// [`ListingError::KeyTooPowerful`].
    fn check_key(&self, key: &str) -> Result<(), ListingError>;

    /// The first page of everything that has to be listed for a window.
    ///
    /// # Errors
    /// [`ListingError::SettingMissing`].
    fn begin(&self, window: Window, account: &Account) -> Result<Vec<Query>, ListingError>;

    /// Reads an answer with status 200: what it lists inside the window, and the page behind it.
    ///
    /// # Errors
    /// [`ListingError::AnswerUnreadable`].
    fn read(&self, asked: &Query, answer: &[u8]) -> Result<Page, ListingError>;

    /// What has to be asked of the entries of an answer one by one, where a list names things and
    /// does not tell them: each is a list of its own. None unless the provider's file says so.
    ///
    /// # Errors
    /// [`ListingError::AnswerUnreadable`].
    fn details(&self, _asked: &Query, _answer: &[u8]) -> Result<Vec<Query>, ListingError> {
        Ok(Vec::new())
    }

    /// Asks the provider to send the webhook of an event again; `None` where it cannot be asked.
    fn resend(&self, listed: &Listed, account: &Account) -> Option<ApiRequest>;

    /// The first page of the list of the provider's endpoints; `None` where its API has no such
    /// list.
    fn endpoints(&self, _account: &Account) -> Option<ApiRequest> {
        None
    }

    /// Reads an answer to [`Listing::endpoints`], and the page behind it.
    ///
    /// # Errors
    /// [`ListingError::AnswerUnreadable`], also for a provider that lists none.
    fn read_endpoints(
        &self,
        asked: &Query,
        _answer: &[u8],
    ) -> Result<(Vec<Endpoint>, Option<ApiRequest>), ListingError> {
        Err(crate::page::unreadable(self.info(), asked))
    }
}
