//! Many lives. `SEEDS` says how many, `FIRST_SEED` with which to begin: `make simulate SEEDS=100000`.
// A helper that cannot go on ends its test.
#![allow(clippy::panic, clippy::print_stdout)]

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use simulation::{Counts, run};

const SEEDS_DEFAULT: u64 = 800;

fn number(name: &str, default: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => default,
    }
}

#[test]
fn every_life_ends_well() {
    let (first, seeds) = (number("FIRST_SEED", 0), number("SEEDS", SEEDS_DEFAULT));
    let next = AtomicU64::new(first);
    let failed: Mutex<Vec<(u64, String)>> = Mutex::default();
    let sums: Mutex<Counts> = Mutex::default();
    let live = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        let over = failed.lock().is_ok_and(|failed| !failed.is_empty());
        if seed >= first + seeds || over {
            return;
        }
        match run(seed) {
            Ok(counts) => {
                if let Ok(mut sums) = sums.lock() {
                    sums.calls += counts.calls;
                    sums.faults += counts.faults;
                    sums.crashes += counts.crashes;
                    sums.records += counts.records;
                    sums.archived += counts.archived;
                    sums.expired += counts.expired;
                    sums.stopped += counts.stopped;
                    sums.digests += counts.digests;
                    sums.lived += counts.lived;
                }
            }
            Err(why) => {
                if let Ok(mut failed) = failed.lock() {
                    failed.push((seed, why));
                }
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(live))));

    let failed = failed.into_inner().unwrap_or_default();
    if let Some((seed, why)) = failed.iter().min() {
        panic!("seed {seed}: {why}\nsee it again: make simulate FIRST_SEED={seed} SEEDS=1");
    }
    let sums = sums.into_inner().unwrap_or_default();
    // Standard output is what `make simulate` shows.
    println!("{seeds} seeds from {first}: {sums:?}");
    assert!(
        seeds < 100
            || (sums.crashes > 100
                && sums.archived > 100
                && sums.expired > 100
                && sums.stopped > 10
                && sums.digests > 100
                && sums.lived > 200),
        "{sums:?}"
    );
}
