//! From the clients' errors to the pipeline's two kinds: worth repeating, or not.

#[cfg(feature = "sdk")]
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use pipeline::storage::StoreError;

/// Service errors that pass by themselves.
/// Source: <https://docs.aws.amazon.com/general/latest/gr/api-retries.html> and each service's "Common errors", read 2026-11-23.
const PASSING: &[&str] = &[
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "KMSThrottlingException",
    "KmsThrottled",
    "LimitExceededException",
    "OperationAborted",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Whether an error code is worth repeating the call for.
pub(crate) fn passes(code: &str) -> bool {
    PASSING.contains(&code)
}

const UNBUILT: &str = "the request could not be built";

fn retryable(call: &'static str, cause: &str) -> StoreError {
    StoreError::Retryable {
        call,
        cause: cause.to_owned(),
    }
}

/// A request that could not be made.
pub(crate) fn unbuilt(call: &'static str) -> StoreError {
    StoreError::Final {
        call,
        cause: UNBUILT.to_owned(),
    }
}

/// What the pipeline is told about an answer that is an error.
fn refused(call: &'static str, status: u16, code: Option<&str>) -> StoreError {
    let code = code.unwrap_or("unknown");
    if passes(code) || status >= 500 {
        return retryable(call, code);
    }
    StoreError::Final {
        call,
        cause: code.to_owned(),
    }
}

/// What the pipeline is told about a call of the small client that failed.
pub(crate) fn wire_error(call: &'static str, error: &aws_wire::Error) -> StoreError {
    match error {
        aws_wire::Error::Refused { status, code, .. } => refused(call, *status, code.as_deref()),
        aws_wire::Error::TimedOut => retryable(call, "time-out"),
        aws_wire::Error::Connection { .. } => retryable(call, "connection"),
        aws_wire::Error::CutOff => retryable(call, "unreadable answer"),
        aws_wire::Error::Unbuilt(_) => unbuilt(call),
    }
}

/// What the pipeline is told about a call of the SDK that failed.
#[cfg(feature = "sdk")]
pub(crate) fn store_error<E, R>(call: &'static str, error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata,
    R: HttpStatus,
{
    match error {
        SdkError::ServiceError(context) => {
            refused(call, context.raw().status_code(), context.err().code())
        }
        SdkError::TimeoutError(_) => retryable(call, "time-out"),
        SdkError::DispatchFailure(_) => retryable(call, "connection"),
        SdkError::ResponseError(_) => retryable(call, "unreadable answer"),
        _ => unbuilt(call),
    }
}

/// The status of a raw answer.
#[cfg(feature = "sdk")]
pub(crate) trait HttpStatus {
    fn status_code(&self) -> u16;
}

#[cfg(feature = "sdk")]
impl HttpStatus for aws_sdk_dynamodb::config::http::HttpResponse {
    fn status_code(&self) -> u16 {
        self.status().as_u16()
    }
}
