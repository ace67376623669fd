"""`python -m tests.smoke`: sends one signed webhook over nothing to a deployed stack and finds its record and its line in the audit log.

The webhook says that a payment of 0.00 EUR was captured, so that no sum changes. Nothing secret is printed: the API key and the provider's secret
are read from AWS and handed to `payhook` in its environment and in a file that only this user can read.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3

from infra.lib.limits import LIMITS

PROVIDER: str = LIMITS["smoke"]["provider"]
# `payhook send` makes its ids of the seed (functions/payhook/src/send/plan.rs).
SEQUENCE_FIRST = 10**18
WEBHOOKS_PER_SEED = 1 << 22
SEED_MAX = (1 << 35) - 1
# How long a queued webhook may take to be stored.
FOUND_SECONDS = 120
PAUSE_SECONDS = 2


def transaction_id(seed: int) -> str:
    """The id of the first webhook that `payhook send --seed` sends for the provider."""
    return f"{PROVIDER}:pay_{SEQUENCE_FIRST + seed * WEBHOOKS_PER_SEED:024x}"


def send(payhook: Path, outputs: dict[str, Any], suffix: str, seed: int) -> dict[str, Any]:
    """Sends the webhook. Raises subprocess.CalledProcessError when it is not accepted."""
    shown = [payhook, "keys", "show", PROVIDER, "--json", "--suffix", suffix]
    key = json.loads(subprocess.run(shown, check=True, stdout=subprocess.PIPE, text=True).stdout)[PROVIDER]
    secret_name = f"webhook_secret_{PROVIDER}_{suffix}"
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=secret_name)["SecretString"]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({PROVIDER: json.loads(secret)}, file)
        file.flush()
        command = [
            payhook,
            "send",
            "--endpoint",
            outputs.get("webhook_url") or outputs["api_endpoint_url"],
            "--provider",
            PROVIDER,
            "--secrets-file",
            file.name,
        ]
        command += ["--count", "1", "--amount", "0", "--seed", str(seed), "--json"]
        result = subprocess.run(
            command, env=os.environ | {"PAYHOOK_API_KEY": key}, check=True, stdout=subprocess.PIPE, text=True
        )
    return json.loads(result.stdout)


def find(payhook: Path, wanted: str, suffix: str, account: str, seconds: int = FOUND_SECONDS) -> dict[str, Any] | None:
    """The audit line of the record with this transaction id, once it is there."""
    until = time.monotonic() + seconds
    command = [payhook, "audit", "show", wanted, "--suffix", suffix, "--account", account]
    while True:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return json.loads(result.stdout.splitlines()[0])
        if time.monotonic() >= until:
            print(result.stderr.strip(), file=sys.stderr)
            return None
        time.sleep(PAUSE_SECONDS)


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="tests.smoke", description="Send one webhook to a deployed stack and find it."
    )
    parser.add_argument("--payhook", type=Path, required=True, help="the command line, as built by make build")
    parser.add_argument("--outputs", type=Path, required=True, help="what `pulumi stack output --json` printed")
    parser.add_argument("--suffix", required=True)
    parser.add_argument("--account", required=True)
    options = parser.parse_args(arguments)
    seed = time.time_ns() // 1_000_000 & SEED_MAX
    wanted = transaction_id(seed)
    sent = send(options.payhook, json.loads(options.outputs.read_text()), options.suffix, seed)
    print(f"sent {sent['sent']}, accepted {sent['accepted']}: {wanted}", flush=True)
    line = find(options.payhook, wanted, options.suffix, options.account)
    if line is None:
        print(
            f"{wanted} was accepted and not stored within {FOUND_SECONDS} s: see the rejected queue and its alarm",
            file=sys.stderr,
        )
        return 1
    print(f"found: {line['verdict']}, message {line['message_id']}, received {line['received_at']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
