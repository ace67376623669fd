//! What happens to days that are over: they are sealed, and archived while late webhooks still
//! arrive; then their items expire.

use std::cell::Cell;
use std::pin::pin;

use jiff::Timestamp;
use pipeline::memory::{Call, to_the_end};
use pipeline::storage::Deadline;
use pipeline::{Deps, Limits, ingest};
use transaction_archive::expiry::guard;
use transaction_archive::run::{Deps as ArchiveDeps, Scope};

use super::{DAY_MS, DAYS, FAULTS_MOST, FAULTS_REACH, FIRST, FIRST_MS, LAST_DAY, Life, PART_KEYS};
use crate::checks;
use crate::messages::Message;
use crate::random::{POLLS_MAX, alone, both, interleaved};

/// A run reads the whole chain of the seal before it archives anything: faults among the first
/// calls alone would never meet a part that is being written.
const ARCHIVE_FAULTS_MOST: usize = 8;
const ARCHIVE_FAULTS_REACH: usize = 200;

/// What has expired is gone some days later.
const EXPIRY_DAYS: i64 = 3;
const HOUR_MS: i64 = 3_600_000;

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

    /// Two runs of the archive, in the night after `day`, over the days up to it; webhooks arrive
    /// meanwhile.
    pub(super) fn archive(&mut self, day: i64) -> Result<(), String> {
        if day < 0 {
            return Ok(());
        }
        let mut arriving = self.batch();
        if !self.quiet && !self.is_over {
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
        let arrived = {
            let deadline = After(questions.into());
            let deps = ArchiveDeps {
                table: &self.memory,
                objects: &self.memory,
                pause: &self.memory,
                deadline: &deadline,
                part_keys_min: PART_KEYS,
            };
            let at = |hours: i64| {
                let at_ms = FIRST_MS + (day + 1) * DAY_MS + hours * HOUR_MS;
                Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX)
            };
            let scope = Scope {
                first: FIRST,
                last: Self::date(day),
                sealed_before: at(2),
                now: at(3),
            };
            let finished = Cell::new(0);
            let run = async || {
                let report = transaction_archive::run::run(&scope, None, &deps).await;
                guard(report.days_left, &self.memory, &self.memory).await;
                finished.set(finished.get() + 1);
                // Polled on while the other one runs.
                std::future::pending::<()>().await;
            };
            let (mut one, mut two) = (pin!(run()), pin!(run()));
            let polls = self.random.below(200);
            // Half of the time the second run starts, and ends, while the first one stands still: so far apart that what came in between
            // is in what the second one reads and not in what the first one read.
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
            Some(report) => self.put_back(arriving, Some(&report)),
            None => self.queue.extend(arriving),
        }
        checks::whole_days_are_whole(&self.parts, &self.memory, Self::verified_at())
    }

    /// DynamoDB deletes some of what has expired by the beginning of `day`: it takes days over it.
    pub(super) fn expire(&mut self, day: i64) -> Result<(), String> {
        let now_s = (FIRST_MS + day * DAY_MS) / 1000;
        let random = &mut self.random;
        let expired = self.memory.expire(now_s, |_| random.once_in(2)).len();
        self.counts.expired += expired;
        if expired > 0 {
            checks::nothing_vanished(&self.parts, &self.memory)?;
        }
        Ok(())
    }

    /// Months pass without webhooks. The archive runs every few days; sometimes it cannot get on,
    /// or the seal cannot, until somebody looks.
    pub(super) fn months(&mut self) -> Result<(), String> {
        self.is_over = true;
        self.broken =
            [Some(Call::ObjectPutNew), Some(Call::Sign), None, None][self.random.below(4)];
        let mut next_run = DAYS;
        for day in DAYS..LAST_DAY {
            if day >= next_run {
                next_run += 3 + i64::try_from(self.random.below(8)).unwrap_or_default();
                // Nothing goes wrong every time, but for what is broken: a crash in every run of
                // some weeks would keep the expiry on.
                self.quiet = day > 70 || self.random.once_in(2);
                self.seal(day - 1);
                self.archive(day - 1)?;
            }
            if day % EXPIRY_DAYS == 0 {
                self.expire(day)?;
            }
        }
        self.counts.stopped += usize::from(self.memory.expiry_stopped());
        self.broken = None;
        self.quiet = true;
        Ok(())
    }
}
