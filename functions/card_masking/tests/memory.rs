//! Shows how much memory a process needs that masks megabytes of texts made to be expensive.
//!
//! This is a program of its own with one test, because the system counts for the whole process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use card_masking::{COMMON_RULES, mask_body, mask_text};

const TEXT_BYTES: usize = 1_000_000;
const PEAK_KIBIBYTES_MAX: u64 = 64 * 1_024;

/// The most memory that was resident. Systems other than Linux do not say it here, and for them
/// this test only shows that masking ends.
fn peak_kibibytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn a_megabyte_of_any_text_is_masked_in_little_memory() {
    for pattern in [
        "6 6 7 ",
        "% 6 6 7 ",
        "%34%20%20%20%20",
        "6%60%60%60%60",
        "%36%60%60%60%60",
        "6%306%20",
        "\\u0030",
        "6",
        "4111 1111 1111 1111 ",
        "\u{ff16}\u{a0}%20",
        "&#54;&nbsp;",
        "6  <br>6",
        "\"cvc\":[",
        "cvc=1 ",
        "\\\"{",
        "{\"m\":\"{\\\"cvc\\\":1}\"},",
    ] {
        let text = pattern.repeat(TEXT_BYTES / pattern.len());
        let (masked, found) = mask_text(&text);
        assert_eq!(found > 0, masked != text);
        let body = format!("[\"{}\"]", text.replace('\\', "\\\\"));
        mask_body(body.as_bytes(), &COMMON_RULES);
        mask_body(text.as_bytes(), &COMMON_RULES);
        let nested = format!("[{}1]", text);
        mask_body(nested.as_bytes(), &COMMON_RULES);
        let peak = peak_kibibytes().unwrap_or_default();
        assert!(peak <= PEAK_KIBIBYTES_MAX, "{pattern:?}: {peak} KiB");
    }
}
