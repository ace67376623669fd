//! Why nothing could be judged, in words that name the file and say what to do.

use std::io;
use std::path::PathBuf;

/// Why there is no judgement. Every variant ends the program with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder that was named cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The graph is not a graph.
    #[error("{path} is not a resource graph: {fault}. `make graph OUT=file` writes one")]
    Graph {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        fault: String,
    },
    /// The pack as a whole.
    #[error("{path} is not a policy pack: {fault}")]
    Pack {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A policy file that Rego refuses.
    #[error("{file} does not compile: {fault}")]
    Compile {
        /// The policy file.
        file: String,
        /// What the engine said.
        fault: String,
    },
    /// A rule that could not be what it looks like.
    #[error("{file}, line {line}: {rule}: {fault}")]
    Rule {
        /// The policy file.
        file: String,
        /// Where the rule starts.
        line: u64,
        /// Its name.
        rule: String,
        /// What is wrong and what to do.
        fault: String,
    },
    /// A rule that failed while it judged a resource.
    #[error("{file}: {rule} cannot judge {resource}: {fault}")]
    Evaluate {
        /// The policy file.
        file: String,
        /// The rule.
        rule: String,
        /// URN of the resource, or of the stack.
        resource: String,
        /// What the engine said.
        fault: String,
    },
    /// The configuration of the rules.
    #[error("{path} is not a configuration of rules: {fault}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A line of changes on standard input.
    #[error("line {line} of standard input is no change of the graph: {fault}")]
    Batch {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        fault: String,
    },
    /// Standard input.
    #[error("cannot read standard input: {0}")]
    Input(#[source] io::Error),
    /// Standard output.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

impl Error {
    /// Whether the reader of our output went away.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(e) if e.kind() == io::ErrorKind::BrokenPipe)
    }
}
