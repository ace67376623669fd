//! The rejected queue: batches of up to ten messages and one mebibyte.
//!
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>, read 2026-11-23.

use std::ops::Range;

use aws_wire::sqs::{Entry, send_message_batch};
use pipeline::storage::{RejectedMessage, RejectedQueue, StoreError};

use crate::Wire;
use crate::error::wire_error;

const SEND: &str = "sqs:SendMessageBatch";
const ENTRIES_MAX: usize = 10;
const CALL_BYTES_MAX: usize = 1024 * 1024;
/// Names and types of the two attributes count as well.
const ATTRIBUTE_BYTES: usize = "requestString".len() + "rejectString".len();

/// The queue in SQS.
#[derive(Clone, Debug)]
pub struct SqsRejected {
    client: Wire,
    queue_url: String,
}

impl SqsRejected {
    /// The queue at `queue_url`.
    pub fn new(client: &Wire, queue_url: impl Into<String>) -> Self {
        Self {
            client: client.clone(),
            queue_url: queue_url.into(),
        }
    }

    async fn send_batch<'m>(
        &self,
        messages: &'m [RejectedMessage],
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let entry = |(index, message): (usize, &'m RejectedMessage)| Entry {
            id: index.to_string(),
            message_body: message.body.as_str(),
            message_attributes: [
                ("request", message.request.as_str()),
                ("reject", message.reject.as_str()),
            ]
            .into_iter()
            .collect(),
        };
        let entries: Vec<Entry<'_>> = messages.iter().enumerate().map(entry).collect();
        let failed = send_message_batch(&self.client, &self.queue_url, &entries).await;
        let failed = failed.map_err(|error| wire_error(SEND, &error))?;
        let mut results = vec![Ok(()); messages.len()];
        for failed in failed {
            let cause = failed.code;
            let error = if failed.sender_fault {
                StoreError::Final { call: SEND, cause }
            } else {
                StoreError::Retryable { call: SEND, cause }
            };
            if let Some(result) = failed
                .id
                .parse()
                .ok()
                .and_then(|index: usize| results.get_mut(index))
            {
                *result = Err(error);
            }
        }
        Ok(results)
    }
}

/// Splits messages into calls, in order.
fn pack(messages: &[RejectedMessage]) -> Vec<Range<usize>> {
    let mut calls: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (index, message) in messages.iter().enumerate() {
        let size =
            message.body.len() + message.request.len() + message.reject.len() + ATTRIBUTE_BYTES;
        match calls.last_mut() {
            Some(call) if call.len() < ENTRIES_MAX && bytes + size <= CALL_BYTES_MAX => {
                call.end = index + 1;
                bytes += size;
            }
            _ => {
                calls.push(index..index + 1);
                bytes = size;
            }
        }
    }
    calls
}

impl RejectedQueue for SqsRejected {
    async fn send(&self, messages: &[RejectedMessage]) -> Vec<Result<(), StoreError>> {
        let mut results = Vec::with_capacity(messages.len());
        for call in pack(messages) {
            let batch = &messages[call];
            match self.send_batch(batch).await {
                Ok(answers) => results.extend(answers),
                Err(error) => results.extend(vec![Err(error); batch.len()]),
            }
        }
        results
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(sizes: &[usize]) -> Vec<RejectedMessage> {
        let message = |size: &usize| RejectedMessage {
            body: "x".repeat(*size),
            request: "r".into(),
            reject: "j".into(),
        };
        sizes.iter().map(message).collect()
    }

    #[test]
    fn calls_hold_ten_messages_and_a_mebibyte() {
        assert_eq!(pack(&[]), []);
        assert_eq!(pack(&messages(&[1; 12])), [0..10, 10..12]);
        let overhead = ATTRIBUTE_BYTES + 2;
        let half = CALL_BYTES_MAX / 2 - overhead;
        assert_eq!(pack(&messages(&[half, half, 1])), [0..2, 2..3]);
        assert_eq!(pack(&messages(&[half, half + 1])), [0..1, 1..2]);
    }
}
