//! `payhook payments`: the money of a payment, however many events tell it.

mod compare;
mod fold;
mod gather;
mod list;
mod reconcile;
mod report;
mod show;

use std::io::{BufRead, Write};

use clap::Subcommand;

use crate::error::Error;
pub(crate) use report::ReportError;

/// What can be asked of payments.
#[derive(Subcommand)]
pub(crate) enum PaymentsCommand {
    /// Fold requests to payments: the lines of `payhook verify` on standard input, one JSON line a payment on standard output.
    Fold,
    /// List the payments of which a webhook was received on a day, a line each, and what they come to.
    List(list::ListArguments),
    /// Compare a settlement or balance report of a provider with what its webhooks told; 1 when anything is open.
    Reconcile(reconcile::ReconcileArguments),
    /// Show one payment: its state, a line a movement, and the events that told them.
    Show(show::ShowArguments),
}

/// Runs a command.
///
/// # Errors
/// As [`Error`] says.
pub(crate) fn run(
    command: &PaymentsCommand,
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<(), Error> {
    match command {
        PaymentsCommand::Fold => fold::run(input, output),
        PaymentsCommand::List(arguments) => list::run(arguments, output),
        PaymentsCommand::Reconcile(arguments) => reconcile::run(arguments, output),
        PaymentsCommand::Show(arguments) => show::run(arguments, output),
    }
}
