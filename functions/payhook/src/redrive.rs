//! `payhook rejected` and `payhook dlq`: what came to rest in a queue can be seen, masked, and sent back.
//!
//! Invariant: looking changes nothing but that a message is hidden while it is looked at. Sending back is a dry run unless `--execute` is given; what is sent back is deleted only after the queue, or the
//! function, that shall have it has taken it. A crash in between brings it twice, which the table's keys and the counter's markers absorb; it never loses it.

mod analytics;
mod archived;
mod back;
mod view;

use std::io::Write;

use aws_adapters::waiting::{HELD_SECONDS, WaitingQueue};
use aws_adapters::{Clients, HttpsCertificates, LambdaContinuation, S3Objects, SecretsManager};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use pipeline::judge::CERTIFICATES_FETCHED_MAX;
use pipeline::{Judge, Judgement};

use crate::error::Error;
use crate::stack::{StackArguments, wait};
use back::{Resting, send_back};
use view::{Seen, counts, detail, export_line};

/// What a command leaves itself before the messages that it holds are seen by others again.
const MARGIN_SECONDS: u64 = 60;

/// What `payhook rejected` can do.
#[derive(Subcommand)]
pub(crate) enum RejectedCommand {
    /// Count what was rejected, by reason and provider, and say what would become of it now.
    List(LookArguments),
    /// Print messages, masked.
    Show(ShowArguments),
    /// Send messages through verification again, judged by their first receipt; a dry run unless --execute is given.
    Redrive(BackArguments),
}

/// What `payhook dlq` can do.
#[derive(Subcommand)]
pub(crate) enum DlqCommand {
    /// Count what is in the queue.
    List(DlqArguments<LookArguments>),
    /// Print messages, masked.
    Show(DlqArguments<ShowArguments>),
    /// Try messages again; a dry run unless --execute is given.
    Redrive(DlqArguments<BackArguments>),
    /// Print every message as a JSON line, masked.
    Export(DlqArguments<LookArguments>),
}

/// The functions, each with a dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Function {
    /// Webhooks that could not be taken in.
    #[value(name = "webhook_processor")]
    Webhook,
    /// Records that could not be counted.
    #[value(name = "analytics_processor")]
    Analytics,
    /// Tasks that could not be done.
    #[value(name = "archival_function")]
    Archival,
}

impl Function {
    const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook_processor",
            Self::Analytics => "analytics_processor",
            Self::Archival => "archival_function",
        }
    }
}

/// A command about one function's queue.
#[derive(Args)]
pub(crate) struct DlqArguments<A: Args> {
    /// Whose dead letters.
    #[arg(long, value_enum, default_value = "webhook_processor")]
    queue: Function,
    #[command(flatten)]
    more: A,
}

/// Which messages.
#[derive(Args, Clone)]
pub(crate) struct LookArguments {
    /// Only what was rejected for this reason.
    #[arg(long)]
    reason: Option<String>,
    /// Only what was sent to this provider's path.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Only what was first received at this time or later (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only what was first received before this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Messages to look at.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    #[command(flatten)]
    stack: StackArguments,
}

/// Which messages to print.
#[derive(Args)]
pub(crate) struct ShowArguments {
    /// Only the message whose id, present or first, begins so.
    #[arg(long, value_name = "ID")]
    message: Option<String>,
    #[command(flatten)]
    look: LookArguments,
}

/// Which messages to send back, and how.
#[derive(Args)]
pub(crate) struct BackArguments {
    /// Really send them. Without it only what would be done is said.
    #[arg(long)]
    execute: bool,
    /// Send also what would be rejected again.
    #[arg(long)]
    all: bool,
    /// Messages a second.
    #[arg(long, value_name = "PER_SECOND", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    #[command(flatten)]
    look: LookArguments,
}

/// Runs `payhook rejected`.
///
/// # Errors
/// As [`Error`] says.
pub(crate) fn rejected(command: &RejectedCommand, output: &mut impl Write) -> Result<(), Error> {
    let rest = |look: &LookArguments| Rest::new(look, "rejected_queue", None);
    match command {
        RejectedCommand::List(look) => rest(look).list(look, output),
        RejectedCommand::Show(show) => rest(&show.look).show(show, output),
        RejectedCommand::Redrive(back) => rest(&back.look).redrive(back, output),
    }
}

/// Runs `payhook dlq`.
///
/// # Errors
/// As [`Error`] says.
pub(crate) fn dlq(command: &DlqCommand, output: &mut impl Write) -> Result<(), Error> {
    let rest = |look: &LookArguments, queue: Function| {
        Rest::new(look, &format!("{}_dlq", queue.name()), Some(queue))
    };
    match command {
        DlqCommand::List(DlqArguments { queue, more }) => rest(more, *queue).list(more, output),
        DlqCommand::Show(DlqArguments { queue, more }) => {
            rest(&more.look, *queue).show(more, output)
        }
        DlqCommand::Redrive(DlqArguments { queue, more }) => {
            rest(&more.look, *queue).redrive(more, output)
        }
        DlqCommand::Export(DlqArguments { queue, more }) => rest(more, *queue).export(more, output),
    }
}

/// A queue in which messages rest.
struct Rest {
    queue: String,
    /// Whose dead letters; `None` for the rejected queue.
    function: Option<Function>,
}

impl Rest {
    fn new(look: &LookArguments, queue: &str, function: Option<Function>) -> Self {
        Self {
            queue: look.stack.name(queue),
            function,
        }
    }

    /// Whether its messages are webhooks, which can be judged.
    fn holds_webhooks(&self) -> bool {
        matches!(self.function, None | Some(Function::Webhook))
    }

    /// Takes what there is, up to the limit, and judges it by the present secrets; what was not asked for is given back at once.
    async fn look(
        &self,
        look: &LookArguments,
        clients: &Clients,
    ) -> Result<(WaitingQueue, Vec<Seen>), Error> {
        let queue = WaitingQueue::find(clients, &self.queue).await?;
        let mut seen: Vec<Seen> = Vec::new();
        let mut looked_at = 0;
        // An empty answer may be chance; two in a row are taken for the end.
        let mut empty = 0;
        while looked_at < look.limit && empty < 2 {
            let taken = queue.take().await?;
            empty = if taken.is_empty() { empty + 1 } else { 0 };
            for message in taken {
                looked_at += 1;
                let one = Seen::new(message, self.function.map(Function::name));
                if looked_at <= look.limit && one.wanted(look) {
                    seen.push(one);
                } else {
                    queue.release(&one.message).await?;
                }
            }
        }
        if self.holds_webhooks() {
            let suffix = look.stack.suffix();
            let secrets =
                SecretsManager::of_every_provider(clients.wire(), "webhook_secret_", suffix);
            let certificates = HttpsCertificates::new();
            let mut judge = Judge::new(&secrets, &certificates);
            // No more at a time than may be fetched at once: forged certificate URLs in the queue
            // must not keep a genuine message's certificate from being fetched.
            for part in seen.chunks_mut(CERTIFICATES_FETCHED_MAX) {
                let batch: Vec<_> = part.iter().map(Seen::incoming).collect();
                let judgements = judge.judge_all(&batch).await;
                for (one, judgement) in part.iter_mut().zip(judgements) {
                    one.judged(judgement);
                }
            }
            let objects = S3Objects::new(clients, look.stack.bucket());
            for one in seen.iter_mut().filter(|one| one.is_too_old()) {
                archived::ask(one, &mut judge, &objects).await?;
            }
        }
        Ok((queue, seen))
    }

    /// Looks, does something with what was seen, and gives it back.
    fn peek(
        &self,
        look: &LookArguments,
        tell: impl FnOnce(&[Seen]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        wait(async {
            let clients = look.stack.clients().await;
            let (queue, seen) = self.look(look, &clients).await?;
            let told = tell(&seen);
            for one in &seen {
                queue.release(&one.message).await?;
            }
            told
        })
    }

    fn list(&self, look: &LookArguments, output: &mut impl Write) -> Result<(), Error> {
        self.peek(look, |seen| counts(&self.queue, seen, output))
    }

    fn show(&self, show: &ShowArguments, output: &mut impl Write) -> Result<(), Error> {
        self.peek(&show.look, |seen| {
            let asked = |one: &&Seen| show.message.as_deref().is_none_or(|id| one.is_called(id));
            let mut found = false;
            for one in seen.iter().filter(asked) {
                found = true;
                detail(one, output)?;
            }
            if found || show.message.is_none() {
                Ok(())
            } else {
                Err(Error::NoMessage)
            }
        })
    }

    fn export(&self, look: &LookArguments, output: &mut impl Write) -> Result<(), Error> {
        self.peek(look, |seen| {
            seen.iter().try_for_each(|one| export_line(one, output))
        })
    }

    fn redrive(&self, back: &BackArguments, output: &mut impl Write) -> Result<(), Error> {
        let held = u64::from(HELD_SECONDS.unsigned_abs()).saturating_sub(MARGIN_SECONDS);
        let at_most = held * u64::from(back.rate);
        if u64::try_from(back.look.limit).unwrap_or(u64::MAX) > at_most {
            return Err(Error::TooSlow(back.look.limit, back.rate, at_most));
        }
        if !back.execute {
            self.peek(&back.look, |seen| {
                counts(&self.queue, seen, output)?;
                let number = seen
                    .iter()
                    .filter(|one| back.all || one.would_pass())
                    .count();
                writeln!(
                    output,
                    "Dry run: {number} would be sent back. Send them with --execute."
                )
                .map_err(Error::Output)
            })?;
            return Ok(());
        }
        let outcome = wait(async {
            let clients = back.look.stack.clients().await;
            let (queue, seen) = self.look(&back.look, &clients).await?;
            let (chosen, others): (Vec<_>, Vec<_>) = seen
                .into_iter()
                .partition(|one| back.all || one.would_pass());
            for one in &others {
                queue.release(&one.message).await?;
            }
            let rest = RestingQueue {
                queue: &queue,
                clients: &clients,
                stack: &back.look.stack,
                function: self.function,
                webhooks: WaitingQueue::find(&clients, &back.look.stack.name("webhook_queue"))
                    .await?,
            };
            Ok((send_back(&rest, &chosen, back.rate).await, others.len()))
        })?;
        let (outcome, left) = outcome;
        writeln!(
            output,
            "{} sent back, {} left as they are, {} could not be sent.",
            outcome.sent, left, outcome.failed
        )
        .map_err(Error::Output)?;
        match outcome.cause {
            None => Ok(()),
            Some(cause) => Err(Error::NotSentBack(outcome.failed, cause.to_string())),
        }
    }
}

/// The way back on AWS: to the webhook queue, or to the function itself.
struct RestingQueue<'r> {
    queue: &'r WaitingQueue,
    clients: &'r Clients,
    stack: &'r StackArguments,
    function: Option<Function>,
    webhooks: WaitingQueue,
}

impl Resting for RestingQueue<'_> {
    async fn back(&self, one: &Seen) -> Result<(), Error> {
        match self.function {
            None | Some(Function::Webhook) => {
                let message = &one.message;
                let request = message.request.as_deref().unwrap_or_default();
                let attributes = [
                    ("request", request),
                    ("reject", &one.origin.encode()),
                    ("fetched", message.fetched.as_deref().unwrap_or_default()),
                ];
                Ok(self.webhooks.send(&message.body, &attributes).await?)
            }
            Some(Function::Analytics) => {
                let function = self.stack.name(Function::Analytics.name());
                analytics::count_again(self.clients, &function, &one.message.body).await
            }
            Some(Function::Archival) => {
                let function = self.stack.name(Function::Archival.name());
                let task = view::task(&one.message.body);
                Ok(LambdaContinuation::new(self.clients, function)
                    .go_on(task)
                    .await?)
            }
        }
    }

    async fn delete(&self, one: &Seen) -> Result<(), Error> {
        Ok(self.queue.delete(&one.message).await?)
    }

    async fn release(&self, one: &Seen) -> Result<(), Error> {
        Ok(self.queue.release(&one.message).await?)
    }
}

/// What would become of a webhook now.
fn verdict(judgement: &Judgement) -> (bool, &'static str) {
    match judgement {
        Judgement::Accepted(_) => (true, "would be stored"),
        Judgement::Rejected { reason, .. } => (false, reason),
        Judgement::Retry(_) => (false, "cannot be judged now"),
    }
}
