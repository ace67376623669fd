//! The gate before a deployment: evaluates a Rego policy pack on a resource graph, with the input that Pulumi's OPA runtime would give it.
//!
//! Invariant: what cannot be judged is an error. No fault of the graph, the pack or the evaluation ends as "no violations".
//!
//! The runtime's behaviour was read in `cmd/pulumi-analyzer-policy-opa/{policy,eval,analyzer}.go` of
//! <https://github.com/pulumi/pulumi-policy-opa> at 21197b6, 8c5017b and 65efe9c, on 2026-11-25. Where these revisions differ, a pack must
//! pass under each of them: a name that an older one would skip is refused here.

pub mod batch;
pub mod cli;
mod compiled;
mod error;
pub mod graph;
mod input;
mod judge;
mod metadata;
mod pack;
mod report;
mod table;

pub use error::Error;
pub use judge::{Finding, Judge};
pub use pack::{Level, Pack, Rule, Scope};
