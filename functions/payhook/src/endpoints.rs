//! `payhook endpoints`: whether the provider's endpoint is on, and whether it is subscribed to all
//! that money is counted from.

use std::io::Write;

use clap::Args;
use provider_listings::{
    Api, Endpoint, EndpointFinding, ListingError, Query, Window, judge, with_address,
};
use serde_json::json;

use crate::error::Error;
use crate::gaps::{Asked, AskedArguments};
use crate::stack::wait;
use crate::terminal::{cell, json_line};

/// Pages of endpoints that are read.
const PAGES_MAX: usize = 20;

/// What `payhook endpoints` takes.
#[derive(Args)]
pub(crate) struct EndpointsArguments {
    /// Only endpoints whose address begins so, such as https://hooks.example.com/webhook. Default: all.
    #[arg(long, value_name = "URL", default_value = "")]
    address: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asked: AskedArguments,
}

/// Runs the command.
///
/// # Errors
/// [`Error::EndpointFindings`] when something is wrong; others when the list cannot be read.
pub(crate) fn run(arguments: &EndpointsArguments, output: &mut impl Write) -> Result<(), Error> {
    let (endpoints, info) = wait(async {
        let asked = Asked::new(&arguments.asked).await?;
        Ok((read(&asked).await?, asked.provider.info()))
    })?;
    let mine = with_address(&endpoints, &arguments.address);
    let findings = judge(&mine, info);
    let written = match arguments.json {
        true => {
            let whole = json!({"provider": info.name, "endpoints": mine, "findings": findings});
            writeln!(output, "{}", json_line(&whole.to_string()))
        }
        false => text(&mine, &findings, output),
    };
    written.map_err(Error::Output)?;
    match findings.len() {
        0 => Ok(()),
        count => Err(Error::EndpointFindings(count)),
    }
}

async fn read(asked: &Asked) -> Result<Vec<Endpoint>, Error> {
    let provider = asked.listing.info().provider;
    let resource = "endpoints";
    let first = asked.listing.endpoints(&asked.account);
    let mut next = Some(first.ok_or(Error::NoEndpoints(provider))?);
    asked.api.check().await?;
    let now = asked.api.now();
    let mut endpoints = Vec::new();
    for _ in 0..PAGES_MAX {
        let Some(request) = next else {
            return Ok(endpoints);
        };
        let answer = asked.api.send(&request).await;
        let answer = answer.map_err(|error| ListingError::NoAnswer {
            provider,
            resource,
            attempts: 1,
            cause: error.0,
        })?;
        match answer.status {
            200..=299 => {}
            status @ (401 | 403) => {
                return Err(Error::Listing(ListingError::KeyRefused {
                    provider,
                    status,
                    wanted: "the right to read the endpoints beside the events",
                }));
            }
            status => {
                return Err(Error::Listing(ListingError::RequestRefused {
                    provider,
                    resource,
                    status,
                }));
            }
        }
        let query = Query {
            resource,
            request,
            window: Window { from: now, to: now },
        };
        let (more, behind) = asked.listing.read_endpoints(&query, &answer.body)?;
        endpoints.extend(more);
        next = behind;
    }
    Err(Error::Listing(ListingError::PagesRepeat {
        provider,
        resource,
    }))
}

fn text(
    endpoints: &[&Endpoint],
    findings: &[EndpointFinding],
    output: &mut impl Write,
) -> std::io::Result<()> {
    for endpoint in endpoints {
        let state = if endpoint.enabled { "on" } else { "off" };
        let types = endpoint.event_types.as_ref();
        let types = types.map_or("every event type".to_owned(), |types| {
            format!("{} event types", types.len())
        });
        let version = endpoint.api_version.as_deref().unwrap_or("-");
        let url = cell(&endpoint.url);
        writeln!(output, "{state:<5}{types:<20}version {version:<20}{url}")?;
    }
    for finding in findings {
        let said = match finding {
            EndpointFinding::None => {
                "no endpoint has this address: nothing is sent to it; register it with the provider"
                    .to_owned()
            }
            EndpointFinding::Disabled { url } => format!(
                "{} is switched off: switch it on with the provider, then `payhook gaps` finds what was not sent",
                cell(url)
            ),
            EndpointFinding::Untold { status, would } => format!(
                "no subscribed event type tells what is {}: subscribe to {}",
                status.as_str(),
                would.join(", or ")
            ),
        };
        writeln!(output, "  {said}")?;
    }
    if findings.is_empty() {
        writeln!(
            output,
            "every endpoint is on and hears all that money is counted from"
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use payment_event::PaymentStatus;

    use super::*;

    #[test]
    fn a_person_reads_what_to_do() {
        let endpoint = Endpoint {
            url: "https://h.example/webhook/stripe\u{1b}".to_owned(),
            enabled: false,
            event_types: Some(["refund.created".to_owned()].into()),
            api_version: None,
        };
        let findings = [
            EndpointFinding::None,
            EndpointFinding::Disabled {
                url: endpoint.url.clone(),
            },
            EndpointFinding::Untold {
                status: PaymentStatus::Refunded,
                would: vec!["a".to_owned(), "b".to_owned()],
            },
        ];
        let mut output = Vec::new();
        text(&[&endpoint], &findings, &mut output).unwrap();
        let said = String::from_utf8(output).unwrap();
        for part in [
            "off  1 event types",
            "register it with the provider",
            "is switched off",
            "tells what is refunded: subscribe to a, or b",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains('\u{1b}'));
        let mut output = Vec::new();
        text(&[], &[], &mut output).unwrap();
        assert!(
            String::from_utf8(output)
                .unwrap()
                .contains("every endpoint is on")
        );
    }
}
