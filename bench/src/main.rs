//! `make bench`: what payhook costs, in figures.
// A bench speaks on standard output.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::process::ExitCode;

use bench::core::{COUNTED, Case};
use bench::drive::{DriveArguments, drive};
use bench::run::{RunArguments, run};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "bench", about = "What payhook costs")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure everything and write the results.
    Run(Box<RunArguments>),
    /// Drive a function through batches under a tool that counts instructions.
    Drive(DriveArguments),
    /// Run one case of the core so many times, for a tool that counts instructions.
    Case {
        /// Its name.
        name: String,
        /// How often.
        times: u32,
    },
    /// List those cases.
    Cases,
}

fn case(name: &str, times: u32) -> Result<(), Box<dyn Error>> {
    let known = COUNTED.iter().find(|(known, ..)| *known == name);
    let (_, provider, bytes, step) = known.ok_or("no such case: see `bench cases`")?;
    let case = Case::new(provider, *bytes).ok_or("the case cannot be made")?;
    let done = (0..times).filter(|_| case.run(*step)).count();
    if done == times as usize {
        Ok(())
    } else {
        Err("the webhook was refused".into())
    }
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let command = Arguments::parse().command;
    let done = match (&command, runtime) {
        (Command::Run(arguments), Ok(runtime)) => runtime.block_on(run(arguments)),
        (Command::Drive(arguments), Ok(runtime)) => {
            runtime.block_on(drive(arguments)).map_err(Into::into)
        }
        (Command::Run(_) | Command::Drive(_), Err(error)) => Err(error.into()),
        (Command::Case { name, times }, _) => case(name, *times),
        (Command::Cases, _) => {
            COUNTED.iter().for_each(|(name, ..)| println!("{name}"));
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
