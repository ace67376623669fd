//! `payhook`: the operator's command line. Judges stored requests, masks logs, sends test webhooks, lists the providers; proves the audit log,
//! counts again, accounts for a day.
//!
//! Invariant: no secret, API key or unmasked input is part of any error text.

// The types of the SDK's calls lie deep inside each other.
#![recursion_limit = "256"]

mod analytics;
mod audit;
mod error;
mod iam;
mod keys;
mod lines;
mod mask;
mod providers;
mod reconcile;
mod redrive;
mod send;
mod stack;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;

#[derive(Parser)]
#[command(name = "payhook", version, about = "Payment webhooks by hand")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Judge requests: JSON lines on standard input, one verdict a line on standard output.
    Verify,
    /// Mask card data: lines on standard input (one JSON text or one line of log each), masked lines on standard output.
    Mask(mask::MaskArguments),
    /// Send signed test webhooks to an endpoint and count the answers.
    Send(Box<send::SendArguments>),
    /// List the providers of the catalogue.
    Providers(providers::ProvidersArguments),
    /// Prove the audit log, or show a record of it.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Show what was counted, or count again and compare.
    #[command(subcommand)]
    Analytics(analytics::AnalyticsCommand),
    /// Show what each role may do and what for.
    #[command(subcommand)]
    Iam(iam::IamCommand),
    /// List, rotate and retire the API keys of the providers.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// See what was rejected, and send it through verification again.
    #[command(subcommand)]
    Rejected(redrive::RejectedCommand),
    /// See what is in a dead-letter queue, and try it again.
    #[command(subcommand)]
    Dlq(redrive::DlqCommand),
    /// Account for every webhook that was accepted on a day.
    Reconcile(reconcile::ReconcileArguments),
}

fn run(command: &Command) -> Result<(), Error> {
    let input = io::stdin().lock();
    let mut output = io::stdout().lock();
    match command {
        Command::Verify => verify::run(input, &mut output),
        Command::Mask(arguments) => mask::run(arguments, input, &mut output),
        Command::Send(arguments) => send::run(arguments, &mut output),
        Command::Providers(arguments) => providers::run(arguments, &mut output),
        Command::Audit(command) => audit::run(command, &mut output),
        Command::Analytics(command) => analytics::run(command, &mut output),
        Command::Iam(command) => iam::run(command, &mut output),
        Command::Keys(command) => keys::run(command, &mut output),
        Command::Rejected(command) => redrive::rejected(command, &mut output),
        Command::Dlq(command) => redrive::dlq(command, &mut output),
        Command::Reconcile(arguments) => reconcile::run(arguments, &mut output),
    }?;
    output.flush().map_err(Error::Output)
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
