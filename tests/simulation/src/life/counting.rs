//! What counts: batches of the stream in any length and again, minutes added up to hours and days, and records that come too late for it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::Offset;
use pipeline::aggregate::SequenceNumber;
use pipeline::aggregate::count::{CountReport, StreamRecord, count_batch};
use pipeline::aggregate::sums::sum_days;

use super::{FAULTS_MOST, FAULTS_REACH, FIRST, Life, SHARDS};
use crate::random::both;

use super::old_days::After;

/// Lanes that processes of a life write to: some in which nobody counts are read all the same.
const LANES_USED: usize = 3;

/// Behind so many records of a shard stands one of long ago, which somebody put into the table.
const RECORDS_A_LATE_ONE: usize = 8;
/// When that one was received: more than sixty days before any is counted.
const LATE: &str = "2025-10-20T03:04:05.250Z";
/// Its place is in the gap behind the record that it is a copy of.
const LATE_PLACE: u128 = 3;

/// A record of the stream, with its place there.
type Numbered = (SequenceNumber, Arc<str>);

/// The stream's records by shard, as far as they were looked at: the stream only grows.
#[derive(Default)]
pub(super) struct Shards {
    looked_at: usize,
    shards: [Vec<Numbered>; SHARDS],
}

impl Shards {
    pub(super) fn lengths(&self) -> [usize; SHARDS] {
        self.shards.each_ref().map(Vec::len)
    }
}

impl Life {
    /// Adds what was written since to the shards.
    pub(super) fn look_at_stream(&mut self) {
        let Shards { looked_at, shards } = &mut self.shards;
        for change in self.memory.stream(*looked_at) {
            *looked_at += 1;
            let id = change.key.transaction_id.bytes().map(usize::from);
            let shard = &mut shards[id.sum::<usize>() % SHARDS];
            let place = change.sequence.clone();
            shard.push((change.sequence, Arc::clone(&change.json)));
            if shard.len() % RECORDS_A_LATE_ONE == 0 {
                shard.extend(late_record(&place, &change.json));
            }
        }
    }

    /// The records that come too late to be counted.
    pub(crate) fn late_records(&self) -> BTreeSet<String> {
        let all = self.shards.shards.iter().flatten();
        all.map(|(_, json)| json)
            .filter(|json| json.contains(LATE))
            .map(|json| json.to_string())
            .collect()
    }

    /// A batch of each shard goes to analytics_processor, at once; sometimes a shard is replayed from an earlier record.
    pub(super) fn stream_batch(&mut self) {
        self.look_at_stream();
        if !self.quiet && self.random.once_in(5) {
            let shard = self.random.below(SHARDS);
            self.checkpoints[shard] = self.random.below(self.checkpoints[shard] + 1);
        }
        let shards = &self.shards.shards;
        let mut batches: [Vec<Numbered>; SHARDS] = Default::default();
        for (batch, (all, checkpoint)) in
            batches.iter_mut().zip(shards.iter().zip(self.checkpoints))
        {
            let end = (checkpoint + 1 + self.random.below(20)).min(all.len());
            *batch = all.get(checkpoint..end).unwrap_or_default().to_vec();
        }
        self.disturb(FAULTS_MOST, FAULTS_REACH);
        let lanes = [(); 2].map(|()| self.random.below(LANES_USED));
        let lane = |n: usize| u8::try_from(lanes[n]).unwrap_or_default();
        let (memory, at) = (&self.memory, Self::end());
        let batches = batches.each_ref().map(|batch| stream_records(batch));
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

    /// Two runs of the task that adds minutes up, over the days until `day`, today's as well: what is counted behind them makes no sum wrong
    /// for longer than until the next run.
    pub(super) fn add_up(&mut self, day: i64) {
        let last = Self::date(day.max(0));
        let today = Offset::UTC.to_datetime(Self::end()).date();
        self.disturb(FAULTS_MOST, 4 * FAULTS_REACH);
        let questions = match self.quiet {
            true => usize::MAX,
            false => self.random.below(4),
        };
        let deadline = After(Cell::new(questions));
        let memory = &self.memory;
        let run = |first: Date| sum_days(first, last, today, memory, memory, &deadline);
        both(&mut self.random, run(FIRST), run(FIRST));
        self.recover();
        if self.quiet {
            // Two at once may read at different times; the last word has a run by itself.
            let memory = &self.memory;
            let run = sum_days(FIRST, last, today, memory, memory, &deadline);
            let _ = pipeline::memory::to_the_end(run);
        }
    }
}

/// A copy of a record as if its webhook had been received long ago.
fn late_record(sequence: &SequenceNumber, json: &str) -> Option<Numbered> {
    let mut record: serde_json::Value = serde_json::from_str(json).ok()?;
    let number: u128 = sequence.as_str().parse().ok()?;
    let late = SequenceNumber::parse(&(number + LATE_PLACE).to_string())?;
    record["dynamodb"]["SequenceNumber"] = late.as_str().into();
    record["dynamodb"]["NewImage"]["received_at"]["S"] = LATE.into();
    Some((late, record.to_string().into()))
}

fn stream_records(batch: &[Numbered]) -> Vec<StreamRecord<'_>> {
    let records = batch.iter().map(|(sequence, json)| StreamRecord {
        sequence: sequence.clone(),
        json,
    });
    records.collect()
}
