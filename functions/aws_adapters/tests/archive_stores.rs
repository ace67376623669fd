//! What archive and seal use: items by key and the switch of their expiry on the emulator and
//! DynamoDB Local; bucket and signing key on the emulator.
#![cfg(all(feature = "endpoint_tests", feature = "operator"))]
// A helper that cannot go on ends its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use aws_adapters::{Clients, DynamoReader, DynamoTransactions, KmsSigner, S3Objects};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TimeToLiveSpecification,
};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use payment_event::TransactionKey;
use pipeline::items::read_items;
use pipeline::memory::Memory;
use pipeline::storage::{
    Expiry, ItemReader, ObjectStore, PutNew, Signer, StoreError, TransactionRecord,
    TransactionStore, Write,
};
use pipeline::stored::StoredTransaction;

use common::{config, dynamodb_endpoints, emulator, record, unique, unreachable};

async fn table(config: &SdkConfig) -> String {
    let client = aws_sdk_dynamodb::Client::new(config);
    let name = unique("transactions");
    let key = |attribute: &str, kind: KeyType| {
        let element = KeySchemaElement::builder().attribute_name(attribute);
        element.key_type(kind).build().unwrap()
    };
    let mut call = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("transaction_id", KeyType::Hash))
        .key_schema(key("timestamp", KeyType::Range));
    for attribute in ["transaction_id", "timestamp"] {
        let definition = AttributeDefinition::builder().attribute_name(attribute);
        let definition = definition.attribute_type(ScalarAttributeType::S).build();
        call = call.attribute_definitions(definition.unwrap());
    }
    call.send().await.unwrap();
    let on = TimeToLiveSpecification::builder().enabled(true);
    let on = on.attribute_name("expires_at").build().unwrap();
    let switched = client.update_time_to_live().table_name(&name);
    switched
        .time_to_live_specification(on)
        .send()
        .await
        .unwrap();
    name
}

#[tokio::test]
async fn what_is_stored_comes_back_by_its_key_attribute_by_attribute() {
    for endpoint in dynamodb_endpoints() {
        let config = config(&endpoint).await;
        let clients = Clients::new(&config);
        let name = table(&config).await;
        // More than one call takes.
        let mut records: Vec<_> = (0..130).map(record).collect();
        // In the future, so that nothing expires while the test looks.
        for record in &mut records {
            record.queued_at_ms = 4_102_444_800_000;
        }
        let store = DynamoTransactions::new(clients.wire(), &name);
        let event = |record: &TransactionRecord| Write::Event(Box::new(record.clone()));
        let writes: Vec<_> = records.iter().map(event).collect();
        for some in writes.chunks(25) {
            store.write_batch(some).await.unwrap();
        }

        let reader = DynamoReader::new(&clients, &name);
        let mut expected: Vec<_> = records.iter().map(StoredTransaction::from).collect();
        expected.sort_by(|a, b| a.key.cmp(&b.key));
        let mut keys: Vec<_> = expected.iter().map(|record| record.key.clone()).collect();
        // Nothing stands there.
        keys.push(TransactionKey {
            transaction_id: "stripe:none".into(),
            timestamp: "undated#none".into(),
        });
        let found = read_items(&keys, &reader, &Memory::new()).await.unwrap();
        let read = |item| StoredTransaction::from_item(item).unwrap();
        let mut found: Vec<_> = found.into_iter().map(read).collect();
        found.sort_by(|a, b| a.key.cmp(&b.key));
        assert_eq!(found, expected, "{endpoint}");

        let one = reader.records_of("stripe:pi_3").await.unwrap();
        assert_eq!(one.len(), 1);
        let twice = [keys[0].clone(), keys[0].clone()];
        let refused = reader.read_batch(&twice).await;
        assert!(
            matches!(refused, Err(StoreError::Final { .. })),
            "{endpoint}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn the_expiry_of_a_table_is_switched_off() {
    for endpoint in dynamodb_endpoints() {
        let config = config(&endpoint).await;
        let name = table(&config).await;
        let reader = DynamoReader::new(&Clients::new(&config), &name);
        assert_eq!(reader.is_stopped().await, Ok(false), "{endpoint}");
        reader.stop().await.unwrap();
        assert_eq!(reader.is_stopped().await, Ok(true), "{endpoint}");
    }
    let nobody = DynamoReader::new(&unreachable().await, "none");
    assert!(matches!(
        nobody.is_stopped().await,
        Err(StoreError::Retryable { .. })
    ));
    assert!(matches!(
        nobody.stop().await,
        Err(StoreError::Retryable { .. })
    ));
}

async fn bucket() -> (aws_sdk_s3::Client, String, S3Objects) {
    let config = config(&emulator()).await;
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(true)
            .build(),
    );
    let name = unique("objects");
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint("us-east-2".into())
        .build();
    let made = s3
        .create_bucket()
        .bucket(&name)
        .create_bucket_configuration(place);
    made.send().await.unwrap();
    let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
    s3.put_bucket_versioning()
        .bucket(&name)
        .versioning_configuration(versioning.build())
        .send()
        .await
        .unwrap();
    let store = S3Objects::new(&Clients::new(&config), &name);
    (s3, name, store)
}

#[tokio::test]
async fn objects_are_written_listed_and_hashed_by_version() {
    let (s3, name, store) = bucket().await;
    assert_eq!(store.get("a/1").await, Ok(None));
    assert_eq!(
        store.put_new("a/b/1", b"one".to_vec()).await,
        Ok(PutNew::Written)
    );
    assert_eq!(
        store.put_new("a/b/1", b"two".to_vec()).await,
        Ok(PutNew::Exists)
    );
    store.put("a/c/2", b"two".to_vec()).await.unwrap();
    store.put("a/c/2", b"three".to_vec()).await.unwrap();
    store.put("b", vec![0; 10]).await.unwrap();
    assert_eq!(store.get("a/b/1").await.unwrap().unwrap(), b"one");
    assert_eq!(store.range("a/c/2", 1, 3).await.unwrap().unwrap(), b"hre");
    assert_eq!(store.keys("a/").await.unwrap(), ["a/b/1", "a/c/2"]);
    assert_eq!(store.folders("a/").await.unwrap(), ["a/b/", "a/c/"]);

    s3.delete_object()
        .bucket(&name)
        .key("a/b/1")
        .send()
        .await
        .unwrap();
    let versions = store.versions("a/").await.unwrap();
    let told: Vec<_> = versions
        .iter()
        .map(|v| (v.key.as_str(), v.size_bytes, v.current, v.deleted))
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told.contains(&("a/b/1", 3, false, false)) && told.contains(&("a/b/1", 0, true, true)));
    assert!(
        told.contains(&("a/c/2", 5, true, false)) && told.contains(&("a/c/2", 3, false, false))
    );
    for version in versions.iter().filter(|v| !v.deleted) {
        let hash = store
            .sha256(&version.key, &version.version_id)
            .await
            .unwrap()
            .unwrap();
        let body: &[u8] = match (version.key.as_str(), version.current) {
            ("a/b/1", _) => b"one",
            (_, true) => b"three",
            _ => b"two",
        };
        let expected = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
        assert_eq!(hash, expected.as_ref());
    }
    assert_eq!(
        store.sha256("none", &versions[0].version_id).await,
        Ok(None)
    );
}

#[tokio::test]
async fn an_object_without_a_stored_hash_is_read() {
    let (s3, name, store) = bucket().await;
    let put = s3.put_object().bucket(&name).key("plain");
    put.body(b"plain".to_vec().into()).send().await.unwrap();
    let version = store.versions("plain").await.unwrap().remove(0);
    let hash = store
        .sha256("plain", &version.version_id)
        .await
        .unwrap()
        .unwrap();
    let expected = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"plain");
    assert_eq!(hash, expected.as_ref());
}

#[tokio::test]
async fn a_missing_bucket_is_final_and_nobody_there_is_retryable() {
    let missing = S3Objects::new(&Clients::new(&config(&emulator()).await), unique("none"));
    let nobody = S3Objects::new(&unreachable().await, "none");
    for (store, retryable) in [(missing, false), (nobody, true)] {
        for error in [
            store.put("k", vec![1]).await.unwrap_err(),
            store.put_new("k", vec![1]).await.unwrap_err(),
            store.keys("k").await.unwrap_err(),
            store.folders("k").await.unwrap_err(),
            store.versions("k").await.unwrap_err(),
        ] {
            assert_eq!(
                matches!(error, StoreError::Retryable { .. }),
                retryable,
                "{error}"
            );
        }
        if retryable {
            assert!(store.get("k").await.is_err());
            assert!(store.sha256("k", "v").await.is_err());
        }
    }
}

#[tokio::test]
async fn the_key_signs_and_its_public_half_verifies() {
    let config = config(&emulator()).await;
    let kms = aws_sdk_kms::Client::new(&config);
    let made = kms
        .create_key()
        .key_usage(aws_sdk_kms::types::KeyUsageType::SignVerify)
        .key_spec(aws_sdk_kms::types::KeySpec::EccNistP256)
        .send()
        .await
        .unwrap();
    let id = made.key_metadata().unwrap().key_id().to_owned();
    let alias = format!("alias/{}", unique("seal"));
    kms.create_alias()
        .alias_name(&alias)
        .target_key_id(&id)
        .send()
        .await
        .unwrap();
    let signer = KmsSigner::new(&Clients::new(&config), &alias);
    let text = b"a digest";
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text);
    let signature = signer
        .sign(hash.as_ref().try_into().unwrap())
        .await
        .unwrap();
    let public = signer.public_key().await.unwrap();
    // The last 65 bytes of the DER form are the point.
    let point = &public[public.len() - 65..];
    aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1,
        point,
    )
    .verify(text, &signature)
    .unwrap();
    let nobody = KmsSigner::new(&unreachable().await, "alias/none");
    assert!(nobody.sign(&[0; 32]).await.is_err() && nobody.public_key().await.is_err());
}
