//! What masking promises for any body whatever: it gives JSON without card data, and masking that
//! again changes nothing.
//!
//! The judge of "no card number is left" is the detector and, beside it, a naive one of this file.
//!
//! Long because: one table of bodies beside the properties over them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use card_masking::{
    COMMON_RULES, FieldRules, Patterns, PayloadForm, contains_pan, mask_body, mask_json, mask_line,
};
use proptest::prelude::*;
use serde_json::Value;

static RULES: FieldRules = Patterns {
    drop: &["billing_details", "card/holder", "receipt_email"],
    ids: &[("id", |text| text.len() < 12)],
}
.rules();

fn check(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (line, expected) in cases {
        let masked = mask_line(line, &COMMON_RULES);
        let again = mask_line(&masked, &COMMON_RULES);
        if masked != *expected || again != masked {
            wrong.push(format!(
                "{line}\n     is {masked}\n  again {again}\n    not {expected}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn fields_are_masked_in_a_text_that_is_no_json() {
    check(&[
        ("[\"a\",{\"cvc\":\"123\"", "[\"a\",{\"cvc\":\"[masked]\""),
        ("{\"a\":1,\"cvc\":\"12", "{\"a\":1,\"cvc\":\"[masked]"),
        ("{\"cvc\":123,\"no", "{\"cvc\":\"[masked]\",\"no"),
        (
            "2026-11-26 INFO body={\"cvc\":\"123\",\"cardholder_name\":\"Jane Doe\"}",
            "2026-11-26 INFO body={\"cvc\":\"[masked]\",\"cardholder_name\":\"[masked]\"}",
        ),
        ("\u{feff}{\"cvc\":\"123\"}", "{\"cvc\":\"[masked]\"}"),
        (
            "data: {\"cvc\":\"123\",\"n\":1}",
            "data: {\"cvc\":\"[masked]\",\"n\":1}",
        ),
        ("{'cvc':'123', 'n': 1}", "{'cvc':'[masked]', 'n': 1}"),
        (
            "{u'cvc': u'123', 'name': 'O'Brien'}",
            "{u'cvc': '[masked]', 'name': '[masked]'}",
        ),
        ("cvc=123&x=1", "cvc=[masked]&x=1"),
        ("x=1&card[cvc]=123&y=2", "x=1&card[cvc]=[masked]&y=2"),
        ("a&card%5Bcvc%5D=123&b", "a&card%5Bcvc%5D=[masked]&b"),
        (
            "%7B%22cvc%22%3A%22123%22%2C%22n%22%3A1%7D",
            "%7B%22cvc%22%3A%22[masked]%22%2C%22n%22%3A1%7D",
        ),
        (
            "\"{\\\"cvc\\\":\\\"123\\\",\\\"n\\\":1} x",
            "\"{\\\"cvc\\\":\\\"[masked]\\\",\\\"n\\\":1} x",
        ),
        (
            "msg=\"{\\\"cvc\\\":123}\" level=info",
            "msg=\"{\\\"cvc\\\":\\\"[masked]\\\"}\" level=info",
        ),
        (
            "&quot;cvc&quot;:&quot;123&quot;}",
            "&quot;cvc&quot;:&quot;[masked]&quot;}",
        ),
        ("paid, cvc: 123, ok", "paid, cvc: [masked], ok"),
        (
            "payment cvc=123 amount=10",
            "payment cvc=[masked] amount=10",
        ),
        (
            "Security Code: 123 declined",
            "Security Code: [masked] declined",
        ),
        ("CVV Number = 123; next", "CVV Number = [masked]; next"),
        (
            "cardholder name: Jane Doe amount: 12",
            "cardholder name: [masked] amount: 12",
        ),
        (
            "Cardholder_Name: Jane Doe\nnext: x",
            "Cardholder_Name: [masked]\nnext: x",
        ),
        (
            "iban: DE89 3704 0044 0532 0130 00 thanks",
            "iban: [masked] thanks",
        ),
        ("pin => 1234", "pin => [masked]"),
        (
            "user.email=jane@example.com ip=192.0.2.1",
            "user.email=[masked] ip=[masked]",
        ),
        (
            "x \"address\": {\"line1\": \"a}b\", \"n\": [1]}, \"z\": 1",
            "x \"address\": \"[masked]\", \"z\": 1",
        ),
        (
            "x \"address\": {\"line1\": \"a",
            "x \"address\": \"[masked]\"",
        ),
        (
            "x \"address\": {}, \"cvc\": null, \"pin\": \"\"",
            "x \"address\": {}, \"cvc\": null, \"pin\": \"\"",
        ),
        (
            "<card><CardCode>123</CardCode><x:cvv a='b'>9</x:cvv></card>",
            "<card><CardCode>[masked]</CardCode><x:cvv a='b'>[masked]</x:cvv></card>",
        ),
        (
            "<pin><![CDATA[1234]]></pin><pin/><pin></pin>",
            "<pin><![CDATA[[masked]]]></pin><pin/><pin></pin>",
        ),
        (
            "track2=;4111111111111111=2712101123? x=1",
            "track2=[masked] x=1",
        ),
        ("\\ncvc=123\\nx=1", "\\ncvc=[masked]\\nx=1"),
        ("cvc\\u003d123 x", "cvc\\u003d[masked] x"),
        (
            "card 4111111111111111 declined",
            "card 411111******1111 declined",
        ),
        ("[12:00] 4111 1111 1111 1111", "[12:00] 4111 11** **** 1111"),
    ]);
    // What has no such name stays.
    let quiet =
        "GET https://example.com/a?b=c#d 12:30 map_pin=3 company: x, 'a':'b' => \"q\": {\"z\": 1}";
    assert_eq!(mask_line(quiet, &RULES), quiet);
}

#[test]
fn json_in_a_string_is_masked_as_json() {
    for (before, after) in [
        (
            r#"{"metadata":"{\"cvv\":\"123\",\"email\":\"jane@example.com\"}"}"#,
            r#"{"metadata":"{\"cvv\":\"[masked]\",\"email\":\"[masked]\"}"}"#,
        ),
        (
            r#"{"m":"[{\"CARD-CVC\":1},{\"n\":\"4111111111111111\"}]"}"#,
            r#"{"m":"[{\"CARD-CVC\":\"[masked]\"},{\"n\":\"411111******1111\"}]"}"#,
        ),
        // Cut off, or behind something else.
        (
            r#"{"m":"{\"cvv\":\"123\",\"no"}"#,
            r#"{"m":"{\"cvv\":\"[masked]\",\"no"}"#,
        ),
        (
            r#"{"m":"body={\"cvv\":\"123\"}"}"#,
            r#"{"m":"body={\"cvv\":\"[masked]\"}"}"#,
        ),
        (
            r#"{"m":"cvc=123&name=x"}"#,
            r#"{"m":"cvc=[masked]&name=x"}"#,
        ),
        (r#"{"cvc=123&x":1}"#, r#"{"cvc=[masked]&x":1}"#),
        (r#"{"{\"cvc\":1}":""}"#, r#"{"{\"cvc\":\"[masked]\"}":""}"#),
        // What needs no masking keeps its spelling.
        (
            r#"{"m":"{ \"a\" : 1 }", "n":"[1,"}"#,
            r#"{"m":"{ \"a\" : 1 }", "n":"[1,"}"#,
        ),
    ] {
        let masked = mask_json(before.as_bytes(), &COMMON_RULES).unwrap();
        assert_eq!(masked.text.as_str(), after);
    }
    // Deeper than JSON is read, the names still count.
    let mut nested = "{\"cvc\":\"123\",\"address\":\"x\"}".to_owned();
    for _ in 0..8 {
        nested = format!("{{\"m\":{}}}", Value::String(nested));
        let masked = mask_body(nested.as_bytes(), &COMMON_RULES);
        assert_eq!(masked.form, PayloadForm::Json);
        assert!(!masked.text.as_str().contains("123"), "{nested}");
        assert!(masked.masked_fields > 0);
    }
}

#[test]
fn half_a_character_is_no_reason_to_refuse_a_body() {
    let body = br#"{"id":"ch_1","description":"party \ud83d","a\udc00":["\ud83d\ude00","4111111111111111 \ud83d"],"x":"a\\ud83d"}"#;
    let masked = mask_json(body, &RULES).unwrap();
    assert_eq!(
        masked.text.as_str(),
        "{\"id\":\"ch_1\",\"description\":\"party \\ufffd\",\"a\\ufffd\":[\"\\ud83d\\ude00\",\"411111******1111 \u{fffd}\"],\"x\":\"a\\\\ud83d\"}"
    );
    serde_json::from_str::<Value>(masked.text.as_str()).unwrap();
    assert_eq!(mask_body(body, &RULES), masked);
}

#[test]
fn every_body_has_a_payload() {
    for (body, form, payload) in [
        (&b"{\"a\":1}"[..], PayloadForm::Json, "{\"a\":1}"),
        (
            b"\xef\xbb\xbf {\"cvc\":1}",
            PayloadForm::Json,
            " {\"cvc\":\"[masked]\"}",
        ),
        (
            b"{\"a\":\"\xff\"}",
            PayloadForm::Json,
            "{\"a\":\"\u{fffd}\"}",
        ),
        (b"", PayloadForm::Text, "\"\""),
        (
            b"cvc=123&n=\"4111111111111111\"\xff\n",
            PayloadForm::Text,
            "\"cvc=[masked]&n=\\\"411111******1111\\\"\u{fffd}\\u000a\"",
        ),
        (
            b"{\"cvc\":1",
            PayloadForm::Text,
            "\"{\\\"cvc\\\":\\\"[masked]\\\"\"",
        ),
        // What was broken is masked.
        (
            b"{\"cvc\":12x}",
            PayloadForm::Json,
            "{\"cvc\":\"[masked]\"}",
        ),
    ] {
        let masked = mask_body(body, &COMMON_RULES);
        assert_eq!((masked.form, masked.text.as_str()), (form, payload));
    }
    let deep = format!(
        "{}{{\"cvc\":\"123\"}}{}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    let masked = mask_body(deep.as_bytes(), &COMMON_RULES);
    assert_eq!((masked.form, masked.masked_fields), (PayloadForm::Text, 1));
}

/// Its first digits are a card number: philterd/phileas#120.
const UUID: &str = "47223179-9330-4259-b66c-f2db26efb20c";

/// A card number that a person sees at once: 16 digits of a well-known brand with a right check
/// digit, nothing or one blank or dash between its fours.
fn naive_card_number(text: &str) -> bool {
    // A UUID that stands alone is none, whatever its digits.
    let mut text = text.to_owned();
    let mut from = 0;
    while let Some(found) = text[from..].find(UUID) {
        let (start, end) = (from + found, from + found + UUID.len());
        let alone = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphanumeric());
        if alone(text[..start].chars().next_back()) && alone(text[end..].chars().next()) {
            text.replace_range(start..end, &"u".repeat(UUID.len()));
        }
        from = end;
    }
    // A digit of any script makes the number a longer one.
    let fold = |c: char| if c.is_numeric() { '0' } else { c };
    let fold = |c: char| if c.is_ascii() { c } else { fold(c) };
    let text: String = text.chars().map(fold).collect();
    let bytes = text.as_bytes();
    (0..bytes.len()).any(|start| {
        if start > 0 && (bytes[start - 1].is_ascii_digit() || bytes[start - 1] == b'.') {
            return false;
        }
        let mut digits = Vec::new();
        let mut at = start;
        while digits.len() < 16 && at < bytes.len() {
            if bytes[at].is_ascii_digit() {
                digits.push(u32::from(bytes[at] - b'0'));
            } else if !(matches!(bytes[at], b' ' | b'-')
                && at > start
                && bytes[at - 1].is_ascii_digit())
            {
                return false;
            }
            at += 1;
        }
        let ends = bytes.get(at).is_none_or(|byte| !byte.is_ascii_digit());
        let sum = digits
            .iter()
            .rev()
            .enumerate()
            .map(|(i, d)| match (i % 2, d * 2) {
                (0, _) => *d,
                (_, twice) => twice / 10 + twice % 10,
            });
        ends && digits.len() == 16
            && matches!(digits[0], 4 | 5)
            && (digits[0] == 4 || (1..=5).contains(&digits[1]))
            && sum.sum::<u32>() % 10 == 0
    })
}

/// Asks of every string, key and number whether it may be shown.
fn assert_clean(value: &Value) {
    let text = |text: &str| {
        assert!(!contains_pan(text) && !naive_card_number(text), "{text}");
        if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
            assert_clean(&inner);
        }
    };
    match value {
        Value::Null | Value::Bool(_) => {}
        // serde_json writes a number beyond 64 bits in its own way.
        Value::Number(number) if number.is_f64() => {}
        Value::Number(number) => text(&number.to_string()),
        Value::String(string) => text(string),
        Value::Array(list) => list.iter().for_each(assert_clean),
        Value::Object(object) => {
            for (key, value) in object {
                text(key);
                assert_clean(value);
            }
        }
    }
}

fn assert_promise(body: &[u8]) {
    for rules in [&COMMON_RULES, &RULES] {
        let masked = mask_body(body, rules);
        let text = masked.text.as_str();
        match serde_json::from_str::<Value>(text) {
            Ok(value) => {
                assert_eq!(
                    masked.form == PayloadForm::Text,
                    value.is_string() && mask_json(body, rules).is_err()
                );
                assert_clean(&value);
            }
            // A number beyond a float's range is JSON all the same.
            Err(error) => assert!(
                error.to_string().contains("out of range"),
                "{error}: {text}"
            ),
        }
        let again = mask_body(text.as_bytes(), rules);
        assert_eq!(again.text.as_str(), text);
        let line = mask_line(&String::from_utf8_lossy(body), rules);
        assert_eq!(mask_line(&line, rules), line);
    }
}

/// Pieces that mean something to the masker, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "4111",
        "1111",
        "4111111111111111",
        "5555 5555 5555 4444",
        "6",
        "0",
        "378282246310005",
        " ",
        "  ",
        "\n",
        "-",
        "%20",
        "%34",
        "&#52;",
        "&nbsp;",
        "&amp;",
        "&",
        "#",
        ";",
        "<br>",
        "<",
        ">",
        "</cvc>",
        "<cvc>",
        "\\",
        "\\\\",
        "\\\"",
        "\"",
        "'",
        "\\u0034",
        "\\ud83d",
        "\\udc00",
        "u0020",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "=",
        "\"cvc\":",
        "\"cvc\":\"",
        "cvc",
        "name",
        "pin=",
        "\"card\":{",
        "holder",
        "\"id\":\"ch_",
        "null",
        "true",
        "e-3",
        ".",
        "*",
        "[masked]",
        "\u{ff14}",
        "\u{2463}",
        "\u{200b}",
        "\u{feff}",
        "é",
        "=20",
        "D2712101",
        "^A/B^27",
        "{\"m\":\"",
        "0.",
        UUID,
        "&quot;",
        "%22",
        "%3A",
        "{\\\"pan\\\":\\\"",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        pieces().prop_map(Value::String),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof![
            pieces(),
            prop::sample::select(vec!["cvc", "card", "holder", "id", "address", "n"])
                .prop_map(str::to_owned),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((key, inner.clone()), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            inner.prop_map(|inner| Value::String(inner.to_string())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_keep_the_promise(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_promise(&bytes);
    }

    #[test]
    fn any_pieces_keep_the_promise(text in pieces()) {
        assert_promise(text.as_bytes());
    }

    #[test]
    fn any_document_keeps_the_promise(document in document(), cut in any::<prop::sample::Index>()) {
        let text = document.to_string();
        assert_promise(text.as_bytes());
        assert_promise(&text.as_bytes()[..cut.index(text.len() + 1).min(text.len())]);
    }
}
