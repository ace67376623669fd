//! From the SDK's errors to the pipeline's two kinds: worth repeating, or not.

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

/// What the pipeline is told about a failed call.
pub(crate) fn store_error<E, R>(call: &'static str, error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata,
    R: HttpStatus,
{
    let retryable = |cause: &str| StoreError::Retryable {
        call,
        cause: cause.to_owned(),
    };
    match error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or("unknown");
            if passes(code) || context.raw().status_code() >= 500 {
                retryable(code)
            } else {
                StoreError::Final {
                    call,
                    cause: code.to_owned(),
                }
            }
        }
        SdkError::TimeoutError(_) => retryable("time-out"),
        SdkError::DispatchFailure(_) => retryable("connection"),
        SdkError::ResponseError(_) => retryable("unreadable answer"),
        _ => StoreError::Final {
            call,
            cause: "the request could not be built".to_owned(),
        },
    }
}

/// The status of a raw answer.
pub(crate) trait HttpStatus {
    fn status_code(&self) -> u16;
}

impl HttpStatus for aws_sdk_dynamodb::config::http::HttpResponse {
    fn status_code(&self) -> u16 {
        self.status().as_u16()
    }
}
