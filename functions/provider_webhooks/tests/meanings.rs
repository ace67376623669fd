//! What each event type means, and what it states: `fixtures/NAME/meanings.json` of each provider, walked through signing, verifying and parsing.
//!
//! The tables are written from the providers' event lists (each `SOURCE.md` names them), not from the tables in `src`. A file holds groups
//! `{"body": …, "at": "/pointer", "rows": [{"set": {"/pointer": value}, "headers": {…}, "expect": {…}}]}`: each row's values are put into the body (`at` goes before each
//! pointer; in a body that is text, each name found is replaced by its value), and what is expected is part of what the one event says in the short form, or
//! a list of that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{at, believed, data, set_headers, short, signed};
use provider_webhooks::{Authenticity, providers};
use serde_json::{Map, Value, json};

fn set(body: &mut Value, pointer: &str, value: &Value) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).expect("the parent of what is set");
    match parent {
        Value::Object(object) => {
            object.insert(key.to_owned(), value.clone());
        }
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value.clone(),
        _ => panic!("{pointer} is in neither an object nor a list"),
    }
}

fn bytes(group: &Value, row: &Value) -> Vec<u8> {
    let nothing = Map::new();
    let changes = row["set"].as_object().unwrap_or(&nothing);
    if let Some(text) = group["body"].as_str() {
        let replaced = changes.iter().fold(text.to_owned(), |text, (name, value)| {
            assert!(text.contains(name), "{name}");
            text.replace(name, value.as_str().unwrap())
        });
        return replaced.into_bytes();
    }
    let mut body = group["body"].clone();
    let prefix = group["at"].as_str().unwrap_or_default();
    for (pointer, value) in changes {
        set(&mut body, &format!("{prefix}{pointer}"), value);
    }
    serde_json::to_vec(&body).unwrap()
}

/// Whether everything that is expected is there; `null` expects absence.
fn says(event: &Value, expected: &Value) -> bool {
    expected
        .as_object()
        .unwrap()
        .iter()
        .all(|(name, value)| event.get(name).unwrap_or(&Value::Null) == value)
}

#[test]
fn every_row_means_what_it_says() {
    for provider in providers::ALL {
        let name = provider.info().name;
        let mut rows = 0;
        for group in data(name, "meanings.json").as_array().unwrap() {
            for row in group["rows"].as_array().unwrap() {
                rows += 1;
                let mut request = signed(name, &bytes(group, row), 1, at());
                if row["headers"].is_object() {
                    set_headers(&mut request, &row["headers"]);
                }
                let got = match believed(name, &request) {
                    Ok(events) => events.iter().map(short).collect(),
                    Err(reason) => vec![json!({ "error": reason })],
                };
                let expected = match &row["expect"] {
                    Value::Array(list) => list.clone(),
                    one => vec![one.clone()],
                };
                let agreed = got.len() == expected.len()
                    && got
                        .iter()
                        .zip(&expected)
                        .all(|(event, expected)| says(event, expected));
                assert!(agreed, "{name} {row}\nsays {}", json!(got));
            }
        }
        assert!(rows >= 5, "{name} has {rows} rows");
    }
}

#[test]
fn what_has_no_meaning_here_is_kept_as_unclassified() {
    for provider in providers::ALL {
        let name = provider.info().name;
        let unknown = data(name, "meanings.json")
            .as_array()
            .unwrap()
            .iter()
            .any(|group| {
                let rows = group["rows"].as_array().unwrap();
                // Of what nobody signs nothing is believed but that it came: there is no type to know.
                let unknown = match provider.info().authenticity {
                    Authenticity::Unsigned => "notice",
                    _ => "unclassified",
                };
                rows.iter().any(|row| row["expect"]["status"] == unknown)
            });
        assert!(
            unknown,
            "{name}: meanings.json has a row of an unknown type"
        );
    }
}
