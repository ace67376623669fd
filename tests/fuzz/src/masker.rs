//! The masker, on anything: JSON stays JSON, and masking what was masked ends, and on the way only covers more.
//!
//! It need not change nothing: what is left open of a masked number, its first six and last four digits, can make up a card number together with digits beside it.
#![no_main]

use card_masking::{COMMON_RULES, mask_json, mask_text};
use libfuzzer_sys::fuzz_target;

/// How far a card number may reach, each digit of it an escape and separators between: what is found the second time is no farther from what the first time covered.
const REACH: usize = 256;

/// Masks again until nothing is found; each time only asterisks may come in.
fn settles(mut masked: String, mut mask: impl FnMut(&str) -> (String, bool)) {
    // Each time round covers at least one digit more.
    for _ in 0..=masked.len() {
        let (again, found) = mask(&masked);
        let (before, after): (Vec<char>, Vec<char>) =
            (masked.chars().collect(), again.chars().collect());
        assert_eq!(before.len(), after.len());
        for place in (0..before.len()).filter(|&place| before[place] != after[place]) {
            assert_eq!(after[place], '*');
            let around = place.saturating_sub(REACH)..before.len().min(place + REACH);
            assert!(before[around].contains(&'*'), "missed the first time");
        }
        if !found {
            assert_eq!(again, masked);
            return;
        }
        assert_ne!(again, masked);
        masked = again;
    }
    panic!("masking never ends");
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (masked, found) = mask_text(&text);
    if found == 0 {
        assert_eq!(masked, text);
    }
    settles(masked, |text| {
        let (again, found) = mask_text(text);
        (again, found > 0)
    });

    if let Ok(masked) = mask_json(data, &COMMON_RULES) {
        let text = masked.text.as_str();
        serde_json::from_str::<serde::de::IgnoredAny>(text).expect("masked, it is JSON still");
        settles(text.to_owned(), |text| {
            let again = mask_json(text.as_bytes(), &COMMON_RULES).expect("it was JSON");
            (again.text.as_str().to_owned(), again.masked_pans > 0)
        });
    }
});
