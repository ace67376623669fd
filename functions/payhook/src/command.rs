//! The commands of `payhook`, and which module runs each.

use std::io::{self, Write};

use clap::Subcommand;

use crate::error::Error;
use crate::{
    analytics, audit, doctor, endpoints, gaps, iam, keys, mask, payments, providers, reconcile,
    redrive, send, verify,
};

/// What `payhook` can do.
#[derive(Subcommand)]
pub(crate) enum Command {
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
    /// Say what of the account would make a deploy fail, or walk a webhook's way through a stack.
    #[command(subcommand)]
    Doctor(doctor::DoctorCommand),
    /// Show what moved: a payment's authorisations, captures, refunds and disputes, each counted once.
    #[command(subcommand)]
    Payments(payments::PaymentsCommand),
    /// Say whether a provider's endpoint is on and hears all that money is counted from; 1 when not.
    Endpoints(endpoints::EndpointsArguments),
    /// Compare what a provider's own records have with what is stored; 1 when something is missing.
    Gaps(gaps::GapsArguments),
    /// Bring back what is missing: a dry run unless --execute is given.
    Backfill(gaps::BackfillArguments),
    /// Account for every webhook that was accepted on a day.
    Reconcile(reconcile::ReconcileArguments),
}

/// Runs a command on standard input and output.
///
/// # Errors
/// As [`Error`] says.
pub(crate) fn run(command: &Command) -> Result<(), Error> {
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
        Command::Doctor(command) => doctor::run(command, &mut output),
        Command::Payments(command) => payments::run(command, input, &mut output),
        Command::Endpoints(arguments) => endpoints::run(arguments, &mut output),
        Command::Gaps(arguments) => gaps::gaps(arguments, &mut output),
        Command::Backfill(arguments) => gaps::backfill(arguments, &mut output),
        Command::Reconcile(arguments) => reconcile::run(arguments, &mut output),
    }?;
    output.flush().map_err(Error::Output)
}
