//! Queues as an operator sees them: messages that wait to be looked at, given back, sent on and taken out; and functions that are asked to try again.
//!
//! Invariant: what is taken is only hidden, for a while; it comes back by itself unless it is deleted. So whoever is stopped half-way loses nothing.
//! Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>, read 2026-11-25.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName};
use pipeline::storage::StoreError;

use crate::Clients;
use crate::error::store_error;

/// How long a message stays hidden from others once it is taken.
pub const HELD_SECONDS: i32 = 900;
const TAKE_MAX: i32 = 10;
/// Long enough for SQS to ask all of its servers; a short poll asks a few and finds nothing where there is something.
const WAIT_SECONDS: i32 = 1;

const RECEIVE: &str = "sqs:ReceiveMessage";
const RELEASE: &str = "sqs:ChangeMessageVisibility";
const DELETE: &str = "sqs:DeleteMessage";
const SEND: &str = "sqs:SendMessage";
const URL: &str = "sqs:GetQueueUrl";
const INVOKE: &str = "lambda:Invoke";

/// A message that was taken and is hidden from others.
#[derive(Clone, PartialEq, Eq)]
pub struct Waiting {
    /// SQS message id.
    pub message_id: String,
    /// What it is released or deleted by.
    pub receipt_handle: String,
    /// The body as it is: it may hold card data.
    pub body: String,
    /// The `request` attribute.
    pub request: Option<String>,
    /// The `reject` attribute.
    pub reject: Option<String>,
    /// The `fetched` attribute.
    pub fetched: Option<String>,
    /// The `reason` attribute, which analytics puts beside a record that it cannot count.
    pub reason: Option<String>,
    /// `SentTimestamp`, milliseconds since the epoch.
    pub sent_at_ms: i64,
}

impl std::fmt::Debug for Waiting {
    /// Without body and attributes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Waiting({}, {} body bytes)",
            self.message_id,
            self.body.len()
        )
    }
}

/// One queue.
#[derive(Clone, Debug)]
pub struct WaitingQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

fn waiting(message: Message) -> Option<Waiting> {
    let attribute = |name: &str| {
        let value = message.message_attributes.as_ref()?.get(name)?;
        value.string_value().map(str::to_owned)
    };
    let (request, reject, fetched, reason) = (
        attribute("request"),
        attribute("reject"),
        attribute("fetched"),
        attribute("reason"),
    );
    let sent = message
        .attributes
        .as_ref()?
        .get(&MessageSystemAttributeName::SentTimestamp)?;
    Some(Waiting {
        sent_at_ms: sent.parse().ok()?,
        message_id: message.message_id?,
        receipt_handle: message.receipt_handle?,
        body: message.body.unwrap_or_default(),
        request,
        reject,
        fetched,
        reason,
    })
}

impl WaitingQueue {
    /// The queue of this name.
    ///
    /// # Errors
    /// A [`StoreError`]: there is none, or it may not be asked for.
    pub async fn find(clients: &Clients, name: &str) -> Result<Self, StoreError> {
        let found = clients.sqs.get_queue_url().queue_name(name).send().await;
        let found = found.map_err(|error| store_error(URL, &error))?;
        Ok(Self {
            client: clients.sqs.clone(),
            url: found.queue_url.unwrap_or_default(),
        })
    }

    /// Takes up to ten messages for [`HELD_SECONDS`]; none when there are none just now.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn take(&self) -> Result<Vec<Waiting>, StoreError> {
        let call = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(TAKE_MAX)
            .visibility_timeout(HELD_SECONDS)
            .wait_time_seconds(WAIT_SECONDS)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let answer = call
            .send()
            .await
            .map_err(|error| store_error(RECEIVE, &error))?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages.into_iter().filter_map(waiting).collect())
    }

    /// Lets others see a message again.
    ///
    /// # Errors
    /// A [`StoreError`]; it is seen again all the same after [`HELD_SECONDS`].
    pub async fn release(&self, message: &Waiting) -> Result<(), StoreError> {
        let call = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(&message.receipt_handle)
            .visibility_timeout(0);
        call.send()
            .await
            .map(|_| ())
            .map_err(|error| store_error(RELEASE, &error))
    }

    /// Takes a message out for good.
    ///
    /// # Errors
    /// A [`StoreError`]; the message comes back then.
    pub async fn delete(&self, message: &Waiting) -> Result<(), StoreError> {
        let call = self
            .client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(&message.receipt_handle);
        call.send()
            .await
            .map(|_| ())
            .map_err(|error| store_error(DELETE, &error))
    }

    /// Sends a message to this queue, with those of the attributes that are not empty.
    ///
    /// # Errors
    /// A [`StoreError`]; the queue may have taken it all the same when the answer was lost.
    pub async fn send(&self, body: &str, attributes: &[(&str, &str)]) -> Result<(), StoreError> {
        let mut call = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body);
        // SQS knows no empty attribute.
        for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(*value);
            let value = value.build().map_err(|_| StoreError::Final {
                call: SEND,
                cause: "the request could not be built".to_owned(),
            })?;
            call = call.message_attributes(*name, value);
        }
        call.send()
            .await
            .map(|_| ())
            .map_err(|error| store_error(SEND, &error))
    }
}

/// Asks a function and waits for its answer.
///
/// # Errors
/// A [`StoreError`]; [`StoreError::Final`] when the function itself failed.
pub async fn ask(clients: &Clients, function: &str, event: &str) -> Result<String, StoreError> {
    let client = aws_sdk_lambda::Client::new(&clients.config);
    let call = client
        .invoke()
        .function_name(function)
        .payload(Blob::new(event.as_bytes()));
    let answer = call
        .send()
        .await
        .map_err(|error| store_error(INVOKE, &error))?;
    if answer.function_error().is_some() {
        return Err(StoreError::Final {
            call: INVOKE,
            cause: format!("{function} failed: see its log"),
        });
    }
    let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
    Ok(String::from_utf8_lossy(&payload).into_owned())
}
