//! What happens, in an order of the seed's: deliveries, stream batches, archive runs, seals, and faults in all of them; then quiet, and the checks.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::pin;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use payment_event::TransactionKey;
use pipeline::aggregate::SequenceNumber;
use pipeline::aggregate::count::{CountReport, StreamRecord, count_batch};
use pipeline::memory::{CallFault, EntryFault, Memory, signing_key, to_the_end};
use pipeline::plan::archive_shard;
use pipeline::storage::Deadline;
use pipeline::{Deps, IngestReport, Limits, ingest};
use transaction_archive::run::Deps as ArchiveDeps;

use crate::checks;
use crate::messages::{Message, Order, all_providers, message, provider, secrets};
use crate::random::{POLLS_MAX, Random, both, interleaved};

const FIRST: Date = date(2026, 1, 2);
const FIRST_MS: i64 = 1_767_312_000_000;
const DAY_MS: i64 = 86_400_000;
const DAYS: i64 = 3;
const MESSAGES_MIN: usize = 5;
const MESSAGES_MORE: usize = 14;
const PART_ITEMS: usize = 3;
/// The stream's shards: a transaction's records are all in one.
const SHARDS: usize = 2;

/// What a life did: so that a simulation that does nothing is noticed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Calls to storage.
    pub calls: usize,
    /// Calls that a fault was scripted for.
    pub faults: usize,
    /// Crashes.
    pub crashes: usize,
    /// Records stored.
    pub records: usize,
    /// Records archived at the end.
    pub archived: usize,
    /// Digests made.
    pub digests: usize,
}

/// Never, or after so many questions.
struct After(Cell<usize>);

impl Deadline for After {
    fn reached(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left == 0
    }
}

pub(crate) struct Life {
    pub(crate) memory: Memory,
    random: Random,
    counts: Counts,
    /// Not acknowledged yet.
    queue: VecDeque<Message>,
    /// Every message that was ever accepted.
    pub(crate) accepted: Vec<Message>,
    generation: u32,
    numbers: u64,
    invocations: u64,
    /// How far each shard of the stream is acknowledged.
    checkpoints: [usize; SHARDS],
    /// Days that were archived: nothing of them is repeated any more, as ninety days later.
    archived_until: i64,
    quiet: bool,
}

/// Lives the life of a seed.
///
/// # Errors
/// What does not hold, in words.
pub fn run(seed: u64) -> Result<Counts, String> {
    let mut life = Life {
        memory: Memory::new(),
        random: Random::new(seed),
        counts: Counts::default(),
        queue: VecDeque::new(),
        accepted: Vec::new(),
        generation: 1,
        numbers: 0,
        invocations: 0,
        checkpoints: [0; SHARDS],
        archived_until: -1,
        quiet: false,
    };
    let key = signing_key().ok_or("no signing key could be made")?;
    life.memory.set_signing_key(key);
    life.memory.interleave();
    for name in all_providers() {
        life.memory.set_secrets(name, secrets(name, 1));
    }
    for day in 0..DAYS {
        life.day(day)?;
    }
    life.settle()?;
    checks::all(&life)?;
    life.counts.calls = life.memory.calls().len();
    life.counts.records = life.memory.stream().len();
    let objects = life.memory.objects();
    life.counts.digests = objects
        .keys()
        .filter(|k| k.starts_with("seal/digests/"))
        .count();
    life.counts.archived = checks::visible(&life.memory)?.len();
    Ok(life.counts)
}

impl Life {
    /// The day with this number.
    pub(crate) fn date(number: i64) -> Date {
        FIRST
            .checked_add(jiff::SignedDuration::from_hours(24 * number))
            .unwrap_or(FIRST)
    }

    /// The days of the life.
    pub(crate) fn days() -> (Date, Date) {
        (FIRST, Self::date(DAYS))
    }

    /// The last day that is archived.
    pub(crate) fn archived_until() -> Date {
        Self::date(DAYS - 2)
    }

    /// The end of it.
    pub(crate) fn end() -> Timestamp {
        Timestamp::from_millisecond(FIRST_MS + (DAYS + 2) * DAY_MS).unwrap_or(Timestamp::MAX)
    }

    fn day(&mut self, day: i64) -> Result<(), String> {
        let count = MESSAGES_MIN + self.random.below(MESSAGES_MORE);
        for _ in 0..count {
            self.arrive(day);
        }
        if self.random.once_in(2) {
            // Secrets are rotated: caches still hold the old one until a signature does not match.
            self.generation += 1;
            for name in all_providers() {
                self.memory
                    .set_newer_secrets(name, secrets(name, self.generation));
            }
            (0..3).for_each(|_| self.arrive(day));
        }
        for _ in 0..12 + self.random.below(12) {
            match self.random.below(8) {
                0..=2 => self.deliver(),
                3..=4 => self.stream_batch(),
                5 => self.repeat(day),
                6 => self.seal(day - 1),
                _ => self.archive(day - 2)?,
            }
        }
        Ok(())
    }

    /// A webhook arrives, genuine or not.
    fn arrive(&mut self, day: i64) {
        // Some come late: signed and received on a day before, and left in the queue until now.
        let received_day = if self.random.once_in(6) {
            (day - 2).max(0)
        } else {
            day
        };
        let second = i64::try_from(self.random.below(86_399)).unwrap_or_default();
        let order = Order {
            number: self.numbers,
            provider: provider(self.random.below(4)),
            sequence: 1000 + self.numbers,
            amount_minor: 1_000_000 + i64::try_from(self.random.below(900_000)).unwrap_or_default(),
            received_at_ms: FIRST_MS + received_day * DAY_MS + second * 1000 + 250,
            event_age_s: 60,
            generation: self.generation,
            forged: self.random.once_in(8),
        };
        self.accept(&order);
    }

    /// A provider delivers again what it delivered before: another message, the same event.
    fn repeat(&mut self, day: i64) {
        let young = |message: &&Message| {
            message.valid()
                && (message.first_received_at_ms - FIRST_MS) / DAY_MS > self.archived_until
        };
        let candidates: Vec<Message> = self.accepted.iter().filter(young).cloned().collect();
        if candidates.is_empty() {
            return;
        }
        let first = &candidates[self.random.below(candidates.len())];
        let number = self.numbers;
        self.numbers += 1;
        let mut again = first.clone();
        again.id = format!("message-{number}");
        again.request = again
            .request
            .replace(&first.request_id, &format!("request-{number}"));
        again.request_id = format!("request-{number}");
        again.receive_count = 1;
        again.received_at_ms = (first.received_at_ms + 1000).max(FIRST_MS + day * DAY_MS);
        // A signature over a time is stale by then: such a provider signs anew, which the message of the same day stands for.
        if again.received_at_ms - first.received_at_ms > 100_000 {
            again.received_at_ms = first.received_at_ms + 1000;
        }
        self.accepted.push(again.clone());
        self.queue.push_back(again);
    }

    fn accept(&mut self, order: &Order) {
        self.numbers += 1;
        if let Some(message) = message(order) {
            self.accepted.push(message.clone());
            self.queue.push_back(message);
        }
    }

    /// Scripts faults for the calls to come.
    fn disturb(&mut self) {
        const FAULTS: [CallFault; 5] = [
            CallFault::RetryableBefore,
            CallFault::RetryableAfter,
            CallFault::Final,
            CallFault::CrashBefore,
            CallFault::CrashAfter,
        ];
        if self.quiet {
            return;
        }
        let calls = self.memory.calls().len();
        for _ in 0..self.random.below(4) {
            let fault = FAULTS[self.random.below(FAULTS.len())];
            self.memory.fail_call(calls + self.random.below(25), fault);
            self.counts.faults += 1;
        }
        for _ in 0..self.random.below(4) {
            let fault = match self.random.below(2) {
                0 => EntryFault::ThrottleBefore,
                _ => EntryFault::ThrottleAfter,
            };
            let entry = self.memory.entries() + self.random.below(20) as u64;
            self.memory.fail_entry(entry, fault);
        }
        if self.random.once_in(4) {
            self.memory
                .set_conflicts(1 + u32::try_from(self.random.below(7)).unwrap_or_default());
        }
    }

    fn recover(&mut self) {
        self.counts.crashes += usize::from(self.memory.crashed());
        self.memory.heal();
    }

    fn batch(&mut self) -> Vec<Message> {
        let mut waiting: Vec<_> = self.queue.drain(..).collect();
        if !self.quiet {
            self.random.shuffle(&mut waiting);
        }
        let size = (1 + self.random.below(12)).min(waiting.len());
        self.queue.extend(waiting.split_off(size));
        waiting
    }

    /// One or two invocations of webhook_processor; what they do not acknowledge comes again, and sometimes what they do.
    fn deliver(&mut self) {
        let (one, mut two) = (self.batch(), self.batch());
        if self.random.once_in(3) {
            // At least once: both invocations get some message.
            two.extend(one.first().cloned());
        }
        self.disturb();
        self.invocations += 2;
        let deps = Deps {
            transactions: &self.memory,
            audit: &self.memory,
            rejected: &self.memory,
            secrets: &self.memory,
            pause: &self.memory,
        };
        let (first, second): (Vec<_>, Vec<_>) = (
            one.iter().map(Message::incoming).collect(),
            two.iter().map(Message::incoming).collect(),
        );
        let limits = Limits::default();
        let names = [self.invocations, self.invocations + 1].map(|n| format!("invocation-{n}"));
        let (a, b) = both(
            &mut self.random,
            ingest(&first, &names[0], &deps, &limits),
            ingest(&second, &names[1], &deps, &limits),
        );
        self.recover();
        self.put_back(one, a.as_ref());
        self.put_back(two, b.as_ref());
    }

    fn put_back(&mut self, batch: Vec<Message>, report: Option<&IngestReport>) {
        let failed: Option<BTreeSet<String>> =
            report.map(|report| report.failed_message_ids().map(str::to_owned).collect());
        for mut message in batch {
            let again = failed
                .as_ref()
                .is_none_or(|failed| failed.contains(&message.id));
            let twice = !self.quiet && message.valid() && self.random.once_in(10);
            if again || twice {
                message.receive_count += 1;
                self.queue.push_back(message);
            }
        }
    }

    /// The stream's records by shard, each with its place there.
    fn shards(&self) -> [Vec<(SequenceNumber, String)>; SHARDS] {
        let mut shards = [Vec::new(), Vec::new()];
        for (sequence, json) in self.memory.stream() {
            let record: serde_json::Value = serde_json::from_str(&json).unwrap_or_default();
            let transaction = &record["dynamodb"]["NewImage"]["transaction_id"]["S"];
            let shard = archive_shard(transaction.as_str().unwrap_or_default(), 0);
            let odd = shard.ends_with(['1', '3', '5', '7', '9']);
            shards[usize::from(odd)].push((sequence, json));
        }
        shards
    }

    /// A batch of each shard goes to analytics_processor, at once; sometimes a shard is replayed from an earlier record.
    fn stream_batch(&mut self) {
        let shards = self.shards();
        if !self.quiet && self.random.once_in(5) {
            let shard = self.random.below(SHARDS);
            self.checkpoints[shard] = self.random.below(self.checkpoints[shard] + 1);
        }
        let mut batches: [&[(SequenceNumber, String)]; SHARDS] = [&[], &[]];
        for (batch, (all, checkpoint)) in
            batches.iter_mut().zip(shards.iter().zip(self.checkpoints))
        {
            let end = (checkpoint + 1 + self.random.below(20)).min(all.len());
            *batch = all.get(checkpoint..end).unwrap_or_default();
        }
        self.disturb();
        let lanes = [self.random.below(3), self.random.below(3)];
        let lane = |n: usize| u8::try_from(lanes[n]).unwrap_or_default();
        let (memory, at) = (&self.memory, Self::end());
        let batches = batches.map(stream_records);
        let (a, b) = both(
            &mut self.random,
            count_batch(&batches[0], at, lane(0), memory, memory, memory),
            count_batch(&batches[1], at, lane(1), memory, memory, memory),
        );
        let done = [(a, batches[0].len()), (b, batches[1].len())];
        let acknowledged = done.map(|(report, length)| match report {
            Some(CountReport { failure: None, .. }) => length,
            _ => 0,
        });
        self.recover();
        for (checkpoint, length) in self.checkpoints.iter_mut().zip(acknowledged) {
            *checkpoint += length;
        }
    }

    /// One or two runs of the seal, with clocks that differ by minutes.
    fn seal(&mut self, day: i64) {
        if day < 0 {
            return;
        }
        self.disturb();
        let skew = [self.random.below(120), self.random.below(120)]
            .map(|s| i64::try_from(s).unwrap_or_default());
        let questions = if self.quiet {
            usize::MAX
        } else {
            self.random.below(40)
        };
        let deadline = After(questions.into());
        let deps = audit_seal::seal::Deps {
            objects: &self.memory,
            signer: &self.memory,
            pause: &self.memory,
            deadline: &deadline,
        };
        let now = |n: usize| {
            Timestamp::from_millisecond(FIRST_MS + (day + 1) * DAY_MS + (1200 + skew[n]) * 1000)
                .unwrap_or(Timestamp::MAX)
        };
        let date = Self::date(day);
        both(
            &mut self.random,
            audit_seal::seal::seal(date, now(0), &deps),
            audit_seal::seal::seal(date, now(1), &deps),
        );
        self.recover();
    }

    /// One or two runs of the archive over the days up to `day`.
    fn archive(&mut self, day: i64) -> Result<(), String> {
        if day < 0 {
            return Ok(());
        }
        self.leave_nothing_of(day)?;
        self.archived_until = self.archived_until.max(day);
        let arriving = self.batch();
        self.invocations += 2;
        let name = format!("invocation-{}", self.invocations);
        self.disturb();
        let questions = if self.quiet {
            usize::MAX
        } else {
            self.random.below(60)
        };
        let arrived = {
            let deadline = After(questions.into());
            let deps = ArchiveDeps {
                index: &self.memory,
                objects: &self.memory,
                pause: &self.memory,
                deadline: &deadline,
                part_items_max: PART_ITEMS,
            };
            let last = Self::date(day);
            let finished = Cell::new(0);
            let run = async || {
                transaction_archive::run::run(FIRST, last, None, &deps).await;
                finished.set(finished.get() + 1);
                // Polled on while the other one runs.
                std::future::pending::<()>().await;
            };
            let (mut one, mut two) = (pin!(run()), pin!(run()));
            let polls = self.random.below(200);
            interleaved(&mut self.random, one.as_mut(), two.as_mut(), polls, || {
                false
            });
            // Late arrivals are stored meanwhile, so that the two runs see different items.
            let mut arrived = None;
            if !self.memory.crashed() {
                self.memory.spare(true);
                let incoming: Vec<_> = arriving.iter().map(Message::incoming).collect();
                let deps = Deps {
                    transactions: &self.memory,
                    audit: &self.memory,
                    rejected: &self.memory,
                    secrets: &self.memory,
                    pause: &self.memory,
                };
                arrived = to_the_end(ingest(&incoming, &name, &deps, &Limits::default()));
                self.memory.spare(false);
            }
            let over = || finished.get() == 2 || self.memory.crashed();
            interleaved(
                &mut self.random,
                one.as_mut(),
                two.as_mut(),
                POLLS_MAX,
                over,
            );
            arrived
        };
        self.recover();
        match arrived {
            // Not twice: it may be archived already, and ninety days lie between the last delivery and that.
            Some(report) => {
                let quiet = std::mem::replace(&mut self.quiet, true);
                self.put_back(arriving, Some(&report));
                self.quiet = quiet;
            }
            None => self.queue.extend(arriving),
        }
        checks::nothing_vanished(&self.memory)
    }

    /// A message waits for days at the most, a record for ninety before it is archived. So what has been tried of these days, and what brings
    /// an event of theirs again, gets through first; what was never tried may come late.
    fn leave_nothing_of(&mut self, day: i64) -> Result<(), String> {
        let mut times: BTreeMap<TransactionKey, u32> = BTreeMap::new();
        for key in self.accepted.iter().flat_map(|message| &message.keys) {
            *times.entry(key.clone()).or_default() += 1;
        }
        let first = |message: &Message| {
            let repeated = message.keys.iter().any(|key| times.get(key) != Some(&1));
            let old = (message.first_received_at_ms - FIRST_MS) / DAY_MS <= day;
            old && (repeated || message.receive_count > 1)
        };
        let (first, later): (VecDeque<_>, VecDeque<_>) = self.queue.drain(..).partition(first);
        self.queue = first;
        let quiet = std::mem::replace(&mut self.quiet, true);
        self.drain()?;
        self.quiet = quiet;
        self.queue = later;
        Ok(())
    }

    fn drain(&mut self) -> Result<(), String> {
        for _ in 0..500 {
            if self.queue.is_empty() {
                return Ok(());
            }
            self.deliver();
        }
        Err(format!("{} messages never get through", self.queue.len()))
    }

    /// No more faults: everything drains.
    fn settle(&mut self) -> Result<(), String> {
        self.quiet = true;
        self.drain()?;
        let lengths = self.shards().map(|shard| shard.len());
        for _ in 0..500 {
            if self.checkpoints == lengths {
                break;
            }
            self.stream_batch();
        }
        if self.checkpoints != lengths {
            return Err("the stream is never counted to its end".to_owned());
        }
        self.archive(DAYS - 2)?;
        self.seal(DAYS);
        Ok(())
    }
}

fn stream_records(batch: &[(SequenceNumber, String)]) -> Vec<StreamRecord<'_>> {
    let record = |numbered: &'_ (SequenceNumber, String)| numbered.0.clone();
    let sequences = batch.iter().map(record);
    let jsons = batch.iter().map(|numbered| numbered.1.as_str());
    sequences
        .zip(jsons)
        .map(|(sequence, json)| StreamRecord { sequence, json })
        .collect()
}
