//! Bringing back what is missing: the provider is asked to send it again where it can be, so that a
//! signature proves it; else what its list says is stored as fetched.

use std::io::Write;
use std::time::Duration;

use aws_adapters::account::caller;
use aws_adapters::waiting::WaitingQueue;
use pipeline::Fetched;
use pipeline::fetched::{FetchedMessage, message};
use provider_listings::{Answer, Api, ApiRequest, Expected, Window};
use serde_json::json;
use tokio::time::{Instant, sleep_until};
use transaction_archive::gaps::{Compared, missing};

use super::{Asked, BackfillArguments, print};
use crate::error::Error;
use crate::hash::sha256_hex;
use crate::terminal::{cell, json_line};

/// Bytes of a message in SQS, with room for its attributes.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>,
/// 1 MiB, read 2026-11-27.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024 - 16 * 1024;

/// How one thing is brought back.
enum Way {
    /// The provider sends its webhook again.
    Resent(ApiRequest),
    /// What its list says is stored.
    Fetched(FetchedMessage),
    /// It does not fit into a message.
    TooLong,
}

impl Way {
    const fn word(&self) -> &'static str {
        match self {
            Self::Resent(_) => "ask the provider to send it again",
            Self::Fetched(_) => "store what the provider lists, marked as fetched",
            Self::TooLong => "cannot be stored: it is larger than a message",
        }
    }
}

/// The way for one thing. `by` is who asks.
fn way(one: &Expected, asked: &Asked, by: &str, fetch: bool) -> Way {
    let resent = asked.listing.resend(&one.listed, &asked.account);
    if let Some(request) = resent.filter(|_| !fetch) {
        return Way::Resent(request);
    }
    let fetched = Fetched {
        by: by.to_owned(),
        from: asked.api.host().to_owned(),
        at: asked.api.now(),
        happened_at: one.listed.at,
    };
    // The same for each attempt at the same thing, so that its audit lines are found together.
    let id = sha256_hex(&one.listed.body);
    let request_id = format!("gaps-{}", id.get(..16).unwrap_or(&id));
    let listed = &one.listed;
    let name = asked.provider.info().name;
    let sent = message(name, &request_id, &listed.headers, &listed.body, &fetched);
    match sent.body.len() + sent.request.len() + sent.fetched.len() <= MESSAGE_BYTES_MAX {
        true => Way::Fetched(sent),
        false => Way::TooLong,
    }
}

/// Runs the command on a window that was compared.
///
/// # Errors
/// [`Error::NotBroughtBack`]; others when AWS cannot be asked.
pub(super) async fn run(
    arguments: &BackfillArguments,
    asked: &Asked,
    window: Window,
    compared: &Compared,
    output: &mut impl Write,
) -> Result<(), Error> {
    let who = caller(&asked.clients).await;
    let by = who.ok().and_then(|caller| caller.arn);
    let by = by.unwrap_or_else(|| "an operator".to_owned());
    let missing = missing(&compared.report, &compared.expected);
    let ways: Vec<(&Expected, Way)> = missing
        .into_iter()
        .map(|one| (one, way(one, asked, &by, arguments.fetch)))
        .collect();
    let stack = &arguments.window.asked.stack;
    let queue = match arguments.execute {
        true => Some(WaitingQueue::find(&asked.clients, &stack.name("webhook_queue")).await?),
        false => None,
    };
    if !arguments.window.json {
        print::report(
            &arguments.window.asked.provider,
            window,
            compared,
            false,
            output,
        )?;
    }
    let gap = Duration::from_secs(1) / arguments.rate.max(1);
    let (mut next, mut done, mut failed) = (Instant::now(), 0_usize, Vec::new());
    for (one, way) in &ways {
        let result = match &queue {
            None => Ok(()),
            Some(queue) => {
                sleep_until(next).await;
                next += gap;
                bring(way, asked, queue).await
            }
        };
        let state = match (&result, &queue) {
            (Err(why), _) => why.clone(),
            (Ok(()), None) => way.word().to_owned(),
            (Ok(()), Some(_)) => match way {
                Way::Resent(_) => "asked to send it again".to_owned(),
                _ => "in the webhook queue, marked as fetched".to_owned(),
            },
        };
        match &result {
            Ok(()) => done += 1,
            Err(why) => failed.push(why.clone()),
        }
        let listed = &one.listed;
        let line = match arguments.window.json {
            true => json_line(
                &json!({"id": listed.id, "what": listed.what, "at": listed.at, "done": queue.is_some() && result.is_ok(), "how": state})
                    .to_string(),
            )
            .to_string(),
            false => format!("  {:<34}{:<34}{state}", cell(&listed.what), cell(&listed.id)),
        };
        writeln!(output, "{line}").map_err(Error::Output)?;
    }
    if !arguments.window.json {
        let end = match (&queue, ways.len()) {
            (_, 0) => "nothing is missing".to_owned(),
            (None, count) => {
                format!("{count} would be brought back: nothing was done, --execute does it")
            }
            (Some(_), count) => format!(
                "{done} of {count} on their way: `payhook gaps` shows what is still missing once they are stored"
            ),
        };
        writeln!(output, "{end}").map_err(Error::Output)?;
    }
    match failed.first() {
        None => Ok(()),
        Some(first) => Err(Error::NotBroughtBack(failed.len(), first.clone())),
    }
}

/// Brings one thing back; why not, in words.
async fn bring(way: &Way, asked: &Asked, queue: &WaitingQueue) -> Result<(), String> {
    match way {
        Way::TooLong => Err(way.word().to_owned()),
        Way::Fetched(sent) => {
            let attributes = [
                ("request", sent.request.as_str()),
                ("fetched", sent.fetched.as_str()),
            ];
            let sent = queue.send(&sent.body, &attributes).await;
            sent.map_err(|error| error.to_string())
        }
        Way::Resent(request) => match asked.api.send(request).await {
            Ok(Answer { status, .. }) if (200..300).contains(&status) => Ok(()),
            Ok(answer) => Err(format!(
                "the provider answered {}: --fetch stores it as fetched",
                answer.status
            )),
            Err(error) => Err(format!("no answer of the provider: {}", error.0)),
        },
    }
}
