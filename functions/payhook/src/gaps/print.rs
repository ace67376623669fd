//! What is printed of a window that was compared.

use std::io::Write;

use provider_listings::{Gap, Lack, Window};
use serde_json::json;
use transaction_archive::gaps::Compared;

use crate::error::Error;
use crate::terminal::{cell, json_line};

/// Lines of one kind that are printed for a person.
const PRINTED_MAX: usize = 50;

const fn words(lack: Lack) -> &'static str {
    match lack {
        Lack::Event => "not stored",
        Lack::Money => "its money is not stored",
        Lack::State => "stored in an earlier state",
        Lack::NotListed => "stored, and not listed by the provider",
    }
}

pub(super) fn line(gap: &Gap) -> String {
    let at = gap
        .at
        .map_or_else(|| "-".to_owned(), |at| format!("{at:.0}"));
    format!(
        "{at:<22}{:<34}{:<34}{}",
        cell(&gap.what),
        cell(&gap.id),
        words(gap.lack)
    )
}

/// Prints a report.
pub(super) fn report(
    provider: &str,
    window: Window,
    compared: &Compared,
    as_json: bool,
    output: &mut impl Write,
) -> Result<(), Error> {
    let report = &compared.report;
    if as_json {
        let whole = json!({
            "provider": provider,
            "from": window.from,
            "to": window.to,
            "requests": compared.requests,
            "report": report,
        });
        return writeln!(output, "{}", json_line(&whole.to_string())).map_err(Error::Output);
    }
    let mut text = format!(
        "{provider}, {:.0} to {:.0}\n  listed by the provider {:>9}\n  stored {:>25}\n  missing {:>24}\n  may still come {:>17}\n  stored, not listed {:>13}\n",
        window.from,
        window.to,
        report.listed,
        report.present,
        report.missing.len(),
        report.not_yet.len(),
        report.not_listed.len(),
    );
    for (name, gaps) in [
        ("missing", &report.missing),
        ("may still come by itself", &report.not_yet),
        ("stored, and not listed by the provider", &report.not_listed),
    ] {
        if gaps.is_empty() {
            continue;
        }
        text.push_str(&format!("{name}\n"));
        for gap in gaps.iter().take(PRINTED_MAX) {
            text.push_str(&format!("  {}\n", line(gap)));
        }
        if let Some(more) = gaps.len().checked_sub(PRINTED_MAX).filter(|more| *more > 0) {
            text.push_str(&format!("  and {more} more: --json prints all\n"));
        }
    }
    output.write_all(text.as_bytes()).map_err(Error::Output)
}

#[cfg(test)]
mod tests {
    use provider_listings::GapReport;

    use super::*;

    fn compared(missing: usize) -> Compared {
        let gap = |n: usize| Gap {
            at: Some("2026-11-01T02:03:04Z".parse().unwrap()),
            id: format!("evt_{n}\u{1b}"),
            what: "refund.created".to_owned(),
            lack: Lack::Event,
        };
        Compared {
            report: GapReport {
                listed: 60,
                present: 60 - missing as u64,
                missing: (0..missing).map(gap).collect(),
                ..GapReport::default()
            },
            expected: Vec::new(),
            requests: 2,
        }
    }

    fn printed(missing: usize, as_json: bool) -> String {
        let window = Window {
            from: "2026-11-01T00:00:00Z".parse().unwrap(),
            to: "2026-11-02T00:00:00Z".parse().unwrap(),
        };
        let mut output = Vec::new();
        report("stripe", window, &compared(missing), as_json, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn a_person_sees_counts_and_the_first_lines() {
        let text = printed(53, false);
        for part in [
            "stripe, 2026-11-01T00:00:00Z to 2026-11-02T00:00:00Z",
            "listed by the provider        60",
            "2026-11-01T02:03:04Z  refund.created",
            "not stored",
            "and 3 more: --json prints all",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains('\u{1b}'));
        assert!(!printed(0, false).contains("not stored\n"));
    }

    #[test]
    fn a_program_sees_all_of_it() {
        let json: serde_json::Value = serde_json::from_str(&printed(53, true)).unwrap();
        assert_eq!(json["report"]["missing"].as_array().unwrap().len(), 53);
        assert_eq!(json["report"]["missing"][0]["lack"], "event");
        assert_eq!(
            (&json["provider"], &json["requests"]),
            (&"stripe".into(), &2.into())
        );
    }
}
