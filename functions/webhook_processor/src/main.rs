//! The Lambda that takes webhooks off the queue: verify, parse, mask, audit, insert. It also answers the handshakes of providers, because it knows their secrets.
//!
//! Only wiring: configuration, clients, the runtime's loop. What is done to a batch is in `handler.rs` and the `pipeline` crate.

mod handler;
mod handshake;
mod served;

use aws_adapters::{
    Backoff, DynamoTransactions, HttpsCertificates, S3Audit, SecretsManager, SqsRejected, Wire,
};
use lambda_runtime::Error;
use lambda_setup::{BatchResponse, Config, Metrics, failure, serve, start_logging};
use pipeline::{Deps, Limits, Remembered};
use serde::Serialize;

/// What an invocation ends with.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    /// To Lambda, for the queue.
    Batch(BatchResponse),
    /// To the gateway, for the provider.
    Handshake(handshake::HttpAnswer),
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::from_environment();
    start_logging(config.optional("LOG_LEVEL").as_deref());
    let client = Wire::from_environment()?;
    let transactions = DynamoTransactions::new(&client, config.required("TRANSACTIONS_TABLE")?);
    let audit = S3Audit::new(&client, config.required("AUDIT_BUCKET")?);
    let rejected = SqsRejected::new(&client, config.required("REJECTED_QUEUE_URL")?);
    let secrets = SecretsManager::new(
        &client,
        config.required("SECRET_NAME_PREFIX")?,
        config.required("ENVIRONMENT_SUFFIX")?,
        served::served(&config.required("PROVIDERS")?)?,
    );
    let certificates = HttpsCertificates::new();
    let metrics = Metrics::new(
        config.required("METRICS_NAMESPACE")?,
        config.required("AWS_LAMBDA_FUNCTION_NAME")?,
    );

    // Opened in init and at the same time. The secrets are read with the first event: those of its providers alone.
    tokio::join!(transactions.connect(), audit.connect());

    let remembered = Remembered::default();
    let deps = Deps {
        transactions: &transactions,
        remembered: &remembered,
        audit: &audit,
        rejected: &rejected,
        secrets: &secrets,
        certificates: &certificates,
        pause: &Backoff,
    };
    let limits = Limits::default();
    let (deps, limits, metrics) = (&deps, &limits, &metrics);
    serve(async |event: &str, invocation_id: &str| {
        let handled = match handler::handle(event, invocation_id, deps, limits).await {
            Ok(handled) => handled,
            Err(error) => {
                let answer = handshake::answer(event, deps.secrets).await;
                return answer.map(Answer::Handshake).ok_or_else(|| failure(error));
            }
        };
        handler::tell(
            &handled,
            metrics,
            jiff::Timestamp::now().as_millisecond(),
            &mut std::io::stdout().lock(),
        );
        Ok(Answer::Batch(handled.response))
    })
    .await
}
