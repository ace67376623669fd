//! A function's process: started as Lambda starts it, measured by the kernel.

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::throttle::signal;

/// A function that was asked to end and has not is killed after this.
const TERMINATED_WITHIN: Duration = Duration::from_secs(60);

/// A running `bootstrap`.
pub struct Function {
    child: Child,
    log: File,
    /// Its process id.
    pub pid: u32,
}

/// What the stack tells each function, with the names of a stack called `bench`.
const VARIABLES: &[(&str, &str)] = &[
    ("TRANSACTIONS_TABLE", "transactions_bench"),
    ("ANALYTICS_TABLE", "analytics_bench"),
    ("AUDIT_BUCKET", "payhook-audit-000000000000-bench"),
    ("SECRET_NAME_PREFIX", "webhook_secret_"),
    ("ENVIRONMENT_SUFFIX", "bench"),
    ("METRICS_NAMESPACE", "payhook"),
    ("SEAL_KEY_ALIAS", "alias/payhook_seal_bench"),
    ("LOG_GROUPS", "access=/aws/apigateway/webhook_api_bench"),
    ("LOG_LEVEL", "info"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
    ("AWS_REGION", "us-east-2"),
    ("AWS_DEFAULT_REGION", "us-east-2"),
    // As long as Lambda's own.
    ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLEEXAMPLE12"),
    (
        "AWS_SECRET_ACCESS_KEY",
        "exampleexampleexampleexampleexampleexamp",
    ),
    (
        "AWS_SESSION_TOKEN",
        "exampleexampleexampleexampleexampleexampleexampleexample",
    ),
];

fn every_provider() -> String {
    let names: Vec<&str> = provider_webhooks::providers::ALL
        .iter()
        .map(|provider| provider.info().name)
        .collect();
    names.join(",")
}

/// A file without a name that one side appends to and the other reads.
fn log_file() -> std::io::Result<(File, File)> {
    static LOGS: AtomicU64 = AtomicU64::new(0);
    let number = LOGS.fetch_add(1, Ordering::Relaxed);
    let name = format!("payhook_bench_{}_{number}.log", std::process::id());
    let path = std::env::temp_dir().join(name);
    let written = File::options().create_new(true).append(true).open(&path)?;
    let read = File::open(&path);
    std::fs::remove_file(&path)?;
    Ok((written, read?))
}

impl Function {
    /// Starts `program` with its arguments as the function of this name.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        program: &Path,
        arguments: &[&Path],
        name: &str,
        runtime_api: SocketAddr,
        aws: SocketAddr,
    ) -> std::io::Result<Self> {
        let queue = format!("http://{aws}/000000000000/queue_bench");
        let (written, log) = log_file()?;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(VARIABLES.iter().copied())
            .env("PROVIDERS", every_provider())
            .env("AWS_LAMBDA_FUNCTION_NAME", format!("{name}_bench"))
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
            .env("AWS_ENDPOINT_URL", format!("http://{aws}"))
            .env("REJECTED_QUEUE_URL", &queue)
            .env("DEAD_LETTER_QUEUE_URL", &queue)
            .stdin(Stdio::null())
            .stdout(Stdio::from(written))
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().unwrap_or_default();
        Ok(Self { child, log, pid })
    }

    /// What it has logged since the last time that this was asked.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn logged(&mut self) -> std::io::Result<String> {
        let mut bytes = Vec::new();
        self.log.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Time on the processor so far, of all threads, user and system.
    pub fn processor_time(&self) -> Duration {
        processor_time(self.pid)
    }

    /// The most that was resident at any time, in bytes.
    /// Source: <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>, read 2026-11-25.
    pub fn peak_rss_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kibibytes * 1_024)
    }

    /// Asks it to end, and waits until it has: what measures it writes down what it found.
    pub async fn terminate(mut self) {
        signal(self.pid, "TERM").await;
        let ended = tokio::time::timeout(TERMINATED_WITHIN, self.child.wait()).await;
        if ended.is_err() {
            let _ = self.child.kill().await;
        }
    }

    /// Ends it.
    pub async fn end(mut self) {
        // It may have ended by itself.
        let _ = self.child.kill().await;
    }
}

/// By the scheduler's own count in nanoseconds, thread by thread.
/// Source: <https://docs.kernel.org/scheduler/sched-stats.html>, read 2026-11-25.
pub fn processor_time(pid: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
    let nanoseconds: u64 = threads
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        })
        .sum();
    Duration::from_nanos(nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_as_it_is_written() {
        use std::io::Write;

        let (mut written, mut read) = log_file().unwrap();
        let mut since = || {
            let mut text = String::new();
            read.read_to_string(&mut text).unwrap();
            text
        };
        written.write_all(b"one\n").unwrap();
        assert_eq!(since(), "one\n");
        written.write_all(b"two\n").unwrap();
        assert_eq!((since().as_str(), since().as_str()), ("two\n", ""));
    }

    #[test]
    fn a_busy_thread_is_counted() {
        let before = processor_time(std::process::id());
        // On a busy machine it takes its time until the kernel has counted some.
        let until = std::time::Instant::now() + Duration::from_secs(20);
        while processor_time(std::process::id()) <= before && std::time::Instant::now() < until {
            std::hint::spin_loop();
        }
        assert!(processor_time(std::process::id()) > before);
        assert_eq!(processor_time(0), Duration::ZERO);
    }
}
