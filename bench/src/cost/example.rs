//! What the tests calculate their bills of: a small load, a small stack, and round figures.

use super::prices::list;
use super::*;
use crate::figures::{Kept, Units};

const SHARE: f64 = 0.25;

/// A hundred a second of two providers: batches of 25, of 21 ms, of which one on the processor.
pub(super) fn batches() -> Vec<Batch> {
    vec![Batch {
        records: 25,
        runs: 1,
        body_bytes_mean: 3_000.0,
        cpu_us_per_webhook: 40.0,
        wall_ms_p50: 21.0,
        wall_ms_p99: 30.0,
        calls_per_webhook: 1.0,
        call_bytes_per_webhook: 3_000.0,
        records_per_webhook: 1.5,
        write_units_per_webhook: 1.5,
        units: units(),
        audit_bytes_per_webhook: 200.0,
        log_bytes: 1_568.0,
        log_lines: 2.0,
        peak_rss_mib: 10.0,
        calls: Default::default(),
    }]
}

fn units() -> Units {
    Units {
        events: 1.0,
        movements: 0.5,
        ..Units::default()
    }
}

/// Of 37.5 records a batch.
fn analytics() -> Vec<Analytics> {
    vec![Analytics {
        records: 38,
        runs: 1,
        cpu_ms: 1.0,
        wall_ms_p50: 13.0,
        calls: 2.0,
        events: 25.0,
        write_units: 20.0,
        money_units: 5.0,
        read_units: 2.0,
        log_bytes: 542.0,
        log_lines: 3.0,
        peak_rss_mib: 10.0,
    }]
}

fn lives(processes: u64) -> Lives {
    Lives {
        how: String::new(),
        alone: false,
        processes,
        webhooks: 1,
        units: Units {
            refused: if processes == 1 { 0.0 } else { 0.25 },
            ..units()
        },
        kept: Kept {
            events: 1.0,
            undated: 0.1,
            event_bytes: 900.0,
            movements: 0.4,
            movement_bytes: 700.0,
        },
    }
}

fn cold_start(metrics: u64, metrics_a_provider: u64) -> ColdStart {
    ColdStart {
        function: String::new(),
        runs: 1,
        first_poll_ms_p50: 1.0,
        first_poll_ms_max: 1.0,
        first_poll_cpu_ms_p50: 1.0,
        first_invocation_ms_p50: 1.0,
        binary_mib: 1.0,
        zip_mb: 1.0,
        metrics,
        metrics_a_provider,
    }
}

fn stack() -> Stack {
    Stack {
        alarm_metrics: 30.0,
        alarm_metrics_a_provider: 3.0,
        gateway_metrics: 15.0,
        dashboards: 1.0,
        keys: 2.0,
        rotated_keys: 1.0,
        tables: 2.0,
        buckets: 3.0,
        firewall_rules: 7.0,
        copied_logs: 5.0,
        access_log_bytes: 400.0,
        schedules: 1.0,
    }
}

fn sizing() -> Sizing {
    Sizing {
        batch_size: 500.0,
        window_seconds: 1.0,
        pollers: 4.0,
        stream_batch_size: 100.0,
        stream_window_seconds: 1.0,
        shards: 4.0,
        memory_gb: 0.5,
        dated_days: 90.0,
        undated_days: 400.0,
        movement_days: 400.0,
        days_at_hand: 90.0,
        days_kept: 390.0,
        log_days: 30.0,
    }
}

/// Calls `check` with a model of so many webhooks a second.
pub(crate) fn with<R>(
    per_second: f64,
    one_process: bool,
    check: impl FnOnce(&Model<'_>) -> R,
) -> R {
    let (prices, stack, batches, analytics) = (list(), stack(), batches(), analytics());
    let (lives, starts) = ([lives(1), lives(4)], [cold_start(10, 6), cold_start(6, 0)]);
    let archive = Archive {
        items: 1.0,
        items_per_second: 100_000.0,
        bytes_per_item: 130.0,
        peak_rss_mib: 1.0,
    };
    check(&Model {
        prices: &prices,
        stack: &stack,
        counted: Counted {
            batches: &batches,
            analytics: &analytics,
            lives: &lives,
            cold_starts: &starts,
            archive: Some(&archive),
        },
        sizing: sizing(),
        load: Load {
            per_second,
            providers: 2.0,
            one_process,
        },
        share: SHARE,
    })
}
