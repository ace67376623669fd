//! `policy_gate`: judges a resource graph by the policy pack before anything is deployed.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use policy_gate::cli::{Arguments, Verdict, run};

/// Of the output where it goes to no terminal.
const WIDTH_DEFAULT: usize = 140;

fn width() -> usize {
    let wanted = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    wanted.or_else(terminal).unwrap_or(WIDTH_DEFAULT)
}

fn main() -> ExitCode {
    let mut output = io::BufWriter::new(io::stdout().lock());
    let judged = run(
        &Arguments::parse(),
        width(),
        io::stdin().lock(),
        &mut output,
    )
    .and_then(|verdict| Ok(output.flush().map(|()| verdict)?));
    match judged {
        Ok(Verdict::Accepted) => ExitCode::SUCCESS,
        Ok(Verdict::Refused) => ExitCode::from(1),
        Err(error) => {
            // Without standard error there is nobody left to tell. A reader who went away has not seen everything, so this is no "accepted".
            if !error.is_broken_pipe() {
                let _ = writeln!(io::stderr(), "policy_gate: {error}");
            }
            ExitCode::from(2)
        }
    }
}
