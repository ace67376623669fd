//! Hands rejected messages to the rejected queue, from where they can be verified again with their original receipt time.
//!
//! Invariant: a rejected message is acknowledged only when the rejected queue holds it. A send whose answer was lost is repeated,
//! so the queue may hold a message twice; it never holds it less than once.
//!
//! Source: `ARCHITECTURE.md`, "Rejected queue message".

use crate::IngestError;
use crate::message::{IncomingMessage, Origin};
use crate::storage::{Pause, RejectedMessage, RejectedQueue, StoreError};

/// The message for the rejected queue. A message without a `request` attribute has an empty one here; SQS takes no empty
/// attribute, so the queue's adapter leaves it out.
pub(crate) fn rejected_message(message: &IncomingMessage<'_>, reason: &str) -> RejectedMessage {
    let origin = Origin {
        reason: reason.to_owned(),
        // Rejected once more it is still the message that came then.
        message_id: message
            .first_message_id
            .unwrap_or(message.message_id)
            .to_owned(),
        received_at_ms: message.received_at_ms,
        archive_asked: message.archive_asked,
    };
    RejectedMessage {
        body: message.body.to_owned(),
        request: message.request.unwrap_or_default().to_owned(),
        reject: origin.encode(),
    }
}

/// Sends `messages` and returns for each, in order, whether the queue holds it.
pub(crate) async fn send_all(
    messages: Vec<RejectedMessage>,
    attempts_max: u32,
    queue: &impl RejectedQueue,
    pause: &impl Pause,
) -> Vec<Result<(), IngestError>> {
    let mut results: Vec<Option<Result<(), IngestError>>> = vec![None; messages.len()];
    let mut positions: Vec<usize> = (0..messages.len()).collect();
    let mut open = messages;
    let mut attempts = 0;
    while !open.is_empty() {
        if attempts > 0 {
            pause.before(attempts).await;
        }
        attempts += 1;
        let mut answers = queue.send(&open).await.into_iter();
        let mut next = Vec::new();
        let mut next_positions = Vec::new();
        for (message, position) in open.into_iter().zip(positions) {
            // A queue that answers for too few has not said that it holds the others.
            let answer = answers.next().unwrap_or_else(unanswered);
            let repeat =
                matches!(answer, Err(StoreError::Retryable { .. })) && attempts < attempts_max;
            if repeat {
                next.push(message);
                next_positions.push(position);
            } else if let Some(slot) = results.get_mut(position) {
                *slot = Some(answer.map_err(|cause| IngestError::RejectUnsent { attempts, cause }));
            }
        }
        open = next;
        positions = next_positions;
    }
    let unsent = || unanswered().map_err(|cause| IngestError::RejectUnsent { attempts, cause });
    results
        .into_iter()
        .map(|result| result.unwrap_or_else(unsent))
        .collect()
}

fn unanswered() -> Result<(), StoreError> {
    Err(StoreError::Retryable {
        call: "SendMessageBatch",
        cause: "no answer for the message".to_owned(),
    })
}
