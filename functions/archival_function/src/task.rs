//! What an invocation is asked to do, and the invocation after it.

use jiff::civil::Date;
use pipeline::logs::Cursor as LogCursor;
use serde::{Deserialize, Serialize};
use transaction_archive::contradictions::Cursor as PaymentsCursor;
use transaction_archive::run::Cursor;

/// How often a task may go on in another invocation: ten minutes each. More is a fault, not work.
const CONTINUATIONS_MAX: u32 = 500;

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Task {
    /// What the schedule asks for: copy the logs, seal up to yesterday, archive what is sealed and
    /// old enough, judge the payments of the day before yesterday, add up the minutes of every day
    /// that could have changed.
    Daily {
        /// Where the copying of logs stopped in the invocation before this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<LogCursor>,
        /// How often it has gone on already.
        #[serde(default, skip_serializing_if = "is_zero")]
        continued: u32,
    },
    /// Copy the logs of the days from `first` to `last`, both included.
    Logs {
        /// The first day.
        first: Date,
        /// The last day.
        last: Date,
        /// Where the invocation before this one stopped.
        #[serde(default)]
        from: Option<LogCursor>,
        /// How often it has gone on already.
        #[serde(default)]
        continued: u32,
    },
    /// Seal the audit log up to a day.
    Seal {
        /// The last day.
        day: Date,
        /// How often it has gone on already.
        #[serde(default)]
        continued: u32,
    },
    /// Archive what is sealed of the days from `first` to `last`, both included.
    Archive {
        /// The first day.
        first: Date,
        /// The last day.
        last: Date,
        /// Also what was sealed less than an hour ago. A record that is inserted at this moment may
        /// then be missed: only where no webhook of these days is under way.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        at_once: bool,
        /// Where the invocation before this one stopped.
        #[serde(default)]
        from: Option<Cursor>,
        /// How often it has gone on already.
        #[serde(default)]
        continued: u32,
    },
    /// Judge the payments of which an event was received on a day: do the events contradict each other?
    Payments {
        /// The day.
        day: Date,
        /// Where the invocation before this one stopped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<PaymentsCursor>,
        /// How often it has gone on already.
        #[serde(default)]
        continued: u32,
    },
    /// Add up the minutes of the analytics table to hours and days.
    Sums {
        /// The day; the last one where there are several.
        day: Date,
        /// The first of several days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Date>,
        /// How often it has gone on already.
        #[serde(default)]
        continued: u32,
    },
    /// Compare what a provider lists of a day with what is stored.
    Gaps {
        /// The provider.
        provider: String,
        /// The day; without one the last that the provider sends nothing of any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        day: Option<Date>,
    },
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's form.
fn is_zero(continued: &u32) -> bool {
    *continued == 0
}

/// Why an event is not a task. Such an invocation fails and ends in the dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TaskError {
    /// Not one of the forms above.
    #[error(
        "the event is no task: {{\"task\":\"daily\"}}, {{\"task\":\"logs\",\"first\":…,\"last\":…}}, {{\"task\":\"seal\",\"day\":…}}, {{\"task\":\"archive\",\"first\":…,\"last\":…}}, {{\"task\":\"payments\",\"day\":…}}, {{\"task\":\"sums\",\"day\":…}} or {{\"task\":\"gaps\",\"provider\":…}}"
    )]
    NotATask,
    /// It has gone on too often.
    #[error("the task went on {0} times without an end: see its log for what it repeats")]
    WithoutEnd(u32),
}

impl Task {
    /// What the schedule asks for.
    #[cfg(test)]
    pub(crate) const DAILY: Self = Self::Daily {
        from: None,
        continued: 0,
    };

    /// Judge the payments of a day, from its beginning.
    pub(crate) fn payments(day: Date) -> Self {
        Self::Payments {
            day,
            from: None,
            continued: 0,
        }
    }

    /// Reads an event.
    ///
    /// # Errors
    /// A [`TaskError`].
    pub(crate) fn read(event: &str) -> Result<Self, TaskError> {
        let task: Self = serde_json::from_str(event).map_err(|_| TaskError::NotATask)?;
        match task.continued() {
            more if more > CONTINUATIONS_MAX => Err(TaskError::WithoutEnd(more)),
            _ => Ok(task),
        }
    }

    /// How often it has gone on already.
    pub(crate) fn continued(&self) -> u32 {
        match self {
            Self::Daily { continued, .. }
            | Self::Logs { continued, .. }
            | Self::Seal { continued, .. }
            | Self::Archive { continued, .. }
            | Self::Payments { continued, .. }
            | Self::Sums { continued, .. } => *continued,
            // Whole or not at all.
            Self::Gaps { .. } => 0,
        }
    }

    /// The event of an invocation.
    pub(crate) fn event(&self) -> String {
        // Names, dates and numbers: cannot fail; an empty event is refused by whoever gets it.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_go_round_and_the_schedules_event_is_one() {
        assert_eq!(Task::read("{\"task\":\"daily\"}"), Ok(Task::DAILY));
        assert_eq!(Task::DAILY.event(), "{\"task\":\"daily\"}");
        let day: Date = "2026-01-02".parse().unwrap();
        let cursor = LogCursor {
            day,
            log: "access".to_owned(),
            minutes: 20,
        };
        for task in [
            Task::DAILY,
            Task::Daily {
                from: Some(cursor.clone()),
                continued: 2,
            },
            Task::Logs {
                first: day,
                last: day,
                from: Some(cursor),
                continued: 1,
            },
            Task::Seal { day, continued: 3 },
            Task::Archive {
                first: day,
                last: day,
                at_once: true,
                from: Some(Cursor {
                    day,
                    inventory: "03-00000001-0123456789abcdef".to_owned(),
                }),
                continued: 1,
            },
            Task::Payments {
                day,
                from: Some(PaymentsCursor {
                    after: "audit/dt=2026-01-02/hh=03/i.jsonl.zst".to_owned(),
                }),
                continued: 1,
            },
            Task::Sums {
                day,
                since: None,
                continued: 0,
            },
            Task::Sums {
                day,
                since: Some(day),
                continued: 1,
            },
            Task::Gaps {
                provider: "stripe".to_owned(),
                day: None,
            },
            Task::Gaps {
                provider: "stripe".to_owned(),
                day: Some(day),
            },
        ] {
            assert_eq!(Task::read(&task.event()), Ok(task));
        }
    }

    #[test]
    fn what_is_no_task_is_refused() {
        for event in [
            "",
            "{}",
            "{\"task\":\"weekly\"}",
            "{\"task\":\"seal\"}",
            "{\"task\":\"payments\"}",
            "{\"task\":\"sums\"}",
            "{\"task\":\"gaps\"}",
            "{\"task\":\"seal\",\"day\":\"2026-02-30\"}",
            "{\"task\":\"daily\",\"force\":true}",
            "{\"task\":\"archive\",\"first\":\"2026-01-02\",\"last\":\"2026-01-02\",\"young\":true}",
        ] {
            assert_eq!(Task::read(event), Err(TaskError::NotATask), "{event}");
        }
        let event = "{\"task\":\"seal\",\"day\":\"2026-01-02\",\"continued\":501}";
        assert_eq!(Task::read(event), Err(TaskError::WithoutEnd(501)));
    }
}
