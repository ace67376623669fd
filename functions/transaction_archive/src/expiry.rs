//! The last resort: when what is not archived comes near to its expiry, the table's expiry is
//! switched off.
//!
//! Invariant: nothing here switches it on again. A person does, when the archive has caught up.

use pipeline::retry::retrying;
use pipeline::storage::{Expiry, Pause, StoreError};

/// The expiry is switched off when so many days or fewer are left. `infra/limits.json` says the
/// same.
const DAYS_LEFT_STOP: i64 = 7;

/// How the expiry was found and left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guarded {
    /// Whether it is off; `None` when that is not known.
    pub stopped: Option<bool>,
    /// Whether this invocation switched it off.
    pub stopped_now: bool,
    /// What failed.
    pub failures: Vec<StoreError>,
    /// Days until something that is not archived may expire, at least; `None` when that is not
    /// known.
    pub days_left: Option<i64>,
}

/// Looks whether the expiry is off, and switches it off when `days_left` says that it is time. It
/// is tried even when nobody can say whether it is off.
pub async fn guard(days_left: Option<i64>, table: &impl Expiry, pause: &impl Pause) -> Guarded {
    let mut guarded = Guarded {
        days_left,
        ..Guarded::default()
    };
    match retrying(pause, async || table.is_stopped().await).await {
        Ok(stopped) => guarded.stopped = Some(stopped),
        Err(error) => guarded.failures.push(error),
    }
    let is_time = days_left.is_some_and(|days| days <= DAYS_LEFT_STOP);
    if guarded.stopped == Some(true) || !is_time {
        return guarded;
    }
    match retrying(pause, async || table.stop().await).await {
        Ok(()) => (guarded.stopped, guarded.stopped_now) = (Some(true), true),
        Err(error) => {
            // An answer that was lost, and the repetition that found it done.
            let stopped = retrying(pause, async || table.is_stopped().await).await;
            match stopped {
                Ok(true) => (guarded.stopped, guarded.stopped_now) = (Some(true), true),
                _ => guarded.failures.push(error),
            }
        }
    }
    guarded
}

#[cfg(test)]
mod tests {
    use pipeline::memory::{Call, CallFault, Memory, to_the_end};

    use super::*;

    fn look(days_left: Option<i64>, memory: &Memory) -> Guarded {
        to_the_end(guard(days_left, memory, memory)).unwrap()
    }

    #[test]
    fn the_expiry_is_switched_off_at_the_last_and_once() {
        let memory = Memory::new();
        for days in [Some(56), Some(8), None] {
            let guarded = look(days, &memory);
            assert_eq!((guarded.stopped, guarded.stopped_now), (Some(false), false));
        }
        let guarded = look(Some(7), &memory);
        assert_eq!((guarded.stopped, guarded.stopped_now), (Some(true), true));
        assert!(memory.expiry_stopped());
        for days in [Some(-3), Some(56), None] {
            let guarded = look(days, &memory);
            assert_eq!((guarded.stopped, guarded.stopped_now), (Some(true), false));
            assert_eq!(guarded.failures, []);
        }
    }

    #[test]
    fn an_answer_that_is_lost_is_asked_for_again() {
        let memory = Memory::new();
        memory.fail_call(1, CallFault::RetryableAfter);
        let guarded = look(Some(7), &memory);
        assert_eq!((guarded.stopped, guarded.failures.len()), (Some(true), 0));
    }

    #[test]
    fn what_cannot_be_asked_is_switched_off_all_the_same() {
        let memory = Memory::new();
        memory.fail_every(Call::ExpiryRead, CallFault::Final);
        let guarded = look(Some(8), &memory);
        assert_eq!((guarded.stopped, guarded.failures.len()), (None, 1));
        let guarded = look(Some(7), &memory);
        assert_eq!((guarded.stopped, guarded.failures.len()), (Some(true), 1));
        memory.start_expiry();
        memory.fail_every(Call::ExpiryStop, CallFault::Final);
        let guarded = look(Some(7), &memory);
        assert_eq!((guarded.stopped, guarded.failures.len()), (None, 2));
        assert!(!memory.expiry_stopped());
    }

    #[test]
    fn the_days_are_those_of_the_stack() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/limits.json");
        let text = std::fs::read_to_string(path).unwrap();
        let limits: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(limits["archive"]["days_left_stop"], DAYS_LEFT_STOP);
    }
}
