//! Lines of S3, CloudTrail and CloudWatch Logs: the audit log, the archive's files, the logs and
//! their copies.

use super::stack::LOG_EVENT_BYTES;
use super::{DAYS_A_MONTH, GB, Line, MILLION, Model};

/// Lambda's own lines of an invocation (`START`, `END`, `REPORT`) with their stamps.
/// Assumed from their published form, not measured.
pub(super) const LAMBDA_LOG_BYTES: f64 = 380.0;
/// A smaller object stays in the standard class.
/// Source: <https://docs.aws.amazon.com/boto3/latest/reference/services/s3/bucketlifecycleconfiguration/transition_default_minimum_object_size.html>,
/// read 2026-11-28.
const MOVED_BYTES_MIN: f64 = 131_072.0;
/// The seal and the archive read an audit object once each.
const AUDIT_READS: f64 = 2.0;
/// Of text that is compressed by zstd. Assumed: the audit log's lines come to less.
const COPY_RATIO: f64 = 0.1;
/// Files of a day: a shard has a part, which is written as pending, copied, and named by a manifest.
const SHARDS: f64 = 32.0;
const PUTS_A_PART: f64 = 3.0;
/// Copies of a log a day: one every ten minutes.
const COPIES_A_DAY: f64 = 144.0;
/// Requests that an S3 bucket key leaves of those to KMS: "up to 99 % less".
/// Source: <https://github.com/aws-samples/s3-bucketkey-poc>, read 2026-11-28.
pub(super) const BUCKET_KEY_SHARE: f64 = 0.01;

impl Model<'_> {
    pub(super) fn files(&self) -> Vec<Line> {
        let mut lines = vec![self.audit_requests(), self.audit_kept()];
        lines.extend(self.archive_files());
        lines.extend([
            self.data_events(),
            self.access_log(),
            self.execution_log(),
            self.function_logs(),
            self.protection(),
            self.logs_kept(),
            self.log_copies(),
        ]);
        lines
    }

    /// US dollars of gigabytes in objects of so many bytes that are kept like evidence.
    pub(super) fn kept_usd(&self, gigabytes: f64, object_bytes: f64) -> f64 {
        let (hand, all) = (self.sizing.days_at_hand, self.sizing.days_kept);
        let months = |days: f64| days / DAYS_A_MONTH;
        if object_bytes < MOVED_BYTES_MIN {
            return gigabytes * self.prices.s3_gb_month.usd * months(all);
        }
        let moved = gigabytes * GB / object_bytes / 1e3 * self.prices.s3_thousand_transitions.usd;
        moved
            + gigabytes
                * (self.prices.s3_gb_month.usd * months(hand)
                    + self.prices.s3_instant_gb_month.usd * months(all - hand))
    }

    /// One object an invocation, which two tasks of the day read.
    pub(super) fn audit_requests(&self) -> Line {
        let objects = self.invocations();
        let puts = objects / 1e3 * self.prices.s3_thousand_puts.usd;
        let gets = objects * AUDIT_READS / 1e3 * self.prices.s3_thousand_gets.usd;
        let quantity = format!("{objects:.0} written, {:.0} read", objects * AUDIT_READS);
        Line::new("S3, audit objects", quantity, puts + gets)
    }

    fn audit_kept(&self) -> Line {
        let bytes = self.of(|batch| batch.audit_bytes_per_webhook);
        let gigabytes = MILLION * bytes / GB;
        let usd = self.kept_usd(gigabytes, bytes * self.records());
        let quantity = format!("{gigabytes:.2} GB for {:.0} days", self.sizing.days_kept);
        Line::new("S3, audit log kept", quantity, usd)
    }

    fn archive_files(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(archive) = self.counted.archive {
            let gigabytes = MILLION * self.kept().events * archive.bytes_per_item / GB;
            let of_a_day = gigabytes * GB * self.millions() / DAYS_A_MONTH / SHARDS;
            let usd = self.kept_usd(gigabytes, of_a_day);
            let later = gigabytes * self.prices.s3_instant_gb_month.usd * 365.0 / DAYS_A_MONTH;
            let quantity = format!(
                "{gigabytes:.2} GB for {:.0} days; each year more {later:.4} USD",
                self.sizing.days_kept
            );
            lines.push(Line::new("S3, archive kept", quantity, usd));
        }
        let puts = SHARDS * PUTS_A_PART * DAYS_A_MONTH;
        let usd = puts / 1e3 * self.prices.s3_thousand_puts.usd;
        lines.push(self.monthly(
            "S3, archive's files",
            format!("{puts:.0} a month written"),
            usd,
        ));
        lines
    }

    /// The trail records what is done to objects of the audit bucket.
    pub(super) fn data_events(&self) -> Line {
        let events = self.invocations() * (1.0 + AUDIT_READS);
        let price = self.prices.cloudtrail_hundred_thousand_data_events.usd;
        let quantity = format!("{events:.0} events");
        Line::new("CloudTrail, data events", quantity, events / 1e5 * price)
    }

    /// Gigabytes of the gateway's access log.
    fn access_log_gb(&self) -> f64 {
        MILLION * self.stack.access_log_bytes / GB
    }

    pub(super) fn access_log(&self) -> Line {
        let gigabytes = self.access_log_gb();
        let usd = gigabytes * self.prices.cloudwatch_gb.usd;
        let quantity = format!(
            "{gigabytes:.2} GB, {:.0} B a line",
            self.stack.access_log_bytes
        );
        Line::new("CloudWatch, access log", quantity, usd)
    }

    /// At its level (`ERROR`) it tells of errors alone.
    fn execution_log(&self) -> Line {
        Line::new(
            "CloudWatch, execution log",
            "of errors alone: nothing".to_owned(),
            0.0,
        )
    }

    /// Gigabytes of the functions' logs: what they write, a stamp for each line, and Lambda's own.
    pub(super) fn function_logs_gb(&self) -> f64 {
        let bytes = |written: f64, lines: f64| written + lines * LOG_EVENT_BYTES + LAMBDA_LOG_BYTES;
        let webhooks = bytes(
            self.of(|batch| batch.log_bytes),
            self.of(|batch| batch.log_lines),
        );
        let counts = bytes(
            self.of_stream(|batch| batch.log_bytes),
            self.of_stream(|batch| batch.log_lines),
        );
        (self.invocations() * webhooks + self.stream_batches() * counts) / GB
    }

    fn function_logs(&self) -> Line {
        let gigabytes = self.function_logs_gb();
        let usd = gigabytes * self.prices.cloudwatch_gb.usd;
        Line::new(
            "CloudWatch, logs of the functions",
            format!("{gigabytes:.2} GB"),
            usd,
        )
    }

    fn logs_gb(&self) -> f64 {
        self.access_log_gb() + self.function_logs_gb()
    }

    /// Each group has a data protection policy.
    fn protection(&self) -> Line {
        let gigabytes = self.logs_gb();
        let usd = gigabytes * self.prices.cloudwatch_protection_gb.usd;
        Line::new(
            "CloudWatch, search for card data",
            format!("{gigabytes:.2} GB"),
            usd,
        )
    }

    /// CloudWatch compresses what it keeps and counts that; here it is counted as it came.
    fn logs_kept(&self) -> Line {
        let gigabytes = self.logs_gb();
        let months = self.sizing.log_days / DAYS_A_MONTH;
        let usd = gigabytes * months * self.prices.cloudwatch_kept_gb_month.usd;
        let quantity = format!("{gigabytes:.2} GB for {:.0} days", self.sizing.log_days);
        Line::new("CloudWatch, logs kept", quantity, usd)
    }

    fn log_copies(&self) -> Line {
        let gigabytes = self.logs_gb() * COPY_RATIO;
        let objects = self.stack.copied_logs * COPIES_A_DAY * DAYS_A_MONTH / self.millions();
        let kept = self.kept_usd(gigabytes, gigabytes * GB / objects);
        let usd = kept + objects / 1e3 * self.prices.s3_thousand_puts.usd;
        let quantity = format!("{objects:.0} objects, {gigabytes:.3} GB");
        Line::new("S3, copies of the logs", quantity, usd)
    }
}
