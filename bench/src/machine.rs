//! The machine that it was measured on.

use serde::{Deserialize, Serialize};

/// Where it was measured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Machine {
    /// The processor's own name.
    pub processor: String,
    /// Of them.
    pub cores: u64,
    /// The kernel's.
    pub system: String,
    /// The compiler's.
    pub compiler: String,
}

/// A line of a file of `/proc`.
fn from_file(path: &str, start: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(start))?;
    Some(
        line.split_once(':')
            .map_or(line, |(_, value)| value)
            .trim()
            .to_owned(),
    )
}

impl Machine {
    /// This one.
    pub fn here(compiler: String) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, |cores| cores.get() as u64);
        Self {
            processor: from_file("/proc/cpuinfo", "model name").unwrap_or_default(),
            cores,
            system: from_file("/proc/version", "Linux")
                .and_then(|line| {
                    let release = line.split_whitespace().nth(2)?;
                    Some(format!("Linux {}", release.split('-').next()?))
                })
                .unwrap_or_default(),
            compiler,
        }
    }
}
