//! Reads any number of items by their keys, in calls of as many as one takes.
//!
//! Invariant: every key is either answered for or the whole reading is an error. A key that the
//! store puts off is asked for again; it is never taken for a key at which nothing stands.

use futures::{StreamExt, TryStreamExt, stream};
use payment_event::TransactionKey;

use crate::retry::retrying;
use crate::storage::{Item, ItemReader, Pause, READ_BATCH_KEYS_MAX, StoreError};

/// Calls at the same time.
const CALLS_CONCURRENT_MAX: usize = 8;

/// Calls in a row that answer none of their keys, before the reading is given up.
const EMPTY_CALLS_MAX: u32 = 8;

/// The items at `keys`, which must differ from each other; keys at which nothing stands are left
/// out.
///
/// # Errors
/// A [`StoreError`]: a call failed, or keys were put off again and again.
pub async fn read_items(
    keys: &[TransactionKey],
    table: &impl ItemReader,
    pause: &impl Pause,
) -> Result<Vec<Item>, StoreError> {
    let batches = keys.chunks(READ_BATCH_KEYS_MAX);
    // Collected first: a lazy map would borrow for longer than the stream lives.
    let calls: Vec<_> = batches.map(|some| read_some(some, table, pause)).collect();
    let found: Vec<Vec<Item>> = stream::iter(calls)
        .buffered(CALLS_CONCURRENT_MAX)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

async fn read_some(
    keys: &[TransactionKey],
    table: &impl ItemReader,
    pause: &impl Pause,
) -> Result<Vec<Item>, StoreError> {
    let mut found = Vec::with_capacity(keys.len());
    let mut rest = keys.to_vec();
    let mut empty_calls = 0;
    loop {
        let batch = retrying(pause, async || table.read_batch(&rest).await).await?;
        empty_calls = match batch.put_off.len() < rest.len() {
            true => 0,
            false => empty_calls + 1,
        };
        found.extend(batch.items);
        rest = batch.put_off;
        if rest.is_empty() {
            return Ok(found);
        }
        if empty_calls == EMPTY_CALLS_MAX {
            return Err(StoreError::Retryable {
                call: "dynamodb:BatchGetItem",
                cause: "keys were put off".to_owned(),
            });
        }
        pause.before(empty_calls + 1).await;
    }
}
