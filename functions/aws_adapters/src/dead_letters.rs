//! The dead-letter queue of analytics, for records that nobody can count: each by itself, with the reason beside it.

use aws_sdk_sqs::types::MessageAttributeValue;
use pipeline::aggregate::StreamRecordError;
use pipeline::aggregate::count::DeadLetters;
use pipeline::storage::StoreError;

use crate::Clients;
use crate::error::store_error;

const SEND: &str = "sqs:SendMessage";

/// The queue in SQS.
#[derive(Clone, Debug)]
pub struct SqsDeadLetters {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl SqsDeadLetters {
    /// The queue at `url`.
    pub fn new(clients: &Clients, url: impl Into<String>) -> Self {
        Self {
            client: clients.sqs.clone(),
            url: url.into(),
        }
    }
}

impl DeadLetters for SqsDeadLetters {
    async fn send(&self, record: &str, reason: StreamRecordError) -> Result<(), StoreError> {
        let reason = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(reason.to_string())
            .build()
            .map_err(|_| StoreError::Final {
                call: SEND,
                cause: "the request could not be built".to_owned(),
            })?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(record)
            .message_attributes("reason", reason)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| store_error(SEND, &error))
    }
}
