//! The dead-letter queue of analytics, for records that nobody can count: each by itself, with the reason beside it.

use aws_wire::sqs::send_message;
use pipeline::aggregate::StreamRecordError;
use pipeline::aggregate::count::DeadLetters;
use pipeline::storage::StoreError;

use crate::Wire;
use crate::error::wire_error;

const SEND: &str = "sqs:SendMessage";

/// The queue in SQS.
#[derive(Clone, Debug)]
pub struct SqsDeadLetters {
    client: Wire,
    url: String,
}

impl SqsDeadLetters {
    /// The queue at `url`.
    pub fn new(client: &Wire, url: impl Into<String>) -> Self {
        Self {
            client: client.clone(),
            url: url.into(),
        }
    }
}

impl DeadLetters for SqsDeadLetters {
    async fn send(&self, record: &str, reason: StreamRecordError) -> Result<(), StoreError> {
        let reason = reason.to_string();
        let attributes = [("reason", reason.as_str())].into_iter().collect();
        let sent = send_message(&self.client, &self.url, record, &attributes).await;
        sent.map_err(|error| wire_error(SEND, &error))
    }
}
