//! `payhook iam`: what each role may do, and what for.
//!
//! The rows are written by the end-to-end tests: they take every right away once and see its scenario refused. This command only prints them.

use std::io::Write;

use clap::{Args, Subcommand};
use serde::Deserialize;

use crate::error::Error;

/// Made by `tests/e2e/test_rights.py`, which compares it with the stack.
const RIGHTS: &str = include_str!("../../../infra/snapshots/rights.json");

/// What `payhook iam` can do.
#[derive(Subcommand)]
pub(crate) enum IamCommand {
    /// Print role, action, resource and the scenario that is refused without the right.
    Report(ReportArguments),
}

/// What `payhook iam report` takes.
#[derive(Args)]
pub(crate) struct ReportArguments {
    /// Print the rows as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Right {
    role: String,
    action: String,
    resources: Vec<String>,
    scenario: String,
    proof: String,
}

/// What an ARN names, without what is the same in each of them.
fn short(arn: &str) -> &str {
    arn.splitn(6, ':').last().unwrap_or(arn)
}

/// Runs the command.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn run(command: &IamCommand, output: &mut impl Write) -> Result<(), Error> {
    let IamCommand::Report(arguments) = command;
    if arguments.json {
        return output.write_all(RIGHTS.as_bytes()).map_err(Error::Output);
    }
    let rights: Vec<Right> =
        serde_json::from_str(RIGHTS).map_err(|error| Error::Output(error.into()))?;
    let width = |text: fn(&Right) -> &str| rights.iter().map(|r| text(r).len()).max().unwrap_or(0);
    let (roles, actions) = (width(|r| &r.role), width(|r| &r.action));
    let mut line = |role: &str, action: &str, scenario: &str| {
        writeln!(output, "{role:roles$}  {action:actions$}  {scenario}").map_err(Error::Output)
    };
    line("role", "action", "needed so that · on")?;
    for right in &rights {
        let needed = match right.scenario.as_str() {
            "-" => &right.proof,
            scenario => scenario,
        };
        line(&right.role, &right.action, needed)?;
        for resource in &right.resources {
            line("", "", &format!("  {}", short(resource)))?;
        }
    }
    let open = rights.iter().filter(|r| r.scenario == "-").count();
    writeln!(
        output,
        "{} rights: {} are refused to a role that lacks them and missed by a scenario, {open} cannot be tried here.",
        rights.len(),
        rights.len() - open
    )
    .map_err(Error::Output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(json: bool) -> String {
        let mut output = Vec::new();
        run(&IamCommand::Report(ReportArguments { json }), &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn every_right_is_a_row_with_its_resources() {
        let rights: Vec<Right> = serde_json::from_str(&printed(true)).unwrap();
        let text = printed(false);
        for right in &rights {
            let row = |line: &&str| line.starts_with(&right.role) && line.contains(&right.action);
            assert!(text.lines().any(|line| row(&line)), "{}", right.action);
            assert!(!right.resources.is_empty());
            for resource in &right.resources {
                assert!(text.contains(short(resource)), "{resource}");
            }
        }
        assert!(text.trim_end().ends_with("cannot be tried here."));
    }

    #[test]
    fn an_arn_is_shortened_to_what_it_names() {
        assert_eq!(
            short("arn:aws:sqs:us-east-2:000000000000:queue_dev"),
            "queue_dev"
        );
        assert_eq!(short("arn:aws:s3:::bucket/audit/*"), "bucket/audit/*");
        assert_eq!(short("*"), "*");
    }
}
