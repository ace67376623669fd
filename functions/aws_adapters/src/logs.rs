//! CloudWatch Logs, read in the order of the events' times.

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use jiff::Timestamp;
use pipeline::storage::{LogEvent, LogPage, LogStore, StoreError};

use crate::Clients;
use crate::error::store_error;

pub(crate) const FILTER: &str = "logs:FilterLogEvents";

/// The log groups of an account and region.
#[derive(Clone, Debug)]
pub struct CloudWatchLogs {
    client: aws_sdk_cloudwatchlogs::Client,
}

impl CloudWatchLogs {
    /// With these clients' configuration.
    pub fn new(clients: &Clients) -> Self {
        Self {
            client: aws_sdk_cloudwatchlogs::Client::new(&clients.config),
        }
    }
}

fn event(event: FilteredLogEvent) -> LogEvent {
    LogEvent {
        at_ms: event.timestamp.unwrap_or_default(),
        stream: event.log_stream_name.unwrap_or_default(),
        message: event.message.unwrap_or_default(),
    }
}

impl LogStore for CloudWatchLogs {
    /// A page is a mebibyte or ten thousand events at the most, and may be empty although there are more.
    /// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>, read 2026-11-27.
    async fn events(
        &self,
        group: &str,
        from: Timestamp,
        to: Timestamp,
        next: Option<&str>,
    ) -> Result<LogPage, StoreError> {
        let page = self
            .client
            .filter_log_events()
            .log_group_name(group)
            .start_time(from.as_millisecond())
            // Inclusive.
            .end_time(to.as_millisecond() - 1)
            .set_next_token(next.map(str::to_owned))
            .send()
            .await
            .map_err(|error| store_error(FILTER, &error))?;
        Ok(LogPage {
            events: page
                .events
                .unwrap_or_default()
                .into_iter()
                .map(event)
                .collect(),
            next: page.next_token,
        })
    }
}
