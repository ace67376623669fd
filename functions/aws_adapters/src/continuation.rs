//! A function that goes on in another invocation of itself.

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use pipeline::storage::StoreError;

use crate::Clients;
use crate::error::store_error;

const INVOKE: &str = "lambda:InvokeFunction";

/// The function itself, to be invoked asynchronously.
#[derive(Clone, Debug)]
pub struct LambdaContinuation {
    client: aws_sdk_lambda::Client,
    function: String,
}

impl LambdaContinuation {
    /// The function called `function`.
    pub fn new(clients: &Clients, function: impl Into<String>) -> Self {
        Self {
            client: aws_sdk_lambda::Client::new(&clients.config),
            function: function.into(),
        }
    }

    /// Invokes it with this event. It runs when the present invocation has ended.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn go_on(&self, event: String) -> Result<(), StoreError> {
        self.client
            .invoke()
            .function_name(&self.function)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(event))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| store_error(INVOKE, &error))
    }
}
