//! Holds a process to a share of one processor, as Lambda holds a function with 512 MB to 0.29: so much time a period, then nothing until the next.
//!
//! By a control group where this user may make one, else by stopping the process once it has used its share.
//! Source: <https://docs.kernel.org/scheduler/sched-bwc.html>, read 2026-11-26.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::process::processor_time;

/// As Linux has it by default.
const PERIOD: Duration = Duration::from_millis(100);
const LOOK: Duration = Duration::from_millis(1);
const GROUPS: &str = "/sys/fs/cgroup/cpu";

/// What holds the process; it is free again once this is dropped.
pub enum Throttle {
    /// A control group of the first version.
    Group(PathBuf),
    /// Signals.
    Signals(JoinHandle<()>),
}

impl Throttle {
    /// Holds `pid` to `share` of a processor.
    pub fn hold(pid: u32, share: f64) -> Self {
        Self::by_group(pid, share).unwrap_or_else(|| Self::by_signals(pid, share))
    }

    /// How, in words.
    pub const fn means(&self) -> &'static str {
        match self {
            Self::Group(_) => "a control group",
            Self::Signals(_) => "stopping it once it has used its share of each tenth of a second",
        }
    }

    fn by_group(pid: u32, share: f64) -> Option<Self> {
        let group = PathBuf::from(format!("{GROUPS}/payhook_bench_{pid}"));
        std::fs::create_dir(&group).ok()?;
        let made = Self::Group(group.clone());
        let quota = PERIOD.mul_f64(share).as_micros();
        for (file, value) in [
            ("cpu.cfs_period_us", PERIOD.as_micros().to_string()),
            ("cpu.cfs_quota_us", quota.to_string()),
            ("cgroup.procs", pid.to_string()),
        ] {
            std::fs::write(group.join(file), value).ok()?;
        }
        Some(made)
    }

    fn by_signals(pid: u32, share: f64) -> Self {
        let budget = PERIOD.mul_f64(share);
        Self::Signals(tokio::spawn(async move {
            loop {
                let (begun, used) = (Instant::now(), processor_time(pid));
                while begun.elapsed() < PERIOD && processor_time(pid).saturating_sub(used) < budget
                {
                    sleep(LOOK).await;
                }
                if begun.elapsed() < PERIOD {
                    signal(pid, "STOP").await;
                    sleep_until(begun + PERIOD).await;
                    signal(pid, "CONT").await;
                }
            }
        }))
    }
}

/// Sends a process the signal of this name.
pub(crate) async fn signal(pid: u32, name: &str) {
    // A process that has ended needs none.
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .await;
}

impl Drop for Throttle {
    fn drop(&mut self) {
        match self {
            // Only once its process has ended; what is left is empty.
            Self::Group(group) => drop(std::fs::remove_dir(group)),
            Self::Signals(task) => task.abort(),
        }
    }
}
