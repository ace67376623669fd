//! What the command line asks of AWS, on the emulator: API keys, queues as an operator sees them.
#![cfg(all(feature = "endpoint_tests", feature = "operator"))]
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use aws_adapters::Clients;
use aws_adapters::api_keys::{api_keys, switch_api_key};
use aws_adapters::operations::queue_depth;
use aws_adapters::waiting::WaitingQueue;
use pipeline::storage::StoreError;

use common::{config, emulator, unique, unreachable};

#[tokio::test]
async fn api_keys_are_listed_by_name_and_switched_with_a_note() {
    let config = config(&emulator()).await;
    let client = aws_sdk_apigateway::Client::new(&config);
    let start = unique("key");
    for (name, enabled) in [("a", true), ("b", false)] {
        let made = client.create_api_key().name(format!("{start}_{name}"));
        made.enabled(enabled).send().await.unwrap();
    }
    let clients = Clients::new(&config);
    let mut keys = api_keys(&clients, &start).await.unwrap();
    keys.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(keys.len(), 2);
    assert!(keys[0].enabled && !keys[1].enabled);
    assert!(keys[0].value.len() >= 20 && keys[0].value != keys[1].value);
    assert!(keys[0].created_at > jiff::Timestamp::UNIX_EPOCH);
    switch_api_key(&clients, &keys[0].id, true, "live since then")
        .await
        .unwrap();
    let again = api_keys(&clients, &keys[0].name).await.unwrap();
    assert_eq!(again[0].note, "live since then");
    let missing = switch_api_key(&clients, "nobody", true, "").await;
    assert!(
        matches!(missing, Err(StoreError::Final { .. })),
        "{missing:?}"
    );
}

#[tokio::test]
async fn a_message_is_taken_given_back_sent_and_deleted() {
    let config = config(&emulator()).await;
    let clients = Clients::new(&config);
    let name = unique("waiting");
    let sqs = aws_sdk_sqs::Client::new(&config);
    sqs.create_queue().queue_name(&name).send().await.unwrap();
    let queue = WaitingQueue::find(&clients, &name).await.unwrap();
    assert!(queue.take().await.unwrap().is_empty());
    let attributes = [("request", "provider=stripe"), ("reject", "")];
    queue.send("body", &attributes).await.unwrap();
    assert_eq!(queue_depth(&clients, &name).await.unwrap(), 1);
    let taken = queue.take().await.unwrap();
    let [message] = taken.as_slice() else {
        panic!("one message was sent");
    };
    assert_eq!(
        (message.body.as_str(), message.request.as_deref()),
        ("body", Some("provider=stripe"))
    );
    assert_eq!(
        (message.reject.as_deref(), message.reason.as_deref()),
        (None, None)
    );
    assert!(message.sent_at_ms > 0);
    assert!(!format!("{message:?}").contains("provider=stripe"));
    // Hidden while it is held, seen again once it is given back.
    assert!(queue.take().await.unwrap().is_empty());
    queue.release(message).await.unwrap();
    let again = queue.take().await.unwrap();
    assert_eq!(again[0].message_id, message.message_id);
    queue.delete(&again[0]).await.unwrap();
    assert_eq!(queue_depth(&clients, &name).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let config = config(&emulator()).await;
    let clients = Clients::new(&config);
    let missing = WaitingQueue::find(&clients, &unique("none")).await;
    assert!(matches!(missing, Err(StoreError::Final { .. })));
    let nobody = unreachable().await;
    for error in [
        queue_depth(&nobody, "any").await.unwrap_err(),
        api_keys(&nobody, "any").await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Retryable { .. }), "{error}");
    }
}
