//! The calls of `calls`, through the SDK.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types as sdk;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use aws_wire::dynamodb::{AttributeValue, Item, Names};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipeline::storage::StoreError;

use super::calls::{
    BUCKET, CALL, CONDITION, Call, KEY, QUEUE, TABLE, TEXT, asked, bytes, item, key, messages,
    names, statements, update,
};
use crate::Clients;
use crate::error::{HttpStatus, store_error};

fn told<O, E, R>(result: Result<O, SdkError<E, R>>) -> Result<(), StoreError>
where
    E: ProvideErrorMetadata,
    R: HttpStatus,
{
    result
        .map(|_| ())
        .map_err(|error| store_error(CALL, &error))
}

fn value(it: AttributeValue) -> sdk::AttributeValue {
    let blob = |text: String| Blob::new(STANDARD.decode(text).unwrap());
    match it {
        AttributeValue::S(text) => sdk::AttributeValue::S(text),
        AttributeValue::N(text) => sdk::AttributeValue::N(text),
        AttributeValue::B(text) => sdk::AttributeValue::B(blob(text)),
        AttributeValue::Ss(texts) => sdk::AttributeValue::Ss(texts),
        AttributeValue::Ns(texts) => sdk::AttributeValue::Ns(texts),
        AttributeValue::Bs(texts) => sdk::AttributeValue::Bs(texts.into_iter().map(blob).collect()),
        AttributeValue::M(item) => sdk::AttributeValue::M(values(item)),
        AttributeValue::L(list) => sdk::AttributeValue::L(list.into_iter().map(value).collect()),
        AttributeValue::Bool(flag) => sdk::AttributeValue::Bool(flag),
        AttributeValue::Null(flag) => sdk::AttributeValue::Null(flag),
    }
}

fn values(item: Item) -> HashMap<String, sdk::AttributeValue> {
    item.into_iter()
        .map(|(name, it)| (name, value(it)))
        .collect()
}

fn sdk_names(names: Names) -> Option<HashMap<String, String>> {
    let names = names.into_iter();
    Some(
        names
            .map(|(name, it)| (name.to_owned(), it.to_owned()))
            .collect(),
    )
}

fn string(text: &str) -> MessageAttributeValue {
    let attribute = MessageAttributeValue::builder().data_type("String");
    attribute.string_value(text).build().unwrap()
}

/// The same call through the SDK.
pub(super) async fn by_sdk(call: Call, clients: &Clients) -> Result<(), StoreError> {
    let dynamodb = &clients.dynamodb;
    match call {
        Call::BatchExecuteStatement => {
            let mut call = dynamodb.batch_execute_statement();
            for it in statements() {
                let all = sdk::ReturnValuesOnConditionCheckFailure::AllOld;
                let request = sdk::BatchStatementRequest::builder()
                    .statement(it.statement)
                    .set_parameters(Some(it.parameters.into_iter().map(value).collect()))
                    .set_return_values_on_condition_check_failure(it.present.map(|_| all));
                call = call.statements(request.build().unwrap());
            }
            told(call.send().await)
        }
        Call::BatchGetItem => {
            let keys = vec![values(key(1)), values(key(2))];
            let wanted = sdk::KeysAndAttributes::builder().set_keys(Some(keys));
            let wanted = wanted.consistent_read(true).build().unwrap();
            let call = dynamodb.batch_get_item().request_items(TABLE, wanted);
            told(call.send().await)
        }
        Call::Query => {
            let asked = asked();
            let call = dynamodb
                .query()
                .table_name(TABLE)
                .limit(asked.limit)
                .consistent_read(true)
                .scan_index_forward(false)
                .key_condition_expression(asked.key_condition_expression)
                .set_expression_attribute_names(sdk_names(asked.expression_attribute_names))
                .set_expression_attribute_values(Some(values(asked.expression_attribute_values)));
            told(call.send().await)
        }
        Call::GetItem => {
            let call = dynamodb.get_item().table_name(TABLE).consistent_read(true);
            let call = call.set_key(Some(values(key(1))));
            told(call.send().await)
        }
        Call::PutItem => {
            let call = dynamodb
                .put_item()
                .table_name(TABLE)
                .set_item(Some(values(item())))
                .condition_expression(CONDITION)
                .set_expression_attribute_names(sdk_names(names()));
            told(call.send().await)
        }
        Call::TransactWriteItems => {
            let put = sdk::Put::builder()
                .table_name(TABLE)
                .set_item(Some(values(item())))
                .condition_expression(CONDITION)
                .set_expression_attribute_names(sdk_names(names()));
            let it = update();
            let update = sdk::Update::builder()
                .table_name(TABLE)
                .set_key(Some(values(it.key)))
                .update_expression(it.update_expression)
                .set_expression_attribute_names(Some(
                    it.expression_attribute_names.into_iter().collect(),
                ))
                .set_expression_attribute_values(Some(values(it.expression_attribute_values)));
            let write = sdk::TransactWriteItem::builder;
            let call = dynamodb
                .transact_write_items()
                .transact_items(write().put(put.build().unwrap()).build())
                .transact_items(write().update(update.build().unwrap()).build());
            told(call.send().await)
        }
        Call::PutObject => {
            let body = bytes();
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &body);
            let call = clients
                .s3
                .put_object()
                .bucket(BUCKET)
                .key(KEY)
                .content_type("application/zstd")
                .if_none_match("*")
                .checksum_sha256(STANDARD.encode(hash))
                .body(ByteStream::from(body));
            told(call.send().await)
        }
        Call::SendMessageBatch => {
            let mut call = clients.sqs.send_message_batch().queue_url(QUEUE);
            for (id, [body, request, reject]) in messages().into_iter().enumerate() {
                let mut entry = SendMessageBatchRequestEntry::builder()
                    .id(id.to_string())
                    .message_body(body);
                for (name, text) in [("request", request), ("reject", reject)] {
                    if !text.is_empty() {
                        entry = entry.message_attributes(name, string(text));
                    }
                }
                call = call.entries(entry.build().unwrap());
            }
            told(call.send().await)
        }
        Call::SendMessage => {
            let call = clients
                .sqs
                .send_message()
                .queue_url(QUEUE)
                .message_body(TEXT);
            let call = call.message_attributes("reason", string(TEXT));
            told(call.send().await)
        }
        Call::GetSecretValue => {
            let call = clients
                .secrets
                .get_secret_value()
                .secret_id("webhook_secret_é");
            told(call.send().await)
        }
    }
}
