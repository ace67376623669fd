//! What a step found: it passes, it fails, or it could not be told. A failure says what puts it
//! right; what could not be told says why.

use std::io::{self, Write};

use serde_json::json;

use super::steps::Step;

/// A fact, or why it is not known.
pub(super) type Known<T> = Result<T, String>;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Pass,
    Fail,
    CouldNotTell,
}

impl Outcome {
    /// As JSON has it.
    const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::CouldNotTell => "could_not_tell",
        }
    }

    /// As a person reads it; failures stand out.
    const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::CouldNotTell => "could not tell",
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) step: &'static str,
    /// A provider, a resource; empty where the step has one subject.
    pub(super) subject: String,
    pub(super) outcome: Outcome,
    pub(super) says: String,
}

impl Finding {
    fn new(step: &Step, outcome: Outcome, says: impl Into<String>) -> Self {
        Self {
            step: step.id,
            subject: String::new(),
            outcome,
            says: says.into(),
        }
    }

    /// It is as it should be.
    pub(super) fn pass(step: &Step, says: impl Into<String>) -> Self {
        Self::new(step, Outcome::Pass, says)
    }

    /// It is not, and this puts it right.
    pub(super) fn fail(step: &Step, says: impl Into<String>) -> Self {
        Self::new(step, Outcome::Fail, says)
    }

    /// Nobody knows, because of this.
    pub(super) fn unknown(step: &Step, why: impl Into<String>) -> Self {
        Self::new(step, Outcome::CouldNotTell, why)
    }

    /// Of what it speaks.
    pub(super) fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }
}

/// A finding for a fact: `judge` says what a known one means.
pub(super) fn told<T>(step: &Step, fact: &Known<T>, judge: impl FnOnce(&T) -> Finding) -> Finding {
    match fact {
        Ok(fact) => judge(fact),
        Err(why) => Finding::unknown(step, why.as_str()),
    }
}

/// How many findings fail.
pub(super) fn failures(findings: &[Finding]) -> usize {
    count(findings, Outcome::Fail)
}

fn count(findings: &[Finding], outcome: Outcome) -> usize {
    findings.iter().filter(|f| f.outcome == outcome).count()
}

/// Prints the findings: lines to read and their sum, or one JSON object a finding.
pub(super) fn print(findings: &[Finding], json: bool, output: &mut impl Write) -> io::Result<()> {
    if json {
        return findings.iter().try_for_each(|finding| {
            let line = json!({
                "step": finding.step,
                "subject": finding.subject,
                "outcome": finding.outcome.name(),
                "says": finding.says,
            });
            writeln!(output, "{line}")
        });
    }
    let width = |text: fn(&Finding) -> &str| {
        let lengths = findings.iter().map(|f| text(f).chars().count());
        lengths.max().unwrap_or_default()
    };
    let (steps, subjects) = (width(|f| f.step), width(|f| &f.subject));
    for finding in findings {
        writeln!(
            output,
            "{:14}  {:steps$}  {:subjects$}  {}",
            finding.outcome.word(),
            finding.step,
            finding.subject,
            finding.says
        )?;
    }
    writeln!(
        output,
        "{} pass, {} fail, {} could not be told",
        count(findings, Outcome::Pass),
        count(findings, Outcome::Fail),
        count(findings, Outcome::CouldNotTell)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::steps::{CLOCK, REGION};

    #[test]
    fn findings_are_printed_to_be_read_and_as_json() {
        let findings = [
            Finding::pass(&REGION, "us-east-2"),
            Finding::fail(&CLOCK, "set it").about("here"),
            told(&CLOCK, &Err::<(), _>("no answer".to_owned()), |()| {
                Finding::pass(&CLOCK, "never")
            }),
        ];
        assert_eq!(failures(&findings), 1);
        let printed = |json| {
            let mut out = Vec::new();
            print(&findings, json, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let lines = printed(false);
        assert!(
            lines.contains("pass            region        us-east-2\n"),
            "{lines}"
        );
        assert!(
            lines.contains("FAIL            clock   here  set it\n"),
            "{lines}"
        );
        assert!(
            lines.contains("could not tell  clock         no answer\n"),
            "{lines}"
        );
        assert!(
            lines.ends_with("1 pass, 1 fail, 1 could not be told\n"),
            "{lines}"
        );
        let json: Vec<serde_json::Value> = printed(true)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(json.len(), 3);
        assert_eq!(json[1]["subject"], "here");
        assert_eq!(json[2]["outcome"], "could_not_tell");
    }
}
