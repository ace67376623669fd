//! Lines of what is paid by the request: the gateway, the queue, the functions.

use super::{GB, Line, MILLION, Model, SECONDS_A_MONTH, at, millions, stretched};
use crate::figures::Analytics;

/// Bytes of the gateway's answer with its headers. Assumed, not measured: the body has 17 bytes.
pub(super) const ANSWER_BYTES: f64 = 500.0;

/// SQS counts every begun 64 KB of what is sent, received or deleted as a request (`prices.json`).
const SQS_REQUEST_BYTES: f64 = 65_536.0;
/// Bytes of a message beside its body: the attribute `request`. Assumed, not measured.
const ATTRIBUTE_BYTES: f64 = 600.0;
/// A call receives, and deletes, ten messages at most.
const SQS_BATCH: f64 = 10.0;
/// Receives a second of one poller, which is documented for the provisioned mode and taken to be the
/// same in the standard mode, and the pollers that this starts with (`infra/capacity.py`).
const RECEIVES_A_SECOND: f64 = 10.0;
const POLLERS_MIN: f64 = 5.0;
/// Seconds that a receive waits for a message at most; pollers are taken to wait as long.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/best-practices-setting-up-long-polling.html>,
/// read 2026-11-28.
const LONG_POLL_SECONDS: f64 = 20.0;

impl Model<'_> {
    pub(super) fn requests(&self) -> Vec<Line> {
        let mut lines = vec![
            self.gateway(),
            self.answers(),
            self.queue(),
            self.empty_receives(),
            self.webhook_processor(),
            self.analytics_processor(),
        ];
        lines.extend(self.archival_function());
        lines
    }

    pub(super) fn gateway(&self) -> Line {
        let usd = self.prices.gateway_million(self.millions());
        Line::new("API Gateway, requests", millions(MILLION), usd)
    }

    pub(super) fn answers(&self) -> Line {
        let gigabytes = MILLION * ANSWER_BYTES / GB;
        let usd = gigabytes * self.prices.data_out_gb.usd;
        Line::new(
            "Data transfer, the gateway's answers",
            format!("{gigabytes:.2} GB"),
            usd,
        )
    }

    /// Messages that a receive brings: what came to a poller since its last one. It does not wait
    /// for ten.
    fn received_each(&self) -> f64 {
        (self.load.per_second / (self.sizing.pollers * RECEIVES_A_SECOND)).clamp(1.0, SQS_BATCH)
    }

    pub(super) fn queue(&self) -> Line {
        let message_bytes = self.of(|batch| batch.body_bytes_mean) + ATTRIBUTE_BYTES;
        let parts = |messages: f64| (messages * message_bytes / SQS_REQUEST_BYTES).ceil();
        let sends = MILLION * parts(1.0);
        let receives = MILLION / self.received_each() * parts(self.received_each());
        let deletes = MILLION / self.records().min(SQS_BATCH);
        let all = sends + receives + deletes;
        let usd = all / MILLION * self.prices.sqs_million_requests.usd;
        Line::new(
            "SQS, messages sent, received and deleted",
            millions(all),
            usd,
        )
    }

    /// A poller that gets nothing for as long as a receive waits. Webhooks are taken to come at
    /// random to each of the pollers.
    pub(super) fn empty_receives(&self) -> Line {
        let pollers = self.sizing.pollers.max(POLLERS_MIN);
        let rate = self.load.per_second / pollers;
        let nothing_came = (-rate * LONG_POLL_SECONDS).exp();
        let empty_a_second = pollers * rate * nothing_came / (1.0 - nothing_came);
        let empty = empty_a_second / self.load.per_second * MILLION;
        let usd = empty / MILLION * self.prices.sqs_million_requests.usd;
        Line::new("SQS, empty receives", millions(empty), usd)
    }

    /// US dollars of so many invocations of a function of so many milliseconds.
    pub(super) fn compute(&self, times: f64, ms: f64) -> f64 {
        times / MILLION * self.prices.lambda_million_requests.usd
            + times * ms / 1e3 * self.sizing.memory_gb * self.prices.lambda_gb_second.usd
    }

    pub(super) fn webhook_processor(&self) -> Line {
        let times = self.invocations();
        let cpu_ms = self.of(|batch| batch.cpu_us_per_webhook) * self.records() / 1e3;
        let ms = stretched(self.of(|batch| batch.wall_ms_p50), cpu_ms, self.share);
        let quantity = format!("{times:.0} times {ms:.0} ms");
        Line::new(
            "Lambda, webhook_processor",
            quantity,
            self.compute(times, ms),
        )
    }

    /// Records of the stream that a webhook causes: every write but a refused one.
    pub(super) fn streamed_each(&self) -> f64 {
        let units = self.lives().map(|lives| &lives.units);
        units.map_or(1.0, |units| units.events + units.movements)
    }

    /// Records in a batch of the stream: what comes within the window in one shard.
    pub(super) fn stream_records(&self) -> f64 {
        let sizing = &self.sizing;
        let streamed = self.load.per_second * self.streamed_each();
        (streamed * sizing.stream_window_seconds / sizing.shards)
            .clamp(1.0, sizing.stream_batch_size)
    }

    /// Batches of the stream for a million webhooks.
    pub(super) fn stream_batches(&self) -> f64 {
        MILLION * self.streamed_each() / self.stream_records()
    }

    /// The figure of `analytics_processor` at the size of its batches.
    pub(super) fn of_stream(&self, value: impl Fn(&Analytics) -> f64) -> f64 {
        at(self.counted.analytics, self.stream_records(), value)
    }

    pub(super) fn analytics_processor(&self) -> Line {
        let times = self.stream_batches();
        let (wall_ms, cpu_ms) = (
            self.of_stream(|batch| batch.wall_ms_p50),
            self.of_stream(|batch| batch.cpu_ms),
        );
        let ms = stretched(wall_ms, cpu_ms, self.share);
        let quantity = format!("{times:.0} times {ms:.0} ms");
        Line::new(
            "Lambda, analytics_processor",
            quantity,
            self.compute(times, ms),
        )
    }

    /// By its own bench, which measures the core and not what it waits for: a second of waiting for
    /// each second of work is added.
    fn archival_function(&self) -> Option<Line> {
        let archive = self.counted.archive?;
        let items = MILLION * self.kept().events;
        let ms = items / archive.items_per_second / self.share * 2.0 * 1e3;
        // Daily: the task itself, its log copies, seal, archive and payments.
        let times = 5.0 * 30.0 / self.millions();
        let usd = self.compute(times, 0.0) + self.compute(1.0, ms);
        let quantity = format!("{times:.1} times, {:.1} s in all", ms / 1e3);
        Some(Line::new("Lambda, archival_function", quantity, usd))
    }

    /// Environments of `webhook_processor` that are kept busy.
    pub(super) fn environments(&self) -> f64 {
        if self.load.one_process {
            1.0
        } else {
            self.sizing.pollers
        }
    }

    /// How often in a month something happens that happens every five minutes.
    pub(super) fn five_minutes_a_month() -> f64 {
        SECONDS_A_MONTH / 300.0
    }
}
