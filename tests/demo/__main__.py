"""`python -m tests.demo`: a fresh local cloud, the whole stack in it, more than a thousand webhooks through it, and a table of what became of them."""

import argparse
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
from tests.demo.report import checks, outcome, table, verdict

SUFFIX = "demo"
DRAIN_SECONDS = 300


def say(text: str) -> None:
    """A line of progress."""
    print(text, flush=True)


def send(cloud: LocalCloud, payhook: Path, count: int) -> dict[str, Any]:
    """`count` webhooks in all: of each hundred, 80 genuine (5 with a card number planted), 10 repeated, 6 forged, 4 stale."""
    share = {"--duplicates": count // 10, "--forged": count * 6 // 100, "--stale": count * 4 // 100}
    genuine = count - sum(share.values())
    command = [
        str(payhook), "send", "--endpoint", cloud.endpoint, "--api-key", cloud.api_key, "--provider", "all",
        "--secrets-file", str(cloud.keys_file), "--count", str(genuine), "--with-pan", str(count * 5 // 100),
        "--json", "--progress",
    ]  # fmt: skip
    for option, number in share.items():
        command += [option, str(number)]
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


def run(cloud: LocalCloud, payhook: Path, count: int) -> int:
    """Sends, waits, reports; 0 when the sums agree."""
    say(
        f"3/4  sending {count:,} signed webhooks of every provider, with repetitions, forgeries and planted card numbers …"
    )
    began = time.monotonic()
    sent = send(cloud, payhook, count)
    say(f"     {sent['sent']:,} sent in {sent['elapsed_ms'] / 1000:.1f} s")
    say("4/4  waiting until the queue is empty …")
    last = [-1]

    def progress(waiting: int) -> None:
        if waiting != last[0]:
            last[0] = waiting
            say(f"     {waiting:,} waiting")

    drained = ledger.wait_until_drained(cloud, DRAIN_SECONDS, progress)
    seconds = time.monotonic() - began
    found = observe(cloud)
    results = checks(sent, found)
    rate = sent["accepted"] / seconds
    say(f"\n{table(sent, found)}\n\n{verdict(results)}")
    say(
        f"{sent['accepted']:,} webhooks from first send to empty queue in {seconds:.1f} s: {rate:,.0f} a second on this machine.\n"
    )
    say(
        "Not finished yet: analytics_processor and archival_function refuse every event with an error, so nothing was counted or archived."
    )
    if not drained:
        say(f"The queue was not empty after {DRAIN_SECONDS} s.")
    return 0 if drained and all(wanted == got for _, wanted, got in results) else 1


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.demo")
    parser.add_argument("--count", type=int, default=1200, help="webhooks to send, at least 100")
    parser.add_argument("--zips", type=Path, default=ROOT / "build/lambdas/host")
    parser.add_argument("--payhook", type=Path, default=ROOT / "target/release/payhook")
    options = parser.parse_args(arguments)
    if options.count < 100:
        parser.error("--count must be at least 100")
    say(f"1/4  starting the local cloud, with IAM enforced, and the stack `{SUFFIX}` of {len(FUNCTIONS)} functions …")
    with tempfile.TemporaryDirectory(prefix="payhook-demo-") as folder:
        try:
            cloud = start(Path(folder) / "cloud", options.zips, SUFFIX)
        except LocalCloudError as error:
            print(f"payhook: {error}", file=sys.stderr)
            return 1
        try:
            say(f"2/4  the Pulumi program is applied: {cloud.made} resources; API at {cloud.endpoint}")
            return run(cloud, options.payhook, options.count)
        except LocalCloudError as error:
            print(f"payhook: {error}", file=sys.stderr)
            return 1
        finally:
            cloud.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
