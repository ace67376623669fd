//! What an answer lists, and a reader of answers that keeps every number and text as it was sent.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::listing::Listed;
use crate::request::Query;
use crate::{ListingError, ListingInfo};

/// What one answer lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What is in it and in the window.
    pub listed: Vec<Listed>,
    /// The page behind it.
    pub next: Option<Query>,
}

/// A JSON value of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a>(&'a RawValue);

impl<'a> Node<'a> {
    /// Reads an answer, which must be a JSON object or list.
    ///
    /// # Errors
    /// [`ListingError::AnswerUnreadable`].
    pub fn read(info: &ListingInfo, asked: &Query, answer: &'a [u8]) -> Result<Self, ListingError> {
        let node = serde_json::from_slice(answer).ok().map(Self);
        let whole = node.filter(|node| node.raw().starts_with(['{', '[']));
        whole.ok_or_else(|| unreadable(info, asked))
    }

    /// What stands at a path of names joined by `/`; `None` where it is absent or null. The empty path is the value itself.
    pub fn at(self, path: &str) -> Option<Self> {
        let names = path.split('/').filter(|name| !name.is_empty());
        let found = names.into_iter().try_fold(self, |node, name| {
            let fields: BTreeMap<Cow<'a, str>, &'a RawValue> = node.to()?;
            fields.get(name).copied().map(Self)
        })?;
        (found.raw() != "null").then_some(found)
    }

    /// The list at a path.
    ///
    /// # Errors
    /// [`ListingError::AnswerUnreadable`] when there is none: an answer without it is not one of this API.
    pub fn list(
        self,
        info: &ListingInfo,
        asked: &Query,
        path: &str,
    ) -> Result<Vec<Self>, ListingError> {
        self.items(path).ok_or_else(|| unreadable(info, asked))
    }

    /// The list at a path; `None` when there is none.
    pub fn items(self, path: &str) -> Option<Vec<Self>> {
        let list: Vec<&'a RawValue> = self.at(path)?.to()?;
        Some(list.into_iter().map(Self).collect())
    }

    /// The text or number at a path, a number as it was sent; `None` where it is absent, blank or something else.
    pub fn text(self, path: &str) -> Option<String> {
        let node = self.at(path)?;
        let text = match node.raw().as_bytes().first()? {
            b'"' => node.to()?,
            b'-' | b'0'..=b'9' => node.raw().to_owned(),
            _ => return None,
        };
        (!text.trim().is_empty()).then_some(text)
    }

    /// Returns true if `true` stands at a path.
    pub fn is_true(self, path: &str) -> bool {
        self.at(path).is_some_and(|node| node.raw() == "true")
    }

    /// The JSON text.
    pub fn raw(self) -> &'a str {
        self.0.get().trim()
    }

    fn to<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.0.get()).ok()
    }
}

/// The error for an answer that is not of the documented form.
pub(crate) fn unreadable(info: &ListingInfo, asked: &Query) -> ListingError {
    ListingError::AnswerUnreadable {
        provider: info.provider,
        resource: asked.resource,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers;
    use crate::request::ApiRequest;
    use crate::{Window, listing::Listing};

    fn asked() -> (&'static dyn Listing, Query) {
        let window = Window {
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            to: "2026-11-02T00:00:00Z".parse().unwrap(),
        };
        let query = Query {
            resource: "events",
            request: ApiRequest::get("/", &[]),
            window,
        };
        (providers::by_name("stripe").unwrap(), query)
    }

    #[test]
    fn what_is_read_stays_as_it_was_sent() {
        let (listing, asked) = asked();
        let answer = br#" {"a":{"b":[1.50,"x\u0041",null,true,""]},"n":12345678901234567890.10} "#;
        let node = Node::read(listing.info(), &asked, answer).unwrap();
        assert_eq!(node.text("n").unwrap(), "12345678901234567890.10");
        let items = node.items("a/b").unwrap();
        let texts: Vec<_> = items.iter().map(|item| item.text("")).collect();
        let expected = [Some("1.50"), Some("xA"), None, None, None];
        assert_eq!(texts, expected.map(|text| text.map(str::to_owned)));
        assert!(items[3].is_true("") && !node.is_true("a"));
        assert!(node.at("a/c").is_none() && node.at("n/b").is_none());
    }

    #[test]
    fn what_is_no_answer_of_the_api_is_an_error() {
        let (listing, asked) = asked();
        for answer in ["", "{", "\"text\"", "12", "[1,", "<html>", "{\"data\":[{]}"] {
            let read = Node::read(listing.info(), &asked, answer.as_bytes());
            assert_eq!(
                read.unwrap_err(),
                unreadable(listing.info(), &asked),
                "{answer}"
            );
        }
        let node = Node::read(listing.info(), &asked, b"{\"data\":{}}").unwrap();
        assert!(node.list(listing.info(), &asked, "data").is_err());
    }
}
