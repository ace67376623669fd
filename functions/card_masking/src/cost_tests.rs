//! Shows that texts which were made to be expensive cost no more for each byte than others.
//!
//! Steps are counted, not time: an atom that is read, a span that is checked, a digit that is
//! hidden, a byte of a key that is compared.

use crate::digits::Decode;
use crate::reading::{Found, Reading, Shown};
use crate::{COMMON_RULES, mask_body, mask_json, mask_text, steps};

const BYTES: usize = 4_000;
const TIMES: usize = 8;

/// The most steps for a byte. A group ends at every second byte at most, and then 19 digits are
/// checked in each of four readings and at most 9 are hidden. A text is read up to six times.
const STEPS_PER_BYTE_MAX: usize = 6 * 4 * 15;

/// A body may be read as JSON at five levels, at each of them twice, and as text.
const BODY_STEPS_PER_BYTE_MAX: usize = 1_000;

const PATTERNS: [&str; 45] = [
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
    "&",
    "&#",
    "&#5",
    "&#52;",
    "&#54;&nbsp;",
    "&amp;",
    "&amp;amp;amp;#3",
    "%26%23",
    "<",
    "<a",
    "<br>6",
    "&lt;br",
    "\\\\\\\\u003",
    "6=20",
    "6  \u{200b}",
    "00000000-0000-",
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
        for decode in [Decode::References, Decode::Escapes, Decode::Everything] {
            Reading::new(&text, decode, Shown::ENDS).find(&mut found);
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

/// Texts that are no JSON, or have JSON in their strings, and are made to be read again and again.
const BODIES: [(&str, &str); 24] = [
    ("", "cvc=1&"),
    ("", "cvc:"),
    ("", "a b c d:"),
    ("", "name=x "),
    ("", "\"cvc\":\""),
    ("", "\"cvc\":["),
    ("", "\"cvc\":{\"a\":"),
    ("\"cvc\":[", "\"\\"),
    ("\"cvc\":\"", "\\"),
    ("", "\\\\\\\\\"cvc\\\\\\\\\":"),
    ("'cvc':'", "'a"),
    ("", "<cvc>"),
    ("", "<a b>"),
    ("", ">"),
    ("", "%3A%3D"),
    ("", "&quot;:"),
    ("", "]]]]:"),
    ("", "          :"),
    ("{\"a\":", "\"{"),
    ("{\"a\":\"{\\\"a\\\":", "\\\"{"),
    ("{\"a\":\"", "[\\\"{"),
    ("[", "\"{}\","),
    ("[", "\"[1,2]\",\"{\\\"cvc\\\":1\","),
    ("{\"cvc\":x", ",\"{\\\"cvc\\\":x\""),
];

#[test]
fn any_body_costs_as_much_as_it_is_long() {
    for (opening, pattern) in BODIES {
        let steps = |bytes| {
            let body = format!("{opening}{}", repeated(pattern, bytes));
            steps::during(|| drop(mask_body(body.as_bytes(), &COMMON_RULES)))
        };
        let (few, many) = (steps(BYTES), steps(BYTES * TIMES));
        assert!(
            few <= BYTES * BODY_STEPS_PER_BYTE_MAX,
            "{opening}{pattern}: {few}"
        );
        let most = (few + BYTES) * TIMES;
        assert!(many <= most, "{opening}{pattern}: {few}, then {many}");
    }
}

#[test]
fn json_in_json_costs_as_much_as_it_is_long() {
    let nested = |levels: usize, bytes: usize, end: &str| {
        let mut body = format!(
            "{{\"m\":[{}1]{end}",
            "{\"cvc\":\"6 6 7\"},".repeat(bytes / 20)
        );
        for _ in 0..levels {
            body = format!("{{\"m\":{}{end}", serde_json::Value::String(body));
        }
        body
    };
    for levels in 0..7 {
        // Whole, and broken at the end of each level.
        for end in ["}", ""] {
            let steps = |bytes| {
                let body = nested(levels, bytes, end);
                let cost = steps::during(|| drop(mask_body(body.as_bytes(), &COMMON_RULES)));
                (cost, body.len())
            };
            let ((few, bytes), (many, _)) = (steps(BYTES), steps(BYTES * TIMES));
            assert!(
                few <= bytes * BODY_STEPS_PER_BYTE_MAX,
                "{levels} {end}: {few}"
            );
            assert!(
                many <= (few + bytes) * TIMES,
                "{levels} {end}: {few}, then {many}"
            );
        }
    }
}
