//! Prints how long masking takes for texts that were made to be expensive, and the most memory that
//! it used.
//!
//! `cargo run -p card_masking --example hostile_texts -- 1000` masks each text at 1,000 KB, and with
//! one more number only that text. Nothing is judged here: the tests count steps instead of time.
// An example speaks on standard output.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use card_masking::{COMMON_RULES, mask_body, mask_text};

/// Each is repeated up to the size.
const PATTERNS: [&str; 30] = [
    "6 6 7 ",
    "% 6 6 7 ",
    "%20",
    "%34%20%20%20%20",
    "6%60%60%60%60",
    "%36%60%60%60%60",
    "\\u0030",
    "\\u4000%200000%200000%200002 ",
    "%3",
    "6",
    "6 ",
    "6%30",
    "6 %36 7 %20",
    "% 6 6 6 \u{663}",
    "    ",
    "\u{663} ",
    "4111 1111 1111 1111 ",
    "an ordinary text without numbers ",
    "&#54;&nbsp;",
    "&amp;",
    "<a",
    "6  <br>6",
    "6%25%2520",
    "00000000-0000-",
    "cvc=1&",
    "a b c d:",
    "\"cvc\":[",
    "{\"m\":\"{",
    "\\\"{",
    "4111111111111111-1111111",
];

/// The most memory that this process has used, in KB, where the system says it.
/// Source: <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>.
fn peak_kilobytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let kilobytes: usize = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1000);
    let chosen: Option<usize> = arguments.next().and_then(|text| text.parse().ok());
    for (index, pattern) in PATTERNS.iter().enumerate() {
        if chosen.is_some_and(|chosen| chosen != index) {
            continue;
        }
        let text = pattern.repeat(kilobytes * 1000 / pattern.len());
        let started = Instant::now();
        let (_, found) = mask_text(&text);
        let took = started.elapsed();
        let body = format!("[\"{}\"]", text.replace('\\', "\\\\"));
        let started = Instant::now();
        mask_body(body.as_bytes(), &COMMON_RULES);
        let json_took = started.elapsed();
        let started = Instant::now();
        mask_body(text.as_bytes(), &COMMON_RULES);
        println!(
            "{pattern:?} {kilobytes} KB: text {} ms ({found} found), string {} ms, body {} ms, peak {} KB",
            took.as_millis(),
            json_took.as_millis(),
            started.elapsed().as_millis(),
            peak_kilobytes().unwrap_or_default(),
        );
    }
}
