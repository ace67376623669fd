//! Reads JSON documents: one response of an interface, several behind each other, or an array of
//! them, as pages of a list are collected.

use serde::de::DeserializeOwned;
use serde_json::Deserializer;

use super::ReportError;

/// Reads all pages.
///
/// # Errors
/// [`ReportError::Json`], which says where and never what the parser read.
pub(super) fn pages<P: DeserializeOwned>(
    provider: &'static str,
    text: &str,
) -> Result<Vec<P>, ReportError> {
    let read: Result<Vec<P>, serde_json::Error> = match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text),
        false => Deserializer::from_str(text).into_iter().collect(),
    };
    read.map_err(|error| ReportError::Json {
        provider,
        line: error.line(),
        column: error.column(),
    })
}
