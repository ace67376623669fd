//! Shows that texts which were made to be expensive cost no more for each byte than others.
//!
//! Steps are counted, not time: an atom that is read, a span that is checked, a digit that is
//! hidden, a byte of a key that is compared.

use crate::reading::{Found, Reading};
use crate::{COMMON_RULES, mask_json, mask_text, steps};

const BYTES: usize = 4_000;
const TIMES: usize = 8;

/// The most steps for a byte. A group ends at every second byte at most, and then 19 digits are
/// checked in each of two readings and at most 9 are hidden.
const STEPS_PER_BYTE_MAX: usize = 32;

const PATTERNS: [&str; 29] = [
    "6 6 7 ",
    "% 6 6 7 ",
    "\\u 6 6 7 ",
    "%20",
    "%34",
    "%3",
    "%",
    "%%3434",
    "%34%20%20%20%20",
    "6%60%60%60%60",
    "%36%60%60%60%60",
    "%66%20",
    "%36 ",
    "6%30",
    "6%306%20",
    "6 %36 7 %20",
    "6%20%206%20",
    "\\u0030",
    "\\u003",
    "\\u4000\\u0020",
    "\\u4000%200000%200000%200002 ",
    "\\u66666\\u0020\\u0020\\u0020\\u0020",
    "\\",
    "6",
    "66666666666666666667 ",
    "    ",
    "%206     6 ",
    "% 6 6 6 \u{663}",
    "\u{ff16}\u{a0}%20",
];

fn repeated(pattern: &str, bytes: usize) -> String {
    pattern.repeat(bytes / pattern.len())
}

#[test]
fn a_text_costs_as_much_as_it_is_long() {
    for pattern in PATTERNS {
        let steps = |bytes| {
            let text = repeated(pattern, bytes);
            steps::during(|| drop(mask_text(&text)))
        };
        let (few, many) = (steps(BYTES), steps(BYTES * TIMES));
        assert!(few <= BYTES * STEPS_PER_BYTE_MAX, "{pattern}: {few}");
        // What the text ends with costs less than a step for a byte.
        let most = (few + BYTES) * TIMES;
        assert!(many <= most, "{pattern}: {few}, then {many}");
    }
}

#[test]
fn a_text_needs_a_bit_of_memory_for_each_byte() {
    let kept = size_of::<Reading<'_>>();
    assert!(kept < 4_096, "{kept}");
    for pattern in PATTERNS {
        let text = repeated(pattern, BYTES * TIMES);
        let mut found = Found::default();
        for decode in [false, true] {
            Reading::new(&text, decode).find(&mut found);
        }
        assert!(found.memory_bytes() <= text.len() / 8 + 8, "{pattern}");
    }
}

#[test]
fn a_body_costs_as_much_as_it_is_long() {
    let shapes: [fn(usize) -> String; 6] = [
        // The key of an array counts once, not once for each of its elements.
        |n| format!("{{\"{}\":[{}1]}}", "_".repeat(n / 2), "1,".repeat(n / 4)),
        |n| format!("{{\"{}/n\":[{}1]}}", "e".repeat(n / 2), "1,".repeat(n / 4)),
        |n| {
            format!(
                "{{\"{}\":[{}{{}}]}}",
                "-".repeat(n / 2),
                "[],".repeat(n / 6)
            )
        },
        |n| {
            format!(
                "[{}1]",
                "\"% 6 6 7 6 6 7 6 6 7 6 6 7 6 6 7\",".repeat(n / 34)
            )
        },
        |n| format!("[\"{}\"]", "% 6 6 7 ".repeat(n / 8)),
        |n| {
            format!(
                "{{{}\"\":1}}",
                "\"% 6 6 7 6 6 7 6 6 7 6 6 7\":1,".repeat(n / 30)
            )
        },
    ];
    for shape in shapes {
        let steps = |bytes| {
            let body = shape(bytes);
            steps::during(|| drop(mask_json(body.as_bytes(), &COMMON_RULES).unwrap()))
        };
        let (few, many) = (steps(BYTES), steps(BYTES * TIMES));
        assert!(few > 0);
        assert!(many <= (few + BYTES) * TIMES, "{few}, then {many}");
    }
}
