//! The calls to DynamoDB, each with the members that the adapters set.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html>,
//! read 2026-11-28.

mod written;

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::json::Operation;
use crate::{Client, Error, Service};

/// The code of a transaction that was not written.
const CANCELED: &str = "TransactionCanceledException";

/// A value as DynamoDB writes it: `{"S": "text"}`.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html>,
/// read 2026-11-28.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AttributeValue {
    /// Text.
    S(String),
    /// A number, as text.
    N(String),
    /// Bytes in Base64.
    B(String),
    /// Texts, each once.
    #[serde(rename = "SS")]
    Ss(Vec<String>),
    /// Numbers, each once.
    #[serde(rename = "NS")]
    Ns(Vec<String>),
    /// Bytes in Base64, each once.
    #[serde(rename = "BS")]
    Bs(Vec<String>),
    /// Named values.
    M(Item),
    /// Values in their order.
    L(Vec<AttributeValue>),
    /// True or false.
    #[serde(rename = "BOOL")]
    Bool(bool),
    /// Nothing.
    #[serde(rename = "NULL")]
    Null(bool),
}

/// An item, or its key: values by name.
pub type Item = BTreeMap<String, AttributeValue>;

/// Names that stand for attributes in expressions.
pub type Names = BTreeMap<&'static str, &'static str>;

const fn operation(target: &'static str) -> Operation {
    Operation {
        service: Service::DynamoDb,
        target,
    }
}

/// A PartiQL statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The statement, with `?` for each parameter.
    pub statement: String,
    /// The parameters in their order.
    pub parameters: Vec<AttributeValue>,
    /// Whether a condition that fails is answered with the item that is there.
    pub present: Option<ReturnOld>,
}

/// Asks for the item that made a condition fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnOld {
    /// All its attributes.
    All,
}

/// What became of a statement.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StatementAnswer {
    /// Why it was not executed; `None` when it was.
    pub error: Option<StatementError>,
}

/// Why a statement was not executed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StatementError {
    /// The code: `DuplicateItem`.
    pub code: Option<String>,
    /// The item that is there, where it was asked for.
    pub item: Option<Item>,
}

/// Executes up to 25 statements, each by itself.
///
/// # Errors
/// An [`Error`] of the whole call.
pub async fn batch_execute_statement(
    client: &Client,
    statements: &[Statement],
) -> Result<Vec<StatementAnswer>, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        responses: Option<Vec<StatementAnswer>>,
    }
    let operation = operation("DynamoDB_20120810.BatchExecuteStatement");
    let body = written::statements(statements).map_err(|_| Error::unwritten())?;
    let output: Output = operation.call_with(client, body).await?;
    Ok(output.responses.unwrap_or_default())
}

/// What a batch of reads found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchGot {
    /// The items that are there.
    pub items: Vec<Item>,
    /// Whether keys were put off.
    pub put_off: bool,
}

/// Reads up to a hundred items of a table, consistently.
///
/// # Errors
/// An [`Error`].
pub async fn batch_get_item(
    client: &Client,
    table: &str,
    keys: &[Item],
) -> Result<BatchGot, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Wanted<'i> {
        keys: &'i [Item],
        consistent_read: bool,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input<'i> {
        request_items: BTreeMap<&'i str, Wanted<'i>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        responses: Option<BTreeMap<String, Vec<Item>>>,
        unprocessed_keys: Option<BTreeMap<String, IgnoredAny>>,
    }
    let wanted = Wanted {
        keys,
        consistent_read: true,
    };
    let input = Input {
        request_items: BTreeMap::from([(table, wanted)]),
    };
    let operation = operation("DynamoDB_20120810.BatchGetItem");
    let output: Output = operation.call(client, &input).await?;
    let mut tables = output.responses.unwrap_or_default();
    Ok(BatchGot {
        items: tables.remove(table).unwrap_or_default(),
        put_off: output.unprocessed_keys.is_some_and(|keys| !keys.is_empty()),
    })
}

/// A query of one page.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Query<'q> {
    /// The table.
    pub table_name: &'q str,
    /// Items at the most.
    pub limit: i32,
    /// Whether what was written before the query is seen for sure.
    pub consistent_read: bool,
    /// False for the last item first.
    pub scan_index_forward: bool,
    /// Which items.
    pub key_condition_expression: &'static str,
    /// What its names stand for.
    pub expression_attribute_names: Names,
    /// What its values are.
    pub expression_attribute_values: Item,
}

/// Reads one page of items.
///
/// # Errors
/// An [`Error`].
pub async fn query(client: &Client, query: &Query<'_>) -> Result<Vec<Item>, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        items: Option<Vec<Item>>,
    }
    let operation = operation("DynamoDB_20120810.Query");
    let output: Output = operation.call(client, query).await?;
    Ok(output.items.unwrap_or_default())
}

/// Reads an item, consistently; `None` when it is not there.
///
/// # Errors
/// An [`Error`].
pub async fn get_item(client: &Client, table: &str, key: &Item) -> Result<Option<Item>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input<'i> {
        table_name: &'i str,
        key: &'i Item,
        consistent_read: bool,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        item: Option<Item>,
    }
    let input = Input {
        table_name: table,
        key,
        consistent_read: true,
    };
    let operation = operation("DynamoDB_20120810.GetItem");
    let output: Output = operation.call(client, &input).await?;
    Ok(output.item)
}

/// An item that is written if a condition holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Put<'p> {
    /// The table.
    pub table_name: &'p str,
    /// The item.
    pub item: Item,
    /// When it is written.
    pub condition_expression: &'static str,
    /// What the condition's names stand for.
    pub expression_attribute_names: Names,
}

/// An item that is changed, or made.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Update<'u> {
    /// The table.
    pub table_name: &'u str,
    /// The item's key.
    pub key: Item,
    /// What is changed.
    pub update_expression: String,
    /// What its names stand for.
    pub expression_attribute_names: BTreeMap<String, String>,
    /// What its values are.
    pub expression_attribute_values: Item,
}

/// Writes an item.
///
/// # Errors
/// An [`Error`] with the code `ConditionalCheckFailedException` when the condition does not hold.
pub async fn put_item(client: &Client, put: &Put<'_>) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Output {}
    let operation = operation("DynamoDB_20120810.PutItem");
    let Output {} = operation.call(client, put).await?;
    Ok(())
}

/// One write of a transaction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum TransactWrite<'t> {
    /// Writes an item.
    Put(Put<'t>),
    /// Changes an item.
    Update(Update<'t>),
}

/// Writes all or nothing. The token makes a repetition of the same call one call.
///
/// # Errors
/// An [`Error`]; [`cancellation_codes`] reads the reasons of a transaction that was cancelled.
pub async fn transact_write_items(
    client: &Client,
    writes: &[TransactWrite<'_>],
) -> Result<(), Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input<'i> {
        transact_items: &'i [TransactWrite<'i>],
        client_request_token: String,
    }
    #[derive(Deserialize)]
    struct Output {}
    let mut token = [0; 16];
    let random = aws_lc_rs::rand::fill(&mut token);
    random.map_err(|_| Error::Unbuilt("no random numbers are there"))?;
    let input = Input {
        transact_items: writes,
        client_request_token: hex::encode(token),
    };
    let operation = operation("DynamoDB_20120810.TransactWriteItems");
    let Output {} = operation.call(client, &input).await?;
    Ok(())
}

/// Why each write of a cancelled transaction was not made, in their order, `None` as text for those
/// that could have been; `None` when the error is another one.
pub fn cancellation_codes(error: &Error) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Reason {
        code: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Canceled {
        cancellation_reasons: Option<Vec<Reason>>,
    }
    let Error::Refused { code, body, .. } = error else {
        return None;
    };
    if code.as_deref() != Some(CANCELED) {
        return None;
    }
    let canceled: Canceled = serde_json::from_slice(body).ok()?;
    let reasons = canceled.cancellation_reasons.unwrap_or_default();
    let code = |reason: Reason| reason.code.unwrap_or_else(|| "None".to_owned());
    Some(reasons.into_iter().map(code).collect())
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;

    use super::*;

    #[test]
    fn a_cancelled_transaction_tells_its_reasons() {
        let error = |code: &str, body: &'static str| Error::Refused {
            status: 400,
            code: Some(code.to_owned()),
            body: Bytes::from_static(body.as_bytes()),
        };
        let reasons = "{\"CancellationReasons\":[{\"Code\":\"None\"},{},{\"Code\":\"X\"}]}";
        let codes = cancellation_codes(&error(CANCELED, reasons));
        assert_eq!(codes.unwrap(), ["None", "None", "X"]);
        assert_eq!(cancellation_codes(&error(CANCELED, "{}")), Some(Vec::new()));
        assert_eq!(cancellation_codes(&error("Other", reasons)), None);
        assert_eq!(cancellation_codes(&Error::TimedOut), None);
    }

    #[test]
    fn values_are_read_as_they_are_written() {
        let text = "[{\"S\":\"a\\\"é\"},{\"N\":\"1\"},{\"B\":\"AA==\"},{\"SS\":[\"a\"]},{\"NS\":[\"1\"]},\
            {\"BS\":[\"AA==\"]},{\"M\":{\"k\":{\"S\":\"v\"}}},{\"L\":[{\"BOOL\":true}]},{\"NULL\":true}]";
        let values: Vec<AttributeValue> = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&values).unwrap(), text);
    }
}
