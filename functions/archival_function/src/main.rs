//! The Lambda that will archive old transactions and seal the audit log.
//!
//! Not finished, and it does not pretend: every invocation fails with an error that says so, which raises the function's alarm.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use lambda_setup::{Config, start_logging};
use serde_json::value::RawValue;

const NOT_FINISHED: &str =
    "archival_function is not finished: it archives nothing and seals nothing";

/// Refuses every event.
async fn refuse(_event: LambdaEvent<Box<RawValue>>) -> Result<(), Error> {
    tracing::error!("{NOT_FINISHED}");
    Err(NOT_FINISHED.into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging(Config::from_environment().optional("LOG_LEVEL").as_deref());
    lambda_runtime::run(service_fn(refuse)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_event_is_refused_and_the_error_says_why() {
        let payload = RawValue::from_string("{}".to_owned()).unwrap();
        let error = refuse(LambdaEvent::new(payload, Default::default()))
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), NOT_FINISHED);
    }
}
