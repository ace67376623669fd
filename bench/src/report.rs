//! What was measured, as a file and as tables a person reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::baseline::Baseline;
use crate::budget::Judged;
use crate::figures::{Analytics, Batch, ColdStart, Core, Sustained, Units};
use crate::floor::Floor;
use crate::lives::Lives;
use crate::machine::Machine;
use crate::money::Money;
use crate::text::{figure, table, thousands};

/// The archive's own bench.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Archive {
    /// How many were archived.
    pub items: f64,
    /// Of one core's time.
    pub items_per_second: f64,
    /// In Parquet.
    pub bytes_per_item: f64,
    /// Resident at most.
    pub peak_rss_mib: f64,
}

/// Everything.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    /// UTC.
    pub measured_at: String,
    /// Where.
    pub machine: Machine,
    /// Of the stand-ins, milliseconds.
    pub latency_ms: BTreeMap<&'static str, f64>,
    /// The core.
    pub core: Vec<Core>,
    /// What no implementation gets below, measured in the same run.
    pub floor: Floor,
    /// By size.
    pub batches: Vec<Batch>,
    /// The usual function beside it, where an interpreter was given.
    pub baseline: Option<Baseline>,
    /// Write units of whole lives; the first is judged.
    pub lives: Vec<Lives>,
    /// Megabytes of the largest event, and what was resident at most.
    pub largest_event: (f64, f64),
    /// The counter, by size.
    pub analytics: Vec<Analytics>,
    /// By function.
    pub cold_starts: Vec<ColdStart>,
    /// One process on its share.
    pub sustained: Sustained,
    /// The archive.
    pub archive: Option<Archive>,
    /// The bills.
    #[serde(flatten)]
    pub money: Money,
    /// Beside what was measured.
    pub budgets: Vec<Judged>,
}

/// The archive's bench, from what it printed; `None` when it printed something else.
pub fn archive_printed(text: &str) -> Option<Archive> {
    let value = |name: &str| -> Option<f64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        line[name.len()..].split_whitespace().next()?.parse().ok()
    };
    Some(Archive {
        items: value("items of one day")?,
        items_per_second: value("items a second of one core")?,
        bytes_per_item: value("bytes of an item in Parquet")?,
        peak_rss_mib: value("peak resident memory")?,
    })
}

/// Beside the write units of the mix that everything but the lives is measured with.
const FIRST_TELLINGS: &str = "First tellings are dearer than the lives: each webhook is of another payment, so each pays for a movement's item of its own, \
which the second to sixth webhook of a payment's movement does not.";

impl Results {
    /// The tables.
    pub fn tables(&self) -> String {
        let batches: Vec<Vec<String>> = self
            .batches
            .iter()
            .map(|b| {
                vec![
                    thousands(b.records as i64),
                    figure(b.cpu_us_per_webhook),
                    figure(self.floor.multiple(b.cpu_us_per_webhook)),
                    figure(b.wall_ms_p50),
                    figure(b.wall_ms_p99),
                    format!("{:.3}", b.calls_per_webhook),
                    figure(b.call_bytes_per_webhook),
                    figure(b.audit_bytes_per_webhook),
                    figure(b.write_units_per_webhook),
                    figure(b.peak_rss_mib),
                ]
            })
            .collect();
        let cold: Vec<Vec<String>> = self
            .cold_starts
            .iter()
            .map(|c| {
                vec![
                    c.function.clone(),
                    figure(c.first_poll_ms_p50),
                    figure(c.first_poll_ms_max),
                    figure(c.first_poll_cpu_ms_p50),
                    figure(self.floor.multiple(c.first_poll_cpu_ms_p50 * 1e3)),
                    figure(c.first_invocation_ms_p50),
                    figure(c.binary_mib),
                    figure(c.zip_mb),
                ]
            })
            .collect();
        let core: Vec<Vec<String>> = self
            .core
            .iter()
            .map(|c| {
                vec![
                    c.provider.clone(),
                    thousands(c.bytes as i64),
                    figure(c.verify_us),
                    figure(c.whole_us),
                    figure(self.floor.multiple(c.whole_us)),
                ]
            })
            .collect();
        let s = &self.sustained;
        let backlog = s
            .curve
            .iter()
            .map(|second| second.backlog)
            .max()
            .unwrap_or_default();
        let analytics: Vec<Vec<String>> = self
            .analytics
            .iter()
            .map(|a| {
                vec![
                    thousands(a.records as i64),
                    figure(a.cpu_ms),
                    figure(self.floor.multiple(a.cpu_ms * 1e3)),
                    figure(a.wall_ms_p50),
                    figure(a.calls),
                    figure(a.write_units),
                    figure(a.write_units_per_event()),
                    figure(a.write_units_per_webhook()),
                    figure(a.read_units_per_event()),
                    figure(a.peak_rss_mib),
                ]
            })
            .collect();
        format!(
            "{}\nThe core, alone (µs)\n{}\nwebhook_processor, by webhooks in a batch\n{}\n{}\n\
             An event of {:.1} MB: {} MiB resident at most.\n\n\
             analytics_processor, by records in a batch\n{}\n\
             Cold starts\n{}\n\
             {} webhooks a second for {} s to one process on {} of a processor ({}): {} taken in, lag {} ms (p50), {} ms (p99), at most {} waiting, {} µs of processor time each, {} floors.\n\n\
             {}\n{}",
            self.floor_parts(),
            table(&["provider", "bytes", "verify", "all", "floors"], &core),
            table(
                &[
                    "webhooks",
                    "cpu µs each",
                    "floors",
                    "ms p50",
                    "ms p99",
                    "calls each",
                    "bytes sent",
                    "audit bytes",
                    "write units",
                    "MiB"
                ],
                &batches
            ),
            self.baseline_table() + &self.write_units(),
            self.largest_event.0,
            figure(self.largest_event.1),
            table(
                &[
                    "records",
                    "cpu ms",
                    "floors",
                    "ms p50",
                    "calls",
                    "write units",
                    "an event",
                    "with its money",
                    "read units an event",
                    "MiB"
                ],
                &analytics
            ),
            table(
                &[
                    "function",
                    "first poll ms",
                    "slowest",
                    "cpu ms",
                    "floors",
                    "first event ms",
                    "binary MiB",
                    "zip MB"
                ],
                &cold
            ),
            thousands(s.per_second as i64),
            s.seconds,
            s.share,
            s.means,
            thousands(s.done as i64),
            figure(s.lag_ms_p50),
            figure(s.lag_ms_p99),
            thousands(backlog as i64),
            figure(s.cpu_us_per_webhook),
            figure(self.floor.multiple(s.cpu_us_per_webhook)),
            self.money.tables(),
            self.budget_table(),
        )
    }

    /// The usual function, and payhook on the same webhooks.
    fn baseline_table(&self) -> String {
        let Some(baseline) = &self.baseline else {
            return String::new();
        };
        let row = |who: &str, records: u64, cpu_us: f64, calls: String| {
            let floors = figure(self.floor.multiple(cpu_us));
            vec![
                who.to_owned(),
                records.to_string(),
                figure(cpu_us),
                floors,
                calls,
            ]
        };
        let ours = row(
            "payhook",
            100,
            baseline.ours_cpu_us_per_webhook,
            String::new(),
        );
        let usual = baseline.usual.iter().map(|usual| {
            let calls = format!("{:.2}", usual.calls_per_webhook);
            row("Python", usual.records, usual.cpu_us_per_webhook, calls)
        });
        let rows: Vec<Vec<String>> = std::iter::once(ours).chain(usual).collect();
        let head = [
            "of its providers",
            "webhooks",
            "cpu µs each",
            "floors",
            "calls each",
        ];
        format!("{}\n", table(&head, &rows))
    }

    /// The floor, part by part.
    fn floor_parts(&self) -> String {
        let Floor {
            hash_us,
            scan_us,
            zstd_us,
            record_us,
            loopback_us,
        } = self.floor;
        let [hash, scan, zstd, record, loopback, all] = [
            hash_us,
            scan_us,
            zstd_us,
            record_us,
            loopback_us,
            self.floor.us(),
        ]
        .map(figure);
        format!(
            "The floor of a webhook (µs): hashes {hash} + scan {scan} + zstd {zstd} + record {record} + \
             loopback {loopback} = {all}\n"
        )
    }

    /// Write units per webhook: of whole lives, the mix as providers send it, and of the mix that the rest is measured with.
    fn write_units(&self) -> String {
        let line = |of: String, units: &Units| {
            let Units {
                events,
                movements,
                refused,
            } = units;
            format!(
                "Write units per webhook {of}: event {events:.3} + movement {movements:.3} + refused {refused:.3} = {:.3} of the table.\n",
                units.table()
            )
        };
        let lives = self.lives.iter().map(|lives| {
            let Lives { how, webhooks, .. } = lives;
            line(format!("of whole lives, {webhooks} {how}"), &lives.units)
        });
        let firsts = self.batches.last().map(|batch| {
            let size = thousands(batch.records as i64);
            let of = format!("of first tellings, {size} in a batch");
            line(of, &batch.units) + FIRST_TELLINGS + "\n"
        });
        lives.chain(firsts).collect()
    }

    /// The budgets.
    pub fn budget_table(&self) -> String {
        let rows: Vec<Vec<String>> = self
            .budgets
            .iter()
            .map(|judged| {
                let verdict = match judged.within {
                    Some(true) => "within",
                    Some(false) => "OVER",
                    None => "not measured",
                };
                vec![
                    judged.what.clone(),
                    format!("{} {}", figure(judged.budget), judged.unit),
                    judged.goal.map(figure).unwrap_or_default(),
                    judged.measured.map(figure).unwrap_or_default(),
                    verdict.to_owned(),
                ]
            })
            .collect();
        table(&["budget", "", "goal", "measured", ""], &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archives_own_words_are_read() {
        let text = "items of one day                1000000\nitems a second of one core      117112 (core)   >= 100000\n\
                    peak resident memory            152 MiB   < 256 MiB\nbytes of an item in Parquet     131.4\n";
        let archive = archive_printed(text).unwrap();
        assert_eq!(
            (archive.items_per_second, archive.bytes_per_item),
            (117_112.0, 131.4)
        );
        assert!(archive_printed("something else").is_none());
    }
}
