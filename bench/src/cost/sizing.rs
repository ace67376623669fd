//! What `infra/limits.json` decides about the bill: batches, windows, and for how long things are kept.

use serde_json::Value;

/// A limit that the bill needs is not where it is looked for.
#[derive(Debug, thiserror::Error)]
#[error("infra/limits.json has no number at {0}")]
pub struct SizingError(String);

/// Sizes, windows and days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizing {
    /// Webhooks in a batch of the queue at most.
    pub batch_size: f64,
    /// Seconds that a batch of the queue waits for more.
    pub window_seconds: f64,
    /// Invocations that the queue starts at a time.
    pub pollers: f64,
    /// Records in a batch of the stream at most.
    pub stream_batch_size: f64,
    /// Seconds that a batch of the stream waits for more.
    pub stream_window_seconds: f64,
    /// Shards of the stream: one for each partition of the table.
    pub shards: f64,
    /// Gigabytes that a function has.
    pub memory_gb: f64,
    /// Days that a dated event stays in the table.
    pub dated_days: f64,
    /// Days that an undated event stays there.
    pub undated_days: f64,
    /// Days that a movement stays there: as long as an undated event.
    pub movement_days: f64,
    /// Days that evidence is in the bucket's standard class.
    pub days_at_hand: f64,
    /// Days that evidence is kept.
    pub days_kept: f64,
    /// Days that CloudWatch keeps a log.
    pub log_days: f64,
}

/// A new table takes so many write units a second, and a partition so many of them.
/// Sources: see `infra/capacity.py`.
const NEW_TABLE_WRITE_UNITS: f64 = 4_000.0;
const PARTITION_WRITE_UNITS: f64 = 1_000.0;

impl Sizing {
    /// The limits of the least `capacity` that is enough for so many webhooks a second, or of the
    /// greatest one.
    ///
    /// # Errors
    /// A [`SizingError`] that names the limit that is missing.
    pub fn of(limits: &Value, per_second: f64) -> Result<Self, SizingError> {
        let number = |pointer: &str| {
            let found = limits.pointer(pointer).and_then(Value::as_f64);
            found.ok_or_else(|| SizingError(pointer.to_owned()))
        };
        let capacities = limits["capacity"].as_object().into_iter().flatten();
        let mut sizes: Vec<u32> = capacities
            .filter_map(|(name, _)| name.parse().ok())
            .collect();
        sizes.sort_unstable();
        let enough = sizes.iter().find(|size| f64::from(**size) >= per_second);
        let size = enough
            .or(sizes.last())
            .ok_or_else(|| SizingError("/capacity".to_owned()))?;
        let warm = limits.pointer(&format!("/capacity/{size}/warm_throughput/write_units"));
        let write_units = warm
            .and_then(Value::as_f64)
            .unwrap_or(NEW_TABLE_WRITE_UNITS);
        let batch_size = number("/webhook_queue/batch_size")?;
        let grace = number("/archive/grace_days")?;
        Ok(Self {
            batch_size,
            window_seconds: number("/webhook_queue/batching_window_seconds")?,
            pollers: number(&format!("/capacity/{size}/maximum_concurrency"))?,
            stream_batch_size: number("/stream/batch_size")?,
            stream_window_seconds: number("/stream/batching_window_seconds")?,
            shards: write_units / PARTITION_WRITE_UNITS,
            memory_gb: number("/function/memory_mb")? / 1_024.0,
            dated_days: number("/archive/table_days")? + grace,
            undated_days: number("/archive/undated_table_days")? + grace,
            movement_days: number("/archive/movement_table_days")? + grace,
            days_at_hand: number("/audit/days_at_hand")?,
            days_kept: number("/audit/days_kept")?,
            log_days: number("/logs/retention_days")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_gets_the_least_capacity_that_is_enough() {
        let limits = serde_json::json!({
            "capacity": {
                "400": {"maximum_concurrency": 4, "warm_throughput": null},
                "2000": {"maximum_concurrency": 20, "warm_throughput": {"write_units": 6000}},
            },
            "webhook_queue": {"batch_size": 500, "batching_window_seconds": 1},
            "stream": {"batch_size": 100, "batching_window_seconds": 2},
            "function": {"memory_mb": 512},
            "archive": {
                "table_days": 90, "undated_table_days": 400, "movement_table_days": 400, "grace_days": 14
            },
            "audit": {"days_at_hand": 90, "days_kept": 400},
            "logs": {"retention_days": 30},
        });
        let of = |per_second| Sizing::of(&limits, per_second).unwrap();
        assert_eq!((of(1.0).pollers, of(1.0).shards), (4.0, 4.0));
        assert_eq!((of(400.0).pollers, of(401.0).pollers), (4.0, 20.0));
        assert_eq!((of(9_999.0).pollers, of(9_999.0).shards), (20.0, 6.0));
        assert_eq!(of(1.0).memory_gb, 0.5);
        let missing = Sizing::of(&serde_json::json!({"capacity": {"400": {}}}), 1.0);
        assert_eq!(
            missing.unwrap_err().to_string(),
            "infra/limits.json has no number at /webhook_queue/batch_size"
        );
    }

    #[test]
    fn the_limits_of_the_stack_have_every_number() {
        let limits = include_str!("../../../infra/limits.json");
        let limits: Value = serde_json::from_str(limits).unwrap();
        for per_second in [1.0, 1_000.0, 10_000.0] {
            assert!(Sizing::of(&limits, per_second).is_ok());
        }
    }
}
