//! The SDK's clients, built once when the function or the command line starts.

use std::time::SystemTime;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_wire::{ATTEMPTS_MAX, Config, Endpoints, Timeouts};

use crate::Wire;

/// The pipeline repeats calls itself; the SDK repeats once for what a single packet lost.
pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX)
}

pub(crate) fn timeouts(timeouts: Timeouts) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(timeouts.connect)
        .operation_attempt_timeout(timeouts.attempt)
        .operation_timeout(timeouts.call)
        .build()
}

/// A client for each service that is called often; the others are made from the configuration where they are needed.
#[derive(Clone, Debug)]
pub struct Clients {
    pub(crate) config: SdkConfig,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    #[cfg(feature = "operator")]
    pub(crate) sqs: aws_sdk_sqs::Client,
    #[cfg(feature = "operator")]
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
    wire: Wire,
}

impl Clients {
    /// Clients from the environment: region and credentials of the function's role, and `AWS_ENDPOINT_URL` where it is set.
    pub async fn from_environment() -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(retries())
            .timeout_config(timeouts(Timeouts::STANDARD))
            .load()
            .await;
        Self::new(&config)
    }

    /// The region that is configured; `None` when nobody said.
    pub fn region(&self) -> Option<&str> {
        self.config.region().map(AsRef::as_ref)
    }

    /// The small client with the same region, endpoint and credentials: for the adapters that the functions share
    /// with the command line, whose credentials may come from a profile and expire.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Clients from a configuration.
    pub fn new(config: &SdkConfig) -> Self {
        // A single local endpoint has no host name per bucket.
        let path_style = config.endpoint_url().is_some();
        let s3 = aws_sdk_s3::config::Builder::from(config)
            .force_path_style(path_style)
            .build();
        let region = config.region().map(AsRef::as_ref).unwrap_or_default();
        let wire = Config {
            region: str::to_owned(region),
            endpoints: Endpoints::from_variables(|name| match name {
                "AWS_ENDPOINT_URL" => config.endpoint_url().map(str::to_owned),
                // The SDK reads those of its own services, too.
                own => std::env::var(own).ok(),
            }),
            credentials: config.credentials_provider(),
            timeouts: Timeouts::STANDARD,
            clock: SystemTime::now,
        };
        Self {
            config: config.clone(),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            #[cfg(feature = "operator")]
            sqs: aws_sdk_sqs::Client::new(config),
            #[cfg(feature = "operator")]
            secrets: aws_sdk_secretsmanager::Client::new(config),
            wire: Wire::new(wire),
        }
    }
}
