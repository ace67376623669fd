//! Log groups in memory.

use jiff::Timestamp;

use super::{Call, Memory};
use crate::storage::{LogEvent, LogPage, LogStore, StoreError};

/// Events in a page: few, so that tests turn pages.
const PAGE_EVENTS: usize = 3;

impl Memory {
    /// Puts an event into a log group.
    pub fn log(&self, group: &str, at: Timestamp, message: &str) {
        let event = LogEvent {
            at_ms: at.as_millisecond(),
            stream: "s".to_owned(),
            message: message.to_owned(),
        };
        let mut state = self.state();
        let events = state.logs.entry(group.to_owned()).or_default();
        events.push(event);
        events.sort_by_key(|event| event.at_ms);
    }
}

impl LogStore for Memory {
    async fn events(
        &self,
        group: &str,
        from: Timestamp,
        to: Timestamp,
        next: Option<&str>,
    ) -> Result<LogPage, StoreError> {
        self.call(Call::LogEvents, |state| {
            let group = state
                .logs
                .get(group)
                .ok_or_else(|| super::invalid("ResourceNotFoundException"))?;
            let wanted = from.as_millisecond()..to.as_millisecond();
            let skipped = next.and_then(|token| token.parse().ok()).unwrap_or(0);
            let all = group.iter().filter(|event| wanted.contains(&event.at_ms));
            let mut rest = all.skip(skipped);
            let events: Vec<_> = rest.by_ref().take(PAGE_EVENTS).cloned().collect();
            let next = rest.next().map(|_| (skipped + PAGE_EVENTS).to_string());
            Ok(LogPage { events, next })
        })
        .await
    }
}
