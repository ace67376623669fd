//! What happens to days that are over: they are sealed, and archived while late webhooks still arrive.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::pin;

use jiff::Timestamp;
use payment_event::TransactionKey;
use pipeline::memory::to_the_end;
use pipeline::storage::Deadline;
use pipeline::{Deps, Limits, ingest};
use transaction_archive::run::{Days, Deps as ArchiveDeps};

use super::{DAY_MS, FAULTS_MOST, FAULTS_REACH, FIRST, FIRST_MS, Life, PART_ITEMS};
use crate::checks;
use crate::messages::Message;
use crate::random::{POLLS_MAX, alone, both, interleaved};

/// A run asks every shard of a day for its first item before it archives any: faults among the first calls alone would never meet a
/// part that is being written.
const ARCHIVE_FAULTS_MOST: usize = 8;
const ARCHIVE_FAULTS_REACH: usize = 200;

/// Never, or after so many questions.
pub(super) struct After(pub(super) Cell<usize>);

impl Deadline for After {
    fn reached(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left == 0
    }
}

impl Life {
    /// One or two runs of the seal, with clocks that differ by minutes.
    pub(super) fn seal(&mut self, day: i64) {
        if day < 0 {
            return;
        }
        self.disturb(FAULTS_MOST, FAULTS_REACH);
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
    pub(super) fn archive(&mut self, day: i64) -> Result<(), String> {
        if day < 0 {
            return Ok(());
        }
        self.leave_nothing_of(day)?;
        self.archived_until = self.archived_until.max(day);
        let mut arriving = self.batch();
        if !self.quiet {
            arriving.extend(self.late_arrival(day));
        }
        self.invocations += 2;
        let name = format!("invocation-{}", self.invocations);
        self.disturb(ARCHIVE_FAULTS_MOST, ARCHIVE_FAULTS_REACH);
        let questions = if self.quiet {
            usize::MAX
        } else {
            self.random.below(60)
        };
        let through = Cell::new(false);
        let late: BTreeSet<String> = arriving.iter().map(|m| m.id.clone()).collect();
        let arrived = {
            let deadline = After(questions.into());
            let deps = ArchiveDeps {
                index: &self.memory,
                objects: &self.memory,
                pause: &self.memory,
                deadline: &deadline,
                part_items_max: PART_ITEMS,
            };
            let days = Days {
                first: FIRST,
                last: Self::date(day),
                undated_last: Self::date(day),
            };
            let finished = Cell::new(0);
            let run = async || {
                let report = transaction_archive::run::run(days, None, &deps).await;
                finished.set(finished.get() + 1);
                through.set(through.get() || (report.failures.is_empty() && report.next.is_none()));
                // Polled on while the other one runs.
                std::future::pending::<()>().await;
            };
            let (mut one, mut two) = (pin!(run()), pin!(run()));
            let polls = self.random.below(200);
            // Half of the time the second run starts, and ends, while the first one stands still: so far apart that what came in between
            // is in the second one's page and not in the first one's.
            let overtaken = self.random.once_in(2);
            if overtaken {
                alone(one.as_mut(), polls, || false);
            } else {
                interleaved(&mut self.random, one.as_mut(), two.as_mut(), polls, || {
                    false
                });
            }
            // Late arrivals are stored meanwhile, so that the two runs see different items.
            let mut arrived = None;
            if !self.memory.crashed() {
                self.memory.spare(true);
                let incoming: Vec<_> = arriving.iter().map(Message::incoming).collect();
                let deps = Deps {
                    transactions: &self.memory,
                    remembered: &self.processes[0],
                    audit: &self.memory,
                    rejected: &self.memory,
                    secrets: &self.memory,
                    certificates: &self.memory,
                    pause: &self.memory,
                };
                arrived = to_the_end(ingest(&incoming, &name, &deps, &Limits::default()));
                self.memory.spare(false);
            }
            if overtaken {
                let over = || finished.get() == 1 || self.memory.crashed();
                alone(two.as_mut(), POLLS_MAX, over);
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
        if through.get() {
            checks::nothing_is_left(&self.memory, Self::date(day), &late)?;
        }
        checks::nothing_vanished(&self.parts, &self.memory)
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
}
