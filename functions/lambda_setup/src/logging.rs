//! Structured logs: one JSON object a line on standard output, which Lambda hands to CloudWatch.

use tracing_subscriber::EnvFilter;

/// Starts logging at `level` (`info` when it cannot be read). Calling it again changes nothing.
pub fn start_logging(level: Option<&str>) {
    let filter =
        EnvFilter::try_new(level.unwrap_or("info")).unwrap_or_else(|_| EnvFilter::new("info"));
    let started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starting_twice_or_with_a_bad_level_is_harmless() {
        start_logging(Some("not,,a=level=x"));
        start_logging(Some("debug"));
        start_logging(None);
        assert!(tracing::enabled!(tracing::Level::ERROR));
    }
}
