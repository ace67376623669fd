//! What happens, in an order of the seed's: deliveries, stream batches, archive runs, seals, and faults in all of them; then quiet, and the checks.

mod arrivals;
mod counting;
mod old_days;

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use jiff::civil::{Date, date};
use pipeline::memory::{Call, CallFault, EntryFault, Memory, signing_key};
use pipeline::{Deps, IngestReport, Limits, Remembered, ingest};

use crate::checks;
use crate::messages::{Message, all_providers, secrets};
use crate::random::{Random, both};

const FIRST: Date = date(2026, 1, 2);
const FIRST_MS: i64 = 1_767_312_000_000;
const DAY_MS: i64 = 86_400_000;
const DAYS: i64 = 3;
const MESSAGES_MIN: usize = 5;
const MESSAGES_MORE: usize = 14;
/// Of so many days one brings a whole payment.
const DAYS_A_LIFE: usize = 2;
/// So few that an hour has several parts.
const PART_KEYS: usize = 4;
/// The day, from the first one, on which the records of the life have expired.
const LAST_DAY: i64 = 125;
/// A day on which every item has expired.
const NOTHING_IS_LEFT: i64 = 600;
/// Faults of one step, and the calls among which they strike.
const FAULTS_MOST: usize = 3;
const FAULTS_REACH: usize = 25;
/// An invocation of webhook_processor in so many finds a process that was just started.
const INVOCATIONS_A_START: usize = 6;
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
    /// Items that expired before that.
    pub expired: usize,
    /// Lives in which the expiry was switched off at the last.
    pub stopped: usize,
    /// Digests made.
    pub digests: usize,
    /// Webhooks of whole payments.
    pub lived: usize,
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
    /// The whole payments that arrived.
    lived: BTreeSet<usize>,
    numbers: u64,
    invocations: u64,
    /// The processes of webhook_processor, by what each remembers.
    processes: [Remembered; 2],
    /// How far each shard of the stream is acknowledged.
    checkpoints: [usize; SHARDS],
    /// The stream as far as it was looked at.
    shards: counting::Shards,
    /// Calls that never succeed, until somebody mends that.
    broken: Option<Call>,
    /// Nothing arrives any more.
    is_over: bool,
    quiet: bool,
    pub(crate) parts: checks::PartsRead,
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
        lived: BTreeSet::new(),
        numbers: 0,
        invocations: 0,
        processes: Default::default(),
        checkpoints: [0; SHARDS],
        shards: counting::Shards::default(),
        broken: None,
        is_over: false,
        quiet: false,
        parts: checks::PartsRead::default(),
    };
    let key = signing_key().ok_or("no signing key could be made")?;
    life.memory.set_signing_key(key);
    life.memory.interleave();
    if life.random.once_in(2) {
        life.memory.tell_nothing_of_what_is_present();
    }
    for info in all_providers() {
        life.memory.set_secrets(info.name, secrets(info, 1));
    }
    for day in 0..DAYS {
        life.day(day)?;
    }
    life.settle()?;
    checks::all(&life)?;
    life.counts.calls = life.memory.calls().len();
    life.counts.records = life.memory.stream(0).len();
    let objects = life.memory.objects();
    life.counts.digests = objects
        .keys()
        .filter(|k| k.starts_with("seal/digests/"))
        .count();
    life.counts.archived = life.parts.visible(&life.memory)?.len();
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

    /// When everything is over.
    pub(crate) fn verified_at() -> Timestamp {
        let at_ms = FIRST_MS + (LAST_DAY + 2) * DAY_MS;
        Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX)
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
        if self.random.once_in(DAYS_A_LIFE) {
            self.arrive_whole(day);
        }
        if self.random.once_in(2) {
            // Secrets are rotated: caches still hold the old one until a signature does not match.
            self.generation += 1;
            for info in all_providers() {
                self.memory
                    .set_newer_secrets(info.name, secrets(info, self.generation));
            }
            (0..3).for_each(|_| self.arrive(day));
        }
        for _ in 0..12 + self.random.below(12) {
            match self.random.below(9) {
                0..=2 => self.deliver(),
                3..=4 => self.stream_batch(),
                5 => self.repeat(),
                6 => self.seal(day - 1),
                7 => self.add_up(day),
                _ => self.archive(day - 1)?,
            }
            self.expire(day + 1)?;
        }
        Ok(())
    }

    /// Scripts up to `most` faults for the next `reach` calls.
    fn disturb(&mut self, most: usize, reach: usize) {
        const FAULTS: [CallFault; 5] = [
            CallFault::RetryableBefore,
            CallFault::RetryableAfter,
            CallFault::Final,
            CallFault::CrashBefore,
            CallFault::CrashAfter,
        ];
        if let Some(call) = self.broken {
            self.memory.fail_every(call, CallFault::Final);
        }
        if self.quiet {
            return;
        }
        let calls = self.memory.calls().len();
        for _ in 0..self.random.below(most + 1) {
            let fault = FAULTS[self.random.below(FAULTS.len())];
            self.memory
                .fail_call(calls + self.random.below(reach), fault);
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
        self.disturb(FAULTS_MOST, FAULTS_REACH);
        self.invocations += 2;
        for process in &mut self.processes {
            if self.random.once_in(INVOCATIONS_A_START) {
                *process = Remembered::default();
            }
        }
        let deps = |process: usize| Deps {
            transactions: &self.memory,
            remembered: &self.processes[process],
            audit: &self.memory,
            rejected: &self.memory,
            secrets: &self.memory,
            certificates: &self.memory,
            pause: &self.memory,
        };
        let (first, second): (Vec<_>, Vec<_>) = (
            one.iter().map(Message::incoming).collect(),
            two.iter().map(Message::incoming).collect(),
        );
        let (limits, processes) = (Limits::default(), [deps(0), deps(1)]);
        let names = [self.invocations, self.invocations + 1].map(|n| format!("invocation-{n}"));
        let (a, b) = both(
            &mut self.random,
            ingest(&first, &names[0], &processes[0], &limits),
            ingest(&second, &names[1], &processes[1], &limits),
        );
        if self.memory.crashed() {
            self.processes = Default::default();
        }
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
        self.look_at_stream();
        let lengths = self.shards.lengths();
        for _ in 0..500 {
            if self.checkpoints == lengths {
                break;
            }
            self.stream_batch();
        }
        if self.checkpoints != lengths {
            return Err("the stream is never counted to its end".to_owned());
        }
        self.add_up(DAYS);
        self.quiet = false;
        self.months()?;
        self.seal(LAST_DAY);
        self.archive(LAST_DAY)?;
        checks::everything_is_archived(&self.parts, &self.memory)?;
        self.memory.start_expiry();
        let end_s = (FIRST_MS + NOTHING_IS_LEFT * DAY_MS) / 1000;
        self.memory.expire(end_s, |_| true);
        Ok(())
    }
}
