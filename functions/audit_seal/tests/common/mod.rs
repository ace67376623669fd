//! An audit log in memory, sealed and verified.
// A helper that cannot go on ends its test; each test binary uses its own part of this.
#![allow(dead_code, clippy::unwrap_used)]

use std::cell::Cell;

use audit_seal::seal::{Deps, Report, seal};
use audit_seal::verify::{Problem, verify};
use audit_seal::{PublicKey, SealError};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use pipeline::memory::{Memory, signing_key, to_the_end};
use pipeline::storage::Deadline;

pub(crate) const FIRST: Date = date(2026, 1, 2);

pub(crate) struct After(Cell<u32>);

impl Deadline for After {
    fn reached(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left == 0
    }
}

pub(crate) fn now(day: Date) -> Timestamp {
    format!("{}T00:20:00Z", day.tomorrow().unwrap())
        .parse()
        .unwrap()
}

/// `None` is a crash.
pub(crate) fn run(memory: &Memory, day: Date, questions: u32) -> Option<Result<Report, SealError>> {
    let deadline = After(questions.into());
    let deps = Deps {
        objects: memory,
        signer: memory,
        pause: memory,
        deadline: &deadline,
    };
    to_the_end(seal(day, now(day), &deps))
}

pub(crate) fn sealed(memory: &Memory, day: Date) -> Report {
    run(memory, day, u32::MAX).unwrap().unwrap()
}

pub(crate) fn key(day: Date, hour: u8, name: &str) -> String {
    format!("audit/dt={day}/hh={hour:02}/{name}.jsonl.zst")
}

pub(crate) fn write(memory: &Memory, day: Date, hour: u8, name: &str) {
    memory.write_object(&key(day, hour, name), format!("{day} {hour} {name}").into());
}

pub(crate) fn log() -> Memory {
    let memory = Memory::new();
    memory.set_signing_key(signing_key().unwrap());
    memory
}

pub(crate) fn last() -> Date {
    FIRST.checked_add(2.days()).unwrap()
}

pub(crate) fn found_between(
    memory: &Memory,
    from: Date,
    to: Date,
) -> (u64, Vec<(Problem, String)>) {
    found_at(memory, from, to, now(last()))
}

pub(crate) fn found_at(
    memory: &Memory,
    from: Date,
    to: Date,
    at: Timestamp,
) -> (u64, Vec<(Problem, String)>) {
    let public = PublicKey::from_bytes(&memory.public_key()).unwrap();
    let report = to_the_end(verify(from, to, at, &public, memory, true));
    let report = report.unwrap().unwrap();
    let findings = report.findings.into_iter();
    (
        report.objects,
        findings.map(|f| (f.problem, f.subject)).collect(),
    )
}
