//! The door's API keys, as an operator sees them.
//!
//! Sources: <https://docs.aws.amazon.com/apigateway/latest/api/API_GetApiKeys.html> and `API_UpdateApiKey.html`, read 2026-11-26.

use aws_sdk_apigateway::types::{Op, PatchOperation};
use jiff::Timestamp;
use pipeline::storage::StoreError;

use crate::Clients;
use crate::error::store_error;

const LIST: &str = "apigateway:GET /apikeys";
const PATCH: &str = "apigateway:PATCH /apikeys";

/// One key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, which the access log has.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The key itself: a credential.
    pub value: String,
    /// Whether it opens the door.
    pub enabled: bool,
    /// Its description.
    pub note: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for ApiKey {
    /// Without the value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiKey({}, {})", self.id, self.name)
    }
}

/// The keys whose names begin so, with their values.
///
/// # Errors
/// A [`StoreError`].
pub async fn api_keys(clients: &Clients, name_start: &str) -> Result<Vec<ApiKey>, StoreError> {
    let client = aws_sdk_apigateway::Client::new(&clients.config);
    let call = client
        .get_api_keys()
        .name_query(name_start)
        .include_values(true);
    let mut pages = call.into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| store_error(LIST, &error))?;
        for key in page.items.unwrap_or_default() {
            let created = key
                .created_date
                .and_then(|time| Timestamp::from_second(time.secs()).ok());
            keys.push(ApiKey {
                id: key.id.unwrap_or_default(),
                name: key.name.unwrap_or_default(),
                value: key.value.unwrap_or_default(),
                enabled: key.enabled,
                note: key.description.unwrap_or_default(),
                created_at: created.unwrap_or(Timestamp::UNIX_EPOCH),
            });
        }
    }
    Ok(keys)
}

/// Switches a key on or off, and writes down why.
///
/// # Errors
/// A [`StoreError`].
pub async fn switch_api_key(
    clients: &Clients,
    id: &str,
    enabled: bool,
    note: &str,
) -> Result<(), StoreError> {
    let replace = |path: &str, value: &str| {
        PatchOperation::builder()
            .op(Op::Replace)
            .path(path)
            .value(value)
            .build()
    };
    let switched = if enabled { "true" } else { "false" };
    aws_sdk_apigateway::Client::new(&clients.config)
        .update_api_key()
        .api_key(id)
        .patch_operations(replace("/enabled", switched))
        .patch_operations(replace("/description", note))
        .send()
        .await
        .map(|_| ())
        .map_err(|error| store_error(PATCH, &error))
}
