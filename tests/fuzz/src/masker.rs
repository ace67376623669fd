//! The masker, on anything: what it gives is JSON without a card number, and masking that again changes nothing.
#![no_main]

use std::time::{Duration, Instant};

use card_masking::{
    COMMON_RULES, PayloadForm, contains_pan, mask_body, mask_json, mask_line, mask_text,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// An input has some kilobytes, and each is masked in far less than a millisecond. The program is built with checks that slow it down.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Asks of every string and key whether it may be shown.
fn assert_clean(value: &Value) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => assert!(!contains_pan(text)),
        Value::Array(list) => list.iter().for_each(assert_clean),
        Value::Object(object) => {
            for (key, value) in object {
                assert!(!contains_pan(key));
                assert_clean(value);
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let started = Instant::now();
    let text = String::from_utf8_lossy(data);
    let (masked, found) = mask_text(&text);
    assert_eq!(found == 0, masked == text);
    assert!(!contains_pan(&masked));
    assert_eq!(mask_text(&masked), (masked.clone(), 0));

    let line = mask_line(&text, &COMMON_RULES);
    assert_eq!(mask_line(&line, &COMMON_RULES), line);

    let masked = mask_body(data, &COMMON_RULES);
    let text = masked.text.as_str();
    serde_json::from_str::<serde::de::IgnoredAny>(text).expect("masked, it is JSON");
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        assert_clean(&value);
    }
    let again = mask_body(text.as_bytes(), &COMMON_RULES);
    assert_eq!(again.text, masked.text);
    if let Ok(json) = mask_json(data, &COMMON_RULES) {
        assert_eq!(json.form, PayloadForm::Json);
        assert_eq!(json, masked);
    }
    assert!(
        started.elapsed() < TIME_MAX,
        "too slow for {} bytes",
        data.len()
    );
});
