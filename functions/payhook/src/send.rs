//! `payhook send`: signed test webhooks to an endpoint, or a body of one's own.

pub(crate) mod api_keys;
pub(crate) mod plan;
pub(crate) mod post;
mod random;
pub(crate) mod secrets;
mod summary;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use jiff::Timestamp;
use payment_event::CurrencyCode;

use crate::error::Error;
use api_keys::{ApiKeys, KeyPlace};
use plan::{Order, SEED_MAX, Signer};
use post::{Pace, Target};
use summary::{Answers, Tally};

/// What `payhook send` takes. No `Debug`: it holds secrets.
#[derive(Args)]
pub(crate) struct SendArguments {
    /// The stage's webhook URL, such as https://HOST/STAGE/webhook; the provider's name is put behind it.
    #[arg(long, value_name = "URL")]
    endpoint: String,
    /// The API key.
    #[arg(
        long,
        value_name = "KEY",
        env = "PAYHOOK_API_KEY",
        hide_env_values = true,
        allow_hyphen_values = true
    )]
    api_key: Option<String>,
    /// JSON file of API keys by provider, as `payhook keys show --json` writes it: {"stripe":"…","adyen":"…"}.
    #[arg(long, value_name = "FILE")]
    api_keys_file: Option<PathBuf>,
    /// Where the API key goes; in path or query, as providers have it, an edge must take it from there.
    #[arg(long, value_enum, default_value = "header", value_name = "PLACE")]
    key_in: KeyPlace,
    /// A provider to send as; may be repeated, `all` is every one of the catalogue.
    #[arg(long = "provider", value_name = "NAME")]
    providers: Vec<String>,
    /// JSON file of secrets by provider: {"stripe":{"keys":["…"]},"square":{"keys":["…"],"notification_url":"…"}}.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret", "body_file"])]
    secrets_file: Option<PathBuf>,
    /// The secret of the one provider. Other users of this machine may see it while payhook runs: --secrets-file hides it.
    #[arg(
        long,
        value_name = "SECRET",
        conflicts_with = "body_file",
        allow_hyphen_values = true
    )]
    secret: Option<String>,
    /// The URL registered with the provider, where it is signed (Square).
    #[arg(long, value_name = "URL", requires = "secret")]
    notification_url: Option<String>,
    /// Amount in minor units.
    #[arg(
        long,
        value_name = "MINOR",
        default_value_t = 1130,
        allow_negative_numbers = true
    )]
    amount: i64,
    /// ISO 4217 code.
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: String,
    /// Genuine webhooks in all, in turns over the providers; with --body-file, how often it is sent.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u32,
    /// Webhooks a second, sent whether or not answers come; without it, as fast as --concurrency allows.
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    rate: Option<f64>,
    /// Requests under way at a time.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=512))]
    concurrency: u16,
    /// Further webhooks with a wrong signature, to be rejected as signature_mismatch.
    #[arg(long, value_name = "N", default_value_t = 0)]
    forged: u32,
    /// Genuine webhooks sent again byte for byte.
    #[arg(long, value_name = "N", default_value_t = 0)]
    duplicates: u32,
    /// Further webhooks signed more than an hour ago, as those providers that sign a time.
    #[arg(long, value_name = "N", default_value_t = 0)]
    stale: u32,
    /// How many of the genuine webhooks carry a test card number in a free text.
    #[arg(long, value_name = "N", default_value_t = 0)]
    with_pan: u32,
    /// Decides ids, order and card numbers; the same seed gives the same ones. Default: the clock.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=SEED_MAX))]
    seed: Option<u64>,
    /// Print the summary as one JSON object; with --body-file, one JSON object an answer.
    #[arg(long)]
    json: bool,
    /// Say every second how far it is, even where standard error is no terminal.
    #[arg(long)]
    progress: bool,
    /// Send this file's bytes as they are, unsigned, to the one --provider or to the endpoint itself, and print the answers.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["forged", "duplicates", "stale", "with_pan", "seed", "amount", "currency"])]
    body_file: Option<PathBuf>,
    /// A header for --body-file, as 'Name: value'; may be repeated.
    #[arg(
        long = "header",
        value_name = "HEADER",
        requires = "body_file",
        allow_hyphen_values = true
    )]
    headers: Vec<String>,
    /// The media type for --body-file.
    #[arg(
        long,
        value_name = "TYPE",
        requires = "body_file",
        default_value = "application/json"
    )]
    content_type: String,
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate| (0.001..=100_000.0).contains(rate))
        .ok_or_else(|| "a number from 0.001 to 100000 is needed".to_owned())
}

impl SendArguments {
    fn pace(&self) -> Pace {
        match self.rate {
            Some(rate) => Pace::PerSecond(rate),
            None => Pace::UnderWay(self.concurrency.into()),
        }
    }

    fn signers(&self) -> Result<Vec<Signer>, Error> {
        let chosen = secrets::chosen(&self.providers)?;
        match (&self.secrets_file, &self.secret) {
            (Some(path), _) => secrets::from_file(&chosen, path),
            (None, Some(secret)) => {
                secrets::from_argument(&chosen, secret, self.notification_url.as_deref())
            }
            (None, None) => Err(Error::NoSecrets),
        }
    }

    fn order(&self) -> Result<Order, Error> {
        let currency = CurrencyCode::parse(&self.currency).map_err(|_| Error::Currency)?;
        let clock = || Timestamp::now().as_millisecond().unsigned_abs() & SEED_MAX;
        Ok(Order {
            signers: self.signers()?,
            genuine: self.count,
            forged: self.forged,
            duplicates: self.duplicates,
            stale: self.stale,
            with_pan: self.with_pan,
            seed: self.seed.unwrap_or_else(clock),
            amount_minor: self.amount,
            currency: currency.as_str().to_owned(),
        })
    }

    fn progress(&self, total: usize) -> impl FnMut(usize) + use<> {
        let shown = self.progress || io::stderr().is_terminal();
        move |sent| {
            if shown {
                // A progress line that cannot be written is no reason to stop sending.
                let _ = writeln!(io::stderr(), "sent {sent} of {total}");
            }
        }
    }
}

/// Sends what was asked for and prints what came back.
///
/// # Errors
/// When it cannot be sent, or an answer is not a 2xx.
pub(crate) fn run(arguments: &SendArguments, output: &mut impl Write) -> Result<(), Error> {
    let keys = match (&arguments.api_key, &arguments.api_keys_file) {
        (_, Some(path)) => ApiKeys::from_file(path)?,
        (Some(key), None) => ApiKeys::one(key),
        (None, None) => return Err(Error::NoApiKey),
    };
    let target = Target::new(&arguments.endpoint, keys, arguments.key_in)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Client)?;
    let complaint = match &arguments.body_file {
        Some(path) => {
            let body = fs::read(path).map_err(|source| Error::File {
                path: path.clone(),
                source,
            })?;
            runtime.block_on(send_body(arguments, &target, &body, output))?
        }
        None => runtime.block_on(send_plan(arguments, &target, output))?,
    };
    complaint.map_or(Ok(()), |text| {
        // What was counted comes before what is to be done about it.
        output.flush().map_err(Error::Output)?;
        Err(Error::NotAccepted(text))
    })
}

async fn send_plan(
    arguments: &SendArguments,
    target: &Target,
    output: &mut impl Write,
) -> Result<Option<String>, Error> {
    let order = arguments.order()?;
    let mut tally = Tally::new(order.signers.iter().map(|signer| signer.info.name));
    let plan = plan::plan(order)?;
    let requests = plan.webhooks(Timestamp::now).map(|webhook| {
        let webhook = webhook?;
        let info = webhook.info;
        let content_type = info.content_types.first().unwrap_or(&"application/json");
        let signed = webhook.request;
        let request =
            target.request(Some(info.name), content_type, &signed.headers, signed.body)?;
        Ok(((info.name, webhook.kind, webhook.planted_pan), request))
    });
    let started = Instant::now();
    let progress = arguments.progress(plan.len());
    post::post_all(
        target,
        requests,
        arguments.pace(),
        progress,
        |(name, kind, planted_pan), answer| {
            let outcome = answer.outcome.map(|(status, _)| status);
            tally.add(name, kind, planted_pan, outcome, answer.took);
            Ok(())
        },
    )
    .await?;
    tally
        .print(arguments.json, started.elapsed(), output)
        .map_err(Error::Output)?;
    Ok(tally.complaint())
}

async fn send_body(
    arguments: &SendArguments,
    target: &Target,
    body: &[u8],
    output: &mut impl Write,
) -> Result<Option<String>, Error> {
    let provider = match secrets::chosen(&arguments.providers)?.as_slice() {
        [] => None,
        [info] => Some(info.name),
        _ => return Err(Error::BodyForSeveral),
    };
    let headers = arguments
        .headers
        .iter()
        .map(|header| {
            let (name, value) = header.split_once(':').ok_or(Error::Header)?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let requests = (0..arguments.count).map(|_| {
        let request = target.request(provider, &arguments.content_type, &headers, body.to_vec())?;
        Ok(((), request))
    });
    let mut answers = Answers::default();
    let progress = arguments.progress(arguments.count as usize);
    post::post_all(
        target,
        requests,
        arguments.pace(),
        progress,
        |(), answer| {
            let written = match &answer.outcome {
                Ok((status, body)) => {
                    let body = String::from_utf8_lossy(body);
                    if arguments.json {
                        let line = serde_json::json!({ "status": status, "body": body });
                        writeln!(output, "{line}")
                    } else {
                        writeln!(output, "{status} {body}")
                    }
                }
                Err(_) if arguments.json => writeln!(output, "{{\"status\":\"error\"}}"),
                Err(_) => writeln!(output, "error"),
            };
            answers.add(answer.outcome.map(|(status, _)| status));
            written.map_err(Error::Output)
        },
    )
    .await?;
    Ok(answers.complaint())
}
