//! `payhook doctor`: says before a deploy what of the account would make it fail, and proves after
//! it that a webhook's whole way works. Each step passes, fails with the sentence that puts it
//! right, or could not be told, and why.
//!
//! Invariant: facts are read by thin adapters and judged by pure functions; what could not be read
//! is never taken for a pass, and never for a failure.

mod after;
mod before;
mod finding;
mod pulumi_files;
mod stack_facts;
mod steps;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use provider_webhooks::providers;

use crate::error::Error;
use crate::stack::{StackArguments, wait};
use after::AfterArguments;
use before::Wanted;
use before::read::facts;
use finding::{failures, print};
use pulumi_files::{Config, config, own};
use stack_facts::Limits;

/// What `payhook doctor` can do.
#[derive(Subcommand)]
pub(crate) enum DoctorCommand {
    /// Read the account before a deploy, and change nothing.
    Before(BeforeArguments),
    /// Send test webhooks to a deployed stack and find each where it must be.
    After(Box<AfterArguments>),
    /// List the steps by their ids.
    Steps(StepsArguments),
}

/// What `payhook doctor before` takes.
#[derive(Args)]
pub(crate) struct BeforeArguments {
    /// What `pulumi stack export` wrote: what stands in it is the stack's own and in nobody's way.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// What `pulumi config --json` wrote: the providers and the edge are taken from it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Webhooks a second that the stack is sized for: its setting `capacity`.
    #[arg(long, value_name = "N")]
    capacity: Option<String>,
    /// The edge's name.
    #[arg(long, value_name = "NAME", requires = "edge_certificate")]
    edge_domain: Option<String>,
    /// The ARN of its certificate in ACM.
    #[arg(long, value_name = "ARN", requires = "edge_domain")]
    edge_certificate: Option<String>,
    /// One JSON object a finding.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stack: StackArguments,
}

/// What `payhook doctor steps` takes.
#[derive(Args)]
pub(crate) struct StepsArguments {
    /// One JSON object a step.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Error::StepsFail`] when a step fails; others when nothing could be tried.
pub(crate) fn run(command: &DoctorCommand, output: &mut impl Write) -> Result<(), Error> {
    let (findings, json) = match command {
        DoctorCommand::Steps(arguments) => return list(arguments, output),
        DoctorCommand::Before(arguments) => (before(arguments)?, arguments.json),
        DoctorCommand::After(arguments) => (wait(after::findings(arguments))?, arguments.json),
    };
    print(&findings, json, output).map_err(Error::Output)?;
    match failures(&findings) {
        0 => Ok(()),
        failures => {
            // What was found comes before how much of it fails.
            output.flush().map_err(Error::Output)?;
            Err(Error::StepsFail(failures))
        }
    }
}

fn before(arguments: &BeforeArguments) -> Result<Vec<finding::Finding>, Error> {
    let limits = Limits::read();
    let own = arguments.state.as_deref().map(own).transpose()?;
    let settings = arguments.config.as_deref().map(config).transpose()?;
    let wanted = wanted(arguments, settings.unwrap_or_default(), &limits)?;
    wait(async {
        let clients = arguments.stack.clients().await;
        let facts = facts(&clients, wanted, own.as_ref()).await;
        Ok(before::judge(&facts, &limits))
    })
}

/// What the stack is to be: options go before the configuration.
///
/// # Errors
/// [`Error::Capacity`] for one that there is not.
fn wanted(arguments: &BeforeArguments, settings: Config, limits: &Limits) -> Result<Wanted, Error> {
    let domain = arguments.edge_domain.clone().or(settings.edge_domain);
    let certificate = arguments
        .edge_certificate
        .clone()
        .or(settings.edge_certificate);
    let capacity = arguments.capacity.clone().or(settings.capacity);
    let reserved = limits.reserved_in_all(capacity.as_deref());
    let providers = settings.providers.unwrap_or(providers::ALL.len());
    Ok(Wanted {
        suffix: arguments.stack.suffix().to_owned(),
        account: arguments.stack.account().to_owned(),
        reserved: reserved.ok_or_else(|| Error::Capacity(limits.capacities().join(", ")))?,
        providers: providers as u64,
        edge: domain.zip(certificate),
    })
}

fn list(arguments: &StepsArguments, output: &mut impl Write) -> Result<(), Error> {
    let width = steps::ALL.iter().map(|step| step.id.len()).max();
    let width = width.unwrap_or_default();
    for step in steps::ALL {
        let (id, mode, proves) = (step.id, step.mode.name(), step.proves);
        let written = if arguments.json {
            let line = serde_json::json!({ "step": id, "mode": mode, "proves": proves });
            writeln!(output, "{line}")
        } else {
            writeln!(output, "{mode:6}  {id:width$}  {proves}")
        };
        written.map_err(Error::Output)?;
    }
    Ok(())
}
