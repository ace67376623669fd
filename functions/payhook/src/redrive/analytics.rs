//! Counting again what analytics could not count: through its own function, whose markers know what was counted.
//!
//! A dead letter is one record that could not be read, or word of a batch that failed too often: then its records are read from the stream, which keeps them for a day.

use aws_adapters::{Clients, stream, waiting};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::error::Error;

#[derive(Deserialize)]
struct Failed {
    #[serde(rename = "DDBStreamBatchInfo")]
    batch: Batch,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    shard_id: String,
    start_sequence_number: String,
    end_sequence_number: String,
    stream_arn: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    batch_item_failures: Vec<serde::de::IgnoredAny>,
}

/// Hands the records of a dead letter to the function, and sees that it counted them.
///
/// # Errors
/// A store's; [`Error::NotCounted`] when the function says that it did not.
pub(super) async fn count_again(
    clients: &Clients,
    function: &str,
    body: &str,
) -> Result<(), Error> {
    let records = match serde_json::from_str::<Failed>(body) {
        Ok(Failed { batch }) => {
            let range = stream::Range {
                shard: &batch.shard_id,
                first: &batch.start_sequence_number,
                last: &batch.end_sequence_number,
            };
            stream::counted_records(clients, &batch.stream_arn, range).await?
        }
        Err(_) => vec![body.to_owned()],
    };
    if records.is_empty() {
        return Ok(());
    }
    let records: Result<Vec<&RawValue>, _> = records
        .iter()
        .map(|record| serde_json::from_str(record))
        .collect();
    let records = records.map_err(|_| Error::NotCounted)?;
    let event = json!({ "Records": records }).to_string();
    let answer: Answer =
        serde_json::from_str(&waiting::ask(clients, function, &event).await?).unwrap_or_default();
    if answer.batch_item_failures.is_empty() {
        Ok(())
    } else {
        Err(Error::NotCounted)
    }
}
