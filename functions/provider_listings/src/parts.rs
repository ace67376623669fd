//! Small parts that several listings need: a parameter of a link, a time in seconds, a JSON string.

use jiff::Timestamp;

use crate::Window;

/// A query parameter of a link, decoded; `None` where it is absent or blank.
pub(crate) fn parameter(link: &str, name: &str) -> Option<String> {
    let (_, query) = link.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(found, _)| *found == name)?;
    Some(decoded(value)).filter(|value| !value.trim().is_empty())
}

/// Percent-decodes a value; what is not encoded, or not UTF-8, stays as it is.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, behind @ ..] = rest {
        let pair = behind.get(..2).filter(|_| *first == b'%');
        let pair = pair.and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| value.to_owned())
}

/// A time in seconds since 1970.
pub(crate) fn seconds(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

/// The day of a time in UTC (`2026-11-01`).
pub(crate) fn day(time: Timestamp) -> String {
    let text = time.to_string();
    let (day, _) = text.split_once('T').unwrap_or((&text, ""));
    day.to_owned()
}

/// The beginning of a day (`2026-11-01`) in UTC.
pub(crate) fn midnight(day: &str) -> Option<Timestamp> {
    format!("{day}T00:00:00Z").parse().ok()
}

/// Returns true if a thing belongs to the window. What has no readable time belongs to the window
/// that it was asked for by.
pub(crate) fn inside(window: Window, at: Option<Timestamp>) -> bool {
    at.is_none_or(|at| window.holds(at))
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What the tests of several listings need.
#[cfg(test)]
pub(crate) mod testing {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use crate::{Account, Listing, ListingError, Page, Query, Window};

    /// The first query for a resource, in the window of the tests' day.
    pub(crate) fn first(listing: &dyn Listing, resource: &str) -> Query {
        let window = Window {
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            to: "2026-11-02T00:00:00Z".parse().unwrap(),
        };
        let settings = listing.info().settings.iter();
        let settings = settings.map(|(name, _)| ((*name).to_owned(), "x".to_owned()));
        let account = Account::new(settings.collect::<BTreeMap<_, _>>());
        let queries = listing.begin(window, &account).unwrap();
        let found = queries.into_iter().find(|it| it.resource == resource);
        found.unwrap()
    }

    /// What an answer to the first query for a resource gives.
    pub(crate) fn read(
        listing: &dyn Listing,
        resource: &str,
        answer: &str,
    ) -> Result<Page, ListingError> {
        listing.read(&first(listing, resource), answer.as_bytes())
    }

    /// Asserts that each answer is taken for one that was cut short, never for the end of a list.
    pub(crate) fn unreadable(listing: &dyn Listing, resource: &str, answers: &[&str]) {
        let provider = listing.info().provider;
        for answer in answers {
            let read = read(listing, resource, answer);
            assert!(
                matches!(read, Err(ListingError::AnswerUnreadable { .. })),
                "{provider} {resource}: {answer}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_parameter_is_found_by_its_whole_name_and_decoded() {
        let link = "https://a.example/b?xcursor=1&cursor=a%2Bb%c3%A9%zz%&limit=#cursor=2";
        assert_eq!(parameter(link, "cursor").unwrap(), "a+b\u{e9}%zz%");
        for name in ["limit", "b", "cursor=a", ""] {
            assert_eq!(parameter(link, name), None, "{name}");
        }
        assert_eq!(parameter("https://a.example/cursor=1", "cursor"), None);
        assert_eq!(parameter("?a=%ff", "a").unwrap(), "%ff");
    }

    #[test]
    fn times_and_windows() {
        let window = Window {
            from: seconds("1793491200").unwrap(),
            to: seconds("1793577600").unwrap(),
        };
        assert_eq!(window.from, "2026-11-01T00:00:00Z".parse().unwrap());
        assert!(inside(window, Some(window.from)) && inside(window, None));
        assert!(!inside(window, Some(window.to)));
        assert_eq!(seconds("soon"), None);
        assert_eq!(midnight(&day(window.from)), Some(window.from));
        assert_eq!(midnight("2026-11-31"), None);
        assert_eq!(quoted("a\"b"), "\"a\\\"b\"");
    }
}
