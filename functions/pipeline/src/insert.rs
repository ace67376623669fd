//! Inserts records until each has a fate: in rounds of calls, each round with what the one before left open.
//!
//! Invariant: every record is asked for again until the store says stored, duplicate or never. A statement that was put off is
//! repeated without its neighbours. A [`InsertOutcome::Duplicate`] after a lost answer may be our own write and is taken for one
//! all the same: in both cases the table holds the event, which is what the message is acknowledged for.
//!
//! Source: HTTP 200 of BatchExecuteStatement hides per-statement errors,
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementResponse.html>.

use futures::stream::{self, StreamExt};

use crate::IngestError;
use crate::storage::{InsertOutcome, Pause, StoreError, TransactionRecord};

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Stored,
    Duplicate,
    Failed(IngestError),
}

/// How to go about it.
#[derive(Clone, Copy)]
pub(crate) struct Rounds {
    /// Records per call.
    pub(crate) call_records_max: usize,
    /// Calls at a time.
    pub(crate) calls_concurrent_max: usize,
    /// Calls per record.
    pub(crate) attempts_max: u32,
}

/// Inserts `records` through `call` and returns their fates in order.
pub(crate) async fn insert_all<C>(
    records: Vec<TransactionRecord>,
    rounds: Rounds,
    pause: &impl Pause,
    call: C,
) -> Vec<Fate>
where
    C: AsyncFn(&[TransactionRecord]) -> Result<Vec<InsertOutcome>, StoreError>,
{
    let mut fates: Vec<Option<Fate>> = vec![None; records.len()];
    let mut positions: Vec<usize> = (0..records.len()).collect();
    let mut open = records;
    let mut attempts = 0;
    while !open.is_empty() {
        if attempts > 0 {
            pause.before(attempts).await;
        }
        attempts += 1;
        let answers = one_round(&open, rounds, &call).await;
        let last = attempts >= rounds.attempts_max;
        let mut next = Vec::new();
        let mut next_positions = Vec::new();
        for ((record, position), answer) in open.into_iter().zip(positions).zip(answers) {
            let fate = match answer {
                Ok(InsertOutcome::Stored) => Fate::Stored,
                Ok(InsertOutcome::Duplicate) => Fate::Duplicate,
                Ok(InsertOutcome::Refused) => Fate::Failed(IngestError::RecordRefused),
                Err(error @ StoreError::Final { .. }) => {
                    Fate::Failed(IngestError::InsertFinal(error))
                }
                Ok(InsertOutcome::Retry) if last => Fate::Failed(IngestError::InsertUnfinished {
                    attempts,
                    cause: None,
                }),
                Err(error) if last => Fate::Failed(IngestError::InsertUnfinished {
                    attempts,
                    cause: Some(error),
                }),
                Ok(InsertOutcome::Retry) | Err(_) => {
                    next.push(record);
                    next_positions.push(position);
                    continue;
                }
            };
            if let Some(slot) = fates.get_mut(position) {
                *slot = Some(fate);
            }
        }
        open = next;
        positions = next_positions;
    }
    // The loop ends only when nothing is open; a slot without a fate would be a lost event, hence a failure.
    let unfinished = || {
        Fate::Failed(IngestError::InsertUnfinished {
            attempts,
            cause: None,
        })
    };
    fates
        .into_iter()
        .map(|fate| fate.unwrap_or_else(unfinished))
        .collect()
}

/// Asks for every record once. One answer per record, in order, whatever the store returned.
async fn one_round<C>(
    open: &[TransactionRecord],
    rounds: Rounds,
    call: &C,
) -> Vec<Result<InsertOutcome, StoreError>>
where
    C: AsyncFn(&[TransactionRecord]) -> Result<Vec<InsertOutcome>, StoreError>,
{
    let call_records_max = rounds.call_records_max.max(1);
    let mut answers = vec![Ok(InsertOutcome::Retry); open.len()];
    let calls = open
        .chunks(call_records_max)
        .zip(answers.chunks_mut(call_records_max));
    stream::iter(calls)
        .for_each_concurrent(
            rounds.calls_concurrent_max.max(1),
            async |(chunk, slots)| match call(chunk).await {
                // A store that answers for too few leaves the others at Retry.
                Ok(outcomes) => slots
                    .iter_mut()
                    .zip(outcomes)
                    .for_each(|(slot, outcome)| *slot = Ok(outcome)),
                Err(error) => slots.fill(Err(error)),
            },
        )
        .await;
    answers
}
