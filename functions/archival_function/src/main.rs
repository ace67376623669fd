//! The Lambda that seals the audit log, archives what is sealed and adds up counts.
//!
//! Only wiring: configuration, clients, the runtime's loop. What a task does is in `handler.rs` and the crates `transaction_archive` and
//! `audit_seal`.

// The types of the SDK's calls lie deep inside each other.
#![recursion_limit = "256"]

mod expiry;
mod gaps;
mod handler;
mod sums;
mod task;

use aws_adapters::{
    Backoff, Clients, CloudWatchLogs, DynamoCounts, DynamoReader, KmsSigner, LambdaContinuation,
    S3Objects,
};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use lambda_setup::{Config, Metrics, failure, start_logging};
use pipeline::logs::Log;
use pipeline::storage::Deadline;
use serde_json::value::RawValue;

use crate::task::Task;

/// A record is a dozen small texts, made and dropped again: the C library's allocator takes longer over them than all the rest, musl's most of all.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is kept free at the end of an invocation: one part and its reading back take less.
const MARGIN_MS: i64 = 90_000;

/// The time-out of the invocation, less the margin.
struct TimeOut {
    stop_at_ms: i64,
}

impl Deadline for TimeOut {
    fn reached(&self) -> bool {
        Timestamp::now().as_millisecond() >= self.stop_at_ms
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_environment();
    start_logging(config.optional("LOG_LEVEL").as_deref());
    let clients = Clients::from_environment().await;
    let table = DynamoReader::new(&clients, config.required("TRANSACTIONS_TABLE")?);
    let counts = DynamoCounts::new(&clients, config.required("ANALYTICS_TABLE")?);
    let objects = S3Objects::new(&clients, config.required("AUDIT_BUCKET")?);
    let signer = KmsSigner::new(&clients, config.required("SEAL_KEY_ALIAS")?);
    let name = config.required("AWS_LAMBDA_FUNCTION_NAME")?;
    let itself = LambdaContinuation::new(&clients, name.clone());
    let metrics = Metrics::new(config.required("METRICS_NAMESPACE")?, name);
    let logs = Log::read_list(&config.required("LOG_GROUPS")?)
        .ok_or("LOG_GROUPS is not of the form name=group,name=group: see infra/lib/functions.py")?;
    let cloudwatch = CloudWatchLogs::new(&clients);
    let apis = gaps::https(&config, clients.wire())?;
    let (table, counts, objects, signer) = (&table, &counts, &objects, &signer);
    let (cloudwatch, logs) = (&cloudwatch, logs.as_slice());
    let (itself, metrics, apis) = (&itself, &metrics, &apis);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| async move {
        let task = Task::read(event.payload.get()).map_err(failure)?;
        let deadline_ms = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
        let deadline = TimeOut {
            stop_at_ms: deadline_ms.saturating_sub(MARGIN_MS),
        };
        let deps = handler::Deps {
            cloudwatch,
            logs,
            table,
            counts,
            objects,
            signer,
            apis,
            pause: &Backoff,
            deadline: &deadline,
        };
        let now = Timestamp::now();
        let handled = handler::handle(&task, now, &deps).await;
        handler::tell(
            &handled,
            metrics,
            now.as_millisecond(),
            &mut std::io::stdout().lock(),
        );
        for left in &handled.left {
            itself.go_on(left.event()).await.map_err(failure)?;
        }
        handled.result().map_err(failure)
    }))
    .await
}
