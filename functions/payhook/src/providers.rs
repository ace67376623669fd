//! `payhook providers`: what matters of each entry of the catalogue, one entry in full, or JSON.

use std::io::Write;

use clap::Args;
use provider_listings::{ListingInfo, Lists};
use provider_webhooks::providers::entry_json;
use provider_webhooks::{
    AmountForm, Authenticity, EventTimeStability, KeyEncoding, ProviderInfo, Says,
    SignatureCoverage, catalogue_json, providers,
};

use crate::error::Error;

/// What `payhook providers` takes.
#[derive(Args)]
pub(crate) struct ProvidersArguments {
    /// Print everything that is known of this one provider.
    name: Option<String>,
    /// Print the catalogue (or the one entry) as JSON, as `catalogue.json` holds it.
    #[arg(long)]
    json: bool,
}

fn event_time(info: &ProviderInfo) -> &'static str {
    match info.event_time {
        EventTimeStability::Stable => "part of the key",
        EventTimeStability::Unstable => "no part of the key",
        EventTimeStability::StableWhenStated => "part of the key when stated",
        EventTimeStability::Receipt => "of receipt",
    }
}

fn authenticity(info: &ProviderInfo) -> &'static str {
    match info.authenticity {
        Authenticity::Signed => "signed",
        Authenticity::SharedSecret => "shared secret",
        Authenticity::Unsigned => "unsigned",
    }
}

fn volatile(info: &ProviderInfo) -> String {
    if info.volatile.is_empty() {
        "nothing".to_owned()
    } else {
        info.volatile.join(", ")
    }
}

fn custom_header(info: &ProviderInfo) -> &'static str {
    match info.custom_header.supported {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}

fn headers(names: &[&str]) -> String {
    if names.is_empty() {
        "(none)".to_owned()
    } else {
        names.join(" ")
    }
}

fn exponents(info: &ProviderInfo) -> String {
    let form = match info.amounts.form {
        AmountForm::NotStated => return "not stated: ask the provider".to_owned(),
        AmountForm::MinorUnits => "minor units",
        AmountForm::MajorUnits => "major units",
    };
    let table = info.amounts.exponents;
    let own = if table.exceptions.is_empty() {
        "ISO 4217"
    } else {
        "own table"
    };
    format!("{form}, {own}")
}

fn window(info: &ProviderInfo) -> String {
    let seconds = |window: Option<u32>| window.map_or("any".to_owned(), |s| format!("{s} s"));
    let (past, future) = (
        info.replay_window_past_seconds,
        info.replay_window_future_seconds,
    );
    if past.is_none() && future.is_none() {
        "not judged".to_owned()
    } else {
        format!("{} past, {} future", seconds(past), seconds(future))
    }
}

fn key(info: &ProviderInfo) -> String {
    let form = &info.key;
    let prefix = form.prefix;
    match form.encoding {
        KeyEncoding::None => "none".to_owned(),
        KeyEncoding::Text => format!("{prefix}…, used as the text it is"),
        KeyEncoding::Hex => format!("{prefix}…, {} bytes in hexadecimal", form.bytes),
        KeyEncoding::Base64 => format!("{prefix}…, base64"),
    }
}

fn covers(info: &ProviderInfo) -> String {
    match info.covers {
        SignatureCoverage::WholeBody => "the whole body".to_owned(),
        SignatureCoverage::Fields(fields) => format!("only {}", fields.join(", ")),
        SignatureCoverage::Checksum(which) => format!("of the body only its {which}"),
        SignatureCoverage::Nothing => "nothing of the body".to_owned(),
    }
}

/// What its API lists of its own records, for `payhook gaps`.
fn listed(info: &ListingInfo) -> Vec<(&'static str, String)> {
    let what = match info.lists {
        Lists::Events => "events, compared by their ids",
        Lists::Objects => "payments and the like, compared by the movements of their money",
        Lists::Notices => "what its notices name, compared by whether one came",
        Lists::Nothing => "nothing that could be compared",
    };
    let mut lines = vec![("its API lists", what.to_owned())];
    if info.lists != Lists::Nothing {
        let days = info.reach_back_days;
        let days = days.map_or("not documented".to_owned(), |days| format!("{days} days"));
        lines.extend([("how far back", days), ("API key", info.rights.to_owned())]);
        for (name, meaning) in info.settings {
            lines.push(("API setting", format!("{name}: {meaning}")));
        }
        let resend = match info.resend {
            "" => "cannot be asked: what is missing is stored as fetched",
            resend => resend,
        };
        lines.push(("sends again", resend.to_owned()));
    }
    lines.push(("its list lacks", info.leaves_out.to_owned()));
    lines.push(("not confirmed", info.unconfirmed.to_owned()));
    lines.push(("list's source", info.source.to_owned()));
    lines.retain(|(_, text)| !text.is_empty());
    lines
}

fn meaning(says: Says) -> &'static str {
    match says {
        Says::Status(status) => status.as_str(),
        Says::ByState => "by the state of its object",
        Says::Nothing => "nothing about a payment",
    }
}

/// Everything of one provider, a line each.
fn lines(info: &ProviderInfo) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("name", info.name.to_owned()),
        ("title", info.title.to_owned()),
        ("source", info.source.to_owned()),
        ("authenticity", authenticity(info).to_owned()),
        ("scheme", info.scheme.to_owned()),
        ("covers", covers(info)),
        ("signature headers", headers(info.signature_headers)),
        ("unsigned headers", headers(info.unsigned_headers)),
        ("content types", info.content_types.join(" ")),
        ("signed time", window(info)),
        ("rotation", info.rotation.to_owned()),
        ("key", key(info)),
    ];
    for setting in info.settings {
        let need = if setting.required {
            "required"
        } else {
            "optional"
        };
        let text = format!("{} ({need}): {}", setting.name, setting.meaning);
        lines.push(("setting", text));
    }
    lines.extend([
        (
            "dedupe key",
            format!("{}; event time {}", info.event_id, event_time(info)),
        ),
        ("changes in retries", volatile(info)),
        ("amounts", exponents(info)),
    ]);
    for (places, codes) in info.amounts.exponents.exceptions {
        lines.push(("decimals", format!("{places}: {}", codes.join(" "))));
    }
    lines.extend([
        ("decimals' source", info.amounts.exponents.source.to_owned()),
        (
            "custom header",
            format!("{}: {}", custom_header(info), info.custom_header.source),
        ),
        (
            "answer",
            format!(
                "{} {}",
                info.acknowledgement.status, info.acknowledgement.body
            ),
        ),
    ]);
    if let Some(handshake) = &info.handshake {
        let text = format!(
            "{} {} → {}",
            handshake.method, handshake.request, handshake.answer
        );
        lines.push(("handshake", text));
    }
    lines.push(("delivery", info.delivery.retries.to_owned()));
    if let Some(listing) = provider_listings::providers::by_name(info.name) {
        lines.extend(listed(listing.info()));
    }
    lines.push(("types' source", info.event_types.source.to_owned()));
    for (kind, says) in info.event_types.rows {
        lines.push(("type", format!("{kind}: {}", meaning(*says))));
    }
    if info.event_types.open {
        lines.push(("type", "any other: the sender chooses them".to_owned()));
    }
    lines
}

/// What the catalogue says of each; `payhook providers NAME` says all.
const OVERVIEW: [&str; 10] = [
    "scheme",
    "signature headers",
    "rotation",
    "dedupe key",
    "amounts",
    "custom header",
    "answer",
    "handshake",
    "its API lists",
    "how far back",
];

fn overview(output: &mut impl Write) -> std::io::Result<()> {
    for (position, provider) in providers::ALL.iter().enumerate() {
        let info = provider.info();
        if position > 0 {
            writeln!(output)?;
        }
        writeln!(
            output,
            "{} ({}): {}",
            info.name,
            info.title,
            authenticity(info)
        )?;
        for (what, text) in lines(info) {
            if OVERVIEW.contains(&what) {
                writeln!(output, "  {what:18}{text}")?;
            }
        }
    }
    Ok(())
}

/// Prints the catalogue, or one entry of it.
///
/// # Errors
/// A provider that is not in it; output that cannot be written.
pub(crate) fn run(arguments: &ProvidersArguments, output: &mut impl Write) -> Result<(), Error> {
    let written = match arguments.name.as_deref() {
        None if arguments.json => output.write_all(catalogue_json().as_bytes()),
        None => overview(output),
        Some(name) => {
            let provider = providers::by_name(name);
            let info = provider
                .ok_or_else(|| Error::UnknownProvider(name.to_owned()))?
                .info();
            if arguments.json {
                output.write_all(entry_json(info).as_bytes())
            } else {
                lines(info)
                    .iter()
                    .try_for_each(|(what, text)| writeln!(output, "{what:18}{text}"))
            }
        }
    };
    written.map_err(Error::Output)
}
