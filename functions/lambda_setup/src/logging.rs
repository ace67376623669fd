//! Structured logs: one JSON object a line on standard output, which Lambda hands to CloudWatch.

use tracing_subscriber::filter::LevelFilter;

/// Starts logging at `level`: `off`, `error`, `warn`, `info`, `debug` or `trace` in either case,
/// and `info` for anything else. Calling it again changes nothing.
pub fn start_logging(level: Option<&str>) {
    let started = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(level_filter(level))
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

/// One level for everything that logs. Levels for single modules would need patterns, and with them
/// the crates of regular expressions in each function.
fn level_filter(level: Option<&str>) -> LevelFilter {
    let level = level.and_then(|level| level.parse().ok());
    level.unwrap_or(LevelFilter::INFO)
}

/// Payments that a run names in its log one by one.
const NAMED_MAX: usize = 50;

/// Logs payments whose events contradict each other by provider, transaction id and the names of the problems, which hold no amounts:
/// at most fifty lines, then how many more there are.
pub fn log_contradictions<'c>(
    found: impl ExactSizeIterator<Item = (&'c str, &'c str, &'c [String])>,
) {
    let more = found.len().saturating_sub(NAMED_MAX);
    for (provider, transaction_id, problems) in found.take(NAMED_MAX) {
        let problems = problems.join(", ");
        tracing::warn!(
            provider,
            transaction_id,
            problems,
            "events about payment {transaction_id} contradict each other: {problems}"
        );
    }
    if more > 0 {
        tracing::warn!(
            more,
            "events about {more} more payments contradict each other"
        );
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

    #[test]
    fn a_level_is_read_in_either_case_and_anything_else_is_info() {
        for (level, expected) in [
            (Some("off"), LevelFilter::OFF),
            (Some("error"), LevelFilter::ERROR),
            (Some("WARN"), LevelFilter::WARN),
            (Some("info"), LevelFilter::INFO),
            (Some("Debug"), LevelFilter::DEBUG),
            (Some("trace"), LevelFilter::TRACE),
            (Some("loud"), LevelFilter::INFO),
            (Some("debug,hyper=warn"), LevelFilter::INFO),
            (None, LevelFilter::INFO),
        ] {
            assert_eq!(level_filter(level), expected, "{level:?}");
        }
    }

    #[test]
    fn contradictions_are_named_up_to_a_limit() {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt().with_writer(lines.clone()).json();
        let problems = ["amount_differs".to_owned(), "currency_differs".to_owned()];
        let found = vec![("stripe", "stripe:pi_1", problems.as_slice()); NAMED_MAX + 7];
        tracing::subscriber::with_default(subscriber.finish(), || {
            log_contradictions(found.into_iter());
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), NAMED_MAX + 1);
        assert!(
            lines[0]
                .contains("stripe:pi_1 contradict each other: amount_differs, currency_differs")
        );
        assert!(lines[NAMED_MAX].contains("about 7 more payments"));
    }

    /// What is logged, in memory.
    #[derive(Clone, Default)]
    struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl tracing_subscriber::fmt::MakeWriter<'_> for Lines {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }
}
