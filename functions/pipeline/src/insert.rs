//! Writes events and movements until each has a fate: in rounds of calls, each round with what the one before left open.
//!
//! Invariant: every record is asked for again until the store says stored, duplicate or never. A statement that was put off is
//! repeated without its neighbours. A [`InsertOutcome::Duplicate`] after a lost answer may be our own write and is taken for one
//! all the same: in both cases the table holds the event, which is what the message is acknowledged for.
//!
//! A movement that is there already is raised: the store answers an insert with what stands at the key, and the next round writes what both
//! say over that version, unless the telling is nothing new. Two writers who raise one version are told apart by it: one of them
//! is answered with the other's item, and joins that.
//!
//! A movement whose item gains a problem, because two tellings of it contradict each other, has a fate of its own: who writes the
//! problem tells of it, and a repetition, which finds it there, does not.
//!
//! What the process remembers of a movement stands in for that answer: the first round raises the remembered item, and does not ask where the
//! telling adds nothing to it. If the item has risen since, the table refuses the update, and the next round joins what stands there.
//!
//! Source: HTTP 200 of BatchExecuteStatement hides per-statement errors,
//! <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementResponse.html>.

use futures::stream::{self, StreamExt};

use crate::IngestError;
use crate::remembered::Remembered;
use crate::report::Contradiction;
use crate::storage::{InsertOutcome, Over, Pause, StoreError, Write, Written};
use crate::stored::StoredTransaction;

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Stored,
    /// Stored, and since then the movement contradicts itself.
    Contradicted(Box<Contradiction>),
    Duplicate,
    Failed(IngestError),
}

/// How to go about it.
#[derive(Clone, Copy)]
pub(crate) struct Rounds {
    /// Writes per call.
    pub(crate) call_records_max: usize,
    /// Calls at a time.
    pub(crate) calls_concurrent_max: usize,
    /// Calls per write.
    pub(crate) attempts_max: u32,
}

/// What is known of a write on its way; the writes themselves lie beside, as the store takes them.
struct Open {
    position: usize,
    /// What the batch tells of a movement, once the write on its way says what stands there as well.
    telling: Option<Box<StoredTransaction>>,
    /// The problems that a movement's item has once it is written, and had not before.
    gained: Vec<String>,
    /// Whether a call for this write may have taken effect without an answer that says so.
    unanswered: bool,
}

/// What an answer means for a write.
enum Next {
    Done(Fate),
    /// At once, and another write.
    Raise(Write),
    /// After a pause, and the same.
    Again(Write, Option<StoreError>),
}

impl Open {
    fn new(position: usize, write: &Write) -> Self {
        let gained = match write {
            Write::Event(_) => Vec::new(),
            Write::Movement(item, _) => item.problems.clone(),
        };
        Self {
            position,
            telling: None,
            gained,
            unanswered: false,
        }
    }

    /// What the first round writes in place of `write`; `None` where that adds nothing to what is remembered.
    fn first(&mut self, write: Write, remembered: &Remembered) -> Option<Write> {
        let Write::Movement(telling, _) = &write else {
            return Some(write);
        };
        let known = remembered.item(telling);
        match known.map(|item| self.raise(telling, &item)) {
            Some(Next::Raise(raised)) => Some(raised),
            Some(Next::Done(Fate::Duplicate)) => None,
            // Nothing is remembered, or nothing that can be joined: the table decides.
            _ => Some(write),
        }
    }

    /// What follows from an answer. What the table says that it has is remembered.
    fn next(
        &mut self,
        write: Write,
        answer: Result<Written, StoreError>,
        remembered: &Remembered,
    ) -> Next {
        let written = match answer {
            Ok(written) => written,
            Err(error @ StoreError::Final { .. }) => {
                return Next::Done(Fate::Failed(IngestError::InsertFinal(error)));
            }
            Err(error) => {
                self.unanswered |= may_have_written(&write);
                return Next::Again(write, Some(error));
            }
        };
        match (written.outcome, write) {
            (InsertOutcome::Stored, Write::Event(_)) => Next::Done(Fate::Stored),
            (InsertOutcome::Stored, Write::Movement(item, _)) => {
                let fate = self.stored(&item);
                remembered.remember(*item);
                Next::Done(fate)
            }
            (InsertOutcome::Refused, _) => Next::Done(Fate::Failed(IngestError::RecordRefused)),
            (InsertOutcome::Retry, write) => {
                self.unanswered |= may_have_written(&write);
                Next::Again(write, None)
            }
            (InsertOutcome::Duplicate, Write::Event(_)) => Next::Done(Fate::Duplicate),
            (InsertOutcome::Duplicate, Write::Movement(item, over)) => {
                let telling = self.telling.take().unwrap_or(item);
                match written.present {
                    Some(item) => match StoredTransaction::from_item(item) {
                        Ok(item) => {
                            let next = self.raise(&telling, &item);
                            if !matches!(next, Next::Done(Fate::Failed(_))) {
                                remembered.remember(item);
                            }
                            next
                        }
                        Err(_) => Next::Done(Fate::Failed(IngestError::RecordRefused)),
                    },
                    // The store did not say what stands there: it is asked. Or nothing does any more.
                    None => {
                        let over = match over {
                            Over::Unseen => Over::Nothing,
                            _ => Over::Unseen,
                        };
                        Next::Raise(Write::Movement(telling, over))
                    }
                }
            }
        }
    }

    /// An item that is no movement's is left alone, and the message goes to the dead-letter queue for a person to read.
    fn raise(&mut self, telling: &StoredTransaction, present: &StoredTransaction) -> Next {
        match present.raised(telling) {
            Ok(Some(raised)) => {
                let version = present.movement.as_ref().map_or(0, |it| it.version);
                let problems = raised.problems.iter();
                let new = problems.filter(|problem| !present.problems.contains(problem));
                (self.gained, self.unanswered) = (new.cloned().collect(), false);
                self.telling = Some(Box::new(telling.clone()));
                Next::Raise(Write::Movement(Box::new(raised), Over::Version(version)))
            }
            // What stands there says it all. After an answer that was lost that is taken for our own write: a problem that is told
            // twice does less harm than one that is told never.
            Ok(None) if self.unanswered && !self.gained.is_empty() => {
                Next::Done(self.stored(telling))
            }
            Ok(None) => Next::Done(Fate::Duplicate),
            Err(_) => Next::Done(Fate::Failed(IngestError::RecordRefused)),
        }
    }

    /// The fate of a movement that is written; whose movement it is, each telling of it says.
    fn stored(&mut self, telling: &StoredTransaction) -> Fate {
        if self.gained.is_empty() {
            return Fate::Stored;
        }
        Fate::Contradicted(Box::new(Contradiction {
            provider: telling.provider.clone(),
            transaction_id: telling.key.transaction_id.clone(),
            problems: std::mem::take(&mut self.gained),
        }))
    }
}

/// Whether a call for this write may have taken effect, whatever was answered: one that only asks what stands there cannot.
fn may_have_written(write: &Write) -> bool {
    !matches!(write, Write::Movement(_, Over::Unseen))
}

/// Writes `writes` through `call` and returns their fates in order.
pub(crate) async fn write_all<C>(
    writes: Vec<Write>,
    rounds: Rounds,
    remembered: &Remembered,
    pause: &impl Pause,
    call: C,
) -> Vec<Fate>
where
    C: AsyncFn(&[Write]) -> Result<Vec<Written>, StoreError>,
{
    let mut fates: Vec<Option<Fate>> = Vec::with_capacity(writes.len());
    let (mut open, mut first_writes) = (Vec::new(), Vec::new());
    for (position, write) in writes.into_iter().enumerate() {
        let mut it = Open::new(position, &write);
        let Some(write) = it.first(write, remembered) else {
            fates.push(Some(Fate::Duplicate));
            continue;
        };
        fates.push(None);
        open.push(it);
        first_writes.push(write);
    }
    let mut writes = first_writes;
    let (mut attempts, mut put_off) = (0, false);
    while !open.is_empty() {
        // What is only raised was not put off.
        if put_off {
            pause.before(attempts).await;
        }
        attempts += 1;
        put_off = false;
        let answers = one_round(&writes, rounds, &call).await;
        let last = attempts >= rounds.attempts_max;
        let (mut rest, mut next_writes) = (Vec::new(), Vec::new());
        for ((mut it, write), answer) in open.into_iter().zip(writes).zip(answers) {
            let fate = match it.next(write, answer, remembered) {
                Next::Done(fate) => fate,
                Next::Raise(raised) if !last => {
                    rest.push(it);
                    next_writes.push(raised);
                    continue;
                }
                Next::Again(write, _) if !last => {
                    put_off = true;
                    rest.push(it);
                    next_writes.push(write);
                    continue;
                }
                Next::Raise(_) => unfinished(attempts, None),
                Next::Again(_, cause) => unfinished(attempts, cause),
            };
            if let Some(slot) = fates.get_mut(it.position) {
                *slot = Some(fate);
            }
        }
        open = rest;
        writes = next_writes;
    }
    // The loop ends only when nothing is open; a slot without a fate would be a lost event, hence a failure.
    fates
        .into_iter()
        .map(|fate| fate.unwrap_or_else(|| unfinished(attempts, None)))
        .collect()
}

fn unfinished(attempts: u32, cause: Option<StoreError>) -> Fate {
    Fate::Failed(IngestError::InsertUnfinished { attempts, cause })
}

/// Asks for every write once. One answer per write, in order, whatever the store returned.
async fn one_round<C>(
    writes: &[Write],
    rounds: Rounds,
    call: &C,
) -> Vec<Result<Written, StoreError>>
where
    C: AsyncFn(&[Write]) -> Result<Vec<Written>, StoreError>,
{
    let call_records_max = rounds.call_records_max.max(1);
    let mut answers = vec![Ok(InsertOutcome::Retry.into()); writes.len()];
    let calls = writes
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
