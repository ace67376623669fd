//! Repeating a call while that helps.

use crate::storage::{Pause, StoreError};

/// Attempts at one call.
const ATTEMPTS_MAX: u32 = 5;

/// Repeats a call while its error says that this helps, a few times.
///
/// # Errors
/// The last [`StoreError`].
pub async fn retrying<V>(
    pause: &impl Pause,
    call: impl AsyncFn() -> Result<V, StoreError>,
) -> Result<V, StoreError> {
    let mut attempt = 1;
    loop {
        match call().await {
            Err(StoreError::Retryable { .. }) if attempt < ATTEMPTS_MAX => {
                pause.before(attempt).await;
                attempt += 1;
            }
            done => return done,
        }
    }
}
