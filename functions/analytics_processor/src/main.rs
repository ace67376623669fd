//! The Lambda that counts what the transactions table's stream tells.
//!
//! Only wiring: configuration, clients, the runtime's loop. What is done to a batch is in `handler.rs` and the `pipeline` crate.

mod handler;

use std::hash::{BuildHasher, RandomState};

use aws_adapters::{Backoff, DynamoAnalytics, SqsDeadLetters, Wire};
use jiff::Timestamp;
use lambda_runtime::Error;
use lambda_setup::{Config, Metrics, failure, serve, start_logging};
use pipeline::aggregate::LANES;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_environment();
    start_logging(config.optional("LOG_LEVEL").as_deref());
    let client = Wire::from_environment()?;
    let store = DynamoAnalytics::new(&client, config.required("ANALYTICS_TABLE")?);
    // In init, where it costs no batch its time.
    store.connect().await;
    let dead_letters = SqsDeadLetters::new(&client, config.required("DEAD_LETTER_QUEUE_URL")?);
    let metrics = Metrics::new(
        config.required("METRICS_NAMESPACE")?,
        config.required("AWS_LAMBDA_FUNCTION_NAME")?,
    );
    let deps = handler::Deps {
        store: &store,
        dead_letters: &dead_letters,
        pause: &Backoff,
        // The standard library seeds its hashers at random; a lane needs no more than that.
        lane: u8::try_from(RandomState::new().hash_one(0) % u64::from(LANES))?,
    };
    let (deps, metrics) = (&deps, &metrics);
    serve(async |event: &str, _: &str| {
        let now = Timestamp::now();
        let report = handler::handle(event, now, deps).await.map_err(failure)?;
        handler::tell(
            &report,
            metrics,
            now.as_millisecond(),
            &mut std::io::stdout().lock(),
        );
        Ok(handler::response(&report))
    })
    .await
}
