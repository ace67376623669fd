//! A card number planted anywhere in any provider's document, however it is written, does not survive masking, and nothing else changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use card_masking::{FieldRules, mask_json};
use common::{at, fixtures, known, raw, signed_fixture};
use provider_webhooks::{Provider, providers};
use serde_json::{Value, json};

/// Published test numbers of several brands and lengths.
const NUMBERS: [&str; 6] = [
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "6200000000000005",
];

/// The ways in which a number is written, by its groups of digits.
const WAYS: [(&str, &str); 9] = [
    ("plain", ""),
    ("spaces", " "),
    ("dashes", "-"),
    ("dots", "."),
    ("no-break spaces", "\u{a0}"),
    ("thin spaces", "\u{2009}"),
    ("percent", "%20"),
    ("plus", "+"),
    ("escapes", "\\u0020"),
];

fn written(number: &str, separator: &str) -> String {
    let groups: Vec<_> = number
        .as_bytes()
        .chunks(4)
        .map(|g| std::str::from_utf8(g).unwrap())
        .collect();
    groups.join(separator)
}

fn full_width(number: &str) -> String {
    number
        .chars()
        .map(|digit| char::from_u32(u32::from(digit) - u32::from('0') + 0xFF10).unwrap())
        .collect()
}

/// Pointers to every text and number below `value`.
fn leaves(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let key = key.replace('~', "~0").replace('/', "~1");
                leaves(value, &format!("{pointer}/{key}"), found);
            }
        }
        Value::Array(list) => {
            for (i, value) in list.iter().enumerate() {
                leaves(value, &format!("{pointer}/{i}"), found);
            }
        }
        Value::String(_) | Value::Number(_) => found.push(pointer.to_owned()),
        Value::Null | Value::Bool(_) => {}
    }
}

fn masked(document: &Value, rules: &FieldRules) -> Value {
    let masked = mask_json(document.to_string().as_bytes(), rules).unwrap();
    serde_json::from_str(masked.text.as_str()).expect("masked, it is JSON still")
}

fn digits(text: &str) -> String {
    text.chars()
        .filter_map(|c| match u32::from(c) {
            wide @ 0xFF10..=0xFF19 => char::from_digit(wide - 0xFF10, 10),
            _ => c.is_ascii_digit().then_some(c),
        })
        .collect()
}

/// Plants `value` at `pointer` and looks at what masking made of it, and of everything else.
fn assert_gone(
    provider: &dyn Provider,
    document: &Value,
    pointer: &str,
    value: Value,
    number: &str,
    way: &str,
) {
    let (name, rules) = (provider.info().name, provider.masking());
    let mut planted = document.clone();
    *planted.pointer_mut(pointer).unwrap() = value;
    let mut after = masked(&planted, rules);
    let there = after.pointer(pointer).unwrap().to_string();
    // The digits of the escape itself stand between those of the number.
    let plain = digits(&there.replace("\\u0020", "").replace("%20", ""));
    assert!(!plain.contains(number), "{name} {pointer}: {way}");
    *after.pointer_mut(pointer).unwrap() = Value::Null;
    let mut before = masked(document, rules);
    *before.pointer_mut(pointer).unwrap() = Value::Null;
    assert_eq!(after, before, "{name} {pointer}: {way}");
}

#[test]
fn a_planted_number_never_survives() {
    let mut cases = 0;
    for provider in providers::ALL {
        let name = provider.info().name;
        for (i, path) in fixtures(name).iter().enumerate() {
            let request = signed_fixture(name, path);
            let verified = provider.verify(raw(&request), &known(name), at()).unwrap();
            let document: Value = serde_json::from_slice(&provider.document(&verified)).unwrap();
            let mut pointers = Vec::new();
            leaves(&document, "", &mut pointers);
            for (j, pointer) in pointers.iter().enumerate() {
                let number = NUMBERS[(i + j) % NUMBERS.len()];
                let ways = WAYS
                    .iter()
                    .map(|(way, separator)| (*way, written(number, separator)));
                for (way, text) in ways.chain([("full width", full_width(number))]) {
                    let value = json!(format!("paid by {text} today"));
                    assert_gone(*provider, &document, pointer, value, number, way);
                    cases += 1;
                }
                // As a number: where ids are numbers, one of these may be an id.
                let id = |(pattern, form): &(&str, card_masking::IdForm)| {
                    let key = pointer
                        .rsplit('/')
                        .find(|part| part.parse::<usize>().is_err());
                    pattern.rsplit('/').next() == key && form(number)
                };
                if !provider.masking().patterns().ids.iter().any(id) {
                    let value = json!(number.parse::<u64>().unwrap());
                    assert_gone(*provider, &document, pointer, value, number, "number");
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 10_000, "{cases}");
}
