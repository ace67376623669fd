//! The calls to SQS.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>,
//! read 2026-11-28.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::json::Operation;
use crate::{Client, Error, Service};

/// A message's attributes, all of them texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Attributes<'a>(BTreeMap<&'static str, Attribute<'a>>);

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute<'a> {
    string_value: &'a str,
    data_type: &'static str,
}

impl<'a> FromIterator<(&'static str, &'a str)> for Attributes<'a> {
    /// An empty text is left out: SQS knows none.
    fn from_iter<I: IntoIterator<Item = (&'static str, &'a str)>>(texts: I) -> Self {
        let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
        let attribute = |string_value| Attribute {
            string_value,
            data_type: "String",
        };
        Self(texts.map(|(name, text)| (name, attribute(text))).collect())
    }
}

impl Attributes<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A message of a batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Entry<'e> {
    /// Its name in the batch.
    pub id: String,
    /// Its body.
    pub message_body: &'e str,
    /// Its attributes.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub message_attributes: Attributes<'e>,
}

/// A message that the queue did not take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct FailedEntry {
    /// Its name in the batch.
    pub id: String,
    /// Why.
    pub code: String,
    /// Whether it would fail again.
    pub sender_fault: bool,
}

const fn operation(target: &'static str) -> Operation {
    Operation {
        service: Service::Sqs,
        target,
    }
}

/// Sends up to ten messages; gives those that the queue did not take.
///
/// # Errors
/// An [`Error`] of the whole call.
pub async fn send_message_batch(
    client: &Client,
    queue_url: &str,
    entries: &[Entry<'_>],
) -> Result<Vec<FailedEntry>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input<'i> {
        queue_url: &'i str,
        entries: &'i [Entry<'i>],
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        failed: Option<Vec<FailedEntry>>,
    }
    let operation = operation("AmazonSQS.SendMessageBatch");
    let output: Output = operation
        .call(client, &Input { queue_url, entries })
        .await?;
    Ok(output.failed.unwrap_or_default())
}

/// Sends one message.
///
/// # Errors
/// An [`Error`].
pub async fn send_message(
    client: &Client,
    queue_url: &str,
    body: &str,
    attributes: &Attributes<'_>,
) -> Result<(), Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input<'i> {
        queue_url: &'i str,
        message_body: &'i str,
        #[serde(skip_serializing_if = "Attributes::is_empty")]
        message_attributes: &'i Attributes<'i>,
    }
    #[derive(Deserialize)]
    struct Output {}
    let input = Input {
        queue_url,
        message_body: body,
        message_attributes: attributes,
    };
    let Output {} = operation("AmazonSQS.SendMessage")
        .call(client, &input)
        .await?;
    Ok(())
}
