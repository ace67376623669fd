//! `payhook providers`: the catalogue, as a table or as JSON.

use std::io::Write;

use clap::Args;
use provider_webhooks::{EventTimeStability, ProviderInfo, catalogue_json, providers};

use crate::error::Error;

/// What `payhook providers` takes.
#[derive(Args)]
pub(crate) struct ProvidersArguments {
    /// Print the catalogue as JSON, as `catalogue.json` holds it.
    #[arg(long)]
    json: bool,
}

fn event_time(info: &ProviderInfo) -> &'static str {
    match info.event_time {
        EventTimeStability::Stable => "stable",
        EventTimeStability::Unstable => "unstable",
        EventTimeStability::StableWhenStated => "stable when stated",
    }
}

fn signature(info: &ProviderInfo) -> String {
    if info.signature_headers.is_empty() {
        "(in the body)".to_owned()
    } else {
        info.signature_headers.join(" ")
    }
}

/// Prints the catalogue.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn run(arguments: &ProvidersArguments, output: &mut impl Write) -> Result<(), Error> {
    if arguments.json {
        return output
            .write_all(catalogue_json().as_bytes())
            .map_err(Error::Output);
    }
    let headings = ["provider", "event time", "answer", "signature headers"].map(str::to_owned);
    let rows: Vec<[String; 4]> = std::iter::once(headings)
        .chain(providers::ALL.iter().map(|provider| {
            let info = provider.info();
            let answer = &info.acknowledgement;
            [
                info.name.to_owned(),
                event_time(info).to_owned(),
                format!("{} {}", answer.status, answer.body),
                signature(info),
            ]
        }))
        .collect();
    let width = |column: usize| rows.iter().map(|r| r[column].chars().count()).max();
    let widths = [0, 1, 2].map(|column| width(column).unwrap_or(0));
    for [name, time, answer, headers] in &rows {
        let [a, b, c] = widths;
        writeln!(output, "{name:a$}  {time:b$}  {answer:c$}  {headers}").map_err(Error::Output)?;
    }
    Ok(())
}
