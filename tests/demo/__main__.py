"""`python -m tests.demo`: a fresh local cloud, the whole stack in it, more than a thousand webhooks
through it, a table of what became of them, and one of
their money.
"""

import argparse
import datetime
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from infra.lib.limits import FUNCTIONS
from infra.local_cloud import ledger
from infra.local_cloud.cloud import ROOT, LocalCloud, LocalCloudError, start
from infra.local_cloud.ledger import Money
from tests.demo import aged, missed
from tests.demo.report import Afterwards, checks, later_checks, missed_checks, money_table, outcome, table, verdict
from tests.demo.sent import sent_money

SUFFIX = "demo"
DRAIN_SECONDS = 300
SEEDS = 2**35


def say(text: str) -> None:
    """A line of progress."""
    print(text, flush=True)


def today() -> str:
    """The UTC day."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def before(day: str) -> str:
    """The day before."""
    return (datetime.date.fromisoformat(day) - datetime.timedelta(days=1)).isoformat()


def new_seed() -> int:
    """A seed of `payhook send` that no earlier run had."""
    return int(time.time() * 1000) % SEEDS


def planned(count: int, seed: int) -> list[str]:
    """What `payhook send` is told to send, `count` webhooks in all: of each hundred, 80 genuine (5 with
    a card number planted), 10 repeated, 6 forged, 4 stale.
    """
    share = {"--duplicates": count // 10, "--forged": count * 6 // 100, "--stale": count * 4 // 100}
    share |= {"--count": count - sum(share.values()), "--with-pan": count * 5 // 100, "--seed": seed}
    return ["--provider", "all", *(text for option, number in share.items() for text in (option, str(number)))]


def send(cloud: LocalCloud, payhook: Path, count: int, seed: int | None = None) -> dict[str, Any]:
    """Sends what is planned, through the edge; the summary."""
    command = [
        str(payhook), "send", "--endpoint", cloud.endpoint, "--api-keys-file", str(cloud.api_keys_file), "--key-in", "path",
        "--secrets-file", str(cloud.keys_file), "--json", "--progress",
        *planned(count, new_seed() if seed is None else seed),
    ]  # fmt: skip
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if not result.stdout.strip():
        raise LocalCloudError("payhook send printed no summary: see its message above")
    return json.loads(result.stdout)


def observe(cloud: LocalCloud) -> Any:
    """Everything the report needs, read from the outside."""
    found = outcome(ledger.records(cloud), ledger.judged(ledger.audit_lines(cloud)))
    found.rejected_queue = ledger.depth(cloud, "rejected_queue")
    found.duplicates_metric = ledger.metric_sum(cloud, "Duplicates")
    found.masked_pans = ledger.metric_sum(cloud, "MaskedPans")
    found.waiting = ledger.depth(cloud, "webhook_queue")
    found.dead_letters = ledger.dead_letter_depth(cloud, "webhook_processor")
    return found


def proof(cloud: LocalCloud, payhook: Path, *arguments: str) -> tuple[int, str]:
    """Runs a command of the command line on this stack; its status and what it printed."""
    say(f"     payhook {' '.join(arguments)}")
    result = subprocess.run(
        [str(payhook), *arguments], env=ledger.stack_environment(cloud), capture_output=True, text=True, check=False
    )
    return result.returncode, result.stdout + result.stderr


def later(
    cloud: LocalCloud, payhook: Path, stored: int, days: tuple[str, str], aged_count: int, sent: Money
) -> Afterwards:
    """The stream is counted; old records are archived; the audit log is sealed; each is proved."""
    say(
        f"5/7  counting; {aged_count:,} records of {aged.DAYS} days ago are put into audit log and table, sealed, archived, and expire …"
    )
    found = Afterwards(aged=aged_count, money_sent=sent)
    old = aged.put_aged(cloud, aged_count)
    ledger.wait_until_counted(cloud, stored + aged_count)
    found.counted = ledger.counted(cloud)
    found.money_counted = ledger.wait_until_money_is(cloud, sent, *days)
    found.unreadable = ledger.dead_letter_depth(cloud, "analytics_processor")
    old_days = aged.days_of(old)
    for task in (
        {"task": "seal", "day": before(days[0])},
        {"task": "seal", "day": days[1]},
        aged.archive_task(old),
        *({"task": "sums", "day": day} for day in old_days),
    ):
        error = ledger.run_archive(cloud, task)
        if error:
            say(f"     archival_function: {error}")
    held = [json.loads(manifest)["holds"] for _, manifest in ledger.objects(cloud, "archive/manifests/")]
    found.archived = sum(holds["dated"] + holds["undated"] for holds in held)
    # DynamoDB deletes them in the days after their time of expiry, which for most is in four days.
    aged.expire(cloud, old)
    found.left = sum(record["received_at"][:10] in old_days for record in ledger.records(cloud))
    say("6/7  proving it:")
    ranges = [("--from", days[0], "--to", days[1]), ("--from", old_days[0], "--to", old_days[-1])]
    proofs = [
        proof(cloud, payhook, "audit", "verify", *ranges[0]),
        *(proof(cloud, payhook, "analytics", "recount", *between) for between in ranges),
        proof(cloud, payhook, "reconcile", "--day", days[1]),
    ]
    shown = [proof(cloud, payhook, "analytics", "show", *between) for between in ranges]
    for status, text in [*proofs, *shown]:
        say("\n" + text.rstrip())
        found.refused += status != 0
    return found


def run(cloud: LocalCloud, payhook: Path, count: int) -> int:
    """Sends, waits, proves, reports; 0 when the sums agree."""
    say(
        f"3/7  sending {count:,} signed webhooks of every provider through the edge, with repetitions, forgeries and planted card numbers …"
    )
    seed = new_seed()
    money = sent_money(payhook, cloud.keys_file, planned(count, seed))
    began, first_day = time.monotonic(), today()
    sent = send(cloud, payhook, count, seed)
    say(f"     {sent['sent']:,} sent in {sent['elapsed_ms'] / 1000:.1f} s")
    say("4/7  waiting until the queue is empty …")
    last = [-1]

    def progress(waiting: int) -> None:
        if waiting != last[0]:
            last[0] = waiting
            say(f"     {waiting:,} waiting")

    drained = ledger.wait_until_drained(cloud, DRAIN_SECONDS, progress)
    seconds = time.monotonic() - began
    found = observe(cloud)
    stored = found.stored.total()
    afterwards = later(cloud, payhook, stored, (first_day, today()), count // 4, money)
    say(
        f"7/7  {missed.LOST} of {missed.MADE} webhooks get lost on their way; the provider's own list of events has them:"
    )
    gone = missed.run(cloud, lambda *arguments: proof(cloud, payhook, *arguments), say)
    results = checks(sent, found) + later_checks(stored, afterwards) + missed_checks(gone)
    rate = sent["accepted"] / seconds
    say(f"\n{table(sent, found)}\n\n{money_table(money, afterwards.money_counted)}\n\n{verdict(results)}")
    say(
        f"{sent['accepted']:,} webhooks from first send to empty queue in {seconds:.1f} s: {rate:,.0f} a second on this machine."
    )
    if not drained:
        say(f"The queue was not empty after {DRAIN_SECONDS} s.")
    return 0 if drained and all(wanted == got for _, wanted, got in results) else 1


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.demo")
    parser.add_argument("--count", type=int, default=1200, help="webhooks to send, at least 100")
    parser.add_argument("--zips", type=Path, default=ROOT / "build/lambdas/host")
    parser.add_argument("--payhook", type=Path, default=ROOT / "target/debug/payhook")
    options = parser.parse_args(arguments)
    if options.count < 100:
        parser.error("--count must be at least 100")
    say(f"1/7  starting the local cloud, with IAM enforced, and the stack `{SUFFIX}` of {len(FUNCTIONS)} functions …")
    with tempfile.TemporaryDirectory(prefix="payhook-demo-") as folder:
        try:
            cloud = start(Path(folder) / "cloud", options.zips, SUFFIX)
        except LocalCloudError as error:
            print(f"payhook: {error}", file=sys.stderr)
            return 1
        try:
            say(f"2/7  the Pulumi program is applied: {cloud.made} resources; edge at {cloud.endpoint}")
            return run(cloud, options.payhook, options.count)
        except LocalCloudError as error:
            print(f"payhook: {error}", file=sys.stderr)
            return 1
        finally:
            cloud.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
