//! What the command line reads and no function does: the depth of queues.

use aws_sdk_sqs::types::QueueAttributeName;
use pipeline::storage::StoreError;

use crate::Clients;
use crate::error::store_error;

const ATTRIBUTES: &str = "sqs:GetQueueAttributes";

/// Messages in a queue, waiting or with a function; SQS calls the number approximate.
///
/// # Errors
/// A [`StoreError`].
pub async fn queue_depth(clients: &Clients, queue: &str) -> Result<u64, StoreError> {
    let url = clients.sqs.get_queue_url().queue_name(queue).send().await;
    let url = url.map_err(|error| store_error("sqs:GetQueueUrl", &error))?;
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    let mut call = clients
        .sqs
        .get_queue_attributes()
        .queue_url(url.queue_url().unwrap_or_default());
    for name in &names {
        call = call.attribute_names(name.clone());
    }
    let answer = call.send().await;
    let answer = answer.map_err(|error| store_error(ATTRIBUTES, &error))?;
    let attributes = answer.attributes.unwrap_or_default();
    let number = |name| attributes.get(name)?.parse::<u64>().ok();
    Ok(names.iter().filter_map(number).sum())
}
