//! Faults and crashes at every call, then redelivery: whatever happened, each valid event is in the table exactly once.

use std::collections::{BTreeMap, BTreeSet};

use provider_webhooks::{EventTimeStability, providers};

use super::support::*;
use crate::memory::{CallFault, EntryFault, Memory};

const FAULTS: [CallFault; 5] = [
    CallFault::RetryableBefore,
    CallFault::RetryableAfter,
    CallFault::Final,
    CallFault::CrashBefore,
    CallFault::CrashAfter,
];

/// The queue: hands over what is not acknowledged until nothing is left, in batches of `batch_max`.
fn deliver_all(
    memory: &Memory,
    messages: &[Queued],
    batch_max: usize,
    mut before_each: impl FnMut(u32, &Memory),
    hint: &str,
) {
    let mut waiting = messages.to_vec();
    let mut deliveries = 0;
    while !waiting.is_empty() {
        assert!(deliveries < 500, "the queue does not drain, {hint}");
        before_each(deliveries, memory);
        deliveries += 1;
        let batch: Vec<_> = waiting.drain(..batch_max.min(waiting.len())).collect();
        let again: BTreeSet<String> =
            match run_or_crash(memory, &batch, &format!("invocation-{deliveries}")) {
                Some(report) => report.failed_message_ids().map(str::to_owned).collect(),
                None => batch
                    .iter()
                    .map(|message| message.message_id.clone())
                    .collect(),
            };
        let repeated = batch
            .into_iter()
            .filter(|message| again.contains(&message.message_id));
        waiting.extend(repeated.map(|message| Queued {
            receive_count: message.receive_count + 1,
            ..message
        }));
    }
}

/// What must be true of the world once the queue is empty.
fn assert_nothing_lost(memory: &Memory, valid: &[(Queued, &str)], refused: &[Queued], hint: &str) {
    let expected = valid
        .iter()
        .flat_map(|(message, provider)| message.keys(provider))
        .collect();
    assert_consistent(memory, &expected, hint);
    let mut verdicts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in audit_lines(memory) {
        let id = line["message_id"].as_str().unwrap().to_owned();
        verdicts
            .entry(id)
            .or_default()
            .insert(line["verdict"].as_str().unwrap().to_owned());
    }
    for (message, _) in valid {
        assert_eq!(
            verdicts[&message.message_id],
            BTreeSet::from(["stored".to_owned()]),
            "{hint}"
        );
    }
    let handed_on = memory.rejected();
    for message in refused {
        assert_eq!(
            verdicts[&message.message_id],
            BTreeSet::from(["rejected".to_owned()]),
            "{hint}"
        );
        let id = format!("&message_id={}&", message.message_id);
        assert!(
            handed_on
                .iter()
                .any(|sent| sent.reject.contains(&id) && sent.body == message.body),
            "{hint}"
        );
    }
    let known = |reject: &str| {
        refused
            .iter()
            .any(|m| reject.contains(&format!("&message_id={}&", m.message_id)))
    };
    assert!(
        handed_on.iter().all(|sent| known(&sent.reject)),
        "only refused messages are handed on, {hint}"
    );
}

#[test]
fn a_fault_at_each_call_loses_and_doubles_nothing() {
    let valid: Vec<_> = (0..27)
        .map(|n| (genuine("stripe", n, &format!("s{n}")), "stripe"))
        .chain((0..3).map(|n| {
            (
                genuine_at("adyen", n / 2, &format!("a{n}"), n.cast_signed()),
                "adyen",
            )
        }))
        .collect();
    let refused = [forged("square", 1, "r0"), forged("stripe", 99, "r1")];
    let messages: Vec<_> = valid
        .iter()
        .map(|(message, _)| message)
        .chain(&refused)
        .cloned()
        .collect();

    let calls = {
        let memory = memory();
        deliver_all(&memory, &messages, 100, |_, _| {}, "no fault");
        assert_nothing_lost(&memory, &valid, &refused, "no fault");
        memory.calls().len()
    };
    assert!(
        calls >= 9,
        "secrets, refreshes, audit, inserts and a send: {calls}"
    );
    for fault in FAULTS {
        for number in 0..calls {
            let memory = memory();
            memory.fail_call(number, fault);
            let hint = format!("{fault:?} at call {number}");
            let heal = |delivery, memory: &Memory| {
                if delivery > 0 {
                    memory.heal()
                }
            };
            deliver_all(&memory, &messages, 100, heal, &hint);
            assert_nothing_lost(&memory, &valid, &refused, &hint);
        }
    }
}

/// SplitMix64: enough randomness for a script, and the seed alone repeats it.
/// Source: <https://prng.di.unimi.it/splitmix64.c>.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<V: Copy>(&mut self, values: &[V]) -> V {
        let bound = values.len() as u64;
        values[usize::try_from(self.below(bound)).unwrap()]
    }
}

#[test]
fn two_hundred_seeds_of_duplicates_forgeries_and_faults() {
    let providers = signing_providers();
    for seed in 0..200 {
        let mut random = Random(seed);
        let mut valid = Vec::new();
        let mut refused = Vec::new();
        let mut messages = Vec::new();
        for n in 0..=random.below(40) {
            let provider = random.pick(&providers);
            // Few sequence numbers, so that events repeat within and across batches.
            let sequence = random.below(12);
            let id = format!("m{n}");
            let message = match random.below(10) {
                0 => forged(provider, sequence, &id),
                1 => Queued {
                    request: None,
                    ..genuine(provider, sequence, &id)
                },
                _ => {
                    // Some providers' event time may change between deliveries of one event.
                    let info = providers::by_name(provider).unwrap().info();
                    let moved = match info.event_time {
                        EventTimeStability::Unstable => random.below(50).cast_signed(),
                        _ => 0,
                    };
                    let message = genuine_at(provider, sequence, &id, moved);
                    valid.push((message.clone(), provider));
                    messages.push(message);
                    continue;
                }
            };
            refused.push(message.clone());
            messages.push(message);
        }
        let memory = memory();
        let batch_max = usize::try_from(1 + random.below(30)).unwrap();
        let script = |delivery, memory: &Memory| {
            memory.heal();
            if delivery < 12 {
                let made = memory.calls().len() as u64;
                for _ in 0..=random.below(3) {
                    memory.fail_call(
                        usize::try_from(made + random.below(10)).unwrap(),
                        random.pick(&FAULTS),
                    );
                }
                for _ in 0..random.below(6) {
                    let fault = random.pick(&[
                        EntryFault::ThrottleBefore,
                        EntryFault::ThrottleAfter,
                        EntryFault::Refuse,
                    ]);
                    memory.fail_entry(memory.entries() + random.below(30), fault);
                }
            }
        };
        let hint = format!("seed {seed}");
        deliver_all(&memory, &messages, batch_max, script, &hint);
        assert_nothing_lost(&memory, &valid, &refused, &hint);
    }
}
