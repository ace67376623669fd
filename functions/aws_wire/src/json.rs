//! The calls of services that speak AWS JSON: one buffer for the request, one type for the answer.

use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Call;
use crate::error::{ErrorForm, object};
use crate::signing::sha256;
use crate::{Client, Error, Service};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
/// Asks for the codes of the older query protocol, which the service's documentation names.
/// Source: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>, read 2026-11-28.
const QUERY_MODE: HeaderName = HeaderName::from_static("x-amzn-query-mode");

/// A service and an operation: `DynamoDB_20120810.GetItem`.
pub(crate) struct Operation {
    pub(crate) service: Service,
    pub(crate) target: &'static str,
}

impl Operation {
    fn content_type(&self) -> &'static str {
        match self.service {
            Service::SecretsManager => "application/x-amz-json-1.1",
            _ => "application/x-amz-json-1.0",
        }
    }

    /// Sends `input` and reads the answer.
    ///
    /// # Errors
    /// An [`Error`]; [`Error::Refused`] with status 200 when the answer is not of the form.
    pub(crate) async fn call<A: DeserializeOwned>(
        &self,
        client: &Client,
        input: &(impl Serialize + Sync),
    ) -> Result<A, Error> {
        let body = serde_json::to_vec(input);
        let body = body.map_err(|_| Error::unwritten())?;
        self.call_with(client, body).await
    }

    /// Sends a request that is written already and reads the answer.
    ///
    /// # Errors
    /// As of [`Self::call`].
    pub(crate) async fn call_with<A: DeserializeOwned>(
        &self,
        client: &Client,
        body: Vec<u8>,
    ) -> Result<A, Error> {
        let mut headers = vec![(TARGET, HeaderValue::from_static(self.target))];
        let errors = match self.service {
            Service::Sqs => {
                headers.push((QUERY_MODE, HeaderValue::from_static("true")));
                ErrorForm::JsonOfQuery
            }
            _ => ErrorForm::Json,
        };
        let call = Call {
            service: self.service,
            method: Method::POST,
            bucket: None,
            path: "/",
            content_type: self.content_type(),
            headers: &headers,
            hash: sha256(&body),
            body: Bytes::from(body),
            errors,
        };
        let answer = client.send(&call).await?;
        object(&answer).ok_or_else(|| Error::not_understood(answer.clone()))
    }
}
