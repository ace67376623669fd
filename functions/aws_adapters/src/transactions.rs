//! The transactions table: up to 25 PartiQL statements a call, an insert for each event and each movement that is new, an update for a
//! movement that rises.
//!
//! A PartiQL `INSERT` refuses an existing key with `DuplicateItem`, statement by statement, and costs one write unit a kilobyte, where a
//! conditional transaction would cost two. HTTP 200 hides the statements' own errors, so each answer is looked at.
//! A movement is raised only over the version that was read. An update that fails its condition is answered with what stands there
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementRequest.html>, read 2026-11-27); an insert that is
//! refused is not (DynamoDB Local 3, executed by `tests/transactions.rs`), so a telling that may be new asks by an update over a version
//! that no item has.
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html>, read 2026-11-23.

use aws_wire::Service;
use aws_wire::dynamodb::{
    AttributeValue, ReturnOld, Statement, StatementError, batch_execute_statement,
};
use pipeline::storage::{InsertOutcome, Over, StoreError, TransactionStore, Write, Written};

use crate::Wire;
use crate::error::wire_error;
use crate::item;

const BATCH: &str = "dynamodb:BatchExecuteStatement";

/// The table in DynamoDB.
#[derive(Clone, Debug)]
pub struct DynamoTransactions {
    client: Wire,
    table: String,
}

impl DynamoTransactions {
    /// The table called `table`.
    pub fn new(client: &Wire, table: impl Into<String>) -> Self {
        Self {
            client: client.clone(),
            table: table.into(),
        }
    }

    /// Opens the connection of the first call. One that cannot be opened is found out by that call.
    pub async fn connect(&self) {
        let _ = self.client.open(Service::DynamoDb, None).await;
    }
}

/// What a statement's error says of its record; an error of the whole call for those that every statement would get.
fn statement_outcome(error: Option<&StatementError>) -> Result<InsertOutcome, StoreError> {
    let Some(error) = error else {
        return Ok(InsertOutcome::Stored);
    };
    match error.code.as_deref().unwrap_or("unknown") {
        "DuplicateItem" | "ConditionalCheckFailed" => Ok(InsertOutcome::Duplicate),
        code @ ("AccessDenied" | "ResourceNotFound") => Err(StoreError::Final {
            call: BATCH,
            cause: code.to_owned(),
        }),
        "ValidationError" | "ItemCollectionSizeLimitExceeded" => Ok(InsertOutcome::Refused),
        // Throttles, conflicts, internal errors, and codes that are new: worth repeating, and the queue bounds how often.
        _ => Ok(InsertOutcome::Retry),
    }
}

/// A version that no item has: an update over it changes nothing and is answered with what is there.
const NO_VERSION: &str = "0";

fn statement(table: &str, write: &Write) -> Statement {
    let (item, over) = match write {
        Write::Event(record) => {
            let attributes = item::record(record);
            return Statement {
                statement: item::insert_statement(table, &attributes),
                parameters: attributes.into_iter().map(|(_, value)| value).collect(),
                present: None,
            };
        }
        Write::Movement(item, over) => (item, over),
    };
    let attributes = item::movement(item);
    let version = match over {
        Over::Nothing => {
            return Statement {
                statement: item::insert_statement(table, &attributes),
                parameters: attributes.into_iter().map(|(_, value)| value).collect(),
                present: Some(ReturnOld::All),
            };
        }
        Over::Version(version) => version.to_string(),
        Over::Unseen => NO_VERSION.to_owned(),
    };
    let is_key = |name: &str| matches!(name, "transaction_id" | "timestamp");
    let changed = attributes.into_iter().filter(|(name, _)| !is_key(name));
    let (names, mut values): (Vec<&str>, Vec<AttributeValue>) = changed.unzip();
    values.extend([
        AttributeValue::S(item.key.transaction_id.clone()),
        AttributeValue::S(item.key.timestamp.clone()),
        AttributeValue::N(version),
    ]);
    Statement {
        statement: item::update_statement(table, names.into_iter()),
        parameters: values,
        present: Some(ReturnOld::All),
    }
}

impl TransactionStore for DynamoTransactions {
    async fn write_batch(&self, writes: &[Write]) -> Result<Vec<Written>, StoreError> {
        let statements = writes.iter().map(|write| statement(&self.table, write));
        let statements: Vec<Statement> = statements.collect();
        let answers = batch_execute_statement(&self.client, &statements).await;
        let answers = answers.map_err(|error| wire_error(BATCH, &error))?;
        let written = answers.into_iter().map(|answer| {
            Ok(Written {
                outcome: statement_outcome(answer.error.as_ref())?,
                present: answer.error.and_then(|error| error.item).map(item::neutral),
            })
        });
        written.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_error_has_a_row() {
        let outcome = |code: &str| {
            let code = Some(code.to_owned());
            statement_outcome(Some(&StatementError { code, item: None }))
        };
        assert_eq!(statement_outcome(None), Ok(InsertOutcome::Stored));
        assert_eq!(
            statement_outcome(Some(&StatementError::default())),
            Ok(InsertOutcome::Retry)
        );
        for (code, expected) in [
            ("DuplicateItem", InsertOutcome::Duplicate),
            ("ConditionalCheckFailed", InsertOutcome::Duplicate),
            ("ThrottlingError", InsertOutcome::Retry),
            ("ProvisionedThroughputExceeded", InsertOutcome::Retry),
            ("RequestLimitExceeded", InsertOutcome::Retry),
            ("TransactionConflict", InsertOutcome::Retry),
            ("InternalServerError", InsertOutcome::Retry),
            ("SomethingNew", InsertOutcome::Retry),
            ("ValidationError", InsertOutcome::Refused),
            ("ItemCollectionSizeLimitExceeded", InsertOutcome::Refused),
        ] {
            assert_eq!(outcome(code), Ok(expected), "{code}");
        }
        for code in ["AccessDenied", "ResourceNotFound"] {
            assert!(
                matches!(outcome(code), Err(StoreError::Final { .. })),
                "{code}"
            );
        }
    }
}
