"""`python -m tests.load`: sends webhooks through the edge of a fresh local cloud on an open schedule
while its functions run, and prints how many a second were accepted and what a thousand cost.

Nothing here is a test: the figures are of one machine and of whatever else runs on it. The processor
time tells more than the clock where other programs share the machine.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local_cloud import ledger
from infra.local_cloud.cloud import ROOT, LocalCloud, LocalCloudError, start
from tests.demo.__main__ import new_seed, planned
from tests.load.processes import processor_seconds

SUFFIX = "load"
SENDER = "payhook send"
DRAIN_SECONDS = 600
# The functions' environments start, the tables get their first records: this many are not measured.
WARM_UP = 200


@dataclass(frozen=True)
class Load:
    """What one load was and did."""

    # Webhooks a second that were due.
    rate: float
    # The summary of `payhook send --json`.
    sent: dict[str, Any]
    # Seconds from the first send until the queue was empty.
    drained_seconds: float
    # Processor seconds by process, from the first send until the queue was empty.
    processor: dict[str, float]


def send(cloud: LocalCloud, payhook: Path, count: int, rate: float | None) -> dict[str, Any]:
    """Sends `count` webhooks through the edge, `rate` a second; the summary."""
    command = [
        str(payhook), "send", "--endpoint", cloud.endpoint, "--api-keys-file", str(cloud.api_keys_file), "--key-in", "path",
        "--secrets-file", str(cloud.keys_file), "--json", *planned(count, new_seed()),
        *(["--rate", str(rate)] if rate else []),
    ]  # fmt: skip
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if not result.stdout.strip():
        raise LocalCloudError("payhook send printed no summary: see its message above")
    return json.loads(result.stdout)


def children_seconds() -> float:
    """The processor seconds of the children of this process that have ended: of `payhook send`."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(cloud: LocalCloud, payhook: Path, count: int, rate: float) -> Load:
    """Sends, waits until the queue is empty, and says what both took."""
    before, sender_before, began = processor_seconds(cloud.pid), children_seconds(), time.monotonic()
    sent = send(cloud, payhook, count, rate)
    if not ledger.wait_until_drained(cloud, DRAIN_SECONDS):
        raise LocalCloudError(f"the queue was not empty after {DRAIN_SECONDS} s")
    seconds = time.monotonic() - began
    after = processor_seconds(cloud.pid)
    processor = {name: after[name] - before[name] for name in after}
    processor[SENDER] = children_seconds() - sender_before
    return Load(rate, sent, seconds, processor)


def report(load: Load) -> str:
    """The lines that are printed."""
    accepted, sending = load.sent["accepted"], load.sent["elapsed_ms"] / 1000
    latency = {name: load.sent["latency_us"][name] / 1000 for name in ("p50", "p99")}
    dearest_first = sorted(load.processor.items(), key=lambda item: -item[1])
    costs = {name: seconds / accepted * 1000 for name, seconds in dearest_first}
    return "\n".join(
        [
            f"due              {load.rate:,.0f} webhooks a second, {load.sent['sent']:,} in all",
            f"accepted         {accepted:,} in {sending:.1f} s: {accepted / sending:,.0f} a second at the edge",
            f"taken in         {accepted / load.drained_seconds:,.0f} a second from the first send to the empty queue",
            f"answered after   {latency['p50']:.0f} ms (half of them), {latency['p99']:.0f} ms (99 %)",
            f"1,000 webhooks   {sum(costs.values()):.2f} s of processor time: "
            + ", ".join(f"{name} {seconds:.2f}" for name, seconds in costs.items()),
        ]
    )


def main(arguments: list[str]) -> int:
    """The command line; 1 where a webhook was not accepted."""
    parser = argparse.ArgumentParser(prog="tests.load")
    parser.add_argument("--rate", type=float, default=500, help="webhooks a second")
    parser.add_argument("--seconds", type=float, default=10, help="for how long")
    parser.add_argument("--zips", type=Path, default=ROOT / "build/lambdas/host")
    parser.add_argument("--payhook", type=Path, default=ROOT / "target/debug/payhook")
    options = parser.parse_args(arguments)
    count = round(options.rate * options.seconds)
    if count < 100:
        parser.error("too few to measure: at least 100 webhooks")
    with tempfile.TemporaryDirectory(prefix="payhook-load-") as folder:
        try:
            cloud = start(Path(folder) / "cloud", options.zips, SUFFIX)
        except LocalCloudError as error:
            print(f"payhook: {error}", file=sys.stderr)
            return 1
        try:
            measure(cloud, options.payhook, WARM_UP, options.rate)
            load = measure(cloud, options.payhook, count, options.rate)
            print(report(load))
            return 0 if load.sent["accepted"] == load.sent["sent"] else 1
        except LocalCloudError as error:
            print(f"payhook: {error}", file=sys.stderr)
            return 1
        finally:
            cloud.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
