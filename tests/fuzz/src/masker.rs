//! The masker, on anything: a text twice masked is once masked, JSON stays JSON, and nothing that it would find is left in what it made.
#![no_main]

use card_masking::{COMMON_RULES, mask_json, mask_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (masked, _) = mask_text(&text);
    let (again, left) = mask_text(&masked);
    assert_eq!((again, left), (masked, 0));

    if let Ok(masked) = mask_json(data, &COMMON_RULES) {
        let text = masked.text.as_str();
        serde_json::from_str::<serde::de::IgnoredAny>(text).expect("masked, it is JSON still");
        let again = mask_json(text.as_bytes(), &COMMON_RULES).expect("it was JSON");
        assert_eq!((again.text.as_str(), again.masked_pans), (text, 0));
    }
});
