//! What a million webhooks cost, line by line: by what was counted and measured, what the reviewed
//! stack has, and AWS's list prices.
//!
//! [`Model`] holds what a bill is made of. Each line is a method of its own (`cost/requests.rs`,
//! `cost/tables.rs`, `cost/files.rs`, `cost/monthly.rs`), so that each can be calculated by hand in a
//! test. The firewall, the edge and passing on stand apart (`cost/apart.rs`), because a stack may be
//! without them. `cost/by_request.rs` counts the usual design, a function that is started for each
//! request, with the same prices; `cost/resources.rs` says which line each type of resource is in.

mod apart;
mod by_request;
#[cfg(test)]
pub(crate) mod example;
mod files;
mod monthly;
mod prices;
mod requests;
#[cfg(test)]
mod resources;
mod sizing;
mod stack;
mod tables;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use by_request::Usual;
pub use prices::{Price, PriceList, Prices, Tiers};
pub use sizing::{Sizing, SizingError};
pub use stack::Stack;

use crate::figures::{Analytics, Batch, ColdStart, Measured};
use crate::lives::Lives;
use crate::report::Archive;

pub(crate) const MILLION: f64 = 1e6;
pub(crate) const GB: f64 = 1e9;
pub(crate) const DAYS_A_MONTH: f64 = 30.0;
pub(crate) const SECONDS_A_MONTH: f64 = DAYS_A_MONTH * 86_400.0;

/// A line of the bill of a million webhooks.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Line {
    /// For what.
    pub what: String,
    /// How much of it, in words.
    pub quantity: String,
    /// US dollars.
    pub usd: f64,
}

impl Line {
    fn new(what: &str, quantity: String, usd: f64) -> Self {
        Self {
            what: what.to_owned(),
            quantity,
            usd,
        }
    }
}

/// US dollars of all lines.
pub fn sum(lines: &[Line]) -> f64 {
    lines.iter().map(|line| line.usd).sum()
}

/// How much comes, and from how many.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Webhooks a second, day and night.
    pub per_second: f64,
    /// Providers that the stack is for.
    pub providers: f64,
    /// Whether one process takes all batches in and remembers each movement. Otherwise the batches
    /// are dealt to the processes in turn, which is dearer. AWS does not document which it is.
    pub one_process: bool,
}

/// What was counted and measured.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// `webhook_processor`, by size.
    pub batches: &'a [Batch],
    /// `analytics_processor`, by size.
    pub analytics: &'a [Analytics],
    /// Whole lives of payments.
    pub lives: &'a [Lives],
    /// Starts of each function.
    pub cold_starts: &'a [ColdStart],
    /// The archive's own bench; without it the archive's lines are of the requests alone.
    pub archive: Option<&'a Archive>,
}

/// What a bill is made of.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// AWS's.
    pub prices: &'a Prices,
    /// What is paid by the month.
    pub stack: &'a Stack,
    /// What was measured.
    pub counted: Counted<'a>,
    /// Batches, windows and days.
    pub sizing: Sizing,
    /// What comes.
    pub load: Load,
    /// Of one processor, that a function has.
    pub share: f64,
}

impl Model<'_> {
    /// Millions of webhooks in a month.
    fn millions(&self) -> f64 {
        millions_a_month(self.load.per_second)
    }

    /// The part of a million webhooks in what is paid by the month.
    fn monthly(&self, what: &str, quantity: String, usd_a_month: f64) -> Line {
        Line::new(what, quantity, usd_a_month / self.millions())
    }

    /// Webhooks in a batch of the queue: what comes within the window to one poller.
    pub fn records(&self) -> f64 {
        let Sizing {
            window_seconds,
            batch_size,
            pollers,
            ..
        } = self.sizing;
        (self.load.per_second * window_seconds / pollers).clamp(1.0, batch_size)
    }

    /// The figure of `webhook_processor` at this batch size.
    fn of(&self, value: impl Fn(&Batch) -> f64) -> f64 {
        at(self.counted.batches, self.records(), value)
    }

    /// The lives as they are handed out at this load.
    fn lives(&self) -> Option<&Lives> {
        let alone = self.records() < 2.0;
        let fits = |lives: &&Lives| lives.alone == alone && lives.fits(self.load.one_process);
        self.counted.lives.iter().find(fits)
    }

    /// Invocations of `webhook_processor` for a million webhooks.
    fn invocations(&self) -> f64 {
        MILLION / self.records()
    }

    /// Every line but those that stand apart.
    pub fn bill(&self) -> Vec<Line> {
        [
            self.requests(),
            self.tables(),
            self.files(),
            self.by_the_month(),
        ]
        .concat()
    }
}

/// Between the measured batch sizes, and beyond them as the nearest.
fn at<B: Measured>(batches: &[B], records: f64, value: impl Fn(&B) -> f64) -> f64 {
    let size = |batch: &B| batch.records() as f64;
    let above = batches.iter().position(|batch| size(batch) >= records);
    match above {
        Some(0) => batches.first().map_or(0.0, value),
        Some(index) => {
            let (low, high) = (&batches[index - 1], &batches[index]);
            let part = (records - size(low)) / (size(high) - size(low));
            value(low) + part * (value(high) - value(low))
        }
        None => batches.last().map_or(0.0, value),
    }
}

/// Milliseconds on a share of a processor of what took `wall_ms` on a whole one: the waiting takes
/// as long as before.
fn stretched(wall_ms: f64, cpu_ms: f64, share: f64) -> f64 {
    (wall_ms - cpu_ms).max(0.0) + cpu_ms / share
}

/// Millions that come in a month of thirty days.
pub fn millions_a_month(per_second: f64) -> f64 {
    per_second * SECONDS_A_MONTH / MILLION
}

/// In words.
fn millions(number: f64) -> String {
    format!("{:.3} million", number / MILLION)
}
