//! How Lambda is told why an invocation failed: by the error's own name and text.

use std::any::type_name;
use std::error::Error;

use lambda_runtime::Diagnostic;

/// The error as Lambda shows it: its type's name without path, and its text. Without this, Lambda would be told the name of the box that
/// errors of all types travel in.
pub fn failure<E: Error>(error: E) -> Diagnostic {
    let name = type_name::<E>();
    let name = name.split('<').next().unwrap_or(name);
    let name = name.rsplit("::").next().unwrap_or(name);
    Diagnostic {
        error_type: name.to_owned(),
        error_message: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BatchError;

    #[derive(Debug, thiserror::Error)]
    #[error("of {0}")]
    struct Generic<T>(T);

    #[test]
    fn an_error_has_its_own_name_and_text() {
        let told = failure(BatchError::NotABatch);
        assert_eq!(told.error_type, "BatchError");
        assert_eq!(told.error_message, BatchError::NotABatch.to_string());
        let told = failure(Generic::<std::net::Ipv4Addr>([127, 0, 0, 1].into()));
        assert_eq!(told.error_type, "Generic");
        assert_eq!(told.error_message, "of 127.0.0.1");
    }
}
