//! What is measured, by name and unit.

use serde::{Deserialize, Serialize};

use crate::standins::Counted;
use crate::table::WriteUnits;

/// What was measured in batches of one size.
pub trait Measured {
    /// How many were in each.
    fn records(&self) -> u64;
}

impl Measured for Batch {
    fn records(&self) -> u64 {
        self.records
    }
}

impl Measured for Analytics {
    fn records(&self) -> u64 {
        self.records
    }
}

/// DynamoDB's write units for a webhook, by what they are for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Units {
    /// Its events' items in the table.
    pub events: f64,
    /// Its movements' items in the table.
    pub movements: f64,
    /// Writes that failed their condition, because the item was there already.
    pub refused: f64,
}

impl Units {
    /// What was counted, for each of so many webhooks.
    pub fn of(counted: &Counted, webhooks: f64) -> Self {
        let mut all = WriteUnits::default();
        counted.values().for_each(|calls| all += calls.write_units);
        let each = |units: u64| units as f64 / webhooks;
        Self {
            events: each(all.events),
            movements: each(all.movements),
            refused: each(all.refused),
        }
    }

    /// All of them.
    pub fn table(&self) -> f64 {
        self.events + self.movements + self.refused
    }
}

/// What a webhook leaves in the table for as long as its items live.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Kept {
    /// Items of events for each webhook.
    pub events: f64,
    /// Those of them without a signed time, which stay longer.
    pub undated: f64,
    /// Bytes of one on average, as DynamoDB counts them.
    pub event_bytes: f64,
    /// Items of movements for each webhook.
    pub movements: f64,
    /// Bytes of one on average.
    pub movement_bytes: f64,
}

/// Batches of one size.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Batch {
    /// Webhooks in it.
    pub records: u64,
    /// How often it was measured.
    pub runs: u64,
    /// Of all bodies.
    pub body_bytes_mean: f64,
    /// User and system, of the whole process.
    pub cpu_us_per_webhook: f64,
    /// From taking the event to the answer's end.
    pub wall_ms_p50: f64,
    /// Of it, the hundredth that took longest.
    pub wall_ms_p99: f64,
    /// Requests to AWS.
    pub calls_per_webhook: f64,
    /// Of their bodies.
    pub call_bytes_per_webhook: f64,
    /// Records, guards included.
    pub records_per_webhook: f64,
    /// DynamoDB's, all of them.
    pub write_units_per_webhook: f64,
    /// The same by what they are for.
    pub units: Units,
    /// Compressed.
    pub audit_bytes_per_webhook: f64,
    /// Bytes that the function logs for a batch.
    #[serde(default)]
    pub log_bytes: f64,
    /// Lines of them.
    #[serde(default)]
    pub log_lines: f64,
    /// The most that was resident since the process began.
    pub peak_rss_mib: f64,
    /// Calls a batch, by kind.
    pub calls: std::collections::BTreeMap<String, f64>,
}

/// Batches of analytics_processor of one size.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Analytics {
    /// Records in it.
    pub records: u64,
    /// How often it was measured.
    pub runs: u64,
    /// A batch.
    pub cpu_ms: f64,
    /// A batch.
    pub wall_ms_p50: f64,
    /// A batch.
    pub calls: f64,
    /// Events in a batch; its other records are movements.
    #[serde(default)]
    pub events: f64,
    /// A batch, all of them.
    pub write_units: f64,
    /// A batch: those of what counts its money.
    #[serde(default)]
    pub money_units: f64,
    /// A batch: a read unit each four kilobytes, at least one a call, and one a key.
    pub read_units: f64,
    /// Bytes that the function logs for a batch.
    #[serde(default)]
    pub log_bytes: f64,
    /// Lines of them.
    #[serde(default)]
    pub log_lines: f64,
    /// The most that was resident.
    pub peak_rss_mib: f64,
}

impl Analytics {
    /// Write units for an event of the batch: of its marker and of what counts events.
    pub fn write_units_per_event(&self) -> f64 {
        (self.write_units - self.money_units) / self.events
    }

    /// Write units for an event of the batch, and for the money that moved with it.
    pub fn write_units_per_webhook(&self) -> f64 {
        self.write_units / self.events
    }

    /// Read units for an event of the batch.
    pub fn read_units_per_event(&self) -> f64 {
        self.read_units / self.events
    }
}

/// Starts of one function.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ColdStart {
    /// Its name.
    pub function: String,
    /// How many.
    pub runs: u64,
    /// From `exec` to the first request for an event, the median.
    pub first_poll_ms_p50: f64,
    /// The slowest.
    pub first_poll_ms_max: f64,
    /// Time on the processor until then, the median.
    pub first_poll_cpu_ms_p50: f64,
    /// The first event, of one record.
    pub first_invocation_ms_p50: f64,
    /// Of the binary.
    pub binary_mib: f64,
    /// Of its zip, in MB of a million bytes.
    pub zip_mb: f64,
    /// Custom metrics of the function as such, by the lines that it wrote for its first event.
    #[serde(default)]
    pub metrics: u64,
    /// Custom metrics of each provider.
    #[serde(default)]
    pub metrics_a_provider: u64,
}

/// A second of the sustained load.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Second {
    /// Since its begin.
    pub at: u64,
    /// Webhooks that wait.
    pub backlog: u64,
    /// Age of the oldest of them, in milliseconds.
    pub lag_ms: f64,
}

/// The sustained load.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Sustained {
    /// Of one processor.
    pub share: f64,
    /// How it is held to it.
    pub means: String,
    /// Webhooks a second that come.
    pub per_second: u64,
    /// How long.
    pub seconds: u64,
    /// Webhooks that were taken in.
    pub done: u64,
    /// From arrival to the answer, all webhooks.
    pub lag_ms_p50: f64,
    /// The slowest hundredth.
    pub lag_ms_p99: f64,
    /// Time on the processor.
    pub cpu_us_per_webhook: f64,
    /// Over time.
    pub curve: Vec<Second>,
}

/// The core by itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Core {
    /// Whose webhook.
    pub provider: String,
    /// Of its body.
    pub bytes: u64,
    /// Signature alone.
    pub verify_us: f64,
    /// Signature, events, masking.
    pub whole_us: f64,
}
