//! `make bench-archive`: archives a day that is larger than memory and says how fast, how small, and with how much memory.
//!
//! The steps are the real ones; table and bucket stand in for AWS. The table makes its items when
//! they are asked for and keeps a byte of each, the bucket is a folder and makes the audit objects,
//! which are sealed first. The time that the two take is measured and taken out. Ends with another
//! status than 0 when something is wrong: a count that differs, a record that is not what it was, a
//! part that was not read back, or more memory than the budget. Never because it was slow.
// A bench speaks on standard output.
#![allow(clippy::print_stdout)]

mod bucket;
mod items;
mod table;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use audit_seal::seal::seal;
use jiff::{SignedDuration, Timestamp};
use pipeline::memory::{Memory, signing_key, to_the_end};
use pipeline::storage::Deadline;
use transaction_archive::read::{manifests, verified};
use transaction_archive::run::{Deps, PART_KEYS_MIN, Report, Scope, run};

use crate::bucket::Bucket;
use crate::items::{DAY, ITEMS_MAX, Items};
use crate::table::{Table, Until};

/// The function's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ITEMS: u32 = 5_000_000;
const MIB: u64 = 1_048_576;

/// The function has 512 MB; half of it may be used.
const PEAK_RSS_BYTES_MAX: u64 = 256 * MIB;
/// Of one core's time, storage left out.
const ITEMS_PER_SECOND_MIN: f64 = 100_000.0;

/// An invocation ends after so many items and another one goes on.
const INVOCATION_ITEMS: u64 = 1_000_000;

/// What was measured.
#[derive(Debug, Default)]
struct Measured {
    report: Report,
    invocations: u64,
    item_bytes: u64,
    wall: Duration,
    /// Of `wall`, what table and bucket took.
    storage: Duration,
    /// Of the processor, as the system counts it for this thread.
    processor: Option<Duration>,
    peak_rss_bytes: Option<u64>,
    calls: Vec<(&'static str, u64)>,
}

/// A line of a file of `/proc`, where there is one.
fn from_proc(file: &str, number: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    number(&std::fs::read_to_string(format!("/proc/{file}")).ok()?)
}

/// Source: <https://docs.kernel.org/scheduler/sched-stats.html>, read 2026-11-25: the first number is nanoseconds on the processor.
fn processor_time() -> Option<Duration> {
    let nanoseconds = from_proc("thread-self/schedstat", |text| {
        text.split_whitespace().next()?.parse().ok()
    });
    nanoseconds.map(Duration::from_nanos)
}

/// The most that was resident at any time. Source: <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>, read 2026-11-25.
fn peak_rss_bytes() -> Option<u64> {
    from_proc("self/status", |text| {
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kibibytes * 1_024)
    })
}

/// No end.
struct Never;

impl Deadline for Never {
    fn reached(&self) -> bool {
        false
    }
}

/// The night after the day.
fn night() -> Timestamp {
    let night = jiff::tz::Offset::UTC.to_timestamp(DAY.at(0, 20, 0, 0));
    let day = SignedDuration::from_hours(24);
    night
        .unwrap_or(Timestamp::MIN)
        .saturating_add(day)
        .unwrap_or(Timestamp::MAX)
}

/// Seals the audit objects of the day.
fn sealed(table: &Table, bucket: &Bucket<'_>) -> Result<(), String> {
    let signer = Memory::new();
    signer.set_signing_key(signing_key().ok_or("no signing key")?);
    let deps = audit_seal::seal::Deps {
        objects: bucket,
        signer: &signer,
        pause: table,
        deadline: &Never,
    };
    let sealed = to_the_end(seal(DAY, night(), &deps)).ok_or("the seal never ends")?;
    sealed.map(|_| ()).map_err(|error| error.to_string())
}

/// Archives the whole day, invocation after invocation.
fn archive(
    table: &Table,
    bucket: &Bucket<'_>,
    part_keys_min: usize,
    invocation_items: u64,
) -> Option<Measured> {
    let mut measured = Measured::default();
    let (start, processor) = (Instant::now(), processor_time());
    let own_before = table.own_time.get();
    let mut from = None;
    loop {
        let deadline = Until {
            table,
            read: table.read.get() + invocation_items,
        };
        let deps = Deps {
            table,
            objects: bucket,
            pause: table,
            deadline: &deadline,
            part_keys_min,
        };
        let scope = Scope {
            first: DAY,
            last: DAY,
            sealed_before: Timestamp::MAX,
            now: night(),
        };
        let report = to_the_end(run(&scope, from.as_ref(), &deps))?;
        measured.invocations += 1;
        measured.report.items += report.items;
        measured.report.parts += report.parts;
        measured.report.bytes += report.bytes;
        measured.report.days += report.days;
        measured.report.unreadable += report.unreadable;
        measured.report.failures.extend(report.failures);
        from = report.next;
        if from.is_none() {
            break;
        }
    }
    measured.wall = start.elapsed();
    measured.storage = table.own_time.get() - own_before;
    measured.processor = processor.and_then(|before| processor_time()?.checked_sub(before));
    measured.peak_rss_bytes = peak_rss_bytes();
    measured.item_bytes = table.item_bytes.get();
    measured.calls = bucket.calls.borrow().clone().into_iter().collect();
    Some(measured)
}

/// What is wrong with the archive, read part by part: it must hold every item once, as it was.
fn wrong(table: &Table, bucket: &Bucket<'_>, measured: &Measured) -> Vec<String> {
    let mut wrong: Vec<String> = measured
        .report
        .failures
        .iter()
        .map(|(inventory, error)| format!("{inventory}: {error}"))
        .collect();
    let (mut in_manifests, mut once, mut parts) = (0, 0, 0);
    let found = match to_the_end(manifests(DAY, "", bucket)) {
        Some(Ok(found)) => found,
        unread => {
            wrong.push(format!("the manifests: {unread:?}"));
            Vec::new()
        }
    };
    for manifest in found {
        in_manifests += manifest.holds.items();
        parts += 1;
        match to_the_end(verified(&manifest, bucket)) {
            Some(Ok(records)) => {
                let same = records.iter().filter(|record| {
                    let number = table.items.number(&record.key.timestamp);
                    number.is_some_and(|number| table.items.record(number) == **record)
                        && table.found(&record.key.timestamp)
                });
                once += same.count() as u64;
            }
            Some(Err(error)) => wrong.push(error.to_string()),
            None => wrong.push(format!("{} was never read", manifest.part)),
        }
    }
    let all = u64::from(table.items.count);
    let sums = [
        ("items in manifests", in_manifests, all),
        ("items found once, each as it was made", once, all),
        ("parts reported", measured.report.parts, parts),
        ("items reported", measured.report.items, all),
        ("items of which no part was read back", table.uncopied(), 0),
        ("days that are whole", measured.report.days, 1),
        ("items that are no records", measured.report.unreadable, 0),
    ];
    let differ = sums.iter().filter(|(_, got, wanted)| got != wanted);
    wrong.extend(differ.map(|(name, got, wanted)| format!("{name}: {got} instead of {wanted}")));
    wrong
}

/// The table that a person reads.
fn told(items: u32, measured: &Measured) -> String {
    let count = f64::from(items);
    let archive = measured.wall.saturating_sub(measured.storage);
    let share = archive.as_secs_f64() / measured.wall.as_secs_f64();
    // Where others use the machine, time on the processor says more than time on the clock.
    let (spent, clock) = match measured.processor {
        Some(processor) => (processor.as_secs_f64() * share, "core"),
        None => (archive.as_secs_f64(), "core, by the clock"),
    };
    let mib = |bytes: u64| bytes as f64 / MIB as f64;
    let peak = measured
        .peak_rss_bytes
        .map_or("not known here".to_owned(), |peak| {
            format!("{:.0} MiB", mib(peak))
        });
    let calls = measured.calls.iter();
    let calls: Vec<_> = calls
        .map(|(name, calls)| format!("{name} {calls}"))
        .collect();
    let rows = [
        ("items of one day", format!("{items}"), String::new()),
        (
            "items a second of one core",
            format!("{:.0} ({clock})", count / spent),
            format!(">= {ITEMS_PER_SECOND_MIN:.0}"),
        ),
        (
            "seconds by the clock",
            format!(
                "{:.0}, {:.0} of them in table and bucket",
                measured.wall.as_secs_f64(),
                measured.storage.as_secs_f64()
            ),
            String::new(),
        ),
        (
            "peak resident memory",
            peak,
            format!("< {:.0} MiB", mib(PEAK_RSS_BYTES_MAX)),
        ),
        (
            "bytes of an item in the table",
            format!("{:.0}", measured.item_bytes as f64 / count),
            String::new(),
        ),
        (
            "bytes of an item in Parquet",
            format!("{:.1}", measured.report.bytes as f64 / count),
            String::new(),
        ),
        (
            "parts",
            format!(
                "{} of at least {PART_KEYS_MIN} keys or the rest of an hour",
                measured.report.parts
            ),
            String::new(),
        ),
        (
            "invocations",
            format!("{} of about {INVOCATION_ITEMS} items", measured.invocations),
            String::new(),
        ),
        ("calls of the bucket", calls.join(", "), String::new()),
    ];
    let lines = rows.map(|(name, value, budget)| format!("{name:<32}{value:<44}{budget}"));
    let head = format!("{:<32}{:<44}{}", "", "measured", "budget");
    format!("{head}\n{}", lines.join("\n"))
}

/// Measures, tells, checks.
fn bench(count: u32) -> Result<Vec<String>, String> {
    let table = Table::new(Items { count });
    let bucket = Bucket::new("bench", &table).map_err(|error| error.to_string())?;
    sealed(&table, &bucket)?;
    bucket.calls.borrow_mut().clear();
    let measured = archive(&table, &bucket, PART_KEYS_MIN, INVOCATION_ITEMS);
    let measured = measured.ok_or("a call never ended")?;
    println!("{}\n\nchecking every record …", told(count, &measured));
    let mut wrong = wrong(&table, &bucket, &measured);
    if let Some(peak) = measured.peak_rss_bytes.filter(|p| *p > PEAK_RSS_BYTES_MAX) {
        wrong.push(format!(
            "peak resident memory is {peak} bytes, over the budget"
        ));
    }
    Ok(wrong)
}

fn main() -> ExitCode {
    let count = std::env::args().nth(1);
    let count = count.map_or(Ok(ITEMS), |text| text.parse());
    let Some(count) = count.ok().filter(|count| (1..=ITEMS_MAX).contains(count)) else {
        println!("usage: archive_day [items, 1 to {ITEMS_MAX}]");
        return ExitCode::FAILURE;
    };
    let wrong = bench(count).unwrap_or_else(|error| vec![error]);
    if wrong.is_empty() {
        println!("every item is in one part, as it was made, and each part was read back");
        return ExitCode::SUCCESS;
    }
    println!("wrong:\n  {}", wrong.join("\n  "));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn small(name: &str, look: impl FnOnce(&Table, &Bucket<'_>, &Measured)) {
        let table = Table::new(Items { count: 8_000 });
        let bucket = Bucket::new(name, &table).unwrap();
        sealed(&table, &bucket).unwrap();
        let measured = archive(&table, &bucket, 500, 1_500).unwrap();
        look(&table, &bucket, &measured);
    }

    #[test]
    fn eight_thousand_items_are_archived_over_several_invocations() {
        small("small", |table, bucket, measured| {
            assert_eq!(wrong(table, bucket, measured), Vec::<String>::new());
            assert!(measured.invocations > 4);
            // An object each: the smallest part that there can be.
            assert_eq!(measured.report.parts, 16);
            let told = told(8_000, measured);
            assert!(told.contains("peak resident memory"), "{told}");
            let again = archive(table, bucket, 500, 1_500).unwrap();
            assert_eq!((again.report, again.invocations), (Report::default(), 1));
        });
    }

    #[test]
    fn what_is_wrong_is_seen() {
        small("wrong", |table, bucket, measured| {
            let manifest = bucket
                .some_object("archive/manifests/dt=2026-01-08")
                .unwrap();
            let json = fs::read_to_string(&manifest).unwrap();
            fs::write(&manifest, json.replace("\"dated\": ", "\"dated\": 1")).unwrap();
            let seen = wrong(table, bucket, measured).join("\n");
            assert!(seen.contains("items in manifests"), "{seen}");
            assert!(seen.contains("is not what its manifest says"), "{seen}");
        });
        let table = Table::new(Items { count: 10 });
        let bucket = Bucket::new("before", &table).unwrap();
        let seen = wrong(&table, &bucket, &Measured::default()).join("\n");
        assert!(seen.contains("no part was read back: 10"), "{seen}");
    }

    #[test]
    fn an_items_sort_key_tells_its_number() {
        for count in [1, 7, 20_000, 5_000_000] {
            let items = Items { count };
            for number in [0, 1, count / 3, count - 1]
                .into_iter()
                .filter(|n| *n < count)
            {
                let record = items.record(number);
                assert_eq!(items.number(&record.key.timestamp), Some(number));
                assert!(items.objects().any(|key| key == record.audit_key));
            }
        }
    }
}
