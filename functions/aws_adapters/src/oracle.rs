//! The SDK as the judge of `aws_wire`: every call and every failure goes through both, and what was
//! sent, how often, and what the pipeline is told must be the same.

// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod calls;
mod failures;
mod requests;
mod sdk_calls;
mod server;
mod signature;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::Credentials;
use aws_smithy_async::time::StaticTimeSource;
use aws_wire::{Config, Endpoints, Timeouts};

use crate::{Clients, Wire, clients};

const REGION: &str = "us-east-2";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// The time at which both sign: 2026-11-28T05:06:07Z.
fn fixed() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_842_367)
}

fn credentials(token: bool) -> Credentials {
    let token = token.then(|| "IQoJb3JpZ2luX2VjEJr//////////wEaCXVz+EXAMPLE==".to_owned());
    Credentials::new("AKIDEXAMPLE", SECRET, token, None, "oracle")
}

/// A region that no other client of the process has: the SDK's clients share their budget for
/// repetitions by service and region.
fn region_of_its_own() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Long enough for the slowest machine: what a test is about happens before them.
const PATIENT: Timeouts = Timeouts {
    connect: Duration::from_secs(60),
    attempt: Duration::from_secs(120),
    call: Duration::from_secs(300),
};

/// The SDK for one endpoint, with the retries of the functions.
async fn sdk(endpoint: &str, region: &str, token: bool, timeouts: Timeouts) -> Clients {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(credentials(token))
        .time_source(StaticTimeSource::new(fixed()))
        .retry_config(clients::retries())
        .timeout_config(clients::timeouts(timeouts))
        .endpoint_url(endpoint);
    Clients::new(&loader.load().await)
}

/// The small client for one endpoint.
fn wire(endpoint: &str, region: &str, token: bool, timeouts: Timeouts) -> Wire {
    Wire::new(Config {
        region: region.to_owned(),
        endpoints: Endpoints::general(Some(endpoint.to_owned())),
        credentials: Some(SharedCredentialsProvider::new(credentials(token))),
        timeouts,
        clock: fixed,
    })
}
