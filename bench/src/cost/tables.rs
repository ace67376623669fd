//! Lines of DynamoDB: what is written, read, kept and backed up, and what the archive reads.

use super::{DAYS_A_MONTH, GB, Line, MILLION, Model, millions};
use crate::figures::{Kept, Units};

/// DynamoDB adds so many bytes to each item that it stores.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>,
/// read 2026-11-26.
const ITEM_OVERHEAD_BYTES: f64 = 100.0;
/// Bytes that a read unit reads, strongly consistent.
/// Source: <https://aws.amazon.com/dynamodb/pricing/on-demand/>, read 2026-11-28.
const READ_UNIT_BYTES: f64 = 4_096.0;
/// Rows that a provider has in one minute, assumed: four statuses of events, and four kinds of
/// movement in one currency. Bytes of a row with its key, assumed.
const ROWS_A_MINUTE: f64 = 8.0;
const ROW_BYTES: f64 = 200.0;
/// Days that a minute row stays in the analytics table, and a marker.
const MINUTE_DAYS: f64 = 14.0;
const MARKER_DAYS: f64 = 3.0;
/// Bytes of a record's number in its batch's marker.
const MARKER_RECORD_BYTES: f64 = 22.0;

impl Model<'_> {
    pub(super) fn tables(&self) -> Vec<Line> {
        let units = self.units();
        let mut lines = vec![
            self.writes("DynamoDB, events written", MILLION * units.events),
            self.writes(
                "DynamoDB, movements written",
                MILLION * (units.movements + units.refused),
            ),
        ];
        let others = self.other_units();
        if others > 0.0 {
            lines.push(self.writes("DynamoDB, other writes of a webhook", MILLION * others));
        }
        let counts = self.stream_batches();
        let count_writes = counts * self.of_stream(|batch| batch.write_units);
        let count_reads = counts * self.of_stream(|batch| batch.read_units);
        lines.extend([
            self.writes("DynamoDB, analytics written", count_writes),
            self.reads("DynamoDB, analytics read", count_reads),
            self.stream(),
        ]);
        lines.extend(self.kept_in_tables());
        lines.push(self.archive_reads());
        lines
    }

    /// Write units of a webhook. The lives are what providers send; the batches are first tellings,
    /// and stand in where no lives were measured.
    pub(super) fn units(&self) -> Units {
        match self.lives() {
            Some(lives) => lives.units,
            None => self
                .counted
                .batches
                .last()
                .map_or_else(Units::default, |batch| batch.units),
        }
    }

    /// What a webhook writes beside events and movements.
    fn other_units(&self) -> f64 {
        let batch = self.counted.batches.last();
        batch.map_or(0.0, |batch| {
            let Units {
                events,
                movements,
                refused,
                ..
            } = batch.units;
            let others = batch.write_units_per_webhook - events - movements - refused;
            if others < 1e-6 { 0.0 } else { others }
        })
    }

    /// Items of a webhook that stay in the table.
    pub(super) fn kept(&self) -> Kept {
        self.lives().map_or_else(Kept::default, |lives| lives.kept)
    }

    fn writes(&self, what: &str, units: f64) -> Line {
        let usd = units / MILLION * self.prices.dynamodb_million_write_units.usd;
        Line::new(what, format!("{} units", millions(units)), usd)
    }

    fn reads(&self, what: &str, units: f64) -> Line {
        let usd = units / MILLION * self.prices.dynamodb_million_read_units.usd;
        Line::new(what, format!("{} units", millions(units)), usd)
    }

    /// A Lambda function's reads of a stream are not charged, filtered records neither.
    /// Source: <https://aws.amazon.com/dynamodb/pricing/on-demand/>, read 2026-11-28.
    fn stream(&self) -> Line {
        let records = millions(MILLION * self.streamed_each());
        Line::new(
            "DynamoDB, stream read by a function",
            format!("{records} records, free"),
            0.0,
        )
    }

    /// Gigabytes and months of the items of a million webhooks.
    pub(super) fn gb_months(&self) -> (f64, f64, f64) {
        let kept = self.kept();
        let months = |items: f64, bytes: f64, days: f64| {
            MILLION * items * (bytes + ITEM_OVERHEAD_BYTES) / GB * days / DAYS_A_MONTH
        };
        let dated = kept.events - kept.undated;
        let events = months(dated, kept.event_bytes, self.sizing.dated_days)
            + months(kept.undated, kept.event_bytes, self.sizing.undated_days);
        let movements = months(
            kept.movements,
            kept.movement_bytes,
            self.sizing.movement_days,
        );
        // A row takes in what falls into its minute, and is not more than what was streamed.
        let rows_a_minute = (self.load.providers * ROWS_A_MINUTE)
            .min(self.load.per_second * 60.0 * self.streamed_each());
        let rows = rows_a_minute * MILLION / (self.load.per_second * 60.0);
        let counts = months(rows / MILLION, ROW_BYTES, MINUTE_DAYS)
            + months(
                self.streamed_each(),
                MARKER_RECORD_BYTES - ITEM_OVERHEAD_BYTES,
                MARKER_DAYS,
            )
            + months(self.stream_batches() / MILLION, ROW_BYTES, MARKER_DAYS);
        (events, movements, counts)
    }

    fn kept_in_tables(&self) -> Vec<Line> {
        let (events, movements, counts) = self.gb_months();
        let all = events + movements + counts;
        let line = |what: &str, gb_months: f64, price: f64| {
            Line::new(
                what,
                format!("{gb_months:.2} GB and months"),
                gb_months * price,
            )
        };
        let price = self.prices.dynamodb_gb_month.usd;
        let backup = self.prices.dynamodb_backup_gb_month.usd;
        vec![
            line("DynamoDB, events kept", events, price),
            line("DynamoDB, movements kept", movements, price),
            line("DynamoDB, analytics kept", counts, price),
            line("DynamoDB, point-in-time recovery", all, backup),
        ]
    }

    /// The archive reads each event once by its key, strongly consistent: a unit for each begun 4 KB.
    fn archive_reads(&self) -> Line {
        let kept = self.kept();
        let units = MILLION * kept.events * (kept.event_bytes / READ_UNIT_BYTES).ceil();
        self.reads("Archive, items read by key", units)
    }
}
