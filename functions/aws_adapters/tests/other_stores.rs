//! The audit bucket, the rejected queue and the secrets, on the emulator.
#![cfg(all(feature = "endpoint_tests", feature = "operator"))]
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use aws_adapters::{Clients, S3Audit, SecretsManager, SqsRejected};
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use pipeline::storage::{AuditStore, RejectedMessage, RejectedQueue, SecretStore, StoreError};

use common::{config, emulator, unique, unreachable};

async fn clients() -> Clients {
    Clients::new(&config(&emulator()).await)
}

#[tokio::test]
async fn an_audit_object_is_written_once_and_never_over_another() {
    let config = config(&emulator()).await;
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(true)
            .build(),
    );
    let bucket = unique("audit");
    s3.create_bucket()
        .bucket(&bucket)
        .create_bucket_configuration(
            aws_sdk_s3::types::CreateBucketConfiguration::builder()
                .location_constraint("us-east-2".into())
                .build(),
        )
        .send()
        .await
        .unwrap();
    let store = S3Audit::new(clients().await.wire(), &bucket);
    let body: Vec<u8> = (0..=255).collect();
    store.put("audit/one", body.clone()).await.unwrap();
    // The answer to the first call may have been lost: the second is no error and changes nothing.
    store.put("audit/one", b"other".to_vec()).await.unwrap();
    let read = s3
        .get_object()
        .bucket(&bucket)
        .key("audit/one")
        .send()
        .await
        .unwrap();
    assert_eq!(read.content_type(), Some("application/zstd"));
    assert_eq!(read.body.collect().await.unwrap().to_vec(), body);
}

#[tokio::test]
async fn a_missing_bucket_is_final_and_nobody_there_is_retryable() {
    let missing = S3Audit::new(clients().await.wire(), unique("none"));
    let error = missing.put("k", vec![1]).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Final { cause, .. } if cause == "NoSuchBucket"),
        "{error}"
    );
    let store = S3Audit::new(unreachable().await.wire(), "none");
    let error = store.put("k", vec![1]).await.unwrap_err();
    assert!(matches!(error, StoreError::Retryable { .. }), "{error}");
}

async fn queue(max_bytes: &str) -> (aws_sdk_sqs::Client, String) {
    let sqs = aws_sdk_sqs::Client::new(&config(&emulator()).await);
    let url = sqs
        .create_queue()
        .queue_name(unique("rejected"))
        .attributes(QueueAttributeName::MaximumMessageSize, max_bytes)
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    (sqs, url)
}

async fn received(sqs: &aws_sdk_sqs::Client, url: &str) -> Vec<Message> {
    let mut found = Vec::new();
    loop {
        let answer = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .message_attribute_names("All")
            .send()
            .await
            .unwrap();
        if answer.messages().is_empty() {
            return found;
        }
        found.extend_from_slice(answer.messages());
    }
}

fn message(number: usize) -> RejectedMessage {
    RejectedMessage {
        body: format!("{{\"n\":{number},\"é\":\"+ & % = \\\"\"}}"),
        request: "provider=stripe&h.stripe-signature=t%3D1".into(),
        reject: "reason=signature_mismatch&message_id=m&received_at=1".into(),
    }
}

#[tokio::test]
async fn rejected_messages_arrive_with_body_and_attributes() {
    let (sqs, url) = queue("1048576").await;
    let sent: Vec<RejectedMessage> = (0..23).map(message).collect();
    let results = SqsRejected::new(clients().await.wire(), &url)
        .send(&sent)
        .await;
    assert_eq!(results, vec![Ok(()); 23]);
    let mut arrived: Vec<RejectedMessage> = received(&sqs, &url)
        .await
        .into_iter()
        .map(|message| {
            let attributes = message.message_attributes.unwrap_or_default();
            let attribute = |name: &str| attributes[name].string_value().unwrap().to_owned();
            RejectedMessage {
                request: attribute("request"),
                reject: attribute("reject"),
                body: message.body.unwrap(),
            }
        })
        .collect();
    arrived.sort_by_key(|m| (m.body.len(), m.body.clone()));
    assert_eq!(arrived, sent);
}

#[tokio::test]
async fn an_empty_request_attribute_is_left_out() {
    let (sqs, url) = queue("1048576").await;
    let mut sent = message(1);
    sent.request = String::new();
    let results = SqsRejected::new(clients().await.wire(), &url)
        .send(&[sent])
        .await;
    assert_eq!(results, [Ok(())]);
    let arrived = received(&sqs, &url).await;
    let attributes = arrived[0].message_attributes().unwrap();
    assert_eq!(attributes.keys().collect::<Vec<_>>(), ["reject"]);
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_final_for_every_message() {
    let url = format!("{}/000000000000/none", emulator());
    let sent: Vec<RejectedMessage> = (0..11).map(message).collect();
    let results = SqsRejected::new(clients().await.wire(), url)
        .send(&sent)
        .await;
    assert_eq!(results.len(), 11);
    assert!(
        results
            .iter()
            .all(|r| matches!(r, Err(StoreError::Final { .. })))
    );
}

#[tokio::test]
async fn a_message_above_the_queues_limit_fails_and_is_not_lost_silently() {
    let (_, url) = queue("1024").await;
    let mut large = message(1);
    large.body = "x".repeat(4096);
    let results = SqsRejected::new(clients().await.wire(), url)
        .send(&[large])
        .await;
    assert!(
        matches!(results[..], [Err(StoreError::Final { .. })]),
        "{results:?}"
    );
}

#[tokio::test]
async fn nobody_there_is_retryable_for_every_message() {
    let results = SqsRejected::new(unreachable().await.wire(), "http://127.0.0.1:9/0/q")
        .send(&[message(1), message(2)])
        .await;
    assert!(
        results
            .iter()
            .all(|r| matches!(r, Err(StoreError::Retryable { .. })))
    );
    assert_eq!(results.len(), 2);
}

#[tokio::test]
async fn secrets_are_read_kept_and_not_read_again_at_once() {
    let client = aws_sdk_secretsmanager::Client::new(&config(&emulator()).await);
    let suffix = unique("env");
    let name = format!("webhook_secret_stripe_{suffix}");
    client
        .create_secret()
        .name(&name)
        .secret_string("{\"keys\":[\"newest\",\"older\"],\"notification_url\":\"https://hook\"}")
        .send()
        .await
        .unwrap();
    let store =
        SecretsManager::of_every_provider(clients().await.wire(), "webhook_secret_", &suffix);
    let secrets = store.secrets("stripe").await.unwrap();
    assert_eq!(secrets.keys(), ["newest", "older"]);
    assert_eq!(secrets.notification_url(), Some("https://hook"));

    // A forger cannot make it read again at will: the cache is younger than ten seconds.
    client
        .put_secret_value()
        .secret_id(&name)
        .secret_string("{\"keys\":[\"rotated\"]}")
        .send()
        .await
        .unwrap();
    assert_eq!(store.refreshed("stripe").await.unwrap(), None);
    assert_eq!(
        store.secrets("stripe").await.unwrap().keys(),
        ["newest", "older"]
    );
    // A function that starts now, or whose cache has aged, finds the rotated one.
    let fresh =
        SecretsManager::of_every_provider(clients().await.wire(), "webhook_secret_", &suffix);
    let refreshed = fresh.refreshed("stripe").await.unwrap().unwrap();
    assert_eq!(refreshed.keys(), ["rotated"]);
}

#[tokio::test]
async fn a_secret_that_is_missing_or_not_of_our_form_is_no_secret() {
    let client = aws_sdk_secretsmanager::Client::new(&config(&emulator()).await);
    let suffix = unique("env");
    client
        .create_secret()
        .name(format!("webhook_secret_adyen_{suffix}"))
        .secret_string("plain text")
        .send()
        .await
        .unwrap();
    let store =
        SecretsManager::of_every_provider(clients().await.wire(), "webhook_secret_", &suffix);
    for provider in ["adyen", "square"] {
        assert!(
            store.secrets(provider).await.unwrap().keys().is_empty(),
            "{provider}"
        );
    }
}

#[tokio::test]
async fn secrets_that_cannot_be_read_just_now_are_an_error() {
    let store =
        SecretsManager::of_every_provider(unreachable().await.wire(), "webhook_secret_", "dev");
    let error = store.secrets("stripe").await.unwrap_err();
    assert!(matches!(error, StoreError::Retryable { .. }), "{error}");
}
