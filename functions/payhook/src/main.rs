//! `payhook`: the operator's command line. Judges stored requests, masks logs, sends test webhooks, lists the providers; proves the audit log,
//! counts again, accounts for a day.
//!
//! Invariant: no secret, API key or unmasked input is part of any error text.

// The types of the SDK's calls lie deep inside each other.
#![recursion_limit = "256"]

mod analytics;
mod audit;
mod command;
mod doctor;
mod endpoints;
mod error;
mod gaps;
mod hash;
mod iam;
mod keys;
mod lines;
mod mask;
mod payments;
mod providers;
mod reconcile;
mod redrive;
mod send;
mod stack;
mod terminal;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::command::{Command, run};

#[derive(Parser)]
#[command(name = "payhook", version, about = "Payment webhooks by hand")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough (`payhook providers | head -1`).
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error there is nobody left to tell.
            let _ = writeln!(io::stderr(), "payhook: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
