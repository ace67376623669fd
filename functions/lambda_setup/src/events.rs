//! The loop of a function: it is handed each event as the text that Lambda sent.
//!
//! Why not the runtime's own way: it reads an event as JSON before it gives it away, and a batch of webhooks would be gone through once more
//! than its function needs, and copied.

use std::cell::Cell;
use std::mem;

use lambda_runtime::layers::TracingLayer;
use lambda_runtime::tower::util::MapRequestLayer;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, LambdaInvocation, Runtime, service_fn};
use serde::Serialize;

use crate::failure;

/// What the runtime reads in the place of an event.
const NOTHING: &str = "null";

/// Why an event is none.
#[derive(Debug, thiserror::Error)]
#[error("the event is not UTF-8")]
struct NotText(#[from] std::str::Utf8Error);

/// Hands the text of each event and the id of its invocation to `handler` and returns what that answers to Lambda, until the process is ended.
///
/// # Errors
/// What the runtime cannot go on after.
pub async fn serve<A: Serialize>(
    handler: impl AsyncFn(&str, &str) -> Result<A, Diagnostic>,
) -> Result<(), Error> {
    // One invocation at a time: an event waits here from when it arrives until its handler is called.
    let (unread, handler) = (&Cell::new(None), &handler);
    let set_aside = MapRequestLayer::new(|mut invocation: LambdaInvocation| {
        unread.set(Some(mem::replace(&mut invocation.body, NOTHING.into())));
        invocation
    });
    // On the heap: the layers around it move the handler's future about, and a batch's is large.
    let service = service_fn(|invocation: LambdaEvent<()>| {
        Box::pin(async move {
            let event = unread.take().unwrap_or_default();
            let text = str::from_utf8(&event).map_err(|error| failure(NotText(error)))?;
            handler(text, &invocation.context.request_id).await
        })
    });
    let runtime = Runtime::new(service).layer(set_aside);
    runtime.layer(TracingLayer::new()).run().await
}
