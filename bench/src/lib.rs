//! Measures payhook and says what it costs. Speed decides no test: this prints figures, and budgets beside them.

pub mod baseline;
pub mod budget;
pub mod core;
pub mod cost;
pub mod counts;
pub mod drive;
pub mod figures;
pub mod floor;
pub mod lives;
pub mod logged;
pub mod machine;
pub mod measure;
pub mod money;
pub mod plot;
pub mod process;
pub mod report;
pub mod run;
mod running;
pub mod runtime_api;
pub mod standins;
pub mod table;
pub mod text;
pub mod throttle;
pub mod workload;
