//! Every reader of a fact, with what it gives and what it notes.

#![allow(clippy::unwrap_used)]
use payment_event::Problem::{
    AmountMissing, AmountUnusable, CurrencyMissing, CurrencyUnusable, EventIdMissing,
    EventIdUnusable, IdUnusable, TimeMissing, TimeUnusable, TypeMissing, TypeUnusable,
};

use super::*;
use crate::exponents::ISO_ONLY;

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

/// What a reader gives for a field with this JSON, and what it notes.
fn read<T>(
    json: &str,
    reader: impl Fn(&mut Facts, Option<&RawValue>) -> T,
) -> (T, Option<Problem>) {
    let mut facts = Facts::default();
    let value = raw(json);
    let got = reader(&mut facts, (json != "null").then_some(value.as_ref()));
    let mut problems = facts.into_problems().into_iter();
    let problem = problems.next();
    assert_eq!(problems.next(), None, "{json}");
    (got, problem)
}

#[test]
fn ids_are_plain_or_expanded_or_a_hash() {
    let id = |json: &str| {
        let (id, problem) = read(json, |facts, raw| facts.id(raw));
        (id.map(String::from), problem)
    };
    for (json, expected, problem) in [
        ("\"pi_1\"", Some("pi_1"), None),
        ("17", Some("17"), None),
        ("{\"x\":1,\"id\":\"pi_1\"}", Some("pi_1"), None),
        ("null", None, None),
        ("{}", None, None),
        ("[]", None, None),
        ("\"\"", None, None),
        (
            "\"Gold Plan #1\"",
            Some("sha256:371d5e5b64b4b96b3bb24586c6c895ab"),
            Some(IdUnusable),
        ),
    ] {
        let expected = expected.map(str::to_owned);
        assert_eq!(id(json), (expected, problem), "{json}");
    }
    let long = format!("\"{}\"", "x".repeat(257));
    assert!(id(&long).0.unwrap().starts_with("sha256:"));
    assert_ne!(id("\"a b\"").0, id("\"a c\"").0);
}

#[test]
fn a_chosen_id_that_is_a_card_number_is_no_key() {
    let chosen = |json| read(json, |facts, raw| facts.chosen_id(raw));
    let (id, problem) = chosen("\"4111111111111111\"");
    assert!(id.unwrap().as_str().starts_with("sha256:"));
    assert_eq!(problem, Some(IdUnusable));
    let (id, problem) = chosen("\"order-4711\"");
    assert_eq!((id.unwrap().as_str(), problem), ("order-4711", None));
}

#[test]
fn an_event_id_is_there_or_noted() {
    for (json, expected, problem) in [
        ("\"evt_1\"", Some("evt_1"), None),
        ("null", None, Some(EventIdMissing)),
        ("\"a b\"", None, Some(EventIdUnusable)),
        ("[1]", None, Some(EventIdMissing)),
    ] {
        let (id, noted) = read(json, |facts, raw| facts.event_id(raw));
        let id = id.map(String::from);
        assert_eq!((id.as_deref(), noted), (expected, problem), "{json}");
    }
}

#[test]
fn types_are_bounded() {
    let long = "\u{e9}".repeat(100);
    for (json, expected, problem) in [
        ("\"a.b\"", "a.b", None),
        ("null", "", Some(TypeMissing)),
        ("\"\"", "", Some(TypeMissing)),
        ("{\"a\":1}", "", Some(TypeUnusable)),
        (
            &format!("\"{long}\""),
            &"\u{e9}".repeat(64),
            Some(TypeUnusable),
        ),
    ] {
        let (kind, noted) = read(json, |facts, raw| facts.event_type(raw));
        assert_eq!((kind.as_str(), noted), (expected, problem), "{json}");
    }
}

#[test]
fn the_first_usable_time_counts() {
    let mut facts = Facts::default();
    let (bad, good) = (raw("\"soon\""), raw("1767323045"));
    let time = facts.time(&[None, Some(&bad), Some(&good)]);
    assert_eq!(time.unwrap().to_string(), "2026-01-02T03:04:05Z");
    assert!(facts.into_problems().is_empty());
    for (json, problem) in [("null", TimeMissing), ("\"soon\"", TimeUnusable)] {
        let (time, noted) = read(json, |facts, raw| facts.time(&[raw]));
        assert_eq!((time, noted), (None, Some(problem)), "{json}");
    }
    let (time, noted) = read("null", |facts, raw| facts.time_if_stated(&[raw]));
    assert_eq!((time, noted), (None, None));
}

#[test]
fn accounts_are_bounded() {
    let long = format!("\"{}\"", "x".repeat(300));
    for (json, expected) in [
        ("\"My Shop\"", Some(7)),
        ("null", None),
        (long.as_str(), Some(256)),
    ] {
        let (account, _) = read(json, |facts, raw| facts.account(raw));
        assert_eq!(account.map(|account| account.len()), expected);
    }
}

#[test]
fn amounts_are_read_or_noted() {
    use PaymentStatus::{Captured, Pending, Unclassified};
    for (status, value, currency, minor, problem) in [
        (Captured, "1130", "\"EUR\"", Some(1130), None),
        (Captured, "null", "\"EUR\"", None, Some(AmountMissing)),
        (Captured, "{}", "\"EUR\"", None, Some(AmountUnusable)),
        (Captured, "\"x\"", "\"EUR\"", None, Some(AmountUnusable)),
        (Captured, "5", "null", None, Some(CurrencyMissing)),
        (Captured, "5", "\"4111\"", None, Some(CurrencyUnusable)),
        (Pending, "null", "null", None, None),
        (Unclassified, "\"x\"", "\"EUR\"", None, None),
        (Unclassified, "5", "\"EUR\"", Some(5), None),
    ] {
        let currency = raw(currency);
        let stated = (currency.get() != "null").then_some(currency.as_ref());
        let (amount, noted) = read(value, |facts, raw| {
            facts.minor(status, raw, stated, &ISO_ONLY)
        });
        let got = amount.map(|amount| amount.minor.0);
        assert_eq!((got, noted), (minor, problem), "{value} {currency}");
    }
    let currency = raw("\"EUR\"");
    let (amount, _) = read("\"11.30\"", |facts, raw| {
        facts.major(Captured, raw, Some(&currency), &ISO_ONLY)
    });
    assert_eq!(amount.unwrap().minor.0, 1130);
}
