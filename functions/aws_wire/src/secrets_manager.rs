//! The call to Secrets Manager.
//!
//! Source: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>,
//! read 2026-11-28.

use serde::{Deserialize, Serialize};

use crate::json::Operation;
use crate::{Client, Error, Service};

/// The text of a secret; `None` when it holds bytes.
///
/// # Errors
/// An [`Error`] with the code `ResourceNotFoundException` when there is no such secret.
pub async fn get_secret_value(client: &Client, secret_id: &str) -> Result<Option<String>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input<'i> {
        secret_id: &'i str,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        secret_string: Option<String>,
    }
    let operation = Operation {
        service: Service::SecretsManager,
        target: "secretsmanager.GetSecretValue",
    };
    let output: Output = operation.call(client, &Input { secret_id }).await?;
    Ok(output.secret_string)
}
