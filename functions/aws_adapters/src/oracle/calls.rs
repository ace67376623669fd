//! Each call with the same input, through the small client; `sdk_calls` has the SDK's half.

use aws_wire::dynamodb::{
    AttributeValue, Item, Names, Put, Query, ReturnOld, Statement, TransactWrite, Update,
};
use aws_wire::s3::Object;
use aws_wire::sqs::Entry;
use aws_wire::{Error, dynamodb, s3, secrets_manager, sqs};
use pipeline::storage::StoreError;

use crate::Wire;
use crate::error::wire_error;

pub(super) const CALL: &str = "oracle";
pub(super) const TABLE: &str = "transactions_dev";
pub(super) const BUCKET: &str = "audit-bucket";
pub(super) const QUEUE: &str =
    "https://sqs.us-east-2.amazonaws.com/123456789012/rejected_queue_dev";
/// Everything that JSON escapes, or might.
pub(super) const TEXT: &str = "a \"quoted\" \\ / \n\r\t\u{8}\u{c}\u{1}\u{7f} <&> é 😀 \u{2028}";
pub(super) const CONDITION: &str = "attribute_not_exists(#aggregate)";

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    BatchExecuteStatement,
    BatchGetItem,
    Query,
    GetItem,
    PutItem,
    TransactWriteItems,
    PutObject,
    SendMessageBatch,
    SendMessage,
    GetSecretValue,
}

impl Call {
    pub(super) const ALL: [Self; 10] = [
        Self::BatchExecuteStatement,
        Self::BatchGetItem,
        Self::Query,
        Self::GetItem,
        Self::PutItem,
        Self::TransactWriteItems,
        Self::PutObject,
        Self::SendMessageBatch,
        Self::SendMessage,
        Self::GetSecretValue,
    ];
    /// One of each service.
    pub(super) const SERVICES: [Self; 4] = [
        Self::BatchExecuteStatement,
        Self::PutObject,
        Self::SendMessageBatch,
        Self::GetSecretValue,
    ];

    /// What a service answers that has done what it was asked.
    pub(super) fn done(self) -> &'static str {
        match self {
            Self::PutObject => "",
            _ => "{}",
        }
    }
}

pub(super) fn item() -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = AttributeValue::N("-12.50".to_owned());
    Item::from([
        ("text".to_owned(), text(TEXT)),
        ("number".to_owned(), number.clone()),
        ("bytes".to_owned(), AttributeValue::B("AP8=".to_owned())),
        (
            "texts".to_owned(),
            AttributeValue::Ss(vec!["a".to_owned(), TEXT.to_owned()]),
        ),
        (
            "numbers".to_owned(),
            AttributeValue::Ns(vec!["1".to_owned(), "2".to_owned()]),
        ),
        (
            "blobs".to_owned(),
            AttributeValue::Bs(vec!["AA==".to_owned()]),
        ),
        (
            "map".to_owned(),
            AttributeValue::M(Item::from([("inner é".to_owned(), text(""))])),
        ),
        (
            "list".to_owned(),
            AttributeValue::L(vec![number, AttributeValue::Bool(true)]),
        ),
        ("nothing".to_owned(), AttributeValue::Null(true)),
    ])
}

pub(super) fn key(number: u32) -> Item {
    let text = |text: String| AttributeValue::S(text);
    Item::from([
        ("aggregate".to_owned(), text(format!("marker#{number}"))),
        ("bucket".to_owned(), text(TEXT.to_owned())),
    ])
}

pub(super) fn names() -> Names {
    Names::from([("#aggregate", "aggregate")])
}

pub(super) fn statements() -> Vec<Statement> {
    let statement = |present| Statement {
        statement: format!("INSERT INTO \"{TABLE}\" VALUE {{'a': ?, 'é': ?}}"),
        parameters: item().into_values().collect(),
        present,
    };
    vec![statement(None), statement(Some(ReturnOld::All))]
}

pub(super) fn asked() -> Query<'static> {
    Query {
        table_name: TABLE,
        limit: 50,
        consistent_read: true,
        scan_index_forward: false,
        key_condition_expression: "#aggregate = :marker AND #bucket < :first",
        expression_attribute_names: Names::from([
            ("#aggregate", "aggregate"),
            ("#bucket", "bucket"),
        ]),
        expression_attribute_values: Item::from([
            (
                ":marker".to_owned(),
                AttributeValue::S("marker#00".to_owned()),
            ),
            (":first".to_owned(), AttributeValue::S(TEXT.to_owned())),
        ]),
    }
}

pub(super) fn put() -> Put<'static> {
    Put {
        table_name: TABLE,
        item: item(),
        condition_expression: CONDITION,
        expression_attribute_names: names(),
    }
}

pub(super) fn update() -> Update<'static> {
    Update {
        table_name: TABLE,
        key: key(1),
        update_expression: "ADD #0 :0".to_owned(),
        expression_attribute_names: [("#0".to_owned(), "stripe#captured#n".to_owned())].into(),
        expression_attribute_values: Item::from([(
            ":0".to_owned(),
            AttributeValue::N("1".to_owned()),
        )]),
    }
}

/// A key with every kind of byte that a path treats differently.
pub(super) const KEY: &str = "audit/dt=2026-01-02/hh=03/a b+c&d:e@f,g;h(i)'j!k*l~é😀%41//..x";

pub(super) fn messages() -> [[&'static str; 3]; 2] {
    [
        ["{\"n\":1}", "provider=stripe&h.x=t%3D1", TEXT],
        [TEXT, "", "reason=x"],
    ]
}

pub(super) fn bytes() -> Vec<u8> {
    (0..=255).collect()
}

/// The call through the small client.
pub(super) async fn by_wire(call: Call, client: &Wire) -> Result<(), StoreError> {
    let result: Result<(), Error> = match call {
        Call::BatchExecuteStatement => {
            let answers = dynamodb::batch_execute_statement(client, &statements()).await;
            answers.map(|_| ())
        }
        Call::BatchGetItem => {
            let got = dynamodb::batch_get_item(client, TABLE, &[key(1), key(2)]).await;
            got.map(|_| ())
        }
        Call::Query => dynamodb::query(client, &asked()).await.map(|_| ()),
        Call::GetItem => dynamodb::get_item(client, TABLE, &key(1)).await.map(|_| ()),
        Call::PutItem => dynamodb::put_item(client, &put()).await,
        Call::TransactWriteItems => {
            let writes = [TransactWrite::Put(put()), TransactWrite::Update(update())];
            dynamodb::transact_write_items(client, &writes).await
        }
        Call::PutObject => {
            let object = Object {
                bucket: BUCKET,
                key: KEY,
                content_type: "application/zstd",
                body: bytes().into(),
            };
            s3::put_new_object(client, &object).await
        }
        Call::SendMessageBatch => {
            let messages = messages();
            let entries = messages
                .iter()
                .enumerate()
                .map(|(id, [body, request, reject])| Entry {
                    id: id.to_string(),
                    message_body: body,
                    message_attributes: [("request", *request), ("reject", *reject)]
                        .into_iter()
                        .collect(),
                });
            let entries: Vec<_> = entries.collect();
            sqs::send_message_batch(client, QUEUE, &entries)
                .await
                .map(|_| ())
        }
        Call::SendMessage => {
            let attributes = [("reason", TEXT)].into_iter().collect();
            sqs::send_message(client, QUEUE, TEXT, &attributes).await
        }
        Call::GetSecretValue => {
            let value = secrets_manager::get_secret_value(client, "webhook_secret_é").await;
            value.map(|_| ())
        }
    };
    result.map_err(|error| wire_error(CALL, &error))
}
