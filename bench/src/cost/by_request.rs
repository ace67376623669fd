//! The usual design, counted with the same prices: API Gateway starts a function for each webhook,
//! which verifies it, puts it into DynamoDB and adds to its sums before it answers.
//!
//! It does less: it has no queue that keeps what it cannot take, no audit log, no archive and no
//! movements, and its sums are not protected from repetitions. It is given the same alarms, metrics,
//! keys and secrets, because whoever runs it watches the same things.

use super::files::LAMBDA_LOG_BYTES;
use super::stack::LOG_EVENT_BYTES;
use super::{DAYS_A_MONTH, GB, Line, MILLION, Model, millions};

/// The usual function, as it was measured.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    /// Processor time of an invocation of one webhook, in microseconds.
    pub cpu_us: f64,
    /// What it waits for in one: the put and the updates, in milliseconds.
    pub waits_ms: f64,
}

/// Rows that are added to for a webhook: its minute, hour and day.
const SUMS: f64 = 3.0;
/// Write units of an event of less than a kilobyte, and of a row.
const WRITE_UNITS: f64 = 1.0 + SUMS;
/// What the function writes for a webhook: a line of its own and its metrics.
const OWN_LOG_BYTES: f64 = 620.0;
const OWN_LOG_LINES: f64 = 2.0;
/// What DynamoDB adds to an item.
const ITEM_OVERHEAD_BYTES: f64 = 100.0;

impl Model<'_> {
    /// The bill of a million webhooks in the usual design.
    pub fn by_request(&self, usual: Usual) -> Vec<Line> {
        let ms = usual.cpu_us / 1e3 / self.share + usual.waits_ms;
        let quantity = format!("{} times {ms:.0} ms", millions(MILLION));
        let mut lines = vec![
            self.gateway(),
            self.answers(),
            Line::new(
                "Lambda, a function a request",
                quantity,
                self.compute(MILLION, ms),
            ),
            self.usual_writes(),
        ];
        lines.extend(self.usual_storage());
        lines.push(self.access_log());
        lines.extend(self.usual_logs());
        lines.extend(self.by_the_month());
        lines
    }

    fn usual_writes(&self) -> Line {
        let units = MILLION * WRITE_UNITS;
        let usd = units / MILLION * self.prices.dynamodb_million_write_units.usd;
        Line::new(
            "DynamoDB, written",
            format!("{} units", millions(units)),
            usd,
        )
    }

    fn usual_storage(&self) -> [Line; 2] {
        let bytes = self.kept().event_bytes + ITEM_OVERHEAD_BYTES;
        let gb_months = MILLION * bytes / GB * self.sizing.dated_days / DAYS_A_MONTH;
        let line = |what: &str, price: f64| {
            Line::new(
                what,
                format!("{gb_months:.2} GB and months"),
                gb_months * price,
            )
        };
        [
            line("DynamoDB, kept", self.prices.dynamodb_gb_month.usd),
            line(
                "DynamoDB, point-in-time recovery",
                self.prices.dynamodb_backup_gb_month.usd,
            ),
        ]
    }

    fn usual_logs(&self) -> [Line; 3] {
        let own =
            MILLION * (OWN_LOG_BYTES + OWN_LOG_LINES * LOG_EVENT_BYTES + LAMBDA_LOG_BYTES) / GB;
        let all = own + MILLION * self.stack.access_log_bytes / GB;
        let months = self.sizing.log_days / DAYS_A_MONTH;
        let line = |what: &str, gigabytes: f64, price: f64| {
            Line::new(what, format!("{gigabytes:.2} GB"), gigabytes * price)
        };
        let prices = self.prices;
        [
            line(
                "CloudWatch, log of the function",
                own,
                prices.cloudwatch_gb.usd,
            ),
            line(
                "CloudWatch, search for card data",
                all,
                prices.cloudwatch_protection_gb.usd,
            ),
            line(
                "CloudWatch, logs kept",
                all * months,
                prices.cloudwatch_kept_gb_month.usd,
            ),
        ]
    }
}
