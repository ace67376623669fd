//! `policy_gate`: what it takes and what it does, apart from the process around it.

use std::fs;
use std::io::{BufRead, Write};
use std::path::PathBuf;

use clap::Parser;

use crate::judge::Judge;
use crate::pack::{Level, Pack};
use crate::{Error, batch, graph, report};

/// Judge a resource graph by the policy pack.
///
/// Exit code 0: no mandatory violation. 1: at least one. 2: it could not be judged.
#[derive(Debug, Parser)]
#[command(name = "policy_gate", version)]
pub struct Arguments {
    /// The resource graph: a JSON list of {type, name, urn, properties, options, provider}.
    #[arg(default_value = "build/graph.json")]
    pub graph: PathBuf,
    /// The folder of the pack: PulumiPolicy.yaml and Rego files.
    #[arg(long, default_value = "policies")]
    pub pack: PathBuf,
    /// A JSON file of {rule: {key: value}}, which the rules see as data.config.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// JSON lines instead of a table.
    #[arg(long)]
    pub json: bool,
    /// List the rules instead of judging.
    #[arg(long, conflicts_with_all = ["config", "batch"])]
    pub rules: bool,
    /// Judge changes of the graph: JSON lines {id, put, remove} on standard input, {id, findings} on standard output.
    #[arg(long, conflicts_with = "json")]
    pub batch: bool,
}

/// Whether a deployment may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No mandatory violation, or nothing was to be judged.
    Accepted,
    /// At least one.
    Refused,
}

/// Does what the arguments say. `width` is that of the terminal, in characters.
///
/// # Errors
/// When nothing could be judged.
pub fn run(
    arguments: &Arguments,
    width: usize,
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<Verdict, Error> {
    let pack = Pack::load(&arguments.pack)?;
    if arguments.rules {
        if arguments.json {
            report::json_lines(&pack.rules, output)?;
        } else {
            report::rules(&pack.rules, width, output)?;
        }
        return Ok(Verdict::Accepted);
    }
    let mut judge = judge(&pack, arguments)?;
    let graph = graph::read(&arguments.graph)?;
    if arguments.batch {
        batch::run(&mut judge, &graph, input, output)?;
        return Ok(Verdict::Accepted);
    }
    let findings = judge.judge(&graph)?;
    if arguments.json {
        report::json_lines(&findings, output)?;
    } else {
        report::findings(
            &findings,
            &pack.rules,
            graph.resources().len(),
            width,
            output,
        )?;
    }
    let refused = findings
        .iter()
        .any(|finding| finding.level == Level::Mandatory);
    Ok(if refused {
        Verdict::Refused
    } else {
        Verdict::Accepted
    })
}

fn judge(pack: &Pack, arguments: &Arguments) -> Result<Judge, Error> {
    let Some(path) = &arguments.config else {
        return Judge::new(pack, None).map_err(|fault| Error::Config {
            path: PathBuf::new(),
            fault,
        });
    };
    let fault = |fault: String| Error::Config {
        path: path.clone(),
        fault,
    };
    let text = fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.clone(),
        source,
    })?;
    let config = serde_json::from_str(&text).map_err(|e| fault(format!("not JSON: {e}")))?;
    Judge::new(pack, Some(&config)).map_err(fault)
}
