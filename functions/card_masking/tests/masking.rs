//! What masking promises, asked from outside: nothing else changes, no card number is left, arbitrary bytes end in an error.
//!
//! The judge of "no card number is left" is a normaliser of this file's own, not the detector.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use card_masking::{
    COMMON_RULES, FieldRules, MaskError, NESTING_MAX, Patterns, contains_pan, has_a_letter,
    mask_json, mask_text, prefixed,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// As a provider's are: a group of fields that are masked whole, and ids.
static RULES: FieldRules = Patterns {
    drop: &["billing_details", "card/exp_month", "receipt_email"],
    ids: &[("id", prefixed), ("reference", has_a_letter)],
}
.rules();

fn mask(rules: &FieldRules, value: &Value) -> Value {
    let masked = mask_json(value.to_string().as_bytes(), rules).unwrap();
    serde_json::from_str(masked.text.as_str()).unwrap()
}

#[test]
fn fields_are_masked_whole_left_alone_or_looked_at() {
    for (rules, before, after) in [
        (
            &RULES,
            json!({"id": "ch_4111111111111111", "billing_details": {"name": "J", "address": {"line1": "x", "n": 1, "z": null}},
                   "details": {"card": {"last4": "4242", "exp_month": 8}}, "receipt_email": "", "list": [4111111111111111_i64, "x"]}),
            json!({"id": "ch_4111111111111111", "billing_details": {"name": "[masked]", "address": {"line1": "[masked]", "n": "[masked]", "z": null}},
                   "details": {"card": {"last4": "4242", "exp_month": "[masked]"}}, "receipt_email": "", "list": ["411111******1111", "x"]}),
        ),
        (
            &COMMON_RULES,
            json!({"Card-Number": "anything", "cvv": 123, "5555555555554444": true, "id": "4111111111111111", "email": "a@b"}),
            json!({"Card-Number": "[masked]", "cvv": "[masked]", "555555******4444": true, "id": "411111******1111", "email": "[masked]"}),
        ),
    ] {
        assert_eq!(mask(rules, &before), after);
    }
}

#[test]
fn an_id_field_that_holds_no_id_is_looked_at() {
    for text in ["4111111111111111", "4111 1111 1111 1111"] {
        for field in ["id", "reference"] {
            let masked = mask(&RULES, &json!({ field: text }));
            assert!(!contains_pan(masked[field].as_str().unwrap()), "{masked}");
        }
    }
}

#[test]
fn numbers_keep_their_text_unless_they_are_card_numbers() {
    for (before, after) in [
        (
            "[10.00,-0.5e-3,1767323045123,0.4111111111111111,1E400,0]",
            "[10.00,-0.5e-3,1767323045123,0.4111111111111111,1E400,0]",
        ),
        ("4111111111111111", "\"411111******1111\""),
        ("-4111111111111111.0", "\"411111******1111\""),
        ("4.111111111111111e15", "\"411111******1111\""),
        ("4.111111111111111E+15", "\"411111******1111\""),
    ] {
        assert_eq!(
            mask_json(before.as_bytes(), &COMMON_RULES)
                .unwrap()
                .text
                .as_str(),
            after
        );
    }
}

#[test]
fn what_is_copied_is_copied_byte_for_byte() {
    let text = " { \"a\" : [ ] , \"a\":{ },\t\"\\u00e9\\/\" : \"\\ud83d\\ude00 \\b\\f\\n\\r\\t\\\"\\\\\", \"n\":[true,false,null]\r\n} ";
    let masked = mask_json(text.as_bytes(), &RULES).unwrap();
    assert_eq!(
        (
            masked.text.as_str(),
            masked.masked_fields,
            masked.masked_pans
        ),
        (text, 0, 0)
    );
    let escaped = r#"{"a":"\u0034111\u00201111\u20091111\n1111 \"x\\ \u0001"}"#;
    let masked = mask_json(escaped.as_bytes(), &RULES).unwrap();
    let value: Value = serde_json::from_str(&masked.text.into_string()).unwrap();
    assert_eq!(value["a"], "4111\u{20}11**\u{2009}****\n1111 \"x\\ \u{1}");
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{1:2}",
        "{\"a\" 1}",
        "[1}",
        "{\"a\":1]",
        "01",
        "-",
        "1.",
        "1e",
        "+1",
        "tru",
        "nul",
        "fals",
        "x",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\n\"",
        "1 2",
        "{}{}",
        "\"\\",
        "{\"a\":1 \"b\":2}",
    ] {
        assert_eq!(
            mask_json(text.as_bytes(), &RULES),
            Err(MaskError::NotJson),
            "{text}"
        );
        assert!(serde_json::from_str::<Value>(text).is_err());
    }
    assert_eq!(mask_json(b"\"\xff\"", &RULES), Err(MaskError::NotUtf8));
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(mask_json(nested(NESTING_MAX).as_bytes(), &RULES).is_ok());
    assert_eq!(
        mask_json(nested(10_000).as_bytes(), &RULES),
        Err(MaskError::TooDeep)
    );
    assert!(MaskError::TooDeep.to_string().contains("128"));
}

/// Folds digits of the scripts used below, drops everything else, and finds `pan` in what is left.
fn readable(text: &str, pan: &str) -> bool {
    let text = text.replace("%20", " ").replace("\\u0020", " ");
    let digits: String = text
        .chars()
        .map(|c| match u32::from(c) {
            0xFF10..=0xFF19 => char::from_u32(u32::from(c) - 0xFF10 + 0x30).unwrap(),
            0x0660..=0x0669 => char::from_u32(u32::from(c) - 0x0660 + 0x30).unwrap(),
            _ => c,
        })
        .filter(|c| c.is_ascii_digit() || *c == '*')
        .collect();
    digits.contains(pan)
}

fn pan() -> impl Strategy<Value = String> {
    let brand = prop_oneof![
        Just(("4", 16)),
        Just(("4", 13)),
        Just(("4", 19)),
        Just(("51", 16)),
        Just(("2221", 16)),
        Just(("37", 15)),
        Just(("36", 14)),
        Just(("6011", 16)),
        Just(("3530", 16)),
        Just(("62", 19)),
        Just(("50", 12)),
        Just(("6759", 18)),
        Just(("2202", 16)),
        Just(("9792", 16)),
    ];
    (brand, "[0-9]{19}").prop_map(|((prefix, length), filler)| {
        let mut digits = format!("{prefix}{filler}")[..length - 1].to_owned();
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(i, b)| {
                let v = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
                if v > 9 { v - 9 } else { v }
            })
            .sum();
        digits.push(char::from_digit((10 - sum % 10) % 10, 10).unwrap());
        digits
    })
}

fn written() -> impl Strategy<Value = (String, String)> {
    let separator = prop::sample::select(vec![
        "", " ", "-", "\u{a0}", "\u{2009}", ".", "%20", "+", "\\u0020", "/", "_", " - ", "\u{200b}",
    ]);
    let script = prop::sample::select(vec![0x30u32, 0xFF10, 0x0660]);
    (pan(), separator, script).prop_map(|(pan, separator, zero)| {
        let groups: Vec<String> = pan
            .as_bytes()
            .chunks(4)
            .map(|c| {
                c.iter()
                    .map(|b| char::from_u32(zero + u32::from(b - b'0')).unwrap())
                    .collect()
            })
            .collect();
        (pan, groups.join(separator))
    })
}

/// Text without digits: a card number next to a digit is part of a longer number, and that is none.
fn around() -> impl Strategy<Value = String> {
    "[a-z \u{e9}:=\"\\\\,]{0,12}"
}

proptest! {
    #[test]
    fn a_planted_card_number_never_survives(
        (pan, text) in written(), before in around(), after in around(), rules in prop::sample::select(vec![&RULES, &COMMON_RULES]),
        escape in any::<bool>(),
    ) {
        let planted = format!("{before}{text}{after}");
        let body = json!({"data": {"object": {"free_text": planted, "other": ["kept", 12, null], "amount": 1130}}});
        let mut raw = body.to_string();
        if escape {
            raw = raw.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect();
        }
        let masked = mask_json(raw.as_bytes(), rules).unwrap();
        prop_assert_eq!(masked.masked_pans.min(1), 1);
        let mut value: Value = serde_json::from_str(masked.text.as_str()).unwrap();
        prop_assert!(!readable(value["data"]["object"]["free_text"].as_str().unwrap(), &pan));
        value["data"]["object"]["free_text"] = json!(planted);
        prop_assert_eq!(value, body);
    }

    #[test]
    fn masking_again_changes_nothing((_, text) in written(), around in around()) {
        let (once, _) = mask_text(&format!("{around}{text}{around}"));
        prop_assert!(!contains_pan(&once));
        prop_assert_eq!(mask_text(&once), (once.clone(), 0));
    }

    #[test]
    fn arbitrary_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = mask_json(&bytes, &RULES);
        let _ = mask_text(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn it_reads_what_serde_json_reads(text in "[\\[\\]{}:, \"a1.e\\-\\\\un0tfrl]{0,24}") {
        let ours = mask_json(text.as_bytes(), &COMMON_RULES);
        match serde_json::from_str::<Value>(&text) {
            Ok(_) => prop_assert_eq!(ours.unwrap().text.into_string(), text),
            // A number beyond a float's range is JSON all the same.
            Err(error) => prop_assert!(ours.is_err() || error.to_string().contains("out of range")),
        }
    }
}
