//! The object that records a comparison: `gaps/dt=DAY/PROVIDER.json`, beside the seals.

use jiff::Timestamp;
use jiff::civil::Date;
use provider_listings::Gap;
use serde::Serialize;
use transaction_archive::gaps::Compared;

use super::{CheckError, window};

/// What is missing is named one by one so far; `payhook gaps` names the rest.
const NAMED_MAX: usize = 1_000;

/// A comparison, or why there was none. Numbers are absent where nothing is known.
#[derive(Debug, Serialize)]
struct Record<'r> {
    provider: &'r str,
    day: Date,
    from: Timestamp,
    to: Timestamp,
    checked_at: Timestamp,
    error: Option<String>,
    #[serde(flatten)]
    found: Option<Found<'r>>,
}

#[derive(Debug, Serialize)]
struct Found<'r> {
    /// Requests to the provider.
    requests: u32,
    listed: u64,
    present: u64,
    missing: usize,
    not_yet: usize,
    not_listed: usize,
    /// What is missing, `NAMED_MAX` at most.
    named: &'r [Gap],
}

/// The key of a day's record: a later comparison of the same day is another version of it.
pub(super) fn key(day: Date, provider: &str) -> String {
    format!("gaps/dt={day}/{provider}.json")
}

/// The record as JSON.
pub(super) fn body(
    provider: &str,
    day: Date,
    now: Timestamp,
    outcome: &Result<Compared, CheckError>,
) -> Vec<u8> {
    let window = window(day);
    let found = outcome.as_ref().ok().map(|compared| {
        let report = &compared.report;
        let named = report.missing.len().min(NAMED_MAX);
        Found {
            requests: compared.requests,
            listed: report.listed,
            present: report.present,
            missing: report.missing.len(),
            not_yet: report.not_yet.len(),
            not_listed: report.not_listed.len(),
            named: report.missing.get(..named).unwrap_or_default(),
        }
    });
    let record = Record {
        provider,
        day,
        from: window.from,
        to: window.to,
        checked_at: now,
        error: outcome.as_ref().err().map(ToString::to_string),
        found,
    };
    // Names, numbers and times: cannot fail.
    let mut body = serde_json::to_vec_pretty(&record).unwrap_or_default();
    body.push(b'\n');
    body
}
