//! The transactions table: PartiQL inserts of up to 25.
//!
//! A PartiQL `INSERT` refuses an existing key with `DuplicateItem`, statement by statement, and costs one write unit a kilobyte, where a
//! conditional transaction would cost two. HTTP 200 hides the statements' own errors, so each answer is looked at.
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html>, read 2026-11-23.

use aws_sdk_dynamodb::types::{BatchStatementError, BatchStatementRequest};
use pipeline::storage::{InsertOutcome, StoreError, TransactionRecord, TransactionStore};

use crate::Clients;
use crate::error::store_error;
use crate::item;

const BATCH: &str = "dynamodb:BatchExecuteStatement";

/// The table in DynamoDB.
#[derive(Clone, Debug)]
pub struct DynamoTransactions {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl DynamoTransactions {
    /// The table called `table`.
    pub fn new(clients: &Clients, table: impl Into<String>) -> Self {
        Self {
            client: clients.dynamodb.clone(),
            table: table.into(),
        }
    }
}

/// What a statement's error says of its record; an error of the whole call for those that every statement would get.
fn statement_outcome(error: Option<&BatchStatementError>) -> Result<InsertOutcome, StoreError> {
    let Some(error) = error else {
        return Ok(InsertOutcome::Stored);
    };
    match error.code().map(|code| code.as_str()).unwrap_or("unknown") {
        "DuplicateItem" => Ok(InsertOutcome::Duplicate),
        code @ ("AccessDenied" | "ResourceNotFound") => Err(StoreError::Final {
            call: BATCH,
            cause: code.to_owned(),
        }),
        "ValidationError" | "ItemCollectionSizeLimitExceeded" => Ok(InsertOutcome::Refused),
        // Throttles, conflicts, internal errors, and codes that are new: worth repeating, and the queue bounds how often.
        _ => Ok(InsertOutcome::Retry),
    }
}

impl TransactionStore for DynamoTransactions {
    async fn insert_batch(
        &self,
        records: &[TransactionRecord],
    ) -> Result<Vec<InsertOutcome>, StoreError> {
        let mut call = self.client.batch_execute_statement();
        for record in records {
            let attributes = item::record(record);
            let statement = item::insert_statement(&self.table, &attributes);
            let values = attributes.into_iter().map(|(_, value)| value).collect();
            let request = BatchStatementRequest::builder()
                .statement(statement)
                .set_parameters(Some(values))
                .build()
                .map_err(|_| StoreError::Final {
                    call: BATCH,
                    cause: "the request could not be built".to_owned(),
                })?;
            call = call.statements(request);
        }
        let answer = call
            .send()
            .await
            .map_err(|error| store_error(BATCH, &error))?;
        answer
            .responses()
            .iter()
            .map(|response| statement_outcome(response.error()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::BatchStatementErrorCodeEnum;

    use super::*;

    #[test]
    fn every_statement_error_has_a_row() {
        let outcome = |code: &str| {
            let code = BatchStatementErrorCodeEnum::from(code);
            statement_outcome(Some(&BatchStatementError::builder().code(code).build()))
        };
        assert_eq!(statement_outcome(None), Ok(InsertOutcome::Stored));
        assert_eq!(
            statement_outcome(Some(&BatchStatementError::builder().build())),
            Ok(InsertOutcome::Retry)
        );
        for (code, expected) in [
            ("DuplicateItem", InsertOutcome::Duplicate),
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
