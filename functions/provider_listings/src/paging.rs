//! What several listings need: links to the next page, lists without a filter by date, bodies.

use jiff::Timestamp;

use crate::Window;
use crate::listing::Listed;
use crate::page::Node;
use crate::parts::quoted;

/// The path and query of an address behind scheme and host: a request goes to the provider's base
/// address, whatever host its answer names. `None` for what is neither an address nor a path.
pub(crate) fn behind_host(address: &str) -> Option<&str> {
    if address.starts_with('/') {
        return Some(address);
    }
    let (scheme, rest) = address.split_once("://")?;
    let slash = rest.find('/')?;
    matches!(scheme, "http" | "https").then(|| &rest[slash..])
}

/// The value of a parameter of an address, as it is written there (percent-encoded); `None` when
/// there is none or it is blank.
pub(crate) fn parameter<'a>(address: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = address.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(given, _)| *given == name)?;
    (!value.is_empty()).then_some(value)
}

/// Entries of a list that is sorted by time, the newest first, and has no filter by date.
pub(crate) struct NewestFirst {
    window: Window,
    /// What is in the window, or does not say when it happened.
    pub(crate) listed: Vec<Listed>,
    reached: bool,
}

impl NewestFirst {
    /// Nothing yet.
    pub(crate) const fn new(window: Window) -> Self {
        Self {
            window,
            listed: Vec::new(),
            reached: false,
        }
    }

    /// An entry's time, and what is listed of it.
    pub(crate) fn add(&mut self, at: Option<Timestamp>, listed: impl IntoIterator<Item = Listed>) {
        self.reached |= at.is_none_or(|at| at >= self.window.from);
        if at.is_none_or(|at| self.window.holds(at)) {
            self.listed.extend(listed);
        }
    }

    /// Returns true if a further page may still list something of the window: some entry of this
    /// one is not before it.
    pub(crate) const fn goes_on(&self) -> bool {
        self.reached
    }
}

/// A JSON object of these fields, in this order; values are JSON text.
pub(crate) fn object(fields: &[(&str, &str)]) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{}:{value}", quoted(name)));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

impl<'a> Node<'a> {
    /// The JSON text at a path, as it was sent; `null` where there is nothing.
    pub(crate) fn raw_at(self, path: &str) -> &'a str {
        self.at(path).map_or("null", Node::raw)
    }

    /// The time at a path: RFC 3339, or seconds since 1970.
    pub(crate) fn time(self, path: &str) -> Option<Timestamp> {
        let text = self.text(path)?;
        let seconds = || Timestamp::from_second(text.parse().ok()?).ok();
        text.parse().ok().or_else(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_path_alone() {
        for (address, expected) in [
            ("https://api.example/v1/a?b=c", Some("/v1/a?b=c")),
            ("http://x/y", Some("/y")),
            ("/v1/a?x=//y", Some("/v1/a?x=//y")),
            ("ftp://x/y", None),
            ("https://x", None),
            ("v1/a", None),
            ("", None),
        ] {
            assert_eq!(behind_host(address), expected, "{address}");
        }
        assert_eq!(parameter("/a?after=x%2By&b=", "after"), Some("x%2By"));
        assert_eq!(parameter("/a?after=x&b=", "b"), None);
        assert_eq!(parameter("/a", "b"), None);
    }

    #[test]
    fn a_list_ends_at_the_first_page_that_is_all_before_the_window() {
        let window = Window {
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            to: "2026-11-02T00:00:00Z".parse().unwrap(),
        };
        let entry = |at: Option<Timestamp>| Listed {
            id: "1".to_owned(),
            what: String::new(),
            at,
            body: Vec::new(),
            headers: Vec::new(),
        };
        for (at, listed, goes_on) in [
            (Some("2026-11-02T00:00:00Z"), 0, true),
            (Some("2026-11-01T00:00:00Z"), 1, true),
            (Some("2026-10-31T23:59:59Z"), 0, false),
            (None, 1, true),
        ] {
            let at = at.map(|at| at.parse().unwrap());
            let mut list = NewestFirst::new(window);
            assert!(!list.goes_on());
            list.add(at, [entry(at)]);
            assert_eq!((list.listed.len(), list.goes_on()), (listed, goes_on));
        }
    }

    #[test]
    fn a_body_keeps_what_was_sent() {
        let text = object(&[("a\"", &quoted("é\n")), ("b", "1.50")]);
        assert_eq!(text, "{\"a\\\"\":\"é\\n\",\"b\":1.50}");
    }
}
