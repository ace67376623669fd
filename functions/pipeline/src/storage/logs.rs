//! CloudWatch Logs, as the daily copy reads them.

use jiff::Timestamp;

use super::StoreError;

/// One event of a log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// When it happened, milliseconds since 1970.
    pub at_ms: i64,
    /// Its log stream.
    pub stream: String,
    /// Its text.
    pub message: String,
}

/// Some events, and how to get those behind them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// In the order of their times. May be empty although there are more.
    pub events: Vec<LogEvent>,
    /// What to ask with for the next page; `None` at the end.
    pub next: Option<String>,
}

/// Log groups.
pub trait LogStore {
    /// The events of a group from `from` to before `to`; `next` is from the page before.
    fn events(
        &self,
        group: &str,
        from: Timestamp,
        to: Timestamp,
        next: Option<&str>,
    ) -> impl Future<Output = Result<LogPage, StoreError>>;
}
