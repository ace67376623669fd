//! Lines of what is paid by the month, whether anything comes or not.

use super::files::BUCKET_KEY_SHARE;
use super::{DAYS_A_MONTH, Line, Model};

/// Roles that read or write a table: the three functions. DynamoDB is assumed to ask for a table's key
/// every five minutes for each.
const ROLES_A_TABLE: f64 = 3.0;
/// Requests for the webhook queue's key in each five minutes, for which SQS reuses a data key:
/// R = B / D × (2 × P + C) with one producer and one consumer.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html>,
/// read 2026-11-28.
const QUEUE_REQUESTS: f64 = 3.0;

impl Model<'_> {
    pub(super) fn by_the_month(&self) -> Vec<Line> {
        vec![
            self.metrics(),
            self.alarms(),
            self.dashboards(),
            self.keys(),
            self.key_requests(),
            self.secrets(),
            self.secret_requests(),
            self.schedules(),
        ]
    }

    /// Custom metrics: what the functions were seen to publish, and the gateway's.
    pub(super) fn metrics(&self) -> Line {
        let starts = self.counted.cold_starts;
        let fixed: f64 = starts.iter().map(|start| start.metrics as f64).sum();
        let each: f64 = starts
            .iter()
            .map(|start| start.metrics_a_provider as f64)
            .sum();
        let all = fixed + each * self.load.providers + self.stack.gateway_metrics;
        let usd = all * self.prices.cloudwatch_metric_month.usd;
        self.monthly("CloudWatch, metrics", format!("{all:.0} a month"), usd)
    }

    pub(super) fn alarms(&self) -> Line {
        let stack = self.stack;
        let all = stack.alarm_metrics + stack.alarm_metrics_a_provider * self.load.providers;
        let usd = all * self.prices.cloudwatch_alarm_metric_month.usd;
        self.monthly(
            "CloudWatch, metrics of alarms",
            format!("{all:.0} a month"),
            usd,
        )
    }

    fn dashboards(&self) -> Line {
        let all = self.stack.dashboards;
        let usd = all * self.prices.cloudwatch_dashboard_month.usd;
        self.monthly("CloudWatch, dashboards", format!("{all:.0} a month"), usd)
    }

    /// With the versions that two rotations leave, which is as many as are charged.
    pub(super) fn keys(&self) -> Line {
        let versions = self.stack.keys + 2.0 * self.stack.rotated_keys;
        let usd = versions * self.prices.kms_key_month.usd;
        self.monthly("KMS, keys", format!("{versions:.0} versions a month"), usd)
    }

    pub(super) fn key_requests(&self) -> Line {
        let times = Self::five_minutes_a_month();
        let tables = self.stack.tables * ROLES_A_TABLE;
        let cached = times * (tables + QUEUE_REQUESTS) + self.secret_reads();
        let objects = self.invocations() * self.millions() * BUCKET_KEY_SHARE;
        let all = cached + objects;
        let usd = all / 1e4 * self.prices.kms_ten_thousand_requests.usd;
        self.monthly("KMS, requests", format!("{all:.0} a month"), usd)
    }

    pub(super) fn secrets(&self) -> Line {
        let usd = self.load.providers * self.prices.secret_month.usd;
        let quantity = format!("{:.0} a month", self.load.providers);
        self.monthly("Secrets Manager, secrets", quantity, usd)
    }

    /// Reads of secrets in a month, each environment all of them.
    fn secret_reads(&self) -> f64 {
        Self::five_minutes_a_month() * self.load.providers * self.environments()
    }

    fn secret_requests(&self) -> Line {
        let reads = self.secret_reads();
        let usd = reads / 1e4 * self.prices.secret_ten_thousand_requests.usd;
        self.monthly(
            "Secrets Manager, requests",
            format!("{reads:.0} a month"),
            usd,
        )
    }

    fn schedules(&self) -> Line {
        let times = self.stack.schedules * DAYS_A_MONTH;
        let usd = times / 1e6 * self.prices.eventbridge_million_schedules.usd;
        self.monthly("EventBridge, schedule", format!("{times:.0} a month"), usd)
    }
}
