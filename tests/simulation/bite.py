"""`make bite`: puts deliberate faults into a copy of the sources, one at a time, and shows that the simulation finds each.

A fault that no seed finds, or that does not compile, fails the run. Nothing here changes the sources themselves.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.simulation.counting import COUNTING
from tests.simulation.fault import PIPELINE, Fault

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "build/bite"
COPIED = ("Cargo.toml", "Cargo.lock", "bench", "functions", "tests/simulation")


ARCHIVE, SEAL = "functions/transaction_archive/src", "functions/audit_seal/src"
EVENT = "functions/payment_event/src"
FAULTS = (
    Fault(
        "a batch is acknowledged though its audit object was not written",
        f"{PIPELINE}/ingest.rs",
        "        put(audit, pause, limits.audit_attempts_max, &key, body).await?;",
        "        let _ = put(audit, pause, limits.audit_attempts_max, &key, body).await;",
    ),
    Fault(
        "a throttled insert counts as stored",
        f"{PIPELINE}/insert.rs",
        "            (InsertOutcome::Retry, write) => {\n                self.unanswered |= may_have_written(&write);\n                Next::Again(write, None)\n            }",
        "            (InsertOutcome::Retry, _) => Next::Done(Fate::Stored),",
    ),
    Fault(
        "an insert whose call failed counts as a duplicate",
        f"{PIPELINE}/insert.rs",
        "                return Next::Again(write, Some(error));",
        "                let _ = (write, error);\n                return Next::Done(Fate::Duplicate);",
    ),
    Fault(
        "a rejected webhook that could not be handed on is acknowledged",
        f"{PIPELINE}/ingest.rs",
        "            Err(cause) => self.fail(message, cause),\n        }\n    }\n\n    fn finish",
        "            Err(_) => {}\n        }\n    }\n\n    fn finish",
    ),
    Fault(
        "failed messages are not reported",
        f"{PIPELINE}/ingest.rs",
        "                    Fate::Failed(cause) => self.fail(message, cause.clone()),",
        "                    Fate::Failed(_) => {}",
    ),
    Fault(
        "rotated secrets are not read again",
        f"{PIPELINE}/judge.rs",
        "        let renewed = self.store.refreshed(name).await;",
        "        let renewed: Result<Option<Arc<Secrets>>, StoreError> = Ok(None);",
    ),
    Fault(
        "secrets that cannot be read reject the webhook",
        f"{PIPELINE}/judge.rs",
        "            return earlier.clone().map(|()| None);",
        "            return Ok(None);",
    ),
    Fault(
        "an audit pointer is one byte off",
        f"{PIPELINE}/audit.rs",
        "            offset_bytes: self.body.len() as u64,",
        "            offset_bytes: self.body.len() as u64 + 1,",
    ),
    Fault(
        "a movement that is there is never raised",
        f"{PIPELINE}/insert.rs",
        "            Ok(Some(raised)) => {",
        "            Ok(Some(_)) if true => Next::Done(Fate::Duplicate),\n            Ok(Some(raised)) => {",
    ),
    Fault(
        "a refused insert that is told nothing counts as a repetition",
        f"{PIPELINE}/insert.rs",
        "                        Next::Raise(Write::Movement(telling, over))",
        "                        let _ = (telling, over);\n                        Next::Done(Fate::Duplicate)",
    ),
    Fault(
        "a movement whose answer was lost is remembered",
        f"{PIPELINE}/insert.rs",
        "                return Next::Again(write, Some(error));",
        "                if let Write::Movement(item, _) = &write {\n"
        "                    remembered.remember((**item).clone());\n"
        "                }\n"
        "                return Next::Again(write, Some(error));",
    ),
    Fault(
        "a movement whose write was put off is remembered",
        f"{PIPELINE}/insert.rs",
        "                Next::Again(write, None)",
        "                if let Write::Movement(item, _) = &write {\n"
        "                    remembered.remember((**item).clone());\n"
        "                }\n"
        "                Next::Again(write, None)",
    ),
    Fault(
        "a telling that adds to what is remembered is dropped",
        f"{PIPELINE}/insert.rs",
        "            Some(Next::Raise(raised)) => Some(raised),",
        "            Some(Next::Raise(_)) => None,",
    ),
    Fault(
        "a refused update over what is remembered counts as a repetition",
        f"{PIPELINE}/insert.rs",
        "                Some(item) => match StoredTransaction::from_item(item) {",
        "                Some(_) if matches!(write, Write::Movement(_, Over::Version(_))) => Next::Done(Fate::Duplicate),\n"
        "                Some(item) => match StoredTransaction::from_item(item) {",
    ),
    Fault(
        "movements of one payment are remembered as one",
        f"{PIPELINE}/remembered.rs",
        "        let known = generations.younger.get(&telling.key);",
        "        let mut known = generations.younger.iter();\n"
        "        let known = known.find(|(key, _)| key.transaction_id == telling.key.transaction_id).map(|(_, known)| known);",
    ),
    Fault(
        "a message is acknowledged though its movement was not written",
        f"{PIPELINE}/ingest.rs",
        "                    Fate::Failed(cause) => self.fail(message, cause.clone()),",
        "                    Fate::Failed(_) if !remarks.event => {}\n"
        "                    Fate::Failed(cause) => self.fail(message, cause.clone()),",
    ),
    Fault(
        "the later telling of a movement holds, whatever its rank",
        f"{EVENT}/movement.rs",
        "        self.stage = self.stage.max(other.stage);",
        "        self.stage = other.stage;",
    ),
    Fault(
        "a telling without an amount takes the amount away",
        f"{EVENT}/movement.rs",
        "        if self.money.as_ref().map(Told::order) < theirs.map(Told::order) {",
        "        if theirs.is_none() || self.money.as_ref().map(Told::order) < theirs.map(Told::order) {",
    ),
    Fault(
        "a movement is stored under the payment of the event that tells it",
        f"{PIPELINE}/stored/movement.rs",
        '                transaction_id: [&event.provider, ":", payment].concat(),',
        "                transaction_id: {\n"
        "                    let _ = payment;\n"
        "                    event.key().transaction_id\n"
        "                },",
    ),
    Fault(
        "of two tellings in a batch the second is dropped",
        f"{PIPELINE}/plan.rs",
        "            **item = merged;",
        "            let _ = (item, merged);",
    ),
    Fault(
        "what a batch tells together is noted as two changes",
        f"{PIPELINE}/plan.rs",
        "            && let Ok(Some(merged)) = item.merged(&telling)",
        "            && let Ok(Some(merged)) = item.raised(&telling)",
    ),
    Fault(
        "a change of what a movement adds is not noted in its item",
        f"{PIPELINE}/stored/movement.rs",
        "            changes.push(change(telling.received_at, added));",
        "            let _ = (&mut changes, change(telling.received_at, added));",
    ),
    Fault(
        "what a movement added before is counted again when it is raised",
        f"{PIPELINE}/aggregate/stream.rs",
        "            before: old.map(Image::adds).transpose()?.flatten(),",
        "            before: {\n                let _ = old;\n                None\n            },",
    ),
    Fault(
        "a movement that failed later does not lower the sum",
        f"{PIPELINE}/aggregate/fold.rs",
        "                for (adds, sign) in [(movement.before, -1), (movement.after, 1)] {",
        "                for (adds, sign) in [(movement.before.and(movement.after), -1), (movement.after, 1)] {",
    ),
    Fault(
        "a change of an amount alone is not counted",
        f"{PIPELINE}/aggregate/fold.rs",
        "            Counted::Movement(movement) if movement.before != movement.after => {",
        "            Counted::Movement(movement) if movement.before.is_some() != movement.after.is_some() => {",
    ),
    Fault(
        "a repeated stream batch is counted again",
        f"{PIPELINE}/aggregate/apply.rs",
        "    let fresh = records.iter().filter(|(number, _)| !is_counted(number));",
        "    let fresh = records.iter().filter(|(number, _)| !is_counted(number) || records.len() > 4);",
    ),
    Fault(
        "a marker lists only its first record",
        f"{PIPELINE}/aggregate/apply.rs",
        "        match store.apply(&numbers, &items).await? {",
        "        match store.apply(&numbers[..1], &items).await? {",
    ),
    Fault(
        "a transaction that met another one counts as applied",
        f"{PIPELINE}/aggregate/apply.rs",
        "            ApplyOutcome::Applied => {",
        "            ApplyOutcome::Applied | ApplyOutcome::Conflict => {",
    ),
    Fault(
        "a stream batch that failed is acknowledged",
        f"{PIPELINE}/aggregate/count.rs",
        "        report.failure = Some((first.sequence.clone(), error));",
        "        let _ = (first, error);",
    ),
    *COUNTING,
    Fault(
        "items expire on the day after they were stored",
        f"{PIPELINE}/plan.rs",
        "    queued_at_ms.div_euclid(1_000) + (table_days + GRACE_DAYS) * 86_400",
        "    queued_at_ms.div_euclid(1_000) + (table_days + GRACE_DAYS) * 864",
    ),
    Fault(
        "a movement expires with the first telling of it",
        f"{PIPELINE}/stored/movement.rs",
        "            expires_at: expires_at(record.queued_at_ms, MOVEMENT_TABLE_DAYS),",
        "            expires_at: expires_at(record.queued_at_ms, -13),",
    ),
    Fault(
        "keys that were put off count as keys at which nothing stands",
        f"{PIPELINE}/items.rs",
        "        rest = batch.put_off;",
        "        rest = Vec::new();",
    ),
    Fault(
        "the archive leaves movements out",
        f"{ARCHIVE}/range.rs",
        "                cut.keys.extend(movements);",
        "                drop(movements);",
    ),
    Fault(
        "the archive takes a movement for its event's object alone",
        f"{ARCHIVE}/range.rs",
        "        let items = items.into_iter().filter(|item| belongs(item, &cut.objects));",
        "        let of_events: BTreeSet<String> = items\n"
        "            .iter()\n"
        '            .filter(|item| item.get("record_type") == Some(&Attribute::Text("event".to_owned())))\n'
        "            .filter(|item| belongs(item, &cut.objects))\n"
        '            .filter_map(|item| match item.get("audit_key") {\n'
        "                Some(Attribute::Text(key)) => Some(key.clone()),\n"
        "                _ => None,\n"
        "            })\n"
        "            .collect();\n"
        "        let items = items.into_iter().filter(|item| belongs(item, &of_events));",
    ),
    Fault(
        "a record is archived with every object that names it",
        f"{ARCHIVE}/range.rs",
        "        Some(Attribute::Text(key)) => objects.contains(key),",
        '        Some(Attribute::Text(key)) => objects.contains(key) || key.starts_with("audit/"),',
    ),
    Fault(
        "between two ranges an object is left out",
        f"{ARCHIVE}/range.rs",
        "                objects: cut.objects.len() as u64,\n            };\n            covered",
        "                objects: cut.objects.len() as u64 + u64::from(cut.objects.len() < rest.len()),\n            };\n            covered",
    ),
    Fault(
        "a day counts as whole though a part of it failed",
        f"{ARCHIVE}/run.rs",
        "        .filter(|number| first_open.is_none_or(|first| number < first))",
        "        .filter(|_| first_open.is_none_or(|first| *first > 0))",
    ),
    Fault(
        "an inventory that the deadline stopped counts as archived",
        f"{ARCHIVE}/range.rs",
        "                return Ok(Left::Stopped);",
        "                return Ok(Left::Whole);",
    ),
    Fault(
        "a manifest replaces the one of another invocation",
        f"{ARCHIVE}/range.rs",
        "async || objects.put_new(&key, json.clone()).await).await?;",
        "async || objects.put(&key, json.clone()).await.map(|()| PutNew::Written)).await?;",
    ),
    Fault(
        "a part whose manifest alone is there is never published",
        f"{ARCHIVE}/range.rs",
        "            check(last, self.deps.objects).await?;",
        "            let _ = check;",
    ),
    Fault(
        "a part without a manifest is visible to readers",
        f"{ARCHIVE}/manifest.rs",
        '    format!("archive/pending/{sha256}.parquet")',
        '    format!("archive/transactions/{sha256}.parquet")',
    ),
    Fault(
        "the expiry is not switched off at the last",
        f"{ARCHIVE}/expiry.rs",
        "    let is_time = days_left.is_some_and(|days| days <= DAYS_LEFT_STOP);",
        "    let is_time = days_left.is_some_and(|days| days <= DAYS_LEFT_STOP - 1_000);",
    ),
    Fault(
        "days that no digest covers do not count as open",
        f"{ARCHIVE}/whole.rs",
        "        let oldest = unlisted.chain(open).chain([unsealed]).min();",
        "        let oldest = unlisted.filter(|day| *day < unsealed).chain(open).min();",
    ),
    Fault(
        "a digest does not name the one before",
        f"{SEAL}/seal.rs",
        "    let digest = Digest::new(sequence, day, now, chain.last_sha256, inventories);",
        "    let digest = Digest::new(sequence, day, now, None, inventories);",
    ),
    Fault(
        "late audit objects are never sealed",
        f"{SEAL}/seal.rs",
        "        if of > day || earliest",
        "        if of > day || sealed_until.is_some_and(|until| of <= until) || earliest",
    ),
    Fault(
        "what is sealed already is sealed again",
        f"{SEAL}/seal.rs",
        "        covered.extend(entries.into_iter().map(|entry| entry.key));",
        "        drop(entries);",
    ),
    Fault(
        "the signature is over something else",
        f"{SEAL}/seal.rs",
        "    let hash = sha256(text.as_bytes());",
        "    let hash = sha256(digest.day.to_string().as_bytes());",
    ),
    Fault(
        "the audit log keeps the body and not the masked payload",
        f"{PIPELINE}/audit.rs",
        "                .extend_from_slice(accepted.payload.as_str().as_bytes());",
        "                .extend_from_slice(message.body.as_bytes());",
    ),
)


def copy_sources() -> None:
    """A copy that faults can be put into; what did not change keeps its time, so that cargo builds only what did."""
    for name in COPIED:
        source, target = ROOT / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)


def apply(fault: Fault, text: str) -> str:
    """The file with the fault in it. Raises ValueError when the place is not there exactly once."""
    if text.count(fault.old) != 1:
        raise ValueError(f"{fault.file}: the place of '{fault.what}' is there {text.count(fault.old)} times")
    return text.replace(fault.old, fault.new)


def hunt(fault: Fault, seeds: int) -> tuple[str, str]:
    """The seed that finds a fault (empty: none did) and what it says."""
    path = COPY / fault.file
    whole = (ROOT / fault.file).read_text()
    path.write_text(apply(fault, whole))
    try:
        result = subprocess.run(
            ["cargo", "test", "-q", "--locked", "-p", "simulation", "--test", "simulate", "--target-dir", str(COPY / "target")],
            cwd=COPY, env=os.environ | {"SEEDS": str(seeds), "RUST_BACKTRACE": "0"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        path.write_text(whole)
    found = re.search(r"^seed (\d+): (.*)$", result.stdout + result.stderr, re.M)
    if found:
        return found.group(1), found.group(2)
    return "", "no seed finds it" if result.returncode == 0 else f"does not run: {result.stderr[-400:]}"


def main(arguments: list[str]) -> int:
    """The command line; 0 when every fault was found."""
    parser = argparse.ArgumentParser(prog="bite")
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--only", default="", help="faults whose description contains this")
    options = parser.parse_args(arguments)
    copy_sources()
    missed = 0
    chosen = [fault for fault in FAULTS if options.only in fault.what]
    print(f"{'deliberate fault':<66} {'seed':>5} {'s':>4}  what the simulation says")
    for fault in chosen:
        began = time.monotonic()
        seed, says = hunt(fault, options.seeds)
        missed += not seed
        print(f"{fault.what:<66} {seed or '-':>5} {time.monotonic() - began:>4.0f}  {says[:110]}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} deliberate faults found within {options.seeds} seeds.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
